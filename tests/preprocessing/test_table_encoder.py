"""Tables of every kind of column and library go there and back."""

import os
import pickle

import numpy as np
import pandas as pd
import pytest
from _reference.frames import LIBRARIES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.neighbors import KernelDensity
from sklearn.utils.estimator_checks import parametrize_with_checks
from test_frames import KINDS as DTYPES
from test_frames import column, may_have_holes

from skgantk.pipeline import make_sampling_pipeline
from skgantk.preprocessing import TableEncoder

CASES = int(os.environ.get("SKGANTK_CASES", 100))
START = pd.Timestamp("2020-02-28 12:00")

# By kind: n values, of a Generator of NumPy.
KINDS = {
    "float": lambda rng, n: rng.normal(size=n),
    "float32": lambda rng, n: rng.normal(size=n).astype(np.float32),
    "cents": lambda rng, n: np.round(rng.lognormal(3, 1, n), 2),
    "half steps": lambda rng, n: rng.integers(-9, 99, n) / 2 + 0.25,
    "integer": lambda rng, n: rng.integers(-500, 500, n),
    "int8": lambda rng, n: rng.integers(-128, 128, n).astype(np.int8),
    "tens": lambda rng, n: 10 * rng.integers(0, 60, n) + 3,
    "beyond float64": lambda rng, n: 2**63 + rng.integers(0, 999, n).astype(np.uint64),
    "few levels": lambda rng, n: rng.choice([1, 2, 7], n),
    "few levels off a grid": lambda rng, n: rng.choice([np.pi, np.e, -1 / 3], n),
    "boolean": lambda rng, n: rng.random(n) < 0.3,
    "two strings": lambda rng, n: rng.choice(["f", "m"], n),
    "strings": lambda rng, n: rng.choice(["", "b c", "ä", "None"], n),
    "category": lambda rng, n: pd.Categorical(
        rng.choice(["lo", "hi", "so"], n), ["lo", "never", "hi", "so"], ordered=True
    ),
    "dates": lambda rng, n: (
        START.normalize() + pd.to_timedelta(rng.integers(0, 900, n), "D")
    ),
    "times": lambda rng, n: START + pd.to_timedelta(rng.integers(0, 10**15, n), "ns"),
    "times in a zone": lambda rng, n: (
        START.tz_localize("Europe/Berlin") + pd.to_timedelta(rng.integers(0, 9**9, n), "s")
    ),
    "durations": lambda rng, n: pd.to_timedelta(rng.integers(0, 10**6, n), "s"),
    "constant": lambda rng, n: np.full(n, 3.5),
    "constant string": lambda rng, n: np.full(n, "x"),
}
NULLABLE = {
    "integer": "Int64",
    "int8": "Int8",
    "tens": "Int64",
    "beyond float64": "UInt64",
    "few levels": "Int16",
    "boolean": "boolean",
    "constant": "Float64",
}


def table(kinds, holes, seed=0, n=60):
    """A pandas frame of a column for each kind, with that share of missing values."""
    rng = np.random.default_rng(seed)
    columns = {}
    for kind, share in zip(kinds, holes):
        values = pd.Series(KINDS[kind](rng, n))
        if share:
            if kind in NULLABLE:
                values = values.astype(NULLABLE[kind])
            values = values.mask(rng.random(n) < share)
        columns[kind] = values
    return pd.DataFrame(columns)


def assert_same(actual, expected):
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(actual, expected, check_exact=True)
    else:
        assert actual.schema == expected.schema
        assert actual.equals(expected)


def shape_of(frame):
    return tuple(frame.shape)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(kind, share, convert):
    frame = convert(table([kind], [share]))
    encoder = TableEncoder().fit(frame)
    Z = encoder.transform(frame)
    assert Z.dtype == np.float64
    assert Z.shape == (60, len(encoder.get_feature_names_out()))
    assert np.isfinite(Z).all()
    assert_same(encoder.inverse_transform(Z), frame)


@pytest.mark.parametrize("repeats", [1, 20])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_of_pandas(dtype, repeats):
    codes = np.tile([0, 1, 2], repeats)
    holes = (
        np.arange(len(codes)) % 2 == 0
        if may_have_holes(dtype)
        else np.zeros(len(codes), bool)
    )
    for gone in (np.zeros(len(codes), bool), holes):
        frame = column(dtype, codes, gone).to_frame("c").assign(d=1.5 * codes)
        encoder = TableEncoder().fit(frame)
        assert_same(encoder.inverse_transform(encoder.transform(frame)), frame)


def may_occur(made, frame):
    """Whether values of a pandas frame lie among, or between, those of another."""
    for name in frame:
        new, old = made[name].dropna(), frame[name].dropna()
        if made[name].isna().any():
            assert frame[name].isna().any()
        if len(old) < len(frame) and not len(old):
            assert not len(new)
        elif name in ("boolean", "two strings", "strings", "category", "constant string"):
            assert set(new) <= set(old)
        elif len(new):
            assert old.min() <= new.min()
            assert new.max() <= old.max()
            if name == "cents":
                assert_array_equal(np.round(new, 2), new)
            if name in ("half steps", "tens") and old.nunique() >= 10:
                step, first = {"half steps": (0.5, 0.25), "tens": (10, 3)}[name]
                assert_array_equal((new.to_numpy(float) - first) % step, 0)
            if name.startswith("few levels") and len(old) >= 15:
                assert set(new) <= set(old)


@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kinds=st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=6, unique=True),
    shares=st.lists(st.sampled_from([0.0, 0.0, 0.1, 0.9, 1.0]), min_size=6, max_size=6),
    library=st.sampled_from(list(LIBRARIES)),
    noise=st.sampled_from([0.0, 0.1, 10.0]),
    seed=st.integers(0, 2**31),
)
def test_any_matrix_comes_back_as_a_table(kinds, shares, library, noise, seed):
    frame = table(kinds, shares, seed)
    given_frame = LIBRARIES[library](frame)
    encoder = TableEncoder().fit(given_frame)
    Z = encoder.transform(given_frame)
    rng = np.random.default_rng(seed)
    Z = Z[rng.integers(0, len(Z), 40)] + noise * rng.normal(size=(40, Z.shape[1]))
    made = encoder.inverse_transform(Z)
    assert type(made) is type(given_frame)
    assert shape_of(made) == (40, frame.shape[1])
    if isinstance(made, pd.DataFrame):
        assert made.dtypes.equals(given_frame.dtypes)
        assert made.columns.equals(given_frame.columns)
    else:
        assert made.schema == given_frame.schema
    pandas = made if isinstance(made, pd.DataFrame) else made.to_pandas()
    may_occur(pandas.reset_index(drop=True), frame)


def test_coordinates():
    frame = pd.DataFrame(
        {
            "number": [0.1, np.nan, 0.7, 0.3],
            "two": ["b", "a", "b", "b"],
            "three": pd.Categorical(["u", None, "v", "u"], ["w", "v", "u"]),
            "fixed": "x",
            "day": pd.to_datetime(["2024-03-01", "2024-03-03", "2024-03-02", "2024-03-01"]),
        }
    )
    encoder = TableEncoder().fit(frame)
    names = ["number", "missingindicator_number", "two"]
    names += ["three_u", "three_v", "three_None", "day"]
    assert encoder.get_feature_names_out().tolist() == names
    expected = [
        [0.1, 0, 1, 1, 0, 0, 0],
        [0.3, 1, 0, 0, 0, 1, 2],
        [0.7, 0, 1, 0, 1, 0, 1],
        [0.3, 0, 1, 1, 0, 0, 0],
    ]
    assert_allclose(encoder.transform(frame), expected)
    with_names = encoder.set_output(transform="pandas").transform(frame)
    assert with_names.columns.tolist() == names


@pytest.mark.parametrize(
    "X",
    [
        np.random.default_rng(0).normal(size=(50, 3)),
        np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32),
        np.random.default_rng(0).integers(0, 90, (50, 3)),
        np.random.default_rng(0).random((50, 3)) < 0.5,
        np.array([["a", 1.5, None], ["b", 2.5, True], ["c", np.nan, False]], object),
        np.array([["a", "b"], ["b", "b"], ["c", "b"]]),
    ],
    ids=["float64", "float32", "int", "bool", "object", "str"],
)
def test_arrays(X):
    encoder = TableEncoder().fit(X)
    back = encoder.inverse_transform(encoder.transform(X))
    assert isinstance(back, np.ndarray)
    assert back.dtype == X.dtype
    assert all(a is b or a == b or (a != a and b != b) for a, b in zip(back.flat, X.flat))
    assert encoder.get_feature_names_out()[0].startswith("x0")


@pytest.mark.parametrize("chosen", [["code"], [1], [False, True]])
def test_numbers_that_are_categories(chosen):
    frame = pd.DataFrame({"x": np.arange(60.0) ** 1.5, "code": np.arange(60) % 30})
    encoder = TableEncoder(chosen).fit(frame)
    assert encoder.transform(frame).shape == (60, 31)
    assert_same(encoder.inverse_transform(encoder.transform(frame)), frame)


@pytest.mark.parametrize(
    ("frame", "match"),
    [
        (pd.DataFrame({"name": [f"n{i}" for i in range(50)]}), "'name'.*identifiers"),
        (pd.DataFrame({"x": [1.0, np.inf, 2.0]}), "'x'.*infinity"),
        (pd.DataFrame({"x": [[1], [2], [3]]}), "'x'.*list"),
        (pd.DataFrame(np.ones((3, 2)), columns=["a", "a"]), "twice"),
        (pd.DataFrame({"x": []}), "0 sample"),
        (np.array([[1.0], [np.inf]]), "infinity"),
    ],
)
def test_what_is_refused(frame, match):
    encoder = TableEncoder().fit([[1.0], [2.0]])
    with pytest.raises(ValueError, match=match):
        encoder.fit(frame)
    assert encoder.transform([[1.5]]).tolist() == [[1.5]]  # nothing fitted is lost


def test_identifiers_and_many_levels_if_asked_for():
    frame = pd.DataFrame({"name": [f"n{i}" for i in range(120)]})
    with pytest.warns(UserWarning, match="'name' has 120 levels"):
        encoder = TableEncoder(["name"]).fit(frame)
    assert_same(encoder.inverse_transform(encoder.transform(frame)), frame)


def test_other_data_than_in_the_fit():
    frame = pd.DataFrame({"a": ["u", "v", "w"], "b": [1.0, 2.5, 3.0]})
    encoder = TableEncoder().fit(frame)
    with pytest.raises(ValueError, match=r"'a'.*'z'"):
        encoder.transform(frame.assign(a="z"))
    with pytest.raises(ValueError, match=r"'b'.*missing"):
        encoder.transform(frame.assign(b=[1.0, np.nan, 2.0]))
    with pytest.raises(ValueError, match=r"'b'.*infinity"):
        encoder.transform(frame.assign(b=np.inf))
    with pytest.raises(ValueError, match="feature names"):
        encoder.transform(frame.rename(columns={"b": "c"}))
    with pytest.raises(ValueError, match="7 columns"):
        encoder.inverse_transform(np.ones((2, 7)))
    for chosen in (["c"], [5], [True]):
        with pytest.raises(ValueError, match="categorical_features"):
            TableEncoder(chosen).fit(frame)


def test_pickle_and_clone():
    frame = table(KINDS, [0.2] * len(KINDS))
    encoder = TableEncoder().fit(frame)
    again = pickle.loads(pickle.dumps(encoder))
    assert_array_equal(again.transform(frame), encoder.transform(frame))
    assert not hasattr(clone(encoder), "n_features_in_")


def test_mixed_frame_in_a_pipeline():
    frame = table(["cents", "strings", "times", "boolean"], [0.1, 0.1, 0, 0.3])
    pipeline = make_sampling_pipeline(TableEncoder(), KernelDensity(bandwidth=0.01))
    made = pipeline.fit(frame).sample(30, random_state=0)
    assert made.dtypes.equals(frame.dtypes)
    may_occur(made, frame)


@parametrize_with_checks([TableEncoder()])
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize(
    ("times", "step"),
    [
        (["2024-01-03", "2024-01-09", "2024-02-20"], "1D"),
        (["2024-01-03 06:00", "2024-01-03 12:00"], "1h"),
        (["2024-01-03 06:10", "2024-01-03 06:50"], "1min"),
        (["2024-01-03 06:10:05", "2024-01-03 06:10:25"], "1s"),
    ],
)
def test_few_times_lie_on_days_hours_or_seconds(times, step, unit):
    """And not on as many as they happen to be apart, nor on any fraction of a second."""
    X = pd.DataFrame({"a": pd.to_datetime(times).astype(f"datetime64[{unit}]")})
    encoder = TableEncoder().fit(X)
    low, high = np.ptp(encoder.transform(X)) * np.array([0, 1])
    rows = encoder.inverse_transform(np.linspace(low, high, 500)[:, None])["a"]
    assert rows.equals(rows.dt.floor(step))
    assert rows.diff().max() == pd.Timedelta(step)
