"""Conversion of scikit-learn's kernels, and kernel sums with them.

scikit-learn's own values are the reference: of the Gram matrix directly, of a gradient
by central differences. Beyond a dozen features pairs are formed by matrix products,
whatever the kernel: all are tested at d = 3, those in `WIDE` at d = 40 too.
"""

import jax
import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.gaussian_process import kernels as sk
from sklearn.utils._param_validation import InvalidParameterError

from skgantk._numerics import operators
from skgantk.kernels import (
    NNGP,
    NTK,
    RBF,
    CoreKernel,
    as_core,
    kernel_gradient,
    kernel_sum,
)
from skgantk.kernels._compositions import DotProduct, Power

pytestmark = pytest.mark.usefixtures("hasty_compilation")


def clouds(d):
    """X (5, d), Y (6, d) at distances of order one, and coefficients of either sign."""
    rng = np.random.default_rng(d)
    X, Y = rng.normal(size=(5, d)), rng.normal(size=(6, d))
    return X * np.sqrt(2 / d), Y * np.sqrt(2 / d), rng.normal(size=6)


def lengths(d):
    return np.linspace(0.5, 2.0, d)


STATIONARY = {
    "RBF": lambda d: sk.RBF(0.7),
    "RBF_of_one_entry": lambda d: sk.RBF([0.7]),
    "RBF_anisotropic": lambda d: sk.RBF(lengths(d)),
    "Matern_0.5": lambda d: sk.Matern(0.7, nu=0.5),
    "Matern_1.5": lambda d: sk.Matern(0.7, nu=1.5),
    "Matern_2.5": lambda d: sk.Matern(0.7, nu=2.5),
    "Matern_inf": lambda d: sk.Matern(0.7, nu=np.inf),
    "Matern_0.5_anisotropic": lambda d: sk.Matern(lengths(d), nu=0.5),
    "Matern_inf_anisotropic": lambda d: sk.Matern(lengths(d), nu=np.inf),
    "RationalQuadratic": lambda d: sk.RationalQuadratic(0.7, alpha=1.3),
    "ExpSineSquared": lambda d: sk.ExpSineSquared(1.2, periodicity=2.5),
    "Constant": lambda d: sk.ConstantKernel(1.7),
    "White": lambda d: sk.WhiteKernel(0.3),
    "sum": lambda d: 1.5 * sk.RBF(0.7) + sk.WhiteKernel(0.3),
    "product": lambda d: sk.RBF(1.2) * sk.Matern(lengths(d), nu=1.5),
    "power": lambda d: sk.Matern(lengths(d), nu=2.5) ** 3,
    "fractional_power": lambda d: (sk.RBF(1.2) + 0.5) ** -0.7,
    "RBF_of_this_package": lambda d: RBF(0.7) + 0.5 * sk.RBF(0.7),
}
OTHERS = {
    "DotProduct": lambda d: sk.DotProduct(0.8),
    "DotProduct_squared": lambda d: sk.DotProduct(0.0) ** 2,
    "NTK_and_White": lambda d: 2.0 * NTK(depth=1) + sk.WhiteKernel(0.3),
    "NTK_times_RBF": lambda d: NTK(depth=1) * sk.RBF(lengths(d)),
    "NNGP_power": lambda d: (sk.RBF() + NNGP(depth=1)) ** 1.5,
}
KERNELS = STATIONARY | OTHERS


WIDE = ["RBF", "Matern_0.5_anisotropic", "DotProduct", "NTK_and_White"]
# Of whose parts others have one of each kind.
SLOW = [
    "RBF_anisotropic", "Matern_0.5", "Matern_1.5", "Matern_2.5", "product", "power",
    "NTK_and_White",
]  # fmt: skip


def over(kernels, wide=WIDE, slow=()):
    """Parametrise ``make`` and ``d``."""
    cases = {f"{name}-3": (make, 3) for name, make in kernels.items()}
    cases |= {f"{name}-40": (kernels[name], 40) for name in wide if name in kernels}
    fast = [case for name, case in cases.items() if name.rpartition("-")[0] not in slow]
    return pytest.mark.parametrize(
        ("make", "d"), slow_but(fast, cases.values()), ids=list(cases)
    )


at_dimensions = pytest.mark.parametrize("d", [3, 40])


def gram(kernel, X, Y=None):
    with jax.enable_x64(True):
        return np.array(operators.gram(as_core(kernel), X, Y))


def central_differences(evaluate, X, h=1e-5):
    """Slopes of a sum (n,) in the coordinates of X, one after the other, (n, d)."""
    steps = h * np.eye(X.shape[1])
    slopes = [(evaluate(X + e) - evaluate(X - e)) / (2 * h) for e in steps]
    return np.stack(slopes, axis=1)


def assert_close(found, expected, tolerance):
    """Relative to the largest entry."""
    atol = tolerance * abs(expected).max()
    assert_allclose(found, expected, rtol=0, atol=atol)


# Values


@over(KERNELS, wide=WIDE[:-1], slow=["RBF_anisotropic", "Matern_1.5", "power"])
def test_gram_is_that_of_scikit_learn(make, d):
    (X, _, _), kernel = clouds(d), make(d)
    K = gram(kernel, X)
    assert_allclose(K, kernel(X), rtol=1e-13)
    with jax.enable_x64(True):
        diag = np.array(operators.diag(as_core(kernel), X))
    assert_allclose(diag, kernel.diag(X), rtol=1e-13)


@at_dimensions
def test_cross_gram_is_that_of_scikit_learn(d):
    """One for all: `test_kernel_sum_of_one_centre` has every kernel."""
    X, Y, _ = clouds(d)
    kernel = KERNELS["Matern_0.5_anisotropic"](d)
    assert_allclose(gram(kernel, X, Y), kernel(X, Y), rtol=1e-13)


def test_white_noise_is_of_the_same_sample_not_of_the_same_point():
    X, Y, coef = clouds(3)
    Y[:5] = X
    kernel = sk.WhiteKernel(0.3)
    assert_array_equal(gram(kernel, X), 0.3 * np.eye(5))
    assert_array_equal(gram(kernel, X, Y), np.zeros((5, 6)))
    assert_array_equal(kernel_sum(kernel, X, Y, coef), np.zeros(5))


@over(KERNELS, slow=SLOW)
def test_kernel_sum_of_one_centre(make, d):
    (X, Y, _), kernel = clouds(d), make(d)
    columns = [kernel_sum(kernel, X, Y, coef) for coef in np.eye(6)]
    assert_allclose(np.stack(columns, axis=1), kernel(X, Y), rtol=1e-13, atol=1e-15)


@over(KERNELS, slow=SLOW)
def test_kernel_sum_is_the_product_with_the_gram(make, d):
    (X, Y, coef), kernel = clouds(d), make(d)
    values, K = kernel_sum(kernel, X, Y, coef), kernel(X, Y)
    assert type(values) is np.ndarray
    assert values.dtype == np.float64
    assert values.flags.writeable
    scale = (abs(K) @ abs(coef)).max()
    assert_allclose(values, K @ coef, rtol=0, atol=1e-13 * scale)


# Gradients


@over(KERNELS, slow=SLOW)
def test_kernel_gradient_equals_central_differences(make, d):
    (X, Y, coef), kernel = clouds(d), make(d)
    gradient = kernel_gradient(kernel, X, Y, coef)
    assert type(gradient) is np.ndarray
    assert gradient.dtype == np.float64
    assert gradient.shape == X.shape
    assert gradient.flags.writeable
    expected = central_differences(lambda X: kernel(X, Y) @ coef, X)
    assert_close(gradient, expected, 1e-8)


def test_central_differences_of_kernel_sum_itself():
    X, Y, coef = clouds(3)
    kernel = NTK(depth=2) * sk.Matern(nu=0.5) + sk.WhiteKernel()
    expected = central_differences(lambda X: kernel_sum(kernel, X, Y, coef), X)
    assert_close(kernel_gradient(kernel, X, Y, coef), expected, 1e-8)


@over(STATIONARY)
def test_gradient_of_a_stationary_kernel_is_zero_at_coincident_points(make, d):
    X, Y, coef = clouds(d)
    X, Y = np.tile(X[:1], (5, 1)), np.tile(X[:1], (6, 1))
    # The direct route subtracts the points, the products cancel to rounding.
    tolerance = 0 if d == 3 else 1e-14 * abs(coef).sum() * abs(X).max()
    gradient = kernel_gradient(make(d), X, Y, coef)
    assert_allclose(gradient, np.zeros_like(X), rtol=0, atol=tolerance)


@over(OTHERS)
def test_gradient_of_other_kernels_is_half_that_of_the_diagonal(make, d):
    """½∇ₓ[k(x, x)] for every symmetric kernel, also at a cusp: the mean slope."""
    (X, _, _), h = clouds(d), 1e-5
    X, coef = np.tile(X[:1], (5, 1)), np.full(6, 1.5 / 6)
    gradient = kernel_gradient(make(d), X, np.tile(X[:1], (6, 1)), coef)
    steps = h * np.eye(d)
    slope = make(d).diag(X[0] + steps) - make(d).diag(X[0] - steps)
    assert_close(gradient, np.tile(1.5 * slope / (4 * h), (5, 1)), 1e-8)


@over(KERNELS)
def test_one_coincident_point_among_others(make, d):
    """What a particle of a flow meets when it is its own centre."""
    X, Y, coef = clouds(d)
    Y[2], alone = X[2], np.where(np.arange(6) == 2, coef, 0.0)
    gradient = kernel_gradient(make(d), X, Y, coef)
    assert np.isfinite(gradient).all()
    parts = [kernel_gradient(make(d), X, Y, c) for c in (alone, coef - alone)]
    assert_close(gradient, sum(parts), 1e-13)


def direction(d):
    u = np.random.default_rng(1).normal(size=(5, d))
    return u / np.linalg.norm(u, axis=1, keepdims=True)


def assert_slope_of_exponential(d, distance, scale, tolerance):
    """One-sided slope of exp(-r) at r → 0, r = ‖(x - y)/ℓ‖, for one centre a point."""
    X, Y, _ = clouds(d)
    Y[:5] = X + distance * direction(d)
    nu_half = sk.Matern(scale, nu=0.5)
    for i in range(5):
        coef = np.eye(6)[i]
        z = (X[i] - Y[i]) / scale  # exact: floats next to each other
        r = np.linalg.norm(z)
        gradient = kernel_gradient(nu_half, X, Y, coef)[i]
        assert_close(gradient, -np.exp(-r) * z / r / scale, tolerance)


@at_dimensions
def test_matern_half_of_nearly_coincident_points(d):
    assert_slope_of_exponential(d, 1e-7, np.float64(0.7), 1e-8)


def test_matern_half_of_nearly_coincident_points_in_full_precision():
    for distance in (1e-3, 1e-7, 1e-12):
        assert_slope_of_exponential(3, distance, np.float64(0.7), 1e-14)


@at_dimensions
def test_anisotropic_matern_half_of_nearly_coincident_points(d):
    assert_slope_of_exponential(d, 1e-7, lengths(d), 1e-8)


# Single precision


# One kernel that computes in float64 makes the sum float64.
IN_FLOAT32 = {
    "Matern": lambda d: (
        sk.Matern(0.7, nu=0.5) + sk.Matern(0.7, nu=1.5) * sk.Matern(lengths(d), nu=2.5)
    ),
    "stationary": lambda d: (
        sk.RBF(0.7) + sk.RationalQuadratic(0.7, 1.3) + sk.ExpSineSquared(1.2, 2.5)
    ),
    "others": lambda d: (
        (sk.RBF(lengths(d)) + 0.5) ** 0.7 + sk.DotProduct(0.8) ** 2 + sk.WhiteKernel()
    ),
    "ours": lambda d: NTK(depth=1) * RBF(),
}


@over(IN_FLOAT32, wide=["others"])
def test_float32_in_and_out(make, d):
    X, Y, coef = (a.astype(np.float32) for a in clouds(d))
    A, B, c = (a.astype(float) for a in (X, Y, coef))
    kernel = make(d)
    values, gradient = (f(kernel, X, Y, coef) for f in (kernel_sum, kernel_gradient))
    assert values.dtype == gradient.dtype == np.float32
    assert_close(values, kernel(A, B) @ c, 1e-5)
    expected = central_differences(lambda A: kernel(A, B) @ c, A)
    assert_close(gradient, expected, 1e-5)


def test_dtype_is_that_of_the_points():
    X, Y, coef = clouds(3)
    kernel, single = sk.RBF(0.7), np.float32
    assert kernel_sum(kernel, X, Y.astype(single), coef).dtype == np.float64
    assert kernel_sum(kernel, X.astype(single), Y, coef).dtype == np.float32
    integers = np.arange(15).reshape(5, 3), np.ones((6, 3), int), range(6)
    floats = [np.array(a, dtype=float) for a in integers]
    for function in (kernel_sum, kernel_gradient):
        found = function(kernel, *integers)
        assert found.dtype == np.float64
        assert_array_equal(found, function(kernel, *floats))


# What is, and what is not, a known kernel


class OwnRBF(sk.RBF):
    """A subclass may mean anything; a conversion by inheritance would be a guess."""

    def __call__(self, X, Y=None, eval_gradient=False):
        return -super().__call__(X, Y)


UNKNOWN = [
    sk.PairwiseKernel(),
    sk.CompoundKernel([sk.RBF(), sk.WhiteKernel()]),
    OwnRBF(),
    2.0 * OwnRBF() + NTK(),
    sk.PairwiseKernel() ** 2,
    "rbf",
    None,
    NTK,
]


@pytest.mark.parametrize("kernel", UNKNOWN, ids=repr)
def test_unknown_kernels_are_refused(kernel):
    X, Y, coef = clouds(3)
    for use in (
        lambda: as_core(kernel),
        lambda: kernel_sum(kernel, X, Y, coef),
        lambda: kernel_gradient(kernel, X, Y, coef),
    ):
        with pytest.raises(TypeError, match="Supported are") as error:
            use()
    unknown = ("PairwiseKernel", "CompoundKernel", "OwnRBF", "str", "NoneType", "type")
    ours = ("NTK", "NNGP", "RBF", "NeuralTangentsKernel", "CoreKernel")
    theirs = ("RBF", "Matern", "RationalQuadratic", "DotProduct", "ExpSineSquared")
    theirs += ("ConstantKernel", "WhiteKernel", "Sum", "Product", "Exponentiation")
    message = str(error.value)
    assert any(f"of type {name} " in message for name in (*unknown, "ABCMeta"))
    assert all(name in message for name in ours)
    assert all(f"sklearn {name}" in message for name in theirs)


@pytest.mark.parametrize("nu", [0.7, 2, 3.5])
def test_matern_of_another_order_is_refused(nu):
    with pytest.raises(ValueError, match=rf"Matern\(nu={nu}\).*0\.5, 1\.5, 2\.5 or inf"):
        as_core(1.0 + sk.Matern(nu=nu))


def test_parameters_are_validated_inside_a_sum():
    with pytest.raises(InvalidParameterError, match="'depth' parameter of NTK"):
        as_core(sk.RBF() + NTK(depth=0))


@pytest.mark.parametrize("kernel", [sk.RBF(lengths(3)), sk.Matern(lengths(3), nu=1.5)])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_as_many_length_scales_as_features(kernel, width):
    """scikit-learn refuses other widths; broadcasting would be silently wrong."""
    X = np.ones((5, width))
    with pytest.raises(ValueError, match="same number of dimensions as data"):
        kernel(X)
    for function in (kernel_sum, kernel_gradient):
        with pytest.raises(ValueError, match=r"dimension|feature"):
            function(kernel, X, X + 1, np.ones(5))


def test_rational_quadratic_has_one_length_scale():
    kernel = sk.RationalQuadratic(length_scale=[1.0, 1.0])
    with pytest.raises((AttributeError, ValueError), match="isotropic"):
        as_core(kernel)


class SquaredDotProduct(CoreKernel):
    """What the error message advises: a formula of one's own."""

    def __init__(self):
        pass

    def _core(self):
        return Power(DotProduct(1.0), 2)


class OwnNTK(NTK):
    """A subclass brings its core along."""

    def __init__(self, depth=1):
        super().__init__(depth=depth)


@pytest.mark.parametrize(
    ("own", "same"),
    [(SquaredDotProduct(), sk.DotProduct() ** 2), (OwnNTK(), NTK(depth=1))],
)
def test_own_core_kernels_are_known(own, same):
    X, Y, coef = clouds(3)
    assert_allclose(own(X), same(X), rtol=1e-14)
    for function in (kernel_sum, kernel_gradient):
        found = function(0.5 * own, X, Y, coef)
        assert_allclose(found, function(0.5 * same, X, Y, coef), rtol=1e-13)
