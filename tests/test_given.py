"""Rows completed by those near to them, against conditional laws in closed form."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest

from skgantk import _given
from skgantk.preprocessing import TableEncoder

MEAN = np.array([1.0, -2.0, 30.0])
SCALE = np.array([1.0, 0.1, 20.0])
CORRELATION = np.array([[1, 0.8, -0.5], [0.8, 1, -0.3], [-0.5, -0.3, 1]])
COVARIANCE = CORRELATION * np.outer(SCALE, SCALE)
FREE = np.nan


def gaussian(n=4000, seed=0):
    return np.random.default_rng(seed).multivariate_normal(MEAN, COVARIANCE, n)


def law(given):
    """Mean and covariance of the free coordinates."""
    g = ~np.isnan(given)
    B = np.linalg.solve(COVARIANCE[g][:, g], COVARIANCE[g][:, ~g])
    mean = MEAN[~g] + (given[g] - MEAN[g]) @ B
    return mean, COVARIANCE[~g][:, ~g] - COVARIANCE[~g][:, g] @ B


def completed(pool, given, seed=0, *args):
    return _given.completed(pool, given, np.random.RandomState(seed), *args)


@pytest.mark.parametrize(
    "off",
    [
        [0.0, FREE, FREE],
        [1.5, FREE, FREE],
        [FREE, -2.5, FREE],
        [FREE, FREE, 1.0],
        [-1.0, -1.5, FREE],
        [1.0, FREE, 1.0],
        [FREE, FREE, FREE],
    ],
)
def test_conditional_law_of_a_gaussian(off):
    given = np.tile(MEAN + SCALE * off, (800, 1))
    rows = completed(gaussian(), given)
    free = np.isnan(given[0])
    assert_array_equal(rows[:, ~free], given[:, ~free])
    mean, covariance = law(given[0])
    sd = np.sqrt(np.diag(covariance))
    actual = rows[:, free]
    assert np.all(np.abs(actual.mean(axis=0) - mean) < 5 * sd / np.sqrt(800))
    assert_allclose(actual.std(axis=0), sd, rtol=0.12)
    if free.sum() == 2:
        expected = covariance[0, 1] / sd.prod()
        assert abs(np.corrcoef(actual.T)[0, 1] - expected) < 0.12


def test_marginal_law_is_that_of_the_pool():
    """Of rows that are given what fresh ones have."""
    given = gaussian(2000, seed=1)
    given[:, 1:] = np.nan
    rows = completed(gaussian(), given)
    for column, mean, sd in zip(rows.T, MEAN, SCALE):
        assert kstest((column - mean) / sd, "norm").pvalue > 1e-4
    assert_allclose(np.corrcoef(rows.T), CORRELATION, atol=0.07)


def test_rows_with_the_same_given_are_different():
    pool = gaussian(500)
    for count in (1, 5, 77, 500):
        given = np.tile([MEAN[0], FREE, FREE], (count, 1))
        assert len(np.unique(completed(pool, given), axis=0)) == count
    assert len(np.unique(completed(pool, np.full((500, 3), FREE)), axis=0)) == 500
    many = completed(pool, np.full((1200, 3), FREE))
    counts = np.unique(many, axis=0, return_counts=True)[1]
    assert len(counts) == 500
    assert counts.max() - counts.min() <= 1


def test_zeros_of_both_signs_are_the_same_and_come_back():
    pool = gaussian(60) - MEAN
    given = np.full((60, 3), FREE)
    given[:, 0] = np.where(np.arange(60) % 2, 0.0, -0.0)
    rows = completed(pool, given)
    assert len(np.unique(rows, axis=0)) == 60
    assert_array_equal(np.signbit(rows[:, 0]), np.signbit(given[:, 0]))
    assert _given.pool_size(given) == 5 * 60


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ([[1.0, FREE]], 5),
        ([[1.0, FREE]] * 4, 20),
        ([[1.0, FREE], [FREE, 1.0], [FREE, FREE]], 5),
        ([[FREE, FREE]] * 3 + [[1.0, FREE]], 15),
        (np.empty((0, 2)), 5),
    ],
)
def test_size_of_the_pool(given, size):
    assert _given.pool_size(np.array(given)) == size


@pytest.mark.parametrize("n", [2, 4, 5, 6, 40])
def test_barred_rows_are_not_used(n):
    pool = np.column_stack([np.zeros(n), np.arange(n)])  # of which the first tells nothing
    given = np.array([[0.0, FREE]] * 99)
    rows = completed(pool, given, 0, np.full(99, n - 1))
    assert np.rint(rows[:, 1]).max() <= n - 2
    rows = completed(pool, given, 0, np.arange(99) % n)
    assert not np.any(np.isclose(rows[:, 1], np.arange(99) % n))
    free = completed(pool, given, 0, np.full(99, -1))
    assert set(np.rint(free[:, 1])) <= set(range(n))


def test_barred_or_not_ties_are_broken_for_each_row():
    """Rows equally near fill all alike, not the same few every row."""
    pool = np.column_stack([np.zeros(400), np.arange(400.0)])
    given = np.array([[0.0, FREE]] * 200)
    for barred in (None, np.full(200, -1), np.arange(200)):
        rows = completed(pool, given, 0, barred)
        assert len(np.unique(rows[:, 1])) > 100


def test_each_is_drawn_among_the_nearest():
    pool = np.column_stack([np.arange(200.0), np.zeros(200)])
    pool[:, 1] = np.random.default_rng(0).normal(size=200)
    given = np.column_stack([np.arange(200) + 0.01, np.full(200, FREE)])
    rows = completed(pool, given, 0, None, 1)
    assert_allclose(rows[:, 1], pool[:, 1], atol=0.01)


@pytest.mark.parametrize("order", [[2, 0, 1], [1, 2, 0], [0, 2, 1]])
def test_order_of_columns_does_not_matter(order):
    pool, given = gaussian(300), gaussian(40, seed=1)
    given[np.random.default_rng(2).random(given.shape) < 0.5] = np.nan
    expected = completed(pool, given)
    for i in range(40):
        row = given[i : i + 1]
        rows = [completed(P, A) for P, A in ((pool, row), (pool[:, order], row[:, order]))]
        assert_allclose(rows[1], rows[0][:, order], rtol=1e-6)
    assert_array_equal(expected[~np.isnan(given)], given[~np.isnan(given)])


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_units_and_origin_do_not_matter(scale):
    pool, given = gaussian(300), gaussian(40, seed=1)
    given[np.random.default_rng(2).random(given.shape) < 0.5] = np.nan
    factor, shift = np.array([1, scale, 1]), np.array([0, 0, 100.0])
    rows = completed(pool * factor + shift, given * factor + shift)
    assert_allclose((rows - shift) / factor, completed(pool, given), rtol=1e-6)


def test_more_columns_than_rows():
    rng = np.random.default_rng(0)
    pool = rng.normal(size=(12, 2)) @ rng.normal(size=(2, 40))
    given = pool.copy()
    given[:, 20:] = np.nan
    rows = completed(pool, given)
    assert np.isfinite(rows).all()
    errors = [np.abs(F - pool)[:, 20:].mean() for F in (rows, pool.mean(axis=0))]
    assert errors[0] < 0.3 * errors[1]


def test_constant_columns():
    pool = np.column_stack([np.full(30, 7.0), np.arange(30.0)])
    rows = completed(pool, np.array([[9.0, FREE], [FREE, 3.0], [7.0, FREE]]))
    assert_allclose(rows[1], [7, 3])
    assert np.all((rows[:, 1] >= 0) & (rows[:, 1] < 30))
    assert completed(pool, np.empty((0, 2))).shape == (0, 2)


def test_nothing_given_is_changed():
    pool, given = gaussian(50), gaussian(9, seed=1)
    given[::2, 1] = np.nan
    before = pool.copy(), given.copy()
    rows = completed(pool, given)
    assert_array_equal(pool, before[0])
    assert_array_equal(given, before[1])
    whole = given[1::2]
    assert completed(pool, whole) is not whole
    assert_array_equal(completed(pool, whole), whole)
    assert_array_equal(completed(pool, given), rows)
    assert np.any(completed(pool, given, 1) != rows)


def test_rows_moved_have_the_conditional_law():
    Z = gaussian()
    given = np.array([True, False, False])
    onto = Z.copy()
    onto[:, 0] = MEAN[0] + 1.5 * SCALE[0]
    near = np.random.default_rng(0).permutation(4000)[:800]
    rows = _given.moved(Z, near, onto[near], given)
    assert_array_equal(rows[:, 0], onto[near, 0])
    mean, covariance = law(np.array([onto[0, 0], FREE, FREE]))
    sd = np.sqrt(np.diag(covariance))
    assert np.all(np.abs(rows[:, 1:].mean(axis=0) - mean) < 5 * sd / np.sqrt(800))
    assert_allclose(rows[:, 1:].std(axis=0), sd, rtol=0.1)


def test_cells_of_a_table():
    frame = pd.DataFrame(
        {"n": [1.5, 2.5, 3.7, np.nan], "c": list("uvwu"), "b": [True, False, True, True]}
    )
    blocks = TableEncoder().fit(frame)._blocks

    def read(given):
        return _given.cells(blocks, list(frame), pd.DataFrame(given), stacklevel=1)

    cells = read({"c": ["v", None, None], "n": [2, np.nan, 1.6]})
    expected = [[2, 0, 0, 1, 0, FREE], [FREE] * 6, [1.6, 0, *[FREE] * 4]]
    assert_array_equal(cells.coordinates, expected)
    assert cells.columns == [0, 1]
    assert [(k, rows.tolist()) for k, rows, _ in cells.numbers] == [(0, [0, 2])]
    assert read({"b": [None] * 2}).numbers == []
    with pytest.raises(ValueError, match=r"'d'.*'n', 'c', 'b'"):
        read({"d": [1]})
    with pytest.raises(ValueError, match=r"'c'.*'z'"):
        read({"c": ["z"]})
    with pytest.warns(UserWarning, match=r"'n': 9.* is given, and the data end at 3.7"):
        read({"n": [2.0, 9.0]})
