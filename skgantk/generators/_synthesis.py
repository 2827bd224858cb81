"""GA-NTK as pure functions ([Z21] Section 3): data by one single-level optimisation.

The points X ⊕ Z carry labels y, 1 on data and 0 on synthetic points, and a discriminator of
infinite width is trained on them,

    D(X, Z) = (I - e^{-λK}) y,   K = k(X ⊕ Z, X ⊕ Z)            ([Z21] Eq. 3)       (Z1)

Z descends an objective g(D), through K and the exponential: with K̄ = ∂g/∂K (symmetric),

    ∂g/∂z_j = 2 Σ_i K̄_ji ∇₁k(z_j, s_i),   s = X ⊕ Z.                              (Z2)

Beyond ``batch_size`` points, X and Z are split at random, at each step anew, into groups
that each have a discriminator of their own.
"""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import eigh

from skgantk._numerics import operators
from skgantk._numerics.devices import compiled, spread_map
from skgantk._numerics.geometry import matmul
from skgantk._numerics.matrix_functions import relaxation_gradient
from skgantk._numerics.optimizers import OPTIMIZERS, falling
from skgantk._numerics.pytrees import register
from skgantk.kernels._core import Core, Leaf

# λ rises from this share of itself, geometrically, over the first half of the steps: points
# spread over the whole of the data first, and over its details later. At once, a sharp
# discriminator pulls every point to its nearest data, and leaves modes short of points.
SOFTEST = 1e-2
RISE = 0.5
# λ k(x, x) at most at the start of the continuation. A point apart from all others is an
# eigenvector of that eigenvalue: D knows it for what it is, and its gradient vanishes like
# e^{-λ k(x, x)}, so that it would be left behind.
APART = 0.5

# Where a kernel is homogeneous, k(sx, y) = s k(x, y), so is f, and of x, labelled 1, and
# its copy cx, labelled 0, least squares make f(x) = 1/(1 + c²), f(cx) = c/(1 + c²). Then
# ‖1 - D‖² = (c⁴ + (1 - c + c²)²)/(1 + c²)² is least not at c = 1, a copy, where it is 0.5,
# but at 2/(1 + √5), where it is 0.38.
DIMMED = 2 / (1 + 5**0.5)

# Relative error of the adjoint. float32 has no more digits: K is rounded, and λK amplifies.
TOLERANCE = {"float64": 1e-10, "float32": 1e-4}

# Labels of synthetic points (those of data are 1) and g. "squared_error" is [Z21] Eq. 4,
# its square and a mean, which has the same minimum. For "cross_entropy" the labels are one
# column for each class; only the difference of the two columns of D matters, which is D of
# the difference of the labels, ±1.
OBJECTIVES = {
    "squared_error": (0.0, lambda D: jnp.mean((1 - D) ** 2)),
    "cross_entropy": (-1.0, lambda D: jnp.mean(jax.nn.softplus(-D))),
}


class SynthesisState(NamedTuple):
    """What a synthesis carries from step to step."""

    samples: jax.Array  # Z (m, d)
    optimizer: Any  # its state
    step: jax.Array
    loss: jax.Array  # before the last step, at the λ of that step
    diverged: jax.Array


@register("objective", "penalised")
class Objective:
    """g(D) of one discriminator, with the penalty on copies."""

    core: Core
    centre: jax.Array  # (d,), of the data
    penalty: Leaf
    spacing: Leaf  # usual distance of a point of X to its nearest neighbour
    objective: str
    penalised: bool

    def group_loss(self, X, Z, lam):
        """g(D(X, Z)) and its derivative in Z, for one discriminator."""
        n, S = len(X), jnp.concatenate([X, Z])
        label, objective = OBJECTIVES[self.objective]
        y = jnp.where(jnp.arange(len(S)) < n, 1.0, label).astype(S.dtype)
        K = operators.gram(self.core, S)
        tol = TOLERANCE[S.dtype.name]
        loss, K_bar = relaxation_gradient(K, y, lam, objective, tol)
        gradient = 2 * operators.pullback(self.core, Z, S, K_bar[n:])  # (Z2)
        if not self.penalised:
            return loss, gradient
        extra, extra_gradient = jax.value_and_grad(self.similarity)(Z, X)
        return loss + self.penalty * extra, gradient + self.penalty * extra_gradient

    def similarity(self, Z, X):
        """Mean of (1 - |z - x|/r)² over the z nearer than r to their nearest x."""
        A, B = Z - self.centre, X - self.centre  # or far from 0 their distances cancel
        nearest = jnp.argmin(jnp.sum(B * B, axis=1) - 2 * matmul(A, B.T), axis=1)
        square = jnp.sum((Z - X[nearest]) ** 2, axis=1)
        distance = jnp.sqrt(jnp.where(square > 0, square, 1)) * (square > 0)
        return jnp.mean(jnp.maximum(1 - distance / self.spacing, 0) ** 2)


@register()
class Sharpness:
    """λ, which may rise to its value."""

    lam: Leaf
    softest: Leaf  # share of λ that the first step has
    max_iter: Leaf

    def at(self, step, dtype):
        """λ at a step."""
        done = jnp.minimum(step / (RISE * self.max_iter), 1)
        return jnp.asarray(self.lam * self.softest ** (1 - done), dtype)


def rising(core, X, lam, max_iter, apart=APART, softest=SOFTEST):
    """A `Sharpness` from where λ k(x, x) is ``apart``, but ``softest`` at most."""
    own = lam * float(jnp.mean(operators.diag(core, X)))
    return Sharpness(lam, min(softest, apart / own) if own > 0 else softest, max_iter)


@register("objective", "optimizer", "batch_size", "penalised")
class Synthesis(Objective):
    """Everything about a synthesis that does not change from step to step."""

    target: jax.Array  # X (n, d)
    sharpness: Sharpness
    bounds: jax.Array | None  # (2, d)
    learning_rate: Leaf
    decay: Leaf
    max_iter: Leaf
    radius: Leaf  # of what may still be called near it
    unit: Leaf  # of the gradient, inverted: Adam adds 1e-8 to it, whatever its scale
    seed: Leaf
    optimizer: str
    batch_size: int

    def start(self, samples):
        """The state before the first step."""
        samples = jnp.asarray(samples)
        return SynthesisState(
            samples,
            OPTIMIZERS[self.optimizer]().init(samples),
            jnp.zeros((), jnp.int32),
            jnp.zeros((), samples.dtype),
            jnp.zeros((), bool),
        )

    def loss(self, Z, step):
        """The mean objective of all groups and its derivative in Z."""
        X, lam = self.target, self.sharpness.at(step, self.target.dtype)
        n_groups = -(-max(len(X), len(Z)) // self.batch_size)
        if n_groups == 1:
            return self.group_loss(X, Z, lam)
        key = jax.random.fold_in(jax.random.key(self.seed), step)
        rows, columns = (
            _groups(jax.random.fold_in(key, i), len(cloud), n_groups)
            for i, cloud in enumerate((X, Z))
        )
        losses, gradients = spread_map(_group_loss, (rows, columns), (self, Z, lam))
        total = jnp.zeros_like(Z).at[columns].add(gradients)
        count = jnp.zeros_like(Z[:, :1]).at[columns].add(1)
        return jnp.mean(losses), total / count

    def step(self, state):
        """One step of all samples, or none of a synthesis that has diverged."""
        loss, gradient = self.loss(state.samples, state.step)
        update = OPTIMIZERS[self.optimizer]().update
        gradient = jnp.asarray(self.unit, loss.dtype) * gradient
        updates, optimizer = update(gradient, state.optimizer, state.samples)
        rate = falling(self.learning_rate, self.decay, state.step, self.max_iter)
        samples = state.samples + jnp.asarray(rate, loss.dtype) * updates
        if self.bounds is not None:
            samples = jnp.clip(samples, *self.bounds)
        moved = SynthesisState(samples, optimizer, state.step + 1, loss, state.diverged)
        near = jnp.max(jnp.abs(samples - self.centre)) <= self.radius  # not if it is NaN
        kept = state._replace(loss=loss, diverged=jnp.ones((), bool))
        return jax.tree.map(lambda a, b: jnp.where(near, a, b), moved, kept)


def _group_loss(rows_and_columns, shared):
    (rows, columns), (synthesis, Z, lam) = rows_and_columns, shared
    return synthesis.group_loss(synthesis.target[rows], Z[columns], lam)


def _groups(key, n, n_groups):
    """Indices (n_groups, size): a random partition, filled up from its beginning."""
    order = jax.random.permutation(key, n)
    size = -(-n // n_groups)
    return jnp.resize(order, n_groups * size).reshape(n_groups, size)


@compiled
def advance(synthesis, state, n_steps):
    """Take up to ``n_steps`` steps in one compiled loop."""
    end = state.step + n_steps

    def unfinished(state):
        return (state.step < end) & ~state.diverged

    return jax.lax.while_loop(unfinished, synthesis.step, state)


def first_update(synthesis, samples, spread):
    """Root mean square of the first update, per unit of the learning rate.

    It is seen in a step of the size of the points' ``spread``, or rounding would hide it:
    the loss has no unit, so the gradient is of 1/(m spread).
    """
    bounds = synthesis.bounds
    if bounds is not None:
        bounds = jnp.stack([jnp.full_like(bounds[0], a) for a in (-math.inf, math.inf)])
    rate = spread if synthesis.optimizer == "adam" else len(samples) * spread * spread
    synthesis = replace(synthesis, learning_rate=rate, bounds=bounds, radius=math.inf)
    moved = advance(synthesis, synthesis.start(samples), 1).samples
    return float(jnp.sqrt(jnp.mean((moved - samples) ** 2))) / rate


def prefers_dimmed(core, X, lam):
    """Whether the objective is less at Z = `DIMMED` X than at Z = X."""
    y = np.repeat([1.0, 0.0], len(X))

    def objective(share):
        S = np.concatenate([X, share * X]).astype(np.float64)
        eigenvalues, U = eigh(np.asarray(operators.gram(core, S)))
        decay = np.exp(-lam * np.maximum(eigenvalues, 0))
        return np.mean((1 - y + U @ (decay * (U.T @ y))) ** 2)

    return objective(DIMMED) < objective(1.0)


def loss(synthesis, state):
    """The objective at λ itself, of the samples of a state."""
    sharpness = replace(synthesis.sharpness, softest=1.0)
    synthesis = replace(synthesis, sharpness=sharpness, radius=math.inf)
    # A step that is not kept: nothing else has to be compiled.
    return advance(synthesis, state._replace(diverged=jnp.zeros((), bool)), 1).loss
