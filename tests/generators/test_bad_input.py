"""Every row of the table of bad input that concerns GANTKSynthesizer.

What cannot be synthesised is refused, naming what is allowed, and leaves the estimator as
it was. Degenerate data and scales are in test_gantk.py.
"""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import kernels as sk
from sklearn.utils._param_validation import InvalidParameterError

from skgantk._numerics import memory, operators
from skgantk.generators import (
    ConditionalSampler,
    GANTKSynthesizer,
    NeuralGenerator,
    ParticleFlowGenerator,
)
from skgantk.kernels import NTK, RBF

X = np.random.default_rng(0).normal(size=(24, 2))
X.flags.writeable = False


def made(**params):
    params = {"kernel": NTK(depth=1), "max_iter": 2, "random_state": 0, **params}
    return GANTKSynthesizer(**params)


@pytest.fixture(scope="module", params=[False, True], ids=["cold", "warm"])
def fitted(request):
    return made(warm_start=request.param).fit(X)


def assert_refused(synthesizer, error, message, X=X):
    """Fitting fails and adds, removes and replaces no attribute."""
    before = vars(synthesizer).copy()
    with pytest.raises(error, match=message):
        synthesizer.fit(X)
    assert vars(synthesizer).keys() == before.keys()
    assert all(vars(synthesizer)[name] is value for name, value in before.items())


POSITIVE = r"a float in the range \(0.0, inf"
COUNT = r"an int in the range \[1, inf\)"
RANGES = [
    ("kernel", ["rbf", RBF, np.dot], "an instance of .*Kernel' or None"),
    ("lam", [0, -1.0, np.nan, np.inf, None, "foo"], POSITIVE + ".*'auto'"),
    ("epsilon", [0, 0.5, -1, np.nan, None], r"a float in the range \(0.0, 0.5\)"),
    ("continuation", ["yes", None], "bool"),
    ("objective", ["mse", None], "a str among .*'cross_entropy'"),
    ("similarity_penalty", [-1e-9, np.nan, None], r"a float in the range \[0.0, inf"),
    ("standardize", ["no", None], "bool"),
    ("optimizer", ["newton", None], "a str among"),
    ("learning_rate", [0, -1, np.nan, None, "foo"], POSITIVE + ".*'auto'"),
    ("max_iter", [0, 1.5, None], COUNT),
    ("batch_size", [0, 1.5, None, "foo"], COUNT + ".*'auto'"),
    ("validation_fraction", [0, 1, None], r"a float in the range \(0.0, 1.0\)"),
    ("n_iter_no_change", [0, None], COUNT),
    ("check_every", [0, None], COUNT),
    ("init", ["noise", None, 3], "a str among .*'gaussian'.* or a callable"),
    ("bounds", [3, "box"], "tuple"),
    ("n_jobs", [1.5, "two"], "an instance of 'int' or None"),
    ("random_state", ["foo", -1, np.random.default_rng(0)], "RandomState"),
]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [(name, value, allowed) for name, values, allowed in RANGES for value in values],
)
def test_parameters_out_of_range(name, value, allowed):
    message = f"The '{name}' parameter of GANTKSynthesizer must be .*({allowed}).* Got"
    assert_refused(made(**{name: value}), InvalidParameterError, message)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"kernel": sk.PairwiseKernel()}, TypeError, "Pairwise.*Supported are NTK"),
        ({"kernel": NTK(depth=0)}, ValueError, "'depth' parameter of NTK"),
        ({"kernel": sk.RBF([1.0, 2.0, 3.0])}, ValueError, "3 entries, but X has 2"),
        ({"kernel": sk.ConstantKernel(0.0)}, ValueError, "kernel is 0 between all points"),
        ({"init": X[:, :1]}, ValueError, "init must give points of shape"),
        ({"init": X[0]}, ValueError, "Expected 2D array"),
        ({"init": lambda n, rng: X[:3]}, ValueError, "init must give points of shape"),
        ({"init": lambda n, rng: X * np.nan}, ValueError, "init contains NaN"),
        ({"bounds": (1, 0)}, ValueError, "low < high"),
        ({"bounds": (np.nan, 0)}, ValueError, "low < high"),
        ({"bounds": ([0, 0, 0], 1)}, ValueError, "bounds must be"),
        ({"bounds": (0, 1, 2)}, ValueError, "bounds must be"),
        ({"bounds": (-9, np.inf), "init": "uniform"}, ValueError, "finite bounds"),
        ({"bounds": (-9, 9), "init": X - 9}, ValueError, "init must lie within bounds"),
        (
            {"bounds": (-9, 9), "init": lambda n, rng: X + 9},
            ValueError,
            "init must lie within bounds",
        ),
    ],
)
def test_parameters_that_do_not_fit_the_data(params, error, message):
    assert_refused(made(**params), error, message)


def spoiled(value, dtype=float):
    A = X.astype(dtype)
    A[1, 0] = value
    return A


BAD_POINTS = {
    "nan": (spoiled(np.nan), "contains NaN"),
    "inf": (spoiled(np.inf), "contains infinity"),
    "float32_nan": (spoiled(np.nan, np.float32), "contains NaN"),
    "1d": (X[:, 0], "Expected 2D array, got 1D array"),
    "3d": (X[None], r"dim 3.*Flatten images, X\.reshape\(len\(X\), -1\)\."),
    "channels last": (np.ones((4, 5, 5, 3)), r"dim 4.*images, X\.reshape\(len\(X\), -1\)"),
    "channels first": (np.ones((4, 3, 5, 5)), r"dim 4.*X\.transpose\(0, 2, 3, 1\)"),
    "empty": (X[:0], r"0 sample\(s\)"),
    "no_feature": (X[:, :0], r"0 feature\(s\)"),
    "complex": (X + 0j, "Complex data not supported"),
    "object": (spoiled("a", object), "could not convert string to float: 'a'"),
}


@pytest.mark.parametrize("bad", BAD_POINTS)
def test_points(fitted, bad):
    """To a fit, to one that goes on, and to score."""
    points, message = BAD_POINTS[bad]
    assert_refused(made(), ValueError, message, points)
    assert_refused(fitted, ValueError, message, points)
    with pytest.raises(ValueError, match=message):
        fitted.score(points)


GENERATORS = [
    made(bounds=(0, 1)),
    ParticleFlowGenerator(bounds=(0, 1), max_iter=2, random_state=0),
    NeuralGenerator("gantk", bounds=(0, 1), max_iter=2, hidden_layer_sizes=(4,)),
]


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda g: type(g).__name__)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_data_outside_of_bounds(generator, dtype):
    """They cannot be reached; by how much, and what to do, the message says."""
    pixels = np.array([[0, 3], [128, 255], [255, 7], [64, 9]], dtype)
    message = r"X must lie within bounds.*from 0 to 255, and its bounds are 0 and 1\. Scale"
    assert_refused(clone(generator), ValueError, message, pixels)
    sampler = ConditionalSampler(clone(generator))
    with pytest.raises(ValueError, match=message):
        sampler.fit(np.repeat(pixels, 2, axis=0), [0, 1] * 4)


def test_rounding_is_not_outside_of_bounds():
    """As MinMaxScaler may leave data."""
    scaled = np.array([[-1e-16], [0.5], [np.nextafter(1, 2)]])
    GENERATORS[0]._check_inside(scaled, "X")
    with pytest.raises(ValueError, match=r"from 0 to 1\.001, "):
        GENERATORS[0]._check_inside(np.array([[0.0], [1.001]]), "X")


def test_width_and_sparse_points(fitted):
    wide = np.column_stack([X, X[:, 0]])
    with pytest.raises(ValueError, match=r"X has 3 features, but .* expecting 2"):
        fitted.score(wide)
    if fitted.warm_start:
        assert_refused(fitted, ValueError, "X has 3 features, but .* expecting 2", wide)
    assert_refused(fitted, TypeError, "[Ss]parse data was passed", sparse.csr_array(X))


def test_not_fitted():
    for method, args in [("sample", ()), ("score", (X,))]:
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            getattr(made(), method)(*args)


@pytest.mark.parametrize("n_samples", [0, -1, 1.5, "1", None])
def test_number_of_samples(fitted, n_samples):
    with pytest.raises(ValueError, match="n_samples must be an integer of at least 1"):
        fitted.sample(n_samples)


def test_a_failed_fit_leaves_the_samples(fitted):
    samples, wide = fitted.samples_.copy(), np.column_stack([X, X])
    assert_refused(fitted, ValueError, "contains NaN", wide * np.nan)
    fitted.set_params(bounds=(1, 0))
    assert_refused(fitted, ValueError, "low < high", X)
    fitted.set_params(bounds=None)
    assert_array_equal(fitted.samples_, samples)
    assert fitted.n_features_in_ == 2


def test_one_sample_cannot_be_held_out():
    assert_refused(made(early_stopping=True), ValueError, "n_samples=1", X[:1])


def test_a_gram_matrix_beyond_memory(monkeypatch):
    def allocated(*args):
        raise AssertionError

    monkeypatch.setattr(operators, "_gram", allocated)
    monkeypatch.setattr(memory, "_physical_memory", lambda: 6 * 48**2 * 8 - 1)
    message = "48 × 48 Gram matrix .* needs .* GiB of memory.* choose a smaller batch_size"
    assert_refused(made(lam=1.0), MemoryError, message)
    with pytest.raises(AssertionError):
        made(lam=1.0, batch_size=12).fit(X)  # goes on, to 24 × 24


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_overflow_is_not_silent():
    points = (1e28 * X).astype(np.float32)
    with pytest.raises(ValueError, match=r"overflowed float32\. Scale the data"):
        made(standardize=False).fit(points)
