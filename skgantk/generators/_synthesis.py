"""GA-NTK as pure functions ([Z21] Section 3): data by one single-level optimisation.

The points X ⊕ Z carry labels y, 1 on data and 0 on synthetic points, and a discriminator of
infinite width is trained on them,

    D(X, Z) = (I - e^{-λK}) y,   K = k(X ⊕ Z, X ⊕ Z)            ([Z21] Eq. 3)       (Z1)

Z descends an objective g(D), through K and the exponential: with K̄ = ∂g/∂K (symmetric),

    ∂g/∂z_j = 2 Σ_i K̄_ji ∇₁k(z_j, s_i),   s = X ⊕ Z.                              (Z2)

[Z21]'s g is ‖1 - D‖². To first order in λ its gradient in z is that of -2λ Σ_i k(z, x_i):
the data attract, and nothing keeps synthetic points apart, so that they draw together. With
labels ±1 instead, weighted so that both clouds have one half of the whole, the gap between
the means of D over data and over synthetic points,

    g = yᵀD/N = yᵀ(I - e^{-λK})y/N,   y = N/2n on X, -N/2m on Z,   N = n + m,       (Z3)

is 0 where the clouds are equal and 1 where D tells all points apart. It is the squared MMD
of a kernel that D whitens, and to first order in λ that of k: 4g/λN → cᵀKc, c = 2y/N. A
sharp D knows a point apart from all others for what it is, however far it is from where it
is missed. The soft one still draws it there, so that its MMD² joins g, in units of what it
is for two samples of one law,

    τ = (1/n + 1/m) (mean of k(x, x) - mean of k(x, x')) over data.                 (Z4)

Where there are many points, X and Z are split at random, at each step anew, into groups
that each have a discriminator of their own.

Clouds are filled up to sizes that share a program (`skgantk._numerics.sizes`). What fills
them has no part in it: its rows and columns of K are 0, and so are its labels, its share of
g and its gradient.
"""

import math
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import eigh

from skgantk._numerics import operators
from skgantk._numerics.devices import compiled, spread_map
from skgantk._numerics.elementwise import safe_inverse
from skgantk._numerics.geometry import matmul
from skgantk._numerics.matrix_functions import relaxation_form, relaxation_gradient
from skgantk._numerics.optimizers import OPTIMIZERS, falling
from skgantk._numerics.pytrees import register
from skgantk._numerics.sizes import fill, shuffled, valid
from skgantk.kernels._core import Core, Leaf

# λ rises from this share of itself, geometrically, over this share of the steps: points
# spread over the whole of the data first, and over its details later. At once, a sharp
# discriminator pulls every point to its nearest data, and leaves modes short of points.
SOFTEST = 1e-2
RISE = 0.7
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
# That of the gap, whose value is right to its square, as a Gauss quadrature is: samples are
# the same to five digits, in half the time where D is sharp.
GAP_TOLERANCE = {"float64": 1e-10, "float32": 1e-2}

# Labels of synthetic points (those of data are 1) and g of one point, of its D, whose mean
# is taken. "squared_error" is [Z21] Eq. 4, squared and a mean, which has the same minimum.
# For "cross_entropy" the labels are one column for each class; only the difference of the
# two columns of D matters, which is D of the difference of the labels, ±1.
MEANS = {
    "squared_error": (0.0, lambda D: (1 - D) ** 2),
    "cross_entropy": (-1.0, lambda D: jax.nn.softplus(-D)),
}
OBJECTIVES = ("gap", *MEANS)  # "gap" is (Z3)
SOFT = 0.1  # weight of MMD²/τ in the "gap"
JUDGED = 8  # groups at most whose mean tells the loss: all would take as long as a step


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
    spacing: Leaf  # r of `similarity`
    closeness: Leaf  # what it is between data, and is not penalised
    objective: str
    penalised: bool

    def group_loss(self, X, Z, lam, counts=None, fixed=None):
        """g(D(X, Z)) and its derivative in Z, for one discriminator.

        ``counts`` are how many of X and of Z are there; all if None. ``fixed`` is K of X,
        if it is known.
        """
        n, m = (len(X), len(Z)) if counts is None else counts
        real, fake = (valid(len(A), k).astype(X.dtype) for A, k in ((X, n), (Z, m)))
        there = jnp.concatenate([real, fake])
        K, pull = operators.gram_and_pullback(self.core, X, Z, fixed)
        K = K * there * there[:, None]
        if self.objective == "gap":
            loss, K_bar = gap(K, real, fake, lam)
        else:
            loss, K_bar = mean_of_points(self.objective, K, real, fake, lam)
        gradient = 2 * pull(K_bar[len(X) :])  # (Z2)
        if self.penalised:
            similarity = jax.value_and_grad(self.similarity)
            extra, extra_gradient = similarity(Z, X, fake / m, real > 0)
            excess = jnp.maximum(extra - self.closeness, 0)
            loss += self.penalty * excess
            gradient += self.penalty * jnp.where(excess > 0, extra_gradient, 0)
        return loss, jnp.where(fake[:, None] > 0, gradient, 0)

    def similarity(self, Z, X, share, there):
        """Mean of (1 - |z - x|/r)² over the z nearer than r to their nearest x.

        ``share`` is that of each z in the mean, and ``there`` which x count.
        """
        A, B = Z - self.centre, X - self.centre  # or far from 0 their distances cancel
        square = jnp.where(there, jnp.sum(B * B, axis=1), jnp.inf)
        nearest = jnp.argmin(square - 2 * matmul(A, B.T), axis=1)
        square = jnp.sum((Z - X[nearest]) ** 2, axis=1)
        distance = jnp.sqrt(jnp.where(square > 0, square, 1)) * (square > 0)
        return jnp.sum(share * jnp.maximum(1 - distance / self.spacing, 0) ** 2)


def gap(K, real, fake, lam):
    """The gap (Z3) with the soft one, and its derivative in K.

    Points are there where ``real`` or ``fake`` is 1.
    """
    n, m = jnp.sum(real), jnp.sum(fake)
    y = jnp.concatenate([real / (2 * n), -fake / (2 * m)]) * (n + m)
    sharp, sharp_bar = relaxation_form(K, y, lam, GAP_TOLERANCE[K.dtype.name])
    soft, soft_bar = soft_gap(K, real, fake)
    return sharp / (n + m) + SOFT * soft, sharp_bar / (n + m) + SOFT * soft_bar


def mean_of_points(objective, K, real, fake, lam):
    """The mean over all points of one of `MEANS`, and its derivative in K."""
    label, of_point = MEANS[objective]
    y, share = jnp.concatenate([real, label * fake]), jnp.concatenate([real, fake])
    share = share / jnp.sum(share)
    tol = TOLERANCE[K.dtype.name]
    return relaxation_gradient(K, y, lam, lambda D: jnp.sum(share * of_point(D)), tol)


def soft_gap(K, real, fake):
    """MMD²/τ (Z4) of points that are there, where ``real`` or ``fake`` is 1, and its K̄."""
    n, m = jnp.sum(real), jnp.sum(fake)
    c = jnp.concatenate([real / n, -fake / m])
    one = jnp.concatenate([real / n, 0 * fake])
    own = jnp.sum(one * jnp.diagonal(K))
    varying = own - matmul(one, matmul(K, one))
    rounding = len(real) * jnp.finfo(K.dtype).eps * own
    tau = (1 / n + 1 / m) * jnp.where(varying > rounding, varying, 0)
    inverse = safe_inverse(tau)
    return inverse * matmul(c, matmul(K, c)), inverse * jnp.outer(c, c)


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
    own = lam * float(np.mean(operators.diag(core, X)))
    return Sharpness(lam, min(softest, apart / own) if own > 0 else softest, max_iter)


@register("objective", "optimizer", "n_groups", "penalised")
class Synthesis(Objective):
    """Everything about a synthesis that does not change from step to step."""

    target: jax.Array  # X (n, d), filled up
    counts: jax.Array  # how many of X and of Z there are
    sharpness: Sharpness
    bounds: jax.Array | None  # (2, d)
    learning_rate: Leaf
    decay: Leaf
    max_iter: Leaf
    radius: Leaf  # of what may still be called near it
    unit: Leaf  # of the gradient, inverted: Adam adds 1e-8 to it, whatever its scale
    seed: Leaf
    optimizer: str
    n_groups: int
    seen: Leaf = math.inf  # groups, at most, of which the loss and its gradient are
    fixed: jax.Array | None = None  # K of X, which does not change from step to step

    def prepared(self):
        """The same problem, with what all steps share."""
        if self.n_groups > 1:
            return self
        return replace(self, fixed=operators.gram(self.core, self.target))

    def start(self, samples):
        """The state before the first step."""
        samples = jnp.asarray(fill(samples.astype(self.target.dtype)))
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
        if self.n_groups == 1:
            return self.group_loss(X, Z, lam, self.counts, self.fixed)
        key = jax.random.fold_in(jax.random.key(self.seed), step)
        groups = [
            _groups(jax.random.fold_in(key, i), len(cloud), self.counts[i], self.n_groups)
            for i, cloud in enumerate((X, Z))
        ]
        seen = jnp.arange(self.n_groups) < self.seen
        losses, gradients = spread_map(_group_loss, (seen, *groups), (self, Z, lam))
        columns, sizes = groups[1]
        total = jnp.zeros_like(Z).at[columns].add(gradients)
        there = valid(columns.shape[1], sizes[:, None]).astype(Z.dtype)
        count = jnp.zeros_like(Z[:, 0]).at[columns].add(there)
        loss = jnp.sum(losses) / jnp.sum(seen)
        return loss, total / jnp.maximum(count, 1)[:, None]

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


def _group_loss(groups, shared):
    (seen, (rows, n), (columns, m)), (synthesis, Z, lam) = groups, shared
    X, Z = synthesis.target[rows], Z[columns]
    nothing = jnp.zeros((), Z.dtype), jnp.zeros_like(Z)
    there = partial(synthesis.group_loss, X, Z, lam, (n, m))
    return jax.lax.cond(seen, there, lambda: nothing)


def _groups(key, size, count, n_groups):
    """A random partition of the first ``count`` of ``size`` rows into nearly equal parts.

    Returns indices (n_groups, width) and how many of each group are there. None is empty:
    where there are fewer rows than groups, some share one.
    """
    first = jnp.arange(n_groups + 1) * count // n_groups
    counts = jnp.maximum(jnp.diff(first), 1)
    position = first[:-1, None] + jnp.arange(-(-size // n_groups))
    order = shuffled(key, size, count)
    return order[jnp.minimum(position, count - 1)], counts


@compiled
def advance(problem, state, n_steps):
    """Take up to ``n_steps`` steps of a problem, of this or another kind, compiled."""
    problem, end = problem.prepared(), state.step + n_steps

    def unfinished(state):
        return (state.step < end) & ~state.diverged

    return jax.lax.while_loop(unfinished, problem.step, state)


def first_update(synthesis, samples, spread):
    """Root mean square of the first update, per unit of the learning rate.

    It is seen in a step of the size of the points' ``spread``, or rounding would hide it:
    the loss has no unit, so the gradient is of 1/(m spread).
    """
    bounds = synthesis.bounds
    if bounds is not None:
        bounds = np.stack([np.full_like(bounds[0], a) for a in (-math.inf, math.inf)])
    rate = spread if synthesis.optimizer == "adam" else len(samples) * spread * spread
    synthesis = replace(synthesis, learning_rate=rate, bounds=bounds, radius=math.inf)
    moved = advance(synthesis, synthesis.start(samples), 1).samples
    move = np.asarray(moved)[: len(samples)] - samples
    return float(np.sqrt(np.mean(move**2))) / rate


def prefers_dimmed(core, X, lam):
    """Whether the objective is less at Z = `DIMMED` X than at Z = X."""
    y = np.repeat([1.0, 0.0], len(X))

    def objective(share):
        S = np.concatenate([X, share * X]).astype(np.float64)
        eigenvalues, U = eigh(operators.gram(core, S))
        decay = np.exp(-lam * np.maximum(eigenvalues, 0))
        return np.mean((1 - y + U @ (decay * (U.T @ y))) ** 2)

    return objective(DIMMED) < objective(1.0)


def loss(synthesis, state):
    """The objective at λ itself, of the samples of a state, or of some groups of them."""
    sharpness = replace(synthesis.sharpness, softest=1.0)
    synthesis = replace(synthesis, sharpness=sharpness, radius=math.inf, seen=float(JUDGED))
    # A step that is not kept: nothing else has to be compiled.
    return advance(synthesis, state._replace(diverged=np.zeros((), bool)), 1).loss
