"""What every critic must do, and the formulas of those that are newer than the papers.

A new one is put through all of it by a line in CRITICS.
"""

import warnings
from itertools import product

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from _cases import slow_but
from _reference.clouds import clouds, measure_weights, with_duplicates
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import kernels as sk

from skgantk.discriminators import (
    DriftingDiscriminator,
    DrMMDDiscriminator,
    KALEDiscriminator,
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.generators import NeuralGenerator, ParticleFlowGenerator
from skgantk.kernels import NNGP, NTK, RBF

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X, Y, SAMPLE_WEIGHT = clouds()
NEW = np.random.default_rng(1).normal(size=X.shape) + 0.7
CRITICS = {
    "ipm": NTKIPMDiscriminator(RBF()),
    "lsgan": NTKLSGANDiscriminator(RBF()),
    "vanilla": NTKGANDiscriminator(RBF()),
    "hinge": NTKGANDiscriminator(RBF(), "hinge"),
    "drmmd": DrMMDDiscriminator(RBF(), 1e-3),
    "drmmd_ntk": DrMMDDiscriminator(NTK(depth=1)),
    "kale": KALEDiscriminator(RBF(), 1e-3),
    "drifting": DriftingDiscriminator(RBF(0.5)),
    "drifting_ntk": DriftingDiscriminator(NTK(depth=2)),
}
UNTRAINED = {"drifting", "drifting_ntk"}
REGULARIZED = {"drmmd": DrMMDDiscriminator, "kale": KALEDiscriminator}
KINDS = CRITICS.keys() - {"vanilla", "drmmd_ntk", "drifting_ntk"}
SAME = np.concatenate([X[:10], X[:10]])  # as many as X are, or another program is compiled
over_critics = pytest.mark.parametrize("name", slow_but(KINDS, CRITICS))
over_regularized = pytest.mark.parametrize("name", REGULARIZED)


def fitted(name, X=X, y=Y, weight=SAMPLE_WEIGHT):
    return clone(CRITICS[name]).fit(X, y, weight)


def assert_same_function(one, other, rtol):
    for method in ("decision_function", "gradient", "generator_gradient"):
        values = getattr(one, method)(NEW)
        assert_allclose(getattr(other, method)(NEW), values, atol=rtol * abs(values).max())
    assert_allclose(other.loss_, one.loss_, rtol)


# What every critic must do


@over_critics
def test_gradients_by_differences(name):
    f = fitted(name)
    for function, gradient in (
        (f.decision_function, f.gradient),
        (f.generator_loss, f.generator_gradient),
    ):
        steps = 1e-5 * np.eye(2)
        expected = [(function(NEW + h) - function(NEW - h)) / 2e-5 for h in steps]
        expected = np.stack(expected, axis=1)
        assert_allclose(gradient(NEW), expected, atol=1e-6 * abs(expected).max())


@pytest.mark.parametrize("name", slow_but(KINDS, sorted(CRITICS.keys() - UNTRAINED)))
def test_training_gains(name):
    """L(f) > L(f₀), which is what clouds that are the same come to."""
    f = fitted(name)
    assert f.loss_ > clone(CRITICS[name]).fit(SAME, np.repeat([1, -1], 10)).loss_


@over_critics
def test_order_of_points_does_not_matter(name):
    order = np.random.default_rng(0).permutation(len(X))
    other = fitted(name, X[order], Y[order], SAMPLE_WEIGHT[order])
    assert_same_function(fitted(name), other, 1e-9)


@over_critics
def test_weights_are_repetitions(name):
    counts = np.ones(len(X), int)
    counts[[0, 5, 16]] = 3, 2, 2
    repeated = fitted(name, np.repeat(X, counts, axis=0), np.repeat(Y, counts), None)
    assert_same_function(fitted(name, weight=counts.astype(float)), repeated, 1e-7)


@over_critics
def test_points_of_no_weight_are_not_there(name):
    rng = np.random.default_rng(2)
    more = np.concatenate([X, rng.normal(size=(4, 2))])
    labels = np.concatenate([Y, [1, -1, 1, -1]])
    weight = np.concatenate([SAMPLE_WEIGHT, np.zeros(4)])
    assert_same_function(fitted(name), fitted(name, more, labels, weight), 1e-9)


@over_critics
def test_duplicates(name):
    data = with_duplicates(X)
    f = fitted(name, data)
    for method in ("decision_function", "gradient", "generator_gradient"):
        assert np.all(np.isfinite(getattr(f, method)(np.concatenate([data, NEW]))))


@over_critics
def test_clouds_that_are_the_same_have_no_force(name):
    f = fitted(name, SAME, np.repeat([1, -1], 10), None)
    assert_allclose(f.gradient(NEW), 0, atol=1e-7 * abs(fitted(name).gradient(NEW)).max())


@over_critics
def test_dtypes(name):
    f = fitted(name)
    single = fitted(name, X.astype(np.float32))
    for method in ("decision_function", "gradient"):
        values = getattr(f, method)(NEW)
        ours = getattr(single, method)(NEW.astype(np.float32))
        assert ours.dtype == np.float32
        assert_allclose(ours, values, atol=2e-3 * abs(values).max())


@pytest.mark.parametrize("name", slow_but(["ipm", "drmmd", "kale", "drifting"], CRITICS))
def test_in_a_flow(name):
    """Its critic is the one that is fitted to its particles, and it comes nearer."""
    target = np.random.default_rng(0).normal(size=(10, 2)) + 1
    params = {"max_iter": 60, "check_every": 30, "random_state": 0}
    flow = ParticleFlowGenerator(clone(CRITICS[name]), **params).fit(target)
    start = ParticleFlowGenerator(clone(CRITICS[name]), max_iter=1, random_state=0)
    assert flow.score(target) > start.fit(target).score(target)
    y = np.repeat([-1, 1], 10)
    alone = clone(CRITICS[name]).fit(np.concatenate([flow.particles_, target]), y)
    assert_same_function(alone, flow.discriminator_, 1e-6)


@pytest.mark.parametrize("batch_size", slow_but([16], [None, 16]))
@pytest.mark.parametrize(
    "name", slow_but(["drmmd", "drifting"], ["drmmd", "kale", "drifting"])
)
def test_in_batches_and_in_a_network(name, batch_size):
    target = np.random.default_rng(0).normal(size=(30, 2)) + 1
    params = {"max_iter": 4, "check_every": 2, "batch_size": batch_size, "random_state": 0}
    flow = ParticleFlowGenerator(clone(CRITICS[name]), **params).fit(target)
    assert np.all(np.isfinite(flow.particles_))
    params |= {"batch_size": 16, "hidden_layer_sizes": (8,)}
    network = NeuralGenerator(clone(CRITICS[name]), **params).fit(target)
    assert np.all(np.isfinite(network.sample(10)))


@over_regularized
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_regularization_beyond_the_precision_is_told(dtype, name):
    eps = np.finfo(dtype).eps
    critic = REGULARIZED[name](RBF(), 16 * eps)
    told = ConvergenceWarning, ValueError  # that there are no digits, or not even a number
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(told, match=r"[Rr]aise regularization"):
            critic.fit(X.astype(dtype), Y)
    critic.set_params(regularization=1e-2).fit(X.astype(dtype), Y)


@over_regularized
def test_carry_over_is_refused(name):
    flow = ParticleFlowGenerator(REGULARIZED[name](), carry_over=True, max_iter=2)
    with pytest.raises(ValueError, match="carry_over is for discriminators that are"):
        flow.fit(X)


# Oracles


def slopes(f, points, h=1e-3):
    """∇f by central differences, of which h² is taken out."""
    columns = []
    for e in h * np.eye(points.shape[1]):
        near, far = (f(points + k * e) - f(points - k * e) for k in (1, 2))
        columns.append((8 * near - far) / (12 * h))
    return np.stack(columns, axis=1)


def assert_slopes(critic, f, points):
    expected = slopes(f, points)
    assert_allclose(critic.gradient(points), expected, atol=1e-8 * abs(expected).max())


def measures(X, y, weight):
    w = 2 * measure_weights(y, weight)
    return X[y > 0], w[y > 0], X[y < 0], w[y < 0]


def many(n, seed=0):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 3)), np.where(rng.random(n) < 0.6, 1, -1)
    X[y > 0] += 0.7
    return X, y, rng.uniform(0.5, 2, n)


CASES = {
    "few": (X, Y, SAMPLE_WEIGHT),
    "duplicates": (with_duplicates(X), Y, SAMPLE_WEIGHT),
    "50": many(50),
    "500": many(500),
}
KERNELS = {"ntk": NTK(depth=1), "rbf": RBF(0.5)}
QUICK = [("ntk", "few"), *product(["rbf"], ["few", "duplicates", "500"])]
over_cases = pytest.mark.parametrize(
    ("kernel", "case"), slow_but(QUICK, product(KERNELS, CASES))
)


@over_cases
@pytest.mark.parametrize("lam", [1e-4, 0.1, 30.0])
def test_drmmd_by_its_definition(kernel, lam, case):
    """(Σ + λ) f = 2(1 + λ) g: f by a dense system, and what Σ + λ makes of it."""
    kernel, (X, y, weight) = KERNELS[kernel], CASES[case]
    real, b, fake, a = measures(X, y, weight)
    critic = DrMMDDiscriminator(kernel, lam).fit(X, y, weight)
    g = kernel(real) @ b - kernel(real, fake) @ a
    # f = (2(1 + λ) g - Σf)/λ, Σf = Σ_i b_i f(x_i) k(·, x_i)
    values = np.linalg.solve(kernel(real) * b + lam * np.eye(len(real)), 2 * (1 + lam) * g)
    points = X[:20] + 0.1

    def f(points):
        g = kernel(points, real) @ b - kernel(points, fake) @ a
        return (2 * (1 + lam) * g - kernel(points, real) @ (b * values)) / lam

    expected = f(points)
    scale = abs(expected).max()
    assert_allclose(critic.decision_function(points), expected, atol=1e-8 * scale)
    # ⟨g, f⟩ = 2 DrMMD
    assert_allclose(critic.loss_, (b @ f(real) - a @ f(fake)) / 2, rtol=1e-8)
    assert_slopes(critic, f, points)


@over_cases
@pytest.mark.parametrize("lam", [1e-3, 0.1, 30.0])
def test_kale_by_its_condition(kernel, lam, case):
    """λh = m_fake - E_real eʰ k, and the value is the objective of h."""
    kernel, (X, y, weight) = KERNELS[kernel], CASES[case]
    real, b, fake, a = measures(X, y, weight)
    critic = KALEDiscriminator(kernel, lam).fit(X, y, weight)

    def h(points):
        return -critic.decision_function(points) / (1 + lam)

    q = b * np.exp(h(real))
    points = X[:20] + 0.1

    def expected(points):
        return (kernel(points, fake) @ a - kernel(points, real) @ q) / lam

    assert_allclose(h(points), expected(points), atol=1e-8 * abs(h(points)).max())
    assert_slopes(critic, lambda points: -(1 + lam) * expected(points), points)
    square = (a @ kernel(fake) @ a - 2 * a @ kernel(fake, real) @ q) / lam**2
    square += q @ kernel(real) @ q / lam**2
    value = (1 + lam) * (1 + a @ h(fake) - q.sum() - lam / 2 * square)
    assert_allclose(critic.loss_, value, rtol=1e-8, atol=1e-10)


def test_kale_is_the_maximum():
    """By a general optimiser, over h in the span of all points."""
    _, b, _, a = measures(X, Y, SAMPLE_WEIGHT)
    lam, K = 0.3, RBF()(X)
    there = Y > 0

    def minus(c):
        h = K @ c
        return -(1 + a @ h[~there] - b @ np.exp(h[there]) - lam / 2 * c @ h)

    found = minimize(minus, np.zeros(len(X)), tol=1e-12)
    critic = KALEDiscriminator(RBF(), lam).fit(X, Y, SAMPLE_WEIGHT)
    assert -1e-12 < critic.loss_ + (1 + lam) * found.fun < 1e-6


@pytest.mark.parametrize("name", REGULARIZED)
@pytest.mark.parametrize("kernel", KERNELS)
def test_limit_is_the_mmd(kernel, name):
    """f → 2f* and f*, the errors falling as 1/λ."""
    kernel = KERNELS[kernel]
    witness = NTKIPMDiscriminator(kernel).fit(X, Y, SAMPLE_WEIGHT)
    expected, errors = witness.decision_function(NEW), []
    factor = {"drmmd": 2, "kale": 1}[name]
    for lam in (1e4, 1e5, 1e6):
        critic = REGULARIZED[name](kernel, lam).fit(X, Y, SAMPLE_WEIGHT)
        errors.append(abs(critic.decision_function(NEW) / factor - expected).max())
        assert_allclose(critic.loss_, factor / 2 * witness.loss_, rtol=100 / lam)
    assert_allclose(np.divide(errors[:-1], errors[1:]), 10, rtol=0.01)


def test_limits_are_the_divergences():
    """Of two laws on three points, which a characteristic kernel tells from all others."""
    points = np.array([[0.0], [1.0], [3.0]])
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])  # fake, real
    sample = np.concatenate([points, points]), np.repeat([-1, 1], 3), np.append(p, q)
    drmmd = DrMMDDiscriminator(RBF(0.3), 1e-7).fit(*sample)
    assert_allclose(drmmd.loss_, np.sum((p - q) ** 2 / q), rtol=1e-5)
    kale = KALEDiscriminator(RBF(0.3), 1e-7).fit(*sample)
    assert_allclose(kale.loss_, np.sum(p * np.log(p / q)), rtol=1e-5)


@pytest.mark.parametrize("case", slow_but(["few", "duplicates", "50"], CASES))
@pytest.mark.parametrize("scale", [0.05, 1.0])
def test_drifting_by_its_formula(scale, case):
    X, y, weight = CASES[case]
    real, b, fake, a = measures(X, y, weight)
    critic = DriftingDiscriminator(RBF(scale)).fit(X, y, weight)
    points = np.concatenate([X[:20] + 0.1, 100 * X[:3]])
    rate = 1 / (2 * X.shape[1] * scale**2)
    logs = [-rate * cdist(points, c, "sqeuclidean") for c in (real, fake)]
    expected = logsumexp(logs[0], 1, b) - logsumexp(logs[1], 1, a)
    assert_allclose(critic.decision_function(points), expected, rtol=1e-8)
    slopes = []
    for log, cloud, w in zip(logs, (real, fake), (b, a)):
        share = w * np.exp(log - logsumexp(log, 1, w, keepdims=True))
        slopes.append(-2 * rate * (points - share @ cloud))
    error = abs(critic.gradient(points) - (slopes[0] - slopes[1]))
    assert error.max() < 1e-8 * abs(slopes[0]).max()
    f = [critic.decision_function(cloud) for cloud in (real, fake)]
    assert_allclose(critic.loss_, b @ f[0] - a @ f[1], rtol=1e-10)


MIXED = 2.0 * sk.Matern(0.3, nu=0.5) + sk.RBF([0.3, 0.4])


@pytest.mark.parametrize(
    "kernel",
    slow_but(
        [MIXED, NTK(depth=2)],
        [
            MIXED,
            sk.Matern(nu=1.5) * sk.RationalQuadratic(),
            sk.Matern(nu=2.5) ** 2,
            sk.ExpSineSquared(1.0, 3.0),
            NNGP(depth=2),
            NTK(depth=2),
        ],
    ),
    ids=str,
)
def test_drifting_with_other_positive_kernels(kernel):
    real, b, fake, a = measures(X, Y, SAMPLE_WEIGHT)
    critic = DriftingDiscriminator(kernel).fit(X, Y, SAMPLE_WEIGHT)
    expected = np.log(kernel(NEW, real) @ b) - np.log(kernel(NEW, fake) @ a)
    assert_allclose(critic.decision_function(NEW), expected, atol=1e-12)
    steps = 1e-5 * np.eye(2)
    f = critic.decision_function
    slope = np.stack([(f(NEW + h) - f(NEW - h)) / 2e-5 for h in steps], axis=1)
    assert_allclose(critic.gradient(NEW), slope, atol=1e-7)


ALL_FAR = [RBF(0.1), sk.Matern(0.1, nu=1.5), RBF(0.1) + RBF(0.2), RBF(0.1) ** 2]


@pytest.mark.parametrize(
    ("kernel", "dtype"),
    slow_but(
        [(RBF(0.1), np.float32), (RBF(0.1), np.float64), (ALL_FAR[2], np.float64)],
        product(ALL_FAR, [np.float32, np.float64]),
    ),
    ids=str,
)
def test_drifting_far_from_all_points(kernel, dtype):
    """Where every k(x, x_i) is 0 in floating point; against 50 digits."""
    far = np.array([[40.0, -30.0]], dtype)
    assert np.all(kernel(far, X) < np.finfo(dtype).tiny)
    critic = DriftingDiscriminator(kernel).fit(X.astype(dtype), Y)

    def value(x):
        def k(y):
            s = sum((mpmath.mpf(float(u)) - float(v)) ** 2 for u, v in zip(x, y))
            if kernel == sk.Matern(0.1, nu=1.5):
                root = mpmath.sqrt(3 * s) / mpmath.mpf("0.1")
                return (1 + root) * mpmath.exp(-root)
            if kernel == RBF(0.1) + RBF(0.2):
                return sum(
                    mpmath.exp(-s / (4 * mpmath.mpf(e) ** 2)) for e in ("0.1", "0.2")
                )
            power = 2 if kernel == RBF(0.1) ** 2 else 1
            return mpmath.exp(-s * power / (4 * mpmath.mpf("0.1") ** 2))

        data = X.astype(dtype)
        means = [mpmath.fsum(map(k, c)) / len(c) for c in (data[Y > 0], data[Y < 0])]
        return mpmath.log(means[0]) - mpmath.log(means[1])

    with mpmath.workdps(50):
        expected = float(value(far[0]))
    # l is known to a rounding of l itself, and is some 1e5
    rounding = 8 * np.finfo(dtype).eps * 2e5
    assert abs(critic.decision_function(far)[0] - expected) < rounding
    assert np.any(critic.gradient(far) != 0)
    assert np.all(np.isfinite(critic.gradient(far)))


@pytest.mark.parametrize(
    "kernel",
    [
        NTK(depth=1),
        NTK(activation="erf"),
        NNGP(depth=1),
        sk.DotProduct(),
        NTK() + NTK(depth=1),
    ],
    ids=str,
)
def test_drifting_refuses_what_is_no_density(kernel):
    with pytest.raises(ValueError, match="not a density"):
        DriftingDiscriminator(kernel).fit(X, Y)


def test_relu_kernels_called_positive_are():
    rng = np.random.default_rng(0)
    points = np.concatenate([s * rng.normal(size=(100, 2)) for s in (1e-3, 1, 1e3)])
    points = np.concatenate([points, -points])  # opposite ones, too
    for bias in (0.0, 0.1, 1.0):
        for kernel in (NTK(depth=2, bias_std=bias), NNGP(depth=2, bias_std=bias)):
            K = kernel(points)
            cosine = K / np.sqrt(np.outer(np.diag(K), np.diag(K)))
            assert cosine.min() > 0.05
    assert NTK(depth=1, bias_std=0)(points).min() < 0


def test_drifting_is_the_regression_on_drifted_points():
    """Of g(z) = zW, ∇ ½‖g - stop(g - v)‖², v = ∇(c∘f)(g), is that of c(f(g)) itself."""
    critic = fitted("drifting")
    z, W = np.random.default_rng(3).normal(size=(2, 6, 2))
    W = W[:2]
    drifted = z @ W - critic.generator_gradient(z @ W)

    def density(points, label):
        squares = jnp.sum((points[:, None] - X[Y == label]) ** 2, axis=2)
        return jax.nn.logsumexp(-squares, axis=1, b=SAMPLE_WEIGHT[Y == label])  # ℓ² = ¼

    def minus_f(W):
        return jnp.sum(density(z @ W, -1) - density(z @ W, 1))

    with jax.enable_x64(True):
        loss = jax.jit(jax.grad(minus_f))(W)
        regression = z.T @ (z @ W - drifted)
    assert_allclose(regression, loss, rtol=1e-10)


def test_dual_coefficients_of_prepared_and_of_single_critics():
    """In a flow K_XX is factored once: the same critic, of a cloud that is filled up."""
    for critic in (DrMMDDiscriminator(RBF()), KALEDiscriminator(RBF())):
        flow = ParticleFlowGenerator(critic, max_iter=1, random_state=0).fit(X[:10])
        data = np.concatenate([flow.particles_, X[:10]])
        alone = clone(critic).fit(data, np.repeat([-1, 1], 10))
        order = np.lexsort(alone.X_fit_.T), np.lexsort(flow.discriminator_.X_fit_.T)
        ours = flow.discriminator_.dual_coef_[order[1]]
        assert_allclose(ours, alone.dual_coef_[order[0]], rtol=1e-9)
