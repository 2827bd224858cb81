"""Values that cannot be."""

import numpy as np
import pandas as pd
import pytest
from _reference.people import people
from numpy.testing import assert_array_equal
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.metrics import impossible_values
from skgantk.preprocessing import TableEncoder

WHOLE = np.arange(0, 40, 2)
# Real values, and then possible and impossible ones.
CASES = {
    "numbers": ([0.12345678901, 7.1, np.pi], [1.5, 7.1], [8.0, -0.1]),
    "whole numbers": ([3, 20, 5], [4.0, 20], [4.5, 21, 2]),
    "even numbers": (WHOLE, [2, 14], [3, 40, -2]),
    "cents": ([0.5, 3.25, 12.0], [0.51, 11.99], [0.505, 12.01]),
    "few levels": ([1, 2, 7] * 9, [7, 2.0], [3, 8]),
    "levels off a grid": ([np.pi, np.e, 1 / 3] * 9, [np.pi], [3.0]),
    "a constant": ([5, 5], [5.0], [5.5, 4]),
    "missing": ([1.0, None, 3.0], [2.0, None], [4.0]),
    "not missing": ([1.0, 2.0, 3.0], [2.0], [np.nan]),
    "nothing": ([None, None], [None], [1.0]),
    "labels": (["x", "y", "x"], ["y"], ["z", None]),
    "labels, missing": (["x", None, "y"], ["x", None], ["z"]),
    "booleans": ([True, True], [True], [False]),
    "days": (
        pd.date_range("2020-01-01", "2020-03-01"),
        [pd.Timestamp("2020-02-29")],
        [pd.Timestamp(t) for t in ("2019-12-31", "2020-03-02", "2020-02-29T12")],
    ),
    "beyond float64": (
        2**62 + np.arange(0, 40, 2),
        [2**62 + 4],
        [2**62 + 5, 2**62 + 40],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_by_kind_of_column(case):
    real, possible, impossible = (pd.DataFrame({"a": values}) for values in CASES[case])
    assert impossible_values(real, real) == 0
    assert impossible_values(real, possible) == 0
    assert impossible_values(real, impossible) == 1


def test_what_the_encoder_decodes_is_possible():
    real = people(60, 0)
    encoder = TableEncoder().fit(real)
    Z = encoder.transform(real)
    noise = np.random.default_rng(0).normal(size=Z.shape) * Z.std(axis=0)
    assert impossible_values(real, encoder.inverse_transform(Z + noise)) == 0


def test_of_each_column_and_of_all():
    real = pd.DataFrame({"a": [1, 2, 3, 4], "b": list("xyxy")})
    synthetic = pd.DataFrame({"a": [1, 9, 9, 9], "b": list("xyzx")})
    assert_array_equal(impossible_values(real, synthetic, average=None), [0.75, 0.25])
    assert impossible_values(real, synthetic) == 0.5
    with pytest.raises(InvalidParameterError, match="average"):
        impossible_values(real, synthetic, average="weighted")
