"""Dual activations: Gaussian expectations of an activation φ and its derivative.

For (u, v) centred Gaussian with variances q_x, q_y and covariance c, a network's kernel
recursion needs F = E[φ(u)φ(v)] and G = E[φ'(u)φ'(v)] = ∂F/∂c. Every formula here starts
from quantities that keep their digits as (u, v) become equal:

    p = q_x - c,  Δ = q_x + q_y - 2c,  det = q_x q_y - c² = cΔ + p (Δ - p)

given by the caller, never from q_x - c evaluated in floating point.

There are two families: positively homogeneous activations (ReLU and its like), whose
kernels have a cusp at coincident points and deserve closed forms of their own, and smooth
ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from skgantk._numerics.arctangent import angle, atan_remainder
from skgantk._numerics.elementwise import safe_ratio, safe_sqrt
from skgantk._numerics.noisy_steps import ramps, steps


class HomogeneousDual(NamedTuple):
    """What a layer with a homogeneous activation needs, in units of κ."""

    value: jax.Array  # f = E[φ(u)φ(v)] / κ = c + e
    slope: jax.Array  # E[φ'(u)φ'(v)] / κ = 1 - ζθ
    gap: jax.Array  # √(q_x q_y) - f
    excess: jax.Array  # e = ζ (s - θc)
    sine: jax.Array  # s = √det


@dataclass(frozen=True)
class Homogeneous:
    """φ(u) = max(0, u) + negative_slope · min(0, u), and its arc-cosine kernel.

    Write φ = α|u| + βu. With κ = α² + β² and ζ = 2α²/(πκ), s = √det, θ = atan2(s, c)
    (Cho & Saul 2009):

        E[φφ] = κ (c + ζ (s - θc)),   E[φ'φ'] = κ (1 - ζθ),   E[φ²] = κ q.
    """

    negative_slope: float

    @property
    def kappa(self):
        return (1 + self.negative_slope**2) / 2

    @property
    def zeta(self):
        return (1 - self.negative_slope) ** 2 / (2 * np.pi * self.kappa)

    @property
    def even(self):
        return self.negative_slope == -1

    @property
    def keeps_sign(self):
        """Whether E[φφ] may be negative (it may not if |α| ≥ |β|)."""
        return self.negative_slope > 0

    def variance(self, q):
        return self.kappa * q

    def function(self, u):
        """φ(u)."""
        return jnp.maximum(u, 0) + self.negative_slope * jnp.minimum(u, 0)

    def dual(self, n, c, det, signed):
        """Evaluate the `HomogeneousDual`.

        Parameters
        ----------
        n : √(q_x q_y)
        c, det : covariance and determinant
        signed : bool, static
            Whether c may be negative.
        """
        s = safe_sqrt(det)
        magnitude = jnp.abs(c) if signed else c
        # Half angle t = tan(θ/2) = s/(n + |c|) ≤ 1. Then, without a branch and without
        # cancellation, θ = 2 atan t, n - |c| = s t, and from |c| = (n + |c|)(1 - t²)/2
        # s - θ|c| = s t² (1 + (1 - t²) r(t²)).
        # A zero vector has no direction; at right angles to all others its gradient
        # keeps the linear part of φ alone, which is the mean of the one-sided slopes.
        t = safe_ratio(s, n + magnitude, 1)
        u = t * t
        r = atan_remainder(u)
        theta = 2 * t * (1 - u * r)
        excess = self.zeta * s * u * (1 + r - u * r)
        gap = s * t - excess
        if signed:  # θ → π - θ: e gains ζπ|c|, and n - f gains |c|(2 - ζπ)
            obtuse, turn = c < 0, self.zeta * np.pi
            theta = jnp.where(obtuse, np.pi - theta, theta)
            excess = jnp.where(obtuse, excess + turn * magnitude, excess)
            gap = jnp.where(obtuse, gap + (2 - turn) * magnitude, gap)
        return HomogeneousDual(c + excess, 1 - self.zeta * theta, gap, excess, s)

    def dual_of_gaps(self, below, above, root):
        """The same without branches: (√(n - c), √(n + c), √2n) ↦ (e, ζθ, s).

        Both gaps are given because a caller may know their digits. With the quarter angle
        t = tan(θ/4) = √(n - c) / (√2n + √(n + c)) ≤ 1 and u = t², θ = 4 atan t, and from
        (n - c)(1 + u)² = 8nu and c (1 + u)² = n (1 - 6u + u²)

            s - θc = (n - c) t/2 [5 - u + (1 - 6u + u²) r(u)],

        where nothing cancels. A zero vector is taken to be at right angles to all others.
        """
        t = safe_ratio(below, root + above, 2**0.5 - 1)
        u = t * t
        r = atan_remainder(u)
        turn = 4 * self.zeta * t * (1 - u * r)
        bracket = 5 - u + (1 - u * (6 - u)) * r
        return self.zeta / 2 * (below * below) * t * bracket, turn, below * above


@dataclass(frozen=True)
class Smooth:
    """An activation ``function`` φ whose dual has no cusp.

    ``pair(q_x, q_y, c, p, Δ)`` returns (E[φφ], E[φ'φ']); derivatives of it are left
    to automatic differentiation.
    """

    name: str
    function: Callable
    pair: Callable

    def __reduce__(self):  # a pickle finds this very object again
        return get_activation, (self.name, 0.0)

    def variance(self, q):
        zero = jnp.zeros_like(q)
        return self.pair(q, q, q, zero, zero)[0]


def _determinant(c, p, delta):
    det = c * delta + p * (delta - p)
    # Negative by rounding only: raised to 0, with the derivative that it has.
    return det + jax.lax.stop_gradient(jnp.maximum(-det, 0))


def _erf(qx, qy, c, p, delta, amplitude=1.0, scale=1.0, offset=0.0):
    """φ(u) = amplitude · erf(scale · u) + offset (Williams 1997).

    E[erf erf] = (2/π) asin(2c / √((1+2q_x)(1+2q_y))); the asin is taken from both legs,
    the second being √D with D = 1 + 2(q_x + q_y) + 4 det.
    """
    square = scale * scale
    det = _determinant(c, p, delta) * square * square
    root = jnp.sqrt(1 + 2 * square * (qx + qy) + 4 * det)
    value = (2 / np.pi) * angle(2 * square * c, root)
    slope = (4 / np.pi) * square / root
    return amplitude**2 * value + offset**2, amplitude**2 * slope


def _gelu(qx, qy, c, p, delta):
    """φ(u) = u Φ(u). Stein's lemma on E[u v Φ(u)Φ(v)], with D = (1+q_x)(1+q_y) - c²:

    F = c H + [det + c² (1/(1+q_x) + 1/(1+q_y))] / (2π√D),
    H = E[ΦΦ] = 1/4 + asin(c / √((1+q_x)(1+q_y))) / 2π,  and G = ∂F/∂c.
    """
    det = _determinant(c, p, delta)
    d = 1 + qx + qy + det
    root = jnp.sqrt(d)
    density = 1 / (2 * np.pi * root)
    both = 0.25 + angle(c, root) / (2 * np.pi)
    inverse = 1 / (1 + qx) + 1 / (1 + qy)
    value = c * both + density * (det + c * c * inverse)
    slope = both + c * density * (inverse + 1 / d)
    return value, slope


def _sin(qx, qy, c, p, delta):
    """E[sin sin] = e^{-(q_x+q_y)/2} sinh c, E[cos cos] the same with cosh."""
    far = jnp.where(c < 0, qx + qy + 2 * c, delta)  # q_x + q_y - 2|c|: no overflow
    decay = jnp.exp(-far / 2) / 2
    near = jnp.exp(-(qx + qy + 2 * jnp.abs(c)) / 2) / 2
    return jnp.sign(c) * decay * -jnp.expm1(-2 * jnp.abs(c)), decay + near


def _cos(qx, qy, c, p, delta):
    return _sin(qx, qy, c, p, delta)[::-1]


def _identity(qx, qy, c, p, delta):
    return c, jnp.ones_like(c)


def _gaussian(qx, qy, c, p, delta):
    """φ(u) = exp(-u²): F = 1/√D with D = 1 + 2(q_x + q_y) + 4 det."""
    d = 1 + 2 * (qx + qy) + 4 * _determinant(c, p, delta)
    value = 1 / jnp.sqrt(d)
    return value, 4 * c / d * value


def _tanh(qx, qy, c, p, delta):
    angle, density = steps(qx, qy, c, _determinant(c, p, delta))
    return 2 / np.pi * angle, 2 / np.pi * density


def _logistic(qx, qy, c, p, delta):
    """1/(1 + exp(-u)), (S1) at u/2."""
    angle, density = steps(qx / 4, qy / 4, c / 4, _determinant(c, p, delta) / 16)
    return 0.25 + angle / (2 * np.pi), density / (8 * np.pi)


def _softplus(qx, qy, c, p, delta):
    """log(1 + exp u), (S1) at u/2; its derivative is the logistic function."""
    ramp, angle = ramps(qx / 4, qy / 4, c / 4, _determinant(c, p, delta) / 16)
    return 2 / np.pi * ramp + c / 4, 0.25 + angle / (2 * np.pi)


# erf scaled to fit the logistic sigmoid on [-5, 5] ([F22] Eq. 152)
_SIGMOID_SCALE = 1 / 2.4020563531719796

ACTIVATIONS = {
    "relu": Homogeneous(0.0),
    "abs": Homogeneous(-1.0),
    "erf": Smooth("erf", jax.scipy.special.erf, _erf),
    "sigmoid": Smooth(
        "sigmoid",
        lambda u: (jax.scipy.special.erf(u * _SIGMOID_SCALE) + 1) / 2,
        partial(_erf, amplitude=0.5, scale=_SIGMOID_SCALE, offset=0.5),
    ),
    "gelu": Smooth("gelu", partial(jax.nn.gelu, approximate=False), _gelu),
    "tanh": Smooth("tanh", jnp.tanh, _tanh),
    "logistic": Smooth("logistic", jax.nn.sigmoid, _logistic),
    "softplus": Smooth("softplus", jax.nn.softplus, _softplus),
    "gaussian": Smooth("gaussian", lambda u: jnp.exp(-u * u), _gaussian),
    "sin": Smooth("sin", jnp.sin, _sin),
    "cos": Smooth("cos", jnp.cos, _cos),
    "identity": Smooth("identity", lambda u: u, _identity),
}


def get_activation(name, negative_slope):
    """Return the dual activation of that name, hashable and usable as a static value."""
    return Homogeneous(float(negative_slope)) if name == "leaky_relu" else ACTIVATIONS[name]
