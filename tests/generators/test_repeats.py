"""Rows of the data among samples: how many, and what becomes of the others."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from _cases import slow_but
from numpy.testing import assert_array_equal
from scipy.stats import binom

from skgantk.generators import TableSynthesizer, _repeats
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


def repeats(blocks, rows, data, table=None):
    table = data if table is None else table
    return _repeats.repeats(blocks, _repeats.counted(blocks, table), rows, data)


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


def test_a_row_of_another_class_is_no_new_one():
    """Two classes share the rows; half of those of the first are also the second's."""
    blocks, _, everything, rng = coded(1.0)
    chosen = rng.permutation(len(everything))
    first, second = everything[chosen[:12]], everything[chosen[6:20]]
    table = np.vstack([first, second])
    learnt = repeats(blocks, first, first, table)
    assert learnt.kept == 0.5
    known = {tuple(row) for row in table}
    moved = learnt.replaced(table, table, rng)
    changed = np.any(moved != table, axis=1)
    assert changed.any()
    assert not {tuple(row) for row in moved[changed]} & known


@pytest.mark.parametrize("least", slow_but([20], [20, 5]))  # with a generator, without
def test_samples_do_not_contradict_the_labels_of_rows(least):
    """Where two of five rows are known, each has a free one beside it."""
    rows = np.array([*product("abcd", "efgh", "ijk", "lm")])
    rows = rows[np.random.default_rng(least).permutation(len(rows))[:40]]
    y = np.repeat(["few", "many"], [least, 40 - least])
    X, labels = TableSynthesizer(random_state=0).fit(rows, y).sample(40, random_state=0)
    seen = dict(zip(map(tuple, rows), y))
    others = [seen.get(tuple(row)) for row in X]
    assert None in others
    assert all(other in (None, label) for other, label in zip(others, labels))
