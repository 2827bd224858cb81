"""Discriminators inside of a compiled loop, trained again at every step of a generator.

A generator knows no more of its discriminator than this: an `Adversary`, a pytree that does
not change from step to step, and its memory, a pytree that does.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from skgantk._numerics.pytrees import register
from skgantk._numerics.sizes import valid
from skgantk.discriminators._dual import Sample, Trainer, objective, self_gram, storage
from skgantk.discriminators._functions import Function, KernelFunction
from skgantk.kernels._core import Core
from skgantk.losses import Loss


class Trained(NamedTuple):
    """A discriminator and what training did to its values on the points, fake first."""

    function: Function
    sample: Sample
    values: Callable  # () ↦ f, as a step may not need it
    memory: Any
    converged: jax.Array


class Gain(NamedTuple):
    """What training gains, and what comes of it."""

    gain: jax.Array  # L(f) - L(f₀) ≥ 0
    objective: jax.Array  # L(f)
    solution: Any  # what of f is not known before: see `Adversary.function`
    sample: Sample | None  # that it was trained on
    converged: jax.Array


class Adversary:
    """Base class; ``loss`` is the `Loss`."""

    loss: Loss

    def prepared(self, real, count):
        """The adversary of clouds of which the real one is always the same."""
        return self

    def start(self, dtype):
        """The memory before the first training."""
        return ()

    def resume(self, memory, dtype):
        """The memory of an earlier loop, if it fits; else a new one."""
        fresh = self.start(dtype)
        return memory if _shapes(memory) == _shapes(fresh) else fresh

    def train(self, memory, fake, real, key, counts=None):
        """Return the `Trained` on two clouds; ``key`` is for what is random in it.

        ``counts`` are how many of their points are there, all if None.
        """
        raise NotImplementedError

    def solution(self, function):
        """What of a trained function is not known before: all of it."""
        return function

    def function(self, solution, memory):
        """The function trained from that memory."""
        return solution

    def objective(self, sample, f):
        """What training ascends, of values f."""
        return objective(self.loss, sample.weight, sample.sign, f)

    def gain(self, trained):
        """Return the `Gain` of a `Trained`."""
        sample = trained.sample
        before, after = (
            self.objective(sample, f) for f in (sample.initial, trained.values())
        )
        solution = self.solution(trained.function)
        return Gain(after - before, after, solution, sample, trained.converged)

    def select(self, kept, after, before):
        """The memory after a training if it is ``kept``, else that before."""
        return jax.tree.map(lambda a, b: jnp.where(kept, a, b), after, before)


def _shapes(memory):
    leaves, structure = jax.tree.flatten(memory)
    return structure, [jnp.shape(leaf) for leaf in leaves]


def stack(fake, real, counts=None):
    """Points, fake first, with the weight and sign of `Sample`.

    ``counts`` are how many of either are there, all if None; the others have no weight.
    """
    clouds = fake, real
    counts = [len(cloud) for cloud in clouds] if counts is None else counts
    weight, sign = (
        jnp.concatenate(parts).astype(fake.dtype)
        for parts in (
            [valid(len(cloud), n) * (0.5 / n) for cloud, n in zip(clouds, counts)],
            [jnp.full(len(cloud), s) for cloud, s in zip(clouds, (-1, 1))],
        )
    )
    return jnp.concatenate(clouds), weight, sign


@register("loss")
class KernelAdversary(Adversary):
    """A discriminator of infinite width, trained from the same f₀ at every step."""

    core: Core
    trainer: Trainer
    initial: Function
    loss: Loss

    def prepared(self, real, count):
        weight = valid(len(real), count).astype(real.dtype) / count
        return replace(self, trainer=self.trainer.prepared(self.core, real, weight))

    def objective(self, sample, f):
        return self.trainer.objective(self.loss, sample, f)

    def train(self, memory, fake, real, key, counts=None):
        X, weight, sign = stack(fake, real, counts)
        sample = Sample(weight, sign, jnp.asarray(self.initial.value(X)))
        core = self.core.redrawn(key)
        stored = storage(core, X, self.trainer.gram)
        gram = self_gram(core, X, stored)
        dual = self.trainer(gram, sample)
        function = KernelFunction(core, X, dual.coef, self.initial)

        def values():
            return sample.initial + gram.product(dual.coef)

        return Trained(function, sample, values, memory, dual.converged)

    def solution(self, function):
        return function.centres, function.coef

    def function(self, solution, memory):
        return KernelFunction(self.core, *solution, self.initial)
