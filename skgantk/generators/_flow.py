"""The particle flow as pure functions ([F22] Eq. 11 and 12).

Every particle x descends c(f(x)), f the discriminator trained on the particles, as fake
points, and on the target, as real ones:

    x ← x - η v,   v = ∇(c∘f)(x + βu).                                            (P1)

u is standard normal noise, drawn afresh, that keeps the flow out of local minima where
β > 0 (Arbel et al. 2019, Eq. 14). With a generator x = g(z) of infinite width, of which z
are the points where the particles began, forces are shared through its NTK k_g ([F22] Prop.
3), and particles without one are k_g = δ:

    v(z) = 1/n Σ_j k_g(z, z_j) ∇(c∘f)(x_j).                                       (P2)

Randomness comes from the number of the step alone, so a flow may be cut anywhere and goes
on as if it had not been.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from skgantk._numerics import operators
from skgantk._numerics.devices import compiled
from skgantk._numerics.optimizers import OPTIMIZERS, falling
from skgantk._numerics.pytrees import register
from skgantk.discriminators._adversary import Adversary
from skgantk.discriminators._dual import SelfGram
from skgantk.kernels._core import Leaf


class FlowState(NamedTuple):
    """What a flow carries from step to step."""

    particles: jax.Array  # (n, d)
    optimizer: Any  # its state
    passengers: "Passengers | None"
    memory: Any  # of the discriminator
    step: jax.Array
    diverged: jax.Array


class Passengers(NamedTuple):
    """Points that are carried along without acting on anything."""

    points: jax.Array  # (m, d)
    optimizer: Any  # its state
    start: jax.Array  # (m, d): z


@register("optimizer", "batch_size", "noisy")
class Flow:
    """Everything about a flow that does not change from step to step."""

    adversary: Adversary
    generator: SelfGram | None  # k_g on the z of the particles
    target: jax.Array  # (m, d)
    bounds: jax.Array | None  # (2, d) or (2, 1)
    learning_rate: Leaf
    decay: Leaf  # the learning rate falls linearly, by this much of it until max_iter
    max_iter: Leaf
    noise: Leaf  # β
    centre: jax.Array  # (d,), of the data
    radius: Leaf  # of what may still be called near it
    unit: Leaf  # of velocities, inverted: Adam adds 1e-8 to them, whatever their scale
    seed: Leaf
    optimizer: str
    batch_size: int | None
    noisy: bool

    def start(self, particles):
        """The state before the first step."""
        return FlowState(
            jnp.asarray(particles),
            OPTIMIZERS[self.optimizer]().init(particles),
            None,
            self.adversary.start(particles.dtype),
            jnp.zeros((), jnp.int32),
            jnp.zeros((), bool),
        )

    def resume(self, state):
        """The state of an earlier flow, for this one."""
        optimizer = OPTIMIZERS[self.optimizer]().init(state.particles)
        if jax.tree.structure(optimizer) == jax.tree.structure(state.optimizer):
            optimizer = state.optimizer
        memory = self.adversary.resume(state.memory, state.particles.dtype)
        return state._replace(
            optimizer=optimizer, memory=memory, diverged=jnp.zeros((), bool)
        )

    def board(self, points):
        """`Passengers` before the first step."""
        points = jnp.asarray(points)
        return Passengers(points, OPTIMIZERS[self.optimizer]().init(points), points)

    def train(self, particles, memory, step):
        """The `Trained` of a step."""
        fake, real = self.batches(particles, step)
        return self.adversary.train(memory, fake, real, self.key(step, 4))

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

    def force(self, f, points, step, purpose, values=None):
        """∇(c∘f), on points at which f may be known already."""
        if self.noisy:
            u = jax.random.normal(self.key(step, purpose), points.shape, points.dtype)
            points = points + jnp.asarray(self.noise, points.dtype) * u
        if values is None or self.noisy:
            values = f.value(points)
        return self.adversary.loss.dc(values)[:, None] * f.gradient(points)

    def updates(self, points, velocity, optimizer):
        """What points move by per unit of the learning rate, and the optimizer's state."""
        velocity = jnp.asarray(self.unit, points.dtype) * velocity
        return OPTIMIZERS[self.optimizer]().update(velocity, optimizer, points)

    def move(self, points, velocity, optimizer, step):
        """(P1)"""
        updates, optimizer = self.updates(points, velocity, optimizer)
        rate = falling(self.learning_rate, self.decay, step, self.max_iter)
        points = points + jnp.asarray(rate, points.dtype) * updates
        return points if self.bounds is None else jnp.clip(points, *self.bounds), optimizer

    def spread(self, force, z=None):
        """(P2), for the particles or for other z."""
        generator = self.generator
        product = generator.product
        if z is not None:
            product = partial(operators.product, generator.core, z, generator.X)
        return jax.vmap(product, in_axes=1, out_axes=1)(force) / len(force)

    def step(self, state):
        """One step of all points, or none of a flow that has diverged."""
        particles, passengers, step = state.particles, state.passengers, state.step
        trained = self.train(particles, state.memory, step)
        f = trained.function
        known = trained.values[: len(particles)] if self.batch_size is None else None
        force = self.force(f, particles, step, 2, known)
        velocity = force if self.generator is None else self.spread(force)
        if passengers is not None:
            points, optimizer, start = passengers
            if self.generator is None:
                carried = self.force(f, points, step, 3)
            else:
                carried = self.spread(force, start)
            passengers = Passengers(*self.move(points, carried, optimizer, step), start)
        particles, optimizer = self.move(particles, velocity, state.optimizer, step)
        distance = jnp.max(jnp.abs(particles - self.centre))
        near = distance <= self.radius  # not where it is NaN
        moved = FlowState(particles, optimizer, passengers, (), step + 1, state.diverged)
        kept = state._replace(memory=(), diverged=jnp.ones((), bool))
        following = jax.tree.map(lambda a, b: jnp.where(near, a, b), moved, kept)
        memory = self.adversary.select(near, trained.memory, state.memory)
        return following._replace(memory=memory)


@compiled
def advance(flow, state, n_steps):
    """Take up to ``n_steps`` steps in one compiled loop."""
    end = state.step + n_steps

    def unfinished(state):
        return (state.step < end) & ~state.diverged

    return jax.lax.while_loop(unfinished, flow.step, state)


@compiled
def gain(flow, state):
    """Return the `Gain` of training on the clouds of a state.

    It is 0 where the clouds are the same. For the IPM loss it is τ MMD², which the
    flow descends ([F22] Section 5.1).
    """
    fake, real = flow.batches(state.particles, state.step)
    return flow.adversary.gain(state.memory, fake, real, flow.key(state.step, 4))


@compiled
def converges(flow, particles):
    """Whether the trainer meets its tolerance at the start."""
    memory = flow.adversary.start(particles.dtype)
    return flow.train(particles, memory, 0).converged


@compiled
def first_update(flow, particles):
    """Root mean square of the first update, per unit of the learning rate."""
    state = flow.start(particles)
    f = flow.train(particles, state.memory, 0).function
    force = flow.force(f, particles, 0, 2)
    velocity = force if flow.generator is None else flow.spread(force)
    updates, _ = flow.updates(particles, velocity, state.optimizer)
    return jnp.sqrt(jnp.mean(updates**2))
