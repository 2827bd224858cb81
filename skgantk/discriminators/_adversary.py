"""Discriminators inside of a compiled loop, trained again at every step of a generator.

A generator knows no more of its discriminator than this: an `Adversary`, a pytree that does
not change from step to step, and its memory, a pytree that does.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from skgantk._numerics.pytrees import register
from skgantk.discriminators._dual import Sample, Trainer, objective, self_gram
from skgantk.discriminators._functions import Function, KernelFunction
from skgantk.kernels._core import Core
from skgantk.losses import Loss


class Trained(NamedTuple):
    """A discriminator and what training did to its values on the points, fake first."""

    function: Function
    weight: jax.Array
    sign: jax.Array
    before: jax.Array  # f₀
    values: jax.Array  # f
    memory: Any
    converged: jax.Array


class Gain(NamedTuple):
    """What training gains, and what comes of it."""

    gain: jax.Array  # L(f) - L(f₀) ≥ 0
    objective: jax.Array  # L(f)
    function: Function | None  # f
    sign: jax.Array | None  # of its points
    converged: jax.Array


class Adversary:
    """Base class; ``loss`` is the `Loss`."""

    loss: Loss

    def start(self, dtype):
        """The memory before the first training."""
        return ()

    def resume(self, memory, dtype):
        """The memory of an earlier loop, if it fits; else a new one."""
        fresh = self.start(dtype)
        return memory if _shapes(memory) == _shapes(fresh) else fresh

    def train(self, memory, fake, real, key):
        """Return the `Trained` on two clouds; ``key`` is for what is random in it."""
        raise NotImplementedError

    def gain(self, memory, fake, real, key):
        """Return the `Gain` of a training."""
        trained = self.train(memory, fake, real, key)
        before, after = (
            objective(self.loss, trained.weight, trained.sign, f)
            for f in (trained.before, trained.values)
        )
        return Gain(
            after - before, after, trained.function, trained.sign, trained.converged
        )

    def select(self, kept, after, before):
        """The memory after a training if it is ``kept``, else that before."""
        return jax.tree.map(lambda a, b: jnp.where(kept, a, b), after, before)


def _shapes(memory):
    leaves, structure = jax.tree.flatten(memory)
    return structure, [jnp.shape(leaf) for leaf in leaves]


def stack(fake, real):
    """Points, fake first, with the weight and sign of `Sample`."""
    X = jnp.concatenate([fake, real])
    is_fake = jnp.arange(len(X)) < len(fake)
    weight = jnp.where(is_fake, 0.5 / len(fake), 0.5 / len(real)).astype(X.dtype)
    return X, weight, jnp.where(is_fake, -1, 1).astype(X.dtype)


@register("loss")
class KernelAdversary(Adversary):
    """A discriminator of infinite width, trained from the same f₀ at every step."""

    core: Core
    trainer: Trainer
    initial: Function
    loss: Loss

    def train(self, memory, fake, real, key):
        X, weight, sign = stack(fake, real)
        sample = Sample(weight, sign, self.initial.value(X))
        dual = self.trainer(self_gram(self.core, X, self.trainer.gram), sample)
        function = KernelFunction(self.core, X, dual.coef, self.initial)
        return Trained(
            function, weight, sign, sample.initial, dual.values, memory, dual.converged
        )
