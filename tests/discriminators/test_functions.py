"""The network at initialisation, and kernel sums on top of it, as functions of points."""

import pickle

import jax
import numpy as np
import pytest
from scipy import special

from skgantk._numerics.activations import ACTIVATIONS, get_activation
from skgantk.discriminators._functions import KernelFunction, Zero
from skgantk.discriminators._network import (
    BATCH,
    Antisymmetric,
    Network,
    draw_network,
    draw_process,
)
from skgantk.kernels import NNGP, NTK, RBF, as_core, kernel_gradient, kernel_sum

pytestmark = pytest.mark.usefixtures("hasty_compilation")

WIDTH, N, D = 64, 6, 3
NAMES = [*ACTIVATIONS, "leaky_relu"]
PHI = {
    "relu": lambda u: np.maximum(u, 0),
    "leaky_relu": lambda u: np.where(u > 0, u, 0.01 * u),
    "abs": np.abs,
    "erf": special.erf,
    "sigmoid": lambda u: (special.erf(u / 2.4020563531719796) + 1) / 2,
    "gelu": lambda u: u * special.ndtr(u),
    "tanh": np.tanh,
    "logistic": special.expit,
    "softplus": lambda u: np.logaddexp(0, u),
    "gaussian": lambda u: np.exp(-(u**2)),
    "sin": np.sin,
    "cos": np.cos,
    "identity": lambda u: u,
}


def points(n=N, seed=0):
    return np.random.default_rng(seed).normal(size=(n, D))


def draw(seed=0, width=WIDTH, kernel_class=NTK, **network):
    network = {"depth": 2, "weight_std": 1.5, "bias_std": 0.7, **network}
    with jax.enable_x64(True):
        core = as_core(kernel_class(**network))
        return draw_network(core, D, seed, [width] * core.depth)


def value(function, X):
    with jax.enable_x64(True):
        return np.asarray(function.value(X))


def gradient(function, X):
    with jax.enable_x64(True):
        return np.asarray(function.gradient(X))


@pytest.mark.parametrize("activation", NAMES)
def test_value_against_numpy(activation):
    """NTK parametrisation."""
    network, h = draw(activation=activation, output_bias=True), points()
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases)):
        h = PHI[activation](h) if layer else h
        h = 1.5 * h @ weight.astype(float) / np.sqrt(len(weight))
        h = h + 0.7 * bias.astype(float)
    assert [weight.shape for weight in network.weights] == [(3, 64), (64, 64), (64, 1)]
    np.testing.assert_allclose(value(network, points()), h[:, 0], rtol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "erf", "gelu"])
def test_gradient_against_central_differences(activation):
    network, X, h = draw(activation=activation), points(), 1e-6
    expected = np.empty_like(X)
    for k, step in enumerate(h * np.eye(D)):
        expected[:, k] = (value(network, X + step) - value(network, X - step)) / (2 * h)
    result = gradient(network, X)
    assert result.dtype == "float64"
    np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-8)


def test_a_seed_is_one_function():
    network, again, X = draw(seed=3), draw(seed=3), points()
    whole, order = value(network, X), np.random.default_rng(1).permutation(N)
    np.testing.assert_array_equal(value(again, X), whole)
    np.testing.assert_allclose(value(again, X[order]), whole[order], rtol=1e-12)
    for half in (slice(0, 3), slice(3, 6)):
        np.testing.assert_allclose(value(again, X[half]), whole[half], rtol=1e-12)
    slope = gradient(network, X)
    np.testing.assert_allclose(gradient(again, X[order]), slope[order], rtol=1e-11)


def test_more_points_than_a_batch():
    network, X = draw(), points(BATCH + N)
    whole, slope = value(network, X), gradient(network, X)
    for part in (slice(0, N), slice(BATCH - 3, BATCH + 3), slice(BATCH, None)):
        np.testing.assert_allclose(value(network, X[part]), whole[part], rtol=1e-11)
        np.testing.assert_allclose(gradient(network, X[part]), slope[part], rtol=1e-10)


def test_seeds_differ():
    X = points()
    values = np.array([value(draw(seed), X) for seed in range(4)])
    assert np.linalg.matrix_rank(values) == 4


def test_layers_are_independent():
    network = draw(depth=3)
    first, second = network.weights[1:3]
    assert abs(np.sum(first * second)) < 4 * WIDTH  # of WIDTH² products of variance 1
    assert np.abs(np.triu(np.corrcoef(network.biases[:3]), 1)).max() < 4 / WIDTH**0.5


def test_widths_may_differ():
    core = as_core(NTK(depth=2))
    network = draw_network(core, D, 0, [5, 7])
    assert [weight.shape for weight in network.weights] == [(3, 5), (5, 7), (7, 1)]
    assert draw_process(core, D, 0).weights[1].shape == (1024, 1024)


def test_antisymmetric_difference():
    plus, minus, X = draw(0), draw(1), points()
    for evaluate in (value, gradient):
        expected = (evaluate(plus, X) - evaluate(minus, X)) / np.sqrt(2)
        np.testing.assert_allclose(evaluate(Antisymmetric(plus, minus), X), expected)
        np.testing.assert_array_equal(evaluate(Antisymmetric(plus, plus), X), 0)


def test_clipping_bounds_what_enters_the_layers():
    network = draw(output_bias=True)
    clipped = network.clipped(0.05)
    for before, after in zip(network.weights, clipped.weights):
        scale = 1.5 / np.sqrt(len(before))
        expected = np.clip(scale * before, -0.05, 0.05)
        np.testing.assert_allclose(scale * after, expected, rtol=1e-6)
    for before, after in zip(network.biases, clipped.biases):
        np.testing.assert_allclose(0.7 * after, np.clip(0.7 * before, -0.05, 0.05), 1e-6)


@pytest.mark.parametrize("activation", ["relu", "erf", "gelu"])
def test_float32_and_float64_see_the_same_function(activation):
    network, X = draw(activation=activation), points()
    for evaluate in (value, gradient):
        single, double = evaluate(network, X.astype("float32")), evaluate(network, X)
        assert single.dtype == "float32"
        scale = np.abs(double).max()
        np.testing.assert_allclose(single, double, rtol=0, atol=2e-6 * scale)


def deviations(samples, expected):
    """Of the mean over samples from what it should be, in standard errors."""
    standard_error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    return np.abs(samples.mean(axis=0) - expected) / standard_error


@pytest.mark.parametrize(("activation", "output_bias"), [("relu", False), ("erf", True)])
def test_law_is_that_of_the_nngp(activation, output_bias):
    """400 draws: mean 0, covariance k, and not that of the other read-out."""
    X, settings = points(), {"activation": activation, "weight_std": 1.2, "bias_std": 1.8}
    settings["depth"] = 2
    values = np.array(
        [value(draw(seed, output_bias=output_bias, **settings), X) for seed in range(400)]
    )
    products = values[:, :, None] * values[:, None, :]
    kernel, other = (
        NNGP(output_bias=bias, **settings)(X) for bias in (output_bias, not output_bias)
    )
    assert deviations(values, 0).max() < 4
    assert deviations(products, kernel).max() < 4
    assert deviations(products, other).max() > 4


def test_no_biases():
    network = draw(bias_std=0.0, output_bias=True)
    assert network.biases == [None] * 3
    np.testing.assert_array_equal(value(network, np.zeros((N, D))), 0)


def test_output_bias_adds_a_constant():
    with_bias, without = draw(output_bias=True), draw(output_bias=False)
    difference = value(with_bias, points()) - value(without, points())
    expected = 0.7 * float(with_bias.biases[-1][0])
    np.testing.assert_allclose(difference, expected, rtol=1e-12)
    assert without.biases[-1] is None


def test_ntk_and_nngp_draw_the_same_network():
    X = points()
    np.testing.assert_array_equal(value(draw(kernel_class=NNGP), X), value(draw(), X))


@pytest.mark.parametrize("scale", [0.5, [0.5, 2.0, 3.0]])
def test_network_of_a_kernel_with_length_scales(scale):
    """It sees x/ℓ."""
    scaled, plain = (as_core(NTK(length_scale=ell)) for ell in (scale, None))
    X = points()
    expected = value(draw_process(plain, D, 0), X / np.asarray(scale))
    np.testing.assert_allclose(value(draw_process(scaled, D, 0), X), expected, rtol=1e-5)


@pytest.mark.parametrize("kernel", [RBF(), NTK() + NTK(), 2.0 * NNGP()], ids=repr)
def test_other_kernels_have_no_network(kernel):
    with pytest.raises(ValueError, match="draws the network of an NTK or NNGP kernel"):
        draw_process(as_core(kernel), D, 0)


@pytest.mark.parametrize("activation", NAMES)
def test_pickle(activation):
    network = draw(activation=activation)
    copy = pickle.loads(pickle.dumps(network))
    assert isinstance(copy, Network)
    np.testing.assert_array_equal(value(copy, points()), value(network, points()))


@pytest.mark.parametrize("activation", NAMES)
def test_pickled_activation_is_equal(activation):
    """Or whatever was compiled for the one is compiled anew for the other."""
    activation = get_activation(activation, 0.01)
    copy = pickle.loads(pickle.dumps(activation))
    assert copy == activation
    assert hash(copy) == hash(activation)


KERNEL = NTK(depth=1)
CENTRES = points(4, seed=1)
COEF = np.array([1.0, -0.5, 2.0, -1.0])


def kernel_function(initial, centres=CENTRES, coef=COEF):
    return KernelFunction(as_core(KERNEL), centres, coef, initial)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zero(dtype):
    X = points().astype(dtype)
    for result, shape in [(value(Zero(), X), (N,)), (gradient(Zero(), X), (N, D))]:
        np.testing.assert_array_equal(result, np.zeros(shape))
        assert result.dtype == dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["zero", "network", "kernel function"])
def test_kernel_function_is_the_sum_of_its_parts(kind, dtype):
    initial = {
        "zero": Zero(),
        "network": draw(),
        "kernel function": kernel_function(draw(), CENTRES[::-1], 3 * COEF),
    }[kind]
    function, X = kernel_function(initial), points().astype(dtype)
    X[0] = CENTRES[0]  # the cusp
    rtol = {"float32": 1e-5, "float64": 1e-12}[dtype]
    for evaluate, kernel_part in [(value, kernel_sum), (gradient, kernel_gradient)]:
        result = evaluate(function, X)
        expected = kernel_part(KERNEL, X, CENTRES, COEF) + evaluate(initial, X)
        assert result.dtype == expected.dtype == dtype
        np.testing.assert_allclose(result, expected, rtol=rtol, atol=rtol)


def test_kernel_function_adds_up_over_a_chain():
    """Carry-over: f₂ = f₁ + Σ, f₁ = f₀ + Σ is one kernel sum of all centres."""
    X, others = points(), points(4, seed=2)
    chain = kernel_function(kernel_function(Zero(), others, 2 * COEF))
    all_centres, coef = np.concatenate([CENTRES, others]), np.append(COEF, 2 * COEF)
    expected = KERNEL(X, all_centres) @ coef
    np.testing.assert_allclose(value(chain, X), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_follows_the_points_and_not_the_centres(dtype):
    function = kernel_function(draw(), CENTRES.astype("float32"), COEF.astype("float32"))
    X = points().astype(dtype)
    assert value(function, X).dtype == dtype
    assert gradient(function, X).dtype == dtype


def test_kernel_function_inside_a_compiled_function():
    function, X = kernel_function(draw()), points()
    with jax.enable_x64(True):
        result = jax.jit(lambda function, X: function.value(X))(function, X)
    np.testing.assert_allclose(result, value(function, X), rtol=1e-12)


def test_pickle_of_a_kernel_function():
    function, X = kernel_function(draw()), points()
    copy = pickle.loads(pickle.dumps(function))
    np.testing.assert_array_equal(value(copy, X), value(function, X))
    np.testing.assert_array_equal(gradient(copy, X), gradient(function, X))
