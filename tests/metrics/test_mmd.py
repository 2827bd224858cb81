"""MMD² against its formula over a Gram matrix, and the level and power of the test."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.gaussian_process import kernels as sk

from skgantk._numerics import memory
from skgantk.kernels import NTK, RBF
from skgantk.metrics import mmd, mmd_test

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(30, 2)), rng.normal(size=(41, 2)) + 0.5
KERNELS = [None, RBF(), sk.Matern(nu=1.5) + 0.5 * sk.DotProduct()]
over_kernels = pytest.mark.parametrize("kernel", KERNELS, ids=repr)


def formula(X, Y, kernel, biased):
    def mean(K):
        if biased:
            return K.mean()
        return (K.sum() - np.trace(K)) / (len(K) * (len(K) - 1))

    kernel = kernel or NTK()
    return mean(kernel(X, X)) + mean(kernel(Y, Y)) - 2 * kernel(X, Y).mean()


@pytest.mark.parametrize("biased", [True, False])
@over_kernels
def test_agrees_with_the_formula(kernel, biased):
    expected = formula(X, Y, kernel, biased)
    assert_allclose(mmd(X, Y, kernel=kernel, biased=biased), expected, rtol=1e-10)


@over_kernels
def test_biased_is_zero_for_the_same_cloud_and_symmetric(kernel):
    assert mmd(X, X.copy(), kernel=kernel) == 0
    assert 0 <= mmd(X, X[::-1], kernel=kernel) < 1e-13
    value = mmd(X, Y, kernel=kernel)
    assert value > 0
    assert_allclose(mmd(Y, X, kernel=kernel), value, rtol=1e-10)


def test_of_a_linear_kernel_is_the_squared_distance_of_the_means():
    expected = ((X.mean(axis=0) - Y.mean(axis=0)) ** 2).sum()
    assert_allclose(mmd(X, Y, kernel=sk.DotProduct()), expected, rtol=1e-12)


def test_of_a_stationary_kernel_does_not_change_under_translation():
    assert_allclose(mmd(X + 8, Y + 8, kernel=RBF()), mmd(X, Y, kernel=RBF()), rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_of_a_homogeneous_kernel_scales_like_it(scale):
    kernel = NTK(bias_std=0.0)
    expected = scale**2 * mmd(X, Y, kernel=kernel)
    assert_allclose(mmd(scale * X, scale * Y, kernel=kernel), expected, rtol=1e-9)


def test_unbiased_has_mean_zero_on_samples_of_one_law():
    pairs = np.random.default_rng(1).normal(size=(100, 2, 30, 2))
    unbiased = [mmd(x, y, kernel=RBF(), biased=False) for x, y in pairs]
    biased = [mmd(x, y, kernel=RBF()) for x, y in pairs]
    error = np.std(unbiased) / np.sqrt(len(pairs))
    assert abs(np.mean(unbiased)) < 3 * error
    assert np.mean(biased) > 10 * error


@pytest.mark.parametrize("biased", [True, False])
def test_white_noise_adds_nothing(biased):
    noisy = RBF() + sk.WhiteKernel()
    expected = mmd(X, Y, kernel=RBF(), biased=biased)
    assert_allclose(mmd(X, Y, kernel=noisy, biased=biased), expected, rtol=1e-12)
    statistic = mmd_test(X, Y, kernel=noisy, n_permutations=1).statistic
    assert_allclose(statistic, mmd(X, Y, kernel=RBF()), rtol=1e-12)


@over_kernels
def test_the_statistic_of_the_test_is_mmd(kernel):
    result = mmd_test(X, Y, kernel=kernel, n_permutations=10, random_state=0)
    assert_allclose(result.statistic, mmd(X, Y, kernel=kernel), rtol=1e-10)


def test_permuted_statistics_are_mmd_of_permuted_points():
    result = mmd_test(X, Y, n_permutations=3, random_state=0)
    state, Z = np.random.RandomState(0), np.vstack([X, Y])
    for value in result.null_distribution:
        first = state.permutation(np.arange(71) < 30)
        assert_allclose(value, mmd(Z[first], Z[~first]), rtol=1e-10)


def test_pvalue_counts_the_permutations_that_reach_the_statistic():
    result = mmd_test(X, Y, n_permutations=200, random_state=0)
    reached = np.count_nonzero(result.null_distribution >= result.statistic)
    assert result.pvalue == (1 + reached) / 201
    assert result.null_distribution.shape == (200,)


def test_is_reproducible():
    first, second = (mmd_test(X, Y, n_permutations=9, random_state=3) for _ in range(2))
    assert_array_equal(first.null_distribution, second.null_distribution)


def test_rejects_equal_laws_as_often_as_its_level_says():
    """200 tests at 10 %: the number of rejections is binomial, 20 ± 4.2."""
    pairs = np.random.default_rng(2).normal(size=(200, 30, 2))
    pvalues = [
        mmd_test(Z[:10], Z[10:], n_permutations=99, random_state=i).pvalue
        for i, Z in enumerate(pairs)
    ]
    assert 9 <= np.count_nonzero(np.array(pvalues) <= 0.10) <= 33
    assert 2 <= np.count_nonzero(np.array(pvalues) <= 0.05) <= 20


@pytest.mark.parametrize(
    ("difference", "kernel"), [("mean", None), ("scale", None), ("shape", sk.RBF(0.3))]
)
def test_rejects_different_laws(difference, kernel):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 100, 2))
    other = {
        "mean": y + 1.0,
        "scale": 2 * y,
        "shape": np.sign(y) + 0.1 * rng.normal(size=(100, 2)),  # the same two moments
    }
    y = other[difference]
    result = mmd_test(x, y, kernel=kernel, n_permutations=199, random_state=0)
    assert result.pvalue == 1 / 200


def test_ties_count_as_reached_whatever_their_rounding():
    """All points but one coincide: it decides whether a permutation ties."""
    x, y = np.full((5, 2), 0.3), np.full((20, 2), 0.3)
    x[0] = 1.7
    state, labels = np.random.RandomState(0), np.arange(25) < 5
    ties = sum(state.permutation(labels)[0] for _ in range(1000))
    assert 150 < ties < 250
    pvalue = mmd_test(x, y, n_permutations=1000, random_state=0).pvalue
    assert pvalue == (1 + ties) / 1001


def test_identical_samples_have_pvalue_one():
    assert mmd_test(X, X, n_permutations=50, random_state=0).pvalue == 1


def test_what_rounding_hides_is_refused():
    far = sk.DotProduct()
    for metric in (mmd, mmd_test):
        with pytest.raises(ValueError, match="lost in the rounding of the kernel"):
            metric(X + 1e9, X[::-1] + 1e9 + 0.5, far)
    # But not what is so little because the clouds are equal, or all points.
    assert mmd(X + 1e9, X + 1e9, far) == 0
    assert mmd_test(X[[0] * 5] + 1e9, X[[0] * 7] + 1e9, far).pvalue == 1
    assert_allclose(mmd(X + 1e9, Y + 1e9 + 1e5, far), 2e10, rtol=1e-4)


def test_the_result_shows_no_hundreds_of_numbers():
    result = mmd_test(X, Y, RBF(), random_state=0)
    shown = repr(result)
    assert shown.startswith("MMDTestResult(statistic=0.")
    assert shown.endswith("null_distribution=<500 values>)")
    statistic, pvalue, null = result
    assert (statistic, pvalue) == (result.statistic, result.pvalue)
    assert null is result.null_distribution


def test_memory_is_that_of_the_permutations_too(monkeypatch):
    monkeypatch.setattr(memory, "_physical_memory", lambda: 10**7)
    mmd_test(X, Y, RBF(), n_permutations=100)
    with pytest.raises(MemoryError, match="10000 permutations of 71 points"):
        mmd_test(X, Y, RBF(), n_permutations=10_000)
