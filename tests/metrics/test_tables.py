"""Tables are read alike, whatever they are of."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from skgantk.metrics import _tables
from skgantk.metrics._tables import column_index, read


def columns(real, synthetic, **params):
    """The first column of two tables."""
    tables = read({"real": real, "synthetic": synthetic}, **params)
    return [table.columns[0] for table in tables]


def frame(values):
    return pd.DataFrame({"a": values})


def test_numbers_labels_and_missing_values():
    a, b = columns(frame([1, 2]), frame([1.5, None]))
    assert a.numeric
    assert_array_equal(a.values, [1, 2])
    assert_array_equal(b.values, [1.5, np.nan])
    assert_array_equal(b.missing, [False, True])
    a, b = columns(frame(["y", None]), frame(["x", "y"]))
    assert a.levels == b.levels == ["x", "y", None]
    assert_array_equal(a.values, [1, 2])
    assert_array_equal(b.values, [0, 1])
    assert_array_equal(a.missing, [False, True])


def test_what_is_numbers_is_decided_by_real_rows():
    assert not columns(frame([True, False]), frame([1, 0]))[0].numeric
    assert columns(frame([1, 0]), frame([True, False]))[0].numeric
    assert not columns(frame([1, 2]), frame([1, 3]), categorical_features=[0])[0].numeric
    a, b = columns(frame(pd.Categorical([3, 1])), frame([3.0, 2.0]))
    assert a.levels == [1, 2, 3]
    assert_array_equal(b.values, [2, 1])


def test_integers_that_float64_has_not():
    large = 2**63 + np.arange(4, dtype=np.uint64)
    a, b = columns(frame(large), frame(large[::-1]))
    assert_array_equal(a.values, [0, 1, 2, 3])
    assert_array_equal(b.values, [3, 2, 1, 0])
    a, b = columns(frame(large), frame([5.0] * 4))
    assert_array_equal(b.values, 5.0 - 2**63)


def test_single_precision_has_the_decimals_that_are_meant():
    numbers = np.array([0.1, 2.3, -7.25])
    a, b = columns(frame(numbers), frame(numbers.astype(np.float32)))
    assert_array_equal(a.values, b.values)
    thirds = np.array([1 / 3, 2 / 3], np.float32)
    assert_array_equal(columns(frame(thirds), frame(thirds))[0].values, thirds)


MOMENTS = pd.to_datetime(
    ["2020-01-02T00:00:00", "2021-05-06T12:00:01", "1800-01-01T00:00:00"]
)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("other", ["s", "us", "ns"])
@pytest.mark.parametrize("kind", ["datetime64", "timedelta64"])
def test_units_of_time(unit, other, kind, convert):
    times = MOMENTS if kind == "datetime64" else MOMENTS - MOMENTS[0]
    tables = [frame(times.astype(f"{kind}[{u}]")) for u in (unit, other)]
    a, b = columns(tables[0], convert(tables[1]))
    assert_array_equal(a.values, b.values)
    assert a.time.startswith(kind)


def test_dates_and_times_of_the_day():
    days = [dt.date(2020, 1, 2), dt.date(1800, 1, 1)]
    dates = [pl.DataFrame({"a": days}), pa.table({"a": days})]
    midnights = frame(pd.to_datetime(days))
    for table in dates:
        a, b = columns(table, midnights)
        assert_array_equal(a.values, b.values)
    hours = [dt.time(1, 2, 3), dt.time(23, 0, 0, 5)]
    a, b = columns(pl.DataFrame({"a": hours}), pa.table({"a": hours}))
    assert_array_equal(a.values, b.values)
    with pytest.raises(
        ValueError, match="dates in real, and times of the day in synthetic"
    ):
        columns(dates[0], pl.DataFrame({"a": hours}))


def test_time_zones_are_the_same_moments():
    times = pd.to_datetime(["2020-01-02", "2021-05-06"]).tz_localize("UTC")
    a, b = columns(frame(times), frame(times.tz_convert("Asia/Tokyo")))
    assert_array_equal(a.values, b.values)


@pytest.mark.parametrize("unit", ["M", "h", "D", "ns"])
def test_arrays_of_times(unit):
    months = np.array([["2020-01"], ["2021-07"], ["NaT"]], "M8[M]")
    a, b = columns(months, months.astype(f"M8[{unit}]"))
    assert_array_equal(a.values, b.values)
    assert_array_equal(a.missing, [False, False, True])


def test_columns_are_matched_by_name():
    real = pd.DataFrame({"a": [1], 2: ["x"]})
    tables = read({"real": real, "synthetic": real[[2, "a"]]})
    assert [c.name for c in tables[1].columns] == ["a", 2]
    assert tables[1].columns[0].values == [1]


def test_rows_and_columns_are_taken():
    (table,) = read({"real": pd.DataFrame({"a": [1, 2, 3], "b": list("xyz")})})
    assert len(table) == 3
    assert_array_equal(table.take([2, 0]).columns[0].values, [3, 1])
    assert [c.name for c in table.without(0).columns] == ["b"]


def test_a_target_is_found_by_name_before_index():
    (table,) = read({"real": pd.DataFrame([[1, 2, 3]], columns=["a", 0, "c"])})
    assert [column_index(t, table) for t in ("c", 0, 2, -3)] == [2, 1, 2, 0]
    for target in ("d", 3, -4, None, 1.5):
        with pytest.raises(
            ValueError, match=r"is no column; the columns are \['a', 0, 'c'\]"
        ):
            column_index(target, table)


def test_categorical_features_are_those_of_the_encoder():
    assert _tables.CATEGORICAL  # by the same validation
    table = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    for chosen in ([False, True], [1], ["b"]):
        (read_,) = read({"real": table}, chosen)
        assert [c.numeric for c in read_.columns] == [True, False]
