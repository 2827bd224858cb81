"""Metrics are right at any scale, wherever the points are.

Hypothesis draws clouds with far points, repeated rows, constant columns, in up to 100
dimensions; every metric of points is held against its definition in more digits, or in
whole numbers, and must not change under a translation of all clouds, and scale as its
definition says. There are 200 cases, the same in every run; ``SKGANTK_CASES=2000`` for
others, which `make slow` does.
"""

import os
from fractions import Fraction
from math import sqrt

import mpmath as mp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator
from sklearn.gaussian_process import kernels as sk

from skgantk import metrics
from skgantk._numerics.distances import nearest
from skgantk.kernels import RBF

CASES = int(os.environ.get("SKGANTK_CASES", 200))
MANY = CASES > 200
FEATURES = [1, 2, 17, 100]
GRID = 2.0**-20  # multiples of it stay what they are when 1e9 is added


def cases(share):
    """Run a test with its share of the cases."""
    return settings(
        max_examples=max(1, round(share * CASES)),
        derandomize=not MANY,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


@st.composite
def clouds(draw, count=2, sizes=(6, 9), features=FEATURES):
    """Clouds on the grid, with what they may have in common."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    d = draw(st.sampled_from(features))
    n = [draw(st.sampled_from(sizes)) for _ in range(count)]
    X = [rng.normal(size=(size, d)) + 0.3 * i for i, size in enumerate(n)]
    if draw(st.booleans()):  # repeated rows
        X = [A[np.arange(len(A)) // 2] for A in X]
    if draw(st.booleans()):  # points that the clouds share
        for A in X[1:]:
            A[0] = X[0][0]
    X = [np.round(A / GRID) * GRID for A in X]
    far = draw(st.sampled_from([0, 1e3, 1e6, 1e9]))
    if far:  # as sentinels of missing values, in one column of every cloud
        for A in X:
            A[-1 - len(A) // 3 :, draw(st.integers(0, d - 1))] = far
    if draw(st.booleans()):
        for A in X:
            A[:, draw(st.integers(0, d - 1))] = 7.0
    return X


@st.composite
def moved(draw, X):
    """The same clouds elsewhere, their coordinates without rounding."""
    shift = draw(st.sampled_from([0, 1, -(10**6), 10**9]))
    return [A + shift for A in X]


exponents = st.integers(-150, 140)


def scale_of(exponent, X):
    """A power of two, so that data do not round, below the greatest that is allowed."""
    greatest = max(np.abs(A).max() for A in X)
    return float(np.ldexp(1.0, int(exponent / 0.30103 - max(np.log2(greatest), 0))))


# Definitions


def least_assignment(X, Y, order):
    cost = cdist(X, Y) ** order
    return cost[linear_sum_assignment(cost)].mean() ** (1 / order)


def transport_on_a_line(x, y, a, b, order):
    """Exact, by the coupling of quantiles, in rational numbers."""
    sides = []
    for points, weights in [(x, a), (y, b)]:
        pairs = sorted((Fraction(p), Fraction(w)) for p, w in zip(points, weights) if w)
        total = sum(w for _, w in pairs)
        sides.append([[p, w / total] for p, w in pairs])
    (left, right), cost = sides, Fraction(0)
    i = j = 0
    while i < len(left) and j < len(right):
        mass = min(left[i][1], right[j][1])
        cost += mass * abs(left[i][0] - right[j][0]) ** order
        left[i][1] -= mass
        right[j][1] -= mass
        i, j = i + (left[i][1] == 0), j + (right[j][1] == 0)
    with mp.workdps(40):
        return float((mp.mpf(cost.numerator) / cost.denominator) ** (mp.mpf(1) / order))


def energy(X, Y):
    def mean(A, B):
        total = mp.mpf(0)
        for a in A:
            for b in B:
                total += mp.sqrt(sum(mp.mpf(c) ** 2 for c in a - b))
        return total / (len(A) * len(B))

    with mp.workdps(40):
        return float(2 * mean(X, Y) - mean(X, X) - mean(Y, Y))


def gaussian_mmd(X, Y):
    def mean(A, B):
        return np.exp(-cdist(A, B, "sqeuclidean") / (2 * A.shape[1])).mean()

    return mean(X, X) + mean(Y, Y) - 2 * mean(X, Y)


def frechet_on_a_line(X, Y):
    with mp.workdps(40):
        moments = []
        for A in (X, Y):
            values = [mp.mpf(a) for a in A[:, 0]]
            mean = sum(values) / len(values)
            variance = sum((v - mean) ** 2 for v in values) / (len(values) - 1)
            moments.append((mean, mp.sqrt(variance)))
        (m1, s1), (m2, s2) = moments
        return float((m1 - m2) ** 2 + (s1 - s2) ** 2)


# Distances


@cases(0.15)
@given(X=clouds(sizes=(9,)), data=st.data(), order=st.sampled_from([1, 2]))
def test_wasserstein_is_the_best_assignment(X, data, order):
    expected = least_assignment(*X, order)
    X = data.draw(moved(X))
    actual = metrics.wasserstein_distance(*X, order=order)
    assert_allclose(actual, expected, rtol=1e-9)
    scale = scale_of(data.draw(exponents), X)
    X = [scale * A for A in X]
    assert_allclose(
        metrics.wasserstein_distance(*X, order=order), scale * actual, rtol=1e-9
    )


@cases(0.15)
@given(
    X=clouds(features=[1]),
    data=st.data(),
    order=st.sampled_from([1, 2]),
    seed=st.integers(0, 999),
    least=st.sampled_from([0, -3, -10, -17]),
)
def test_wasserstein_with_any_weights(X, data, order, seed, least):
    rng = np.random.default_rng(seed)
    a, b = (10.0 ** rng.uniform(least, 0, len(A)) for A in X)
    expected = transport_on_a_line(X[0][:, 0], X[1][:, 0], a, b, order)
    X = data.draw(moved(X))
    actual = metrics.wasserstein_distance(
        *X, order=order, sample_weight_X=a, sample_weight_Y=b
    )
    assert_allclose(actual, expected, rtol=1e-9)


@cases(0.1)
@given(X=clouds(), data=st.data())
def test_energy_distance(X, data):
    expected = energy(*X)
    X = data.draw(moved(X))
    actual = metrics.energy_distance(*X)
    # Rounding is relative to the distances of what the clouds have not in the same share.
    Z = np.concatenate(X)
    weights = np.array(
        [np.mean((X[0] == z).all(1)) - np.mean((X[1] == z).all(1)) for z in Z]
    )
    Z = Z[np.abs(weights) > 1e-9]
    greatest = cdist(Z, Z).max() if len(Z) else 0.0
    assert_allclose(actual, expected, rtol=1e-12, atol=1e-15 * greatest)
    scale = scale_of(data.draw(exponents), X)
    assert metrics.energy_distance(*(scale * A for A in X)) == scale * actual


@cases(0.1)
@given(X=clouds(sizes=(8,), features=[2, 17]), data=st.data())
def test_mmd_of_a_kernel_of_distances(X, data):
    expected = gaussian_mmd(*X)
    X = data.draw(moved(X))
    # What products of many features lose far from 0: see `kernel_gradient`.
    lost = 1e-16 * np.abs(X[0]).max() if X[0].shape[1] > 16 else 0.0
    assert_allclose(metrics.mmd(*X, RBF()), expected, rtol=1e-9, atol=1e-14 + lost)
    result = metrics.mmd_test(*X, RBF(), n_permutations=20, random_state=0)
    assert_allclose(result.statistic, expected, rtol=1e-9, atol=1e-14 + lost)


@pytest.mark.filterwarnings("ignore:The Fréchet distance is lost in rounding")
@cases(0.1)
@given(X=clouds(features=[1]), data=st.data())
def test_frechet_distance(X, data):
    expected = frechet_on_a_line(*X)
    X = data.draw(moved(X))
    rounding = 1e-14 * sum(np.var(A, ddof=1) for A in X)
    actual = metrics.frechet_distance(*X)
    assert_allclose(actual, expected, rtol=1e-9, atol=rounding)
    scale = scale_of(data.draw(exponents), X)
    scaled = metrics.frechet_distance(*(scale * A for A in X))
    assert_allclose(scaled, scale * (scale * actual), rtol=1e-12)


@cases(0.05)
@given(X=clouds(sizes=(8,), features=[2]), data=st.data())
def test_sinkhorn_divergence(X, data):
    def divergence(X, unit):
        return metrics.sinkhorn_divergence(*X, blur=0.5 * unit, scaling=0.5)

    expected = divergence(X, 1.0)
    Y = data.draw(moved(X))
    greatest = cdist(*X).max() ** 2
    assert_allclose(divergence(Y, 1.0), expected, rtol=1e-9, atol=1e-14 * greatest)
    scale = scale_of(data.draw(exponents), X)
    scaled = divergence([scale * A for A in X], scale)
    assert_allclose(scaled, scale * (scale * expected), rtol=1e-9)


# Neighbours


@cases(0.15)
@given(X=clouds(), data=st.data(), k=st.integers(1, 3))
def test_nearest_points(X, data, k):
    """Of metrics, of the synthesizer's spacing and copies, of the display of images."""
    distances = cdist(*X)
    expected = np.sort(distances, axis=1)[:, k - 1]
    X = data.draw(moved(X))
    scale = scale_of(data.draw(exponents), X)
    distance, index = nearest(*(scale * A for A in X), k)
    assert_allclose(distance, scale * expected, rtol=1e-9)
    found = distances[np.arange(len(index)), index]
    assert_allclose(found, expected, rtol=1e-9)


@cases(0.1)
@given(X=clouds(count=3), data=st.data(), radius=st.sampled_from([0.1, 1.0, 5.0]))
def test_scores_of_samples(X, data, radius):
    near, usual = (cdist(A, X[1]).min(axis=1) for A in (X[0], X[2]))
    reached = cdist(X[1], X[0]).min(axis=1)
    X = data.draw(moved(X))
    scale = scale_of(data.draw(exponents), X)
    X = [scale * A for A in X]
    coverage = metrics.mode_coverage(*X[:2], radius=scale * radius)
    assert coverage.high_quality == np.mean(near <= radius)
    assert coverage.n_covered == np.sum(reached <= radius)
    if np.median(usual) == 0:
        with pytest.raises(ValueError, match="coincide"):
            metrics.copying_score(*X)
    else:
        actual = metrics.copying_score(*X)
        assert_allclose(actual, np.median(near) / np.median(usual), rtol=1e-9)


# Scorers


class Draws(BaseEstimator):
    """A sampler of given points."""

    def __init__(self, points):
        self.points = points

    def sample(self, n_samples, random_state=None):
        return self.points[:n_samples]


@cases(0.05)
@given(X=clouds(sizes=(8,), features=[2]), data=st.data())
def test_scorers(X, data):
    points, X = data.draw(moved(X))
    sampler = Draws(points)
    distance = least_assignment(X, points, 1)
    assert_allclose(metrics.neg_wasserstein_scorer(sampler, X), -distance, rtol=1e-9)
    distance = metrics.energy_distance(X, points)
    assert_allclose(metrics.neg_energy_scorer(sampler, X), -distance, rtol=1e-12)


# Tests


@cases(0.05)
@given(
    seed=st.integers(0, 99),
    apart=st.sampled_from([0.0, 0.7, 1.2]),
    shift=st.sampled_from([1e4, 1e6, 1e7, 1e9]),
    kernel=st.sampled_from([sk.DotProduct(), RBF(), RBF(1e3)]),
)
def test_power_does_not_depend_on_where_the_points_are(seed, apart, shift, kernel):
    """Of kernels whose MMD does not: the p-value is the same, or the test refuses."""
    x, y = np.random.default_rng(seed).normal(size=(2, 15, 2))
    x, y = (np.round(A / GRID) * GRID for A in (x, y + apart))

    def pvalue(shift):
        result = metrics.mmd_test(
            x + shift, y + shift, kernel, n_permutations=50, random_state=0
        )
        return result.pvalue

    try:
        actual = pvalue(shift)
    except ValueError as error:
        assert "lost in the rounding" in str(error)  # noqa: PT017
        assert shift >= 1e7
        assert isinstance(kernel, sk.DotProduct)
    else:
        assert_allclose(actual, pvalue(0.0), atol=1.5 / 51)


def test_scale_has_no_limit_that_is_silent():
    """Beyond what squares allow, distances are right, or the data are refused."""
    X, Y = np.random.default_rng(0).normal(size=(2, 8, 2))
    for name in ("wasserstein_distance", "energy_distance", "copying_score"):
        metric = getattr(metrics, name)
        clouds = (X, Y, Y + 1) if name == "copying_score" else (X, Y)
        expected = metric(*clouds)
        for exponent in (-1000, -570, 490):
            scaled = metric(*(np.ldexp(A, exponent) for A in clouds))
            unit = 1.0 if name == "copying_score" else 2.0**exponent
            assert_allclose(scaled, unit * expected, rtol=1e-9)
        with pytest.raises(ValueError, match="Scale the data"):
            metric(*(np.ldexp(A, 510) for A in clouds))


def test_a_column_of_large_values_hides_no_copies():
    rng = np.random.default_rng(0)
    X, H = rng.normal(size=(2, 200, 17))
    X[:, -1] = H[:, -1] = 1e9
    assert metrics.copying_score(X[:50], X, H) == 0


def test_far_points_without_a_partner():
    """The transport of a few over a great distance, and the small rest."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(40, 2)), rng.normal(size=(40, 2))
    X[:3] += 1e9
    Y[:2] += 1e9
    assert_allclose(
        metrics.wasserstein_distance(X, Y), least_assignment(X, Y, 1), rtol=1e-9
    )
    assert sqrt(2) * 1e9 / 50 < metrics.wasserstein_distance(X, Y)
