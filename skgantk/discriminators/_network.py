"""Networks of finite width in NTK parametrisation, as functions of points."""

import math
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from skgantk._numerics.activations import Homogeneous, Smooth
from skgantk._numerics.devices import compiled
from skgantk._numerics.geometry import matmul
from skgantk._numerics.pytrees import register
from skgantk.discriminators._functions import Function
from skgantk.kernels._compositions import Scaled
from skgantk.kernels._conv_architecture import Architecture, seen
from skgantk.kernels._mlp_core import MLPCore

WIDTH = 1024  # of a stand-in for infinite width: its kernel is the NNGP up to WIDTH^-½
BATCH = 4096  # points whose hidden layers are alive at once
IMAGES = 256  # the same, of convolutions, where each has a layer for every pixel


@register("weight_std", "bias_std", "activation", "architecture")
class Network(Function):
    """A network in NTK parametrisation (Jacot et al. 2018).

    h⁰ = σ_w W⁰x/√d + σ_b b⁰,  hˡ = σ_w Wˡφ(hˡ⁻¹)/√width + σ_b bˡ,  f = the last.

    Weights and biases are drawn from N(0, 1); where there is no bias, it is None. With an
    architecture, the first layers act on what a filter sees of their maps, and the maps of
    the last of them are flattened. With spectral normalisation (Miyato et al. 2018) W/σ(W)
    takes the place of σ_w W/√width; σ(W) = ‖Wu‖ with u a unit vector that one step of power
    iteration after every step of training keeps near the singular one, and that has no
    gradient: that of σ(W) is (Wu/‖Wu‖)uᵀ.
    """

    weights: list
    biases: list
    directions: list | None  # u of every layer; None: no spectral normalisation
    weight_std: float
    bias_std: float
    activation: Homogeneous | Smooth
    architecture: Architecture | None

    def value(self, X):
        return _value(self, X)

    def gradient(self, X):
        return _gradient(self, X)

    def settled(self):
        """With u a step of power iteration further."""
        if self.directions is None:
            return self
        return replace(
            self, directions=[_power(w, u) for w, u in zip(self.weights, self.directions)]
        )

    def clipped(self, bound):
        """Weights and biases, as they enter the layers, kept within ±bound."""

        def clip(parameter, scale):
            return jnp.clip(parameter, -bound / scale, bound / scale)

        return replace(
            self,
            weights=[clip(w, self.weight_std / len(w) ** 0.5) for w in self.weights],
            biases=[None if b is None else clip(b, self.bias_std) for b in self.biases],
        )

    def _forward(self, x):
        convolutions = self.architecture.convolutions if self.architecture else []
        if convolutions:
            x = x.reshape(self.architecture.image_shape)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            if layer:
                x = self.activation.function(x)
            if layer < len(convolutions):
                x = seen(convolutions[layer], x)
            else:
                x = x.ravel()
            weight = weight.astype(x.dtype)
            x = self._scale(layer, weight) * matmul(x, weight)
            if bias is not None:
                x = x + self.bias_std * bias.astype(x.dtype)
        return x[0]

    def _scale(self, layer, weight):
        if self.directions is None:
            return self.weight_std / len(weight) ** 0.5
        u = jax.lax.stop_gradient(self.directions[layer]).astype(weight.dtype)
        return 1 / jnp.linalg.norm(matmul(weight, u))

    @property
    def batch(self):
        """Points whose hidden layers are alive at once."""
        return IMAGES if self.architecture else BATCH


def _power(weight, direction):
    following = matmul(weight.T, matmul(weight, direction))
    return following / jnp.linalg.norm(following)


@register()
class Antisymmetric(Function):
    """f = (g₁ - g₂)/√2 of two networks that begin equal: f₀ = 0 (Zhang et al. 2020).

    Its NTK is that of one network.
    """

    plus: Network
    minus: Network

    def value(self, X):
        return (self.plus.value(X) - self.minus.value(X)) / 2**0.5

    def gradient(self, X):
        return (self.plus.gradient(X) - self.minus.gradient(X)) / 2**0.5

    def settled(self):
        """Both."""
        return Antisymmetric(self.plus.settled(), self.minus.settled())

    def clipped(self, bound):
        """Both within ±bound."""
        return Antisymmetric(self.plus.clipped(bound), self.minus.clipped(bound))


@compiled
def _value(network, X):
    return jax.lax.map(network._forward, X, batch_size=network.batch)


@compiled
def _gradient(network, X):
    return jax.lax.map(jax.grad(network._forward), X, batch_size=network.batch)


def layer_widths(sizes, name="hidden_layer_sizes", fewest=1):
    """The widths of layers as a list, checked."""
    widths = np.asarray(sizes)
    integers = widths.dtype.kind == "i" and np.all(widths > 0)
    if widths.ndim != 1 or len(widths) < fewest or (len(widths) and not integers):
        raise ValueError(
            f"{name} must be a sequence of integers of at least 1, got {sizes!r}."
        )
    return widths.tolist()


def draw_network(core, n_features, seed, widths, *, architecture=None, spectral=False):
    """Return a draw of the network whose NTK or NNGP in infinite width is a kernel.

    Parameters
    ----------
    core : MLPCore or ConvNetwork
    n_features : int
    seed : int
    widths : sequence of int
        Of the hidden layers, those of convolutions, their channels, first. The law of the
        draw is the Gaussian process with the NNGP kernel up to terms of order width^-½.
    architecture : Architecture, default=None
        Of a ``ConvNetwork``.
    spectral : bool, default=False
        Whether weights are normalised.

    Returns
    -------
    network : Network
        One function, the same for every point that it is asked for.
    """
    key, weights, biases = jax.random.key(seed), [], []
    # float32, so that float32 and float64 points see the same network
    normal = partial(jax.random.normal, dtype=jnp.float32)
    for layer, (rows, columns) in enumerate(_shapes(n_features, widths, architecture)):
        weight_key, bias_key = jax.random.split(jax.random.fold_in(key, layer))
        weights.append(np.array(normal(weight_key, (rows, columns))))
        has_bias = core.bias_std > 0 and (layer < len(widths) or core.output_bias)
        biases.append(np.array(normal(bias_key, (columns,))) if has_bias else None)
    directions = [np.linalg.eigh(w.T @ w)[1][:, -1] for w in weights] if spectral else None
    return Network(
        weights, biases, directions, core.weight_std, core.bias_std, core.activation,
        architecture,
    )  # fmt: skip


def _shapes(n_features, widths, architecture):
    """Rows and columns of the weights: a row for each entry of a filter and channel."""
    widths = [n_features, *widths, 1]
    rows = widths[:-1]
    if architecture:
        n = architecture.n_convolutions
        size = math.prod(architecture.filter_shape)
        rows[:n] = [size * c for c in [architecture.image_shape[2], *widths[1:n]]]
        rows[n] = math.prod(architecture.map_shapes[-1]) * widths[n]
    return zip(rows, widths[1:])


def draw_process(core, n_features, seed):
    """Return a draw of the network of an NTK or NNGP at initialisation, near its limit."""
    if isinstance(core, Scaled):  # W⁰(x/ℓ) = (W⁰/ℓ)x
        network = draw_process(core.k1, n_features, seed)
        inverse = core.points(jnp.ones((1, n_features)))[0]
        first = (network.weights[0] * np.asarray(inverse)[:, None]).astype(np.float32)
        return replace(network, weights=[first, *network.weights[1:]])
    if not isinstance(core, MLPCore):
        raise ValueError(
            "initial='nngp' draws the network of an NTK or NNGP kernel, and this kernel "
            "is none. Use NTK or NNGP alone, or another initial."
        )
    return draw_network(core, n_features, seed, [WIDTH] * core.depth)
