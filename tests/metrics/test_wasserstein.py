"""The exact Wasserstein distance against other solvers, and its invariants."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.metrics import _wasserstein, wasserstein_distance

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(20, 3)), rng.normal(size=(31, 3)) + 1.0
over_orders = pytest.mark.parametrize("order", [1, 2])


def test_agrees_with_scipy_in_one_dimension():
    x, y, a, b = X[:, 0], Y[:, 0], rng.uniform(size=20), rng.uniform(size=31)
    assert_allclose(
        wasserstein_distance(x[:, None], y[:, None], sample_weight_X=a, sample_weight_Y=b),
        stats.wasserstein_distance(x, y, a, b),
        rtol=1e-12,
    )


@over_orders
def test_agrees_with_the_best_assignment_of_equal_numbers(order):
    cost = cdist(X, Y[:20]) ** order
    best = cost[linear_sum_assignment(cost)].mean() ** (1 / order)
    assert_allclose(wasserstein_distance(X, Y[:20], order=order), best, rtol=1e-12)


@over_orders
def test_is_a_distance(order):
    def distance(A, B):
        return wasserstein_distance(A, B, order=order)

    Z = rng.normal(size=(25, 3))
    assert_allclose(distance(X, Y), distance(Y, X), rtol=1e-12)
    assert distance(X, X[::-1]) == 0
    assert distance(X, Z) <= distance(X, Y) + distance(Y, Z)


@over_orders
def test_a_translation_costs_its_length(order):
    assert_allclose(wasserstein_distance(X, X + [2, 3, 6], order=order), 7, rtol=1e-12)


@over_orders
@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_scales_with_the_data(order, scale):
    expected = scale * wasserstein_distance(X, Y, order=order)
    actual = wasserstein_distance(scale * X, scale * Y, order=order)
    assert_allclose(actual, expected, rtol=1e-12)


@over_orders
def test_a_weight_is_a_number_of_copies(order):
    copies = rng.integers(0, 4, size=20)
    assert_allclose(
        wasserstein_distance(X, Y, order=order, sample_weight_X=copies),
        wasserstein_distance(np.repeat(X, copies, axis=0), Y, order=order),
        rtol=1e-12,
    )


def test_second_order_is_at_least_the_first():
    assert wasserstein_distance(X, Y) <= wasserstein_distance(X, Y, order=2)


def test_weights_near_the_greatest_float_do_not_overflow():
    weight = np.full(20, 1e308)
    assert_allclose(
        wasserstein_distance(X, Y, sample_weight_X=weight), wasserstein_distance(X, Y)
    )


@pytest.mark.parametrize("name", ["sample_weight_X", "sample_weight_Y"])
def test_bad_weights_are_refused(name):
    with pytest.raises(ValueError, match=r"(?i)negative"):
        wasserstein_distance(X, X, **{name: -np.ones(20)})
    with pytest.raises(ValueError, match=r"(?i)zero"):
        wasserstein_distance(X, X, **{name: np.zeros(20)})
    with pytest.raises(ValueError, match=r"sample_weight.*shape"):
        wasserstein_distance(X, X, **{name: np.ones(19)})


def test_what_float64_cannot_prove_is_said(monkeypatch):
    """Weights below the solver's resolution decide: whole numbers, or a warning."""
    X, Y, weights = [[0.0], [1e10]], [[0.0]], [1, 1e-17]
    assert wasserstein_distance(X, Y, sample_weight_X=weights) == 1e10 * 1e-17
    monkeypatch.setattr(_wasserstein, "EXACT_PAIRS", 1)
    with pytest.warns(RuntimeWarning, match="is proven up to .* of itself only") as caught:
        wasserstein_distance(X, Y, sample_weight_X=weights)
    assert caught[0].filename == __file__


def test_order_is_a_number():
    assert wasserstein_distance(X, Y, order=np.int64(2)) == wasserstein_distance(
        X, Y, order=2
    )
    with pytest.raises(InvalidParameterError, match="must be 1 or 2; got True"):
        wasserstein_distance(X, Y, order=True)
