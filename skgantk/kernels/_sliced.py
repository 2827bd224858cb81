r"""Distances as means over lines, on which sums take n log n (Székely and Rizzo; [H24]).

For θ uniform on the unit sphere of d dimensions

    ‖x - y‖ = c_d E|θ·(x - y)|,   c_d = √π Γ((d+1)/2) / Γ(d/2).                      (E1)

With the mean over P directions in the place of E this is a kernel of its own right, of
which a sum over m points at n points is P sums on a line, of (L1) and (L2) of
`skgantk._numerics.line_sums`. It is conditionally positive definite as the distance is, and
equals it on average over draws of the directions.

[H24]: Hertrich, Wald, Altekrüger, Hagemann, "Generative sliced MMD flows with Riesz
kernels", ICLR 2024.
"""

import math
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from skgantk._numerics import line_sums
from skgantk._numerics.devices import device_count, spread_map
from skgantk._numerics.geometry import matmul, weighted_sum
from skgantk.kernels._core import Core, Leaf

SEEDS = 2**24  # integers that float32 holds
BLOCK = 2**22  # projections that are alive at once
ROUNDING = 4  # times √d ε ‖x‖: that of a projection of x


class SlicedDistance(Core, static=("n_directions",)):
    """k = -c_d/P Σ_p |θ_p·(x - y)|, in float64 whatever the points are."""

    seed: Leaf  # of the directions, an integer below `SEEDS`
    n_directions: int

    definite = False
    quick_sums = True

    def redrawn(self, key):
        return replace(self, seed=jax.random.randint(key, (), 0, SEEDS))

    def _directions(self, X):
        """θ (P, d), and c_d/P."""
        theta = directions(self.seed, self.n_directions, X.shape[1])
        return theta, sphere_constant(X.shape[1]) / len(theta)

    def gram(self, pairs):
        theta, weight = self._directions(pairs.x.x)
        x, y, width = _projections(theta, pairs.x.x, pairs.y.x)

        def add(p, total):
            return total + jnp.abs(_difference(x[p], y[p], width))

        total = jax.lax.fori_loop(0, len(theta), add, jnp.zeros((x.shape[1], y.shape[1])))
        return (0 - weight * total).astype(pairs.x.x.dtype)

    def gradient(self, pairs, coef):
        theta, weight = self._directions(pairs.x.x)
        x, y, width = _projections(theta, pairs.x.x, pairs.y.x)
        coef = coef.astype(jnp.float64)

        def slope(line):
            return weighted_sum(jnp.sign(_difference(*line, width)), coef)

        slopes = jax.lax.map(slope, (x, y))
        return (-weight * matmul(slopes.T, theta)).astype(pairs.x.x.dtype)

    def diag(self, X):
        return jnp.zeros_like(X[:, 0])

    def bound(self, X):
        return sphere_constant(X.shape[1]) * diameter(X)

    def sum_values(self, X, Y, coef):
        def block(theta, clouds):
            return jnp.sum(_on_lines(line_sums.values, theta, clouds, _exact(X)), axis=0)

        return self._sum(block, X, Y, coef)

    def sum_gradient(self, X, Y, coef):
        def block(theta, clouds):
            slopes = partial(line_sums.slopes, width=clouds.width, exact=_exact(X))
            return matmul(_on_lines(slopes, theta, clouds, _exact(X)).T, theta)

        return self._sum(block, X, Y, coef)

    def _sum(self, block, X, Y, coef):
        theta, weight = self._directions(X)
        total = _over_blocks(block, theta, _clouds(X, Y, coef))
        return (-weight * total).astype(X.dtype)


class _Clouds(NamedTuple):
    """What is the same for all directions, in float64."""

    x: jax.Array  # (d, n), because loops over columns are fast
    y: jax.Array  # (d, m)
    coef: jax.Array  # (m,)
    width: jax.Array  # (n,): rounding of a projection of x


def _clouds(X, Y, coef):
    X, Y = _centred(X, Y)
    return _Clouds(X.T, Y.T, coef.astype(jnp.float64), _rounding(X))


def _exact(X):
    """Whether to sort by all digits."""
    return X.dtype == jnp.float64


def _on_lines(function, theta, clouds, exact):
    """``function(line, t)`` on the line of every direction, (P, n)."""

    def on_line(ends):
        t, s = ends
        return function(line_sums.line(s, clouds.coef, exact), t)

    return jax.lax.map(on_line, (matmul(theta, clouds.x), matmul(theta, clouds.y)))


def _over_blocks(function, theta, clouds):
    """Sum ``function`` over blocks of directions, of which every device has its share."""
    devices = device_count()
    n_points = clouds.x.shape[1] + clouds.y.shape[1]
    size = max(1, min(BLOCK // n_points, -(-len(theta) // devices)))
    # Directions that are 0 fill up: they add nothing.
    theta = jnp.pad(theta, [(0, -len(theta) % (devices * size)), (0, 0)])
    shares = theta.reshape(devices, -1, size, theta.shape[1])

    def share(blocks, clouds):
        def add(total, block):
            return total + function(block, clouds), None

        zero = jnp.zeros_like(jax.eval_shape(function, blocks[0], clouds))
        return jax.lax.scan(add, zero, blocks)[0]

    return jnp.sum(spread_map(share, shares, clouds), axis=0)


def _centred(X, Y):
    """Points in float64 about the mean of Y, that their projections keep their digits."""
    X, Y = X.astype(jnp.float64), Y.astype(jnp.float64)
    centre = jnp.mean(Y, axis=0)
    return X - centre, Y - centre


def _rounding(X):
    """What projections of points may be off by, (n,)."""
    eps = jnp.finfo(X.dtype).eps
    return ROUNDING * X.shape[1] ** 0.5 * eps * jnp.sqrt(jnp.sum(X * X, axis=1))


def _projections(theta, X, Y):
    """θ·x (P, n) and θ·y (P, m) about one of Y, and the rounding of the former (n,)."""
    X, Y = (A.astype(jnp.float64) for A in (X, Y))
    X, Y = X - Y[0], Y - Y[0]
    return matmul(theta, X.T), matmul(theta, Y.T), _rounding(X)


def _difference(t, s, width):
    """t - s (n, m), and 0 where it is rounding."""
    z = t[:, None] - s
    return jnp.where(jnp.abs(z) > width[:, None], z, 0)


def directions(seed, n_directions, d):
    """Return θ (P, d) whose mean of an even function is that over the sphere, on average.

    The more they are apart, the less it varies. On a line there is one; in the plane they
    are equally spaced and turned together, with which (E1) is off by O(P⁻²); elsewhere
    orthogonal, d at a time.
    """
    key = jax.random.key(jnp.asarray(seed).astype(jnp.uint32))
    if d == 1:
        return jnp.ones((1, 1))
    if d == 2:
        turn = jax.random.uniform(key, dtype=jnp.float64)
        angle = jnp.pi * (turn + jnp.arange(n_directions)) / n_directions
        return jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)
    columns = min(n_directions, d)
    shape = -(-n_directions // columns), d, columns
    Q = jnp.linalg.qr(jax.random.normal(key, shape, jnp.float64))[0]
    return Q.swapaxes(1, 2).reshape(-1, d)[:n_directions]


def sphere_constant(d):
    """c_d of (E1)."""
    return math.exp(math.lgamma((d + 1) / 2) - math.lgamma(d / 2)) * math.pi**0.5


def diameter(X):
    """That of the smallest box around X, ()."""
    extent = jnp.max(X, axis=0) - jnp.min(X, axis=0)
    largest = jnp.max(extent)
    unit = jnp.where(largest > 0, largest, 1)
    return unit * jnp.sqrt(jnp.sum((extent / unit) ** 2))
