"""Networks that make samples: one latent vector in, one sample out.

Apart from what is done with networks, because equinox takes a while to import.
"""

import math
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp

from skgantk.generators._networks import ACTIVATIONS
from skgantk.kernels._conv_architecture import Axis, seen

SMALLEST = 8  # side of an image below which it is not halved
CHANNELS = (
    32  # of the last hidden layer of `ImageNetwork`; each one before has twice as many
)


class MLP(eqx.Module):
    """A fully connected network."""

    layers: list
    activation: str = eqx.field(static=True)

    def __init__(self, widths, activation, key):
        keys = jax.random.split(key, len(widths))
        self.layers = [
            _drawn(eqx.nn.Linear(*shape, key=keys[0]), 2.0 if i else 1.0, k)
            for i, (shape, k) in enumerate(zip(pairwise(widths), keys[1:]))
        ]
        self.activation = activation

    def __call__(self, z):
        for layer in self.layers[:-1]:
            z = ACTIVATIONS[self.activation](layer(z))
        return self.layers[-1](z)


class ImageNetwork(eqx.Module):
    """A dense layer, then transposed convolutions of stride 2, as in DCGAN.

    Each is a 3 × 3 convolution to four times the channels, of which every four become
    2 × 2 pixels: a transposed convolution of kernel 6 × 6. It is written as a product of
    matrices, because XLA's convolutions are slow on CPUs inside of compiled loops.
    """

    dense: eqx.nn.Linear
    convolutions: list
    activation: str = eqx.field(static=True)
    image_shape: tuple = eqx.field(static=True)

    def __init__(self, n_latent, image_shape, activation, key):
        height, width, n_channels = image_shape
        n_stages = max(1, math.ceil(math.log2(min(height, width) / SMALLEST)))
        channels = [CHANNELS * 2**i for i in reversed(range(n_stages))] + [n_channels]
        keys = jax.random.split(key, n_stages + 2)
        n_pixels = math.prod(_first_shape(image_shape, n_stages))
        dense = eqx.nn.Linear(n_latent, n_pixels * channels[0], key=keys[0])
        self.dense = _drawn(dense, 1.0, keys[1])
        self.convolutions = [
            _drawn(eqx.nn.Conv2d(a, 4 * b, 3, padding=1, key=keys[0]), 2.0, k)
            for a, b, k in zip(channels, channels[1:], keys[2:])
        ]
        self.activation, self.image_shape = activation, image_shape

    def __call__(self, z):
        x = self.dense(z)
        x = x.reshape(-1, *_first_shape(self.image_shape, len(self.convolutions)))
        x = x.transpose(1, 2, 0)  # channels last, as products of matrices want them
        for convolution in self.convolutions:
            x = _spread(_convolved(convolution, ACTIVATIONS[self.activation](x)))
        height, width, _ = self.image_shape
        return x[:height, :width].ravel()


def _first_shape(image_shape, n_stages):
    """Height and width before the convolutions, which are cropped to those of the image."""
    return tuple(-(-size // 2**n_stages) for size in image_shape[:2])


def _convolved(layer, x):
    """``layer`` with its kernels of 3 × 3 on (h, w, c)."""
    height, width, n_channels = x.shape
    axes = Axis(height, 3, 1, "SAME"), Axis(width, 3, 1, "SAME")
    weight = layer.weight.transpose(2, 3, 1, 0).reshape(9 * n_channels, -1)
    return seen(axes, x) @ weight + layer.bias.ravel()


def _spread(x):
    """(h, w, 4 c) → (2 h, 2 w, c)."""
    height, width, _ = x.shape
    x = x.reshape(height, width, -1, 2, 2).transpose(0, 3, 1, 4, 2)
    return x.reshape(2 * height, 2 * width, -1)


def _drawn(layer, gain, key):
    """The layer with weights of variance gain/fan-in and no biases, so that g(z) ~ 1.

    The gain is 2 behind an activation (He et al. 2015).
    """
    fan_in = layer.weight[0].size
    weight = jax.random.normal(key, layer.weight.shape) * (gain / fan_in) ** 0.5
    layer = eqx.tree_at(lambda layer: layer.weight, layer, weight)
    return eqx.tree_at(lambda layer: layer.bias, layer, jnp.zeros_like(layer.bias))
