"""Matrix functions against scipy's expm, mpmath's Lambert W and quadrature."""

from functools import lru_cache, partial
from itertools import product
from unittest import mock

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from _cases import slow_but
from mpmath import mp
from numpy.testing import assert_allclose
from scipy.linalg import expm, pinvh
from threadpoolctl import threadpool_limits

from skgantk._numerics import matrix_functions
from skgantk._numerics.geometry import matmul
from skgantk._numerics.matrix_functions import (
    by_eigendecomposition,
    decay,
    decay_integral,
    lambert_integral,
    minus_pseudo_inverse,
    reachable,
    relaxation,
    relaxation_form,
    relaxation_gradient,
)

FUNCTIONS = {
    "decay": decay,
    "decay_integral": decay_integral,
    "lambert_integral": lambert_integral,
}
KINDS = list(FUNCTIONS)
MATRICES = ["well-conditioned", "kernel", "duplicates", "diagonal", "spread", "zero"]
PRODUCTS_ALONE = {"stored": False}
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Small matrices: threads of BLAS would only wait for each other."""
    with threadpool_limits(1, user_api="blas"):
        yield


@partial(jax.jit, static_argnames=("stored", "stages"))
def compiled(kind, S, v, t, tol, stored, stages):
    branches = [make(t) for make in FUNCTIONS.values()]
    with mock.patch.object(matrix_functions, "STAGES", stages):
        return matrix_functions.apply(
            lambda eigenvalue: jax.lax.switch(kind, branches, eigenvalue),
            lambda u: matmul(S, u),
            v,
            tol,
            (lambda: S) if stored else None,
        )


def apply(kind, S, v, t, tol=1e-9, stored=True, stages=matrix_functions.STAGES):
    """The value and the estimated error; one compilation for all kinds of function."""
    with jax.enable_x64(True):
        value, error = compiled(KINDS.index(kind), S, v, t, tol, stored, stages)
    assert value.dtype == error.dtype == v.dtype
    return np.asarray(value), float(error)


@lru_cache
def matrix(name, n):
    """All eigenvalues lie in [0, 1]."""
    rng = np.random.default_rng(n)
    if name in ("kernel", "duplicates"):
        X = rng.normal(size=(n, 2))
        X = X[np.arange(n) % 5] if name == "duplicates" else X
        return np.exp(-np.sum((X[:, None] - X) ** 2, axis=2) / 2) / n
    if name == "diagonal":
        return np.diag(np.array([0, 0.1, 0.5, 1])[np.arange(n) % 4])
    spectrum = {
        "well-conditioned": np.linspace(0.02, 0.04, n),
        "spread": np.linspace(0, 1, n),
        "zero": np.zeros(n),
    }[name]
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    S = Q * spectrum @ Q.T
    return (S + S.T) / 2


def vector(n):
    return np.random.default_rng(1).normal(size=n)


@lru_cache
def exact(kind, t, eigenvalue, digits=40):
    """φ(λ) by its definition, with as many digits more as it cancels."""
    t, eigenvalue = mp.mpf(t), mp.mpf(eigenvalue)
    if eigenvalue == 0:
        return {"decay": mp.one, "decay_integral": -t, "lambert_integral": t}[kind]
    x = t * eigenvalue
    with mpmath.workdps(digits + int(2 * abs(mp.log10(x)))):
        if kind == "decay":
            return mp.exp(-x)
        if kind == "decay_integral":
            return (mp.exp(-x) - 1) / eigenvalue
        if x < 1e4:
            root = mp.lambertw(mp.exp(2 * x + 1)).real
        else:  # e^{2x+1} is too great even for mpmath: W + log W = 2x + 1
            root = 2 * x + 1 - mp.log(2 * x + 1)
            for _ in range(8):
                excess = root + mp.log(root) - 2 * x - 1
                root -= excess * root / (1 + root)
        return (2 * x + 1 - root) / eigenvalue


@lru_cache
def exponentials(name, n, t):
    """e^{-tS} v, and -∫₀ᵗ e^{-sS} v ds, a block of an exponential too."""
    S, v = matrix(name, n), vector(n)
    block, size = np.zeros((n + 1, n + 1)), np.linalg.norm(v)
    block[:n, :n], block[:n, n] = -t * S, v / size
    block = expm(block)
    return block[:n, :n] @ v, -t * size * block[:n, n]


@lru_cache
def dense(kind, name, n, t):
    if kind != "lambert_integral":
        return exponentials(name, n, t)[kind == "decay_integral"]
    eigenvalues, U = np.linalg.eigh(matrix(name, n))
    phi = [float(exact(kind, t, max(eigenvalue, 0.0), 25)) for eigenvalue in eigenvalues]
    return U @ (phi * (U.T @ vector(n)))


def relative_error(value, expected):
    error = np.linalg.norm(np.asarray(value) - expected)
    return error and error / np.linalg.norm(expected)


def check_tolerance(kind, name, n, **options):
    for t in (0.5, 300.0):
        expected = dense(kind, name, n, t)
        for tol in (1e-9, 1e-3):
            value, estimate = apply(kind, matrix(name, n), vector(n), t, tol, **options)
            error = relative_error(value, expected)
            assert estimate <= tol
            assert error <= tol
            assert error <= estimate + 1e-11  # the rest is rounding


@each_kind
@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("n", slow_but([20, 150], [20, 64, 150]))
def test_tolerance_is_met(kind, name, n):
    check_tolerance(kind, name, n)


@each_kind
@pytest.mark.parametrize("name", MATRICES)
def test_tolerance_is_met_by_products_alone(kind, name):
    """The last Krylov space is larger than the whole space."""
    check_tolerance(kind, name, 150, **PRODUCTS_ALONE)


@each_kind
@pytest.mark.parametrize("name", ["kernel", "spread"])
@pytest.mark.parametrize("t", [3.0, 30.0, 1e3, 1e4])
def test_error_of_a_space_too_small(kind, name, t):
    """The best there is, and an error that is not far too low, converged or not."""
    options = {"tol": 1e-12, "stored": False, "stages": (16,)}
    value, estimate = apply(kind, matrix(name, 64), vector(64), t, **options)
    error = relative_error(value, dense(kind, name, 64, t))
    assert error <= 2 * estimate + 1e-11


@each_kind
def test_eigendecomposition_where_the_space_is_too_small(kind):
    S, v, t = matrix("spread", 64), vector(64), 1e4
    expected = dense(kind, "spread", 64, t)
    value, estimate = apply(kind, S, v, t, stored=False, stages=(16,))
    assert estimate > 0.05
    assert relative_error(value, expected) > 0.05
    value, estimate = apply(kind, S, v, t)
    assert estimate == 0
    assert relative_error(value, expected) < 1e-11


@each_kind
def test_the_space_suffices_where_the_spectrum_decays(kind):
    for n, options in [(64, {}), (150, {}), (150, PRODUCTS_ALONE)]:
        _, estimate = apply(kind, matrix("kernel", n), vector(n), 3.0, **options)
        assert 0 < estimate <= 1e-9


@pytest.mark.parametrize("options", [{}, PRODUCTS_ALONE], ids=["stored", "products"])
def test_underflow_is_no_convergence(options):
    """v has a part in the kernel of S, which decay keeps; the space does not see it yet."""
    value, estimate = apply("decay", matrix("spread", 150), vector(150), 1e6, **options)
    error = relative_error(value, dense("decay", "spread", 150, 1e6))
    assert error <= 2 * estimate + 1e-9


def test_underflow_in_the_last_space():
    options = {"stored": False, "stages": (16,)}
    value, estimate = apply("decay", matrix("spread", 64), vector(64), 1e6, **options)
    error = relative_error(value, dense("decay", "spread", 64, 1e6))
    assert error <= 2 * estimate + 1e-9


def test_basis_is_orthonormal_to_rounding():
    """Also where Ritz values converge, at which Lanczos' method by itself loses it."""
    S, v = matrix("kernel", 64), vector(64)
    with jax.enable_x64(True):
        space = matrix_functions._krylov(jnp.asarray(v), 24)
        for start, stop in [(0, 4), (4, 16)]:
            space = matrix_functions._extend(lambda u: matmul(S, u), space, start, stop)
        basis, T = np.asarray(space.basis), np.asarray(space.T)
    assert not np.any(basis[17:])
    assert not np.any(T[17:])
    assert not np.any(T[:, 16:])
    basis, T = basis[:17], np.tril(T[:16, :16]) + np.tril(T[:16, :16], -1).T
    np.testing.assert_allclose(basis @ basis.T, np.eye(17), rtol=0, atol=1e-14)
    np.testing.assert_allclose(basis[:-1] @ S @ basis[:-1].T, T, rtol=0, atol=2e-15)


SETTINGS = [(20, {}), (64, {}), (150, {}), (150, PRODUCTS_ALONE)]
each_setting = pytest.mark.parametrize(("n", "options"), SETTINGS, ids=str)


@each_kind
@each_setting
@pytest.mark.parametrize("name", ["kernel", "zero"])
def test_zero_vector(kind, n, options, name):
    value, estimate = apply(kind, matrix(name, n), np.zeros(n), 3.0, **options)
    np.testing.assert_array_equal(value, 0)
    assert estimate == 0


@each_kind
@each_setting
def test_zero_matrix(kind, n, options):
    v = vector(n)
    value, estimate = apply(kind, matrix("zero", n), v, 3.0, **options)
    expected = float(exact(kind, 3.0, 0.0)) * v
    np.testing.assert_allclose(value, expected, rtol=1e-15)
    assert estimate == 0


@each_kind
@each_setting
@pytest.mark.parametrize("name", ["kernel", "duplicates", "diagonal", "spread"])
def test_eigenvector(kind, n, options, name):
    """The Krylov space breaks down at dimension one, or goes on in rounding noise."""
    S, t = matrix(name, n), 3.0
    eigenvalues, U = np.linalg.eigh(S)
    for i in (0, n // 2, n - 1):
        value, estimate = apply(kind, S, U[:, i], t, **options)
        factor = float(exact(kind, t, max(eigenvalues[i], 0.0)))
        assert relative_error(value, factor * U[:, i]) < 1e-13
        assert estimate <= 1e-9


@each_kind
def test_negative_eigenvalues_count_as_zero(kind):
    """Rounding makes them; e^{-tλ} would overflow."""
    S, v, t = matrix("diagonal", 20).copy(), vector(20), 1e12
    S[0, 0] = S[4, 4] = -1e-9
    with np.errstate(under="ignore"):
        phi = [float(exact(kind, t, max(eigenvalue, 0.0))) for eigenvalue in np.diag(S)]
    value, _ = apply(kind, S, v, t)
    np.testing.assert_allclose(value, phi * v, rtol=1e-13)


@each_kind
@pytest.mark.parametrize("name", ["kernel", "duplicates", "spread", "zero"])
def test_float32(kind, name):
    """The dtype stays, and the error is that of rounding: S to ε changes φ by tε."""
    S, v = matrix(name, 64).astype("float32"), vector(64).astype("float32")
    for t in (0.5, 300.0):
        value, estimate = apply(kind, S, v, t)
        error = relative_error(value, dense(kind, name, 64, t))
        eps = np.finfo("float32").eps
        assert estimate <= 16 * eps
        assert error <= (16 + t) * eps


def test_tolerance_within_reach():
    with jax.enable_x64(True):
        for dtype in ("float32", "float64"):
            eps = np.finfo(dtype).eps
            assert reachable(0.0, dtype) == 16 * eps
            assert reachable(0.25, dtype) == 0.25


@each_kind
@pytest.mark.parametrize("t", [1e-8, 1.0, 1e5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scalar_functions(kind, t, dtype):
    """At λ = 0 and tλ from tiny to huge, to 14 digits in float64."""
    limit = {"float32": 28, "float64": 295}[dtype]
    ordinary = [1e-17, 1e-9, 1e-5, 0.03, 0.4, 1, 3, 20, 80, 1e5, 1e17]
    x = [0, 10.0**-limit, *ordinary, 10.0**limit]
    t = float(np.float32(t))
    eigenvalues = (np.array(x) / t).astype(dtype)
    with jax.enable_x64(True):
        value = np.asarray(FUNCTIONS[kind](t)(eigenvalues))
    assert value.dtype == dtype
    if kind == "decay":  # the rounding of the product is none of its faults
        t, eigenvalues = 1.0, np.multiply(t, eigenvalues, dtype=dtype)
    expected = [float(exact(kind, t, float(v))) for v in eigenvalues]
    tolerance = {"float32": 5e-7, "float64": 1e-14}[dtype]
    np.testing.assert_allclose(value, expected, rtol=tolerance)


def test_pseudo_inverse_solves_on_the_range():
    S, v = matrix("duplicates", 20), vector(20)
    with jax.enable_x64(True):
        value = by_eigendecomposition(minus_pseudo_inverse, jnp.asarray(S), v)
    expected = -pinvh(S, rtol=20 * np.finfo(float).eps) @ v
    assert relative_error(value, expected) < 1e-12


def test_cut_of_the_pseudo_inverse():
    cut = 4 * np.finfo(float).eps
    with jax.enable_x64(True):
        value = minus_pseudo_inverse(jnp.array([0, cut, 1.01 * cut, 1]))
        zeros = minus_pseudo_inverse(jnp.zeros(4))
    np.testing.assert_allclose(value, [0, 0, -1 / (1.01 * cut), -1], rtol=1e-15)
    np.testing.assert_array_equal(zeros, 0)


N = 12


@jax.jit
def pullback(K, y, rate, cotangent):
    value, transpose = jax.vjp(relaxation, K, y, rate)
    return value, *transpose(cotangent)


def relaxed(K, y, rate, cotangent):
    """The value and the gradients in K, y and rate."""
    with jax.enable_x64(True):
        results = pullback(K, y, jnp.asarray(rate, K.dtype), cotangent)
    assert all(result.dtype == K.dtype for result in results)
    return [np.asarray(result) for result in results]


def gram(name, seed=2):
    """All of λ_max = 1, up to rounding."""
    if name == "identity":
        return np.eye(N)
    rng = np.random.default_rng(seed)
    if name == "spread":
        Q, spectrum = np.linalg.qr(rng.normal(size=(N, N)))[0], 10 ** -rng.uniform(0, 8, N)
        K = Q * (spectrum / spectrum.max()) @ Q.T
        return (K + K.T) / 2
    X = rng.normal(size=(N, 2))
    X = X[np.arange(N) % 4] if name == "duplicates" else X
    K = np.exp(-np.sum((X[:, None] - X) ** 2, axis=2) / 2)
    return K / np.linalg.norm(K, 2)


Y, COTANGENT = np.random.default_rng(3).normal(size=(2, N))
each_gram = pytest.mark.parametrize("name", ["distinct", "duplicates", "identity"])
each_rate = pytest.mark.parametrize("rate", [0.3, 10.0, 1e3, 1e4])


def rounding(y, rate, cotangent, dtype="float64"):
    """What 8 ε of K, ‖K‖ = 1, as LAPACK makes, and of all else, make of each result.

    φ(K)y and φ(K)p̄, φ(Λ) = 1 - e^{-λΛ}, φ' ≤ λ, change by λ‖y‖ and λ‖p̄‖;
    K̄ = ∫ e^{-sK} p̄yᵀ e^{-(λ-s)K} ds, itself at most λ‖p̄‖‖y‖, by λ²‖p̄‖‖y‖.
    λ̄ = p̄ᵀφ(K)y, φ(Λ) = Λe^{-λΛ}, |φ'| ≤ 1, changes by ‖p̄‖‖y‖, but may cancel to any part
    of that: its error is not relative to itself.
    """
    y, cotangent, grown = np.linalg.norm(y), np.linalg.norm(cotangent), 1 + rate
    scales = [grown * y, rate * grown * cotangent * y, grown * cotangent, cotangent * y]
    return 8 * np.finfo(dtype).eps * np.array(scales)


def by_quadrature(K, y, rate, cotangent):
    """K̄ = ∫ e^{-sK} p̄ (e^{-(λ-s)K} y)ᵀ ds over [0, λ], symmetrised."""
    eigenvalues, U = np.linalg.eigh(K)
    half = np.r_[0, 2.0 ** -np.arange(45, 0, -1)]
    edges = np.r_[half, 1 - half[-2::-1]]  # finer towards both ends
    nodes, weights = np.polynomial.legendre.leggauss(20)
    width, start = np.diff(edges)[:, None], edges[:-1, None]
    s = rate * (start + width * (nodes + 1) / 2).ravel()[:, None]
    weights = rate * (width * weights / 2).ravel()[:, None]
    left = np.exp(-s * eigenvalues) * (U.T @ cotangent)
    right = np.exp(-(rate - s) * eigenvalues) * (U.T @ y)
    K_bar = U @ (left.T @ (weights * right)) @ U.T
    return (K_bar + K_bar.T) / 2


@pytest.mark.rounding
@each_gram
@each_rate
def test_relaxation(name, rate):
    K = gram(name)
    value, _, y_bar, _ = relaxed(K, Y, rate, COTANGENT)
    matrix = np.eye(N) - expm(-rate * K)
    bounds = rounding(Y, rate, COTANGENT)
    assert np.linalg.norm(value - matrix @ Y) < bounds[0]
    assert np.linalg.norm(y_bar - matrix @ COTANGENT) < bounds[2]


@each_gram
@pytest.mark.parametrize("rate", [0.3, 10.0])
def test_gradient_of_relaxation_against_differences(name, rate):
    """By scipy's expm at symmetric perturbations of K, and at those of the rate."""
    K, h = gram(name), 1e-5

    def objective(K, rate):
        return -COTANGENT @ expm(-rate * K) @ Y

    def difference(K_change, rate_change):
        ends = [objective(K + e * K_change, rate + e * rate_change) for e in (h, -h)]
        return (ends[0] - ends[1]) / (2 * h)

    _, K_bar, _, rate_bar = relaxed(K, Y, rate, COTANGENT)
    assert relative_error(K_bar, K_bar.T) < 1e-14
    expected = np.empty((N, N))
    for i, j in zip(*np.triu_indices(N)):
        change = np.zeros((N, N))
        change[i, j] = change[j, i] = 1
        expected[i, j] = expected[j, i] = difference(change, 0) / change.sum()
    assert relative_error(K_bar, expected) < 1e-8
    assert abs(rate_bar - difference(0, 1)) < 1e-8


@pytest.mark.rounding
@each_gram
@each_rate
def test_gradient_of_relaxation_against_quadrature(name, rate):
    K = gram(name)
    _, K_bar, _, rate_bar = relaxed(K, Y, rate, COTANGENT)
    bounds = rounding(Y, rate, COTANGENT)
    assert np.linalg.norm(K_bar - by_quadrature(K, Y, rate, COTANGENT)) < bounds[1]
    assert abs(rate_bar - COTANGENT @ K @ expm(-rate * K) @ Y) < bounds[3]


@pytest.mark.parametrize("rate", [1.0, 1e3, 1e4])
def test_divided_differences_entry_by_entry(rate):
    """K diagonal, λ·λ_max beyond where e^{λ·λ_max} overflows: no entry is dropped."""
    eigenvalues = np.array([0, 0, 1e-9, 1e-5, 1e-5 + 1e-14, 1e-3, 0.01, 0.1, 0.1, 1, 5, 5])
    K_bar = relaxed(np.diag(eigenvalues), np.ones(N), rate, np.ones(N))[1]

    def divided(a, b):
        with mpmath.workdps(60):
            a, b = mp.mpf(a), mp.mpf(b)
            if a == b:
                return float(rate * mp.exp(-rate * a))
            return float((mp.exp(-rate * b) - mp.exp(-rate * a)) / (a - b))

    expected = [[divided(a, b) for a in eigenvalues] for b in eigenvalues]
    np.testing.assert_allclose(K_bar, expected, rtol=1e-13, atol=1e-300)


@pytest.mark.rounding
@pytest.mark.parametrize("name", ["distinct", "duplicates", "identity", "spread"])
@pytest.mark.parametrize("rate", [0.25, 10.0, 1e3])
def test_relaxation_in_float32(name, rate):
    """Whichever way the processor rounds."""
    for seed in range(50):
        y, cotangent = np.random.default_rng(seed).normal(size=(2, N))
        given = [a.astype("float32") for a in (gram(name, seed), y, cotangent)]
        results = relaxed(*given[:2], rate, given[2])
        K, y, cotangent = (a.astype(float) for a in given)
        expected = relaxed(K, y, rate, cotangent)
        errors = [np.linalg.norm(a - b) for a, b in zip(results, expected)]
        assert np.all(errors <= rounding(y, rate, cotangent, "float32"))


@each_gram
def test_relaxation_is_finite_in_float32(name):
    K, y, cotangent = (a.astype("float32") for a in (gram(name), Y, COTANGENT))
    for result in relaxed(K, y, 1e4, cotangent):
        assert np.all(np.isfinite(result))


def labels(n):
    return (np.arange(n) < n // 2).astype(float)


OBJECTIVES = {
    "squares": lambda D: jnp.mean((1 - D) ** 2),
    "softplus": lambda D: jnp.mean(jnp.logaddexp(0, -3 * D)),
}


@partial(jax.jit, static_argnames=("objective", "stages"))
def adjoint(K, y, rate, objective, stages):
    with mock.patch.object(matrix_functions, "STAGES", stages):
        g = OBJECTIVES[objective]
        return matrix_functions.relaxation_gradient(K, y, rate, g, 1e-10)


def adjoint_oracle(K, y, rate, objective):
    """By scipy: an exponential of twice the size holds its own derivative (Van Loan)."""
    n = len(K)
    with jax.enable_x64(True):
        D = y - expm(-rate * K) @ y
        value, p = jax.value_and_grad(OBJECTIVES[objective])(jnp.asarray(D))
    block = np.zeros((2 * n, 2 * n))
    block[:n, :n] = block[n:, n:] = -rate * K
    block[:n, n:] = rate * np.outer(p, y)  # -d/dK of e^{-λK} is symmetric in its two ends
    K_bar = expm(block)[:n, n:]
    return value, (K_bar + K_bar.T) / 2


@pytest.mark.parametrize("objective", slow_but(["squares"], OBJECTIVES))
@pytest.mark.parametrize("name", MATRICES)
def test_adjoint_of_relaxation(name, objective):
    """In Krylov spaces, by eigendecomposition, and from one to the other."""
    for n, stages in [(20, matrix_functions.STAGES), (150, (16, 24, 32)), (150, (16,))]:
        K, y = matrix(name, n), labels(n)
        for rate in (0.5, 300.0):
            expected = adjoint_oracle(K, y, rate, objective)
            with jax.enable_x64(True):
                value, K_bar = adjoint(K, y, rate, objective, stages)
            assert value == pytest.approx(float(expected[0]), rel=1e-9)
            assert relative_error(K_bar, expected[1]) < 1e-8


def test_adjoint_with_equal_eigenvalues():
    """K a multiple of the identity: D = (1 - e^{-λκ})y, K̄ = λ e^{-λκ} (p̄yᵀ + yp̄ᵀ)/2."""
    y, kappa, rate = labels(80), 0.7, 2.0
    with jax.enable_x64(True):
        value, K_bar = adjoint(kappa * np.eye(80), y, rate, "squares", (16,))
    gone = np.exp(-rate * kappa)
    p = 2 / 80 * ((1 - gone) * y - 1)
    assert value == pytest.approx(np.mean((1 - (1 - gone) * y) ** 2), rel=1e-12)
    expected = rate * gone * (np.outer(p, y) + np.outer(y, p)) / 2
    assert relative_error(K_bar, expected) < 1e-12


@pytest.mark.parametrize(
    ("rate", "n"), slow_but([(0.1, 20), (3.0, 300)], product([0.1, 3.0], [20, 300]))
)
def test_form_is_a_relaxation_gradient(n, rate):
    """In float64; a Krylov space at 300, an eigendecomposition at 20."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(n, 3))
    y = rng.normal(size=n)
    with jax.enable_x64(True):
        K = jnp.exp(-((A[:, None] - A) ** 2).sum(axis=2))
        value, K_bar = relaxation_form(K, y, rate, 1e-10)
        other = relaxation_gradient(K, y, rate, lambda D: jnp.sum(y * D), 1e-12)
    assert_allclose(value, y @ (y - expm(-rate * np.asarray(K)) @ y), rtol=1e-9)
    assert_allclose(value, other[0], rtol=1e-9)
    assert_allclose(K_bar, other[1], atol=1e-8 * np.abs(other[1]).max())
    assert_allclose(K_bar, K_bar.T, atol=1e-12 * np.abs(K_bar).max())


def test_value_of_a_form_is_right_to_the_square_of_the_tolerance():
    rng = np.random.default_rng(0)
    A, y = rng.normal(size=(300, 3)), rng.normal(size=300)
    with jax.enable_x64(True):
        K = jnp.exp(-((A[:, None] - A) ** 2).sum(axis=2))
        value, K_bar = map(np.asarray, relaxation_form(K, y, 3.0, 1e-2))
        expected, exact = map(np.asarray, relaxation_form(K, y, 3.0, 1e-12))
    assert abs(value / expected - 1) < 1e-4
    # Not 0, as an eigendecomposition would have it.
    assert 1e-9 < np.linalg.norm(K_bar - exact) / np.linalg.norm(exact) < 1e-2
