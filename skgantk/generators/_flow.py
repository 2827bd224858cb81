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

Clouds are filled up to sizes that share a program (`skgantk._numerics.sizes`); what fills
them has no weight. All that is asked of a flow is asked of one program, `advance`.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from skgantk._numerics import operators
from skgantk._numerics.devices import compiled
from skgantk._numerics.optimizers import OPTIMIZERS, falling
from skgantk._numerics.pytrees import register
from skgantk._numerics.sizes import shuffled, valid
from skgantk.discriminators._adversary import Adversary, Gain
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


class Report(NamedTuple):
    """What training on the clouds of a state gains, and where it would lead."""

    gain: Gain
    force: jax.Array  # root mean square of the velocity (P2), in the unit of the flow
    update: jax.Array  # of what particles would move by per unit of the learning rate


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
    counts: jax.Array  # how many particles, and points of the target, are there
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
        clouds, counts = self.batches(particles, step)
        return self.adversary.train(memory, *clouds, self.key(step, 4), counts)

    def key(self, step, purpose):
        """A key of its own for every step and purpose."""
        return jax.random.fold_in(
            jax.random.fold_in(jax.random.key(self.seed), step), purpose
        )

    def batches(self, particles, step):
        """The clouds that the discriminator of a step is trained on, and their counts."""
        clouds = particles, self.target
        if self.batch_size is None:
            return clouds, self.counts
        batches, counts = [], []
        for purpose, (cloud, count) in enumerate(zip(clouds, self.counts)):
            order = shuffled(self.key(step, purpose), len(cloud), count)
            batches.append(cloud[order[: self.batch_size]])
            counts.append(jnp.minimum(len(batches[-1]), count))
        return batches, counts

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
        """(P1), and the optimizer's state."""
        updates, optimizer = self.updates(points, velocity, optimizer)
        return self.moved(points, updates, step), optimizer

    def moved(self, points, updates, step):
        """The points after a step."""
        rate = falling(self.learning_rate, self.decay, step, self.max_iter)
        points = points + jnp.asarray(rate, points.dtype) * updates
        return points if self.bounds is None else jnp.clip(points, *self.bounds)

    def spread(self, force, z=None):
        """(P2), for the particles or for other z."""
        generator = self.generator
        product = generator.product
        if z is not None:
            product = partial(operators.product, generator.core, z, generator.X)
        force = jnp.where(self.there(force), force, 0)
        return jax.vmap(product, in_axes=1, out_axes=1)(force) / self.counts[0]

    def there(self, particles):
        """Which particles are there, (n, 1); the others fill up."""
        return valid(len(particles), self.counts[0])[:, None]

    def size(self, vectors):
        """Root mean square of the entries, of the particles that are there."""
        total = jnp.sum(self.there(vectors) * vectors**2)
        return jnp.sqrt(total / (self.counts[0] * vectors.shape[1]))

    def report(self, trained, *vectors):
        """The `Report` of a step's `Trained`, its velocity and its updates."""
        return Report(self.adversary.gain(trained), *map(self.size, vectors))

    def step(self, state, last, before=None):
        """The following state, and the `Report` of this one if it is the last.

        The former is this one itself if it is the last, and where it would diverge.
        ``before`` is what stands for the report if it is neither, and None if it is wanted.
        """
        particles, passengers, step = state.particles, state.passengers, state.step
        trained = self.train(particles, state.memory, step)
        f = trained.function
        known = trained.values()[: len(particles)] if self.batch_size is None else None
        force = self.force(f, particles, step, 2, known)
        velocity = force if self.generator is None else self.spread(force)
        if passengers is not None:
            points, optimizer, start = passengers
            if self.generator is None:
                carried = self.force(f, points, step, 3)
            else:
                carried = self.spread(force, start)
            passengers = Passengers(*self.move(points, carried, optimizer, step), start)
        updates, optimizer = self.updates(particles, velocity, state.optimizer)
        particles = self.moved(particles, updates, step)
        distances = jnp.where(self.there(particles), jnp.abs(particles - self.centre), 0)
        near = jnp.max(distances) <= self.radius  # not where it is NaN
        moved = FlowState(particles, optimizer, passengers, (), step + 1, state.diverged)
        moves = ~last & near
        kept = state._replace(memory=(), diverged=~last & ~near)
        following = jax.tree.map(lambda a, b: jnp.where(moves, a, b), moved, kept)
        memory = self.adversary.select(moves, trained.memory, state.memory)
        following = following._replace(memory=memory)
        report = partial(self.report, trained, velocity, updates)
        if before is None:
            return following, report()
        return following, jax.lax.cond(moves, lambda: before, report)


@compiled
def advance(flow, state, n_steps):
    """Take up to ``n_steps`` steps in one compiled loop; return the `Report` of the last.

    A turn more trains the discriminator on the clouds at the end. Its gain is 0 where they
    are the same; for the IPM loss it is τ MMD², which the flow descends ([F22] Sec. 5.1).
    """
    end = state.step + n_steps
    shapes = jax.eval_shape(lambda state: flow.step(state, np.True_)[1], state)
    nothing = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), shapes)

    def unfinished(turn):
        state, _, done = turn
        return ~done & ~state.diverged

    def step(turn):
        state, before, _ = turn
        last = state.step >= end
        return *flow.step(state, last, before), last

    start = state, nothing, jnp.zeros((), bool)
    return jax.lax.while_loop(unfinished, step, start)[:2]


def report(flow, state):
    """The `Report` of a state."""
    return advance(flow, state._replace(diverged=np.zeros((), bool)), 0)[1]
