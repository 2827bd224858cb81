import numpy as np
import pytest
from _reference.clouds import clouds, measure_weights, with_duplicates
from numpy.testing import assert_allclose

from skgantk.discriminators import NTKIPMDiscriminator, NTKLSGANDiscriminator
from skgantk.kernels import NTK, RBF, kernel_gradient

X, y, SAMPLE_WEIGHT = clouds()
NEW = np.random.default_rng(1).normal(size=X.shape)


def witness(kernel, X, y, sample_weight, points):
    """E_real k - E_fake k, and its squared RKHS norm, from Gram matrices."""
    direction = 2 * measure_weights(y, sample_weight) * y
    return kernel(points, X) @ direction, direction @ kernel(X) @ direction


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("data", [X, with_duplicates(X)], ids=["distinct", "duplicates"])
@pytest.mark.parametrize("time", [1e-3, 1.0, 1e3])
def test_is_the_mmd_witness(time, data, weighted):
    weight = SAMPLE_WEIGHT if weighted else np.ones(len(y))
    critic = NTKIPMDiscriminator(training_time=time).fit(data, y, weight)
    for points in (data, NEW):
        values, mmd2 = witness(NTK(), data, y, weight, points)
        assert_allclose(critic.decision_function(points) / time, values, atol=1e-12)
    assert abs(critic.loss_ / time - mmd2) < 1e-12


def test_loss_grows_from_that_of_the_start():
    start = NTKLSGANDiscriminator(NTK(), training_time=0.1).fit(NEW, y)
    for time in (1e-3, 2.0):
        critic = NTKIPMDiscriminator(training_time=time, initial=start).fit(X, y)
        f = start.decision_function(X)
        loss_of_start = f[y > 0].mean() - f[y < 0].mean()
        mmd2 = witness(NTK(), X, y, np.ones(len(y)), X)[1]
        assert abs(critic.loss_ - loss_of_start - time * mmd2) < 1e-12


def test_unit_norm():
    critic = NTKIPMDiscriminator(training_time="unit_norm").fit(X, y, SAMPLE_WEIGHT)
    c = critic.dual_coef_
    assert_allclose(c @ NTK()(X) @ c, 1, rtol=1e-12)
    mmd2 = witness(NTK(), X, y, SAMPLE_WEIGHT, X)[1]
    assert_allclose(critic.loss_, np.sqrt(mmd2), rtol=1e-12)


def test_unit_norm_of_equal_clouds_is_zero():
    both = np.concatenate([X[:5], X[:5]])
    labels = np.repeat([0, 1], 5)
    critic = NTKIPMDiscriminator(training_time="unit_norm").fit(both, labels)
    assert np.all(np.isfinite(critic.dual_coef_))
    assert_allclose(critic.decision_function(NEW), 0, atol=1e-6)


def test_unit_norm_of_many_points_in_single_precision():
    """A small MMD is no rounding, however many terms it has."""
    rng = np.random.default_rng(0)
    many = np.concatenate([rng.normal(0.04, size=(4000, 1)), rng.normal(size=(4000, 1))])
    labels, critic = np.repeat([1, 0], 4000), NTKIPMDiscriminator(RBF(), "unit_norm")
    exact = critic.fit(many, labels).loss_
    assert exact < 0.03
    assert_allclose(critic.fit(many.astype(np.float32), labels).loss_, exact, rtol=1e-2)


def test_gradient_is_that_of_the_witness():
    critic = NTKIPMDiscriminator(training_time=3.0).fit(X, y)
    expected = kernel_gradient(NTK(), NEW, X, critic.dual_coef_)
    assert_allclose(critic.gradient(NEW), expected, rtol=1e-14)
    assert_allclose(critic.generator_gradient(NEW), -expected, rtol=1e-14)
