"""Encoders off their grid: every point goes to the nearest of what they can give."""

import os

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from skgantk._inverse import check_fitted, check_unfitted, inverse, nearest, sparse_note

CASES = int(os.environ.get("SKGANTK_CASES", 200))
many = settings(max_examples=CASES, deadline=None, derandomize=True)
some = settings(many, max_examples=CASES // 4)

VALUES = {
    "words": ["a", "b", "ä", "d e"],
    "words and holes": ["a", "b", "c", None, np.nan],
    "integers": [0, 3, -7, 2**62 + 1],
    "floats and holes": [0.5, -2.0, 1e300, np.nan],
    "truth": [False, True],
}


@st.composite
def tables(draw):
    """An array of one kind of values, as encoders take it."""
    kind = draw(st.sampled_from(sorted(VALUES)))
    n_rows, n_columns = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    dtype = {"integers": np.int64, "floats and holes": float}.get(kind, object)
    values = st.lists(st.sampled_from(VALUES[kind]), min_size=n_columns, max_size=n_columns)
    rows = draw(st.lists(values, min_size=n_rows, max_size=n_rows))
    return np.array(rows, dtype)


ENCODERS = [
    *[
        OneHotEncoder(
            drop=drop, handle_unknown=unknown, min_frequency=least, sparse_output=False
        )
        for drop in (None, "first", "if_binary")
        for unknown in ("error", "ignore", "infrequent_if_exist")
        for least in (None, 2)
    ],
    *[
        OrdinalEncoder(encoded_missing_value=missing, min_frequency=least, **unknown)
        for missing in (-1, 99, -np.e)
        for least in (None, 2)
        for unknown in ({}, {"handle_unknown": "use_encoded_value", "unknown_value": -5})
    ],
]


NO_COLUMN = OneHotEncoder(drop="first", sparse_output=False)  # of a constant


def same(left, right):
    """Equal, with NaN equal to NaN, None only to None."""
    return (left == right) | ((left != left) & (right != right))


@many
@given(
    X=tables(),
    encoder=st.sampled_from(ENCODERS),
    noise=st.floats(0, 0.499),
    far=st.sampled_from([1.0, 1e9, 1e300]),
    seed=st.integers(0, 9),
)
@example(X=np.array([[0.5]]), encoder=NO_COLUMN, noise=0.0, far=1.0, seed=0)
def test_a_point_goes_back_to_the_nearest(X, encoder, noise, far, seed):
    rng = np.random.default_rng(seed)
    Z = encoder.fit_transform(X)
    groups = [g for g in getattr(encoder, "infrequent_categories_", []) if g is not None]
    if any(len(group) > 1 for group in groups):
        with pytest.raises(ValueError, match=r"In step 'code'.*min_frequency=None"):
            check_fitted("code", encoder)
        return
    check_fitted("code", encoder)
    # Vertices and codes are at least 1 apart in some coordinate: this noise is harmless.
    back = inverse(encoder, Z + noise * rng.uniform(-1, 1, Z.shape))
    assert same(back, X).all()
    # Wherever a point is, it becomes a value that its column has.
    anywhere = inverse(encoder, far * rng.normal(size=Z.shape))
    for column, values in zip(anywhere.T, X.T):
        assert same(column[:, None], values).any(axis=1).all()


@some
@given(
    bins=st.integers(2, 5),
    encode=st.sampled_from(["ordinal", "onehot-dense"]),
    noise=st.floats(0, 0.499),
    seed=st.integers(0, 9),
)
def test_bins_come_back_to_their_centres(bins, encode, noise, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20, 2))
    binner = KBinsDiscretizer(bins, encode=encode, strategy="uniform")
    Z = binner.fit_transform(X)
    back = inverse(binner, Z + noise * rng.uniform(-1, 1, Z.shape))
    assert_array_equal(back, binner.inverse_transform(Z))
    inside = inverse(binner, 1e9 * rng.normal(size=Z.shape))
    assert np.all((inside > X.min(axis=0)) & (inside < X.max(axis=0)))


@some
@given(
    n_rows=st.integers(1, 8),
    hole=st.sampled_from([np.nan, -1.0]),
    keep=st.booleans(),
    noise=st.floats(0, 0.499),
    seed=st.integers(0, 99),
)
@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")
def test_holes_come_back(n_rows, hole, keep, noise, seed):
    """Also where all rows lack a value, in one column or in all."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3))
    X[rng.random(X.shape) < rng.choice([0.0, 0.5, 1.0], size=3)] = hole
    if np.all(same(X, hole)):
        return
    imputer = SimpleImputer(add_indicator=True, missing_values=hole)
    imputer.set_params(keep_empty_features=keep)
    Z = imputer.fit_transform(X)
    n_values = Z.shape[1] - len(imputer.indicator_.features_)
    Z[:, n_values:] += noise * rng.uniform(-1, 1, Z[:, n_values:].shape)
    assert_array_equal(inverse(imputer, Z), X)


def test_holes_of_words_come_back():
    X = np.array([["a", 1], [np.nan, 2], ["b", np.nan]], object)
    imputer = SimpleImputer(strategy="constant", fill_value="?", add_indicator=True)
    encoder = OneHotEncoder(sparse_output=False)
    steps = make_pipeline(imputer, encoder)
    X = X[:, :1]
    assert same(inverse(steps, steps.fit_transform(X)), X).all()


def test_columns_of_different_types_are_exact():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "id": [2**62, 2**62 + 1, 7],
            "weight": [0.1, 0.2, 0.2],
            "when": pd.to_datetime(["2020-01-01", "2021-06-05", "2020-01-01"]),
        }
    )
    for encoder in (OneHotEncoder(sparse_output=False), OrdinalEncoder()):
        back = inverse(encoder, encoder.fit_transform(frame))
        assert back[1, 0] == 2**62 + 1
        assert back[1, 1] == 0.2
        assert pd.Timestamp(back[1, 2]) == frame["when"][1]


def test_inverses_of_ones_own_are_kept():
    class Mine(OneHotEncoder):
        def inverse_transform(self, X):
            return "mine"

    assert inverse(Mine().fit([["a"]]), np.zeros((1, 1))) == "mine"


def test_searches_and_pipelines_are_looked_into():
    X = np.array([["a"], ["b"]] * 6, object)
    scaled = make_pipeline(
        OneHotEncoder(sparse_output=False, drop="first"), StandardScaler()
    )
    search = GridSearchCV(
        scaled, {"onehotencoder__drop": ["first"]}, scoring=lambda *_: 0.0, cv=2
    ).fit(X)
    for step in (scaled.fit(X), make_pipeline("passthrough", scaled).fit(X), search):
        Z = step.transform(X)
        assert_array_equal(inverse(step, Z + 0.1), X)
    assert "'x'" in sparse_note([("x", make_pipeline(OneHotEncoder()))])
    assert "'x'" in sparse_note([("x", KBinsDiscretizer())])
    assert sparse_note([("x", scaled), ("y", None)]) == ""


def test_widths_and_missing_codes_are_checked():
    encoder = OrdinalEncoder().fit([["a"]])
    with pytest.raises(ValueError, match="X has 2 columns, and the encoder gave 1"):
        inverse(encoder, [[0.0, 0.0]])
    with pytest.raises(ValueError, match="no missing category of feature 0"):
        inverse(encoder, [[np.nan]])
    with pytest.raises(ValueError, match="X has 4 columns, and the encoder gave 3"):
        inverse(OneHotEncoder().fit([[1], [2], [3]]), np.zeros((1, 4)))
    holes = SimpleImputer(add_indicator=True).fit([[1.0, np.nan], [2.0, 3.0]])
    with pytest.raises(ValueError, match="X has 4 columns, and SimpleImputer gave 3"):
        inverse(holes, np.zeros((1, 4)))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (SimpleImputer(), "SimpleImputer .*Give it add_indicator=True"),
        (make_pipeline(SimpleImputer()), "add_indicator=True"),
        (FunctionTransformer(np.log), "FunctionTransformer .*Give it an inverse_func"),
        (DictVectorizer(), "DictVectorizer .*OneHotEncoder"),
        (TfidfVectorizer(), "TfidfVectorizer .*OneHotEncoder"),
    ],
)
def test_what_has_no_way_back_is_refused_before_the_fit(step, message):
    with pytest.raises(TypeError, match=f"in step 'it' .*{message}"):
        check_unfitted("it", step)
    check_unfitted("it", FunctionTransformer())
    check_unfitted("it", FunctionTransformer(np.log, np.exp))


@many
@given(
    grid=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6),
    values=st.lists(st.floats(allow_nan=False), min_size=1, max_size=6),
)
def test_nearest(grid, values):
    grid, values = np.array(grid), np.array(values)
    with np.errstate(over="ignore"):
        distances = np.abs(np.subtract.outer(values / 2, grid / 2))
    found = distances[np.arange(len(values)), nearest(grid, values)]
    assert_allclose(found, distances.min(axis=1), rtol=1e-15)
