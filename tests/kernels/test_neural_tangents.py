"""neural-tangents as an oracle, and as a kernel of ours."""

import itertools
import subprocess
import sys
from functools import partial

import jax
import numpy as np
import pytest
from _cases import slow_but
from _reference.stax_layers import FUNCTIONS, numerical

from skgantk._numerics.activations import ACTIVATIONS
from skgantk.kernels import (
    NNGP,
    NTK,
    NeuralTangentsKernel,
    import_neural_tangents,
    kernel_gradient,
    kernel_sum,
)

pytestmark = pytest.mark.usefixtures("hasty_compilation")

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


# Closed forms have a test against mpmath each, in test_mlp_accuracy.py.
QUICK = [("relu", 0.7, NTK), ("erf", 0.7, NTK), ("tanh", 0.7, NTK)]


def network(kernel):
    """The same network in neural-tangents."""
    stax = import_neural_tangents().stax
    bias = kernel.bias_std or None
    layers = []
    for _ in range(kernel.depth):
        layers += [
            stax.Dense(1, kernel.weight_std, bias),
            LAYERS[kernel.activation](stax),
        ]
    readout = stax.Dense(1, kernel.weight_std, bias if kernel.output_bias else None)
    return stax.serial(*layers, readout)[2]


def points(d=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, d)), rng.normal(size=(4, d))


def test_every_activation_is_covered():
    assert set(LAYERS) == {*ACTIVATIONS, "leaky_relu"}


@pytest.mark.parametrize(
    ("activation", "bias_std", "kernel_class"),
    slow_but(QUICK, itertools.product(LAYERS, [0.0, 0.7], [NTK, NNGP])),
)
def test_values_and_gradients_agree(activation, bias_std, kernel_class):
    """At unrelated points, where neural-tangents keeps its digits in float64."""
    kernel = kernel_class(
        3, activation, 1.2, bias_std, output_bias=True, negative_slope=0.2
    )
    get = "ntk" if kernel_class is NTK else "nngp"
    theirs = NeuralTangentsKernel(network(kernel), get=get)
    X, Y = points()
    if activation in FUNCTIONS:  # rules of neural-tangents, and no time for their gradient
        np.testing.assert_allclose(
            kernel(0.3 * X, 0.3 * Y), theirs(0.3 * X, 0.3 * Y), rtol=1e-8
        )
        return
    coef = np.arange(1.0, 5.0)
    np.testing.assert_allclose(kernel(X, Y), theirs(X, Y), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(kernel.diag(X), theirs.diag(X), rtol=1e-11)
    np.testing.assert_allclose(
        kernel_gradient(kernel, X, Y, coef),
        kernel_gradient(theirs, X, Y, coef),
        rtol=1e-9,
        atol=1e-11,
    )


@pytest.mark.parametrize("bias_std", [0.0, 1.0])
def test_same_convention_at_coincident_points(bias_std):
    kernel = NTK(bias_std=bias_std)
    theirs = NeuralTangentsKernel(network(kernel))
    X, _ = points()
    for x in X:
        pair = x[None], x[None], np.ones(1)
        np.testing.assert_allclose(
            kernel_gradient(kernel, *pair),
            kernel_gradient(theirs, *pair),
            rtol=1e-6,  # neural-tangents has half of its digits there
        )


def test_sums_and_dtypes_of_the_adapter():
    theirs = NeuralTangentsKernel(network(NTK(1)))
    X, Y = points()
    coef = np.arange(1.0, 5.0)
    np.testing.assert_allclose(kernel_sum(theirs, X, Y, coef), theirs(X, Y) @ coef)
    single = kernel_gradient(theirs, X.astype("float32"), Y, coef)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, kernel_gradient(theirs, X, Y, coef), rtol=1e-4)


def test_convolutional_network_on_flattened_images():
    stax = import_neural_tangents().stax
    kernel_fn = stax.serial(
        stax.Conv(1, (3, 3), (2, 2), "SAME"), stax.Relu(), stax.Flatten(), stax.Dense(1)
    )[2]
    kernel = NeuralTangentsKernel(kernel_fn, image_shape=(4, 4, 1))
    X = np.random.default_rng(0).normal(size=(3, 16))
    with jax.enable_x64(True):
        expected = np.asarray(kernel_fn(X.reshape(3, 4, 4, 1), None, "ntk"))
    off = ~np.eye(3, dtype=bool)  # on the diagonal k(x, x) of two equal arrays loses digits
    np.testing.assert_allclose(kernel(X)[off], expected[off], rtol=1e-12)
    np.testing.assert_allclose(kernel(X), expected, rtol=1e-8)
    np.testing.assert_allclose(kernel.diag(X), np.diag(expected), rtol=1e-8)

    step = np.zeros_like(X)
    step[:, 5] = 1e-6
    coef = np.array([1.0, -2.0, 0.5])
    Y = X[::-1] + 1
    slope = kernel_sum(kernel, X + step, Y, coef) - kernel_sum(kernel, X - step, Y, coef)
    gradient = kernel_gradient(kernel, X, Y, coef)
    np.testing.assert_allclose(gradient[:, 5], slope / 2e-6, rtol=1e-6)


def test_import_leaves_jax_as_it_was():
    code = """
import jax, jax.core, warnings, sys
from skgantk.kernels import import_neural_tangents
assert "neural_tangents" not in sys.modules
before = set(dir(jax.core)), list(warnings.filters), dict(jax.config.values)
import_neural_tangents()
assert before == (set(dir(jax.core)), warnings.filters, dict(jax.config.values))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
