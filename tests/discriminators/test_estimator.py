"""Discriminators as scikit-learn estimators: what `parametrize_with_checks` leaves out."""

import inspect
import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import jax
import joblib
import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, log_expit
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgantk import discriminators, losses
from skgantk.discriminators import (
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.kernels import NTK, RBF
from skgantk.losses import VanillaGAN

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X = np.random.default_rng(0).normal(size=(12, 2))
X[::2] += 1.5
y = np.tile([1, -1], 6)
NEW = np.random.default_rng(1).normal(size=(12, 2))
X.flags.writeable = y.flags.writeable = NEW.flags.writeable = False
MLP = NTK(depth=1)


class Saturating(VanillaGAN):
    """A loss of the user's, with a parameter."""

    def __init__(self, slope=1.0):
        self.slope = slope

    def c(self, f):
        return jax.nn.log_sigmoid(-self.slope * f)


KINDS = {
    "ipm": NTKIPMDiscriminator(RBF()),
    "lsgan": NTKLSGANDiscriminator(RBF(), real=1, fake=0, generator=0.8),
    "vanilla": NTKGANDiscriminator(RBF()),
    "hinge": NTKGANDiscriminator(RBF(), loss="hinge"),
}
MORE = {
    "nngp": NTKIPMDiscriminator(MLP, initial="nngp", random_state=0),
    "own_loss": NTKGANDiscriminator(RBF(), loss=Saturating(0.5)),
}
EVALUATIONS = ["decision_function", "gradient", "generator_loss", "generator_gradient"]
FAST = (KINDS | MORE).keys() - {"vanilla"}  # of whose loss "own_loss" is
over_kinds = pytest.mark.parametrize("kind", slow_but(FAST, KINDS))
over_all = pytest.mark.parametrize("kind", slow_but(FAST, KINDS | MORE))


def made(kind, **params):
    return clone((KINDS | MORE)[kind]).set_params(**params)


def assert_same(one, other):
    """The same function, to the last bit."""
    for method in [*EVALUATIONS, "predict"]:
        assert_array_equal(getattr(one, method)(NEW), getattr(other, method)(NEW))


def assert_close(one, other, rtol=1e-9):
    """The same function, up to rounding or the solver's tolerance."""
    for method in ("decision_function", "gradient"):
        values = getattr(one, method)(NEW)
        atol = rtol * abs(values).max()
        assert_allclose(getattr(other, method)(NEW), values, rtol, atol)
    assert_allclose(one.loss_, other.loss_, rtol)


# Copies


@over_all
def test_clone(kind):
    discriminator = made(kind).fit(X, y)
    copy = clone(discriminator)
    assert vars(copy).keys() == copy.get_params(deep=False).keys()
    assert copy.get_params(deep=False).keys() == discriminator.get_params(deep=False).keys()
    assert_same(copy.fit(X, y), discriminator)


@over_all
def test_pickle_and_joblib(kind, tmp_path):
    discriminator = made(kind).fit(X, y)
    joblib.dump(discriminator, tmp_path / "file")
    for copy in (
        pickle.loads(pickle.dumps(discriminator)),
        joblib.load(tmp_path / "file"),
        joblib.load(tmp_path / "file", mmap_mode="r"),
    ):
        assert_same(copy, discriminator)
        assert vars(copy).keys() == vars(discriminator).keys()
        assert copy.loss_ == discriminator.loss_
        assert_same(copy.fit(X, y), discriminator)


def test_a_clone_needs_its_initial_function_frozen():
    given = made("ipm").fit(X, y)
    discriminator = made("lsgan", initial=given).fit(X, y)
    with pytest.raises(NotFittedError, match="FrozenEstimator"):
        clone(discriminator).fit(X, y)
    frozen = made("lsgan", initial=FrozenEstimator(given))
    assert_same(clone(frozen).fit(X, y), discriminator)
    assert_same(pickle.loads(pickle.dumps(frozen)).fit(X, y), discriminator)


# Parameters


@over_all
def test_parameters(kind):
    discriminator = made(kind)
    params = discriminator.get_params()
    assert discriminator.set_params(**params) is discriminator
    assert all(discriminator.get_params()[name] is params[name] for name in params)
    assert type(discriminator).__name__ in repr(discriminator)
    with pytest.raises(ValueError, match="Invalid parameter 'depth'"):
        discriminator.set_params(depth=3)


def test_nested_parameters():
    discriminator = NTKLSGANDiscriminator(NTK(depth=1, bias_std=0.5))
    assert discriminator.get_params()["kernel__bias_std"] == 0.5
    discriminator.set_params(kernel__bias_std=2.0, training_time=0.3)
    expected = NTKLSGANDiscriminator(NTK(depth=1, bias_std=2.0), training_time=0.3)
    assert_same(discriminator.fit(X, y), expected.fit(X, y))
    discriminator.set_params(kernel__bias_std=0.1)  # until it is fitted again, the same
    assert_same(discriminator, expected)
    assert discriminator.kernel_ == expected.kernel_


GRIDS = {
    "training_time": {"training_time": [1e-3, 1.0]},
    "kernel": {"kernel": [RBF(), MLP]},
    "kernel__bias_std": {"kernel": [MLP], "kernel__bias_std": [0.5, 1.0]},
    "two": {"kernel__length_scale": [0.5, 1.0], "training_time": [0.1, 1.0]},
    "initial": {"initial": [None, "nngp", FrozenEstimator(made("ipm"))], "kernel": [MLP]},
}


@pytest.mark.parametrize("grid", GRIDS)
def test_grid_search(grid):
    GRIDS["initial"]["initial"][2].estimator.fit(NEW, y)
    discriminator = made("lsgan", random_state=0)
    search = GridSearchCV(discriminator, GRIDS[grid], cv=2, error_score="raise")
    scores = search.fit(X, y).cv_results_["mean_test_score"]
    assert search.best_score_ == scores.max() > 0.5
    best = discriminator.set_params(**search.best_params_).fit(X, y)
    assert_same(best, search.best_estimator_)
    assert_array_equal(search.decision_function(NEW), best.decision_function(NEW))


def test_pipeline():
    pipeline = make_pipeline(StandardScaler(), NTKLSGANDiscriminator()).fit(X, y)
    Z = StandardScaler().fit_transform(X)
    alone = NTKLSGANDiscriminator().fit(Z, y)
    assert_array_equal(pipeline.decision_function(X), alone.decision_function(Z))
    assert_array_equal(pipeline.predict(X), alone.predict(Z))
    assert pipeline.score(X, y) == alone.score(Z, y) > 0.5
    pipeline.set_params(ntklsgandiscriminator__kernel=RBF(2.0)).fit(X, y)
    assert pipeline[-1].kernel_ == RBF(2.0)


# Data


@over_kinds
def test_refit_forgets(kind):
    assert_same(made(kind).fit(NEW, -y).fit(X, y), made(kind).fit(X, y))


def test_refit_on_another_width():
    discriminator = made("ipm").fit(X[:, :1], y)
    assert discriminator.n_features_in_ == discriminator.gradient(X[:, :1]).shape[1] == 1
    assert_same(discriminator.fit(X, y), made("ipm").fit(X, y))
    assert discriminator.n_features_in_ == 2


LABELS = {
    "strings": ["fake", "real"],
    "order": ["model", "data"],
    "bools": [False, True],
    "ints": [3, 7],
    "floats": [0.0, 1.0],
}


@pytest.mark.parametrize("pair", LABELS.values(), ids=LABELS)
def test_the_greater_label_is_real(pair):
    labels = np.array(pair)[(y > 0).astype(int)]
    sign = np.where(labels == max(pair), 1, -1)
    discriminator = made("lsgan").fit(X, labels)
    values = made("lsgan").fit(X, sign).decision_function(NEW)
    assert_array_equal(discriminator.decision_function(NEW), values)
    assert_array_equal(discriminator.classes_, sorted(pair))
    assert_array_equal(discriminator.y_fit_, labels)
    predicted = discriminator.predict(NEW)
    assert predicted.dtype == labels.dtype
    assert set(predicted) == set(pair)
    assert_array_equal(discriminator.fit(X, labels.tolist()).predict(NEW), predicted)


@over_kinds
def test_predict_cuts_half_way(kind):
    discriminator = made(kind).fit(X, y)
    cut = 0.5 if kind == "lsgan" else 0.0
    values = discriminator.decision_function(NEW)
    assert values.min() < cut < values.max()
    assert_array_equal(discriminator.predict(NEW), np.where(values > cut, 1, -1))
    assert discriminator.score(NEW, y) == np.mean((values > cut) == (y > 0))


@pytest.mark.parametrize("kind", slow_but(["lsgan"], ["lsgan", "nngp"]))
def test_precision(kind):
    values = made(kind).fit(X, y).decision_function(X)
    single = X.astype(np.float32)
    for points in (single, X):
        discriminator = made(kind).fit(points, y)
        assert discriminator.dual_coef_.dtype == discriminator.X_fit_.dtype == points.dtype
        assert type(discriminator.loss_) is float
        assert_allclose(discriminator.decision_function(single), values, atol=1e-4)
        for method in EVALUATIONS:
            for evaluated in (single, X):
                assert getattr(discriminator, method)(evaluated).dtype == evaluated.dtype
    integers = made(kind).fit(np.round(3 * X).astype(int), y)
    assert integers.X_fit_.dtype == integers.dual_coef_.dtype == np.float64


@over_kinds
def test_input_is_neither_changed_nor_kept(kind):
    points, labels, weight, new = X.copy(), y.copy(), np.linspace(1, 2, 12), NEW.copy()
    given = [points, labels, weight, new]
    before = [a.copy() for a in given]
    discriminator = made(kind).fit(points, labels, weight)
    values, slopes = discriminator.decision_function(new), discriminator.gradient(new)
    discriminator.generator_gradient(new)
    for array, copy in zip(given, before):
        assert_array_equal(array, copy)
    for array in given[:3]:  # the particles move on; the discriminator stays
        array[:] = 0
    assert_array_equal(discriminator.decision_function(NEW), values)
    assert_array_equal(discriminator.gradient(NEW), slopes)
    values[:] = 0
    assert np.any(discriminator.decision_function(NEW))


def test_layouts_of_memory():
    discriminator = made("lsgan").fit(X, y)
    apart = np.zeros((24, 4))[::2, ::2]
    apart[:] = X
    for points in (np.asfortranarray(X), apart, X.tolist(), X.astype(">f8")):
        assert_same(made("lsgan").fit(points, y), discriminator)
        for method in (discriminator.decision_function, discriminator.gradient):
            assert_array_equal(method(points), method(X))


def test_data_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["height", "width"])
    discriminator = made("ipm").fit(frame, pandas.Series(y))
    assert list(discriminator.feature_names_in_) == ["height", "width"]
    assert type(discriminator.X_fit_) is np.ndarray
    for method in EVALUATIONS:
        values = getattr(made("ipm").fit(X, y), method)(X)
        evaluate = getattr(discriminator, method)
        assert_array_equal(evaluate(frame), values)
        with pytest.raises(ValueError, match="should match those that were passed"):
            evaluate(frame[["width", "height"]])
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            evaluate(X)
    assert not hasattr(discriminator.fit(X, y), "feature_names_in_")


# Weights


def test_integer_weights_are_repeated_rows():
    weight = np.array([3, 1, 0, 2, 2, 2, 2, 1, 3, 0, 1, 1])
    rows = np.repeat(np.arange(12), weight)
    weighted = made("lsgan").fit(X, y, weight)
    assert_close(weighted, made("lsgan").fit(X[rows], y[rows]))
    assert np.all(weighted.dual_coef_[weight == 0] == 0)


def test_class_sizes_do_not_matter():
    rows = np.concatenate([np.arange(12), np.flatnonzero(y > 0)])  # 12 real, 6 fake
    assert_close(made("lsgan").fit(X, y), made("lsgan").fit(X[rows], y[rows]))


@over_kinds
def test_weights_count_within_their_class(kind):
    weight = np.linspace(0.5, 2, 12)
    expected = made(kind).fit(X, y, weight)
    assert_close(made(kind).fit(X, y, np.where(y > 0, 100, 0.1) * weight), expected)
    assert_same(made(kind).fit(X, y, np.full(12, 2)), made(kind).fit(X, y))


# The initial function


@pytest.mark.parametrize("start", ["ipm", "vanilla", "nngp"])
def test_initial_is_what_training_starts_from(start):
    given = made(start).fit(NEW, y)
    f0, slope0 = given.decision_function(NEW), given.gradient(NEW)
    witness = made("ipm").fit(X, y)
    f = made("ipm", training_time=3.0, initial=given).fit(X, y)
    assert_allclose(f.decision_function(NEW), f0 + 3 * witness.decision_function(NEW))
    assert_allclose(f.gradient(NEW), slope0 + 3 * witness.gradient(NEW))
    values = f.decision_function(NEW)
    given.fit(X, -y)
    assert np.any(given.decision_function(NEW) != f0)
    assert_array_equal(f.decision_function(NEW), values)


@over_kinds
def test_a_short_training_leaves_the_initial_function(kind):
    given = made("ipm", training_time=0.1).fit(NEW, y)
    f = made(kind, training_time=1e-12, initial=given).fit(X, y)
    assert_allclose(f.decision_function(NEW), given.decision_function(NEW), atol=1e-11)


@pytest.mark.parametrize("kind", ["ipm", "lsgan", "vanilla"])
def test_own_initial_function_is_training_for_longer(kind):
    half = made(kind, training_time=0.5).fit(X, y)
    twice = made(kind, training_time=0.5, initial=half).fit(X, y)
    assert_close(made(kind).fit(X, y), twice, rtol=1e-5 if kind == "vanilla" else 1e-9)


def test_draws_of_the_network():
    drawn = made("nngp").fit(X, y)
    state = np.random.RandomState(0)
    assert_same(made("nngp", random_state=state).fit(X, y), drawn)
    others = [made("nngp", random_state=seed).fit(X, y) for seed in (1, None, None, state)]
    assert_same(made("nngp").fit(X, y), drawn.fit(X, y))
    values = [one.decision_function(NEW) for one in (drawn, *others)]
    assert all(np.all(values[i] != values[j]) for i in range(5) for j in range(i))


def test_one_draw_is_one_function():
    drawn = made("nngp").fit(X, y)
    values, slopes = drawn.decision_function(X), drawn.gradient(X)
    assert_allclose(drawn.loss_, values[y > 0].mean() - values[y < 0].mean(), rtol=1e-12)
    for rows in (slice(3), slice(None, None, -1)):
        assert_allclose(drawn.decision_function(X[rows]), values[rows], rtol=1e-12)
        assert_allclose(drawn.gradient(X[rows]), slopes[rows], rtol=1e-12)
    single = drawn.decision_function(X.astype(np.float32))
    assert_allclose(single, values, atol=1e-5)
    other_data = made("nngp").fit(NEW, y)  # the same draw, whatever the data
    start, witness = (made("ipm", kernel=MLP).fit(A, y) for A in (X, NEW))
    left = values - start.decision_function(X)
    assert_allclose(left, other_data.decision_function(X) - witness.decision_function(X))
    step = 1e-6 * np.array([1.0, 2.0])
    difference = drawn.decision_function(NEW + step) - drawn.decision_function(NEW - step)
    assert_allclose(drawn.gradient(NEW) @ step * 2, difference, rtol=1e-6, atol=1e-13)


# The generator's side

GENERATOR = {
    "ipm": (lambda f: -f, lambda f: -np.ones_like(f)),
    "lsgan": (lambda f: (f - 0.8) ** 2, lambda f: 2 * (f - 0.8)),
    "vanilla": (lambda f: -log_expit(f), lambda f: -expit(-f)),
    "hinge": (lambda f: -f, lambda f: -np.ones_like(f)),
    "nngp": (lambda f: -f, lambda f: -np.ones_like(f)),
    "own_loss": (lambda f: log_expit(-0.5 * f), lambda f: -0.5 * expit(0.5 * f)),
}


@over_all
def test_generator_loss_and_gradient(kind):
    discriminator = made(kind).fit(X, y)
    f, slope = discriminator.decision_function(NEW), discriminator.gradient(NEW)
    c, dc = GENERATOR[kind]
    assert_allclose(discriminator.generator_loss(NEW), c(f), rtol=1e-13)
    expected = dc(f)[:, None] * slope
    assert_allclose(discriminator.generator_gradient(NEW), expected, rtol=1e-13)


# State of the process


def test_threads():
    points, labels = X[:11], y[:11]  # a new shape: the threads compile at once

    def use(_):
        discriminator = made("lsgan").fit(points, labels)
        return [getattr(discriminator, method)(points) for method in EVALUATIONS]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(use, range(8)))
    for result in results:
        for array, alone in zip(result, use(0)):
            assert array.dtype == np.float64
            assert_array_equal(array, alone)
    assert not jax.config.jax_enable_x64
    assert jax.numpy.ones(1).dtype == np.float32


def test_an_error_leaves_the_precision_alone():
    with pytest.raises(ValueError, match="one class"):
        made("ipm").fit(X, np.ones(12))
    assert jax.numpy.ones(1).dtype == np.float32


# Documentation

PUBLIC = [getattr(discriminators, name) for name in discriminators.__all__]
PUBLIC += [getattr(losses, name) for name in losses.__all__]


def section(doc, name):
    """Names defined in a section of a numpydoc docstring."""
    found = re.search(rf"^{name}\n-+\n(.*?)(\n\n\S+.*\n---|\Z)", doc, re.M | re.S)
    lines = re.findall(r"^(\w[\w, ]*) :", found[1], re.M) if found else []
    return [word for line in lines for word in line.split(", ")]


@pytest.mark.parametrize("obj", PUBLIC, ids=lambda obj: obj.__name__)
def test_docstring(obj):
    doc = inspect.getdoc(obj)
    assert section(doc, "Parameters") == list(inspect.signature(obj).parameters)
    assert ">>> " in doc.partition("Examples\n--------\n")[2]


@over_kinds
def test_fitted_attributes_are_documented(kind):
    discriminator = made(kind).fit(X, y)
    fitted = [name for name in vars(discriminator) if name.endswith("_")]
    documented = section(inspect.getdoc(discriminator), "Attributes")
    assert sorted(documented) == sorted([*fitted, "feature_names_in_"])


@pytest.mark.parametrize("method", ["fit", "predict", *EVALUATIONS])
def test_methods_are_documented(method):
    method = getattr(discriminators.NTKIPMDiscriminator, method)
    parameters = list(inspect.signature(method).parameters)[1:]
    assert section(inspect.getdoc(method), "Parameters") == parameters
    assert len(section(inspect.getdoc(method), "Returns")) == 1 or method.__name__ == "fit"
