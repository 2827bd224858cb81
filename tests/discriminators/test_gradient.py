"""∇f and ∇c(f) of every discriminator, by differences of its values."""

import numpy as np
import pytest
from _reference.clouds import clouds, with_duplicates
from numpy.testing import assert_allclose

from skgantk.discriminators import (
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.kernels import NTK, RBF

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X, Y, SAMPLE_WEIGHT = clouds()
NEW = np.random.default_rng(1).normal(size=X.shape) + 0.7
KERNEL = NTK(depth=2)
DISCRIMINATORS = [
    NTKIPMDiscriminator(KERNEL),
    NTKIPMDiscriminator(RBF(), training_time="unit_norm"),
    NTKLSGANDiscriminator(KERNEL, generator=0.3),
    NTKLSGANDiscriminator(KERNEL, training_time=np.inf),
    NTKGANDiscriminator(KERNEL),
    NTKGANDiscriminator(KERNEL, solver="lambert"),
    NTKGANDiscriminator(KERNEL, "hinge"),
    NTKLSGANDiscriminator(NTK(depth=1, activation="erf"), initial="nngp", random_state=0),
]
over_discriminators = pytest.mark.parametrize("discriminator", DISCRIMINATORS, ids=str)


def differences(function, points, h):
    columns = []
    for step in h * np.eye(points.shape[1]):
        columns.append((function(points + step) - function(points - step)) / (2 * h))
    return np.stack(columns, axis=1)


@over_discriminators
def test_equals_central_differences(discriminator):
    f = discriminator.fit(X, Y, SAMPLE_WEIGHT)
    for function, gradient in (
        (f.decision_function, f.gradient),
        (f.generator_loss, f.generator_gradient),
    ):
        expected = differences(function, NEW, 1e-5)
        error = np.abs(gradient(NEW) - expected).max()
        assert error < 1e-6 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.6, -0.8)])
@over_discriminators
def test_one_sided_beside_a_training_point(discriminator, direction):
    """Just off a point the slope is the one-sided one there, cusp or not."""
    f, direction = discriminator.fit(X, Y, SAMPLE_WEIGHT), np.array(direction)
    for side in (1, -1):
        beside = X + side * 1e-8 * direction
        slope = f.gradient(beside) @ direction
        # one-sided difference, extrapolated: (4 f(h) - f(2h) - 3 f(0)) / 2h
        h = side * 1e-4
        values = [f.decision_function(X + k * h * direction) for k in (0, 1, 2)]
        expected = (4 * values[1] - values[2] - 3 * values[0]) / (2 * h)
        assert_allclose(slope, expected, atol=1e-5 * np.abs(expected).max())


@over_discriminators
def test_finite_at_coincident_points(discriminator):
    data = with_duplicates(X)
    f = discriminator.fit(data, Y, SAMPLE_WEIGHT)
    assert np.all(np.isfinite(f.gradient(data)))
    assert np.all(np.isfinite(f.generator_gradient(data)))


def test_mean_of_both_sides_at_a_cusp():
    f = NTKIPMDiscriminator(KERNEL).fit(X, Y)
    step = 1e-9 * np.array([0.6, -0.8])
    sides = f.gradient(X + step), f.gradient(X - step)
    assert np.abs(sides[0] - sides[1]).max() > 0.01  # the cusp is there
    assert_allclose(f.gradient(X), (sides[0] + sides[1]) / 2, atol=1e-7)
