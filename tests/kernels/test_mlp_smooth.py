"""Networks whose duals have no closed form: k and ∇ₓk against sums over a grid.

Others have their tests in test_mlp_accuracy.py, duals theirs in test_noisy_steps.py.
"""

from itertools import product

import numpy as np
import pytest
from _cases import slow_but
from _reference.gauss_numpy import expectation
from numpy.testing import assert_allclose
from scipy import special

from skgantk.kernels import NTK, kernel_gradient, kernel_sum

WEIGHT, BIAS = 1.3, 0.7


def bell(u):
    return 4 * special.expit(2 * u) * special.expit(-2 * u)


# φ and three derivatives
TANH = (
    np.tanh,
    bell,
    lambda u: -2 * np.tanh(u) * bell(u),
    lambda u: (4 * np.tanh(u) ** 2 - 2 * bell(u)) * bell(u),
)
SOFTPLUS = (
    lambda u: np.logaddexp(0, u),
    special.expit,
    lambda u: special.expit(u) * special.expit(-u),
    lambda u: -np.tanh(u / 2) * special.expit(u) * special.expit(-u),
)
FUNCTIONS = {"tanh": TANH, "softplus": SOFTPLUS}


def exact(name, x, y):
    """k and ∇ₓk of one hidden layer, (K1) and (K2)."""
    scale = WEIGHT**2 / len(x)
    qx, qy, c = (scale * a @ b + BIAS**2 for a, b in ((x, x), (y, y), (x, y)))
    difference = x - y  # and (K1) for det = q_x q_y - c², without cancellation
    cross = x @ x * (difference @ difference) - (x @ difference) ** 2
    det = scale**2 * cross + scale * BIAS**2 * (difference @ difference)
    f, g, h, third = FUNCTIONS[name]

    def mean(f, g):
        return expectation(f, g, qx, qy, c, det)

    value = mean(f, f) + mean(g, g) * c
    along = (mean(h, f) + mean(third, g) * c) / 2  # ∂/∂q_x
    across = 2 * mean(g, g) + mean(h, h) * c  # ∂/∂c
    return WEIGHT**2 * value, WEIGHT**2 * scale * (2 * along * x + across * y)


@pytest.mark.parametrize(
    ("dtype", "name"),
    slow_but(
        [("float64", "tanh"), ("float64", "softplus"), ("float32", "tanh")],
        product(["float64", "float32"], FUNCTIONS),
    ),
)
def test_values_and_gradients(name, dtype):
    """Points far apart and nearly equal, near 0, and where the series is of no use."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4, 2)) * [[0.01], [1.0], [1.0], [9.0]]
    Y = X + rng.normal(size=(4, 2)) * [[1.0], [1e-5], [0.0], [1.0]]
    X, Y = X.astype(dtype), Y.astype(dtype)
    kernel = NTK(1, name, weight_std=WEIGHT, bias_std=BIAS)
    one = np.ones(1)
    tolerance = {"float64": 1e-11, "float32": 2e-5}[dtype]
    for x, y in zip(X, Y):
        value, gradient = exact(name, x.astype(float), y.astype(float))
        assert_allclose(kernel_sum(kernel, x[None], y[None], one), value, rtol=tolerance)
        found = kernel_gradient(kernel, x[None], y[None], one)[0]
        assert found.dtype == dtype
        atol = tolerance * np.linalg.norm(gradient)
        assert_allclose(found, gradient, rtol=0, atol=atol)


def test_points_of_all_lengths_together():
    """The way that the means are taken is that of the longest of them."""
    X = np.random.default_rng(0).normal(size=(5, 2))
    far = np.vstack([X, [[40.0, -30.0]]])
    kernel = NTK(2, "tanh")
    assert_allclose(kernel(far)[:5, :5], kernel(X), rtol=1e-12)
    assert_allclose(kernel.diag(far), np.diag(kernel(far)), rtol=1e-12)
