"""The energy distance against SciPy's, and its invariants."""

import numpy as np
from numpy.testing import assert_allclose
from scipy import stats
from sklearn import config_context

from skgantk.metrics import energy_distance

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(40, 3)), rng.normal(size=(61, 3)) + 1.0


def test_agrees_with_scipy_in_one_dimension():
    expected = stats.energy_distance(X[:, 0], Y[:, 0]) ** 2
    assert_allclose(energy_distance(X[:, :1], Y[:, :1]), expected, rtol=1e-12)


def test_agrees_with_the_formula():
    def mean(A, B):
        return np.linalg.norm(A[:, None] - B, axis=-1).mean()

    expected = 2 * mean(X, Y) - mean(X, X) - mean(Y, Y)
    assert_allclose(energy_distance(X, Y), expected, rtol=1e-12)


def test_of_a_cloud_with_itself_is_zero():
    assert energy_distance(X, X.copy()) == 0
    assert 0 <= energy_distance(X, X[::-1]) < 1e-14


def test_is_symmetric_translation_invariant_and_homogeneous():
    expected = energy_distance(X, Y)
    assert_allclose(energy_distance(Y, X), expected, rtol=1e-12)
    assert_allclose(energy_distance(X + 100, Y + 100), expected, rtol=1e-10)
    for scale in (1e-8, 1e8):
        assert_allclose(energy_distance(scale * X, scale * Y), scale * expected, rtol=1e-12)


def test_sees_a_displacement_far_below_the_distance_to_the_origin():
    """Two points h apart are 2h apart in energy, to the digits that the points have."""
    x = np.array([[1e4, 1e4]])
    h = np.ldexp(1.0, -30)
    assert_allclose(energy_distance(x, x + [h, 0.0]), 2 * h, rtol=1e-12)


def test_does_not_depend_on_the_blocks():
    expected = energy_distance(X, Y)
    with config_context(working_memory=1e-3):  # two rows at a time
        assert_allclose(energy_distance(X, Y), expected, rtol=1e-12)
