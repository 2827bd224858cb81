"""New rows of any table: their schema, values, shares and dependences."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from _reference.frames import cells, schema
from numpy.testing import assert_array_equal
from scipy.stats import binom, chisquare, kstest, spearmanr
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgantk.generators import ConditionalSampler, GANTKSynthesizer, TableSynthesizer

QUICK = KernelDensity(bandwidth=0.3)


@parametrize_with_checks([TableSynthesizer(QUICK)])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def mixed(n=200, seed=0):
    """Six kinds of columns that depend on one another, and a label."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, n), "D")
    frame = pd.DataFrame(
        {
            "amount": np.round(np.exp(3 + size), 2),
            "count": rng.poisson(np.exp(size)),
            "kind": np.select([size > 0.8, size > -0.3], ["big", "middle"], "small"),
            "paid": size + rng.normal(size=n) > 0,
            "day": day,
            "unit": "EUR",
        }
    )
    gone = rng.random(n) < 0.3 * (size > 0)
    frame["rate"] = pd.Series(size + rng.normal(size=n)).mask(gone)
    return frame, pd.Series(np.where(size > 0, "yes", "no"), name="bought")


over_generators = pytest.mark.parametrize(
    "generator", [QUICK, GaussianMixture(3, reg_covar=1e-3)]
)


def assert_of_the_kind(X, generator):
    rows = TableSynthesizer(generator, random_state=0).fit(X).sample(33, random_state=0)
    assert schema(rows) == schema(X)
    assert len(rows) == 33
    assert not any(None in column for column in cells(rows)[:6])  # but in the last, "rate"


@over_generators
def test_rows_are_of_the_kind_of_the_data(convert, generator):
    assert_of_the_kind(convert(mixed()[0]), generator)


@over_generators
def test_rows_are_of_the_kind_of_arrays(generator):
    frame, _ = mixed()
    assert_of_the_kind(frame[["amount", "count"]].to_numpy(), generator)
    assert_of_the_kind(frame[["amount", "kind", "paid"]].to_numpy(object), generator)


def test_default_has_shares_marginals_and_dependences():
    X, _ = mixed(400)
    synthesizer = TableSynthesizer(random_state=0).fit(X)
    rows = synthesizer.sample(400, random_state=1)
    for column in ("amount", "count"):
        assert kstest(rows[column], X[column], method="asymp").statistic < 0.02
    for column in ("kind", "paid"):
        shares = X[column].value_counts()
        assert (
            chisquare(rows[column].value_counts().reindex(shares.index), shares).pvalue
            > 0.9
        )
    assert abs(rows["rate"].isna().mean() - X["rate"].isna().mean()) < 0.01
    # What is missing, and how the numbers go with the categories, as in the data.
    assert X.loc[X["amount"] < 15, "rate"].isna().mean() == 0
    assert rows.loc[rows["amount"] < 15, "rate"].isna().mean() < 0.06
    means = [frame.groupby("kind")["amount"].median() for frame in (rows, X)]
    assert np.all(np.abs(np.log(means[0] / means[1])) < 0.35)
    correlations = [spearmanr(f["amount"], f["count"]).statistic for f in (rows, X)]
    assert abs(correlations[0] - correlations[1]) < 0.1
    assert len(rows.merge(X)) < 5  # no copies
    assert synthesizer.score(mixed(400, 1)[0]) > -0.1


def test_without_calibration_values_still_may_occur():
    X, _ = mixed()
    rows = TableSynthesizer(QUICK, calibrate=False).fit(X).sample(500, random_state=0)
    for column in ("amount", "count", "day", "rate"):
        assert X[column].min() <= rows[column].min()
        assert rows[column].max() <= X[column].max()
    assert set(rows["kind"]) <= set(X["kind"])


@pytest.mark.parametrize("as_y", [pd.Series, np.asarray, lambda y: pl.Series("y", list(y))])
def test_labels_come_with_the_rows(as_y):
    X, y = mixed()
    y = as_y(y)
    synthesizer = TableSynthesizer(QUICK, random_state=0).fit(X, y)
    assert synthesizer.classes_.tolist() == ["no", "yes"]
    assert len(synthesizer.generators_) == 2
    rows, labels = synthesizer.sample(400, random_state=0)
    assert type(labels) is type(y)
    assert labels.dtype == y.dtype
    yes = np.asarray(labels) == "yes"
    assert abs(yes.mean() - np.mean(np.asarray(y) == "yes")) < 0.1
    assert rows["amount"][yes].median() > 2 * rows["amount"][~yes].median()
    assert np.isfinite(synthesizer.score(X, y))
    assert np.isfinite(synthesizer.score(X))


def test_every_stretch_of_rows_has_the_shares_of_the_labels():
    X, y = mixed(150)
    synthesizer = TableSynthesizer(QUICK, random_state=0).fit(X, y)
    share = np.mean(y == "yes")
    for seed in range(5):
        _, labels = synthesizer.sample(900, random_state=seed)
        for stretch in np.split(np.asarray(labels == "yes"), 9):
            assert abs(stretch.sum() - 100 * share) < 3  # by chance 5 in the mean
    firsts = [synthesizer.sample(1, random_state=seed)[1][0] == "yes" for seed in range(99)]
    low, high = binom.interval(1 - 1e-6, 99, share)
    assert low <= np.sum(firsts) <= high


def test_rows_beyond_the_data_come_cloud_by_cloud():
    X, _ = mixed(60)
    synthesizer = TableSynthesizer(GANTKSynthesizer(max_iter=5), random_state=0).fit(X)
    rows = synthesizer.sample(120, random_state=0)
    fitted = synthesizer.generators_[0].samples_
    amount = synthesizer._parts[0].draw(60, np.random.RandomState(0))[:, 0]
    assert len(fitted) == 60
    assert_array_equal(np.sort(rows["amount"][:60]), np.sort(amount))


@pytest.mark.parametrize(("rare", "own"), [([5], 3), ([4], 1), ([3, 2], 2), ([2, 1], 1)])
def test_the_smallest_classes_share_a_generator(rare, own):
    """So many that it has five rows: the smaller of the others, too, if it must be."""
    X, y = mixed(101)
    labels = [f"rare {i}" for i, count in enumerate(rare) for _ in range(count)]
    y = pd.Series([*labels, *y[len(labels) :]])
    kept = y.value_counts().index[:own]
    synthesizer = TableSynthesizer(QUICK, random_state=0).fit(X, y)
    assert synthesizer.classes_.tolist() == sorted(kept)
    assert len(synthesizer.generators_) == own + (own < y.nunique())
    _, new = synthesizer.sample(5000, random_state=0)
    assert set(new) == set(y)
    shares = [labels.isin(kept).mean() for labels in (new, y)]
    assert abs(shares[0] - shares[1]) < 0.001


def test_targets_are_learnt_jointly():
    X, y = mixed()
    number = X.pop("amount")
    synthesizer = TableSynthesizer(QUICK, random_state=0).fit(X, y)
    assert hasattr(synthesizer, "classes_")
    synthesizer.fit(X, number)
    assert not hasattr(synthesizer, "classes_")
    rows, target = synthesizer.sample(500, random_state=0)
    assert target.name == "amount"
    assert spearmanr(rows["count"], target).statistic > 0.5
    assert not hasattr(TableSynthesizer(QUICK).fit(X, y).fit(X), "classes_")


def test_a_table_of_categories_alone_is_not_copied():
    """Combinations that the data have not, in their shares."""
    rng = np.random.default_rng(0)
    latent = rng.integers(0, 2, 300)
    X = pd.DataFrame(
        {f"c{i}": rng.choice(list("abcd"), 300) for i in range(5)}
        | {f"l{i}": np.where(rng.random(300) < 0.9, latent, 1 - latent) for i in range(3)}
    ).astype(str)
    rows = TableSynthesizer(random_state=0).fit(X).sample(300, random_state=0)
    agree = [np.mean(frame["l0"] == frame["l1"]) for frame in (rows, X)]
    assert abs(agree[0] - agree[1]) < 0.08
    known = rows.merge(X.drop_duplicates())
    singles = np.sum(~X.duplicated(keep=False))
    low, high = binom.interval(1 - 1e-6, len(rows), 1 - singles / len(X))
    assert low <= len(known) <= high  # as in fresh rows


def test_rare_classes_of_a_mixed_table_are_balanced():
    X, y = mixed(150)
    sampler = ConditionalSampler(TableSynthesizer(QUICK), random_state=0)
    rows, labels = sampler.fit_resample(X, y.mask(y.index < 20, "rare"))
    assert labels.value_counts().nunique() == 1
    assert rows.dtypes.equals(X.dtypes)
    assert rows["rate"].isna().any()
    assert not rows.drop(columns="rate").isna().any().any()


def test_seeds_and_state():
    X, _ = mixed(80)
    synthesizer = TableSynthesizer(GANTKSynthesizer(max_iter=5), random_state=0).fit(X)
    first, second = (synthesizer.sample(10, random_state=3) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert not synthesizer.sample(10).equals(synthesizer.sample(10))
    with pytest.raises(ValueError, match="identifiers"):
        synthesizer.fit(X.assign(name=[f"n{i}" for i in range(80)]))
    pd.testing.assert_frame_equal(synthesizer.sample(10, random_state=3), first)
    assert_array_equal(synthesizer.feature_names_in_, X.columns)
    with pytest.raises(ValueError, match="constant"):
        synthesizer.fit(X[["unit"]])
    with pytest.raises(ValueError, match="n_samples"):
        synthesizer.sample(0)


def test_what_one_label_has_not():
    """A column without values, or all the same, among the rows of a label."""
    rng = np.random.default_rng(0)
    y = np.repeat(["own", "rent", "new"], 30)
    X = pd.DataFrame(
        {
            "rent": np.where(y == "rent", rng.normal(size=90), np.nan),
            "age": np.where(y == "new", 0.0, rng.exponential(size=90)),
        }
    )
    synthesizer = TableSynthesizer(QUICK, random_state=0).fit(X, y)
    rows, labels = synthesizer.sample(300, random_state=0)
    assert_array_equal(rows["rent"].isna(), labels != "rent")
    assert_array_equal(rows["age"] == 0, labels == "new")
    assert synthesizer.generators_[synthesizer.classes_.tolist().index("new")] is None


def test_one_known_value_among_the_rows():
    X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=50), "b": np.nan})
    X.loc[3, "b"] = 7.0
    X.loc[4, "b"] = 9.0
    rows = TableSynthesizer(QUICK, random_state=0).fit(X).sample(500, random_state=0)
    assert rows["b"].dropna().between(7, 9).all()
    assert rows["b"].isna().mean() > 0.8


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_numbers_whose_variance_float64_has_not_are_refused(size):
    X = pd.DataFrame({"a": [1.0, 2.0, 4.0] * 9, "far": size * np.arange(27.0)})
    with pytest.raises(ValueError, match=r"column 'far'.*another unit"):
        TableSynthesizer(QUICK).fit(X)


def test_constant_columns_have_a_score():
    X, y = pd.DataFrame({"a": ["x"] * 50}), np.arange(50) % 2
    assert TableSynthesizer(QUICK).fit(X, y).score(X) == 0


def test_two_columns_are_no_labels():
    X, y = mixed(40)
    with pytest.raises(ValueError, match="1d array"):
        TableSynthesizer(QUICK).fit(X, np.column_stack([y, y]))
