"""k and ∇ₓk of NTK and NNGP against arbitrary precision."""

import itertools

import numpy as np
import pytest
from _cases import slow_but
from _reference import mlp_mpmath as oracle

from skgantk.kernels import NNGP, NTK, kernel_gradient, kernel_sum

ONE = np.ones(1)


def random_pairs(rng, n, d, distance, dtype="float64", radius=5.0):
    """N pairs with |x| = radius and ‖x - y‖ = distance, up to rounding."""
    x, e = rng.normal(size=(2, n, d))
    x *= radius / np.linalg.norm(x, axis=1, keepdims=True)
    y = x + distance * e / np.linalg.norm(e, axis=1, keepdims=True)
    return x.astype(dtype), y.astype(dtype)


def relative_errors(kernel, x, y):
    """Relative errors of k and of ∇ₓk for one pair, against 50 digits."""
    network = {
        name: getattr(kernel, name)
        for name in (
            "depth", "activation", "weight_std", "bias_std", "output_bias",
            "negative_slope",
        )
    }  # fmt: skip
    network["get"] = "ntk" if isinstance(kernel, NTK) else "nngp"
    value = float(oracle.kernel(x, y, dps=50, **network))
    gradient = np.array([float(v) for v in oracle.gradient(x, y, dps=50, **network)])
    ours = kernel_sum(kernel, x[None], y[None], ONE)[0]
    ours_gradient = kernel_gradient(kernel, x[None], y[None], ONE)[0]
    # A gradient may vanish: the kernel's own scale is then what an error is small to.
    scale = max(np.linalg.norm(gradient), 1e-3 * abs(value) / np.linalg.norm(x))
    return (
        abs(float(ours) - value) / abs(value),
        np.linalg.norm(ours_gradient.astype(float) - gradient) / scale,
    )


def worst(kernel, X, Y):
    return np.max([relative_errors(kernel, x, y) for x, y in zip(X, Y)], axis=0)


@pytest.mark.parametrize("n", slow_but([25], [25, 100]))
@pytest.mark.parametrize(
    ("dtype", "distances", "value_tolerance", "gradient_tolerance"),
    [
        ("float64", [10, 1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6], 1e-14, 1e-10),
        ("float32", [10, 1, 1e-1, 1e-2, 1e-3, 1e-4], 1e-6, 1e-4),
    ],
)
def test_required_accuracy(dtype, distances, value_tolerance, gradient_tolerance, n):
    """Depth 3, ReLU, bias 1, d = 2, |x| = 5: 100 random pairs at every distance."""
    rng = np.random.default_rng(0)
    for distance in distances:
        X, Y = random_pairs(rng, n, 2, distance, dtype)
        value, gradient = worst(NTK(), X, Y)
        assert value <= value_tolerance, distance
        assert gradient <= gradient_tolerance, distance


def test_required_accuracy_on_images():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(3, 784))
    E = rng.normal(size=(3, 784))
    Y = X + 1e-3 * E / np.linalg.norm(E, axis=1, keepdims=True)
    value, gradient = worst(NTK(), X, Y)
    assert value <= 1e-14
    assert gradient <= 1e-9


QUICK = [
    ("relu", 0.0, NTK),
    ("relu", 1.0, NTK),
    ("relu", 1.0, NNGP),
    ("erf", 1.0, NTK),
    ("gelu", 1.0, NTK),
]


@pytest.mark.parametrize(
    ("activation", "bias_std", "kernel_class"),
    slow_but(QUICK, itertools.product(oracle.ACTIVATIONS, [0.0, 1.0], [NTK, NNGP])),
)
def test_every_activation(activation, bias_std, kernel_class):
    """Dimensions 1, 2 and 50, far, near and nearly coincident points."""
    kernel = kernel_class(
        depth=2, activation=activation, bias_std=bias_std, negative_slope=0.2
    )
    rng = np.random.default_rng(1)
    for d in (1, 2, 50):
        for distance in (3.0, 1e-2, 1e-5):
            X, Y = random_pairs(rng, 2, d, distance, radius=2.1)
            value, gradient = worst(kernel, X, Y)
            assert value <= 5e-14
            assert gradient <= 1e-10


@pytest.mark.parametrize("depth", slow_but([1, 3, 6], [1, 3, 4, 5, 6]))
@pytest.mark.parametrize("activation", slow_but(["relu"], ["relu", "sigmoid"]))
def test_every_depth(activation, depth):
    kernel = NTK(depth, activation, weight_std=1.3, bias_std=0.7, output_bias=True)
    rng = np.random.default_rng(2)
    for distance in (1.0, 1e-6):
        value, gradient = worst(kernel, *random_pairs(rng, 3, 2, distance))
        assert value <= 5e-14
        assert gradient <= 1e-10


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "abs"])
def test_antipodal_points_without_bias(activation):
    """Near y = -x the angle π - θ is what must keep its digits."""
    kernel = NTK(2, activation, bias_std=0.0, negative_slope=-0.3)
    X, Y = random_pairs(np.random.default_rng(3), 5, 2, 1e-5)
    value, gradient = worst(kernel, X, -Y)
    assert gradient <= 1e-10
    if activation != "relu":  # whose k vanishes there
        assert value <= 1e-14


def test_nearly_collinear_points_without_bias():
    rng = np.random.default_rng(4)
    X, _ = random_pairs(rng, 5, 2, 1.0)
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    for angle in (1e-3, 1e-6):
        value, gradient = worst(NTK(2, bias_std=0.0), X, 3 * (X + angle * X @ turn))
        assert value <= 1e-14
        assert gradient <= 1e-15 / angle * 10
