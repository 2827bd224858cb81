"""Every row of the table of bad input that concerns discriminators.

What cannot be trained is refused, naming what is allowed, and leaves the estimator as it
was; what can be trained gives finite values and gradients.
"""

import warnings

import numpy as np
import pytest
from _cases import slow_but
from _reference.losses import Explosive
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import kernels as sk
from sklearn.svm import SVC
from sklearn.utils._param_validation import InvalidParameterError

from skgantk._numerics import memory, operators
from skgantk.discriminators import (
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
    _gan,
    stack_samples,
)
from skgantk.kernels import NNGP, NTK, RBF
from skgantk.losses import IPM, Hinge, Loss, VanillaGAN

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X = np.random.default_rng(0).normal(size=(12, 2))
X[:7] += 1.5
y = np.repeat([1, -1], [7, 5])
X.flags.writeable = y.flags.writeable = False
CHEAP = NTK(depth=1)
KINDS = {
    "ipm": NTKIPMDiscriminator(CHEAP),
    "lsgan": NTKLSGANDiscriminator(CHEAP),
    "vanilla": NTKGANDiscriminator(CHEAP),
    "hinge": NTKGANDiscriminator(CHEAP, loss="hinge"),
}
LIMITS = {
    "unit_norm": NTKIPMDiscriminator(CHEAP, "unit_norm"),
    "lsgan_inf": NTKLSGANDiscriminator(CHEAP, np.inf),
    "hinge_inf": NTKGANDiscriminator(CHEAP, "hinge", np.inf),
}
ALL = KINDS | LIMITS
FAST = ALL.keys() - {"vanilla"}  # which is of the class of hinge
over_kinds = pytest.mark.parametrize("kind", slow_but(FAST, KINDS))
over_all = pytest.mark.parametrize("kind", slow_but(FAST, ALL))


def made(kind, **params):
    return clone(ALL[kind]).set_params(**params)


def assert_refused(discriminator, error, message, X=X, y=y, **fit_params):
    """Fitting fails and adds, removes and replaces no attribute."""
    before = vars(discriminator).copy()
    with pytest.raises(error, match=message):
        discriminator.fit(X, y, **fit_params)
    assert vars(discriminator).keys() == before.keys()
    assert all(vars(discriminator)[name] is value for name, value in before.items())


# Parameters

POSITIVE = r"a float in the range \(0.0, inf"
DISCRIMINATOR = "'decision_function' and 'gradient', a str among {'nngp'} or None"
TIMES = [0, -1.0, -np.inf, np.nan, "foo", None, 1j, [1.0]]
NOT_POSITIVE = [0, -1e-9, np.nan, np.inf, None]
NOT_FINITE = [np.nan, np.inf, -np.inf, "1", None]
RANGES = [
    (KINDS, "training_time", TIMES, POSITIVE),
    (["ipm"], "training_time", [np.inf], "a str among {'unit_norm'}"),
    (["lsgan", "vanilla"], "training_time", ["unit_norm"], r"inf\]"),
    (KINDS, "kernel", ["rbf", RBF, np.dot], "an instance of .*Kernel' or None"),
    (KINDS, "initial", ["foo", 5, SVC(), FrozenEstimator(SVC())], DISCRIMINATOR),
    (KINDS, "random_state", ["foo", -1, np.random.default_rng(0)], "RandomState"),
    (["lsgan"], "real", NOT_FINITE, r"a float in the range \(-inf, inf\)"),
    (["lsgan"], "fake", NOT_FINITE, r"a float in the range \(-inf, inf\)"),
    (["lsgan"], "generator", NOT_FINITE, r"a float in the range \(-inf, inf\)"),
    (["lsgan"], "tol", NOT_POSITIVE, POSITIVE),
    (["vanilla"], "rtol", NOT_POSITIVE, POSITIVE),
    (["vanilla"], "atol", NOT_POSITIVE, POSITIVE),
    (["vanilla"], "loss", ["Hinge", "wgan", None, Hinge, np.tanh], "skgantk.losses.Loss"),
    (["vanilla"], "solver", ["euler", "Lambert", None, 1], "a str among {.*'ode'"),
]


@pytest.mark.parametrize(
    ("kind", "name", "value", "allowed"),
    [(k, name, v, allowed) for ks, name, vs, allowed in RANGES for k in ks for v in vs],
)
def test_parameters_out_of_range(kind, name, value, allowed):
    discriminator = made(kind, **{name: value})
    owner = type(discriminator).__name__
    message = f"The '{name}' parameter of {owner} must be .*{allowed}.* Got .* instead"
    assert_refused(discriminator, InvalidParameterError, message)
    assert getattr(discriminator, name) is value


def test_message_names_every_loss_and_solver():
    for name, allowed in [("loss", KINDS), ("solver", ["ode", "lambert"])]:
        for one in allowed:
            discriminator = made("vanilla", **{name: "other"})
            assert_refused(discriminator, InvalidParameterError, f"among .*'{one}'")


class Inherited(sk.RBF):
    """A kernel of one's own, whose formula nobody can know."""


UNKNOWN = [sk.CompoundKernel([sk.RBF()]), sk.PairwiseKernel(), 2.0 * Inherited()]


@over_kinds
@pytest.mark.parametrize("kernel", UNKNOWN, ids=repr)
def test_unknown_kernels(kind, kernel):
    message = "(Compound|Pairwise|Inherited).*Supported are NTK.* sklearn Matern"
    assert_refused(made(kind, kernel=kernel), TypeError, message)


@over_kinds
def test_kernels_with_bad_parameters(kind):
    for kernel, message in [
        (NTK(depth=0), r"'depth' parameter of NTK .*range \[1, inf\)"),
        (NTK(activation="swish"), "'activation' parameter of NTK .*'relu'"),
        (RBF(-1), "'length_scale' parameter of RBF"),
        (sk.Matern(nu=0.7), "use nu=0.5, 1.5, 2.5 or inf"),
        (sk.RBF([1.0, 2.0, 3.0]), "length_scale has 3 entries, but X has 2 features"),
    ]:
        assert_refused(made(kind, kernel=kernel), ValueError, message)


def test_a_kernel_of_value_nan_is_not_silent():
    assert_refused(made("ipm", kernel=sk.RBF(np.nan)), ValueError, "nan|finite|overflow")


@pytest.mark.parametrize("loss", ["vanilla", "ipm", "lsgan", VanillaGAN(), IPM()])
def test_infinite_time_of_a_loss_without_a_limit(loss):
    discriminator = made("vanilla", loss=loss, training_time=np.inf)
    assert_refused(discriminator, ValueError, "no limit for the loss .*Use a finite time")


def test_lambert_with_another_loss_or_initial_function():
    others = [{"loss": loss} for loss in ("hinge", "ipm", "lsgan", Hinge())]
    others += [{"initial": initial} for initial in ("nngp", made("ipm").fit(X, y))]
    for params in others:
        discriminator = made("vanilla", solver="lambert", **params)
        message = "the vanilla loss from f₀ = 0.* Use solver='ode'"
        assert_refused(discriminator, ValueError, message)


@pytest.mark.parametrize(("real", "fake"), [(0, 0), (-1, 1), (0.5, 1)])
def test_real_target_not_above_the_fake_one(real, fake):
    discriminator = made("lsgan", real=real, fake=fake)
    message = f"must be greater than that of fake.* real={real}.* fake={fake}"
    assert_refused(discriminator, ValueError, message)


class WithoutB(Loss):
    def a(self, f):
        return -f


def test_a_loss_that_lacks_a_function():
    discriminator = made("vanilla", loss=WithoutB())
    assert_refused(discriminator, NotImplementedError, r"WithoutB defines no method b\(f\)")


# The initial function


class Lookalike:
    """Has the methods of a discriminator, and is none."""

    def decision_function(self, X):
        return X[:, 0]

    def gradient(self, X):
        return np.ones_like(X)


@over_kinds
def test_initial_that_cannot_be_used(kind):
    narrow = made("ipm").fit(X[:, :1], y)
    for initial, error, message in [
        (Lookalike(), TypeError, "discriminator of skgantk, .* or None; got Lookalike"),
        (made("ipm"), NotFittedError, "must be fitted.*FrozenEstimator"),
        (FrozenEstimator(made("ipm")), NotFittedError, "must be fitted.*FrozenEstimator"),
        (clone(made("ipm").fit(X, y)), NotFittedError, "must be fitted.*FrozenEstimator"),
        (narrow, ValueError, "initial was fitted on 1 features, but X has 2"),
        (FrozenEstimator(narrow), ValueError, "fitted on 1 features, but X has 2"),
    ]:
        assert_refused(made(kind, initial=initial), error, message)


@over_kinds
@pytest.mark.parametrize("kernel", [RBF(), sk.Matern(), CHEAP + NNGP(depth=1)], ids=repr)
def test_nngp_of_a_kernel_without_a_network(kind, kernel):
    discriminator = made(kind, kernel=kernel, initial="nngp")
    assert_refused(discriminator, ValueError, "'nngp' draws .*NTK or NNGP")


# Data


def spoiled(value, dtype=float):
    A = X.astype(dtype)
    A[1, 0] = value
    return A


BAD_POINTS = {
    "nan": (spoiled(np.nan), "contains NaN"),
    "inf": (spoiled(np.inf), "contains infinity"),
    "float32_nan": (spoiled(np.nan, np.float32), "contains NaN"),
    "1d": (X[:, 0], "Expected 2D array, got 1D array"),
    "3d": (X[None], "dim 3"),
    "empty": (X[:0], r"0 sample\(s\)"),
    "no_feature": (X[:, :0], r"0 feature\(s\)"),
    "complex": (X + 0j, "Complex data not supported"),
    "object": (spoiled("a", object), "could not convert string to float: 'a'"),
}
WRONG_WIDTH = {
    "wide": (np.ones((12, 3)), "X has 3 features, but .* expecting 2"),
    "narrow": (X[:, :1], "X has 1 features, but .* expecting 2"),
}
METHODS = ["decision_function", "gradient", "generator_loss", "generator_gradient"]


@over_kinds
@pytest.mark.parametrize("bad", BAD_POINTS)
def test_points_to_fit_on(kind, bad):
    assert_refused(made(kind), ValueError, BAD_POINTS[bad][1], X=BAD_POINTS[bad][0])


@pytest.fixture(scope="module", params=slow_but(FAST, KINDS))
def fitted(request):
    return made(request.param).fit(X, y)


@pytest.mark.parametrize("method", [*METHODS, "predict"])
def test_points_to_evaluate_at(fitted, method):
    before = vars(fitted).copy()
    for points, message in (BAD_POINTS | WRONG_WIDTH).values():
        with pytest.raises(ValueError, match=message):
            getattr(fitted, method)(points)
    with pytest.raises(TypeError, match=r"[Ss]parse data was passed"):
        getattr(fitted, method)(sparse.csr_array(X))
    assert vars(fitted).keys() == before.keys()


@over_kinds
@pytest.mark.parametrize("method", [*METHODS, "predict"])
def test_not_fitted(kind, method):
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        getattr(made(kind), method)(X)


NEGATIVE = np.where(np.arange(12) == 3, -1.0, 1.0)
BAD_LABELS = {
    "one_class": ({"y": np.ones(12)}, "y contains one class only"),
    "three_classes": ({"y": np.arange(12) % 3}, "Only binary classification.* got 3"),
    "continuous": ({"y": np.linspace(0, 1, 12)}, "Unknown label type"),
    "short": ({"y": y[:11]}, "inconsistent numbers of samples"),
    "two_columns": ({"y": np.column_stack([y, y])}, "1d array"),
    "no_real": ({"sample_weight": y < 0}, "class [^-]*1[^-]* are all 0"),
    "no_fake": ({"sample_weight": y > 0}, "weights of the class .*-1.* are all 0"),
    "no_weight": ({"sample_weight": np.zeros(12)}, "non-zero|are all 0"),
    "negative": ({"sample_weight": NEGATIVE}, "Negative values"),
    "nan": ({"sample_weight": np.nan * NEGATIVE}, "sample_weight contains NaN"),
    "short_weight": ({"sample_weight": np.ones(11)}, r"\(11,\), expected \(12,\)"),
}


@over_kinds
@pytest.mark.parametrize("bad", BAD_LABELS)
def test_labels_and_weights(kind, bad):
    params, message = BAD_LABELS[bad]
    assert_refused(made(kind), ValueError, message, **params)


@over_kinds
def test_huge_and_tiny_weights(kind):
    expected = made(kind).fit(X, y).dual_coef_
    for weight in (1e308, 1e-300):
        coef = made(kind).fit(X, y, np.full(12, weight)).dual_coef_
        assert_allclose(coef, expected, rtol=1e-12)


def test_stack_samples():
    for real, fake, message in [
        (X, X[:, :1], "real has 2 features and fake 1"),
        (BAD_POINTS["nan"][0], X, "Input real contains NaN"),
        (X, BAD_POINTS["inf"][0], "Input fake contains infinity"),
        (X, X[:, 0], "Expected 2D array, got 1D array"),
        (X[:0], X, r"0 sample\(s\)"),
        (X + 0j, X, "Complex data not supported"),
    ]:
        with pytest.raises(ValueError, match=message):
            stack_samples(real, fake)


# A fitted discriminator survives


def interrupted(*args):
    raise KeyboardInterrupt


def test_fitted_one_survives_a_failed_fit(fitted, monkeypatch):
    values = fitted.decision_function(X)
    wide = np.column_stack([X, X])  # its failures come after n_features_in_ is set
    assert_refused(fitted, ValueError, "contains NaN", X=spoiled(np.nan))
    assert_refused(fitted, ValueError, "one class only", X=wide, y=np.ones(12))
    assert_refused(fitted, ValueError, "are all 0", X=wide, sample_weight=y > 0)
    for params, error, message in [
        ({"kernel": Inherited()}, TypeError, "Supported are"),
        ({"training_time": -1}, InvalidParameterError, "training_time"),
        ({"initial": made("ipm")}, NotFittedError, "FrozenEstimator"),
    ]:
        changed = fitted.get_params(deep=False)
        fitted.set_params(**params)
        assert_refused(fitted, error, message, X=wide)
        fitted.set_params(**{name: changed[name] for name in params})
    with monkeypatch.context() as patch:
        patch.setattr(type(fitted), "_train", interrupted)
        assert_refused(fitted, KeyboardInterrupt, None, X=wide)
    assert_array_equal(fitted.decision_function(X), values)
    assert fitted.fit(X, y).n_features_in_ == 2


@pytest.fixture
def explicit_only(monkeypatch):
    """The implicit solver takes seconds to compile, and would end the same way."""
    monkeypatch.setattr(_gan, "ImplicitTrainer", _gan.ExplicitTrainer)


def test_warns_of_training_that_does_not_end(explicit_only):
    discriminator = made("vanilla", loss=Explosive(), training_time=100.0)
    assert_refused(discriminator, ConvergenceWarning, "scale the data")  # made an error
    with pytest.warns(ConvergenceWarning, match="Shorten training_time") as record:
        discriminator.fit(X, y)
    assert np.isfinite(discriminator.decision_function(X)).all()
    assert [warning.filename for warning in record] == [__file__]


# Degenerate data

START = {"ipm": 0.0, "unit_norm": 0.0, "vanilla": -2 * np.log(2)}  # L(0); else -2


def assert_sound(kind, discriminator, X):
    """Everything is finite and L(f) is at least L(0), with a bound on the norm of f.

    Ascent for the time t has ‖f‖² ≤ (∫‖∇L‖)² ≤ t ∫‖∇L‖² = t (L(f) - L(0)).
    """
    f, *others = (getattr(discriminator, method)(X) for method in METHODS)
    c, loss = discriminator.dual_coef_, discriminator.loss_
    assert all(np.isfinite(result).all() for result in (f, *others, c, loss))
    assert all(result.dtype == X.dtype for result in (f, *others, c))
    rounding = 64 * np.finfo(X.dtype).eps
    gain = loss - START.get(kind, -2.0)
    assert gain >= -rounding
    if discriminator.training_time == 1:
        error = 1e-5 if kind == "vanilla" else rounding  # its tolerances are 1e-6
        assert c @ f <= gain + rounding + error * abs(c) @ abs(f)


DEGENERATE = {
    "duplicates": X[[0, 1, 0, 2, 0, 2, 3, 7, 8, 7, 7, 9]],
    "real_on_fake": X[[7, 8, 9, 10, 11, 0, 0, 7, 8, 9, 10, 11]],
    "all_equal": np.tile(X[:1], (12, 1)),
    "all_zero": np.zeros((12, 2)),
    "constant_column": np.column_stack([X[:, 0], np.full(12, 3.0)]),
    "collinear": np.outer(np.arange(12.0), X[0]),
    "next_floats": np.vstack([X[:6], np.nextafter(X[:6], 9)]),
}


@over_all
@pytest.mark.parametrize("points", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_points(kind, points):
    assert_sound(kind, made(kind).fit(points, y), points)


@over_all
@pytest.mark.parametrize("name", ["all_equal", "all_zero"])
def test_equal_clouds_cannot_be_told_apart(kind, name):
    points = DEGENERATE[name]
    values = made(kind).fit(points, y).decision_function(points)
    assert_allclose(values, 0, atol=1e-6)


@over_kinds
def test_two_points(kind):
    discriminator = made(kind, kernel=RBF()).fit(X[[0, 9]], [1, 0])
    assert_sound(kind, discriminator, X[[0, 9]])
    assert_array_equal(discriminator.predict(X[[0, 9]]), [1, 0])


@pytest.mark.parametrize("kind", slow_but(["ipm", "lsgan", "hinge", "lsgan_inf"], ALL))
@pytest.mark.parametrize("scale", [1e8, 1e-8])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_huge_and_tiny_scales(kind, scale, dtype):
    points = (scale * X).astype(dtype)
    discriminator = made(kind)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        discriminator.fit(points, y)
    if not caught:
        assert_sound(kind, discriminator, points)
    assert all("scale the data" in str(warning.message) for warning in caught)


@over_all
def test_overflow_is_not_silent(kind, explicit_only):
    errors = ValueError, ConvergenceWarning
    points = (1e18 * X).astype(np.float32)
    assert_refused(made(kind), errors, "[Ss]cale the data", X=points)


def test_warns_where_training_lost_what_it_ascends():
    """In float32 k(x, x) = 1e16 leaves no digits between points of size 100."""
    points = (1e8 * X).astype(np.float32)
    points[1:7] *= 1e-6
    with pytest.warns(ConvergenceWarning, match="scale the data"):
        made("lsgan").fit(points, y)


# Memory


@pytest.mark.parametrize("kind", ["lsgan_inf", "hinge", "hinge_inf"])
def test_a_gram_matrix_beyond_memory(kind, monkeypatch):
    monkeypatch.setattr(memory, "_physical_memory", lambda: 4 * 144 * 8 - 1)
    monkeypatch.setattr(operators, "_gram", interrupted)  # nothing is allocated before
    message = "12 × 12 Gram matrix.* needs .* GiB of memory.* Use fewer points"
    assert_refused(made(kind), MemoryError, message)


def test_what_needs_no_gram_matrix_is_not_refused(monkeypatch):
    monkeypatch.setattr(memory, "_physical_memory", lambda: 0)
    assert_sound("ipm", made("ipm").fit(X, y), X)
