"""What scikit-learn asks of a kernel, of every kernel of the package.

The cases are those of scikit-learn's own tests of its Gaussian process kernels; one
list drives them all. Every cloud here has the shape (5, 2), so that each kernel is
compiled once.
"""

import inspect
import itertools
import pickle

import jax
import joblib
import numpy as np
import pytest
from _cases import slow_but
from _reference import mlp_mpmath
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import KernelPCA
from sklearn.gaussian_process import (
    GaussianProcessClassifier,
    GaussianProcessRegressor,
)
from sklearn.gaussian_process import kernels as sk
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from skgantk.kernels import (
    NNGP,
    NTK,
    RBF,
    ConvNTK,
    NeuralTangentsKernel,
    NystroemKernel,
    Riesz,
    as_core,
    import_neural_tangents,
)

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X, Y = np.random.default_rng(0).normal(size=(2, 5, 2))
X.flags.writeable = Y.flags.writeable = False


def stax_kernel():
    stax = import_neural_tangents().stax
    first = stax.Dense(1, W_std=1.3, b_std=0.7)
    return stax.serial(first, stax.Relu(), stax.Dense(1, W_std=1.3, b_std=0.7))[2]


STDS = {"weight_std": 1.3, "bias_std": 0.7}
MLP = [
    NTK(depth=2, activation=activation, negative_slope=0.2, **STDS)
    for activation in sorted(mlp_mpmath.ACTIVATIONS)
] + [
    NNGP(depth=2, activation="gelu", **STDS),
    NNGP(depth=2, activation="leaky_relu", negative_slope=-0.5, **STDS),
    NTK(depth=1),
    NTK(depth=6),
    NTK(depth=2, output_bias=True),
    NTK(depth=2, weight_std=0.6, bias_std=0),
    NNGP(depth=2, activation="erf", weight_std=2.0, bias_std=0.0),
    NTK(depth=2, weight_std_bounds="fixed", bias_std_bounds=(0.1, 10.0)),
    NNGP(depth=2, weight_std_bounds=(0.1, 10.0), bias_std_bounds="fixed"),
    NTK(depth=2, weight_std_bounds="fixed", bias_std_bounds="fixed"),
]
BASIC = [
    *MLP,
    RBF(length_scale=0.7),
    RBF(length_scale_bounds=(0.5, 2.0)),
    RBF(length_scale_bounds="fixed"),
    RBF([0.5, 2.0]),
    NTK(depth=2, length_scale=[0.5, 2.0]),
    NNGP(depth=1, length_scale=0.7, weight_std_bounds="fixed", **STDS),
    NTK(depth=1, activation="tanh", length_scale=[0.5, 2.0], length_scale_bounds="fixed"),
    NNGP(depth=1, activation="softplus", **STDS),
    ConvNTK((2, 1), 1, (2, 1), (1, 1), n_dense=1, **STDS),
    NeuralTangentsKernel(stax_kernel()),
    Riesz(),
    Riesz(0.7, exponent_bounds=(0.1, 1.9)),
    Riesz(n_directions=3, random_state=1),
]
COMPOSED = [
    NystroemKernel(NTK(depth=2, **STDS), [[0.1, 0.2], [1.0, -1.0], [-0.5, 2.0]]),
    2.0 * NTK(depth=2) + sk.WhiteKernel(noise_level=0.3),
    NTK(depth=2) * sk.RBF([0.5, 2.0]),
    sk.Matern(nu=1.5) + 0.5 * NNGP(depth=2),
    NTK(depth=2, activation="erf") + NNGP(depth=2, bias_std=0.0),
    NNGP(depth=2) ** 2,
    NTK(depth=2, weight_std_bounds="fixed") ** 0.5,
    3.0 * RBF(length_scale=0.33) + sk.RationalQuadratic(),
    (NTK(depth=2) + sk.DotProduct()) * RBF() ** 3,
    2.0 * NeuralTangentsKernel(stax_kernel()),
    0.5 * (2.0 * Riesz(1.5) + NTK(depth=1)),
    Riesz(n_directions=2) + sk.WhiteKernel(noise_level=0.3),
]
KERNELS = BASIC + COMPOSED
DEFINITE = [kernel for kernel in KERNELS if as_core(kernel).definite]


def tolerance(kernel):
    """neural-tangents keeps half the digits where points coincide, its cusp."""
    return 1e-8 if "NeuralTangents" in repr(kernel) else 1e-13


def names(kernels):
    return [f"{i}-{kernel}".replace(" ", "") for i, kernel in enumerate(kernels)]


# Of each kind of formula another one is fast: erf, gelu, relu and softplus of activations.
SLOW = [
    *(
        k
        for k in MLP[: len(mlp_mpmath.ACTIVATIONS)]
        if k.activation not in ("erf", "gelu", "relu")
    ),
    NNGP(depth=2, activation="gelu", **STDS),
    NNGP(depth=2, activation="leaky_relu", negative_slope=-0.5, **STDS),
    NNGP(depth=1, activation="tanh"),
    NTK(depth=6),
    NTK(depth=1, activation="tanh", length_scale=[0.5, 2.0], length_scale_bounds="fixed"),
]


def over(kernels):
    fast = [kernel for kernel in kernels if kernel not in SLOW]
    return pytest.mark.parametrize("kernel", slow_but(fast, kernels), ids=names(kernels))


@pytest.fixture(autouse=True)
def kernels_stay_as_they_are():
    """The list is shared: a test that changes a kernel would spoil the others."""
    before = [kernel.get_params() for kernel in KERNELS]
    yield
    assert [kernel.get_params() for kernel in KERNELS] == before


def network(kernel):
    """Keyword arguments of the oracle."""
    params = kernel.get_params()
    params = {
        name: value
        for name, value in params.items()
        if "bounds" not in name and name != "length_scale"
    }
    return {**params, "get": type(kernel).__name__.lower()}


def free(kernel):
    return [h.name for h in kernel.hyperparameters if not h.fixed]


# Values


@over(KERNELS)
def test_gram_is_a_fresh_writable_float64_array(kernel):
    K, cross, diag = kernel(X), kernel(X, Y), kernel.diag(X)
    for array in (K, cross, diag):
        assert type(array) is np.ndarray
        assert array.dtype == np.float64
        assert array.flags.writeable
        assert array.flags.owndata
    assert K.shape == cross.shape == (5, 5)
    copies = K.copy(), cross.copy(), diag.copy()
    for array in (K, cross, diag):
        array[...] = np.nan  # GaussianProcessRegressor adds to K in place
    for again, copy in zip((kernel(X), kernel(X, Y), kernel.diag(X)), copies):
        assert_array_equal(again, copy)


@over(KERNELS)
def test_gram_is_symmetric_and_positive_semi_definite(kernel):
    K = kernel(X)
    assert_array_equal(K, K.T)
    if kernel not in DEFINITE:  # where coefficients sum to 0
        K = K - K.mean(axis=0) - K.mean(axis=1)[:, None] + K.mean()
    eigenvalues = np.linalg.eigvalsh(K)
    assert eigenvalues[0] >= -1e-14 * eigenvalues[-1]


@over(KERNELS)
def test_auto_and_cross_gram_agree(kernel):
    noise = 0.3 if "WhiteKernel" in repr(kernel) else 0.0
    assert_allclose(kernel(X), kernel(X, X) + noise * np.eye(5), rtol=tolerance(kernel))


@over(KERNELS)
def test_cross_gram_transposes(kernel):
    K = kernel(X, Y)
    assert_allclose(K, kernel(Y, X).T, rtol=1e-13, atol=1e-15 * abs(K).max())


@over(KERNELS)
def test_diag_is_that_of_the_gram(kernel):
    assert_allclose(kernel.diag(X), np.diag(kernel(X)), rtol=tolerance(kernel))


@over([kernel for kernel in KERNELS if kernel.is_stationary()])
def test_stationary_kernels_depend_on_the_difference(kernel):
    assert_allclose(np.diag(kernel(X, X + 1)), kernel(X, X + 1)[0, 0], rtol=1e-13)
    assert_allclose(kernel(X + 3, Y + 3), kernel(X, Y), rtol=1e-13)


@over([kernel for kernel in KERNELS if not kernel.is_stationary()])
def test_other_kernels_do_not(kernel):
    assert abs(kernel(X + 3, Y + 3) / kernel(X, Y) - 1).max() > 0.01


def test_which_kernels_are_stationary():
    assert RBF().is_stationary()
    assert (RBF() * sk.RBF() + 1.0).is_stationary()
    assert not NTK().is_stationary()
    assert not (RBF() + NNGP()).is_stationary()


@over(KERNELS)
def test_input_is_vectors(kernel):
    assert kernel.requires_vector_input


@over([NTK(depth=2), RBF(), NNGP(depth=2) ** 2])
def test_sums_and_products_commute(kernel):
    assert_array_equal((kernel + 1.5)(X), (1.5 + kernel)(X))
    assert_array_equal((kernel * 1.5)(X), (1.5 * kernel)(X))
    other = sk.Matern(0.7)
    assert_array_equal((kernel + other)(X, Y), (other + kernel)(X, Y))
    assert_array_equal((kernel * other)(X, Y), (other * kernel)(X, Y))


def test_operators_do_what_they_say():
    K, other = NTK(depth=2)(X), sk.RBF([0.5, 2.0])(X)
    assert_allclose((NTK(depth=2) * sk.RBF([0.5, 2.0]))(X), K * other, rtol=1e-15)
    assert_allclose((sk.RBF([0.5, 2.0]) + NTK(depth=2))(X), K + other, rtol=1e-15)
    assert_allclose((2.0 * NTK(depth=2) ** 2)(X), 2 * K**2, rtol=1e-15)


def test_rbf_is_that_of_scikit_learn_with_another_unit():
    assert_allclose(RBF(0.7)(X, Y), sk.RBF(0.7 * np.sqrt(2))(X, Y), rtol=1e-14)


def test_neural_tangents_kernel_is_the_ntk():
    theirs = NeuralTangentsKernel(stax_kernel())(X, Y)
    ours = NTK(depth=1, activation="relu", output_bias=True, **STDS)(X, Y)
    assert_allclose(theirs, ours, rtol=1e-13)


def test_global_flags_of_jax_stay_off():
    assert NTK(depth=2)(X).dtype == np.float64
    assert not jax.config.jax_enable_x64


# Gradient in the hyperparameters


@over(KERNELS)
def test_gradient_equals_central_differences(kernel):
    K, gradient = kernel(X, eval_gradient=True)
    assert gradient.shape == (5, 5, len(kernel.theta))
    assert gradient.flags.writeable
    assert_array_equal(K, kernel(X))
    for i, step in enumerate(1e-5 * np.eye(len(kernel.theta))):
        high = kernel.clone_with_theta(kernel.theta + step)(X)
        low = kernel.clone_with_theta(kernel.theta - step)(X)
        slope = (high - low) / 2e-5
        assert_allclose(gradient[..., i], slope, rtol=0, atol=1e-6 * abs(K).max())


@over(MLP)
def test_gradient_equals_the_oracle(kernel):
    gradient = kernel(X, eval_gradient=True)[1]
    for i, j in [(0, 1), (2, 4), (3, 3)]:
        slopes = mlp_mpmath.hyperparameter_gradient(X[i], X[j], dps=20, **network(kernel))
        slopes = dict(zip(("weight_std", "bias_std"), map(float, slopes)))
        expected = [slopes[name] for name in free(kernel)]
        assert_allclose(gradient[i, j], expected, rtol=1e-10)


@over(KERNELS)
def test_gradient_is_symmetric(kernel):
    gradient = kernel(X, eval_gradient=True)[1]
    scale = abs(gradient).max(initial=0)
    assert_allclose(gradient, gradient.swapaxes(0, 1), rtol=0, atol=1e-15 * scale)


@over([kernel for kernel in KERNELS if free(kernel)])
def test_finite_wherever_an_optimizer_may_go(kernel):
    for theta in itertools.product(*kernel.bounds):
        K, gradient = kernel.clone_with_theta(np.array(theta))(X, eval_gradient=True)
        assert np.isfinite(K).all()
        assert np.isfinite(gradient).all()


# Hyperparameters


@over(BASIC)
def test_hyperparameters_are_the_parameters_with_bounds(kernel):
    parameters = inspect.signature(type(kernel).__init__).parameters
    bounded = [name.removesuffix("_bounds") for name in parameters if "_bounds" in name]
    assert [h.name for h in kernel.hyperparameters] == sorted(bounded)
    for h in kernel.hyperparameters:
        assert getattr(kernel, f"hyperparameter_{h.name}") == h


@over(BASIC)
def test_theta_is_the_log_of_the_free_hyperparameters(kernel):
    values = [np.ravel(getattr(kernel, name)) for name in free(kernel)]
    assert_array_equal(kernel.theta, np.log(np.concatenate([[], *values])))
    assert np.isfinite(kernel.theta).all()
    assert kernel.n_dims == sum(map(len, values))
    bounds = [
        getattr(kernel, f"{name}_bounds")
        for name, elements in zip(free(kernel), values)
        for _ in elements
    ]
    assert_array_equal(kernel.bounds, np.log(bounds))


@over(KERNELS)
def test_bounds_belong_to_theta(kernel):
    assert np.isfinite(kernel.theta).all()
    assert len(kernel.bounds) == len(kernel.theta) == kernel.n_dims
    for value, (low, high) in zip(kernel.theta, kernel.bounds):
        assert low <= value <= high


@over(BASIC)
def test_a_fixed_hyperparameter_leaves_out_its_slice(kernel):
    gradient, names = kernel(X, eval_gradient=True)[1], free(kernel)
    elements = [name for name in names for _ in np.ravel(getattr(kernel, name))]
    for name in names:
        i = [i for i, other in enumerate(elements) if other == name]
        fixed = clone(kernel).set_params(**{f"{name}_bounds": "fixed"})
        assert free(fixed) == [other for other in names if other != name]
        assert_array_equal(fixed.theta, np.delete(kernel.theta, i))
        assert_array_equal(
            fixed.bounds, np.delete(kernel.bounds, i, 0).reshape(fixed.bounds.shape)
        )
        remaining = fixed(X, eval_gradient=True)[1]
        assert_array_equal(remaining, np.delete(gradient, i, axis=2))


@pytest.mark.parametrize("kind", [NTK, NNGP])
@pytest.mark.parametrize("zero", [0, 0.0, np.float64(0)])
def test_a_bias_of_zero_is_fixed(kind, zero):
    kernel = kind(depth=2, bias_std=zero)
    assert free(kernel) == ["weight_std"]
    assert_array_equal(kernel.theta, [0.0])
    assert kernel(X, eval_gradient=True)[1].shape == (5, 5, 1)
    kernel.set_params(bias_std=0.5)
    assert free(kernel) == ["bias_std", "weight_std"]
    assert kernel(X, eval_gradient=True)[1].shape == (5, 5, 2)


@over(KERNELS)
def test_theta_setter(kernel):
    kernel = clone(kernel)
    theta = kernel.theta + np.linspace(0.1, 0.2, len(kernel.theta))
    kernel.theta = theta
    assert_allclose(kernel.theta, theta, rtol=1e-15, atol=1e-15)
    assert kernel == kernel.clone_with_theta(theta)


def test_theta_setter_reaches_the_parameters():
    kernel = NTK(depth=2)
    kernel.theta = np.log([3.0, 4.0])
    assert_allclose([kernel.bias_std, kernel.weight_std], [3, 4], rtol=1e-15)
    expected = NTK(depth=2, bias_std=3.0, weight_std=4.0)(X)
    assert_allclose(kernel(X), expected, rtol=1e-13)


def test_gradient_follows_the_order_of_theta():
    both = NTK(depth=2)(X, eval_gradient=True)[1]
    weight = NTK(depth=2, bias_std_bounds="fixed")(X, eval_gradient=True)[1]
    assert_array_equal(both[..., 1:], weight)


# Parameters, copies, comparison


@over(BASIC)
def test_parameters_are_stored_untouched(kernel):
    parameters = inspect.signature(type(kernel)).parameters
    assert set(kernel.get_params()) == set(parameters)
    marks = {name: object() for name in parameters}
    marked = type(kernel)(**marks)
    assert all(getattr(marked, name) is mark for name, mark in marks.items())


@over(KERNELS)
def test_clone(kernel):
    copy = clone(kernel)
    assert copy == kernel
    assert not copy != kernel
    assert copy is not kernel
    assert type(copy) is type(kernel)
    assert copy.get_params() == kernel.get_params()
    assert copy.hyperparameters == kernel.hyperparameters
    assert_array_equal(copy(X), kernel(X))


@over([kernel for kernel in KERNELS if free(kernel)])
def test_clone_after_set_params(kernel):
    kernel = clone(kernel)
    name = next(h.name for h in kernel.hyperparameters if not h.fixed)
    kernel.set_params(**{name: 10.0, f"{name}_bounds": (1e-3, 1e3)})
    copy = clone(kernel)
    assert copy == kernel
    assert copy.get_params() == kernel.get_params()
    assert copy.hyperparameters == kernel.hyperparameters
    assert copy.get_params()[name] == 10.0


@over(KERNELS)
def test_get_and_set_params(kernel):
    kernel, free_ones = clone(kernel), []
    for h in kernel.hyperparameters:
        if not h.fixed:
            free_ones += list(np.atleast_1d(kernel.get_params()[h.name]))
    assert_allclose(np.exp(kernel.theta), free_ones, rtol=1e-15)
    for h in kernel.hyperparameters:
        if not h.fixed:
            value = 10.0 if h.n_elements == 1 else [10.0] * h.n_elements
            assert kernel.set_params(**{h.name: value}) is kernel
    assert_allclose(np.exp(kernel.theta), 10.0, rtol=1e-15)


def test_set_params_reaches_into_a_sum():
    kernel = 2.0 * NTK(depth=2) + sk.WhiteKernel()
    kernel.set_params(k1__k2__depth=1, k1__k2__bias_std=0.0)
    assert kernel.k1.k2 == NTK(depth=1, bias_std=0.0)
    assert kernel.k1.k2 != NTK(depth=1, bias_std=0.1)


def test_set_params_refuses_what_does_not_exist():
    with pytest.raises(ValueError, match="Invalid parameter width for kernel NTK"):
        NTK().set_params(width=3)


def test_equality():
    kernels = [*KERNELS, NNGP(), NTK(), NTK(depth=4), NTK(bias_std=0.0), sk.RBF()]
    for left, right in itertools.combinations(kernels, 2):
        assert left != right
        assert not left == right
    assert NTK() != "NTK"
    assert NTK(weight_std=2) == NTK(weight_std=2.0)


@over(BASIC)
def test_repr_begins_with_the_name_of_the_class(kernel):
    name = type(kernel).__name__
    assert repr(kernel).startswith(f"{name}(")
    assert name in repr(2.0 * kernel + sk.WhiteKernel())
    assert repr(clone(kernel)) == repr(kernel)


def test_repr_names_the_hyperparameters():
    kernel = NTK(depth=4, activation="erf", weight_std=1.25, bias_std=0.0)
    assert repr(kernel) == ("NTK(depth=4, activation='erf', weight_std=1.25, bias_std=0)")
    assert repr(2.0 * RBF(0.5)) == "1.41**2 * RBF(length_scale=0.5)"


def picklable(kernel):
    """Pickle refuses closures, which is what stax returns."""
    return "NeuralTangents" not in repr(kernel)


@over(list(filter(picklable, KERNELS)))
def test_pickle_and_joblib_round_trips(kernel, tmp_path):
    joblib.dump(kernel, tmp_path / "kernel")
    for copy in (pickle.loads(pickle.dumps(kernel)), joblib.load(tmp_path / "kernel")):
        assert copy == kernel
        assert_array_equal(copy(X), kernel(X))


def test_evaluates_in_threads():
    kernels = [NTK(depth=2), NNGP(depth=2), RBF()]
    work = joblib.Parallel(2, prefer="threads")
    Ks = work(joblib.delayed(kernel)(X) for kernel in kernels * 4)
    for K, kernel in zip(Ks, kernels * 4):
        assert_array_equal(K, kernel(X))


# Input of other kinds


class ArrayLike:
    """Whatever turns into an array, like a data frame."""

    def __array__(self, dtype=None, copy=None):
        return np.array(X, dtype=dtype)


def inputs(tmp_path):
    mapped = np.memmap(tmp_path / "X", dtype=float, mode="w+", shape=X.shape)
    mapped[:] = X
    joblib.dump(X, tmp_path / "dump")
    strided = np.full((10, 4), np.nan)
    strided[::2, ::2] = X
    return {
        "memmap": mapped,
        "joblib": joblib.load(tmp_path / "dump", mmap_mode="r"),
        "Fortran": np.asfortranarray(X),
        "strided": strided[::2, ::2],
        "reversed": X[::-1][::-1],
        "list": X.tolist(),
        "object": X.astype(object),
        "array-like": ArrayLike(),
        "big-endian": X.astype(">f8"),
    }


@pytest.mark.parametrize("kernel", [NTK(depth=2), RBF(), 2.0 * NNGP(depth=2)])
def test_input_type_changes_nothing(kernel, tmp_path):
    expected = kernel(X), kernel(X, Y), kernel(Y, X), kernel.diag(X)
    for name, A in inputs(tmp_path).items():
        found = kernel(A), kernel(A, Y), kernel(Y, A), kernel.diag(A)
        for a, b in zip(found, expected):
            assert_array_equal(a, b, err_msg=name)


@pytest.mark.parametrize("kernel", [NTK(depth=2), NNGP(depth=2), RBF()])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8, bool])
def test_computes_in_float64(kernel, dtype):
    A, B = (3 * abs(X)).astype(dtype), (3 * abs(Y)).astype(dtype)
    same = A.astype(float), B.astype(float)
    assert_array_equal(kernel(A), kernel(same[0]))
    assert_array_equal(kernel(A, B), kernel(*same))
    assert_array_equal(kernel.diag(A), kernel.diag(same[0]))


def test_input_is_left_as_it_was():
    A = X.copy()
    NTK(depth=2)(A, eval_gradient=True)
    assert_array_equal(A, X)


# Use by estimators


TARGET = np.array([0.5, -1.0, 1.5, 0.3, -0.4])
LABELS = np.array([0, 1, 0, 1, 1])
USED = [
    NTK(depth=2, bias_std=0.5),
    NNGP(depth=2, activation="gelu"),
    NNGP(depth=1, activation="tanh"),
    RBF(),
    RBF([0.5, 2.0]),
    2.0 * NTK(depth=2) + sk.WhiteKernel(),
    NTK(depth=2) * sk.RBF([0.5, 2.0]),
    NNGP(depth=2) ** 2,
]


@over(USED)
def test_gaussian_process_regressor(kernel):
    start = GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None).fit(X, TARGET)
    gp = GaussianProcessRegressor(kernel, alpha=0.1).fit(X, TARGET)
    assert gp.log_marginal_likelihood_value_ > start.log_marginal_likelihood_value_
    assert not np.array_equal(gp.kernel_.theta, kernel.theta)
    K = gp.kernel_(X) + 0.1 * np.eye(5)
    mean, std = gp.predict(Y, return_std=True)
    cross = gp.kernel_(Y, X)
    assert_allclose(mean, cross @ np.linalg.solve(K, TARGET), rtol=1e-9)
    shrunk = np.sum(cross * np.linalg.solve(K, cross.T).T, axis=1)
    assert_allclose(std**2, gp.kernel_.diag(Y) - shrunk, rtol=1e-9)


@over(USED)
def test_gaussian_process_classifier(kernel):
    start = GaussianProcessClassifier(kernel, optimizer=None).fit(X, LABELS)
    gp = GaussianProcessClassifier(kernel).fit(X, LABELS)
    assert gp.log_marginal_likelihood_value_ >= start.log_marginal_likelihood_value_
    assert gp.predict_proba(Y).shape == (5, 2)


@over(DEFINITE)
def test_gaussian_process_without_optimizer(kernel):
    """Also those kernels that have nothing to optimise."""
    gp = GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None).fit(X, TARGET)
    expected = kernel(Y, X) @ np.linalg.solve(kernel(X) + 0.1 * np.eye(5), TARGET)
    assert_allclose(gp.predict(Y), expected, rtol=1e-9)


@over(USED)
def test_svc(kernel):
    model = SVC(kernel=kernel).fit(X, LABELS)
    precomputed = SVC(kernel="precomputed").fit(kernel(X, X), LABELS)
    expected = precomputed.decision_function(kernel(Y, X))
    assert_allclose(model.decision_function(Y), expected, rtol=1e-9)


@over(USED)
def test_kernel_pca(kernel):
    model = KernelPCA(2, kernel=kernel, eigen_solver="dense").fit(X)
    precomputed = KernelPCA(2, kernel="precomputed", eigen_solver="dense")
    expected = precomputed.fit(kernel(X, X)).transform(kernel(Y, X))
    assert_allclose(model.transform(Y), expected, rtol=1e-9)


@over(KERNELS)
def test_pairwise_kernels(kernel):
    assert_array_equal(pairwise_kernels(X, metric=kernel), kernel(X, X))
    assert_array_equal(pairwise_kernels(X, Y, metric=kernel), kernel(X, Y))


def test_grid_search_over_a_parameter_of_the_kernel():
    data, labels = np.vstack([X, Y]), np.tile(LABELS, 2)
    kernel = NTK(depth=2)
    grid = {"kernel__bias_std": [0.0, 0.5, 20.0], "kernel__weight_std": [1.0]}
    search = GridSearchCV(SVC(kernel=kernel), grid, cv=2, scoring="accuracy")
    search.fit(data, labels)
    best = search.best_params_["kernel__bias_std"]
    assert search.best_estimator_.kernel == NTK(depth=2, bias_std=best)
    alone = [
        GridSearchCV(SVC(), {"kernel": [NTK(depth=2, bias_std=b)]}, cv=2)
        .fit(data, labels)
        .best_score_
        for b in grid["kernel__bias_std"]
    ]
    assert_array_equal(search.cv_results_["mean_test_score"], alone)
    assert kernel == NTK(depth=2)
