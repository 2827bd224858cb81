import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skgantk.datasets import make_eight_gaussians, make_grid_gaussians, make_lines

MAKERS = [make_eight_gaussians, make_grid_gaussians]
over_makers = pytest.mark.parametrize("make", MAKERS, ids=lambda f: f.__name__)


@over_makers
def test_seed(make):
    first, again = (make(50, random_state=3) for _ in range(2))
    assert_array_equal(first[0], again[0])
    assert_array_equal(first[1], again[1])
    assert np.any(first[0] != make(50, random_state=4)[0])


def test_eight_gaussians_have_the_moments_of_the_paper():
    X, mode = make_eight_gaussians(80_000, random_state=0)
    for k in range(8):
        points = X[mode == k]
        assert abs(len(points) - 10_000) < 5 * np.sqrt(10_000)
        angle = 2 * np.pi * k / 8
        centre = [5 * np.cos(angle), 5 * np.sin(angle)]
        assert_allclose(points.mean(axis=0), centre, atol=5 * 0.5 / 100)
        assert_allclose(np.cov(points.T), 0.25 * np.eye(2), atol=0.02)


def test_eight_gaussians_of_the_other_paper():
    X, _ = make_eight_gaussians(radius=0.4, noise=0.0, centre=(0.5, 0.5), random_state=0)
    assert_allclose(np.linalg.norm(X - 0.5, axis=1), 0.4)
    assert len(np.unique(X.round(12), axis=0)) == 8


def test_grid():
    X, mode = make_grid_gaussians(2000, noise=0.0, random_state=0)
    lines = [0.15, 0.325, 0.5, 0.675, 0.85]
    assert_allclose(X[:, 0], np.take(lines, mode % 5))
    assert_allclose(X[:, 1], np.take(lines, mode // 5))
    X, _ = make_grid_gaussians(50_000, random_state=0)
    nearest = 0.15 + 0.175 * np.round((X - 0.15) / 0.175)
    assert_allclose(np.mean((X - nearest) ** 2), 0.0005, rtol=0.02)
    one, _ = make_grid_gaussians(3, side=1, noise=0.0, random_state=0)
    assert_array_equal(one, 0.5)


def test_lines():
    real, fake = make_lines()
    assert real.shape == fake.shape == (5, 1)
    assert_allclose(sorted(fake[:, 0]), [-2.01, -1.8, -1.2, -1.05, -0.45])
    real, fake = make_lines(interleaved=True)
    assert real.shape == (8, 1)
    assert np.any(real < fake.min())
    assert np.any(real > fake.max())


@over_makers
@pytest.mark.parametrize("params", [{"n_samples": 0}, {"noise": -1}, {"random_state": "a"}])
def test_bad_parameters(make, params):
    with pytest.raises(ValueError, match=next(iter(params))):
        make(**params)
