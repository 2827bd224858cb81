"""The particle flow as pure functions ([F22] Eq. 12 with T_{k_g} = id).

Every particle x descends c(f(x)), f the discriminator trained on the particles, as fake
points, and on the target, as real ones, from f₀ anew at every step:

    x ← x - η ∇(c∘f)(x + βu).                                                     (P1)

u is standard normal noise, drawn afresh, that keeps the flow out of local minima where
β > 0 (Arbel et al. 2019, Eq. 14). Randomness comes from the number of the step alone, so a
flow may be cut anywhere and goes on as if it had not been.
"""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from skgantk.discriminators._dual import Sample, Trainer, objective, self_gram
from skgantk.discriminators._functions import Function, KernelFunction
from skgantk.generators._optimizers import OPTIMIZERS, falling
from skgantk.kernels._core import Core, Leaf, register
from skgantk.losses import Loss


class FlowState(NamedTuple):
    """What a flow carries from step to step."""

    particles: jax.Array  # (n, d)
    optimizer: optax.OptState
    passengers: jax.Array | None  # (m, d), carried along without acting on anything
    passenger_optimizer: optax.OptState
    step: jax.Array
    diverged: jax.Array


@register("loss", "optimizer", "batch_size", "noisy")
class Flow:
    """Everything about a flow that does not change from step to step."""

    core: Core
    trainer: Trainer
    initial: Function
    target: jax.Array  # (m, d)
    bounds: jax.Array | None  # (2, d) or (2, 1)
    learning_rate: Leaf
    decay: Leaf  # the learning rate falls linearly, by this much of it until max_iter
    max_iter: Leaf
    noise: Leaf  # β
    centre: jax.Array  # (d,), of the data
    radius: Leaf  # of what may still be called near it
    seed: Leaf
    loss: Loss
    optimizer: str
    batch_size: int | None
    noisy: bool

    def start(self, particles, passengers=None):
        """The state before the first step."""
        make = OPTIMIZERS[self.optimizer]().init
        return FlowState(
            jnp.asarray(particles),
            make(particles),
            passengers,
            None if passengers is None else make(passengers),
            jnp.zeros((), jnp.int32),
            jnp.zeros((), bool),
        )

    def train(self, fake, real):
        """Return the f trained on two clouds, their `Sample` and the `Dual`."""
        X = jnp.concatenate([fake, real])
        is_fake = jnp.arange(len(X)) < len(fake)
        sample = Sample(
            weight=jnp.where(is_fake, 0.5 / len(fake), 0.5 / len(real)).astype(X.dtype),
            sign=jnp.where(is_fake, -1, 1).astype(X.dtype),
            initial=self.initial.value(X),
        )
        dual = self.trainer(self_gram(self.core, X, self.trainer.gram), sample)
        return KernelFunction(self.core, X, dual.coef, self.initial), sample, dual

    def key(self, step, purpose):
        """A key of its own for every step and purpose."""
        return jax.random.fold_in(
            jax.random.fold_in(jax.random.key(self.seed), step), purpose
        )

    def batches(self, particles, step):
        """The clouds that the discriminator of a step is trained on."""
        clouds = particles, self.target
        if self.batch_size is None:
            return clouds
        return tuple(
            jax.random.choice(self.key(step, purpose), cloud, (size,), replace=False)
            for purpose, cloud in enumerate(clouds)
            for size in (min(self.batch_size, len(cloud)),)
        )

    def move(self, f, points, optimizer, step, purpose, values=None):
        """(P1) on points at which f may be known already."""
        at = points
        if self.noisy:
            u = jax.random.normal(self.key(step, purpose), points.shape, points.dtype)
            at = points + jnp.asarray(self.noise, points.dtype) * u
        if values is None or self.noisy:
            values = f.value(at)
        force = self.loss.dc(values)[:, None] * f.gradient(at)
        updates, optimizer = OPTIMIZERS[self.optimizer]().update(force, optimizer, points)
        rate = falling(self.learning_rate, self.decay, step, self.max_iter)
        points = points + jnp.asarray(rate, points.dtype) * updates
        return points if self.bounds is None else jnp.clip(points, *self.bounds), optimizer

    def step(self, state):
        """One step of all points, or none of a flow that has diverged."""
        particles, passengers = state.particles, state.passengers
        fake, real = self.batches(particles, state.step)
        f, _, dual = self.train(fake, real)
        known = dual.values[: len(fake)] if self.batch_size is None else None
        particles, optimizer = self.move(
            f, particles, state.optimizer, state.step, 2, known
        )
        carried = state.passenger_optimizer
        if passengers is not None:
            passengers, carried = self.move(f, passengers, carried, state.step, 3)
        distance = jnp.max(jnp.abs(particles - self.centre))
        moved = FlowState(
            particles, optimizer, passengers, carried, state.step + 1, state.diverged
        )
        near = distance <= self.radius  # not where it is NaN
        kept = state._replace(diverged=jnp.ones((), bool))
        return jax.tree.map(lambda a, b: jnp.where(near, a, b), moved, kept)


@jax.jit
def advance(flow, state, n_steps):
    """Take up to ``n_steps`` steps in one compiled loop."""
    end = state.step + n_steps

    def unfinished(state):
        return (state.step < end) & ~state.diverged

    return jax.lax.while_loop(unfinished, flow.step, state)


@jax.jit
def gain(flow, particles):
    """What training gains, L(f_τ) - L(f₀) ≥ 0; also L(f_τ) and the coefficients of f_τ.

    The gain is 0 where the clouds are the same. For the IPM loss it is τ MMD², which the
    flow descends ([F22] Section 5.1).
    """
    _, sample, dual = flow.train(particles, flow.target)
    before, after = (objective(flow.loss, sample, f) for f in (sample.initial, dual.values))
    return after - before, after, dual.coef


@jax.jit
def converges(flow, particles):
    """Whether the trainer meets its tolerance at the start."""
    return flow.train(particles, flow.target)[2].converged


@jax.jit
def first_update(flow, particles):
    """Root mean square of the first update, per unit of the learning rate."""
    flow = replace(flow, learning_rate=1.0, bounds=None, radius=jnp.inf)
    moved = flow.step(flow.start(particles)).particles
    return jnp.sqrt(jnp.mean((moved - particles) ** 2))
