"""Sums on a line, against all pairs of them in NumPy."""

import jax
import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose, assert_array_equal

from skgantk._numerics import line_sums


def found(t, s, coef, exact=True, width=0.0):
    with jax.enable_x64(True):
        line = line_sums.line(s, coef, exact)
        slopes = line_sums.slopes(line, t, np.full(len(t), width), exact)
        return np.asarray(line_sums.values(line, t)), np.asarray(slopes)


def expected(t, s, coef):
    z = np.subtract.outer(t, s)
    return np.abs(z) @ coef, np.sign(z) @ coef


def points(n, m, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=n), scale * rng.normal(size=m), rng.normal(size=m)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("scale", [1e-300, 1e-8, 1.0, 1e8, 1e150])
@pytest.mark.parametrize(
    ("n", "m"), slow_but([(1, 1), (500, 50)], [(1, 1), (3, 500), (500, 50)])
)
def test_sums_are_those_of_all_pairs(n, m, scale, exact):
    t, s, coef = points(n, m, scale=scale)
    values, slopes = found(t, s, coef, exact)
    of_pairs = expected(t, s, coef)
    rounding = 1e-14 if exact else 2.0 ** -(50 - m.bit_length())
    assert_allclose(values, of_pairs[0], rtol=0, atol=rounding * scale * m)
    assert_allclose(slopes, of_pairs[1], rtol=0, atol=1e-14 * m)


@pytest.mark.parametrize("exact", [True, False])
def test_equal_points_of_either_sign_count_for_nothing(exact):
    t = np.array([0.0, -0.0, 1.5, -1.5, 2.0])
    s, coef = np.array([-0.0, 1.5, 0.0, 1.5, -1.5, 3.0]), np.arange(1.0, 7)
    values, slopes = found(t, s, coef, exact)
    of_pairs = expected(t, s, coef)
    assert_allclose(values, of_pairs[0], rtol=1e-12)
    assert_array_equal(slopes, of_pairs[1])


def test_all_points_in_one():
    values, slopes = found(np.full(4, 0.1), np.full(7, 0.1), np.ones(7))
    assert_allclose(values, 0, atol=1e-15)
    assert_array_equal(slopes, np.zeros(4))


def test_neighbouring_floats_are_told_apart():
    s = np.nextafter(1.0, [0.0, 1.0, 2.0])[[2, 0, 1]]
    _, slopes = found(s, s, np.array([1.0, 10.0, 100.0]))
    assert_array_equal(slopes, expected(s, s, np.array([1.0, 10.0, 100.0]))[1])


@pytest.mark.parametrize("exact", [True, False])
def test_points_within_the_width_are_coincident(exact):
    s = np.array([1.0, 1.0 + 1e-9, 1.1])
    _, slopes = found(np.array([1.0]), s, np.array([1.0, 10.0, 100.0]), exact, 1e-8)
    assert_array_equal(slopes, [-100.0])


def test_rounding_does_not_grow_with_the_points():
    """A sum in order would lose 1e-12; a million of points of mass 1."""
    t, s, coef = points(20, 10**6)
    coef = np.abs(coef) / 10**6
    with np.errstate(all="ignore"):
        of_pairs = [float(np.sum(coef * np.abs(x - s), dtype=np.longdouble)) for x in t]
    values, _ = found(t, s, coef)
    assert_allclose(values, of_pairs, rtol=2e-15)
