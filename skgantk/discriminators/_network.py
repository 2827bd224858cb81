"""Networks of finite width in NTK parametrisation, as functions of points."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from skgantk._numerics.activations import Homogeneous, Smooth
from skgantk._numerics.geometry import matmul
from skgantk._numerics.pytrees import register
from skgantk.discriminators._functions import Function
from skgantk.kernels._mlp_core import MLPCore

WIDTH = 1024  # of a stand-in for infinite width: its kernel is the NNGP up to WIDTH^-½
BATCH = 4096  # points whose hidden layers are alive at once


@register("weight_std", "bias_std", "activation")
class Network(Function):
    """A network in NTK parametrisation (Jacot et al. 2018).

    h⁰ = σ_w W⁰x/√d + σ_b b⁰,  hˡ = σ_w Wˡφ(hˡ⁻¹)/√width + σ_b bˡ,  f = the last.

    Weights and biases are drawn from N(0, 1); where there is no bias, it is None.
    """

    weights: list
    biases: list
    weight_std: float
    bias_std: float
    activation: Homogeneous | Smooth

    def value(self, X):
        return _value(self, X)

    def gradient(self, X):
        return _gradient(self, X)

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
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            if layer:
                x = self.activation.function(x)
            x = self.weight_std / len(weight) ** 0.5 * matmul(x, weight.astype(x.dtype))
            if bias is not None:
                x = x + self.bias_std * bias.astype(x.dtype)
        return x[0]


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

    def clipped(self, bound):
        """Both within ±bound."""
        return Antisymmetric(self.plus.clipped(bound), self.minus.clipped(bound))


@jax.jit
def _value(network, X):
    return jax.lax.map(network._forward, X, batch_size=BATCH)


@jax.jit
def _gradient(network, X):
    return jax.lax.map(jax.grad(network._forward), X, batch_size=BATCH)


def layer_widths(hidden_layer_sizes):
    """The widths of hidden layers as a list, checked."""
    widths = np.asarray(hidden_layer_sizes)
    if (
        widths.ndim != 1
        or not len(widths)
        or widths.dtype.kind != "i"
        or (widths.min() < 1)
    ):
        raise ValueError(
            "hidden_layer_sizes must be a sequence of integers of at least 1, got "
            f"{hidden_layer_sizes!r}."
        )
    return widths.tolist()


def draw_network(core, n_features, seed, widths):
    """Return a draw of the network whose NTK or NNGP in infinite width is a kernel.

    Parameters
    ----------
    core : MLPCore
    n_features : int
    seed : int
    widths : sequence of int
        Of the hidden layers, ``core.depth`` of them. The law of the draw is the Gaussian
        process with the NNGP kernel up to terms of order width^-½.

    Returns
    -------
    network : Network
        One function, the same for every point that it is asked for.
    """
    key, weights, biases = jax.random.key(seed), [], []
    # float32, so that float32 and float64 points see the same network
    normal = partial(jax.random.normal, dtype=jnp.float32)
    widths = [n_features, *widths, 1]
    for layer, (rows, columns) in enumerate(pairwise(widths)):
        weight_key, bias_key = jax.random.split(jax.random.fold_in(key, layer))
        weights.append(np.array(normal(weight_key, (rows, columns))))
        has_bias = core.bias_std > 0 and (layer < core.depth or core.output_bias)
        biases.append(np.array(normal(bias_key, (columns,))) if has_bias else None)
    return Network(weights, biases, core.weight_std, core.bias_std, core.activation)


def draw_process(core, n_features, seed):
    """Return a draw of the network of an NTK or NNGP at initialisation, near its limit."""
    if not isinstance(core, MLPCore):
        raise ValueError(
            "initial='nngp' draws the network of an NTK or NNGP kernel, and this kernel "
            "is none. Use NTK or NNGP alone, or another initial."
        )
    return draw_network(core, n_features, seed, [WIDTH] * core.depth)
