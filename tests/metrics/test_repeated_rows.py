"""Rows that are there already."""

import numpy as np
import pandas as pd
from _reference.people import people

from skgantk.metrics import repeated_rows

TRAIN, OTHERS = people(60, 0), people(60, 1)


def test_copies_and_fresh_rows():
    assert repeated_rows(TRAIN, TRAIN) == 1
    assert repeated_rows(TRAIN, OTHERS) == 0
    assert repeated_rows(TRAIN, pd.concat([OTHERS, TRAIN[:20]])) == 0.25


def test_one_value_makes_another_row():
    for name in TRAIN:
        other = TRAIN.assign(**{name: OTHERS[name]})
        same = TRAIN[name].eq(OTHERS[name]) | (TRAIN[name].isna() & OTHERS[name].isna())
        assert repeated_rows(TRAIN, other) == same.mean()


def test_zeros_and_missing_values_are_equal():
    real = np.array([[0.0, np.nan], [1.0, 2.0]])
    assert repeated_rows(real, [[-0.0, np.nan]]) == 1
    assert repeated_rows(real, [[np.nan, 0.0]]) == 0
