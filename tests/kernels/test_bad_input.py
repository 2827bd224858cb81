"""Every row of the table of bad input that concerns kernels.

What cannot be computed is refused with the words of scikit-learn, before anything is
changed or allocated; what can be computed is computed to full accuracy.
"""

import importlib
import sys

import numpy as np
import pytest
from _cases import slow_but
from _reference import mlp_mpmath
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as sk
from sklearn.svm import SVC
from sklearn.utils._param_validation import InvalidParameterError

from skgantk._numerics import memory, operators
from skgantk._numerics.activations import ACTIVATIONS
from skgantk.kernels import (
    NNGP,
    NTK,
    RBF,
    NeuralTangentsKernel,
    Riesz,
    as_core,
    import_neural_tangents,
    kernel_gradient,
    kernel_sum,
)

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X, Y = np.random.default_rng(0).normal(size=(2, 5, 2))
COEF = np.array([0.5, -1.0, 2.0, 0.3, -0.4])
X.flags.writeable = Y.flags.writeable = COEF.flags.writeable = False
EVERY_ACTIVATION = sorted({*ACTIVATIONS, "leaky_relu"})


def linear(x1, x2=None, get="ntk"):
    """As `neural_tangents.stax.Dense` computes it."""
    return x1 @ x2.T


KERNELS = [
    NTK(depth=1),
    NNGP(depth=1),
    RBF(),
    Riesz(n_directions=3),
    NeuralTangentsKernel(linear),
]
over_kernels = pytest.mark.parametrize("kernel", KERNELS, ids=repr)


def spoiled(value, dtype=None):
    A = X.astype(dtype or X.dtype)
    A[1, 0] = value
    return A


# Data


BAD_DATA = {
    "nan": (spoiled(np.nan), "Input.* contains NaN"),
    "inf": (spoiled(np.inf), "Input.* contains infinity or a value too large"),
    "minus_inf": (spoiled(-np.inf), "Input.* contains infinity or a value too large"),
    "float32_nan": (spoiled(np.nan, np.float32), "Input.* contains NaN"),
    "None": (spoiled(None, object), "Input.* contains NaN"),
    "complex": (X.astype(complex), "Complex data not supported"),
    "object": (spoiled("a", object), "could not convert string to float: 'a'"),
    "strings": (np.full((5, 2), "a"), "could not convert string to float"),
    "ragged": ([[1.0, 2.0], [3.0]], "inhomogeneous"),
    "scalar": (1.0, "Expected 2D array, got scalar array instead"),
    "1d": (X[:, 0], "Expected 2D array, got 1D array instead"),
    "3d": (X[None], "Found array with dim 3"),
    "no_sample": (X[:0], r"Found array with 0 sample\(s\)"),
    "no_feature": (X[:, :0], r"Found array with 0 feature\(s\)"),
}
over_bad_data = pytest.mark.parametrize(
    ("bad", "message"), BAD_DATA.values(), ids=BAD_DATA.keys()
)
USES = {
    "auto": lambda kernel, bad: kernel(bad),
    "gradient": lambda kernel, bad: kernel(bad, eval_gradient=True),
    "left": lambda kernel, bad: kernel(bad, Y),
    "right": lambda kernel, bad: kernel(X, bad),
    "diag": lambda kernel, bad: kernel.diag(bad),
    "sum_left": lambda kernel, bad: kernel_sum(kernel, bad, Y, COEF),
    "sum_right": lambda kernel, bad: kernel_sum(kernel, X, bad, COEF),
    "gradient_left": lambda kernel, bad: kernel_gradient(kernel, bad, Y, COEF),
    "gradient_right": lambda kernel, bad: kernel_gradient(kernel, X, bad, COEF),
}
over_uses = pytest.mark.parametrize("use", USES.values(), ids=USES.keys())


@over_kernels
@over_uses
@over_bad_data
def test_bad_data_is_refused(kernel, use, bad, message):
    with pytest.raises(ValueError, match=message):
        use(kernel, bad)


@over_uses
def test_sparse_data_is_refused(use):
    with pytest.raises(TypeError, match=r"[Ss]parse data was passed"):
        use(NTK(depth=1), sparse.csr_array(X))


@over_kernels
def test_works_after_an_error(kernel):
    before = kernel(X)
    for use in USES.values():
        with pytest.raises(ValueError, match="NaN"):
            use(kernel, BAD_DATA["nan"][0])
    assert_array_equal(kernel(X), before)
    assert np.isfinite(kernel_sum(kernel, X, Y, COEF)).all()
    assert vars(kernel).keys() == kernel.get_params().keys()


@over_kernels
def test_widths_must_agree(kernel):
    message = r"Incompatible dimension for X and Y matrices.* == 2 while .* == 3"
    wide = np.ones((5, 3))
    for use in ("right", "sum_right", "gradient_right"):
        with pytest.raises(ValueError, match=message):
            USES[use](kernel, wide)


@over_kernels
def test_gradient_in_theta_needs_the_auto_gram(kernel):
    message = "Gradient can only be evaluated when Y is None."
    for other in (Y, X):
        with pytest.raises(ValueError, match=message):
            kernel(X, other, eval_gradient=True)
        with pytest.raises(ValueError, match=message):
            sk.RBF()(X, other, eval_gradient=True)


def test_estimators_pass_the_errors_on():
    with pytest.raises(ValueError, match="contains NaN"):
        SVC(kernel=NTK()).fit(spoiled(np.nan), [0, 1, 0, 1, 0])
    with pytest.raises(ValueError, match="contains NaN"):
        GaussianProcessRegressor(NTK()).fit(spoiled(np.nan), COEF)


BAD_COEF = {
    "short": (COEF[:4], "inconsistent numbers of samples: .*5, 4"),
    "long": (np.ones(6), "inconsistent numbers of samples: .*5, 6"),
    "empty": (COEF[:0], r"Found array with 0 sample\(s\)"),
    "column": (COEF[:, None], r"coef must be a vector.*got \(5, 1\)"),
    "row": (COEF[None], r"inconsistent numbers of samples|coef must be a vector"),
    "matrix": (np.ones((5, 5)), r"coef must be a vector.*got \(5, 5\)"),
    "3d": (np.ones((5, 1, 1)), "dim 3"),
    "nan": (np.full(5, np.nan), "Input coef contains NaN"),
    "inf": (np.full(5, -np.inf), "Input coef contains infinity"),
    "complex": (COEF + 0j, "Complex data not supported"),
    "strings": (list("abcde"), "could not convert string to float"),
}


@pytest.mark.parametrize("function", [kernel_sum, kernel_gradient])
@pytest.mark.parametrize(("coef", "message"), BAD_COEF.values(), ids=BAD_COEF.keys())
def test_bad_coefficients_are_refused(function, coef, message):
    with pytest.raises(ValueError, match=message):
        function(NTK(depth=1), X, Y, coef)


def test_a_scalar_coefficient_is_refused():
    with pytest.raises((TypeError, ValueError), match=r"scalar|vector"):
        kernel_sum(NTK(depth=1), X, Y, 1.0)


# Parameters


BAD_PARAMETERS = [
    ("depth", 0, r"an int in the range \[1, inf\)"),
    ("depth", -3, r"an int in the range \[1, inf\)"),
    ("depth", 2.0, r"an int in the range \[1, inf\)"),
    ("depth", "3", r"an int in the range \[1, inf\)"),
    ("depth", None, r"an int in the range \[1, inf\)"),
    ("activation", "swish", "a str among {.*'relu'"),
    ("activation", "ReLU", "a str among {.*'relu'"),
    ("activation", None, "a str among {.*'relu'"),
    ("activation", np.tanh, "a str among {.*'relu'"),
    ("weight_std", 0, r"a float in the range \(0.0, inf\)"),
    ("weight_std", -1.0, r"a float in the range \(0.0, inf\)"),
    ("weight_std", np.nan, r"a float in the range \(0.0, inf\)"),
    ("weight_std", np.inf, r"a float in the range \(0.0, inf\)"),
    ("weight_std", "large", r"a float in the range \(0.0, inf\)"),
    ("weight_std", None, r"a float in the range \(0.0, inf\)"),
    ("weight_std", [1.0, 2.0], r"a float in the range \(0.0, inf\)"),
    ("weight_std", 1j, r"a float in the range \(0.0, inf\)"),
    ("bias_std", -1e-9, r"a float in the range \[0.0, inf\)"),
    ("bias_std", np.nan, r"a float in the range \[0.0, inf\)"),
    ("bias_std", np.inf, r"a float in the range \[0.0, inf\)"),
    ("bias_std", "small", r"a float in the range \[0.0, inf\)"),
    ("bias_std", None, r"a float in the range \[0.0, inf\)"),
    ("bias_std", np.array([1.0]), r"a float in the range \[0.0, inf\)"),
    ("output_bias", "yes", "an instance of 'bool'"),
    ("output_bias", None, "an instance of 'bool'"),
    ("negative_slope", np.nan, "a float in the range"),
    ("negative_slope", "steep", "a float in the range"),
    ("weight_std_bounds", "free", "'fixed'"),
    ("bias_std_bounds", 1.0, "'fixed'"),
]
FIRST_USES = [
    lambda kernel: kernel(X),
    lambda kernel: kernel(X, Y),
    lambda kernel: kernel.diag(X),
    lambda kernel: (kernel + sk.WhiteKernel())(X),
    as_core,
    lambda kernel: as_core(2.0 * kernel),
    lambda kernel: kernel_sum(kernel, X, Y, COEF),
    lambda kernel: kernel_gradient(kernel, X, Y, COEF),
]


def assert_refused(kernel, name, allowed):
    kind = type(kernel).__name__
    message = f"The '{name}' parameter of {kind} must be .*{allowed}.* Got .* instead"
    for use in FIRST_USES:
        with pytest.raises(InvalidParameterError, match=message):
            use(kernel)


@pytest.mark.parametrize("kind", [NTK, NNGP])
@pytest.mark.parametrize(("name", "value", "allowed"), BAD_PARAMETERS)
def test_bad_parameters_are_refused_at_first_use(kind, name, value, allowed):
    kernel = kind(**{name: value})
    assert getattr(kernel, name) is value
    assert_refused(kernel, name, allowed)
    kernel.set_params(**{name: getattr(kind(), name), "depth": 1})
    assert_array_equal(kernel(X), kind(depth=1)(X))


@pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf, "long", None])
def test_bad_length_scale_is_refused_at_first_use(value):
    assert_refused(RBF(value), "length_scale", r"a float in the range \(0.0, inf\)")


def test_message_names_every_activation():
    with pytest.raises(InvalidParameterError) as error:
        NTK(activation="swish")(X)
    assert all(f"'{name}'" in str(error.value) for name in EVERY_ACTIVATION)
    assert str(error.value).endswith("Got 'swish' instead.")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("kernel_fn", "relu", "callable"),
        ("kernel_fn", None, "callable"),
        ("get", "both", "a str among {'n.*'n"),
        ("image_shape", 28, "an instance of 'tuple'"),
    ],
)
def test_bad_parameters_of_a_neural_tangents_kernel(name, value, allowed):
    kernel = NeuralTangentsKernel(**{"kernel_fn": linear, name: value})
    assert_refused(kernel, name, allowed)


@pytest.mark.parametrize("value", [np.float64(1.5), np.float32(1.5), np.int64(2), 2])
def test_numbers_of_any_kind_are_accepted(value):
    kernel = NTK(depth=np.int64(1), weight_std=value, output_bias=np.bool_(False))
    expected = NTK(depth=1, weight_std=float(value))(X)
    assert_array_equal(kernel(X), expected)


# Images


def image_kernel(x1, x2=None, get="ntk"):
    """As `neural_tangents.stax.Flatten` computes it."""
    return x1.reshape(len(x1), -1) @ x2.reshape(len(x2), -1).T


@pytest.mark.parametrize("use", ["auto", "gradient", "left", "diag", "sum_left"])
@pytest.mark.parametrize("width", [2, 10, 18])
def test_width_that_is_not_the_image_shape(use, width):
    """Five rows of 18 numbers must not be taken for ten images of nine."""
    kernel = NeuralTangentsKernel(image_kernel, image_shape=(3, 3, 1))
    bad = np.ones((5, width))
    with pytest.raises(ValueError, match=rf"{width}.*\(3, 3, 1\)|\(3, 3, 1\).*{width}"):
        USES[use](kernel, bad) if "left" not in use else kernel(bad, bad + 1)


def test_images_of_the_right_shape():
    kernel = NeuralTangentsKernel(image_kernel, image_shape=[3, 3, 1])
    images = np.arange(45.0).reshape(5, 9)
    assert_allclose(kernel(images), images @ images.T, rtol=1e-15)


# Scale


BIASED = {"depth": 2, "weight_std": 1.3, "bias_std": 0.7}
SCALED = [NTK(activation=name, **BIASED) for name in mlp_mpmath.ACTIVATIONS]
SCALED += [NNGP(activation=name, **BIASED) for name in ("relu", "gelu")]
both_scales = pytest.mark.parametrize("scale", [1e8, 1e-8])


@both_scales
@pytest.mark.parametrize("kernel", SCALED, ids=repr)
def test_huge_and_tiny_scales_keep_full_accuracy(kernel, scale):
    A = scale * X
    K, network = kernel(A), {**BIASED, "activation": kernel.activation}
    network["get"] = type(kernel).__name__.lower()
    for i, j in [(0, 1), (2, 4), (3, 3)]:
        exact = mlp_mpmath.kernel(A[i], A[j], dps=30, **network)
        assert_allclose(K[i, j], float(exact), rtol=1e-12)
    assert_allclose(kernel.diag(A), np.diag(K), rtol=1e-12)
    repeated = kernel(A[[0, 1, 2, 2, 3]])
    assert_allclose(repeated[2, 3], repeated[2, 2], rtol=1e-12)


@both_scales
@pytest.mark.parametrize(
    "activation",
    slow_but(["relu", "erf"], ["relu", "abs", "erf", "gelu", "gaussian", "cos"]),
)
def test_gradients_at_huge_and_tiny_scales(activation, scale):
    A, B = scale * X, scale * Y
    for weight_std in (1.0, 1.3):  # other rounding, of either sign
        network = {**BIASED, "activation": activation, "weight_std": weight_std}
        kernel = NTK(**network)
        gradient = kernel_gradient(kernel, A, B, COEF)
        for i in (0, 4):
            slopes = [mlp_mpmath.gradient(A[i], y, dps=20, **network) for y in B]
            slopes = np.array(slopes, dtype=float)
            largest = abs(COEF[:, None] * slopes).max()
            tolerance = 1e-12 * largest
            assert_allclose(gradient[i], COEF @ slopes, rtol=0, atol=tolerance)
    assert np.isfinite(kernel(A, eval_gradient=True)[1]).all()


@both_scales
@pytest.mark.parametrize("kind", [NTK, NNGP])
def test_homogeneous_kernels_scale_without_bias(kind, scale):
    kernel = kind(**(BIASED | {"bias_std": 0.0}))
    assert_allclose(kernel(scale * X), scale**2 * kernel(X), rtol=1e-13)
    gradient = kernel_gradient(kernel, scale * X, scale * Y, COEF)
    expected = scale * kernel_gradient(kernel, X, Y, COEF)
    assert_allclose(gradient, expected, rtol=1e-12)


@both_scales
@pytest.mark.parametrize("activation", slow_but(["relu"], ["relu", "gelu"]))
def test_scales_in_single_precision(activation, scale):
    kernel = NTK(activation=activation, **BIASED)
    A, B = (np.float32(scale) * C.astype(np.float32) for C in (X, Y))
    A, B, coef = (C.astype(np.float32) for C in (A, B, COEF))
    for function in (kernel_sum, kernel_gradient):
        found = function(kernel, A, B, coef)
        expected = function(kernel, A.astype(float), B.astype(float), COEF)
        assert found.dtype == np.float32
        assert_allclose(found, expected, rtol=0, atol=1e-4 * abs(expected).max())


@both_scales
def test_rbf_at_huge_and_tiny_scales(scale):
    off = np.full((5, 5), 0.0 if scale > 1 else 1.0)
    assert_allclose(RBF()(scale * X), np.maximum(off, np.eye(5)), atol=1e-14)
    assert_allclose(RBF(scale)(scale * X), RBF()(X), rtol=1e-14)
    assert np.isfinite(kernel_gradient(RBF(), scale * X, scale * Y, COEF)).all()


def test_overflow_of_sums_is_not_silent():
    large = (1e13 * X).astype(np.float32)
    for function in (kernel_sum, kernel_gradient):
        with pytest.warns(RuntimeWarning, match="overflows float32.*Scale") as record:
            function(NTK(1, "gelu"), X.astype(np.float32), large, COEF)
        assert [warning.filename for warning in record] == [__file__]


# Degenerate data


DEGENERATE = {
    "duplicates": X[[0, 1, 0, 1, 1]],
    "all_equal": np.tile(X[:1], (5, 1)),
    "antipodes": np.vstack([X[:2], -X[:2], X[2:3]]),
    "collinear": np.outer([1.0, 2.0, -1.0, 0.5, -3.0], X[0]),
    "constant_column": np.column_stack([X[:, 0], np.full(5, 3.0)]),
    "zero_column": np.column_stack([np.zeros(5), X[:, 1]]),
    "origin": np.vstack([X[:3], np.zeros((2, 2))]),
    "all_zero": np.zeros((5, 2)),
    "next_floats": np.vstack([X[:2], np.nextafter(X[:2], 9), X[2:3]]),
}
# One of each formula: sigmoid is an erf, sin a cos.
FORMULAS = ["relu", "leaky_relu", "abs", "erf", "gelu", "gaussian", "cos"]
PROBED = [NTK(activation=name, **BIASED) for name in FORMULAS]
PROBED += [NTK(depth=2, activation=name, bias_std=0.0) for name in FORMULAS]
PROBED += [NNGP(depth=2), NNGP(depth=2, bias_std=0.0), RBF(), NTK(1, "softplus")]


@pytest.mark.parametrize("kernel", slow_but(PROBED[:-1], PROBED), ids=repr)
def test_degenerate_data(kernel):
    for name, A in DEGENERATE.items():
        K, gradient = kernel(A, eval_gradient=True)
        assert np.isfinite(K).all(), name
        assert np.isfinite(gradient).all(), name
        eigenvalues = np.linalg.eigvalsh(K)
        assert eigenvalues[0] >= -1e-13 * eigenvalues[-1], name
        # Coincident real and fake points: the particle is its own centre.
        assert np.isfinite(kernel_gradient(kernel, A, A, COEF)).all(), name


@pytest.mark.parametrize("kernel", [NTK(**BIASED), NNGP(**BIASED), RBF()], ids=repr)
def test_duplicates_have_equal_rows(kernel):
    K = kernel(DEGENERATE["duplicates"])
    assert_allclose(K[[0, 1, 1]], K[[2, 3, 4]], rtol=1e-15)
    assert_allclose(np.diag(K)[[0, 1, 1]], K[[0, 1, 1], [2, 3, 4]], rtol=1e-15)


def test_a_constant_column_without_weight_changes_nothing():
    padded = DEGENERATE["zero_column"]
    wide = NTK(depth=1, bias_std=0.0)(padded)
    assert_allclose(2 * wide, NTK(depth=1, bias_std=0.0)(padded[:, 1:]), rtol=1e-14)


@pytest.mark.parametrize("kernel", [NTK(depth=1), RBF()], ids=repr)
def test_one_sample(kernel):
    one = X[:1]
    K, gradient = kernel(one, eval_gradient=True)
    assert K.shape == (1, 1)
    assert gradient.shape == (1, 1, len(kernel.theta))
    assert np.isfinite(gradient).all()
    assert_allclose(K[0, 0], kernel.diag(one)[0], rtol=1e-14)
    value = kernel_sum(kernel, one, one, [2.0])
    assert_allclose(value, 2 * K[0], rtol=1e-14)
    assert np.isfinite(kernel_gradient(kernel, one, one, [1.0])).all()


# Memory


def forbid(monkeypatch, module, name):
    def refuse(*args, **kwargs):
        raise AssertionError(f"{name} was called")

    monkeypatch.setattr(module, name, refuse)


@over_kernels
def test_gram_too_large_for_memory(kernel, monkeypatch):
    forbid(monkeypatch, operators, "gram")
    many, kind = np.zeros((10**6, 2)), type(kernel).__name__
    message = (
        rf"The 1000000 × 1000000 Gram matrix of {kind} needs \d+\.\d GiB of memory, "
        r"and this machine has \d+\.\d GiB.*kernel_sum or kernel_gradient"
    )
    with pytest.raises(MemoryError, match=message):
        kernel(many)
    with pytest.raises(MemoryError, match=message):
        kernel(many, many + 1)
    message = message.replace("1000000 × 1000000", "1000000 × 500000")
    with pytest.raises(MemoryError, match=message):
        kernel(many, many[::2])


def test_memory_is_that_of_the_machine(monkeypatch):
    kernel, need = NTK(depth=1), 8 * 5 * 5
    expected = kernel(X, eval_gradient=True)
    monkeypatch.setattr(memory, "_physical_memory", lambda: need - 1)
    with pytest.raises(MemoryError, match="The 5 × 5 Gram matrix of NTK"):
        kernel(X)
    # The Gram matrix itself fits, its two derivatives do not.
    monkeypatch.setattr(memory, "_physical_memory", lambda: 3.5 * need)
    assert_array_equal(kernel(X), expected[0])
    with pytest.raises(MemoryError, match="The 5 × 5 Gram matrix of NTK"):
        kernel(X, eval_gradient=True)
    monkeypatch.setattr(memory, "_physical_memory", lambda: float("inf"))
    assert_array_equal(kernel(X, eval_gradient=True)[1], expected[1])


def test_what_the_error_advises_needs_no_gram(monkeypatch):
    expected = [f(NTK(depth=1), X, Y, COEF) for f in (kernel_sum, kernel_gradient)]
    monkeypatch.setattr(memory, "_physical_memory", lambda: 0)
    for function, values in zip((kernel_sum, kernel_gradient), expected):
        assert_array_equal(function(NTK(depth=1), X, Y, COEF), values)
    assert NTK(depth=1).diag(X).shape == (5,)


def test_memory_where_the_system_does_not_tell(monkeypatch):
    def unknown(name):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(memory.os, "sysconf", unknown, raising=False)  # not on Windows
    assert memory._physical_memory() == float("inf")
    monkeypatch.delattr(memory.os, "sysconf")
    assert memory._physical_memory() == float("inf")


# Optional packages


@pytest.fixture
def without_neural_tangents(monkeypatch):
    """Forget the imported package, until the end of the test."""
    import_neural_tangents()
    for name in [name for name in sys.modules if name.startswith("neural_tangents")]:
        monkeypatch.delitem(sys.modules, name)
    return monkeypatch


@pytest.mark.parametrize("package", ["neural_tangents", "frozendict"])
def test_missing_package_names_the_extra(without_neural_tangents, package):
    without_neural_tangents.setitem(sys.modules, package, None)
    kernel = NeuralTangentsKernel(linear)
    extra = rf"'{package}'.*pip install \"skgantk\[neural-tangents\]\""
    for use in (import_neural_tangents, *(lambda f=f: f(kernel) for f in FIRST_USES)):
        with pytest.raises(ImportError, match=extra):
            use()
    assert np.isfinite(NTK(depth=1)(X)).all()


def test_another_missing_package_is_not_blamed_on_the_extra(without_neural_tangents):
    def broken(name, package=None):
        raise ModuleNotFoundError("No module named 'other'", name="other")

    without_neural_tangents.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="other"):
        import_neural_tangents()


def test_neural_tangents_returns_once_it_is_there():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "neural_tangents", None)
        with pytest.raises(ImportError, match="neural-tangents"):
            NeuralTangentsKernel(linear)(X)
    assert_allclose(NeuralTangentsKernel(linear)(X), X @ X.T, rtol=1e-14)
    assert import_neural_tangents().stax.Relu
