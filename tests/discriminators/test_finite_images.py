"""Convolutional networks of finite width, and spectral normalisation.

The oracle of convolutions is XLA's own, which the networks do not use.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits

from skgantk.discriminators import FiniteWidthDiscriminator, stack_samples
from skgantk.generators import NeuralGenerator
from skgantk.kernels import ConvNTK
from skgantk.metrics import energy_distance

pytestmark = pytest.mark.usefixtures("hasty_compilation")

DIGITS = load_digits().data[:256] / 16
ADAM = optax.adam(1.0, b1=0.5)
RNG = np.random.default_rng(0)
X, Y = stack_samples(DIGITS[:30], RNG.uniform(size=(30, 64)))


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def made(**params):
    params = {"image_shape": (8, 8), "channels": (5, 6), "hidden_layer_sizes": (), **params}
    return FiniteWidthDiscriminator(**{"max_iter": 3, "random_state": 0, **params})


def by_xla(network, images, weight_std, bias_std, n_convolutions):
    """f of images (n, height, width, channels)."""
    x = jnp.asarray(images)
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases)):
        x = jax.nn.leaky_relu(x, 0.2) if layer else x
        weight = weight_std / len(weight) ** 0.5 * weight.astype(float)
        if layer < n_convolutions:
            filters = weight.reshape(4, 4, x.shape[-1], -1)
            layout = ("NHWC", "HWIO", "NHWC")
            x = jax.lax.conv_general_dilated(
                x, filters, (2, 2), "SAME", dimension_numbers=layout
            )
        else:
            x = x.reshape(len(x), -1) @ weight
        x = x if bias is None else x + bias_std * bias
    return x[:, 0]


@pytest.mark.parametrize(
    ("shape", "channels", "dense"),
    slow_but(
        [((7, 5, 2), (3,), (4, 2))],
        [
            ((8, 8), (5, 6), ()),
            ((28, 28, 1), (3, 4), (7,)),
            ((32, 32, 3), (2, 3, 4), ()),
            ((7, 5, 2), (3,), (4, 2)),
        ],
    ),
)
def test_it_is_a_convolutional_network(shape, channels, dense):
    images = RNG.normal(size=(6, *shape, 1)[: 4 if len(shape) == 3 else None])
    A, y = stack_samples(*np.split(images.reshape(6, -1), 2))
    d = made(
        image_shape=shape, channels=channels, hidden_layer_sizes=dense, weight_std=1.3,
        bias_std=0.7, activation="leaky_relu", negative_slope=0.2, antisymmetric=False,
    ).fit(A, y)  # fmt: skip
    network = d.network_

    def f(images):
        return by_xla(network, images, 1.3, 0.7, len(channels))

    assert_allclose(d.decision_function(images.reshape(6, -1)), f(images), rtol=1e-11)
    slope = jax.vmap(jax.grad(lambda image: f(image[None])[0]))(jnp.asarray(images))
    gradient = network.gradient(images.reshape(6, -1))
    assert_allclose(gradient, slope.reshape(6, -1), rtol=1e-10, atol=1e-13)


def test_its_limit_is_the_convolutional_kernel():
    """⟨∇_θ f(x), ∇_θ f(y)⟩ of wide networks is ConvNTK in the mean, up to 1/width."""
    params = {"weight_std": 1.2, "bias_std": 0.6, "output_bias": True}
    d = made(channels=(100, 100), hidden_layer_sizes=(100,), antisymmetric=False, **params)
    A = jnp.asarray(X[::10])

    def tangent(network):
        def slope(x):
            gradient = jax.grad(lambda network: network._forward(x))(network)
            return jax.flatten_util.ravel_pytree(gradient)[0]

        slopes = jax.vmap(slope)(A)
        return slopes @ slopes.T

    draws = [d._initial(64, np.random.RandomState(seed)) for seed in range(40)]
    grams = np.array([jax.jit(tangent)(draw) for draw in draws])
    expected = ConvNTK((8, 8), n_convolutions=2, n_dense=1, **params)(X[::10])
    error = grams.std(axis=0) / len(draws) ** 0.5
    assert np.all(error < 0.06 * expected)
    assert np.all(np.abs(grams.mean(axis=0) - expected) < 4 * error + 0.01 * expected)


SPECTRAL = {"spectral_normalization": True, "hidden_layer_sizes": (7, 6), "bias_std": 0.0}


@pytest.mark.parametrize(
    ("antisymmetric", "image_shape"),
    slow_but(
        [(True, None), (False, (8, 8))],
        [(a, shape) for a in (True, False) for shape in ((8, 8), None)],
    ),
)
def test_spectral_normalisation_follows_the_norms(image_shape, antisymmetric):
    params = {"image_shape": image_shape, "antisymmetric": antisymmetric, **SPECTRAL}
    params |= {"optimizer": "adam", "learning_rate": 1e-3, "loss": "hinge"}
    d = made(max_iter=200, **params).fit(X, Y)
    assert d.loss_ > -2  # that of f = 0
    for part in [d.network_.plus, d.network_.minus] if antisymmetric else [d.network_]:
        for weight, direction in zip(part.weights, part.directions):
            norm = np.linalg.norm(weight, 2)
            assert 0.9 * norm < np.linalg.norm(weight @ direction) <= norm * (1 + 1e-12)


def test_spectral_normalisation_makes_layers_of_norm_1():
    """f is that of W/‖W‖, with its derivative."""
    d = made(image_shape=None, antisymmetric=False, max_iter=1, **SPECTRAL)
    network = d._initial(64, np.random.RandomState(0))  # where u are the singular vectors
    network = jax.tree.map(lambda a: jnp.asarray(a, float), network)

    def f(weights, x):
        for layer, weight in enumerate(weights):
            x = (jax.nn.relu(x) if layer else x) @ (weight / jnp.linalg.norm(weight, 2))
        return x[0]

    x = jnp.asarray(X[0])
    assert_allclose(network._forward(x), f(network.weights, x), rtol=1e-5)
    slopes = jax.jit(jax.grad(lambda network: network._forward(x)))(network)
    for ours, expected in zip(slopes.weights, jax.jit(jax.grad(f))(network.weights, x)):
        assert_allclose(ours, expected, rtol=1e-4, atol=1e-7)  # u is of float32
    assert not any(np.any(slope) for slope in slopes.directions)


def test_clipped_weights_of_images():
    d = made(weight_clip=0.05, max_iter=20, antisymmetric=False).fit(X, Y)
    for weight in d.network_.weights:
        assert np.abs(weight).max() / len(weight) ** 0.5 <= 0.05 * (1 + 1e-12)


@pytest.mark.parametrize(
    "critic",
    slow_but(
        [{"loss": "lsgan", "max_iter": 1}],
        [
            {"loss": "vanilla", "max_iter": 1},
            {"loss": "lsgan", "max_iter": 1},
            {"loss": "ipm", "weight_clip": 0.1, "max_iter": 5},
            {"loss": "ipm", "gradient_penalty": 10.0, "max_iter": 5},
            {"loss": "hinge", "spectral_normalization": True, "max_iter": 1},
        ],
    ),
)
def test_a_generator_of_images_learns_from_it(critic):
    d = made(
        channels=(16, 32), weight_std=2**0.5, bias_std=0.1, activation="leaky_relu",
        antisymmetric=False, warm_start=True, optimizer=ADAM, learning_rate=0.02, **critic,
    )  # fmt: skip
    g = NeuralGenerator(
        d, image_shape=(8, 8), bounds=(0, 1), standardize=False, decay=False,
        optimizer=ADAM, learning_rate=2e-3, batch_size=64, random_state=0,
    )  # fmt: skip
    data = np.asarray(DIGITS, np.float32)
    start, end = (
        energy_distance(g.set_params(max_iter=n).fit(data).samples_, data) for n in (1, 300)
    )
    assert end < start / 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"image_shape": (8, 7)}, "has 56 entries, but X has 64"),
        ({"image_shape": (64,)}, "image_shape"),
        ({"channels": ()}, "channels must be a sequence of integers"),
        ({"channels": (4, 0)}, "channels must be a sequence of integers"),
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes must be"),
        ({"weight_clip": 0.1, "spectral_normalization": True}, "choose one of them"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        made(**params).fit(X, Y)
