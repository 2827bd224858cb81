"""Samples come back through the pipeline as what it was fitted on."""

import pickle

import numpy as np
import pandas as pd
import pytest
from _reference.frames import schema
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LinearRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
)
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgantk._samplers import draw
from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import NeuralGenerator, ParticleFlowGenerator
from skgantk.kernels import RBF
from skgantk.metrics import neg_energy_scorer
from skgantk.pipeline import SamplingPipeline, make_sampling_pipeline
from skgantk.preprocessing import TableEncoder

X = np.random.default_rng(0).normal(size=(60, 3)) * [1, 10, 1e3] + [0, 5, -1e4]
KDE = KernelDensity(bandwidth=0.1)
FLOW = ParticleFlowGenerator(NTKIPMDiscriminator(RBF()), max_iter=2, random_state=0)


@parametrize_with_checks(
    [make_sampling_pipeline(StandardScaler(), KDE)],
    # which Pipeline fails too: it fits the steps themselves
    expected_failed_checks=lambda estimator: dict.fromkeys(
        ["check_estimators_overwrite_params", "check_dont_overwrite_parameters"], ""
    ),
)
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "last", [KDE, FLOW, GaussianMixture()], ids=lambda s: type(s).__name__
)
def test_samples_are_those_of_the_last_step_carried_back(last):
    steps = [StandardScaler(), "passthrough", PCA(2)]
    pipeline = make_sampling_pipeline(*steps, last).fit(X)
    samples = pipeline.sample(7, random_state=3)
    by_hand = make_pipeline(*steps).fit(X)
    inner = clone(last).fit(by_hand.transform(X))
    if isinstance(last, GaussianMixture):
        expected, labels = inner.set_params(random_state=3).sample(7)
        samples, given = samples
        assert_array_equal(np.sort(given), labels)
    else:
        expected = inner.sample(7, random_state=3)
    expected = by_hand.inverse_transform(expected)
    # in another order, which is random
    samples, expected = (rows[np.argsort(rows[:, 0])] for rows in (samples, expected))
    assert_allclose(samples, expected, rtol=1e-12)


def test_samples_are_near_the_data():
    pipeline = make_sampling_pipeline(StandardScaler(), KDE).fit(X)
    samples = pipeline.sample(2000, random_state=0)
    assert_allclose(samples.mean(axis=0), X.mean(axis=0), atol=0.1 * X.std(axis=0).max())
    assert_allclose(samples.std(axis=0), X.std(axis=0), rtol=0.1)


@pytest.mark.parametrize("last", [KDE, GaussianMixture(random_state=0)])
def test_draws_differ_unless_they_are_seeded(last):
    pipeline = make_sampling_pipeline(StandardScaler(), clone(last)).fit(X)

    def draw(random_state=None):
        samples = pipeline.sample(9, random_state=random_state)
        return samples[0] if isinstance(samples, tuple) else samples

    assert_array_equal(draw(1), draw(1))
    assert np.any(draw(1) != draw(2))
    assert np.any(draw() != draw())
    assert pipeline[-1].get_params() == last.get_params()


FRAME = pd.DataFrame(
    {
        "float": X[:, 0],
        "float32": X[:, 1].astype("float32"),
        "nullable": pd.array(X[:, 1], dtype="Float64"),
        "int": np.arange(60),
        "uint8": (np.arange(60) % 2 * 255).astype("uint8"),
        "Int64": pd.array(np.arange(60), dtype="Int64"),
        "bool": np.arange(60) % 3 == 0,
        "boolean": pd.array(np.arange(60) % 3 == 0, dtype="boolean"),
        "stars": pd.Categorical(np.arange(60) % 3 * 2, categories=[4, 2, 0], ordered=True),
    }
)


def test_a_frame_gives_frames_of_its_columns_and_dtypes():
    pipeline = make_sampling_pipeline(StandardScaler(), KernelDensity(bandwidth=0.5))
    samples = pipeline.fit(FRAME).sample(400, random_state=0)
    pd.testing.assert_index_equal(samples.columns, FRAME.columns)
    pd.testing.assert_series_equal(samples.dtypes, FRAME.dtypes)
    assert_array_equal(samples.index, np.arange(400))
    assert not samples.isna().any(axis=None)
    # kept within the dtype, though half of the noise is beyond it
    assert np.mean(samples["uint8"] == 255) > 0.2
    assert np.mean(samples["uint8"] == 0) > 0.2
    # rounded, not cut off, which would lower the mean by a half
    raw = draw(pipeline[-1], 400, 0)[0] * pipeline[0].scale_ + pipeline[0].mean_
    for i in (3, 5, 6, 7):
        expected = np.round(raw[:, i]) if i < 6 else raw[:, i] >= 0.5
        assert_array_equal(samples.iloc[:, i].astype(float), expected)
    nearest = np.array([0, 2, 4])[np.abs(raw[:, [8]] - [0, 2, 4]).argmin(axis=1)]
    assert_array_equal(samples["stars"].astype(int), nearest)


@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64", "UInt64"])
def test_the_greatest_integers_do_not_overflow(dtype):
    greatest = np.iinfo(dtype.lower()).max
    frame = pd.DataFrame({"a": np.array([0, greatest], dtype=dtype.lower())}).astype(dtype)
    pipeline = make_sampling_pipeline(StandardScaler(), KernelDensity(bandwidth=2.0))
    samples = pipeline.fit(frame).sample(50, random_state=0)["a"]
    assert samples.dtype == dtype
    assert samples.max() > greatest - 2**12
    assert samples.min() < 0 or dtype.lower().startswith("u")


WORDS = pd.DataFrame(
    {"colour": ["red", "blue", "red", "green"] * 5, "flag": [True, False] * 10}
)


@pytest.mark.parametrize("dtype", [object, "str", "category"])
def test_encoded_strings_come_back(dtype):
    frame = WORDS.astype({"colour": dtype})
    encoder = OneHotEncoder(sparse_output=False)
    samples = make_sampling_pipeline(encoder, KDE).fit(frame).sample(30, random_state=0)
    pd.testing.assert_series_equal(samples.dtypes, frame.dtypes)
    assert set(samples["colour"]) == {"red", "blue", "green"}
    # red goes with True, in every row
    assert_array_equal(samples["colour"] == "red", samples["flag"])


def test_samples_that_are_no_categories_are_refused():
    frame = pd.DataFrame({"grade": pd.Categorical(["1", "2"] * 9)})
    to_number = FunctionTransformer(
        lambda X: X.astype(float), lambda X: X, check_inverse=False
    )
    pipeline = make_sampling_pipeline(to_number, KDE).fit(frame)
    with pytest.raises(ValueError, match=r"'grade' is categorical.*\['1', '2'\]. Encode"):
        pipeline.sample(3)


MIXED = pd.DataFrame(
    {
        "x": X[:, 0],
        "rate": pd.Series(np.round(X[:, 1], 1)).mask(np.arange(60) % 5 == 0),
        "colour": pd.Series(["red", "blue", None] * 20, dtype="str"),
        "grade": pd.Categorical(["low", "high"] * 30, ["low", "never", "high"]),
        "day": pd.Series(pd.date_range("2024-01-01", periods=60)).mask(X[:, 0] > 1),
    }
)


def test_mixed_frames_come_back_by_a_table_encoder(convert):
    frame = convert(MIXED)
    near = KernelDensity(bandwidth=1e-6)  # the rows of the data
    pipeline = make_sampling_pipeline(TableEncoder(), "passthrough", near).fit(frame)
    rows = pipeline.sample(200, random_state=0)
    assert schema(rows) == schema(frame)
    columns = ["rate", "colour", "grade", "day"]
    made, data = (
        {tuple(map(str, row)) for row in zip(*(f[c].to_numpy() for c in columns))}
        for f in (rows, frame)
    )
    assert made <= data
    assert len(made) > 40
    assert np.isfinite(pipeline.score(frame))


@pytest.mark.parametrize("column", ["rate", "colour", "grade", "day"])
@pytest.mark.parametrize("steps", [[], [StandardScaler()]], ids=["plain", "scaled"])
def test_mixed_frames_are_refused_with_the_remedy(convert, column, steps):
    pipeline = make_sampling_pipeline(*steps, KDE)
    with pytest.raises((TypeError, ValueError)) as caught:
        pipeline.fit(convert(MIXED[["x", column]]))
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert f"'{column}'" in text
    assert "'x'" not in text
    for remedy in ("preprocessing.TableEncoder", "generators.TableSynthesizer"):
        assert text.count(remedy) == 1


def test_errors_of_an_encoded_table_have_no_more_words():
    frame = MIXED.assign(name=[f"n{i}" for i in range(60)])
    with pytest.raises(ValueError, match=r"'name': .* identifiers") as caught:
        make_sampling_pipeline(TableEncoder(), KDE).fit(frame)
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize("method", ["fit", "fit_transform", "fit_predict"])
@pytest.mark.parametrize(
    "bad",
    [
        MIXED[["x", "colour"]],
        MIXED[["x", "rate"]],
        MIXED[["x", "day"]],
        MIXED[["rate"]].dropna(),
    ],
    ids=["strings", "missing values", "missing dates", "one column"],
)
@pytest.mark.parametrize("memory", [False, True])
def test_a_failed_fit_leaves_all_steps_as_they_were(method, bad, memory, tmp_path):
    last = {"fit": KDE, "fit_transform": FLOW, "fit_predict": GaussianMixture()}[method]
    inner = make_pipeline(StandardScaler(), PCA(2))  # of one column there are no two
    memory = str(tmp_path) if memory else None
    pipeline = make_sampling_pipeline(inner, clone(last), memory=memory)
    getattr(pipeline, method)(FRAME[["float", "int"]])
    parts = [pipeline, *pipeline[0], *pipeline]
    before = [vars(part).copy() for part in parts]
    expected = pipeline.sample(9, random_state=0)
    with pytest.raises((TypeError, ValueError)):
        getattr(pipeline, method)(bad)
    assert [pipeline, *pipeline[0], *pipeline] == parts
    assert [vars(part) for part in parts] == before
    samples = pipeline.sample(9, random_state=0)
    if method == "fit_predict":
        (expected, _), (samples, _) = expected, samples
    pd.testing.assert_frame_equal(samples, expected)


class Rows(TransformerMixin, BaseEstimator):
    """Samples the first rows, and transforms like a ParticleFlowGenerator."""

    def fit(self, X, y=None):
        self.X_ = X
        return self

    def sample(self, n_samples=1):
        return self.X_[:n_samples]

    def transform(self, X):
        return X


def test_an_array_after_a_frame_gives_arrays_again():
    pipeline = make_sampling_pipeline(StandardScaler(), Rows()).fit(FRAME)
    assert isinstance(pipeline.sample(2), pd.DataFrame)
    assert isinstance(pipeline.fit(X).sample(2), np.ndarray)
    assert pipeline.fit_transform(FRAME).shape == FRAME.shape
    made = pipeline.sample(2).sort_values("int", ignore_index=True)
    pd.testing.assert_frame_equal(made, FRAME[:2])


class Interrupted(Rows):
    """Keeps what it has by an interruption, as generators do."""

    def fit(self, X, y=None):
        super().fit(X)
        raise KeyboardInterrupt


def test_an_interrupted_fit_keeps_what_there_is():
    pipeline = make_sampling_pipeline(StandardScaler(), Interrupted())
    with pytest.raises(KeyboardInterrupt):
        pipeline.fit(FRAME[["float"]])
    made = np.sort(pipeline.sample(60)["float"])
    assert_allclose(made, np.sort(FRAME["float"]), rtol=1e-12)


def test_fit_predict_is_a_fit_as_well():
    pipeline = make_sampling_pipeline(StandardScaler(), GaussianMixture(2, random_state=0))
    assert pipeline.fit_predict(FRAME[["float"]]).shape == (60,)
    assert list(pipeline.sample(2)[0].columns) == ["float"]


def test_steps_without_a_way_back_are_refused_in_the_fit():
    for steps in ([PolynomialFeatures()], [StandardScaler(), PolynomialFeatures()]):
        with pytest.raises(TypeError, match=r"'polynomialfeatures' .*no inverse_transform"):
            make_sampling_pipeline(*steps, KDE).fit(X)
    with pytest.raises(TypeError, match=r"'linearregression' .* has none"):
        make_sampling_pipeline(StandardScaler(), LinearRegression()).fit(X)
    with pytest.raises(TypeError, match="must have a method sample"):
        make_sampling_pipeline(StandardScaler(), "passthrough").fit(X)
    assert not hasattr(make_sampling_pipeline(StandardScaler()), "sample")
    assert hasattr(make_sampling_pipeline(SelectKBest(), KDE), "sample")


def test_score_is_that_of_the_transformed_space():
    pipeline = make_sampling_pipeline(StandardScaler(), KDE).fit(X)
    Z = StandardScaler().fit_transform(X)
    assert_allclose(pipeline.score(X[:9]), clone(KDE).fit(Z).score(Z[:9]), rtol=1e-12)


def test_searches_tune_its_steps():
    grid = {"kerneldensity__bandwidth": [0.2, 50.0], "pca": ["passthrough", PCA(1)]}
    pipeline = make_sampling_pipeline(StandardScaler(), PCA(), KDE)
    search = GridSearchCV(pipeline, grid, cv=2, scoring=neg_energy_scorer).fit(X)
    assert search.best_params_ == {"kerneldensity__bandwidth": 0.2, "pca": "passthrough"}
    assert search.best_estimator_.sample(4).shape == (4, 3)


def test_it_is_a_pipeline_in_all_else(tmp_path):
    pipeline = make_sampling_pipeline(StandardScaler(), PCA(2), KDE, memory=str(tmp_path))
    pipeline.fit(FRAME[["float", "int"]])
    for copy in (
        pickle.loads(pickle.dumps(pipeline)),
        clone(pipeline).fit(FRAME[["float", "int"]]),
    ):
        pd.testing.assert_frame_equal(copy.sample(5, 0), pipeline.sample(5, 0))
    assert isinstance(pipeline[:-1], SamplingPipeline)
    assert list(pipeline[:-1].get_feature_names_out()) == ["pca0", "pca1"]
    assert list(pipeline.feature_names_in_) == ["float", "int"]
    pandas = clone(pipeline).set_output(transform="pandas").fit(FRAME[["float", "int"]])
    pd.testing.assert_frame_equal(pandas.sample(5, 0), pipeline.sample(5, 0))
    assert list(pandas[:-1].transform(FRAME[["float", "int"]])) == ["pca0", "pca1"]


@pytest.mark.parametrize(
    "encoder", [OneHotEncoder(), make_pipeline(OneHotEncoder()), KBinsDiscretizer(2)]
)
@pytest.mark.parametrize("more", [[], [StandardScaler()]])
def test_sparse_steps_are_named_with_the_remedy(encoder, more):
    with pytest.raises((TypeError, ValueError)) as caught:
        make_sampling_pipeline(encoder, *more, KDE).fit(np.round(X[:, :1]))
    text = str(caught.value) + "".join(getattr(caught.value, "__notes__", []))
    name = type(encoder).__name__.lower()
    assert (
        f"Steps ['{name}'] make it sparse: give OneHotEncoder sparse_output=False" in text
    )


def test_a_sparse_step_before_one_that_makes_it_dense_is_fine():
    pipeline = make_sampling_pipeline(OneHotEncoder(), TruncatedSVD(3), KDE).fit(WORDS)
    assert set(pipeline.sample(50, 0)["colour"]) == {"red", "blue", "green"}
    with pytest.raises(TypeError, match=r"takes dense data .* Call toarray\(\)"):
        make_sampling_pipeline("passthrough", KDE).fit(csr_array(X))


@pytest.mark.parametrize("encoder", [OneHotEncoder(sparse_output=False), OrdinalEncoder()])
def test_groups_of_rare_categories_are_refused_before_the_generator_is_fitted(encoder):
    frame = pd.DataFrame({"grade": list("aaabbbcd")})
    pipeline = make_sampling_pipeline(clone(encoder).set_params(min_frequency=2), Rows())
    with pytest.raises(ValueError, match=r"one category of 2, \['c', 'd'\] among them"):
        pipeline.fit(frame)
    assert not hasattr(pipeline[-1], "X_")
    pipeline.fit(frame[:-1])  # one that is rare alone is a category as any other
    assert set(pipeline.sample(7)["grade"]) == {"a", "b", "c"}


NETWORK = NeuralGenerator(
    NTKIPMDiscriminator(RBF()),
    hidden_layer_sizes=(4,),
    batch_size=4,
    n_latent=3,
    max_iter=2,
    random_state=0,
)


@pytest.mark.parametrize("last", [FLOW, NETWORK], ids=lambda s: type(s).__name__)
def test_generators_that_transform_have_an_output_to_set(last, hasty_compilation):
    frame = FRAME[["float", "int"]]
    names, Z = ["float", "int"], np.zeros((2, 3 if last is NETWORK else 2))
    plain = make_pipeline(StandardScaler(), clone(last)).fit(frame)
    pipeline = clone(plain).set_output(transform="pandas").fit(frame)
    assert_array_equal(pipeline[-1].sample(3, 0), plain[-1].sample(3, 0))
    assert list(pipeline.get_feature_names_out()) == names
    moved = pipeline[-1].transform(Z if last is NETWORK else pd.DataFrame(Z, columns=names))
    pd.testing.assert_frame_equal(
        moved, pd.DataFrame(plain[-1].transform(Z), columns=names)
    )
