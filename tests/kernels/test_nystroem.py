"""Nyström's approximation: against its formula in NumPy, and in all that uses kernels."""

import jax
import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import lstsq
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as sk

from skgantk._numerics import operators
from skgantk.discriminators import (
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
    stack_samples,
)
from skgantk.generators import GANTKSynthesizer, ParticleFlowGenerator
from skgantk.kernels import (
    NTK,
    RBF,
    NystroemKernel,
    as_core,
    kernel_gradient,
    kernel_sum,
)

pytestmark = pytest.mark.usefixtures("hasty_compilation")

RNG = np.random.default_rng(0)
X, Y, Z = RNG.normal(size=(40, 3)), RNG.normal(size=(30, 3)), RNG.normal(size=(12, 3))
COEF = RNG.normal(size=30)
INNER = [NTK(depth=2), RBF(), 0.5 * sk.Matern(nu=1.5) + sk.ConstantKernel(0.3)]
inner = pytest.mark.parametrize("k", slow_but(INNER[:2], INNER), ids=["NTK", "RBF", "sum"])


def formula(k, X, Y, Z=Z):
    """k(X, Z) K_ZZ⁺ k(Z, Y), by least squares."""
    return k(X, Z) @ lstsq(k(Z), k(Z, Y))[0]


@inner
def test_gram_and_diagonal_follow_the_formula(k):
    kernel = NystroemKernel(k, Z)
    assert_allclose(kernel(X, Y), formula(k, X, Y), atol=1e-8)
    assert_allclose(kernel.diag(X), np.diag(formula(k, X, X)), atol=1e-8)
    K = kernel(X)
    assert_array_equal(K, K.T)
    assert_allclose(K, formula(k, X, X), atol=1e-8)


@inner
def test_sums_and_gradients_are_those_of_the_gram_matrix(k):
    kernel = NystroemKernel(k, Z)
    assert_allclose(kernel_sum(kernel, X, Y, COEF), kernel(X, Y) @ COEF, atol=1e-9)
    gradient, h = kernel_gradient(kernel, X, Y, COEF), 1e-5
    for i, e in enumerate(h * np.eye(3)):
        slope = (kernel(X + e, Y) - kernel(X - e, Y)) @ COEF / (2 * h)
        assert_allclose(gradient[:, i], slope, atol=1e-6)


def test_a_coefficient_for_each_pair():
    coef = np.random.default_rng(1).normal(size=(40, 30))
    core = as_core(NystroemKernel(NTK(), Z))
    with jax.enable_x64(True):
        rows = operators.pullback(core, X, Y, coef)
        expected = [
            operators.gradient(core, x[None], Y, c)[0] for x, c in zip(X, coef, strict=True)
        ]
    assert_allclose(rows, expected, atol=1e-9)


@pytest.mark.parametrize(
    "Z",
    [pytest.param(Y, marks=pytest.mark.slow), np.concatenate([Y, Y])],
    ids=["once", "twice"],
)
def test_with_all_points_as_landmarks_nothing_is_lost(Z):
    kernel = NystroemKernel(NTK(), Z)
    assert_allclose(kernel(Y), NTK()(Y), atol=1e-8)
    assert_allclose(kernel.residual(Y), 0, atol=1e-8)
    exact = kernel_sum(NTK(), X, Y, COEF)
    assert_allclose(kernel_sum(kernel, X, Y, COEF), exact, atol=1e-7)


@inner
def test_residual_and_bound(k):
    kernel = NystroemKernel(k, Z)
    residual = kernel.residual(X)
    assert_allclose(residual, k.diag(X) - np.diag(formula(k, X, X)), atol=1e-8)
    assert np.all(residual >= 0)
    error = abs(kernel_sum(kernel, X, Y, COEF) - kernel_sum(k, X, Y, COEF))
    assert np.all(error <= kernel.error_bound(X, Y, COEF) + 1e-9)
    assert error.max() > 1e-3  # or there would be nothing to bound


def test_more_landmarks_are_better_and_chosen_ones_better_than_any():
    X = np.random.default_rng(1).normal(size=(400, 2))
    X[:300] /= 30  # most points are close together, where one landmark does for all
    lost = [
        NystroemKernel.from_samples(RBF(0.3), X, p, random_state=0).residual(X).mean()
        for p in (10, 20, 40)
    ]
    assert lost[0] > lost[1] > lost[2]
    assert lost[2] < NystroemKernel(RBF(0.3), X[:40]).residual(X).mean() / 3


def test_samples_chosen():
    kernel = NystroemKernel.from_samples(NTK(), X, 10, random_state=0)
    assert kernel.landmarks.shape == (10, 3)
    rows = [np.flatnonzero((X == z).all(axis=1)) for z in kernel.landmarks]
    assert len(np.unique(np.concatenate(rows))) == 10
    again = NystroemKernel.from_samples(NTK(), X, 10, random_state=0)
    assert kernel == again
    few = NystroemKernel.from_samples(NTK(), X, 50).landmarks
    assert_array_equal(np.sort(few, axis=0), np.sort(X, axis=0))


def test_float32():
    kernel = NystroemKernel.from_samples(NTK(), Y, 20, random_state=0)
    single = (a.astype(np.float32) for a in (X, Y, COEF))
    values = kernel_sum(kernel, *single)
    assert values.dtype == np.float32
    assert_allclose(values, kernel_sum(kernel, X, Y, COEF), rtol=1e-3, atol=1e-3)


def test_hyperparameters_are_those_of_the_kernel():
    k = NTK(depth=2, weight_std=1.3) + sk.WhiteKernel(0.1)
    kernel = NystroemKernel(k, Z)
    assert_array_equal(kernel.theta, k.theta)
    assert_array_equal(kernel.bounds, k.bounds)
    assert kernel.get_params()["kernel__k1__weight_std"] == 1.3
    other = kernel.clone_with_theta(kernel.theta + 0.1)
    assert_allclose(other.theta, kernel.theta + 0.1)
    assert other != kernel
    assert clone(kernel) == kernel
    assert "12 landmarks" in repr(kernel)


@inner
def test_gradient_in_the_hyperparameters(k):
    kernel, h = NystroemKernel(k, Z), 1e-5
    K, gradient = kernel(X, eval_gradient=True)
    assert_allclose(K, kernel(X))
    for i, e in enumerate(h * np.eye(len(kernel.theta))):
        up, down = (kernel.clone_with_theta(kernel.theta + s)(X) for s in (e, -e))
        assert_allclose(gradient[..., i], (up - down) / (2 * h), atol=1e-6)


def test_gaussian_process_and_compositions():
    y = np.sin(X[:, 0])
    kernel = NystroemKernel(NTK(depth=2), Z) + sk.WhiteKernel(0.1)
    process = GaussianProcessRegressor(kernel).fit(X, y)
    start = GaussianProcessRegressor(kernel, optimizer=None).fit(X, y)
    assert process.log_marginal_likelihood_value_ > start.log_marginal_likelihood_value_
    composed = as_core(kernel * sk.RBF())
    with jax.enable_x64(True):
        found = operators.product(composed, X, Y, COEF)
    assert_allclose(found, (kernel.k1(X, Y) * sk.RBF()(X, Y)) @ COEF, atol=1e-9)


def likelihood(theta, kernel, X, y):
    """Of k̃ + noise: by the singular values of k̃'s features, none of them negative."""
    kernel = kernel.clone_with_theta(theta)
    k, Z, noise = kernel.k1.kernel, kernel.k1.landmarks, kernel.k2.noise_level
    eigenvalues, V = np.linalg.eigh(k(Z))
    U, s, _ = np.linalg.svd(k(X, Z) @ V / np.sqrt(eigenvalues))
    variance = np.append(s**2, np.zeros(len(X) - len(Z))) + noise + 1e-10
    terms = (U.T @ y) ** 2 / variance + np.log(2 * np.pi * variance)
    return -terms.sum() / 2


@pytest.mark.parametrize("seed", slow_but([0], range(2)))
@pytest.mark.parametrize("k", [NTK(depth=1), 1.0 * sk.RBF()], ids=["NTK", "RBF"])
def test_gaussian_process_with_noise_finds_the_optimum(k, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(25, 2))
    y = np.sin(X[:, 0]) + 0.1 * rng.normal(size=25)
    kernel = NystroemKernel(k, X[:10]) + sk.WhiteKernel(0.1)
    process = GaussianProcessRegressor(kernel).fit(X, y)
    found = process.kernel_.theta
    value = process.log_marginal_likelihood_value_
    assert_allclose(value, likelihood(found, kernel, X, y), rtol=1e-6)
    best = minimize(
        lambda theta: -likelihood(theta, kernel, X, y),
        found,
        method="Nelder-Mead",
        bounds=kernel.bounds,
    )
    assert_allclose(value, -best.fun, atol=1e-4)
    assert value > likelihood(kernel.theta, kernel, X, y) + 1


FLAT = NTK(depth=1, bias_std=0.0, bias_std_bounds="fixed")


@pytest.mark.parametrize("dtype", slow_but(["float64"], ["float32", "float64"]))
@pytest.mark.parametrize(
    "k",
    [
        pytest.param(0.0 * sk.RBF(), id="zero kernel", marks=pytest.mark.slow),
        pytest.param(FLAT, id="zero landmarks"),
    ],
)
def test_landmarks_at_which_all_is_zero(k, dtype):
    """Nothing is in their span: k̃ = 0, not NaN."""
    kernel, data = NystroemKernel(k, np.zeros((3, 3))), X.astype(dtype)
    for values in (kernel(data), kernel(data, Y), kernel.diag(data)):
        assert_array_equal(values, 0)
    assert_array_equal(kernel_sum(kernel, data, Y.astype(dtype), COEF), 0)
    assert_array_equal(kernel_gradient(kernel, data, Y.astype(dtype), COEF), 0)
    assert_array_equal(kernel.residual(data), k.diag(X.astype(dtype)))
    chosen = NystroemKernel.from_samples(k, np.zeros((5, 3)), 3, random_state=0)
    assert_array_equal(chosen.landmarks, 0)
    points, labels = stack_samples(fake=data[:20], real=data[20:])
    fitted = NTKIPMDiscriminator(kernel).fit(points, labels)
    assert_array_equal(fitted.decision_function(data), 0)


def test_gradient_where_all_is_zero():
    kernel = NystroemKernel(FLAT, np.zeros((3, 3)))
    K, gradient = kernel(X, eval_gradient=True)
    assert_array_equal(K, 0)
    assert_array_equal(gradient, 0)


@pytest.mark.parametrize(
    "make",
    [
        NTKIPMDiscriminator,
        pytest.param(
            lambda kernel: NTKLSGANDiscriminator(kernel, training_time=3.0),
            marks=pytest.mark.slow,
        ),
        lambda kernel: NTKLSGANDiscriminator(kernel, training_time=np.inf),
        pytest.param(NTKGANDiscriminator, marks=pytest.mark.slow),
    ],
    ids=["ipm", "lsgan", "lsgan_limit", "gan"],
)
def test_discriminators_are_trained_exactly_for_it(make):
    """With Z among the points, K_ZZ⁺ of rank P is a kernel like any other."""
    points, labels = stack_samples(fake=X[:20], real=X[20:])
    kernel = NystroemKernel(NTK(depth=2), Z)
    fitted = make(kernel).fit(points, labels)
    # The same kernel, written out: features, and the kernel of their inner products.
    root = np.linalg.cholesky(NTK(depth=2)(Z) + 1e-12 * np.eye(12))

    def features(X):
        return np.linalg.solve(root, NTK(depth=2)(Z, X)).T

    linear = make(sk.DotProduct(0, sigma_0_bounds="fixed")).fit(features(points), labels)
    expected = linear.decision_function(features(Y))
    assert_allclose(fitted.decision_function(Y), expected, rtol=1e-5, atol=1e-6)


def clouds_and_kernel(k):
    """Data, a start, and k with 100 landmarks along all ways from one to the other."""
    rng = np.random.default_rng(1)
    data = np.concatenate([rng.normal(size=(40, 2)), 5 + rng.normal(size=(40, 2))])
    start = rng.normal(size=(80, 2))
    seen = np.concatenate([(1 - t) * start + t * data for t in np.linspace(0, 1, 9)])
    return data, start, NystroemKernel.from_samples(k, seen, 100, random_state=0)


def assert_same_way(ends, start):
    exact, approximate = ends
    way, off = (np.sqrt(np.mean((exact - Z) ** 2)) for Z in (start, approximate))
    assert off < 0.02 * min(way, 1)


@pytest.mark.slow
@pytest.mark.parametrize("make", [NTKIPMDiscriminator, NTKLSGANDiscriminator])
def test_flow_goes_the_way_of_the_exact_one(make):
    """With a smooth kernel, of which the landmarks leave nothing."""
    data, start, kernel = clouds_and_kernel(k := RBF(2.0))
    flow = ParticleFlowGenerator(init=start, max_iter=50, random_state=0)
    flows = [clone(flow).set_params(discriminator=make(k)).fit(data) for k in (k, kernel)]
    assert_same_way([flow.particles_ for flow in flows], start)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The samples are further from the data")
def test_synthesis_goes_the_way_of_the_exact_one():
    data, start, kernel = clouds_and_kernel(k := RBF(2.0))
    fixed = {"init": start, "standardize": False, "lam": 10.0, "max_iter": 20}
    ends = [
        GANTKSynthesizer(k, random_state=0, **fixed).fit(data).samples_ for k in (k, kernel)
    ]
    assert_same_way(ends, start)


def test_bad_landmarks():
    with pytest.raises(ValueError, match="landmarks contains NaN"):
        NystroemKernel(NTK(), [[np.nan, 1.0, 2.0]])(X)
    narrow = NystroemKernel(NTK(), [[1.0, 2.0]])
    for use in ((narrow, X), (narrow.diag, X), (kernel_sum, narrow, X, Y, COEF)):
        with pytest.raises(ValueError, match=r"landmarks have 2 features, but X has 3"):
            use[0](*use[1:])
    with pytest.raises(TypeError, match="no formula"):
        NystroemKernel(sk.PairwiseKernel(), Z)(X)
    with pytest.raises(ValueError, match="n_landmarks"):
        NystroemKernel.from_samples(NTK(), X, 0)
