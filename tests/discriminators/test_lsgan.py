import numpy as np
import pytest
import scipy.linalg
import sklearn
from _cases import slow_but
from _reference.clouds import clouds, eight_gaussians, measure_weights, with_duplicates
from numpy.testing import assert_allclose
from sklearn.gaussian_process.kernels import WhiteKernel

from skgantk.discriminators import NTKIPMDiscriminator, NTKLSGANDiscriminator
from skgantk.kernels import NTK, RBF

KERNEL = NTK(depth=1)
TIMES = [1e-3, 1.0, 100.0, np.inf]


def dense_coef(K, w, gap, time):
    """D ψ(S) D gap by scipy: ψ(A)b is the corner of exp([[A, b], [0, 0]])."""
    root = np.sqrt(w)
    S, v = root[:, None] * K * root, root * gap
    if np.isinf(time):
        rcond = len(S) * np.finfo(float).eps
        return -root * (np.linalg.pinv(S, rcond=rcond, hermitian=True) @ v)
    block = np.zeros((len(S) + 1, len(S) + 1))
    block[:-1, :-1], block[:-1, -1] = -4 * time * S, -4 * time * v
    return root * scipy.linalg.expm(block)[:-1, -1]


def compare(X, y, sample_weight, new, time, start=None, **targets):
    kernel = KERNEL
    discriminator = NTKLSGANDiscriminator(
        kernel, training_time=time, initial=start, **targets
    ).fit(X, y, sample_weight)
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    w = measure_weights(y, weight)
    targets = {"real": 1, "fake": -1, **targets}
    target = np.where(y > 0, targets["real"], targets["fake"])
    initial = start.decision_function if start else lambda X: np.zeros(len(X))
    coef = dense_coef(kernel(X), w, initial(X) - target, time)
    for points in (X, new):
        expected = initial(points) + kernel(points, X) @ coef
        assert_allclose(discriminator.decision_function(points), expected, atol=1e-8)
    residual = initial(X) + kernel(X) @ coef - target
    assert_allclose(discriminator.loss_, -2 * np.sum(w * residual**2), atol=1e-8)


X, Y, SAMPLE_WEIGHT = clouds()
NEW = np.random.default_rng(1).normal(size=X.shape)


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("weight", [None, SAMPLE_WEIGHT], ids=["equal", "weighted"])
@pytest.mark.parametrize("data", [X, with_duplicates(X)], ids=["distinct", "duplicates"])
def test_equals_the_dense_formula(data, weight, time):
    compare(data, Y, weight, NEW, time)


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("duplicates", [False, True])
def test_equals_the_dense_formula_by_products(duplicates, time):
    """200 points: few enough for scipy, many enough for Lanczos' method."""
    X, y, weight = clouds(130, 70)
    compare(with_duplicates(X) if duplicates else X, y, weight, NEW, time)


@pytest.mark.slow
@pytest.mark.parametrize("time", TIMES)
def test_equals_the_dense_formula_at_1000_points(time):
    X = np.concatenate(
        [eight_gaussians(600), np.random.default_rng(0).normal(size=(400, 2))]
    )
    compare(X, np.repeat([1, -1], [600, 400]), None, NEW, time)


@pytest.mark.parametrize("time", slow_but([1.0], [1.0, np.inf]))
def test_starts_from_another_discriminator_and_other_targets(time):
    start = NTKIPMDiscriminator(KERNEL, training_time=0.3).fit(NEW, Y)
    compare(X, Y, SAMPLE_WEIGHT, NEW, time, start=start, real=2.0, fake=0.5)


def test_limit_interpolates():
    f = NTKLSGANDiscriminator(KERNEL, training_time=np.inf).fit(X, Y)
    assert_allclose(f.decision_function(X), Y, atol=1e-9)
    assert abs(f.loss_) < 1e-15


def test_limit_at_coincident_points_is_their_weighted_mean():
    both = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, -1.0]])
    f = NTKLSGANDiscriminator(KERNEL, training_time=np.inf).fit(
        both, [1, 0, 0], [1.0, 3.0, 1.0]
    )
    # w = 1/2 on the real point, 3/8 on the fake one beside it
    assert_allclose(f.decision_function(both[:1]), (1 / 2 - 3 / 8) / (7 / 8), rtol=1e-9)


def test_long_times_approach_the_limit():
    data = with_duplicates(X)
    limit = NTKLSGANDiscriminator(KERNEL, training_time=np.inf).fit(data, Y)
    late = NTKLSGANDiscriminator(KERNEL, training_time=1e7).fit(data, Y)
    assert_allclose(
        late.decision_function(NEW), limit.decision_function(NEW), rtol=1e-5, atol=1e-6
    )


def test_short_times_are_those_of_the_ipm():
    """ψ(λ) → -4τ, so f → 4τ·(w∘ρ)-witness = 2τ f*."""
    f = NTKLSGANDiscriminator(KERNEL, training_time=1e-8).fit(X, Y)
    critic = NTKIPMDiscriminator(KERNEL, training_time=2e-8).fit(X, Y)
    assert_allclose(f.dual_coef_, critic.dual_coef_, rtol=1e-5)


@pytest.mark.parametrize("time", [0.1, 1.0, 30.0])
def test_products_alone_give_the_same(time):
    """A cloud whose Gram matrix does not fit the working memory."""
    X, y, _ = clouds(130, 70)
    stored = NTKLSGANDiscriminator(KERNEL, training_time=time).fit(X, y)
    with sklearn.config_context(working_memory=0.1):
        blocks = NTKLSGANDiscriminator(KERNEL, training_time=time).fit(X, y)
    assert_allclose(blocks.decision_function(NEW), stored.decision_function(NEW), atol=1e-9)


NOISES = WhiteKernel(3.0), RBF() * WhiteKernel(3.0)


@pytest.mark.parametrize("noise", slow_but(NOISES[1:], NOISES), ids=str)
def test_noise_counts_whatever_the_memory(noise):
    X, y, _ = clouds(130, 70)
    stored = NTKLSGANDiscriminator(RBF() + noise).fit(X, y)
    assert abs(stored.loss_ - NTKLSGANDiscriminator(RBF()).fit(X, y).loss_) > 0.001
    with sklearn.config_context(working_memory=0.1):
        blocks = NTKLSGANDiscriminator(RBF() + noise).fit(X, y)
    assert_allclose(blocks.dual_coef_, stored.dual_coef_, rtol=1e-6, atol=1e-12)


def test_float32_keeps_its_digits():
    X, y, _ = clouds(130, 70)
    exact = NTKLSGANDiscriminator(KERNEL).fit(X, y)
    single = NTKLSGANDiscriminator(KERNEL).fit(X.astype(np.float32), y)
    new = NEW.astype(np.float32)
    scale = np.abs(exact.gradient(new.astype(float))).max()
    error = np.abs(single.gradient(new) - exact.gradient(new.astype(float))).max()
    assert error < 1e-4 * scale
