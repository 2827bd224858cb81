"""Neural tangent and NNGP kernels of fully connected networks, as cores.

For a network of ``depth`` hidden layers in NTK parametrisation, input dimension d,
σ_w = weight_std and σ_b = bias_std (Jacot et al. 2018; [F22] App. A):

    Σ⁰ = σ_w² x·y/d + σ_b²,              Θ⁰ = Σ⁰                              (K1)
    Σˡ⁺¹ = σ_w² F(Σˡ) + σ_b²,            Θˡ⁺¹ = σ_w² G(Σˡ) Θˡ + Σˡ⁺¹          (K2)

with F = E[φ(u)φ(v)], G = E[φ'(u)φ'(v)]. Per point the recursion carries q = Σ(x, x); per
pair c = Σ(x, y) and, free of cancellation, p = q_x - c, Δ = q_x + q_y - 2c and
det = q_x q_y - c².

k depends on (|x|², |y|², x·y) only. With σ = sign(x·y) its gradient is written as

    ∇ₓk = A x + B (x - σy),   A = R k,  R = 2∂/∂|x|² + σ ∂/∂(x·y),  B = -σ ∂k/∂(x·y)  (K3)

because A stays bounded at coincident points and B grows no faster than 1/‖x - y‖, so that
no digits are lost there; 2 (∂k/∂|x|²) x + (∂k/∂(x·y)) y would lose them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from skgantk._numerics import geometry
from skgantk._numerics.activations import Homogeneous, Smooth
from skgantk._numerics.elementwise import safe_inverse, safe_ratio
from skgantk.kernels._core import Core, register


class State(NamedTuple):
    """A layer's covariances. q_x (n, 1), q_y (1, m), the rest (n, m)."""

    qx: jax.Array
    qy: jax.Array
    c: jax.Array
    p: jax.Array
    delta: jax.Array
    det: jax.Array


@register("depth", "activation", "output_bias", "ntk")
class MLP(Core):
    """Core of `skgantk.kernels.NTK` (``ntk=True``) and `skgantk.kernels.NNGP`."""

    weight_std: jax.Array
    bias_std: jax.Array
    depth: int
    activation: Homogeneous | Smooth
    output_bias: bool
    ntk: bool

    def gram(self, pairs):
        state, _ = self._fold(pairs, self._inputs(pairs))
        return self._value(state)

    def diag(self, X):
        q = self._scale(X.shape[1]) * jnp.sum(X * X, axis=1) + self.bias_std**2
        zero = jnp.zeros_like(q)
        return self._value(State(q, q, q, zero, zero, zero))

    def gradient(self, pairs, coef):
        if isinstance(self.activation, Homogeneous):
            along, across = self._homogeneous_gradient(pairs)
            sign = pairs.sign
        else:
            along, across = self._smooth_gradient(pairs)
            sign = None
        scale = self._scale(pairs.n_features)
        return scale * geometry.contract(pairs, along, across, coef, sign)

    def _scale(self, n_features):
        return self.weight_std**2 / n_features

    def _biases(self):
        """σ_b² added after each of the ``depth`` activations."""
        last = self.bias_std**2 if self.output_bias else 0.0
        return [self.bias_std**2] * (self.depth - 1) + [last]

    def _inputs(self, pairs):
        """(K1), with det⁰ = (σ_w²/d)² (|x|²|y|² - (x·y)²) + σ_b² Δ⁰."""
        scale, bias = self._scale(pairs.n_features), self.bias_std**2
        delta = scale * pairs.square_distance
        return State(
            qx=scale * pairs.xx + bias,
            qy=scale * pairs.yy + bias,
            c=scale * pairs.dot + bias,
            p=scale * (pairs.ex + pairs.opposite),
            delta=delta,
            det=scale**2 * pairs.gram_det + bias * delta,
        )

    def _value(self, state):
        """(K2): Θ or Σ of the last layer."""
        if isinstance(self.activation, Homogeneous):
            return self._homogeneous_value(state)
        return self._smooth_value(*state[:5])

    def _smooth_value(self, qx, qy, c, p, delta):
        weight, theta = self.weight_std**2, c
        for bias in self._biases():
            value, slope = self.activation.pair(qx, qy, c, p, delta)
            qx = weight * self.activation.variance(qx) + bias
            qy = weight * self.activation.variance(qy) + bias
            c = weight * value + bias
            # No cusp: from the first layer on, errors of order eps · q are harmless.
            p, delta = qx - c, (qx - c) + (qy - c)
            theta = weight * slope * theta + c
        return theta if self.ntk else c

    def _smooth_gradient(self, pairs):
        """A and B of (K3) with σ = 1, by forward differentiation along R and ∂/∂(x·y)."""
        state = self._inputs(pairs)[:5]
        one, zero = jnp.ones_like, jnp.zeros_like
        qx, qy, c = state[:3]
        radial = (2 * one(qx), zero(qy), one(c), one(c), zero(c))
        inner = (zero(qx), zero(qy), one(c), -one(c), -2 * one(c))
        along = jax.jvp(self._smooth_value, state, radial)[1]
        across = jax.jvp(self._smooth_value, state, inner)[1]
        return along, -across

    def _layer(self, state, first, bias):
        """One homogeneous layer: its dual in units of κ, and the next `State`.

        With w = σ_w² κ and f = c + ζg (see `Homogeneous`), q' = wq + b and c' = wf + b, so

            p' = w (p - ζg),  Δ' = w (Δ - 2ζg),  det' = w² (n - f)(n + f) + b Δ'     (K4)
        """
        w = self.weight_std**2 * self.activation.kappa
        n = jnp.sqrt(state.qx) * jnp.sqrt(state.qy)
        signed = (first and not self.activation.even) or self.activation.keeps_sign
        dual = self.activation.dual(n, state.c, state.det, signed)
        excess = self.activation.zeta * dual.loss
        delta = w * (state.delta - 2 * excess)
        det = w**2 * dual.gap * (n + dual.value) + bias * delta
        following = State(
            qx=w * state.qx + bias,
            qy=w * state.qy + bias,
            c=w * dual.value + bias,
            p=w * (state.p - excess),
            delta=delta,
            det=det,
        )
        return dual, following

    def _fold(self, pairs, state):
        """An even φ sees |c| only: (x, -y) replaces (x, y) where c < 0; also the sign."""
        if not getattr(self.activation, "even", False):
            return state, jnp.ones_like(state.c)
        folded = state.c < 0
        scale, bias = self._scale(pairs.n_features), self.bias_std**2
        # q_x - |c| = q_x + c = (σ_w²/d) x·(x + y) + 2σ_b², and the same for y
        p = jnp.where(folded, scale * pairs.ex + 2 * bias, state.p)
        delta = jnp.where(folded, scale * pairs.zz + 4 * bias, state.delta)
        state = state._replace(c=jnp.abs(state.c), p=p, delta=delta)
        return state, jnp.where(folded, -1, 1).astype(state.c.dtype)

    def _homogeneous_value(self, state):
        weight = self.weight_std**2 * self.activation.kappa
        theta = state.c
        for layer, bias in enumerate(self._biases()):
            dual, state = self._layer(state, layer == 0, bias)
            theta = weight * dual.slope * theta + state.c
        return theta if self.ntk else state.c

    def _homogeneous_gradient(self, pairs):
        """A and B of (K3) in closed form; ' is the next layer, ˙ the derivative R.

        Per row q̇_x = 2wˡ; per pair, with the partial derivatives of the arc-cosine kernel
        ∂f/∂q_x = ζs/(2q_x), ∂f/∂c = 1 - ζθ, ∂θ/∂q_x = c/(2q_x s), ∂θ/∂c = -1/s and

            m = ċ - c q̇_x/(2q_x),   ρ = q̇_x/(2q_x),   γ = w(1 - ζθ),

        everything near-singular is in m/s, which is bounded as x → y:

            ċ' = γ m + wρf,      Σ_c' = γ Σ_c                                        (K5)
            m' = γ m - (σ_b² ρ/q_x') p'                                            (K6)
            Θ̇' = (wζ/s) m Θ + γ Θ̇ + ċ',   Θ_c' = (wζ/s) Σ_c Θ + γ Θ_c + Σ_c'        (K7)

        At x = ±y, s = 0: m/s is replaced by 0, the mean of the one-sided slopes, which
        makes the gradient ½∇ₓ[k(x, x)] there.
        """
        activation, sign = self.activation, pairs.sign
        w = self.weight_std**2 * activation.kappa
        state, fold = self._fold(pairs, self._inputs(pairs))
        inverse_qx = safe_inverse(state.qx)
        # m⁰ = σ - c/q_x = σ [(σ_w²/d) x·(x - σy) + (1 - σ) σ_b²] / q_x
        m = self._scale(pairs.n_features) * pairs.ex + (1 - sign) * self.bias_std**2
        m = fold * sign * m * inverse_qx
        radial, inner = fold * sign, fold  # ċ, Σ_c
        theta, theta_radial, theta_inner = state.c, radial, inner
        rho = inverse_qx
        for layer, bias in enumerate(self._biases()):
            dual, following = self._layer(state, layer == 0, bias)
            gamma = w * dual.slope
            jump = w * activation.zeta * theta
            radial = gamma * m + w * rho * dual.value
            theta_radial = _add_ratio(
                gamma * theta_radial + radial, jump * m, dual.sine
            )
            slope = gamma * (theta_inner + inner)
            theta_inner = _add_ratio(slope, jump * inner, dual.sine)
            inner = gamma * inner
            theta = gamma * theta + following.c
            ratio = w * rho * safe_inverse(following.qx)  # ρ' = w q_x ρ / q_x'
            m = gamma * m - bias / w * ratio * following.p
            rho = ratio * state.qx
            state = following
        if self.ntk:
            return theta_radial, -sign * theta_inner
        return radial, -sign * inner


def _add_ratio(a, b, s):
    """A + b/s, and a where s = 0; the division last, see `elementwise`."""
    return safe_ratio(a * s + b, s, a)
