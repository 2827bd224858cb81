"""A generator network's training as pure functions.

Samples are x = g_θ(z), z standard normal. At every step z is drawn afresh and θ descends
along the mean of what pulls at the samples ([F22] Eq. 3),

    θ ← θ - η E_z[∇_θ g_θ(z)ᵀ v(x)|x = g_θ(z)].                                    (G1)

Against a discriminator v = ∇(c∘f), with f trained on the samples, as fake points, and on
data; that f depends on θ is ignored. On the objective of GA-NTK, g(D(X, Z)) at Z = g_θ(z),
v is its derivative in Z (Z2), through kernel and exponential, so that (G1) is a gradient.

Randomness comes from the number of the step alone, so training may be cut anywhere and
goes on as if it had not been.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import sklearn

from skgantk._numerics.devices import compiled
from skgantk._numerics.elementwise import stored
from skgantk._numerics.optimizers import falling, get_optimizer
from skgantk._numerics.pytrees import register
from skgantk._numerics.sizes import rung, shuffled
from skgantk.discriminators._adversary import Adversary, Gain
from skgantk.generators._networks import Constants, join
from skgantk.generators._synthesis import Objective, Sharpness
from skgantk.kernels._core import Leaf

EDGE = 0.01  # how near a side of the box, in its widths, samples start
BATCH = 4096  # samples at most whose hidden layers are alive at once


class NeuralState(NamedTuple):
    """What training carries from step to step."""

    parameters: Any  # θ, a pytree of arrays
    optimizer: Any  # its state
    memory: Any  # of the discriminator
    step: jax.Array
    diverged: jax.Array


@register()
class Readout:
    """What a network's u is as samples."""

    bounds: jax.Array | None  # (2, d)
    centre: jax.Array  # (d,), of the data
    spread: Leaf  # of the data

    def __call__(self, u):
        # Stored, so that every use sees one rounding: a kernel with a cusp tells a sample
        # from a copy of it that is off by an ulp.
        return stored(self._of(u))

    def _of(self, u):
        centre, spread = self.centre, jnp.asarray(self.spread, u.dtype)
        if self.bounds is None:
            return centre + spread * u
        low, high = self.bounds
        below, above = jnp.isfinite(low), jnp.isfinite(high)
        low, high = jnp.where(below, low, centre), jnp.where(above, high, centre)
        # u = 0 is the mean of the data, or near it where that is a side of the box.
        width = jnp.where(high > low, high - low, 1)
        share = jnp.clip((centre - low) / width, EDGE, 1 - EDGE)
        inside = low + (high - low) * jax.nn.sigmoid(u + jax.scipy.special.logit(share))
        unit = jnp.where(spread > 0, spread, 1)
        margin = jnp.maximum((centre - low + high - centre) / unit, EDGE)
        half = unit * jax.nn.softplus(
            jnp.where(below, u, -u) + margin + jnp.log(-jnp.expm1(-margin))
        )
        half = jnp.where(below, low + half, high - half)
        return jnp.where(
            below & above, inside, jnp.where(below | above, half, centre + spread * u)
        )


@register()
class Alternating:
    """v = ∇(c∘f) of a discriminator."""

    adversary: Adversary

    def start(self, dtype):
        """The memory before the first step."""
        return self.adversary.start(dtype)

    def resume(self, memory, dtype):
        """The memory of an earlier training, if it fits."""
        return self.adversary.resume(memory, dtype)

    def pull(self, memory, fake, real, key, step):
        """Return v/n, (n, d), and the memory after."""
        trained = self.adversary.train(memory, fake, real, key)
        slope = self.adversary.loss.dc(trained.values()[: len(fake)]) / len(fake)
        return slope[:, None] * trained.function.gradient(fake), trained.memory

    def select(self, kept, after, before):
        """The memory after a step if it is ``kept``, else that before."""
        return self.adversary.select(kept, after, before)

    def assess(self, memory, fake, real, key):
        """Return the `Gain`."""
        return self.adversary.gain(self.adversary.train(memory, fake, real, key))


@register()
class SingleLevel:
    """v of GA-NTK at a λ that rises."""

    objective: Objective
    sharpness: Sharpness

    def start(self, dtype):
        """No memory."""
        return ()

    def resume(self, memory, dtype):
        """No memory."""
        return ()

    def pull(self, memory, fake, real, key, step):
        """Return the derivative of the mean over n points, (n, d)."""
        lam = self.sharpness.at(step, real.dtype)
        return self.objective.group_loss(real, fake, lam)[1], ()

    def select(self, kept, after, before):
        """No memory."""
        return ()

    def assess(self, memory, fake, real, key):
        """Return a `Gain` with the objective in place of what training gains."""
        lam = jnp.asarray(self.sharpness.lam, real.dtype)
        loss = self.objective.group_loss(real, fake, lam)[0]
        return Gain(loss, loss, None, None, jnp.ones((), bool))


@register("constants", "optimizer", "batch_size", "n_latent")
class Training:
    """Everything about a training that does not change from step to step."""

    opponent: Alternating | SingleLevel
    target: jax.Array  # (m, d), in random order; filled up if it is more than a batch
    count: Leaf  # how many of it are there
    readout: Readout
    radius: Leaf  # of what may still be called near it
    learning_rate: Leaf
    decay: Leaf
    max_iter: Leaf
    seed: Leaf
    constants: Constants
    optimizer: Any  # a name, or a transformation of optax
    batch_size: int
    n_latent: int

    def prepared(self):
        """Its steps share nothing, each takes other rows."""
        return self

    def start(self, parameters):
        """The state before the first step."""
        return NeuralState(
            parameters,
            get_optimizer(self.optimizer).init(parameters),
            self.opponent.start(self.target.dtype),
            jnp.zeros((), jnp.int32),
            jnp.zeros((), bool),
        )

    def resume(self, state):
        """The state of an earlier training, for this one."""
        optimizer = get_optimizer(self.optimizer).init(state.parameters)
        if jax.tree.structure(optimizer) == jax.tree.structure(state.optimizer):
            optimizer = state.optimizer
        memory = self.opponent.resume(state.memory, self.target.dtype)
        return state._replace(
            optimizer=optimizer, memory=memory, diverged=jnp.zeros((), bool)
        )

    def generate(self, parameters, z):
        """g_θ(z), (n, d)."""
        return self.readout(jax.vmap(join(parameters, self.constants))(z))

    def key(self, step, purpose):
        """A key of its own for every step and purpose."""
        return jax.random.fold_in(
            jax.random.fold_in(jax.random.key(self.seed), step), purpose
        )

    def batch(self, step):
        """z and the data of a step."""
        size = min(self.batch_size, len(self.target))
        dtype = self.target.dtype
        z = jax.random.normal(self.key(step, 0), (size, self.n_latent), dtype)
        if size == len(self.target):
            return z, self.target
        order = shuffled(self.key(step, 1), len(self.target), self.count)
        return z, self.target[order[:size]]

    def step(self, state):
        """One step (G1), or none of a training that has diverged."""
        step, parameters = state.step, state.parameters
        z, real = self.batch(step)
        fake, pull_back = jax.vjp(lambda p: self.generate(p, z), parameters)
        v, memory = self.opponent.pull(state.memory, fake, real, self.key(step, 2), step)
        update = get_optimizer(self.optimizer).update
        updates, optimizer = update(*pull_back(v), state.optimizer, parameters)
        rate = falling(self.learning_rate, self.decay, step, self.max_iter)
        parameters = jax.tree.map(
            lambda p, u: p + jnp.asarray(rate, p.dtype) * u, parameters, updates
        )
        distance = jnp.max(jnp.abs(self.generate(parameters, z) - self.readout.centre))
        near = distance <= self.radius  # not where it is NaN
        moved = NeuralState(parameters, optimizer, (), step + 1, state.diverged)
        kept = state._replace(memory=(), diverged=jnp.ones((), bool))
        following = jax.tree.map(lambda a, b: jnp.where(near, a, b), moved, kept)
        memory = self.opponent.select(near, memory, state.memory)
        return following._replace(memory=memory)


def rows_at_once(parameters, constants, z):
    """Samples whose hidden layers fit into scikit-learn's ``working_memory``.

    Counted is every array of the computation, more than are alive at once.
    """
    jaxpr = jax.make_jaxpr(join(parameters, constants))(z[0]).jaxpr
    n_bytes = max(1, sum(_size(jaxpr)) * z.dtype.itemsize)
    most = sklearn.get_config()["working_memory"] * 2**20 / n_bytes
    return int(min(BATCH, max(1, most), rung(len(z))))


def _size(jaxpr):
    """Numbers of entries of the results of a program's instructions."""
    for equation in jaxpr.eqns:
        yield from (math.prod(result.aval.shape) for result in equation.outvars)
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from _size(inner)


def generate(readout, parameters, constants, z):
    """g_θ(z), (n, d), for any n, in blocks of rows, of one program.

    The size of the blocks changes results by rounding, as sums are taken in other orders.
    """
    rows = rows_at_once(parameters, constants, z)
    blocks = (z[start : start + rows] for start in range(0, len(z), rows))
    made = (
        np.asarray(_generate(readout, parameters, constants, _filled(block, rows)))
        for block in blocks
    )
    return np.concatenate(list(made))[: len(z)]


def _filled(block, rows):
    return np.pad(block, [(0, rows - len(block)), (0, 0)], mode="edge")


@partial(compiled, static_argnames="constants")
def _generate(readout, parameters, constants, z):
    return readout(jax.vmap(join(parameters, constants))(z))


def assess(training, state, z):
    """The samples of z; the `Gain` on a batch of them and of data."""
    fake = generate(training.readout, state.parameters, training.constants, z)
    return fake, _assess(training, state, fake[: training.batch_size])


@compiled
def _assess(training, state, fake):
    key, real = training.key(state.step, 2), training.target[: len(fake)]
    return training.opponent.assess(state.memory, fake, real, key)


@compiled
def converges(training, state):
    """Whether the discriminator's trainer meets its tolerance at the start."""
    z, real = training.batch(0)
    fake = training.generate(state.parameters, z)
    adversary = training.opponent.adversary
    return adversary.train(state.memory, fake, real, training.key(0, 2)).converged
