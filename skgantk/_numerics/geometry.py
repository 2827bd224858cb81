"""Geometry of all pairs of two clouds, exact where points coincide.

Kernels need the inner product of two points and, near coincidence, the difference of the
two to full relative accuracy. |x|² + |y|² - 2x·y has lost it all at ‖x - y‖ ≈ 1e-8 |x|.
Two ways keep it:

- few features: differences x - y are formed coordinate by coordinate, one n × m array at
  a time (subtraction of neighbouring floats is exact);
- many features: matrix products in float64. float32 coordinates enter as they
  are: their products are exact there. float64 coordinates are split, x = high + low, with
  so few bits in ``high`` that the product of two ``high`` is exact however it is summed
  (Ozaki et al. 2012); it cancels without error, and the rest is 2⁻²⁰ smaller.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from skgantk._numerics.elementwise import safe_ratio, stored

# Up to here the elementwise route is faster than, or close to, the matrix products.
DIRECT_FEATURES = 16
TINY = 1e-200  # products of such coordinates are 0


class Cloud(NamedTuple):
    """Points (n, d), and what `pairs` needs of them: see `clouds`."""

    x: jax.Array
    columns: jax.Array | None = None  # (d, n), if there are few features
    unit: jax.Array | None = None  # that x is split at, a power of two, if float64

    @property
    def few_features(self):
        return self.columns is not None

    def split(self):
        """Return (high, low) in float64, x = high + low; ``low`` None for float32."""
        if self.unit is None:
            return self.x.astype(jnp.float64), None
        high = jnp.round(self.x / self.unit) * self.unit
        return high, self.x - high


def clouds(X, Y):
    """Prepare two sets of points for `pairs`, (..., n, d) and (..., m, d)."""
    d = X.shape[-1]
    if d <= DIRECT_FEATURES:  # columns apart, because loops over strided data are slow
        return tuple(Cloud(A, columns=A.swapaxes(-1, -2)) for A in (X, Y))
    if X.dtype == jnp.float32:
        return Cloud(X), Cloud(Y)
    # |high| ≤ 2^bits units, so a sum of d products of two stays below 2^53 units².
    bits = (53 - (d - 1).bit_length()) // 2
    largest = jnp.maximum(jnp.max(jnp.abs(X)), jnp.max(jnp.abs(Y)))
    largest = jnp.maximum(largest, TINY)
    # Exactly a power of two: jnp.ldexp multiplies by pow(2, e), which GPUs round.
    unit = largest / 2**bits / jnp.frexp(largest)[0]
    return tuple(Cloud(A, unit=jnp.broadcast_to(unit, A.shape[:-2])) for A in (X, Y))


class Pairs(NamedTuple):
    """Scalars of every pair (x_i, y_j), arrays (n, m), and the points themselves.

    With σ = sign(x·y), z = x - σy is the difference to the nearer of y and -y, so that
    antipodal points keep their digits like coincident ones.
    """

    x: Cloud
    y: Cloud
    xx: jax.Array  # |x|², (n, 1)
    yy: jax.Array  # |y|², (1, m)
    dot: jax.Array  # x·y
    sign: jax.Array  # σ
    ex: jax.Array  # x·(x - σy)
    zz: jax.Array  # |x - σy|²
    gram_det: jax.Array  # |x|²|y|² - (x·y)²
    diagonal: jax.Array | None = None  # 1 where i and j are the same sample

    @property
    def n_features(self):
        return self.x.x.shape[1]

    @property
    def opposite(self):
        """2|x·y| where x·y < 0, else 0: what turns z·z into |x - y|²."""
        return 2 * jnp.maximum(-self.dot, 0)

    @property
    def square_distance(self):
        return jnp.maximum(self.zz + 2 * self.opposite, 0)


def pairs(x, y, diagonal=None):
    """Return the `Pairs` of two clouds."""
    route = _direct if x.few_features else _products
    return Pairs(x, y, *route(x, y), diagonal)


def _columns(x, y):
    """Coordinates as pairs of (n, 1) and (1, m) arrays."""
    # Stored, or every loop over the tile would look up the block that they belong to.
    xs, ys = stored(x.columns), stored(y.columns)
    return [(xk[:, None], yk[None, :]) for xk, yk in zip(xs, ys)]


def _direct(x, y):
    columns = _columns(x, y)
    xx, yy = sum(xk * xk for xk, _ in columns), sum(yk * yk for _, yk in columns)
    # Beyond a few features a sum over them is better stored than computed again.
    keep = stored if len(columns) > 3 else lambda a: a
    dot = keep(sum(xk * yk for xk, yk in columns))
    sign = jnp.where(dot < 0, -1, 1).astype(dot.dtype)
    z = [xk - sign * yk for xk, yk in columns]
    ex = keep(sum(xk * zk for (xk, _), zk in zip(columns, z)))
    zz = keep(sum(zk * zk for zk in z))
    # Component of z orthogonal to x: |x|²|y|² - (x·y)² = |x|²|z⊥|² (Lagrange). Rounding
    # of the projection is along x, hence of second order; what is left is collinear.
    projection = safe_ratio(ex, xx, 0)
    orthogonal = sum((zk - projection * xk) ** 2 for (xk, _), zk in zip(columns, z))
    noise = (8 * jnp.finfo(dot.dtype).eps) ** 2
    return xx, yy, dot, sign, ex, zz, xx * _drop(orthogonal, noise * zz)


def _drop(value, noise):
    """Return ``value``, and 0 where it is rounding noise."""
    return jnp.where(value > noise, value, 0)


def _products(x, y):
    (x_high, x_low), (y_high, y_low) = x.split(), y.split()
    exact = matmul(x_high, y_high.T)
    xx, yy = jnp.sum(x_high**2, 1)[:, None], jnp.sum(y_high**2, 1)[None, :]
    if x_low is None:
        rest, xx_rest, yy_rest = 0.0, 0.0, 0.0
        scale = xx + yy
    else:  # x·y - high·high = high·low + low·y, one product of twice the length
        left = jnp.concatenate([x_high, x_low], axis=1)
        right = jnp.concatenate([y_low, y.x], axis=1)
        rest = matmul(left, right.T)
        xx_rest = jnp.sum(x_low * (x_high + x.x), 1)[:, None]
        yy_rest = jnp.sum(y_low * (y_high + y.x), 1)[None, :]
        scale = _norms(x.x, x_low)[:, None] + _norms(y.x, y_low)[None, :]
    dot = exact + rest
    sign = jnp.where(dot < 0, -1.0, 1.0)
    # Leading parts are integers in units of high², so their differences are exact too.
    along_x, along_y = xx - sign * exact, yy - sign * exact
    ex = along_x + (xx_rest - sign * rest)
    zz = (along_x + along_y) + (xx_rest + yy_rest - 2 * sign * rest)
    xx, yy = xx + xx_rest, yy + yy_rest
    # A product of d terms is rounded by about √d eps times the length of its factors.
    # Points closer than that cannot be told from coincident ones.
    eps = jnp.finfo(jnp.float64).eps
    zz = _drop(zz, 2 * x.x.shape[1] ** 0.5 * eps * scale)
    ex = jnp.where(zz > 0, ex, 0)
    gram_det = _drop(xx * zz - ex * ex, 8 * eps * xx * zz)
    return tuple(a.astype(x.x.dtype) for a in (xx, yy, dot, sign, ex, zz, gram_det))


def _norms(a, b):
    """|a| |b| of the rows."""
    return jnp.sqrt(jnp.sum(a * a, axis=1) * jnp.sum(b * b, axis=1))


def contract(pairs, a, b, coef, sign=None):
    """Return Σ_j coef_ij [a_ij x_i + b_ij (x_i - σ_ij y_j)], shape (n, d).

    Parameters
    ----------
    pairs : Pairs
    a, b : (n, m) arrays; ``a`` may be None (zero)
    coef : (m,) or (n, m)
    sign : (n, m), optional
        σ; 1 if not given.

    Notes
    -----
    b grows like 1/‖x - y‖ at a cusp, so the difference is taken before the sum: exactly
    for few features, in float64 products for many.
    """
    x, y = pairs.x, pairs.y
    if x.few_features:
        a, sign = (0 if a is None else a), (1 if sign is None else sign)
        terms = (a * xk + b * (xk - sign * yk) for xk, yk in _columns(x, y))
        return jnp.stack([weighted_sum(term, coef) for term in terms], axis=1)
    along = 0.0 if a is None else weighted_sum(a, coef)[:, None] * x.x
    b = (b * coef).astype(jnp.float64)
    total = jnp.sum(b, axis=1)[:, None]
    b = b if sign is None else b * sign
    across = total * x.x - matmul(b, y.x.astype(jnp.float64))
    return along + across.astype(x.x.dtype)


def weighted_sum(a, coef):
    """Return Σ_j a_ij coef_ij for ``coef`` of shape (m,) or (n, m), as a product."""
    if coef.ndim == 2:
        a, coef = a * coef, jnp.ones(a.shape[1], a.dtype)
    return matmul(a, coef)


def matmul(a, b):
    """Matrix product that never drops to TF32 or bfloat16."""
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)
