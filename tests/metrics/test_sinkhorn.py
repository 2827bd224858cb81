"""The Sinkhorn divergence: GeomLoss's figures, its algorithm, its limits."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from skgantk.metrics import energy_distance, sinkhorn_divergence, wasserstein_distance

FILE = Path(__file__).parents[2].parent / "shared/data/geomloss_values.npz"
PAIRS = "start", "ipm_relu_1000", "ipm_nobias_2000", "ipm_rbf_2000", "unequal_3d"
SETTINGS = (1e-3, 0.95), (1e-3, 0.5), (0.05, 0.9), (0.5, 0.9)
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(15, 2)), 2 * rng.normal(size=(24, 2)) + 1.0


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.skipif(not FILE.exists(), reason="needs GeomLoss's figures, in ../shared")
def test_has_the_figures_of_geomloss(pair):
    """Far from convergence too, where only the same schedule gives the same figure."""
    data = np.load(FILE)
    X, Y, expected = (data[f"{pair}_{part}"] for part in ("x", "y", "values"))
    figures = [sinkhorn_divergence(X, Y, blur=b, scaling=s) for b, s in SETTINGS]
    figures += [energy_distance(X, Y) / 2, wasserstein_distance(X, Y, order=2) ** 2 / 2]
    assert_allclose(figures, expected, rtol=1e-9)


def geomloss(X, Y, blur, scaling):
    """The algorithm of `geomloss.SamplesLoss`, word for word, in NumPy."""

    def cost(A, B):
        return ((A**2).sum(1)[:, None] - 2 * A @ B.T + (B**2).sum(1)) / 2

    def softmin(eps, C, h):
        return -eps * logsumexp(h - C / eps, axis=1)

    log_a, log_b = np.full(len(X), -np.log(len(X))), np.full(len(Y), -np.log(len(Y)))
    low = np.minimum(X.min(axis=0), Y.min(axis=0))
    diameter = np.linalg.norm(np.maximum(X.max(axis=0), Y.max(axis=0)) - low)
    logs = np.arange(2 * np.log(diameter), 2 * np.log(blur), 2 * np.log(scaling))
    schedule = [diameter**2, *np.exp(logs), blur**2]
    C_xy, C_xx, C_yy = cost(X, Y), cost(X, X), cost(Y, Y)

    eps = schedule[0]
    g_ab, f_ba = softmin(eps, C_xy.T, log_a), softmin(eps, C_xy, log_b)
    f_aa, g_bb = softmin(eps, C_xx, log_a), softmin(eps, C_yy, log_b)
    for eps in schedule:
        ft_ba = softmin(eps, C_xy, log_b + g_ab / eps)
        gt_ab = softmin(eps, C_xy.T, log_a + f_ba / eps)
        ft_aa = softmin(eps, C_xx, log_a + f_aa / eps)
        gt_bb = softmin(eps, C_yy, log_b + g_bb / eps)
        f_ba, g_ab = 0.5 * (f_ba + ft_ba), 0.5 * (g_ab + gt_ab)
        f_aa, g_bb = 0.5 * (f_aa + ft_aa), 0.5 * (g_bb + gt_bb)
    f_ba, g_ab = (
        softmin(eps, C_xy, log_b + g_ab / eps),
        softmin(eps, C_xy.T, log_a + f_ba / eps),
    )
    f_aa = softmin(eps, C_xx, log_a + f_aa / eps)
    g_bb = softmin(eps, C_yy, log_b + g_bb / eps)
    return (f_ba - f_aa).mean() + (g_ab - g_bb).mean()


@pytest.mark.parametrize(
    ("blur", "scaling"),
    [(0.001, 0.95), (0.1, 0.5), (1.0, 0.9), (100.0, 0.5), (0.001, 0.99)],
)
def test_follows_the_algorithm_of_geomloss(blur, scaling):
    """With blur above the diameter, and with a schedule longer than the padding too."""
    actual = sinkhorn_divergence(X, Y, blur=blur, scaling=scaling)
    assert_allclose(actual, geomloss(X, Y, blur, scaling), rtol=1e-9)


def test_tends_to_half_the_squared_wasserstein_distance():
    far = X + [10.0, 5.0]
    expected = wasserstein_distance(far, Y, order=2) ** 2 / 2
    assert_allclose(sinkhorn_divergence(far, Y), expected, rtol=1e-3)
    nearer = sinkhorn_divergence(far, Y, scaling=0.998)
    assert_allclose(nearer, expected, rtol=1e-4)


def test_tends_to_the_distance_of_the_means():
    expected = ((X.mean(axis=0) - Y.mean(axis=0)) ** 2).sum() / 2
    assert_allclose(sinkhorn_divergence(X, Y, blur=1e4), expected, rtol=1e-6)


def test_of_a_cloud_with_itself_is_zero():
    ones = np.ones((15, 2)), np.ones((24, 2))
    for A, B in (X, X), (X, X[::-1]), ones:
        assert_allclose(sinkhorn_divergence(A, B), 0, atol=1e-15)


def test_is_symmetric_and_translation_invariant():
    expected = sinkhorn_divergence(X, Y)
    assert_allclose(sinkhorn_divergence(Y, X), expected, rtol=1e-12)
    assert_allclose(sinkhorn_divergence(X + 100, Y + 100), expected, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_scales_with_the_data_and_the_blur(scale):
    actual = sinkhorn_divergence(scale * X, scale * Y, blur=scale * 0.1)
    assert_allclose(actual, scale**2 * sinkhorn_divergence(X, Y, blur=0.1), rtol=1e-9)


def test_works_where_points_coincide_or_are_constant_or_single():
    twice = np.vstack([X, X])
    assert_allclose(sinkhorn_divergence(twice, Y), sinkhorn_divergence(X, Y), rtol=1e-9)
    assert_allclose(sinkhorn_divergence([[0.0, 1.0]], [[3.0, 5.0]]), 12.5, rtol=1e-12)
