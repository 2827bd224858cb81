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
from skgantk._numerics.elementwise import safe_inverse, safe_ratio, safe_sqrt, stored
from skgantk.kernels._conv_architecture import Architecture
from skgantk.kernels._core import Core, Leaf

UNROLLED = 16  # entries of a patch that are summed in one loop over the pairs


class ConvNetwork(Core, static=("network", "activation", "output_bias")):
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
        along, across = self._adjoint(qx, qy, self._delta(px, py), coef)
        # across grows like 1/‖x - y‖: its products with P_x and P_y cancel, in float64.
        one = jnp.ones((1, *py.shape[1:]), py.dtype)
        py = jnp.moveaxis(jnp.concatenate([py, one]).astype(jnp.float64), 0, -1)
        mixed = jnp.moveaxis(geometry.matmul(across.astype(jnp.float64), py), -1, 0)
        patches = (mixed[-1] + along) * px - mixed[:-1]
        scale = 2 * self.weight_std**2 / len(px)
        return transpose(scale * patches.astype(px.dtype))[0]

    def _patches(self, X):
        """P: (K, height, width, n)."""
        return self.network.patches(X)

    def _variance(self, patches):
        """q⁰ in float64: it costs little, and q_x - q_y loses digits."""
        squares = sum(entry.astype(jnp.float64) ** 2 for entry in patches)
        return stored(self.weight_std**2 / len(patches) * squares + self.bias_std**2)

    def _delta(self, px, py):
        """Δ⁰"""

        def add(total, entry):
            x, y = entry
            return total + (x[..., :, None] - y[..., None, :]) ** 2, None

        zero = jnp.zeros((*px.shape[1:], py.shape[-1]), px.dtype)
        total = jax.lax.scan(add, zero, (px, py), unroll=min(UNROLLED, len(px)))[0]
        return stored(self.weight_std**2 / len(px) * total)

    def _value(self, qx, qy, delta):
        """(C2)"""
        return self._layers(qx, qy, delta)[0][0, 0]

    def _layers(self, qx, qy, delta):
        """Θ after the last layer, and (q_x, q_y, Δ, Θ) before every activation."""
        biases = [self.bias_std**2] * len(self.network.windows)
        if not self.output_bias:
            biases[-1] = 0.0
        theta, states = _covariance(qx, qy, delta), []
        for window, bias in zip(self.network.windows, biases):
            states.append((qx, qy, delta, theta))
            step = partial(_mean, window=window, weight=self.weight_std**2)
            delta, theta = _dual(self.activation, *states[-1])
            qx, qy = (step(self.activation.variance(q)) + bias for q in (qx, qy))
            delta = step(delta)
            theta = step(theta) + _covariance(qx, qy, delta)
        return theta, states

    def _adjoint(self, qx, qy, delta, coef):
        """Derivatives of Σ_ij coef_ij k_ij: in q_x⁰, summed over j, and in Δ⁰."""
        value, states = self._layers(qx, qy, delta)
        theta = jnp.broadcast_to(coef, value.shape)
        along, across = _sum(theta / 2), -theta / 2
        for layer, window in reversed([*enumerate(self.network.windows)]):
            step = partial(_mean_transpose, window=window, weight=self.weight_std**2)
            along = jax.vjp(self.activation.variance, states[layer][0])[1](step(along))[0]
            local, across, theta = _dual_transpose(
                self.activation, states[layer], step(across), step(theta)
            )
            along = along + _sum(local + theta / 2)
            across = across - theta / 2
        return along[..., 0], across


def _sum(a):
    """Σ_j"""
    return jnp.sum(stored(a), axis=-1, keepdims=True).astype(jnp.float64)


def _covariance(qx, qy, delta):
    """c"""
    return ((qx.astype(delta.dtype) + qy.astype(delta.dtype)) - delta) / 2


def _mean(maps, window, weight):
    """``weight`` W maps: the mean over a rectangle is one along either axis."""
    if window is None:
        return weight * maps
    return _along_axes(*window, weight, maps)


def _mean_transpose(maps, window, weight):
    """``weight`` Wᵀ maps."""
    if window is None:
        return weight * maps
    return _along_axes(window[0].T, window[1].T, weight, maps)


def _along_axes(rows, columns, weight, maps):
    """``weight`` times the product with a matrix along either axis."""
    height, width, *pairs = maps.shape
    rows, columns = (jnp.asarray(matrix, maps.dtype) for matrix in (rows, columns))
    maps = geometry.matmul(weight * rows, maps.reshape(height, -1))
    # A product for every row; one for all of them would be transposed by copying.
    columns = jnp.broadcast_to(columns, (len(rows), *columns.shape))
    maps = geometry.matmul(columns, maps.reshape(len(rows), width, -1))
    return maps.reshape(len(rows), -1, *pairs)


def _dual(activation, qx, qy, delta, theta):
    """Δ of the activations, and E[φ'φ'] Θ, at every position."""
    if isinstance(activation, Homogeneous):
        delta, theta = _homogeneous(activation, qx, qy, delta, theta)
        return activation.kappa * delta, activation.kappa * theta
    difference = (qx - qy).astype(delta.dtype)
    x, y = qx.astype(delta.dtype), qy.astype(delta.dtype)
    c, p = _covariance(qx, qy, delta), (delta + difference) / 2
    value, slope = activation.pair(x, y, c, p, delta)
    vx, vy = (activation.variance(q).astype(x.dtype) for q in (qx, qy))
    # No cusp: from here on errors of order eps · q are harmless.
    return (vx + vy) - 2 * value, slope * theta


def _dual_transpose(activation, state, delta_bar, theta_bar):
    """The adjoint of `_dual` in (q_x, Δ, Θ); that in q_x for every pair."""
    qx, qy, delta, theta = state
    if isinstance(activation, Homogeneous):
        bars = activation.kappa * delta_bar, activation.kappa * theta_bar
        return _homogeneous_transpose(activation, state, *bars)

    def dual(qx, delta, theta):
        return _dual(activation, qx, qy, delta, theta)

    # Of q_x, a number for each image, it is summed over j already: spread again.
    pull = jax.vjp(dual, qx.astype(delta.dtype), delta, theta)[1]
    total, delta_bar, theta_bar = pull((delta_bar, theta_bar))
    return total / delta.shape[-1], delta_bar, theta_bar


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _homogeneous(activation, qx, qy, delta, theta):
    """Δ - 2e and γΘ of a homogeneous activation, γ = 1 - ζθ (see `Homogeneous`)."""
    excess, turn, *_ = _homogeneous_dual(activation, qx, qy, delta)
    return delta - 2 * excess, (1 - turn) * theta


def _homogeneous_dual(activation, qx, qy, delta):
    """e, ζθ and s of `Homogeneous.dual_of_gaps`, and p_x = q_x - c and p_y = q_y - c.

    With u = √q_x, v = √q_y and z = u - v, n - c = (Δ - z²)/2. The lengths are float64,
    and so are the digits of their difference.
    """
    dtype, eps = delta.dtype, jnp.finfo(delta.dtype).eps
    parts_x, parts_y = (_parts(safe_sqrt(q), dtype) for q in (qx, qy))
    u, v = parts_x[0], parts_y[0]
    z = sum(x - y for x, y in zip(parts_x, parts_y))
    # Of patches that are multiples of each other, only rounding is left.
    noise = 8 * (eps * delta + float(jnp.finfo(qx.dtype).eps) * (u + v) * jnp.abs(z))
    gap = (delta - z * z) / 2
    below = jnp.sqrt(jnp.where(gap > noise, gap, 0))
    x, y = (stored(jnp.sqrt(2**0.5 * length)) for length in (u, v))
    root = x * y
    gap = root * root - below * below
    above = jnp.sqrt(jnp.where(gap > 4 * eps * root * root, gap, 0))
    dual = activation.dual_of_gaps(below, above, root)
    return *dual, below * below + u * z, below * below - v * z


def _parts(a, dtype):
    """A float64 per point as a sum in ``dtype``, because loops over pairs are slow in two;
    stored, or they would split it again for every pair.
    """
    if a.dtype == dtype:
        return (stored(a),)
    high = stored(a.astype(dtype))
    return high, stored((a - high.astype(a.dtype)).astype(dtype))


@_homogeneous.defjvp
def _homogeneous_jvp(activation, primals, tangents):
    r"""From ∂f/∂c = γ, ∂f/∂q_x = ζs/2q_x, ∂θ/∂c = -1/s, ∂θ/∂q_x = c/(2 q_x s) in the
    variables (q_x, q_y, c) follows, with c = (q_x + q_y - Δ)/2, in (q_x, q_y, Δ):

        (Δ - 2e)˙ = γ Δ̇ + ζ Σ_{x,y} (θ - s/q_x) q̇_x                                (C4)
        γ̇ = -ζ/(2s) [Δ̇ - Σ_{x,y} (p_x/q_x) q̇_x]                                    (C5)

    p_x/s is bounded at coincident patches. At s = 0, (C5) is replaced by 0, the mean of the
    one-sided slopes.
    """
    qx, qy, delta, theta = primals
    excess, turn, sine, px, py = _homogeneous_dual(activation, qx, qy, delta)
    jump = activation.zeta / 2 * safe_inverse(sine)
    sine = activation.zeta * sine
    rho_x, rho_y = (safe_inverse(q).astype(delta.dtype) for q in (qx, qy))
    dqx, dqy = (dq.astype(delta.dtype) for dq in tangents[:2])
    along = (turn - sine * rho_x) * dqx + (turn - sine * rho_y) * dqy
    across = (px * rho_x) * dqx + (py * rho_y) * dqy - tangents[2]
    value = delta - 2 * excess, (1 - turn) * theta
    delta_dot, theta_dot = ((1 - turn) * tangent for tangent in tangents[2:])
    return value, (delta_dot + along, theta_dot + jump * across * theta)


def _homogeneous_transpose(activation, state, delta_bar, theta_bar):
    """The adjoint of `_homogeneous` in (q_x, Δ, Θ), by (C4) and (C5)."""
    qx, qy, delta, theta = state
    _, turn, sine, px, _ = _homogeneous_dual(activation, qx, qy, delta)
    rho = stored(safe_inverse(qx).astype(delta.dtype))
    jump = safe_ratio(activation.zeta / 2 * theta * theta_bar, sine, 0)
    local = delta_bar * (turn - activation.zeta * sine * rho) + jump * px * rho
    return local, (1 - turn) * delta_bar - jump, (1 - turn) * theta_bar
