"""Duals of tanh, the logistic function and softplus: those of steps and ramps with noise.

A logistic variable is a normal one whose deviation is random (Andrews, Mallows 1974). With
z ~ N(0, 1), and s independent of it, of Kolmogorov's law,

    tanh u = E sign(u + sz),                1/(1 + exp(-2u)) = E 1{u + sz > 0},
    log(1 + exp 2u) = 2 E max(0, u + sz),                                           (S1)

so that E[φ(u)φ(v)] is a mean, over s and an independent t like it, of what Cho and Saul
(2009) have in closed form. With A = q_x + s², B = q_y + t², D = AB - c² = det + s²q_y + t²A
and θ = atan2(c, √D),

    E[sign sign] = 2θ/π,   E[1 1] = ¼ + θ/2π,   E[max max] = (√D + cθ)/2π + c/4.    (S2)

D ≥ s²t² keeps this smooth where u and v meet, and nothing cancels in it.

Kolmogorov's law is replaced by one of few values, `MIXTURES`. That moves tanh by 3e-15 at
most in float64, and its derivative by 5e-14; by 5e-9 and 6e-8 in float32. What is computed
is the kernel of a network with that activation, and as near to the right one, at any q_x,
q_y and c.

The mean over pairs of values is taken as it stands, or, which is shorter where q is small,
by a power series in c,

    E[c^2k+1 (AB)^-(k+½)] = c^2k+1 E[A^-(k+½)] E[B^-(k+½)],                         (S3)

whose factors are those of a point, not of a pair.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from skgantk._numerics.arctangent import atan_remainder


class Mixture(NamedTuple):
    """A law of s."""

    squares: tuple  # s²
    weights: tuple  # their probabilities


# float32: Monahan and Stefanski (1992), the least error in tanh that 8 values allow.
# float64: Kolmogorov's law on a fine grid, after balanced truncation (of the linear system
# whose time is u²), then least squares for tanh, in arithmetic of 60 digits.
MIXTURES = {
    "float32": Mixture(
        squares=(
            0.1341089827, 0.2226990863, 0.3622063954, 0.5903851954,
            0.9682356338, 1.591705127, 2.619945368, 4.405655051,
        ),
        weights=(
            0.003246343272, 0.05151747703, 0.1950779127, 0.3155698236,
            0.2741495762, 0.1310768807, 0.02791241873, 0.001449567805,
        ),
    ),
    "float64": Mixture(
        squares=(
            0.06975795183933736, 0.0960687171595601, 0.1283965609154136,
            0.16971686083766066, 0.2233425449988378, 0.2934975735622252,
            0.38572708854546295, 0.5073563864268953, 0.6680359059033488,
            0.880364939827067, 1.160611144852005, 1.529772044003427,
            2.0155302213092305, 2.6557004253589294, 3.5044007853825296,
            4.645199641169353, 6.226593144801693, 8.602918185553769,
        ),
        weights=(
            1.1956202338930644e-06, 7.922496766959072e-05, 0.00121061418056712,
            0.007922580817264269, 0.029085708571589153, 0.06991757274478068,
            0.12165472045470868, 0.16406725579171813, 0.17958016256143552,
            0.16386386694025215, 0.12544790809163098, 0.07917747528262307,
            0.03945727191654745, 0.014481094376146208, 0.003533331758768944,
            0.0004901485432115833, 2.945576488361494e-05, 4.116159689334856e-07,
        ),
    ),
}  # fmt: skip

AT_ONCE = 2  # pairs (s, t) in one loop over the pairs of points; divides all of them
CHUNK = 8  # terms of the series in one loop
SHORT = 10.0  # q up to which the series is shorter, in float64. In float32 it never is.


class Mean(NamedTuple):
    """E[f(A, B, c)]. f(A, B, c) is ``term`` of a `Pair`, and the series

        Σ_k b_k factor(k) c^2k A^-(k+i+½) B^-(k+j+½),

    times c if it is ``odd``; the b_k are the coefficients of (1 - x)^-½.
    """

    term: Callable
    factor: Callable
    i: int = 0
    j: int = 0
    odd: bool = False


class Pair(NamedTuple):
    """A, B, c, √D, 1/√D and θ for one s and one t."""

    a: jax.Array
    b: jax.Array
    c: jax.Array
    root: jax.Array
    inverse: jax.Array
    theta: jax.Array


def _one(k):
    return 1.0


def _odd_number(k):
    return 2 * k + 1


# θ, √D + cθ, and what their derivatives are made of, a letter for each, without factors ½.
STEP = Mean(lambda p: p.theta, lambda k: 1 / (2 * k + 1), odd=True)
STEP_C = Mean(lambda p: p.inverse, _one)
STEP_A = Mean(lambda p: p.c * p.inverse / p.a, _one, i=1, odd=True)
STEP_B = Mean(lambda p: p.c * p.inverse / p.b, _one, j=1, odd=True)
STEP_CC = Mean(lambda p: (p.c * p.inverse) * p.inverse**2, _odd_number, i=1, j=1, odd=True)
STEP_CA = Mean(lambda p: (p.b * p.inverse) * p.inverse**2, _odd_number, i=1)
STEP_CB = Mean(lambda p: (p.a * p.inverse) * p.inverse**2, _odd_number, j=1)
RAMP = Mean(lambda p: p.root + p.c * p.theta, lambda k: 1 / (2 * k - 1) ** 2, -1, -1)
RAMP_A = Mean(lambda p: p.root / p.a, lambda k: 1 / (1 - 2 * k), j=-1)
RAMP_B = Mean(lambda p: p.root / p.b, lambda k: 1 / (1 - 2 * k), i=-1)


@jax.custom_jvp
def steps(qx, qy, c, det):
    """Return E[θ] and its derivative in c, E[1/√D]; ``det`` is q_x q_y - c²."""
    return tuple(_means([STEP, STEP_C], qx, qy, c, det))


@steps.defjvp
def _steps_jvp(primals, tangents):
    """θ̇ = ċ/√D - (c/2√D) (Ȧ/A + Ḃ/B),  (1/√D)˙ = cċ/√D³ - (BȦ + AḂ)/2√D³."""
    means = [STEP, STEP_C, STEP_A, STEP_B, STEP_CC, STEP_CA, STEP_CB]
    step, step_c, step_a, step_b, step_cc, step_ca, step_cb = _means(means, *primals)
    a, b, c, _ = tangents
    return (step, step_c), (
        step_c * c - (step_a * a + step_b * b) / 2,
        step_cc * c - (step_ca * a + step_cb * b) / 2,
    )


@jax.custom_jvp
def ramps(qx, qy, c, det):
    """Return E[√D + cθ] and its derivative in c, E[θ]; ``det`` is q_x q_y - c²."""
    return tuple(_means([RAMP, STEP], qx, qy, c, det))


@ramps.defjvp
def _ramps_jvp(primals, tangents):
    """(√D + cθ)˙ = θċ + (√D/2) (Ȧ/A + Ḃ/B)."""
    means = [RAMP, STEP, RAMP_A, RAMP_B, STEP_C, STEP_A, STEP_B]
    ramp, step, ramp_a, ramp_b, step_c, step_a, step_b = _means(means, *primals)
    a, b, c, _ = tangents
    return (ramp, step), (
        step * c + (ramp_a * a + ramp_b * b) / 2,
        step_c * c - (step_a * a + step_b * b) / 2,
    )


def _means(means, qx, qy, c, det):
    """Evaluate a list of `Mean`, the one way or the other."""
    if c.dtype == jnp.float32 or c.shape == qx.shape == qy.shape:  # points, no pairs
        return _mean_of_terms(means, qx, qy, c, det)
    largest = jnp.maximum(jnp.max(qx), jnp.max(qy))
    return jax.lax.cond(
        largest <= SHORT,
        lambda arrays: _series(means, *arrays),
        lambda arrays: _mean_of_terms(means, *arrays),
        (qx, qy, c, det),
    )


def _zeros(means, qx, qy, c):
    shape = jnp.broadcast_shapes(qx.shape, qy.shape, c.shape)
    return [jnp.zeros(shape, c.dtype) for _ in means]


def _mean_of_terms(means, qx, qy, c, det):
    """As they stand, some terms at a time."""
    squares, weights = MIXTURES[c.dtype.name]
    s, t = np.meshgrid(squares, squares, indexing="ij")
    table = np.stack([s, t, np.outer(weights, weights)], axis=-1)
    table = jnp.asarray(table, c.dtype).reshape(-1, AT_ONCE, 3)

    def add(totals, rows):
        for s, t, weight in rows:
            pair = _pair(qx, qy, c, det, s, t)
            totals = [a + weight * mean.term(pair) for a, mean in zip(totals, means)]
        return totals, None

    return jax.lax.scan(add, _zeros(means, qx, qy, c), table)[0]


def _pair(qx, qy, c, det, s, t):
    a, b = qx + s, qy + t
    root = jnp.sqrt(det + (s * qy + t * a))
    half = c / (root + jnp.sqrt(a) * jnp.sqrt(b))  # tan(θ/2)
    u = half * half
    return Pair(a, b, c, root, 1 / root, 2 * half * (1 - u * atan_remainder(u)))


def _terms(q):
    """How many of the series bring its rest to 1e-14 and less, measured."""
    return 8 + 105 * q


def _series(means, qx, qy, c, det):
    """(S3), as many terms as the largest q needs."""
    mixture = MIXTURES[c.dtype.name]
    largest = jnp.minimum(jnp.maximum(jnp.max(qx), jnp.max(qy)), SHORT)
    k = np.arange(math.ceil(_terms(SHORT) / CHUNK) * CHUNK)
    binomials = np.append(1, np.cumprod(1 - 0.5 / k[1:]))
    factors = [binomials * mean.factor(k) for mean in means]
    factors = jnp.asarray(np.stack(factors).reshape(len(means), -1, CHUNK), c.dtype)
    x, y = Moments(qx, mixture), Moments(qy, mixture)
    z = c / (jnp.sqrt(x.unit) * jnp.sqrt(y.unit))
    square = z * z

    def add(chunk, carry):
        power, of_x, of_y, totals = carry
        (xs, of_x), (ys, of_y) = x.chunk(of_x), y.chunk(of_y)
        totals = [
            total + power * _polynomial(row, xs[1 + mean.i :], ys[1 + mean.j :], square)
            for total, mean, row in zip(totals, means, factors[:, chunk])
        ]
        return power * square**CHUNK, of_x, of_y, totals

    start = jnp.ones_like(square), x.first, y.first, _zeros(means, qx, qy, c)
    count = jnp.ceil(_terms(largest) / CHUNK).astype(int)
    *_, totals = jax.lax.fori_loop(0, count, add, start)
    return [
        (c if mean.odd else 1) * x.scale(mean.i) * y.scale(mean.j) * total
        for mean, total in zip(means, totals)
    ]


def _polynomial(factors, xs, ys, square):
    """Horner's rule."""
    value = 0.0
    for factor, x, y in reversed([*zip(factors, xs, ys)]):
        value = value * square + factor * x * y
    return value


class Moments:
    """E[A^-(k+½)] of points, k = -1, 0, 1, ..., in units of the least A to that power."""

    def __init__(self, q, mixture):
        squares, self.weights = (jnp.asarray(values, q.dtype) for values in mixture)
        self.unit = q + jnp.min(squares)
        self.ratio = self.unit[..., None] / (q[..., None] + squares)
        self.first = 1 / jnp.sqrt(self.ratio)  # k = -1

    def chunk(self, power):
        """Return a chunk, with one more at either end, and where the next begins."""
        powers = [power]
        for _ in range(CHUNK + 1):
            powers.append(powers[-1] * self.ratio)
        return [jnp.sum(power * self.weights, axis=-1) for power in powers], powers[CHUNK]

    def scale(self, i):
        """The unit to the power of -(i+½)."""
        return jnp.sqrt(self.unit) ** -(2 * i + 1)
