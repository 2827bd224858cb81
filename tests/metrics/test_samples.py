"""Coverage of modes, and the score that exposes copies."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.datasets import make_grid_gaussians
from skgantk.metrics import copying_score, mode_coverage

CENTRES = np.array([[0.0, 0.0], [0.0, 1.0], [5.0, 5.0], [9.0, 9.0]])


def test_coverage_counts_modes_and_points():
    X = [[0.0, 0.1], [0.1, 0.0], [0.0, 1.3], [5.0, 6.0], [40.0, 0.0]]
    result = mode_coverage(X, CENTRES, radius=0.5)
    assert result == (0.5, 2, 0.6)
    assert result.covered == 0.5
    assert result.n_covered == 2
    assert result.high_quality == 0.6


def test_the_boundary_of_a_mode_belongs_to_it():
    assert mode_coverage([[5.0, 7.0]], CENTRES, radius=2.0).n_covered == 1
    assert mode_coverage([[5.0, 5.0]], CENTRES, radius=0).n_covered == 1
    assert mode_coverage([[5.0, 7.0]], CENTRES, radius=1.99) == (0.0, 0, 0.0)


def test_coverage_of_25_gaussians():
    centres = make_grid_gaussians(noise=0.0, n_samples=1000, random_state=0)[0]
    centres = np.unique(centres, axis=0)
    assert len(centres) == 25
    X, mode = make_grid_gaussians(2000, random_state=1)
    radius = 3 * 0.0005**0.5
    result = mode_coverage(X, centres, radius=radius)
    assert result.covered == 1
    # 1 - exp(-9/2) of a Gaussian in the plane lies within three standard deviations
    assert_allclose(result.high_quality, 1 - np.exp(-4.5), atol=0.01)
    assert mode_coverage(X[mode < 10], centres, radius=radius).n_covered == 10


def test_negative_radius_is_refused():
    with pytest.raises(InvalidParameterError, match="radius"):
        mode_coverage(CENTRES, CENTRES, radius=-1.0)


@pytest.mark.parametrize("n_features", [2, 40])
def test_copies_score_exactly_zero_and_fresh_samples_about_one(n_features):
    """40 features: where neighbours are found through |x|² + |y|² - 2x·y."""
    rng = np.random.default_rng(0)
    X_train, X_held_out, fresh = 100 + rng.normal(size=(3, 1000, n_features))
    assert copying_score(X_train[:50], X_train, X_held_out) == 0
    assert_allclose(copying_score(fresh, X_train, X_held_out), 1, atol=0.15)
    near = X_train[:50] + 1e-9 * rng.normal(size=(50, n_features))
    assert 0 < copying_score(near, X_train, X_held_out) < 1e-6
    assert copying_score(2 * fresh, X_train, X_held_out) > 2


def test_copying_score_does_not_depend_on_the_scale():
    X, X_train, X_held_out = np.random.default_rng(0).normal(size=(3, 50, 2))
    expected = copying_score(X, X_train, X_held_out)
    for scale in (1e-8, 1e8):
        actual = copying_score(scale * X, scale * X_train, scale * X_held_out)
        assert_allclose(actual, expected, rtol=1e-12)


def test_held_out_points_that_are_training_points_are_refused():
    X = np.random.default_rng(0).normal(size=(50, 2))
    with pytest.raises(ValueError, match="points of X_held_out coincide with"):
        copying_score(X, X, X[:20])
