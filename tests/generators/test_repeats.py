"""Rows of the data among samples: how many, and what becomes of the others."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import binom

from skgantk.generators._repeats import repeats
from skgantk.preprocessing import TableEncoder

LETTERS, NUMBERS = list("abcd"), [0, 1, 2, 5]


def coded(share, seed=0):
    """A share of all rows of three kinds of columns: blocks, data and all rows, encoded."""
    rows = [*product(LETTERS, [True, False], NUMBERS)] * 5
    frame = pd.DataFrame(rows, columns=["letter", "flag", "number"])
    encoder = TableEncoder().fit(frame)
    rng = np.random.default_rng(seed)
    Z = np.unique(encoder.transform(frame), axis=0)
    return encoder._blocks, Z[rng.random(len(Z)) < share], Z, rng


@pytest.mark.parametrize("seed", range(5))
def test_a_repeated_row_goes_to_the_nearest_other_that_differs_in_one_column(seed):
    blocks, data, everything, rng = coded(0.5, seed)
    points = data + 0.3 * rng.normal(size=data.shape)
    learnt = repeats(blocks, data, data)
    assert learnt.kept == 0  # every row of the data is there once
    moved = learnt.replaced(data, points, rng)
    known = {tuple(row) for row in data}
    weights = 1 / data.var(axis=0)
    for row, point, other in zip(data, points, moved):
        changed = [np.any(row[b.columns] != everything[:, b.columns], 1) for b in blocks]
        number = everything[:, blocks[2].columns][:, 0]
        away = np.searchsorted(NUMBERS, number) - np.searchsorted(NUMBERS, row[-1])
        allowed = (np.sum(changed, axis=0) == 1) & (np.abs(away) <= 1)
        allowed &= np.array([tuple(one) not in known for one in everything])
        if not allowed.any():
            assert_array_equal(other, row)
            continue
        distances = ((everything - point) ** 2 @ weights)[allowed]
        assert np.isclose((other - point) ** 2 @ weights, distances.min(), rtol=1e-12)
        assert tuple(other) not in known


def test_rows_that_are_not_of_the_data_stay():
    blocks, data, everything, rng = coded(0.4)
    known = {tuple(row) for row in data}
    fresh = np.array([row for row in everything if tuple(row) not in known])
    moved = repeats(blocks, data, data).replaced(fresh, fresh + rng.normal(), rng)
    assert_array_equal(moved, fresh)


def test_a_share_stays_that_fresh_rows_would_repeat():
    """Draws of the same law: no row moves but by chance; draws of the data alone: many."""
    blocks, _, everything, rng = coded(1.0)
    law = rng.dirichlet(np.full(len(everything), 0.3))
    data, fresh = (everything[rng.choice(len(law), 400, p=law)] for _ in range(2))
    assert repeats(blocks, fresh, data).kept > 0.9
    n = 32
    data = everything[rng.choice(len(everything), n)]
    once = np.sum(np.unique(data, axis=0, return_counts=True)[1] == 1)
    learnt = repeats(blocks, data, data)
    assert learnt.kept == pytest.approx(1 - once / n)
    moved = learnt.replaced(data, data, rng)
    stayed = np.sum(np.all(moved == data, axis=1))
    low, high = binom.interval(1 - 1e-9, n, learnt.kept)
    assert low <= stayed <= high


def test_a_coordinate_that_never_varies_does_not_change():
    blocks, data, _, rng = coded(1.0)
    data = data[data[:, 0] == 0]  # no row of the first letter
    moved = repeats(blocks, data[::2], data[::2]).replaced(data[::2], data[::2], rng)
    assert np.all(moved[:, 0] == 0)
    assert np.any(moved != data[::2])


def test_tables_whose_every_row_is_known_stay_as_they_are():
    blocks, _, everything, rng = coded(1.0)
    learnt = repeats(blocks, everything, everything)
    assert_array_equal(learnt.replaced(everything, everything, rng), everything)
