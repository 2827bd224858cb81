"""Algorithm 1 against dense exponentials."""

import re

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm
from sklearn.gaussian_process import kernels as sk
from sklearn.utils._param_validation import InvalidParameterError

from skgantk._numerics import memory, operators
from skgantk.kernels import NTK, as_core
from skgantk.model_selection import search_lambda
from skgantk.model_selection._lambda import residual_root

RNG = np.random.default_rng(0)
X = RNG.normal(size=(13, 2)) + [2.0, 0.0]
Z = RNG.normal(size=(9, 2))
X.flags.writeable = Z.flags.writeable = False
KERNELS = [NTK(), NTK(depth=1) + sk.WhiteKernel(0.1), sk.RBF(0.5), 7 * sk.Matern(nu=1.5)]


def residual(lam, X, Z, kernel):
    y = np.arange(len(X) + len(Z)) < len(X)
    return np.mean((expm(-lam * kernel(np.concatenate([X, Z]))) @ y) ** 2)


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
@pytest.mark.parametrize("epsilon", [0.45, 0.1, 0.01, 1e-3])
def test_residual_is_epsilon(kernel, epsilon):
    """More data than noise, and less."""
    for A, B in [(X, Z), (Z, X)]:
        if epsilon < len(A) / 22:
            lam = search_lambda(A, B, kernel=kernel, epsilon=epsilon)
            assert_allclose(residual(lam, A, B, kernel), epsilon, rtol=1e-8)


def test_the_default_kernel():
    assert search_lambda(X, Z) == search_lambda(X, Z, kernel=NTK(), epsilon=0.01)


@pytest.mark.parametrize("factor", [1e-300, 1.0, 1e300])
def test_lambda_has_a_limit_where_asked(factor):
    kernel = factor * sk.RBF(2.0)
    largest = np.linalg.norm(kernel(np.concatenate([X, Z])) / factor, 2)
    root = search_lambda(X, Z, kernel=kernel, epsilon=0.1)
    with jax.enable_x64(True):
        for share in (0.1, 0.999, 1.001, 10):
            limit = share * root * factor * largest
            found = residual_root(as_core(kernel), X, Z, 0.1, limit)
            assert_allclose(found, min(share, 1) * root, rtol=1e-8)
        # Where no λ has the residual, it is the limit.
        found = residual_root(as_core(kernel), X, X, 0.1, 1e4)
    same = np.concatenate([X, X])
    assert_allclose(found * factor, 1e4 / np.linalg.norm(sk.RBF(2.0)(same), 2), rtol=1e-8)


def test_lambda_falls_with_epsilon():
    lams = [search_lambda(X, Z, epsilon=e) for e in np.geomspace(1e-4, 0.499, 9)]
    assert np.all(np.diff(lams) < 0)


@pytest.mark.parametrize("factor", [1e-300, 1e-8, 3.0, 1e300])
def test_lambda_is_inverse_to_the_kernel(factor):
    lam = search_lambda(X, Z, kernel=factor * sk.RBF())
    assert_allclose(lam * factor, search_lambda(X, Z, kernel=sk.RBF()), rtol=1e-8)


@pytest.mark.parametrize("gap", [1e-9, 1e-12, 1e-16])
def test_epsilon_next_to_that_of_no_training(gap):
    epsilon = 9 / 22 * (1 - gap)
    lam = search_lambda(Z, X, epsilon=epsilon)
    assert 0 < lam < 1e-6
    assert_allclose(residual(lam, Z, X, NTK()), epsilon, rtol=1e-8 * gap + 1e-14)


def test_noise_has_the_moments_of_the_features():
    lams = [search_lambda(X, random_state=seed) for seed in (0, 0, 1)]
    assert lams[0] == lams[1] != lams[2]
    noise = X.mean(axis=0) + X.std(axis=0) * np.random.RandomState(0).normal(size=X.shape)
    assert_allclose(lams[0], search_lambda(X, noise), rtol=1e-12)
    assert not jax.config.jax_enable_x64


def test_float32_and_integers_are_computed_in_float64():
    A, B = np.round(5 * X), np.round(5 * Z) + 0.5
    expected = search_lambda(A, B)
    assert search_lambda(A.astype(int), B.astype(np.float32)) == expected


@pytest.mark.rounding
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"Z": X[::-1]}, "No λ .* equal or nearly equal points.* Choose a greater epsilon"),
        ({"Z": np.concatenate([X[:5], Z]), "epsilon": 0.01}, r"it stays at 0\.0926,"),
        (
            {"kernel": sk.RBF(1e3), "epsilon": 1e-3},
            "kernel is too smooth to tell so many apart",
        ),
        ({"epsilon": 0.49, "Z": np.ones((30, 2))}, r"untrained discriminator, 0.302 ="),
        ({"kernel": sk.ConstantKernel(0.0)}, "kernel is 0 between all points"),
        ({"Z": Z[:, :1]}, "X has 2 features, but Z has 1"),
        ({"Z": Z[0]}, "Expected 2D array, got 1D array"),
        ({"Z": Z * np.nan}, "Input Z contains NaN"),
        ({"X": np.full((3, 2), np.inf)}, "contains infinity"),
        ({"X": X[:0]}, r"0 sample\(s\)"),
    ],
)
def test_what_cannot_be_solved(params, message):
    with pytest.raises(ValueError, match=message):
        search_lambda(**{"X": X, "Z": Z, **params})


@pytest.mark.rounding
@pytest.mark.parametrize("kernel", [NTK(), sk.RBF(0.5), 1e-9 * sk.Matern(nu=1.5)], ids=repr)
@pytest.mark.parametrize("seed", range(8))
def test_residual_that_equal_points_leave(kernel, seed):
    """D has one value where a data and b noise meet: ab/(a + b) of ‖D - y‖² stays.

    No digit of it hangs on the rounding of the eigenvalues that should be 0.
    """
    rng = np.random.default_rng(seed)
    points = (rng.normal(size=(9, 2)) + np.arange(9)[:, None])[
        place := rng.integers(9, size=30)
    ]
    real = rng.random(30) < 0.6
    a, b = (np.bincount(place[kind], minlength=9) for kind in (real, ~real))
    left = np.sum(a * b / np.maximum(a + b, 1)) / 30
    data, noise = points[real], points[~real]
    with pytest.raises(ValueError, match=re.escape(f"it stays at {left:.3g}, because")):
        search_lambda(data, noise, kernel=kernel, epsilon=left * (1 - 1e-9))
    lam = search_lambda(data, noise, kernel=kernel, epsilon=1.001 * left)
    assert_allclose(residual(lam, data, noise, kernel), 1.001 * left, rtol=1e-8)


@pytest.mark.parametrize(
    ("name", "value"),
    [("epsilon", e) for e in (0, 0.5, -1, np.nan, "auto")]
    + [("kernel", "rbf"), ("kernel", NTK), ("random_state", "foo")],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(InvalidParameterError, match=f"The '{name}' parameter"):
        search_lambda(X, Z, **{name: value})


def test_unknown_kernel():
    with pytest.raises(TypeError, match="Supported are NTK"):
        search_lambda(X, Z, kernel=sk.PairwiseKernel())


def test_a_gram_matrix_beyond_memory(monkeypatch):
    def refuse(*args):
        raise AssertionError("allocated")

    monkeypatch.setattr(operators, "_gram", refuse)
    monkeypatch.setattr(memory, "_physical_memory", lambda: 32 * 22**2 - 1)
    with pytest.raises(MemoryError, match=r"22 × 22 Gram matrix .*batch_size"):
        search_lambda(X, Z)
    monkeypatch.setattr(memory, "_physical_memory", lambda: 32 * 22**2)
    with pytest.raises(AssertionError, match="allocated"):
        search_lambda(X, Z)
