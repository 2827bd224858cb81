"""Functions on the whole space: what a discriminator is, and what it starts from."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from skgantk._numerics import operators
from skgantk._numerics.activations import Homogeneous, Smooth
from skgantk._numerics.geometry import matmul
from skgantk.kernels._core import Core, Leaf, register
from skgantk.kernels._mlp_core import MLPCore

WIDTH = 1024  # of the network at initialisation; its kernel is the NNGP up to WIDTH^-½
BATCH = 4096  # points whose hidden layers are alive at once


class Function:
    """A function of points, a pytree. The result has the dtype of the points."""

    def value(self, X):
        """f(x_i), shape (n,)."""
        raise NotImplementedError

    def gradient(self, X):
        """∇f(x_i), shape (n, d)."""
        raise NotImplementedError


@register()
class Zero(Function):
    """f = 0, a network of infinite width with antisymmetric initialisation."""

    def value(self, X):
        return jnp.zeros_like(X[:, 0])

    def gradient(self, X):
        return jnp.zeros_like(X)


@register()
class KernelFunction(Function):
    """f(x) = f₀(x) + Σ_i c_i k(x, x_i)."""

    core: Core
    centres: jax.Array
    coef: jax.Array
    initial: Function

    def value(self, X):
        return self.initial.value(X) + self._sum(operators.product, X)

    def gradient(self, X):
        return self.initial.gradient(X) + self._sum(operators.gradient, X)

    def _sum(self, operator, X):
        centres, coef = (jnp.asarray(a, X.dtype) for a in (self.centres, self.coef))
        return operator(self.core, X, centres, coef)


@register("activation")
class Network(Function):
    """A network of finite width in NTK parametrisation, standing for one of infinite width.

    h⁰ = σ_w W⁰x/√d + σ_b b⁰,  hˡ = σ_w Wˡφ(hˡ⁻¹)/√width + σ_b bˡ,  f = the last.
    """

    weights: list
    biases: list
    weight_std: Leaf
    activation: Homogeneous | Smooth

    def value(self, X):
        return _network_value(self, X)

    def gradient(self, X):
        return _network_gradient(self, X)

    def _forward(self, x):
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            if layer:
                x = self.activation.function(x)
            weight, bias = weight.astype(x.dtype), bias.astype(x.dtype)
            std = jnp.asarray(self.weight_std / len(weight) ** 0.5, x.dtype)
            x = std * matmul(x, weight) + bias
        return x[0]


@jax.jit
def _network_value(network, X):
    return jax.lax.map(network._forward, X, batch_size=BATCH)


@jax.jit
def _network_gradient(network, X):
    return jax.lax.map(jax.grad(network._forward), X, batch_size=BATCH)


def draw_network(core, n_features, seed, width=WIDTH):
    """Return a draw of the network of an NTK or NNGP at initialisation.

    Parameters
    ----------
    core : MLPCore
    n_features : int
    seed : int
    width : int
        Of the hidden layers. The law of the draw is the Gaussian process with the NNGP
        kernel up to terms of order width^-½.

    Returns
    -------
    network : Network
        One function, the same for every point that it is asked for.
    """
    if not isinstance(core, MLPCore):
        raise ValueError(
            "initial='nngp' draws the network of an NTK or NNGP kernel, and this kernel "
            "is none. Use NTK or NNGP alone, or another initial."
        )
    key, weights, biases = jax.random.key(seed), [], []
    # float32, so that float32 and float64 points see the same network
    normal = partial(jax.random.normal, dtype=jnp.float32)
    widths = [n_features, *[width] * core.depth, 1]
    stds = [core.bias_std] * core.depth + [core.bias_std if core.output_bias else 0.0]
    for layer, std in enumerate(stds):
        weight_key, bias_key = jax.random.split(jax.random.fold_in(key, layer))
        rows, columns = widths[layer : layer + 2]
        weights.append(np.array(normal(weight_key, (rows, columns))))
        biases.append(np.float32(std) * np.array(normal(bias_key, (columns,))))
    return Network(weights, biases, core.weight_std, core.activation)
