"""Frames of every dtype come back from samples."""

import os
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    StandardScaler,
)

from skgantk._frames import restore, rows_at, schema
from skgantk.generators import ConditionalSampler
from skgantk.pipeline import make_sampling_pipeline
from skgantk.preprocessing import TableEncoder

CASES = int(os.environ.get("SKGANTK_CASES", 200))
RESAMPLER = KernelDensity(bandwidth=1e-3)  # the rows of the data, with next to no noise
FIRST = pd.Timestamp("2020-02-28 12:00")
DAYS = FIRST + pd.to_timedelta([0, 1, 40], "D")

# Three values of each dtype, in no order.
WHOLE = {
    "int8": [3, -128, 127],
    "uint64": [0, 2**63, 7],
    "float64": [0.25, -3.0, 1e6],
    "float32": [0.25, -3.0, 1e6],
    "bool": [True, False, True],
    "object": ["b", "a", "c"],
    "str": ["b", "a", "c"],
    "string": ["b", "a", "c"],
    "Int16": [5, -2, 0],
    "UInt64": [0, 9, 7],
    "Float32": [0.5, 2.0, -1.0],
    "boolean": [True, False, True],
    "datetime64[us]": DAYS,
    "datetime64[ns]": DAYS,
    "datetime64[us, Europe/Berlin]": DAYS.tz_localize("Europe/Berlin"),
    "timedelta64[us]": DAYS - FIRST,
    "period[D]": DAYS.to_period("D"),
    "interval[int64, right]": pd.IntervalIndex.from_breaks([0, 1, 3, 9]),
    "Sparse[int64, 0]": [0, 4, -2],
    "Sparse[float64, 0.0]": [0.0, 4.0, -2.0],
    "Sparse[bool, False]": [True, False, True],
    "object of bool": [True, False, True],
    "object of int": [3, 2**40, 0],
    "object of float": [3.5, 0.0, -1.0],
    "object of date": [day.date() for day in DAYS],
}
DTYPES = {
    f"Sparse[{subtype}, {fill}]": pd.SparseDtype(subtype, fill)
    for subtype, fill in [("int64", 0), ("float64", 0.0), ("bool", False)]
}
HOLES = {  # in which scikit-learn's encoders know a missing value
    *("float64", "float32", "object", "str", "Int16", "UInt64", "Float32", "boolean"),
    *("datetime64[us, Europe/Berlin]", "period[D]", "interval[int64, right]"),
    *("object of bool", "object of int", "object of float", "object of date"),
}
CATEGORIES_WITHOUT = {  # in which a missing value becomes pd.NA or a date
    *("string", "datetime64[us]", "datetime64[ns]", "timedelta64[us]"),
}


def column(kind, codes, holes):
    name = kind.removeprefix("category of ")
    dtype = "object" if name.startswith("object") else DTYPES.get(name, name)
    values = pd.Series(WHOLE[name], dtype=dtype)
    if kind.startswith("category of "):
        values = values.astype("category")
    values = values.iloc[codes].reset_index(drop=True)
    return values.mask(holes) if holes.any() else values


KINDS = [*WHOLE, *(f"category of {k}" for k in WHOLE if not k.startswith("Sparse"))]


def may_have_holes(kind):
    name = kind.removeprefix("category of ")
    return name in HOLES if name == kind else name not in CATEGORIES_WITHOUT


@st.composite
def frames(draw):
    n = 30
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    some = draw(st.sampled_from([0.0, 0.4]))
    columns = []
    for kind in kinds:
        holes = (rng.random(n) < some) & may_have_holes(kind)
        columns.append(column(kind, rng.integers(0, 3, n), holes))
    frame = pd.concat(columns, axis=1)
    frame.columns = [f"{i}: {kind}" for i, kind in enumerate(kinds)]
    return frame


ENCODERS = [
    *[
        [OneHotEncoder(drop=drop, handle_unknown=unknown, sparse_output=False), *after]
        for drop in (None, "first", "if_binary")
        for unknown in ("error", "ignore")
        for after in ([], [StandardScaler(), PCA(whiten=True)])
    ],
    [OrdinalEncoder(encoded_missing_value=-1)],
    [OrdinalEncoder(encoded_missing_value=-3), StandardScaler()],
    [make_pipeline(OrdinalEncoder(), SimpleImputer(add_indicator=True))],
]


def rows(frame):
    """Rows as tuples of Python objects, None for what is missing."""
    columns = [frame.iloc[:, i].astype(object) for i in range(frame.shape[1])]
    return list(zip(*(c.where(c.notna(), None).tolist() for c in columns)))


@settings(
    max_examples=CASES // 2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(frame=frames(), steps=st.sampled_from(ENCODERS))
@pytest.mark.filterwarnings("ignore:pandas.DataFrame with sparse columns found")
def test_rows_of_every_dtype_come_back_in_their_shares(frame, steps):
    pipeline = make_sampling_pipeline(*steps, RESAMPLER)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "invalid value encountered in divide")  # PCA of 0
        pipeline.fit(frame)
    samples = pipeline.sample(300, random_state=0)
    pd.testing.assert_index_equal(samples.columns, frame.columns)
    pd.testing.assert_series_equal(samples.dtypes, frame.dtypes)
    assert_array_equal(samples.index, np.arange(300))
    data, made = rows(frame), rows(samples)
    assert set(made) <= set(data)
    for row in set(data):
        share = data.count(row) / len(data)
        error = np.sqrt(share * (1 - share) / len(made))
        assert abs(made.count(row) / len(made) - share) < 5.5 * error + 1e-9


NUMBERS = [  # which scikit-learn takes together
    ["int8", "float64", "float32", "bool", "Int16", "Float32", "boolean"],
    ["datetime64[us]"],
    ["datetime64[us, Europe/Berlin]"],
    ["timedelta64[us]"],
    ["Sparse[int64, 0]", "float64"],
    ["Sparse[bool, False]", "Sparse[float64, 0.0]", "bool"],
    ["object of bool", "object of int", "object of float"],
    ["category of int8", "category of float64", "category of object of bool"],
    ["category of datetime64[us]"],
]


@pytest.mark.parametrize("kinds", NUMBERS, ids=", ".join)
@pytest.mark.filterwarnings("ignore:pandas.DataFrame with sparse columns found")
def test_numbers_come_back_without_an_encoder(kinds):
    rng = np.random.default_rng(0)
    none = np.zeros(40, bool)
    frame = pd.concat([column(k, rng.integers(0, 3, 40), none) for k in kinds], axis=1)
    frame.columns = kinds
    samples = make_sampling_pipeline(StandardScaler(), RESAMPLER).fit(frame).sample(50, 0)
    pd.testing.assert_series_equal(samples.dtypes, frame.dtypes)
    assert not samples.isna().any(axis=None)
    for kind in kinds:
        made, data = samples[kind], frame[kind]
        if kind.startswith(("date", "time")):
            gaps = np.abs(np.subtract.outer(made.to_numpy(), data.to_numpy()))
            assert pd.to_timedelta(gaps.min(axis=1)).max() < pd.Timedelta("1D")
        elif kind.startswith("category") or "float" not in kind.lower():
            spread = 2.0**30 if kind == "object of int" else 0  # 2⁴⁰ is one of the three
            gaps = np.abs(np.subtract.outer(made.to_numpy(float), data.to_numpy(float)))
            assert gaps.min(axis=1).max() <= spread
        if data.dtype == object:
            assert set(map(type, made)) == set(map(type, data))


@pytest.mark.parametrize("kind", [k for k in KINDS if "Sparse" not in k])
def test_a_class_of_rows_comes_back_with_the_data(kind):
    n = 12
    frame = column(kind, np.arange(n) % 3, np.zeros(n, bool)).to_frame("it")
    encoder = OneHotEncoder(sparse_output=False)
    sampler = ConditionalSampler(make_sampling_pipeline(encoder, RESAMPLER), random_state=0)
    new, labels = sampler.fit_resample(frame, [0] * 9 + [1] * 3)
    pd.testing.assert_frame_equal(new[:n], frame)
    assert list(labels[n:]) == [1] * 6
    assert set(rows(new[n:])) <= set(rows(frame[9:]))


@pytest.mark.parametrize(
    "kind",
    [
        *("string", "datetime64[us]", "timedelta64[us]"),
        *("category of string", "category of datetime64[ns]"),
    ],
)
def test_missing_values_that_encoders_do_not_know_are_explained(kind):
    frame = column(kind, np.arange(9) % 3, np.arange(9) == 4).to_frame("it")
    encoder = OneHotEncoder(sparse_output=False)
    pipeline = make_sampling_pipeline(encoder, RESAMPLER)
    with pytest.raises((TypeError, ValueError)) as caught:
        pipeline.fit(frame)
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert "'it'" in text
    assert "TableEncoder as the first step" in text
    # The remedy is one.
    pipeline = make_sampling_pipeline(TableEncoder(), RESAMPLER)
    samples = pipeline.fit(frame).sample(200, random_state=0)
    assert set(rows(samples)) == set(rows(frame))


def test_dates_that_are_missing_are_no_numbers():
    """scikit-learn takes NaT for -2⁶³."""
    frame = column("datetime64[us]", np.arange(9) % 3, np.arange(9) == 4).to_frame("it")
    for sampler in (
        RESAMPLER,
        make_sampling_pipeline(StandardScaler(), RESAMPLER),
        make_sampling_pipeline("passthrough", make_pipeline(StandardScaler()), RESAMPLER),
    ):
        with pytest.raises(ValueError, match=r"'it' is datetime64\[us\] with missing val"):
            ConditionalSampler(sampler).fit(frame, [0, 1, 1] * 3)
    with pytest.raises(ValueError, match=r"'it' is .* StandardScaler would take"):
        make_sampling_pipeline(StandardScaler(), RESAMPLER).fit(frame)
    seconds = FunctionTransformer(
        lambda X: (X - FIRST) / pd.Timedelta("1s"),
        lambda Z: FIRST + pd.to_timedelta(Z[:, 0], "s").to_numpy()[:, None],
        check_inverse=False,
    )
    imputer = SimpleImputer(add_indicator=True)
    pipeline = make_sampling_pipeline(seconds, imputer, StandardScaler(), RESAMPLER)
    samples = pipeline.fit(frame).sample(200, random_state=0)["it"]
    assert samples.dtype == frame["it"].dtype
    assert 0.02 < samples.isna().mean() < 0.25


@pytest.mark.parametrize("dtype", [pl.Datetime, pl.Date, pl.Duration])
@pytest.mark.parametrize("convert", [pl.DataFrame.clone, pl.DataFrame.to_arrow])
def test_dates_of_other_libraries_that_are_missing_are_no_numbers(dtype, convert):
    days = pl.DataFrame({"it": [1, None, 3], "whole": [1, 2, 3]}, schema=["it", "whole"])
    frame = convert(days.select(pl.all().cast(pl.Int32).cast(dtype)))
    for make in (
        make_sampling_pipeline(StandardScaler(), RESAMPLER).fit,
        lambda X: ConditionalSampler(RESAMPLER).fit(X, [0, 0, 1]),
    ):
        with pytest.raises(ValueError, match=r"'it' is D.* with missing .*TableEncoder"):
            make(frame)
    without = frame.select(["whole"])
    assert make_sampling_pipeline(RESAMPLER).fit(without).sample(2).shape == (2, 1)


def test_all_sparse_frames_are_explained():
    frame = column("Sparse[int64, 0]", np.arange(9) % 3, np.zeros(9, bool)).to_frame("it")
    for make in (
        make_sampling_pipeline(StandardScaler(), RESAMPLER).fit,
        lambda X: ConditionalSampler(RESAMPLER).fit(X, [0, 0, 1] * 3),
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            make(frame)
        assert "X.sparse.to_dense()" in "".join(caught.value.__notes__)


@pytest.mark.parametrize(
    "dtype", ["int64", "float64", "float32", "Float64", "Int64", "datetime64[us]", "array"]
)
def test_samples_that_are_not_finite_are_refused_where_the_data_are(dtype):
    data = pd.DataFrame({"n": [1, 2, 3]})
    data = data.to_numpy(float) if dtype == "array" else data.astype(dtype)
    for bad in (np.nan, np.inf):
        match = "sample is not" if dtype == "array" else "'n' has no missing or infinite"
        with pytest.raises(ValueError, match=f"{match}.*PowerTransformer"):
            restore(np.array([[1.0], [bad]]), schema(data))
    if dtype == "float32":
        with pytest.raises(ValueError, match="infinite"):
            restore(np.array([[1e300]]), schema(data))
    hole = np.array([[1.0], [np.nan]])
    data = hole if dtype == "array" else data.mask(data == data.iloc[0])
    if dtype != "int64":  # which has none: pandas makes floats of it
        kept = restore(hole, schema(data))
        assert list(np.ravel(pd.isna(kept))) == [False, True]


@pytest.mark.parametrize("convert", [pl.DataFrame.clone, pl.DataFrame.to_arrow])
def test_arrays_are_finite_where_frames_of_other_libraries_are(convert):
    bad = np.array([[1.0, np.inf], [np.nan, 0.0]])
    finite = pl.DataFrame({"n": [1, 2], "x": [0.5, 1.0], "label": ["a", "b"]})
    with pytest.raises(ValueError, match=r"sample is not.*PowerTransformer"):
        restore(bad, schema(convert(finite)))
    for name, value in [("n", None), ("x", np.nan), ("x", np.inf), ("label", None)]:
        holes = finite.with_columns(pl.Series(name, [value, finite[name][1]]))
        assert restore(bad, schema(convert(holes))) is bad


@pytest.mark.parametrize(
    "convert",
    [
        pd.DataFrame.copy,
        lambda frame: frame["b"],
        lambda frame: frame.set_axis(["a", "a"], axis=1),
        pl.from_pandas,
        lambda frame: pl.from_pandas(frame)["b"],
        lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
        lambda frame: pa.Table.from_pandas(frame)["b"],
        pd.DataFrame.to_numpy,
    ],
)
def test_rows_are_taken_from_whatever_holds_them(convert):
    index = [7, 5, 6]
    frame = pd.DataFrame({"a": [1, 2, 3], "b": pd.Categorical(["x", None, "z"])}, index)
    order = np.array([2, 0, 2, 1])
    taken = rows_at(convert(frame), order)
    expected = convert(frame.iloc[order].reset_index(drop=True))
    assert type(taken) is type(expected)
    assert str(taken) == str(expected)


@pytest.mark.filterwarnings("ignore:Some values in column 0 of the inverse-transformed")
@pytest.mark.filterwarnings("ignore:invalid value encountered in power")
def test_powers_beyond_their_range_name_the_column():
    counts = np.r_[np.arange(300) % 7, 10**5]
    for data in (pd.DataFrame({"n": counts}), pd.DataFrame({"n": counts * 1.0})):
        pipeline = make_sampling_pipeline(PowerTransformer(), KernelDensity(bandwidth=3.0))
        with pytest.raises(ValueError, match=r"Column 'n' .* take QuantileTransformer"):
            pipeline.fit(data).sample(2000, random_state=0)


@pytest.mark.parametrize(
    "kind",
    ["int8", "float64", "bool", "str", "object", "period[D]", "interval[int64, right]"],
)
def test_samples_of_another_kind_are_refused(kind):
    data = column(kind, np.arange(3), np.zeros(3, bool)).to_frame("it")
    other = 0.5 if kind in ("str", "object", "period[D]") else "what"
    with pytest.raises(ValueError, match=rf"Column 'it' is .*, and a sample is .*{other}"):
        restore(np.array([[other]], object), schema(data))


def test_great_integers_are_exact():
    data = pd.DataFrame({"a": [2**62 + 1, 5], "b": [0.5, 1.0], "c": pd.Categorical([1, 2])})
    samples = np.array([[2**62 + 1, 0.5, 1]], object)
    assert restore(samples, schema(data))["a"][0] == 2**62 + 1
    made = restore(np.array([[2.0**80, 0.5, 1.2]]), schema(data))
    assert made["a"][0] > 2**63 - 2**11
    assert made["c"][0] == 1
    small = pd.DataFrame({"a": np.array([1, 2], "uint8")})
    assert list(restore(np.array([[300], [-4]]), schema(small))["a"]) == [255, 0]


def test_arrow_columns_come_back():
    k = np.arange(30) % 3
    frame = pd.DataFrame(
        {
            "int": pd.Series([4, -2, 0], dtype="int64[pyarrow]")[k].to_numpy(),
            "when": pd.Series(DAYS).iloc[k].to_numpy(),
        }
    )
    frame["int"] = frame["int"].astype("int64[pyarrow]").mask(k == 1)
    frame["when"] = frame["when"].astype(pd.ArrowDtype(pa.timestamp("us")))
    frame["float"] = pd.Series(k * 0.5, dtype="double[pyarrow]").mask(k == 2)
    frame["bool"] = pd.Series(k == 0, dtype="bool[pyarrow]")
    frame["words"] = pd.Series(np.array(["a", "b", "c"])[k], dtype="string[pyarrow]")
    frame["day"] = pd.Series(list(DAYS.date), dtype="date32[pyarrow]").iloc[k].to_numpy()
    frame["day"] = frame["day"].astype("date32[pyarrow]")
    encoder = OneHotEncoder(sparse_output=False, drop="first")
    samples = make_sampling_pipeline(encoder, RESAMPLER).fit(frame).sample(60, 0)
    pd.testing.assert_series_equal(samples.dtypes, frame.dtypes)
    assert set(rows(samples)) == set(rows(frame))
    numbers = frame[["int", "float", "bool"]].bfill().ffill()
    samples = make_sampling_pipeline(StandardScaler(), RESAMPLER).fit(numbers).sample(60, 0)
    pd.testing.assert_series_equal(samples.dtypes, numbers.dtypes)
    assert set(samples["int"]) == {4, 0}
    pipeline = make_sampling_pipeline(StandardScaler(), RESAMPLER).fit(frame[["when"]])
    assert pipeline.sample(60, 0)["when"].dtype == frame["when"].dtype
