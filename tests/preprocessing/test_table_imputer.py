"""Tables with their holes filled: what is there stays, what is drawn is of its law."""

import os
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from _reference.frames import cells, may_occur, schema, tables
from hypothesis import HealthCheck, assume, given, settings
from numpy.testing import assert_array_equal
from scipy.stats import kstest, wasserstein_distance
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris, load_wine
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgantk.metrics import wasserstein_distance as joint_distance
from skgantk.preprocessing import TableEncoder, TableImputer

CASES = int(os.environ.get("SKGANTK_CASES", 150))


@parametrize_with_checks([TableImputer()])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def mixed(n=200, seed=0, share=0.3):
    """Columns of all kinds that depend on one another, with holes."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.rint(9 * size), "D")
    frame = pd.DataFrame(
        {
            "real": size + rng.normal(size=n) / 3,
            "single": (2 * size).astype(np.float32),
            "cents": np.round(np.exp(3 + size), 2),
            "count": pd.array(rng.poisson(3 * np.exp(size)), "Int64"),
            "kind": np.select([size > 0.8, size > -0.3], ["big", "middle"], "small"),
            "level": pd.Categorical(np.where(size > 0, "hi", "lo"), ["lo", "hi", "so"]),
            "paid": pd.array(size > 0, "boolean"),
            "day": day,
            "zoned": day.tz_localize("Europe/Berlin"),
            "last": pd.to_timedelta(np.rint(60 * np.exp(size)), "min"),
            "unit": "EUR",
        }
    )
    return frame.mask(rng.random(frame.shape) < share), frame


def gaussian(n, correlation, share, seed=0):
    """Two Gaussian columns, the second with holes, where these are, and without holes."""
    rng = np.random.default_rng(seed)
    X = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], n)
    gone = rng.random(n) < share
    return np.column_stack([X[:, 0], np.where(gone, np.nan, X[:, 1])]), gone, X


def assert_filled(made, frame):
    """Without holes but in columns that have nothing, and with what was there."""
    assert schema(made) == schema(frame)
    for new, old in zip(cells(made), cells(frame)):
        assert len(new) == len(old)
        assert None not in new or set(old) == {None}
        assert all(a is None or a == b for a, b in zip(old, new))


# What is there


def test_nothing_is_missing_and_what_is_there_stays(convert):
    frame = convert(mixed()[0])
    assert any(None in column for column in cells(frame))
    assert_filled(TableImputer(random_state=0).fit_transform(frame), frame)


@pytest.mark.filterwarnings("ignore:Column .* has .* levels")
@settings(
    max_examples=CASES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(table=tables(extreme=False))
def test_any_table(table):
    assume(not table.identifiers)
    frame = table.frame
    made = TableImputer(table.categorical, random_state=0).fit_transform(frame)
    assert_filled(made, frame)
    for i, (new, old) in enumerate(zip(cells(made), cells(frame))):
        may_occur(new, old, table.columns[i], table.chosen(i))


@pytest.mark.parametrize(
    "X",
    [
        mixed()[0][["real", "cents"]].to_numpy(),
        mixed()[0][["real", "single"]].to_numpy(np.float32),
        mixed()[0][["real", "kind", "unit"]].to_numpy(object),
        np.array([[1, 2], [3, 4]] * 9),
    ],
    ids=["float64", "float32", "object", "int"],
)
def test_arrays(X):
    made = TableImputer(random_state=0).fit_transform(X)
    assert made.dtype == X.dtype
    assert_filled(made, X)


def test_values_to_the_bit():
    X, _, _ = gaussian(80, 0.5, 0.4)
    X[0, 1], X[1, 1], X[2, 0] = -0.0, 1e-310, np.nextafter(1, 2)
    made = TableImputer(random_state=0).fit_transform(X)
    known = ~np.isnan(X)
    assert made[known].tobytes() == X[known].tobytes()


def test_tables_without_holes_stay():
    frame = mixed(share=0)[1]
    pd.testing.assert_frame_equal(TableImputer().fit_transform(frame), frame)


def test_rows_and_their_index_stay():
    """As in scikit-learn, so that columns of other transformers go with them."""
    frame = mixed()[0].sample(frac=1, random_state=0)
    made = TableImputer(random_state=0).fit_transform(frame)
    assert made.index.equals(frame.index)


def test_beside_other_columns():
    frame = mixed()[0].sample(frac=1, random_state=0)
    frame["order"] = np.arange(200.0)
    transformer = ColumnTransformer(
        [
            ("fill", TableImputer(random_state=0), ["real", "kind"]),
            ("keep", "passthrough", ["order"]),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    made = transformer.fit_transform(frame)
    known = frame["real"].notna().to_numpy()
    assert_array_equal(made["real"][known], frame["real"][known])
    assert_array_equal(made["order"], frame["order"])


def test_columns_without_values_stay_empty():
    frame = mixed()[0].assign(none=None, nan=np.nan, day=pd.NaT)
    frame["none"] = pd.Series([None] * 200, dtype="Int64")
    made = TableImputer(random_state=0).fit_transform(frame)
    assert made[["none", "nan", "day"]].isna().all(axis=None)
    assert made.dtypes.equals(frame.dtypes)
    assert not made.drop(columns=["none", "nan", "day"]).isna().any(axis=None)
    empty = frame[["none", "nan"]]
    pd.testing.assert_frame_equal(TableImputer().fit_transform(empty), empty)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
def test_few_rows(n):
    frame = pd.DataFrame({"a": np.arange(n) * 1.0, "b": list("uvwxyz")[:n]})
    frame.loc[0, "a"] = np.nan
    made = TableImputer(random_state=0).fit_transform(frame)
    assert made["a"].isna().sum() == (n == 1)
    assert made["a"][1:].equals(frame["a"][1:])


def test_whole_numbers_and_times_stay_on_their_grid(convert):
    frame = mixed()[0]
    made = TableImputer(random_state=0).fit_transform(convert(frame))
    made = made if isinstance(made, pd.DataFrame) else made.to_pandas()
    for name in ("real", "single", "cents", "count", "day", "last"):
        new, old = made[name].tolist(), frame[name].dropna()
        assert old.min() <= min(new)
        assert max(new) <= old.max()
    assert_array_equal(np.round(made["cents"], 2), made["cents"])
    assert all(value == int(value) for value in made["count"])
    assert all(pd.Timestamp(day) == pd.Timestamp(day).normalize() for day in made["day"])
    assert set(made["kind"]) == {"big", "middle", "small"}
    assert set(made["level"]) == {"lo", "hi"}
    assert set(made["unit"]) == {"EUR"}


# Of what law holes are filled


@pytest.mark.parametrize("share", [0.3, 0.5])
@pytest.mark.parametrize("correlation", [0, 0.5, 0.9])
def test_columns_keep_their_spread(correlation, share):
    X, gone, whole = gaussian(2000, correlation, share)
    made = TableImputer(random_state=0).fit_transform(X)
    mean = SimpleImputer().fit_transform(X)
    assert mean[:, 1].std() < 0.9
    assert abs(made[:, 1].std() - 1) < 0.1
    assert abs(made[gone, 1].std() / whole[gone, 1].std() - 1) < 0.1
    assert abs(np.corrcoef(made[gone].T)[0, 1] - correlation) < 0.1


@pytest.mark.parametrize("correlation", [0, 0.8])
def test_of_the_law_given_the_rest(correlation):
    X, gone, _ = gaussian(2000, correlation, 0.1)
    made = TableImputer(random_state=0).fit_transform(X)[gone]
    rest = (made[:, 1] - correlation * made[:, 0]) / np.sqrt(1 - correlation**2)
    assert kstest(rest, "norm").pvalue > 1e-3


@pytest.mark.parametrize("columns", [["x"], ["c", "x"], ["u", "c", "x"]])
def test_holes_where_many_rows_are_equally_near(columns):
    """They are not all filled by the same few."""
    rng = np.random.default_rng(0)
    c = rng.choice(["a", "b"], 1000)
    whole = pd.DataFrame({"u": 1.0, "c": c, "x": rng.normal(size=1000) + 3 * (c == "a")})
    gone = rng.random(1000) < 0.3
    frame = whole.assign(x=whole["x"].mask(gone))[columns]
    made = TableImputer(random_state=0).fit_transform(frame)["x"]
    assert made[gone].nunique() > 100
    for level in "ab":
        rows = gone & (c == level)
        new, old = made[rows], whole["x"][rows if "c" in columns else gone]
        assert abs(new.std() / old.std() - 1) < 0.15
        assert abs(new.mean() - old.mean()) < 0.25


def test_shares_and_dependences_of_categories():
    frame, whole = mixed(800)
    made = TableImputer(random_state=0).fit_transform(frame)
    for name in ("kind", "level", "paid"):
        gone = frame[name].isna()
        counts = [f.loc[gone, name].value_counts(normalize=True) for f in (made, whole)]
        assert counts[0].sub(counts[1], fill_value=0).abs().max() < 0.1
    gone = frame["kind"].isna()
    agree = np.mean(made["kind"][gone] == whole["kind"][gone])
    assert agree > 0.6  # 0.37 by chance


def test_rows_do_not_fill_themselves():
    """Of what a model predicts of a row its neighbours know nothing."""
    rng = np.random.default_rng(0)
    X = np.column_stack([np.arange(40.0), rng.normal(size=40)])
    X[7, 1] = np.nan
    drawn = TableImputer(random_state=0).fit(X).draws(X, 200)
    values = {float(np.round(A[7, 1], 9)) for A in drawn}
    assert 2 <= len(values) <= 5


@pytest.mark.filterwarnings(
    "ignore:.*stopping criterion:sklearn.exceptions.ConvergenceWarning"
)
@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_nearer_to_the_data_than_draws_of_a_gaussian(load):
    X = load().data
    deviations = X.std(axis=0)
    distances = []
    for seed in range(3):
        holes = np.random.default_rng(seed).random(X.shape) < 0.3
        holed = np.where(holes, np.nan, X)
        peer = IterativeImputer(sample_posterior=True, max_iter=5, random_state=seed)
        made = [
            imputer.fit_transform(holed)
            for imputer in (TableImputer(random_state=seed), peer)
        ]
        joint = [joint_distance(A / deviations, X / deviations) for A in made]
        single = [
            np.mean(
                [
                    wasserstein_distance(A[h, i], X[h, i]) / deviations[i]
                    for i, h in enumerate(holes.T)
                ]
            )
            for A in made
        ]
        distances.append([*joint, *single])
    ours, theirs, ours_single, theirs_single = np.mean(distances, axis=0)
    assert ours < theirs
    assert ours_single < theirs_single


# Draws and seeds


def test_draws_and_seeds():
    frame, _ = mixed()
    imputer = TableImputer(random_state=0).fit(frame)
    first, *others = imputer.draws(frame, 4)
    assert len(others) == 3
    assert len(TableImputer().fit(frame).draws(frame)) == 5
    for other in others:
        assert_filled(other, frame)
        gone = frame["real"].isna()
        assert np.mean(other["real"][gone] != first["real"][gone]) > 0.5
    pd.testing.assert_frame_equal(imputer.transform(frame), first)
    pd.testing.assert_frame_equal(imputer.transform(frame), first)
    again = clone(imputer).fit_transform(frame)
    pd.testing.assert_frame_equal(again, first)
    assert not TableImputer(random_state=1).fit_transform(frame).equals(first)
    unseeded = TableImputer().fit(frame)
    assert not unseeded.transform(frame).equals(unseeded.transform(frame))
    copy = pickle.loads(pickle.dumps(imputer))
    pd.testing.assert_frame_equal(copy.transform(frame), first)


def test_draws_tell_how_little_is_known():
    """Between them a hole varies as its law does."""
    X, gone, _ = gaussian(600, 0.9, 0.2)
    made = np.stack(TableImputer(random_state=0).fit(X).draws(X, 20))
    spread = np.sqrt(made[:, gone, 1].var(axis=0, ddof=1).mean())
    assert abs(spread / np.sqrt(1 - 0.9**2) - 1) < 0.25  # 0.11 for five donors
    assert_array_equal(np.ptp(made[:, ~gone], axis=0), 0)


@pytest.mark.filterwarnings("ignore:Column .* is given, and the data end")
def test_other_rows_than_in_the_fit():
    frame, whole = mixed(300)
    imputer = TableImputer(random_state=0).fit(frame[:200])
    made = imputer.transform(frame[200:])
    assert_filled(made, frame[200:])
    pd.testing.assert_frame_equal(
        imputer.transform(whole[:9].assign(unit=None)), whole[:9], check_dtype=False
    )
    one = imputer.transform(frame[:1].reindex([99_999]))
    assert not one.isna().any(axis=None)
    complete = TableImputer(random_state=0).fit(whole)
    assert_filled(complete.transform(frame), frame)


def test_values_beyond_those_of_the_fit_stay_and_are_told():
    X, _, _ = gaussian(80, 0.9, 0.3)
    imputer = TableImputer(random_state=0).fit(X)
    with pytest.warns(UserWarning, match="'x0': 50.0 is given") as caught:
        made = imputer.transform(np.array([[50.0, np.nan], [0.0, 0.0]]))
    assert made[0, 0] == 50
    assert np.nanmin(X[:, 1]) <= made[0, 1] <= np.nanmax(X[:, 1])
    assert caught[0].filename == __file__


def test_what_is_refused():
    frame, _ = mixed()
    imputer, whole = TableImputer().fit(frame), frame.fillna(frame.mode().iloc[0])
    with pytest.raises(ValueError, match=r"'kind'.*'huge'"):
        imputer.transform(whole.assign(kind="huge"))
    with pytest.raises(ValueError, match=r"'real'.*infinity"):
        imputer.transform(whole.assign(real=np.inf))
    with pytest.raises(ValueError, match="feature names"):
        imputer.transform(whole.rename(columns={"real": "unreal"}))
    with pytest.raises(ValueError, match="identifiers"):
        imputer.fit(whole.assign(name=[f"n{i}" for i in range(200)]))
    assert_filled(imputer.transform(frame), frame)  # nothing fitted is lost


def test_numbers_that_are_categories():
    frame = pd.DataFrame({"code": np.arange(90) % 30 * 1.0, "x": np.arange(90.0)})
    frame.loc[[3, 40, 77], "code"] = np.nan
    made = TableImputer(["code"], random_state=0).fit_transform(frame)
    assert set(made["code"]) <= set(range(30))
    assert_filled(made, frame)


def test_in_a_pipeline():
    frame, whole = mixed()
    y = whole["real"] > 0
    imputer = TableImputer(random_state=0)
    model = make_pipeline(imputer, TableEncoder(), LogisticRegression(max_iter=5000))
    assert model.fit(frame, y).score(frame, y) > 0.85
    assert_array_equal(model[0].get_feature_names_out(), frame.columns)
    assert model[0].n_features_in_ == frame.shape[1]
    assert_array_equal(model[0].feature_names_in_, frame.columns)
    for output, kind in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
        made = (
            TableImputer()
            .set_output(transform=output)
            .fit_transform(frame[["real", "cents"]])
        )
        assert isinstance(made, kind)
