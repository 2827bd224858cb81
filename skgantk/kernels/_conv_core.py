"""The core of strided convolutional networks with a flatten read-out.

A network of convolutions, each followed by φ, a flattening and dense layers. Because the
flattening keeps positions apart, only covariances of equal positions o of the two images
are needed (Novak et al. 2019; Arora et al. 2019):

    Σ⁰[o] = σ_w² P_x[o]·P_y[o]/K + σ_b²,     Θ⁰ = Σ⁰                               (C1)
    Σˡ⁺¹ = σ_w² W F(Σˡ) + σ_b²,              Θˡ⁺¹ = σ_w² W (G(Σˡ) Θˡ) + Σˡ⁺¹       (C2)

P_x[o] is the patch of K pixels and channels that the first filter sees at o, and W the mean
over the window of the next filter, in which padding counts as 0. F = E[φ(u)φ(v)] and
G = E[φ'(u)φ'(v)] act on every position. To flatten is to take a window as large as the
map; a dense layer is a convolution of a 1 × 1 map, where W = 1.

Notation is that of `_mlp_core`. What is carried is q_x = Σ(x, x) per image, and per pair Θ
and Δ = q_x + q_y - 2c. They go through W linearly, and Δ begins as a mean of (P_x - P_y)²,
so nothing is lost where images, or patches of them, nearly coincide. As functions of
(q_x, q_y, Δ) the layers are well-conditioned there too: ∂k/∂q_x stays bounded, ∂k/∂Δ grows
no faster than 1/‖x - y‖, and it is multiplied by the difference of the patches:

    ∇ₓk = 2 Pᵀ [(∂k/∂Δ⁰) (P_x - P_y) + (∂k/∂q_x⁰) P_x] σ_w²/K                          (C3)

with Pᵀ, the adjoint of taking patches, adding them up to an image.

Arrays are (height, width, n, m), the pairs last.
"""

from functools import partial

import jax
import jax.numpy as jnp

from skgantk._numerics import geometry
from skgantk._numerics.activations import Homogeneous, Smooth
from skgantk._numerics.elementwise import safe_inverse, safe_sqrt
from skgantk.kernels._conv_architecture import Architecture
from skgantk.kernels._core import Core, Leaf, register

UNROLLED = 16  # entries of a patch that are summed in one loop over the pairs


@register("network", "activation", "output_bias")
class ConvNetwork(Core):
    """NTK of a convolutional network; ``network`` is its `Architecture`."""

    weight_std: Leaf
    bias_std: Leaf
    network: Architecture
    activation: Homogeneous | Smooth
    output_bias: bool

    @property
    def values_per_pair(self):
        return sum(height * width for height, width in self.network.map_shapes)

    def gram(self, pairs):
        px, py = (self._patches(cloud.x) for cloud in pairs[:2])
        qx, qy = self._variance(px)[..., None], self._variance(py)[..., None, :]
        return self._value(qx, qy, self._delta(px, py))

    def diag(self, X):
        patches = self._patches(X)
        q = self._variance(patches)[..., None]
        return self._value(q, q, jnp.zeros(q.shape, X.dtype))[:, 0]

    def gradient(self, pairs, coef):
        """(C3), with the sum over j inside of Pᵀ."""
        px, transpose = jax.vjp(self._patches, pairs.x.x)
        py = self._patches(pairs.y.x)
        qx, qy = self._variance(px)[..., None], self._variance(py)[..., None, :]
        value, pullback = jax.vjp(self._value, qx, qy, self._delta(px, py))
        along, _, across = pullback(jnp.broadcast_to(coef, value.shape))
        # across grows like 1/‖x - y‖: its products with P_x and P_y cancel, in float64.
        across = across.astype(jnp.float64)
        total = jnp.sum(across, axis=-1) + along[..., 0]
        mixed = geometry.matmul(across, jnp.moveaxis(py, 0, -1).astype(jnp.float64))
        patches = total * px - jnp.moveaxis(mixed, -1, 0)
        scale = 2 * self.weight_std**2 / len(px)
        return transpose(scale * patches.astype(px.dtype))[0]

    def _patches(self, X):
        """P: (K, height, width, n)."""
        return self.network.patches(X)

    def _variance(self, patches):
        """q⁰ in float64: it costs little, and q_x - q_y loses digits."""
        mean = jnp.mean(patches.astype(jnp.float64) ** 2, axis=0)
        return self.weight_std**2 * mean + self.bias_std**2

    def _delta(self, px, py):
        """Δ⁰"""

        def add(total, entry):
            x, y = entry
            return total + (x[..., :, None] - y[..., None, :]) ** 2, None

        zero = jnp.zeros((*px.shape[1:], py.shape[-1]), px.dtype)
        total = jax.lax.scan(add, zero, (px, py), unroll=min(UNROLLED, len(px)))[0]
        return self.weight_std**2 / len(px) * total

    def _value(self, qx, qy, delta):
        """(C2)"""
        biases = [self.bias_std**2] * len(self.network.windows)
        if not self.output_bias:
            biases[-1] = 0.0
        theta = _covariance(qx, qy, delta)
        for layer, (window, bias) in enumerate(zip(self.network.windows, biases)):
            step = partial(_mean, window=window, weight=self.weight_std**2)
            vx, vy, delta, slope = _dual(self.activation, layer == 0, qx, qy, delta)
            qx, qy = step(vx) + bias, step(vy) + bias
            delta = step(delta)
            theta = step(slope * theta) + _covariance(qx, qy, delta)
        return theta[0, 0]


def _covariance(qx, qy, delta):
    """c"""
    return ((qx.astype(delta.dtype) + qy.astype(delta.dtype)) - delta) / 2


def _mean(maps, window, weight):
    """``weight`` W maps: the mean over a rectangle is one along either axis."""
    if window is None:
        return weight * maps
    rows, columns = (jnp.asarray(matrix, maps.dtype) for matrix in window)
    height, width, *pairs = maps.shape
    maps = geometry.matmul(weight * rows, maps.reshape(height, -1))
    maps = geometry.matmul(columns, maps.reshape(len(rows), width, -1))
    return maps.reshape(len(rows), len(columns), *pairs)


def _dual(activation, first, qx, qy, delta):
    """E[φφ] of x and of y, their Δ, and E[φ'φ'], at every position."""
    vx, vy = activation.variance(qx), activation.variance(qy)
    if isinstance(activation, Homogeneous):
        signed = first or activation.keeps_sign
        delta, slope = _homogeneous(activation, signed, qx, qy, delta)
        return vx, vy, activation.kappa * delta, activation.kappa * slope
    difference = (qx - qy).astype(delta.dtype)
    x, y = qx.astype(delta.dtype), qy.astype(delta.dtype)
    c, p = _covariance(qx, qy, delta), (delta + difference) / 2
    value, slope = activation.pair(x, y, c, p, delta)
    # No cusp: from here on errors of order eps · q are harmless.
    return vx, vy, (vx.astype(x.dtype) + vy.astype(x.dtype)) - 2 * value, slope


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _homogeneous(activation, signed, qx, qy, delta):
    """Δ - 2e and γ = 1 - ζθ of a homogeneous activation (see `Homogeneous`)."""
    dual = _homogeneous_dual(activation, signed, qx, qy, delta)[0]
    return delta - 2 * dual.excess, dual.slope


def _split(a, dtype):
    """A float64 per point as two numbers of ``dtype``: loops over pairs are slow in two."""
    high = a.astype(dtype)
    return high, (a - high.astype(a.dtype)).astype(dtype)


def _homogeneous_dual(activation, signed, qx, qy, delta):
    """The `HomogeneousDual`, and p_x = q_x - c and p_y = q_y - c.

    With u = √q_x, v = √q_y and z = u - v, n - c = (Δ - z²)/2. The lengths are float64,
    and so are the digits of their difference.
    """
    dtype, eps = delta.dtype, jnp.finfo(delta.dtype).eps
    (u, u_rest), (v, v_rest) = (_split(safe_sqrt(q), dtype) for q in (qx, qy))
    z = (u - v) + (u_rest - v_rest)
    n = u * v
    # Of patches that are multiples of each other, only rounding is left.
    noise = 8 * (eps * delta + float(jnp.finfo(qx.dtype).eps) * (u + v) * jnp.abs(z))
    gap = (delta - z * z) / 2
    gap = jnp.where(gap > noise, gap, 0)
    c, other = n - gap, 2 * n - gap
    if signed:
        other = jnp.where(other > 8 * eps * n, other, 0)
    dual = activation.dual(n, c, gap * other, signed)
    return dual, gap + u * z, gap - v * z


@_homogeneous.defjvp
def _homogeneous_jvp(activation, signed, primals, tangents):
    r"""From ∂f/∂c = γ, ∂f/∂q_x = ζs/2q_x, ∂θ/∂c = -1/s, ∂θ/∂q_x = c/(2 q_x s) in the
    variables (q_x, q_y, c) follows, with c = (q_x + q_y - Δ)/2, in (q_x, q_y, Δ):

        (Δ - 2e)˙ = γ Δ̇ + ζ Σ_{x,y} (θ - s/q_x) q̇_x                                (C4)
        γ̇ = -ζ/(2s) [Δ̇ - Σ_{x,y} (p_x/q_x) q̇_x]                                    (C5)

    p_x/s is bounded at coincident patches. At s = 0, (C5) is replaced by 0, the mean of the
    one-sided slopes.
    """
    qx, qy, delta = primals
    dual, px, py = _homogeneous_dual(activation, signed, *primals)
    jump = activation.zeta / 2 * safe_inverse(dual.sine)
    # ζθ, at small angles from e = ζ(s - θc): 1 - γ has lost its digits there, and what it
    # is multiplied with, by other layers, grows like 1/θ.
    sine, turn = activation.zeta * dual.sine, 1 - dual.slope
    small = turn < activation.zeta / 2
    c = dual.value - dual.excess
    turn = jnp.where(small, sine - dual.excess, turn) / jnp.where(small, c, 1)
    rho_x, rho_y = (safe_inverse(q).astype(delta.dtype) for q in (qx, qy))
    dqx, dqy = (dq.astype(delta.dtype) for dq in tangents[:2])
    along = (turn - sine * rho_x) * dqx + (turn - sine * rho_y) * dqy
    across = (jump * px * rho_x) * dqx + (jump * py * rho_y) * dqy
    value = delta - 2 * dual.excess, dual.slope
    return value, (dual.slope * tangents[2] + along, across - jump * tangents[2])
