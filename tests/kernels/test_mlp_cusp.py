"""ReLU-like NTKs at coincident points, at the origin and at antipodes."""

from itertools import product

import numpy as np
import pytest
from _cases import slow_but
from _reference import mlp_mpmath as oracle

from skgantk.kernels import NNGP, NTK, kernel_gradient

KINKED = ["relu", "leaky_relu", "abs"]
ONE = np.ones(1)


def gradient(kernel, x, y):
    x, y = np.atleast_2d(x), np.atleast_2d(y)
    return kernel_gradient(kernel, x, y, np.ones(len(y)))[0]


def half_diagonal_gradient(kernel, x, h=1e-6):
    """½∇ₓ[k(x, x)] by central differences."""
    steps = h * np.eye(len(x))
    return np.array(
        [(kernel.diag([x + e])[0] - kernel.diag([x - e])[0]) / (4 * h) for e in steps]
    )


@pytest.mark.parametrize("bias_std", [0.0, 1.0])
@pytest.mark.parametrize(
    ("d", "activation"),
    slow_but(
        [(2, "relu"), (30, "relu"), (2, "abs")],
        product([2, 30], [*KINKED, "erf", "gelu"]),
    ),
)
def test_symmetric_value_at_coincident_points(activation, bias_std, d):
    kernel = NTK(3, activation, bias_std=bias_std)
    x = np.random.default_rng(0).normal(size=d)
    expected = half_diagonal_gradient(kernel, x)
    np.testing.assert_allclose(gradient(kernel, x, x), expected, rtol=1e-8, atol=1e-9)


def test_one_sided_slopes_of_the_reference_point():
    """Depth 3, bias 1, y = (3, 4), e = (1, 0): slopes 0.22 and 1.28, mean 0.75."""
    y, e = np.array([3.0, 4.0]), np.array([1.0, 0.0])
    slopes = [gradient(NTK(), y + h * e, y) @ e for h in (1e-9, -1e-9)]
    np.testing.assert_allclose(slopes, [0.22, 1.28], atol=5e-3)
    np.testing.assert_allclose(gradient(NTK(), y, y) @ e, np.mean(slopes), rtol=1e-7)


@pytest.mark.parametrize("activation", KINKED)
@pytest.mark.parametrize("h", [1e-3, 1e-6, 1e-9])
def test_one_sided_limit_next_to_the_cusp(activation, h):
    y, e = np.array([3.0, 4.0]), np.array([0.6, -0.8])
    network = {"depth": 3, "activation": activation, "bias_std": 1.0, "weight_std": 1.0}
    kernel = NTK(**network)
    x = y + h * e
    exact = [float(v) for v in oracle.gradient(x, y, **network)]
    np.testing.assert_allclose(gradient(kernel, x, y), exact, rtol=1e-9)


def test_slopes_jump_across_the_cusp_but_not_for_smooth_kernels():
    y, e = np.array([0.5, -0.3]), np.array([1.0, 0.0])

    def jump(kernel):
        return np.linalg.norm(
            gradient(kernel, y + 1e-7 * e, y) - gradient(kernel, y - 1e-7 * e, y)
        )

    assert jump(NTK()) > 0.1
    for kernel in (NNGP(), NTK(activation="erf"), NTK(activation="gelu")):
        assert jump(kernel) < 1e-5


@pytest.mark.parametrize("bias_std", [0.0, 1.0])
@pytest.mark.parametrize("activation", slow_but(["relu"], KINKED))
@pytest.mark.parametrize("factor", [0.0, 1.0, -1.0, 2.0, -0.5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_points_are_finite(activation, bias_std, factor, dtype):
    kernel = NTK(3, activation, bias_std=bias_std)
    x = np.array([1.5, -0.25], dtype=dtype)
    for a, b in ((x, factor * x), (factor * x, x)):
        assert np.all(np.isfinite(gradient(kernel, a, b)))
        assert np.all(np.isfinite(kernel(a[None], b[None])))


def test_collinear_points_without_bias_are_symmetric():
    """On a ray k = |x||y| h(θ): the gradient is along the ray, k/|x|."""
    kernel, x = NTK(bias_std=0.0), np.array([1.5, -0.25])
    y = 2 * x
    expected = kernel([x], [y])[0, 0] * x / (x @ x)
    np.testing.assert_allclose(gradient(kernel, x, y), expected, rtol=1e-14)


def test_at_the_origin_with_bias():
    """With biases, k is smooth in x at 0."""
    kernel, y, h = NTK(), np.array([1.0, 2.0]), 1e-5
    steps = h * np.eye(2)
    difference = [(kernel([e], [y]) - kernel([-e], [y]))[0, 0] / (2 * h) for e in steps]
    np.testing.assert_allclose(gradient(kernel, np.zeros(2), y), difference, rtol=1e-8)


def test_at_the_origin_without_bias():
    """Depth 1: the mean of the one-sided slopes is the linear part of φ."""
    kernel, y, h = NTK(depth=1, bias_std=0.0), np.array([1.0, 2.0]), 1e-5
    steps = h * np.eye(2)
    mean = [(kernel([e], [y]) - kernel([-e], [y]))[0, 0] / (2 * h) for e in steps]
    np.testing.assert_allclose(gradient(kernel, np.zeros(2), y), mean, rtol=1e-8)


def test_repeated_points_add_up():
    kernel, rng = NTK(), np.random.default_rng(0)
    X, Y = rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    Y = np.vstack([Y, X])  # every x coincides with a centre
    once = kernel_gradient(kernel, X, Y, np.full(7, 2.0))
    twice = kernel_gradient(kernel, X, np.vstack([Y, Y]), np.ones(14))
    np.testing.assert_allclose(once, twice, rtol=1e-12)
