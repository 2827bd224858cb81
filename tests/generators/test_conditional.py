"""One generator per class: labels, their order and counts, and the balance of classes."""

import re
from fractions import Fraction

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from _reference.frames import LIBRARIES, schema
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import (
    ConditionalSampler,
    ParticleFlowGenerator,
    TableSynthesizer,
)
from skgantk.kernels import RBF
from skgantk.pipeline import make_sampling_pipeline
from skgantk.preprocessing import TableEncoder

KDE = KernelDensity(bandwidth=0.1)
FLOW = ParticleFlowGenerator(NTKIPMDiscriminator(RBF()), max_iter=2)
# three classes far apart, 20, 10 and 3 rows of them
Y = np.repeat([7, 2, 5], [20, 10, 3])
CENTRES = {7: 0.0, 2: 100.0, 5: 200.0}
X = np.random.default_rng(0).normal(size=(33, 2)) + np.vectorize(CENTRES.get)(Y)[:, None]


def class_of(X):
    """The class at whose centre a row lies."""
    return np.array([7, 2, 5])[np.rint(np.asarray(X)[:, 0] / 100).astype(int)]


def counts(y):
    return {int(label): int(n) for label, n in zip(*np.unique(y, return_counts=True))}


@parametrize_with_checks([ConditionalSampler(KDE)])
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "sampler", [KDE, GaussianMixture()], ids=lambda s: type(s).__name__
)
def test_rows_have_the_labels_asked_for_in_their_order(sampler):
    conditional = ConditionalSampler(sampler, random_state=0).fit(X, Y)
    labels = np.random.default_rng(0).permutation(Y)
    rows, given = conditional.sample(y=labels, random_state=0)
    assert_array_equal(given, labels)
    assert_array_equal(class_of(rows), labels)
    assert set(conditional.samplers_) == {2, 5, 7}
    assert_array_equal(conditional.classes_, [2, 5, 7])
    assert conditional.n_features_in_ == 2


def test_labels_are_as_frequent_as_in_the_data():
    conditional = ConditionalSampler(KDE).fit(X, Y)
    assert_allclose(conditional.class_prior_, np.array([10, 3, 20]) / 33)
    rows, labels = conditional.sample(3000, random_state=0)
    assert_array_equal(class_of(rows), labels)
    frequencies = np.unique(labels, return_counts=True)[1] / 3000
    assert_allclose(frequencies, conditional.class_prior_, atol=0.03)


def test_a_class_is_sampled_by_its_own_sampler():
    conditional = ConditionalSampler(KDE).fit(X, Y)
    rows, _ = conditional.sample(y=[5] * 4, random_state=3)
    rng = np.random.RandomState(3)
    own = clone(KDE).fit(X[Y == 5]).sample(4, random_state=rng)
    assert_array_equal(np.sort(rows, axis=0), np.sort(own, axis=0))  # in random order


def test_seeds_are_deterministic_and_differ_between_classes():
    """Two classes of the same rows: alike only if their seeds are."""
    twins, labels = np.concatenate([X[:20], X[:20]]), np.repeat([0, 1], 20)
    conditional = ConditionalSampler(
        make_sampling_pipeline(StandardScaler(), FLOW), random_state=4
    )
    once, again = (clone(conditional).fit(twins, labels) for _ in range(2))
    first, second = (once.samplers_[k][-1].particles_ for k in (0, 1))
    assert np.any(first != second)
    assert_array_equal(first, again.samplers_[0][-1].particles_)
    draws = [fitted.sample(5, random_state=0)[0] for fitted in (once, again)]
    assert_array_equal(*draws)
    assert np.any(once.sample(5)[0] != once.sample(5)[0])
    assert conditional.get_params()["sampler__particleflowgenerator__random_state"] is None


def test_classes_are_fitted_in_parallel():
    with joblib.parallel_config("threading"):
        parallel = ConditionalSampler(KDE, random_state=0, n_jobs=2).fit_resample(X, Y)
    for one, other in zip(
        parallel, ConditionalSampler(KDE, random_state=0).fit_resample(X, Y)
    ):
        assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", {7: 20, 2: 20, 5: 20}),
        ("not majority", {7: 20, 2: 20, 5: 20}),
        ("all", {7: 20, 2: 20, 5: 20}),
        ("minority", {7: 20, 2: 10, 5: 20}),
        ("not minority", {7: 20, 2: 20, 5: 3}),
        ({5: 8}, {7: 20, 2: 10, 5: 8}),
        ({5: 8, 7: 25}, {7: 25, 2: 10, 5: 8}),
        ({}, {7: 20, 2: 10, 5: 3}),
        (lambda y: {5: int(np.sum(y == 2))}, {7: 20, 2: 10, 5: 10}),
    ],
)
def test_strategies_give_the_counts_of_imbalanced_learn(strategy, expected):
    conditional = ConditionalSampler(KDE, strategy, random_state=0)
    rows, labels = conditional.fit_resample(X, Y)
    assert counts(labels) == expected
    assert_array_equal(rows[:33], X)
    assert_array_equal(labels[:33], Y)
    assert_array_equal(class_of(rows), labels)
    assert len(np.unique(rows, axis=0)) == len(rows)
    grown = {label for label, n in expected.items() if n > counts(Y)[label]}
    assert set(conditional.samplers_) == grown


def test_a_float_is_the_ratio_of_two_classes():
    two = Y != 5
    for ratio, expected in [(0.5, 10), (0.77, 15), (1.0, 20)]:
        _, labels = ConditionalSampler(KDE, ratio).fit_resample(X[two], Y[two])
        assert counts(labels) == {7: 20, 2: expected}
    with pytest.raises(ValueError, match=r"asks for 8 rows .* has 10\. Take 0\.5 or more"):
        ConditionalSampler(KDE, 0.4).fit_resample(X[two], Y[two])
    with pytest.raises(ValueError, match="two classes only, and there are 3"):
        ConditionalSampler(KDE, 0.9).fit_resample(X, Y)


@pytest.mark.parametrize("dtype", [float, np.float32])
def test_a_ratio_of_two_counts_gives_these_counts(dtype):
    """Whatever rounds on the way; .29 · 100 is 28.999999999999996."""

    def smaller(ratio, most):
        return ConditionalSampler(KDE)._from_ratio(ratio, np.array([most, 0]))[1]

    for most in (400, 997, 1000, 3003):
        least = range(1, 400)
        assert [smaller(dtype(n / most), most) for n in least] == list(least)
    percent = range(1, 101)
    assert [smaller(dtype(f"{n / 100:.2f}"), 100) for n in percent] == list(percent)
    assert smaller(Fraction(29, 100), 100) == 29


def test_the_ratio_that_an_error_names_is_enough():
    rows, labels = np.arange(132.0)[:, None], np.repeat([0, 1], [99, 33])
    with pytest.raises(ValueError, match="Take") as caught:
        ConditionalSampler(KDE, 0.3).fit_resample(rows, labels)
    ratio = float(re.search(r"Take (\S+) or more", str(caught.value))[1])
    balanced, _ = ConditionalSampler(KDE, ratio).fit_resample(rows, labels)
    assert_array_equal(balanced, rows)


@pytest.mark.parametrize("strategy", ["auto", "minority", "not minority", "all", 1.0])
def test_balanced_data_stay_as_they_are(strategy):
    labels = np.tile([0, 1], 16)
    rows, resampled = ConditionalSampler(KDE, strategy).fit_resample(X[:32], labels)
    assert_array_equal(rows, X[:32])
    assert_array_equal(resampled, labels)


FRAME = pd.DataFrame(X, columns=["a", "b"]).assign(
    n=np.arange(33), half=X[:, 0].astype("float32")
)
NAMES = pd.Series(Y, name="class").map({7: "often", 2: "less", 5: "rare"})


@pytest.mark.parametrize("dtype", ["str", object, "category"])
@pytest.mark.parametrize("sampler", [KDE, make_sampling_pipeline(StandardScaler(), KDE)])
def test_frames_and_series_come_back(sampler, dtype):
    index = np.arange(33)[::-1]
    X, y = FRAME.set_index(index), NAMES.astype(dtype).set_axis(index)
    conditional = ConditionalSampler(sampler, random_state=0)
    rows, labels = conditional.fit_resample(X, y)
    pd.testing.assert_frame_equal(rows[:33], FRAME)
    pd.testing.assert_series_equal(labels[:33], NAMES.astype(dtype))
    pd.testing.assert_series_equal(rows.dtypes, FRAME.dtypes)
    assert dict(labels.value_counts()) == {"often": 20, "less": 20, "rare": 20}
    assert_array_equal(labels.map({"often": 7, "less": 2, "rare": 5}), class_of(rows))
    drawn, asked = conditional.fit(X, y).sample(y=["rare", "often"])
    pd.testing.assert_series_equal(drawn.dtypes, FRAME.dtypes)
    assert list(asked) == ["rare", "often"]
    assert_array_equal(class_of(drawn), [5, 7])


@pytest.mark.parametrize(
    "dtype", ["str", object, "category", "string", "Int64", "int8", "Sparse[int64]"]
)
def test_a_frame_of_one_column_may_be_the_labels(dtype):
    labels = NAMES if dtype in ("str", object, "category", "string") else pd.Series(Y)
    frame = labels.astype(dtype).to_frame("label")
    conditional = ConditionalSampler(KDE, random_state=0)
    made = conditional.fit_resample(FRAME, frame)[1]
    pd.testing.assert_frame_equal(made[:33], frame)
    assert made["label"].value_counts().tolist() == [20, 20, 20]
    series = conditional.fit_resample(FRAME, frame["label"])[1]
    pd.testing.assert_series_equal(made["label"], series)
    drawn, asked = conditional.fit(FRAME, frame).sample(y=frame[:4])
    assert_array_equal(asked, frame["label"][:4])
    assert_array_equal(class_of(drawn), [7] * 4)


def mixed(n_often=40, n_rare=12):
    """Columns of many kinds with missing values, and labels: the rare class is greater."""
    rng = np.random.default_rng(0)
    n = n_often + n_rare
    rare = np.arange(n) % (n // n_rare) == 1
    rare &= np.cumsum(rare) <= n_rare
    count = rng.integers(0, 50, n) + 100 * rare
    day = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(count, "D"))
    frame = pd.DataFrame(
        {
            "count": count,
            "amount": pd.Series(np.round(count + rng.random(n), 2)).mask(count % 5 == 0),
            "whole": pd.Series(count, dtype="Int64").mask(count % 4 == 0),
            "kind": pd.Series(np.where(rare, "a", "b")).mask(count % 3 == 0, "c"),
            "grade": pd.Categorical(rng.choice(["low", "high"], n), ["low", "no", "high"]),
            "day": day.mask(count % 7 == 0),
            "paid": rng.random(n) < 0.5,
        }
    )
    frame["kind"] = frame["kind"].mask(count % 11 == 0)
    return frame, pd.Series(np.where(rare, "rare", "often"), name="class")


LABELS = {
    "series": lambda y: y,
    "categories": lambda y: y.astype(pd.CategoricalDtype(["rare", "no", "often"])),
    "polars": lambda y: pl.Series("class", list(y)),
    "polars categories": lambda y: pl.Series("class", list(y), pl.Categorical),
    "polars frame": lambda y: pl.DataFrame({"class": list(y)}),
    "pyarrow": lambda y: pa.chunked_array([list(y)]),
    "list": list,
    "array": np.asarray,
}
TABLES = ConditionalSampler(TableSynthesizer(KernelDensity(bandwidth=0.3)), random_state=0)


def assert_same(one, other):
    """Frames, series or arrays of the same library, schema and values."""
    assert type(one) is type(other)
    if isinstance(one, (pd.DataFrame, pd.Series)):
        assert_equal = {
            pd.DataFrame: pd.testing.assert_frame_equal,
            pd.Series: pd.testing.assert_series_equal,
        }
        assert_equal[type(one)](one, other)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        assert_array_equal(one, other)
    else:
        assert one.equals(other)
        assert getattr(one, "schema", None) == getattr(other, "schema", None)


@pytest.mark.parametrize("of", LABELS)
def test_mixed_frames_of_every_library_come_back(convert, of):
    frame, y = mixed()
    X, y = convert(frame), LABELS[of](y)
    rows, labels = clone(TABLES).fit_resample(X, y)
    assert_same(rows[:52], X)
    assert_same(labels[:52], np.asarray(y) if isinstance(y, list) else y)
    assert len(rows) == len(labels) == 80
    assert set(np.ravel(labels[52:])) == {"rare"}
    # What is new has the schema of the data, and the values and holes of its class.
    made, rare = rows[52:], frame[frame["count"] >= 100]
    assert schema(made) == schema(X)
    if not isinstance(made, pd.DataFrame):
        made = pl.DataFrame(made).to_pandas()
    assert made["count"].between(rare["count"].min(), rare["count"].max()).all()
    assert set(made["kind"].dropna()) == {"a", "c"}
    assert set(made["grade"]) == {"low", "high"}
    for name in ("amount", "whole", "day"):
        assert 0 < made[name].isna().sum() < 28


def test_mixed_frames_are_sampled_by_label(convert):
    frame, y = mixed()
    X = convert(frame)
    asked = pl.Series(["rare", "often", "rare"] * 9)
    rows, labels = clone(TABLES).fit(X, y).sample(y=asked)
    assert schema(rows) == schema(X)
    assert_array_equal(labels, asked)
    assert_array_equal(np.asarray(rows["count"]) >= 100, asked == "rare")
    if isinstance(rows, pd.DataFrame):
        assert_array_equal(rows.index, np.arange(27))


def test_balanced_frames_stay_as_they_are(convert):
    X = convert(mixed()[0])
    y = pl.Series("class", [True, False] * 26)
    rows, labels = clone(TABLES).fit_resample(X, y)
    assert_same(rows, X)
    assert_same(labels, y)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_samplers_of_arrays_make_arrays_of_frames(library):
    frame = FRAME[["a", "n"]]
    for sampler in (KDE, make_sampling_pipeline(StandardScaler(), KDE)):
        conditional = ConditionalSampler(sampler, random_state=0)
        rows, _ = conditional.fit_resample(LIBRARIES[library](frame), Y)
        expected, _ = conditional.fit_resample(frame.to_numpy(), Y)
        assert_same(rows, expected)


def test_mixed_frames_are_refused_with_the_remedy(convert):
    X, y = mixed()
    for name in ("amount", "kind"):
        with pytest.raises((TypeError, ValueError)) as caught:
            ConditionalSampler(KDE).fit(convert(X[["count", name]]), y)
        text = "".join(caught.value.__notes__)
        assert f"{{'{name}': " in text
        assert text.count("TableSynthesizer takes them") == 1


def test_frames_without_rows_or_of_another_length_are_refused(convert):
    X, y = (part[:9] for part in mixed())
    X = convert(X)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clone(TABLES).fit(X, y[:5])
    with pytest.raises(ValueError, match="0 sample"):
        clone(TABLES).fit(X[:0], y[:0])
    with pytest.raises(ValueError, match="requires y"):
        clone(TABLES).fit(X, None)


def test_exact_integers_come_from_pipelines_of_classes():
    """Frames of a sampler are not taken through one array of floats."""
    frame = pd.DataFrame({"id": 2**60 + np.arange(33) % 3, "x": 0.5})
    ids = make_sampling_pipeline(OneHotEncoder(sparse_output=False), KDE)
    conditional = ConditionalSampler(ids, random_state=0).fit(frame, Y)
    made = conditional.sample(50, random_state=0)[0]
    assert set(made["id"]) == {2**60, 2**60 + 1, 2**60 + 2}


@pytest.mark.parametrize(
    "labels", [Y.astype("int8"), Y == 7, NAMES.to_numpy("U5"), list(Y)]
)
def test_dtypes_are_kept(labels):
    rows, resampled = ConditionalSampler(KDE).fit_resample(X.astype("float32"), labels)
    assert rows.dtype == np.float32
    assert resampled.dtype == np.asarray(labels).dtype
    drawn = ConditionalSampler(KDE).fit(X, labels).sample(5)[1]
    assert drawn.dtype == np.asarray(labels).dtype


def test_a_class_of_one_row_is_up_to_the_sampler():
    labels = np.where(np.arange(33) == 32, "lonely", "many")
    rows, resampled = ConditionalSampler(KDE).fit_resample(X, labels)
    assert np.sum(resampled == "lonely") == 32
    assert_allclose(rows[33:], np.tile(X[32], (31, 1)), atol=0.6)
    with pytest.raises(ValueError, match="minimum of 2") as caught:
        ConditionalSampler(GaussianMixture()).fit(X, labels)
    assert caught.value.__notes__ == [
        "It is the sampler of class 'lonely', which has 1 rows."
    ]


def test_a_failed_fit_leaves_it_as_it_was():
    conditional = ConditionalSampler(KDE).fit(X, Y)
    before = vars(conditional).copy()
    with pytest.raises(ValueError, match="NaN"):
        conditional.fit(np.full((4, 2), np.nan), [0, 0, 1, 1])
    assert vars(conditional) == before


def test_bad_input_is_refused():
    conditional = ConditionalSampler(KDE).fit(X, Y)
    with pytest.raises(ValueError, match=r"y has \[3\]; the labels are \[2, 5, 7\]"):
        conditional.sample(y=[2, 3])
    for y in (2, [[2]], []):
        with pytest.raises(ValueError, match="y must be a list of labels, got"):
            conditional.sample(y=y)
    for n_samples in (0, 1.5):
        with pytest.raises(ValueError, match=f"n_samples must be .*got {n_samples}"):
            conditional.sample(n_samples)
    with pytest.raises(ValueError, match="Unknown label type"):
        conditional.fit(X, X[:, 0])
    conditional.fit_resample(X, Y)
    with pytest.raises(ValueError, match=r"No sampler is fitted to \[7\].*Call fit"):
        conditional.sample(y=[5, 7])


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ({3: 9}, r"sampling_strategy has \[3\]; the labels are \[2, 5, 7\]"),
        ({2: 9}, "no less than those of the data, {2: 10, 5: 3, 7: 20}; got {2: 9}"),
        ({2: 11.5}, "counts that are integers"),
    ],
)
def test_impossible_counts_are_refused(strategy, message):
    with pytest.raises(ValueError, match=message):
        ConditionalSampler(KDE, strategy).fit_resample(X, Y)


@pytest.mark.parametrize(
    "parameter",
    [
        {"sampler": LogisticRegression()},
        {"sampling_strategy": "majority"},
        {"sampling_strategy": 1.5},
        {"random_state": "seed"},
        {"n_jobs": 0.5},
    ],
)
def test_bad_parameters_are_refused(parameter):
    for method in ("fit", "fit_resample"):
        with pytest.raises(InvalidParameterError, match=next(iter(parameter))):
            getattr(ConditionalSampler(KDE).set_params(**parameter), method)(X, Y)


def test_a_step_of_imbalanced_learn():
    imblearn = pytest.importorskip("imblearn.pipeline")
    over_sampling = pytest.importorskip("imblearn.over_sampling")
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [400, 20])
    rows = rng.normal(size=(420, 2)) + labels[:, None]
    balancer = ConditionalSampler(KernelDensity(bandwidth=0.3), random_state=0)
    model = imblearn.make_pipeline(StandardScaler(), balancer, LogisticRegression())
    recall = recall_score(labels, model.fit(rows, labels).predict(rows))
    assert (
        recall
        > recall_score(labels, LogisticRegression().fit(rows, labels).predict(rows)) + 0.3
    )
    for strategy in ("auto", "minority", "not minority", "all", {5: 8}):
        theirs = over_sampling.RandomOverSampler(sampling_strategy=strategy)
        ours = ConditionalSampler(KDE, strategy)
        assert counts(ours.fit_resample(X, Y)[1]) == counts(theirs.fit_resample(X, Y)[1])


def test_mixed_frames_with_holes_in_a_pipeline_of_imbalanced_learn():
    imblearn = pytest.importorskip("imblearn.pipeline")
    rng = np.random.default_rng(0)
    y = np.tile(np.repeat(["often", "rare"], [180, 20]), 2)
    size = rng.normal(size=400) + (y == "rare")
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 99, 400), "D")
    kind = np.where(size + rng.normal(size=400) > 0.5, "big", "small")
    X = pd.DataFrame({"size": size, "kind": kind, "day": day})
    X = X.mask(rng.random(X.shape) < 0.2)
    steps = [TableEncoder(), StandardScaler(), LogisticRegression()]
    recalls = []
    for before in ([], [clone(TABLES)]):
        model = imblearn.make_pipeline(*before, *map(clone, steps)).fit(X[:200], y[:200])
        recalls.append(recall_score(y[200:], model.predict(X[200:]), pos_label="rare"))
    assert recalls[1] > recalls[0] + 0.3
    assert set(model[0].samplers_) == {"rare"}


def test_a_back_end_that_forks_is_refused():
    sampler = ConditionalSampler(KernelDensity(), n_jobs=2)
    with parallel_config("multiprocessing"), pytest.raises(ValueError, match="forks"):
        sampler.fit([[0.0], [1.0], [2.0]], [0, 0, 1])
