"""The particle flow as pure functions ([F22] Eq. 12 with T_{k_g} = id).

Every particle x descends c(f(x)), f the discriminator trained on the particles, as fake
points, and on the target, as real ones, from f₀ anew at every step:

    x ← x - η ∇(c∘f)(x + βu).                                                     (P1)

u is standard normal noise, drawn afresh, that keeps the flow out of local minima where
β > 0 (Arbel et al. 2019, Eq. 14). Randomness comes from the number of the step alone, so a
flow may be cut anywhere and goes on as if it had not been.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from skgantk.discriminators._dual import Sample, Trainer, self_gram
from skgantk.discriminators._functions import Function, KernelFunction
from skgantk.kernels._core import Core, Leaf, register
from skgantk.losses import Loss

FAR = 1e3  # spreads from the data at which a particle counts as lost


class FlowState(NamedTuple):
    """What a flow carries from step to step."""

    particles: jax.Array  # (n, d)
    optimizer: optax.OptState
    passengers: jax.Array  # (m, d), carried along without acting on anything
    passenger_optimizer: optax.OptState
    step: jax.Array
    diverged: jax.Array


@register("loss", "optimizer", "batch_size")
class Flow:
    """Everything about a flow that does not change from step to step."""

    core: Core
    trainer: Trainer
    initial: Function
    target: jax.Array  # (m, d)
    bounds: jax.Array | None  # (2, d)
    learning_rate: Leaf
    final_rate: Leaf  # the learning rate falls to it linearly
    max_iter: Leaf
    noise: Leaf  # β
    centre: jax.Array  # (d,), of the data
    radius: Leaf  # beyond which a particle is lost
    key: jax.Array
    loss: Loss
    optimizer: optax.GradientTransformation
    batch_size: int | None

    def start(self, particles, passengers):
        """The state before the first step."""
        return FlowState(
            particles,
            self.optimizer.init(particles),
            passengers,
            self.optimizer.init(passengers),
            jnp.zeros((), jnp.int32),
            jnp.zeros((), bool),
        )

    def discriminator(self, fake, real):
        """Return the f trained on the two clouds, and its `Dual`."""
        X = jnp.concatenate([fake, real])
        halves = jnp.array([0.5 / len(fake), 0.5 / len(real)], X.dtype)
        sign = jnp.array([-1, 1], X.dtype)
        repeats = jnp.array([len(fake), len(real)])
        spread = lambda a: jnp.repeat(a, repeats, total_repeat_length=len(X))  # noqa: E731
        sample = Sample(spread(halves), spread(sign), self.initial.value(X))
        dual = self.trainer(self_gram(self.core, X, self.trainer.gram), sample)
        return KernelFunction(self.core, X, dual.coef, self.initial), sample, dual

    def batches(self, step, particles):
        """The clouds that the discriminator of a step is trained on."""
        if self.batch_size is None:
            return particles, self.target
        keys = jax.random.split(jax.random.fold_in(self.key, 2 * step))
        return tuple(
            cloud[jax.random.choice(key, len(cloud), (size,), replace=False)]
            for key, cloud in zip(keys, (particles, self.target))
            for size in (min(self.batch_size, len(cloud)),)
        )

    def force(self, function, points, values=None):
        """∇(c∘f) at the points."""
        values = function.value(points) if values is None else values
        return self.loss.dc(values)[:, None] * function.gradient(points)

    def moved(self, function, points, optimizer, step, values, salt):
        """The points after one step of (P1), and the optimizer's state."""
        at = points
        if values is None:
            key = jax.random.fold_in(self.key, 2 * step + 1)
            u = jax.random.normal(jax.random.fold_in(key, salt), points.shape)
            at = points + (self.noise * u).astype(points.dtype)
        updates, optimizer = self.optimizer.update(
            self.force(function, at, values), optimizer, points
        )
        share = jnp.minimum(step / self.max_iter, 1)
        rate = self.learning_rate + share * (self.final_rate - self.learning_rate)
        points = points + (rate * updates).astype(points.dtype)
        if self.bounds is not None:
            points = jnp.clip(points, *self.bounds)
        return points, optimizer
