"""ConvNTK against neural-tangents, arbitrary precision and finite differences.

What scikit-learn asks of a kernel is in test_sklearn_contract.py.
"""

import itertools
import math
import pickle
from functools import partial

import jax
import mpmath
import numpy as np
import pytest
import sklearn
from _cases import slow_but
from _reference.stax_layers import FUNCTIONS, numerical
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.svm import SVC
from sklearn.utils._param_validation import InvalidParameterError

from skgantk._numerics import operators
from skgantk._numerics.activations import ACTIVATIONS
from skgantk.kernels import (
    NTK,
    ConvNTK,
    NeuralTangentsKernel,
    as_core,
    import_neural_tangents,
    kernel_gradient,
    kernel_sum,
)

LAYERS = {
    "relu": lambda stax: stax.Relu(),
    "leaky_relu": lambda stax: stax.LeakyRelu(0.2),
    "abs": lambda stax: stax.Abs(),
    "erf": lambda stax: stax.Erf(),
    "sigmoid": lambda stax: stax.Sigmoid_like(),
    "gelu": lambda stax: stax.Gelu(),
    **{name: partial(numerical, name=name) for name in FUNCTIONS},
    "gaussian": lambda stax: stax.Gaussian(),
    "sin": lambda stax: stax.Sin(),
    "cos": lambda stax: stax.Cos(),
    "identity": lambda stax: stax.Identity(),
}
PRESETS = {"mnist": ConvNTK.mnist, "cifar10": ConvNTK.cifar10, "celeba": ConvNTK.celeba}
# One network for most tests, so that it is compiled once.
SMALL = {"image_shape": (5, 4, 2), "filter_shape": (3, 3), "bias_std": 0.5, "n_dense": 1}


def peer(kernel):
    """The same network in neural-tangents."""
    stax = import_neural_tangents().stax
    bias, phi = kernel.bias_std or None, LAYERS[kernel.activation](stax)
    layers = []
    for _ in range(kernel.n_convolutions):
        layers += [
            stax.Conv(
                1, kernel.filter_shape, kernel.strides, kernel.padding,
                kernel.weight_std, bias, parameterization="ntk",
            ),
            phi,
        ]  # fmt: skip
    layers.append(stax.Flatten())
    for _ in range(kernel.n_dense):
        layers += [stax.Dense(1, kernel.weight_std, bias), phi]
    layers.append(stax.Dense(1, kernel.weight_std, bias if kernel.output_bias else None))
    return NeuralTangentsKernel(
        stax.serial(*layers)[2], image_shape=tuple(kernel.image_shape)
    )


def images(kernel, *shape, seed=0, low=-0.5):
    rng = np.random.default_rng(seed)
    return rng.uniform(low, 1.0, size=(*shape, math.prod(kernel.image_shape)))


def gradient(kernel, x, y):
    return kernel_gradient(kernel, x[None], y[None], np.ones(1))[0]


def slope(kernel, X, Y, coef, E, h=1e-5):
    """Derivative of Σ_j coef_j k(x_i, y_j) along e_i, by differences of fourth order."""

    def difference(h):
        values = [kernel_sum(kernel, X + s * E, Y, coef) for s in (h, -h)]
        return (values[0] - values[1]) / (2 * h)

    return (4 * difference(h) - difference(2 * h)) / 3


# Values


@pytest.mark.parametrize("name", slow_but(["mnist"], PRESETS))
def test_discriminators_of_the_paper(name):
    kernel = PRESETS[name]()
    X, Y = images(kernel, 2, 2, low=0)
    assert_allclose(kernel(X, Y), peer(kernel)(X, Y), rtol=1e-12)


@pytest.mark.parametrize("name", slow_but(["mnist"], PRESETS))
def test_discriminators_in_float32(name):
    kernel = PRESETS[name]()
    X, Y = images(kernel, 2, 2, low=0).astype("float32")
    coef = np.array([1.0, 2.0], dtype="float32")
    sums = kernel_sum(kernel, X, Y, coef)
    assert sums.dtype == np.float32
    assert_allclose(sums, kernel(X, Y) @ coef, rtol=1e-6)


@pytest.mark.slow
def test_gradient_in_float32():
    kernel = ConvNTK.mnist()
    X, Y = images(kernel, 2, 2, low=0)
    coef = np.array([1.0, 2.0])
    expected = kernel_gradient(kernel, X, Y, coef)
    found = kernel_gradient(kernel, X.astype("float32"), Y, coef)
    assert found.dtype == np.float32
    assert_allclose(found, expected, rtol=0, atol=1e-6 * abs(expected).max())


def test_every_activation_is_covered():
    assert set(LAYERS) == {*ACTIVATIONS, "leaky_relu"}


@pytest.mark.parametrize("activation", slow_but(["erf"], LAYERS))
def test_every_activation(activation):
    kernel = ConvNTK(**SMALL, activation=activation, negative_slope=0.2)
    X, Y = images(kernel, 2, 3)
    rtol = 1e-8 if activation in FUNCTIONS else 1e-12
    assert_allclose(kernel(X, Y), peer(kernel)(X, Y), rtol=rtol)


@pytest.mark.parametrize("activation", slow_but(["erf"], LAYERS))
def test_gradient_of_every_activation(activation):
    kernel = ConvNTK(**SMALL, activation=activation, negative_slope=0.2)
    X, Y = images(kernel, 2, 3)
    coef, E = np.array([1.0, -2.0, 0.5]), images(kernel, 3, seed=1)
    directional = np.sum(kernel_gradient(kernel, X, Y, coef) * E, axis=1)
    expected = slope(kernel, X, Y, coef, E)
    assert_allclose(directional, expected, rtol=1e-7, atol=1e-9)


ARCHITECTURES = {
    "valid": {"image_shape": (7, 8, 1), "filter_shape": (3, 2), "padding": "VALID"},
    "strides": {"image_shape": (6, 5, 2), "filter_shape": (3, 2), "strides": (1, 3)},
    "no bias": {
        "image_shape": (5, 4, 2),
        "n_dense": 2,
        "bias_std": 0.0,
        "output_bias": False,
    },
    "filter below stride": {"image_shape": (7, 6, 1), "filter_shape": (1, 2)},
    "deep": {"image_shape": (2, 3, 1), "n_convolutions": 4, "strides": (1, 1)},
}


@pytest.mark.parametrize("name", slow_but(["valid"], ARCHITECTURES))
def test_every_architecture(name):
    kernel = ConvNTK(**ARCHITECTURES[name], weight_std=1.3)
    theirs = peer(kernel)
    X, Y = images(kernel, 2, 3)
    coef = np.array([1.0, -2.0, 0.5])
    assert_allclose(kernel(X, Y), theirs(X, Y), rtol=1e-12)
    assert_allclose(
        kernel_gradient(kernel, X, Y, coef),
        kernel_gradient(theirs, X, Y, coef),
        rtol=1e-10,
        atol=1e-13,
    )


def test_diagonal():
    kernel = ConvNTK(**SMALL)
    X = images(kernel, 6)
    assert_array_equal(kernel(X), kernel(X).T)
    assert_allclose(kernel.diag(X), np.diag(kernel(X)), rtol=1e-14)
    assert_allclose(kernel(X), kernel(X, X), rtol=1e-14)


def test_without_channels_there_is_one():
    assert as_core(ConvNTK((4, 6))) == as_core(ConvNTK([4, 6, 1]))


def test_one_pixel_is_a_fully_connected_network():
    kernel = ConvNTK((1, 1, 3), 1, (1, 1), (1, 1), n_dense=1)
    X = images(kernel, 4)
    assert_allclose(kernel(X), NTK(depth=2, output_bias=True)(X), rtol=1e-14)


# Near and at coincident images and patches


def exact(kernel, x, y):
    """k(x, y) of a ReLU network by the definitions, in the digits of mpmath."""
    shape = kernel.image_shape
    w, b = (mpmath.mpf(std) ** 2 for std in (kernel.weight_std, kernel.bias_std))
    x, y = np.reshape(x, shape), np.reshape(y, shape)
    maps = [np.mean(u * v, axis=2) for u, v in ((x, x), (y, y), (x, y))]
    theta = 0 * maps[2]
    for _ in range(kernel.n_convolutions):
        *maps, theta = [_window_means(kernel, a) for a in (*maps, theta)]
        maps = [w * a + b for a in maps]
        maps, theta = _relu(*maps, w * theta + maps[2])
    for layer in range(kernel.n_dense + 1):  # dense layers, the first one flattens
        b = b if layer < kernel.n_dense or kernel.output_bias else 0
        maps = [w * np.mean(a, keepdims=True) + b for a in maps]
        theta = w * np.mean(theta, keepdims=True) + maps[2]
        if layer < kernel.n_dense:
            maps, theta = _relu(*maps, theta)
    return theta[0, 0]


def _window_means(kernel, a):
    """Padding is "SAME", of filters with an odd number of pixels, the stride 1."""
    assert kernel.strides == (1, 1)
    rows, columns = kernel.filter_shape
    a = np.pad(a, [(rows // 2,) * 2, (columns // 2,) * 2], constant_values=mpmath.mpf(0))
    windows = np.lib.stride_tricks.sliding_window_view(a, kernel.filter_shape)
    return np.sum(windows, axis=(2, 3)) / (rows * columns)


def _relu(qx, qy, c, theta):
    n = (qx * qy) ** mpmath.mpf("0.5")
    angle = np.vectorize(mpmath.acos, otypes=[object])(c / n)
    s = (n * n - c * c) ** mpmath.mpf("0.5")
    value = (s + (mpmath.pi - angle) * c) / (2 * mpmath.pi)
    return [qx / 2, qy / 2, value], (mpmath.pi - angle) / (2 * mpmath.pi) * theta


def precise(a):
    return np.array([mpmath.mpf(float(v)) for v in a])


def exact_value(kernel, x, y):
    with mpmath.workdps(120):
        return float(exact(kernel, precise(x), precise(y)))


def exact_gradient(kernel, x, y):
    """Central differences, hence the mean of the one-sided slopes at a cusp."""
    with mpmath.workdps(120):
        x, y = precise(x), precise(y)
        h = mpmath.mpf(10) ** -40
        steps = np.array([[h * (i == j) for j in range(len(x))] for i in range(len(x))])
        ends = ((exact(kernel, x + e, y), exact(kernel, x - e, y)) for e in steps)
        return np.array([float((a - b) / (2 * h)) for a, b in ends])


CLOSE = ConvNTK((3, 3, 1), 2, (3, 3), (1, 1), bias_std=0.3, n_dense=1)


@pytest.mark.parametrize("distance", [1.0, 1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("equal_pixels", [0, 6], ids=["all differ", "some equal"])
def test_nearly_coincident_images(distance, equal_pixels):
    """Six equal pixels leave the first row of patches equal."""
    x, e = images(CLOSE, 2)
    e[:equal_pixels] = 0
    y = x + distance * e / np.linalg.norm(e)
    expected = exact_gradient(CLOSE, x, y)
    error = np.linalg.norm(gradient(CLOSE, x, y) - expected)
    assert error <= np.linalg.norm(expected) * 1e-14 / min(distance, 0.1)
    assert_allclose(CLOSE(x[None], y[None])[0, 0], exact_value(CLOSE, x, y), rtol=1e-14)
    x, y = x.astype("float32"), y.astype("float32")
    expected = exact_gradient(CLOSE, x, y)
    error = np.linalg.norm(gradient(CLOSE, x, y) - expected)
    assert error <= 1e-6 * np.linalg.norm(expected)


def half_diagonal_slope(kernel, x, e, h=1e-5):
    """½ times the derivative of k(x, x) along e."""
    high, low = kernel.diag([x + h * e, x - h * e])
    return (high - low) / (4 * h)


@pytest.mark.parametrize(
    "activation", slow_but(["relu"], ["relu", "leaky_relu", "abs", "erf"])
)
def test_symmetric_value_at_coincident_images(activation):
    kernel = ConvNTK(**SMALL, activation=activation)
    x, e = images(kernel, 2)
    for point in (x, x * (x > 0)):
        found = gradient(kernel, point, point) @ e
        assert_allclose(found, half_diagonal_slope(kernel, point, e), rtol=1e-8)


def test_one_sided_slopes_next_to_a_coincident_image():
    kernel = ConvNTK(**SMALL)
    x, e = images(kernel, 2)
    before, at, after = (gradient(kernel, x + h * e, x) @ e for h in (-1e-8, 0, 1e-8))
    assert abs(before - after) > 0.02
    assert_allclose((before + after) / 2, at, rtol=1e-6)
    value = kernel(x[None], x[None])[0, 0]
    for h, slope in ((-1e-6, before), (1e-6, after)):
        difference = (kernel((x + h * e)[None], x[None])[0, 0] - value) / h
        assert_allclose(difference, slope, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias_std", [0.0, 0.5])
@pytest.mark.parametrize("activation", slow_but(["relu"], ["relu", "leaky_relu", "abs"]))
def test_special_images_are_finite(activation, bias_std, dtype):
    """Black, equal, opposite and proportional ones, in all pairs."""
    kernel = ConvNTK(**SMALL, activation=activation).set_params(bias_std=bias_std)
    x = images(kernel)
    x[:20] = 0
    X = np.array([x, 0 * x, -x, 2 * x, 1e-6 * x, np.ones(40)], dtype=dtype)
    assert np.isfinite(kernel(X)).all()
    coef = np.ones(len(X))
    assert np.isfinite(kernel_gradient(kernel, X, X, coef)).all()


def test_proportional_images_without_bias_are_symmetric():
    """On a ray k = |x| |y| h(angle): the gradient along the ray is k/|x|."""
    kernel = ConvNTK(**SMALL).set_params(bias_std=0.0)
    x = images(kernel)
    for factor in (2.0, 1.7):
        y = factor * x
        expected = kernel(x[None], y[None])[0, 0]
        assert_allclose(gradient(kernel, x, y) @ x, expected, rtol=1e-13)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_huge_and_tiny_images(scale, dtype):
    """Without biases, the gradient is homogeneous of degree 1."""
    kernel = ConvNTK(**SMALL).set_params(bias_std=0.0)
    x, y = images(kernel, 2).astype(dtype)
    expected = scale * gradient(kernel, x, y)
    found = gradient(kernel, (scale * x).astype(dtype), (scale * y).astype(dtype))
    assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())


# Blocks


def test_blocks_do_not_change_the_result():
    kernel = ConvNTK((8, 5), 1, strides=(2, 1))  # 20 positions
    core, X, coef = as_core(kernel), images(kernel, 7), images(kernel, 7)[:, :7]
    results = []
    for memory in (0.02, 1024):
        with sklearn.config_context(working_memory=memory), jax.enable_x64(True):
            tile = operators.tile_of(core, 7, 7, X.dtype)
            results.append((kernel(X), np.asarray(operators.pullback(core, X, X, coef))))
        assert tile == ((2, 2) if memory < 1 else (7, 7))
        assert_array_equal(results[-1][0], results[-1][0].T)
    for small, large in zip(*results):
        assert_allclose(small, large, rtol=1e-12, atol=1e-13)


def test_tiles_shrink_by_the_size_of_the_maps():
    conv, dense = as_core(ConvNTK.mnist()), as_core(NTK())
    assert conv.values_per_pair == 14 * 14 + 7 * 7
    assert dense.values_per_pair == 1
    composed = as_core((2.0 * ConvNTK.mnist() + NTK()) ** 2)
    assert composed.values_per_pair == conv.values_per_pair
    rows, columns = operators.tile_of(conv, 500, 1000, np.dtype(float))
    assert rows * columns * conv.values_per_pair <= operators.MAP_TILE
    assert 0.4 < rows / columns < 2.5


# Use


def test_gradient_in_the_hyperparameters():
    kernel = ConvNTK(**SMALL, weight_std=1.2)
    X = images(kernel, 6)
    K, K_gradient = kernel(X, eval_gradient=True)
    assert_array_equal(K, kernel(X))
    for i, step in enumerate(1e-5 * np.eye(2)):
        high, low = (kernel.clone_with_theta(kernel.theta + s)(X) for s in (step, -step))
        assert_allclose(K_gradient[..., i], (high - low) / 2e-5, rtol=1e-8)
    kernel.set_params(bias_std=0.0)
    assert kernel(X, eval_gradient=True)[1].shape == (6, 6, 1)


def test_copies():
    kernel = ConvNTK.cifar10(activation="leaky_relu", bias_std_bounds="fixed")
    for copy in (clone(kernel), pickle.loads(pickle.dumps(kernel))):
        assert copy == kernel
        assert copy.get_params() == kernel.get_params()
    assert kernel != ConvNTK.cifar10()
    assert_allclose(kernel.theta, [math.log(1.4615) / 2])
    assert_allclose(ConvNTK.mnist().theta, np.log([0.1, 1.4615]) / 2)
    assert repr(ConvNTK.celeba(n_dense=2, weight_std=1.0)) == (
        "ConvNTK((64, 64, 3), n_convolutions=4, n_dense=2, activation='relu', "
        "weight_std=1, bias_std=0.316)"
    )


def test_estimators_of_scikit_learn():
    kernel = ConvNTK(**SMALL, bias_std_bounds="fixed")
    X, target = images(kernel, 6), np.array([0.5, -1.0, 1.5, 0.3, -0.4, 0.0])
    start = GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None).fit(X, target)
    gp = GaussianProcessRegressor(kernel, alpha=0.1).fit(X, target)
    assert gp.log_marginal_likelihood_value_ > start.log_marginal_likelihood_value_
    expected = kernel(X, X) @ np.linalg.solve(kernel(X) + 0.1 * np.eye(6), target)
    assert_allclose(start.predict(X), expected, rtol=1e-9)
    model = SVC(kernel=kernel, C=1e6).fit(X, target > 0)
    assert_array_equal(model.predict(X), target > 0)


# Bad input


@pytest.mark.parametrize(
    "evaluate",
    [
        lambda kernel, X: kernel(X),
        lambda kernel, X: kernel(X, eval_gradient=True),
        lambda kernel, X: kernel.diag(X),
        lambda kernel, X: kernel_gradient(kernel, X, X, np.ones(len(X))),
    ],
)
def test_images_of_another_shape(evaluate):
    with pytest.raises(ValueError, match=r"\(28, 28, 1\) has 784 .* 64 features"):
        evaluate(ConvNTK.mnist(), np.ones((2, 64)))


def test_no_pixel_is_left():
    kernel = ConvNTK((9, 28), n_convolutions=3, padding="VALID")
    with pytest.raises(ValueError, match=r"Convolution 2 of 3 leaves no pixel .* 9 × 28"):
        kernel(np.ones((2, 9 * 28)))
    assert as_core(kernel.set_params(n_convolutions=1)).network.map_shapes == [(3, 13)]


@pytest.mark.parametrize("name", ["image_shape", "filter_shape", "strides"])
@pytest.mark.parametrize("value", [(), (4,), (4, 0), (4, -4), (4, 4.0), (4, 4, 1, 1)])
def test_shapes_are_positive_integers(name, value):
    kernel = ConvNTK(**{"image_shape": (4, 4), name: value})
    with pytest.raises(ValueError, match=f"{name} must be .*2.* positive integers, got"):
        kernel(np.ones((2, 16)))


@pytest.mark.parametrize(
    "params",
    [
        {"image_shape": 28},
        {"filter_shape": 4},
        {"strides": None},
        {"n_convolutions": 0},
        {"n_dense": -1},
        {"padding": "CIRCULAR"},
        {"activation": "swish"},
        {"weight_std": 0.0},
        {"bias_std": -1.0},
        {"output_bias": "yes"},
    ],
    ids=lambda params: next(iter(params)),
)
def test_parameters_out_of_range(params):
    name = next(iter(params))
    with pytest.raises(InvalidParameterError, match=f"The '{name}' parameter of ConvNTK"):
        ConvNTK(**{"image_shape": (4, 4), **params})(np.ones((2, 16)))


def test_not_finite():
    for value, call in itertools.product(
        (np.nan, np.inf), (ConvNTK((4, 4)), ConvNTK((4, 4)).diag)
    ):
        with pytest.raises(ValueError, match="Input contains"):
            call(np.full((2, 16), value))
