"""A length scale for each feature: RBF, NTK and NNGP, and in all that uses kernels.

What scikit-learn asks of every kernel is in test_sklearn_contract.py.
"""

import warnings
from itertools import product

import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process import kernels as sk
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.discriminators import NTKLSGANDiscriminator, stack_samples
from skgantk.generators import GANTKSynthesizer
from skgantk.kernels import (
    NNGP,
    NTK,
    RBF,
    NystroemKernel,
    as_core,
    kernel_gradient,
    kernel_sum,
)

pytestmark = pytest.mark.usefixtures("hasty_compilation")


def clouds(d):
    rng = np.random.default_rng(d)
    return rng.normal(size=(6, d)), rng.normal(size=(5, d)), rng.normal(size=5)


def lengths(d):
    return np.linspace(0.5, 2.0, d)


NETWORKS = [NTK(depth=1), NNGP(depth=1, activation="erf")]
DIMENSIONS = 3, 40  # of which differences are taken, and products
over_networks = pytest.mark.parametrize(
    ("kernel", "d"),
    slow_but(list(zip(NETWORKS, DIMENSIONS)), product(NETWORKS, DIMENSIONS)),
    ids=repr,
)


def scaled(kernel, length_scale):
    return clone(kernel).set_params(length_scale=length_scale)


# Values and gradients


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_rbf_is_that_of_scikit_learn(d, scale):
    X, Y, _ = (scale * array for array in clouds(d))
    ours, theirs = RBF(scale * lengths(d)), sk.RBF(scale * lengths(d) * np.sqrt(d))
    assert_allclose(ours(X, Y), theirs(X, Y), rtol=1e-13)
    assert_allclose(ours.diag(X), 1)
    for found, expected in zip(ours(X, eval_gradient=True), theirs(X, eval_gradient=True)):
        assert_allclose(found, expected, rtol=1e-11, atol=1e-14)


@over_networks
def test_networks_see_scaled_points(kernel, d):
    (X, Y, coef), length_scale = clouds(d), lengths(d)
    found = scaled(kernel, length_scale)
    A, B = X / length_scale, Y / length_scale
    assert_allclose(found(X, Y), kernel(A, B), rtol=1e-12)
    assert_allclose(found.diag(X), kernel.diag(A), rtol=1e-13)
    expected = kernel_gradient(kernel, A, B, coef) / length_scale
    assert_allclose(kernel_gradient(found, X, Y, coef), expected, rtol=1e-10)
    values = kernel_sum(found, X.astype("float32"), Y.astype("float32"), coef)
    assert values.dtype == np.float32
    assert_allclose(values, kernel(A, B) @ coef, rtol=0, atol=1e-4)


@pytest.mark.parametrize("one", [0.7, [0.7]])
def test_one_length_for_all_features(one):
    X, Y, _ = clouds(3)
    kernel = NTK(depth=2, length_scale=one)
    assert_allclose(kernel(X, Y), NTK(depth=2)(X / 0.7, Y / 0.7), rtol=1e-13)
    assert_allclose(RBF(one)(X, Y), RBF()(X / 0.7, Y / 0.7), rtol=1e-13)


def test_lengths_take_the_part_of_units():
    X, Y, coef = clouds(3)
    units = np.array([1e-8, 1.0, 1e8])
    kernel, plain = NTK(depth=2, length_scale=units), NTK(depth=2)
    assert_allclose(kernel(X * units, Y * units), plain(X, Y), rtol=1e-13)
    gradient = kernel_gradient(kernel, X * units, Y * units, coef)
    assert_allclose(gradient * units, kernel_gradient(plain, X, Y, coef), rtol=1e-12)


@over_networks
def test_gradient_in_the_lengths(kernel, d):
    X, _, _ = clouds(d)
    kernel = scaled(kernel, lengths(d))
    K, gradient = kernel(X, eval_gradient=True)
    assert gradient.shape == (6, 6, d + 2)
    for i, step in enumerate(1e-5 * np.eye(d + 2)):
        high, low = (kernel.clone_with_theta(kernel.theta + s)(X) for s in (step, -step))
        slope = (high - low) / 2e-5
        assert_allclose(gradient[..., i], slope, rtol=0, atol=1e-7 * abs(K).max())


@pytest.mark.parametrize("gap", [1e-3, 1e-9])
def test_gradient_in_the_lengths_of_nearly_equal_points(gap):
    """k(x, x') of depth 1 without bias depends on the angle between x/ℓ and x'/ℓ."""
    kernel = NTK(depth=1, bias_std=0.0, length_scale=[1.0, 1.0])
    X = np.array([[1.0, 0.0], [1.0, gap]])
    K, gradient = kernel(X, eval_gradient=True)
    # k = ½ (1 - θ/2π + O(θ²)) / ℓ₀² near θ = 0, and θ = gap ℓ₀/ℓ₁
    expected = [-2 * K[0, 1] - gap / (4 * np.pi), gap / (4 * np.pi)]
    assert_allclose(gradient[0, 1, :2], expected, rtol=2 * gap + 1e-13)


def test_sums_products_and_landmarks():
    X, Y, _ = clouds(3)
    kernel = NTK(depth=1, length_scale=lengths(3))
    composed = 2.0 * kernel * RBF(lengths(3)) + sk.WhiteKernel(0.1)
    for k in (composed, NystroemKernel(kernel, Y), NystroemKernel(RBF(lengths(3)), Y)):
        gradient = k(X, eval_gradient=True)[1]
        assert gradient.shape[2] == len(k.theta) == len(k.bounds)
        for i, step in enumerate(1e-4 * np.eye(len(k.theta))):
            high, low = (k.clone_with_theta(k.theta + s)(X) for s in (step, -step))
            assert_allclose(gradient[..., i], (high - low) / 2e-4, rtol=0, atol=1e-5)
        moved = k.clone_with_theta(k.theta + 0.1)
        assert_allclose(moved.theta, k.theta + 0.1, rtol=1e-14, atol=1e-14)
        assert moved == clone(moved)
        assert moved != k


# The parameter


def test_without_lengths_a_network_is_what_it_was():
    assert_array_equal(NTK().theta, [0, 0])
    assert repr(NTK()) == "NTK(depth=3, activation='relu', weight_std=1, bias_std=1)"
    assert NTK().hyperparameter_length_scale.fixed
    assert not NTK().anisotropic
    assert as_core(NTK(length_scale=None)) == as_core(NTK())


def test_lengths_that_are_given_are_hyperparameters():
    kernel = NTK(length_scale=[0.5, 2.0])
    assert_allclose(kernel.theta, np.log([1, 0.5, 2, 1]))
    assert kernel.bounds.shape == (4, 2)
    assert repr(kernel).endswith("bias_std=1, length_scale=[0.5, 2])")
    assert_allclose(NTK(length_scale=0.5).theta, np.log([1, 0.5, 1]))
    assert_array_equal(NTK(length_scale=[1, 2], length_scale_bounds="fixed").theta, [0, 0])
    for one in (RBF(0.7), RBF([0.7])):
        assert repr(one) == "RBF(length_scale=0.7)"
        assert one.theta.shape == (1,)
        assert not one.anisotropic
    assert repr(RBF(np.array([0.5, 2.0]))) == "RBF(length_scale=[0.5, 2])"


def test_bounds_for_each_feature():
    bounds = np.array([[0.1, 1.0], [1.0, 10.0]])
    kernel = RBF([0.5, 2.0], length_scale_bounds=bounds)
    assert_array_equal(kernel.bounds, np.log(bounds))
    with pytest.raises(ValueError, match="length_scale should have either 1 or 2 dim"):
        RBF([0.5, 2.0], length_scale_bounds=np.ones((3, 2))).bounds.shape  # noqa: B018


@pytest.mark.parametrize("kind", [RBF, NTK])
def test_equality(kind):
    kernel = kind(length_scale=[0.5, 2.0])
    assert kernel == kind(length_scale=np.array([0.5, 2.0]))
    assert kernel != kind(length_scale=np.array([0.5, 3.0]))
    assert kernel != kind(length_scale=np.array([0.5, 2.0, 1.0]))
    assert kind(length_scale=np.array([0.5, 2.0, 1.0])) != kind(length_scale=np.ones(2))
    assert kernel != kind()


@pytest.mark.parametrize("kind", [RBF, NTK, NNGP])
def test_bad_lengths(kind):
    X, Y, coef = np.ones((4, 2)), np.zeros((3, 2)), np.ones(3)
    for bad in ([1.0, 0.0], [1.0, -1.0], [[1.0, 2.0]], 0.0, -1.0, np.inf, "long"):
        with pytest.raises(InvalidParameterError, match=f"'length_scale'.*{kind.__name__}"):
            kind(length_scale=bad)(X)
    for bad in ([1.0, np.nan], [1.0, np.inf]):
        with pytest.raises(ValueError, match="length_scale contains"):
            kind(length_scale=bad)(X)
    kernel = kind(length_scale=np.ones(3))
    for use in (
        (kernel, X), (kernel, X, Y), (kernel, X, None, True), (kernel.diag, X),
        (kernel_sum, kernel, X, Y, coef), (kernel_gradient, kernel, X, Y, coef),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="length_scale has 3 entries, but X has 2 fea"):
            use[0](*use[1:])


# Use


@pytest.mark.parametrize(
    "kernel",
    [
        RBF(np.ones(4)),
        pytest.param(
            NTK(depth=1, length_scale=np.ones(4), weight_std_bounds="fixed"),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["RBF", "NTK"],
)
def test_relevance_determination(kernel):
    """Features without influence get long lengths."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = np.sin(2 * X[:, 1]) + 0.5 * X[:, 3] + 0.05 * rng.normal(size=60)
    with warnings.catch_warnings():  # at the bound, which is where they belong
        warnings.simplefilter("ignore", ConvergenceWarning)
        gp = GaussianProcessRegressor(kernel + sk.WhiteKernel(0.01), normalize_y=True)
        found = gp.fit(X, y).kernel_.k1.length_scale
    assert found.shape == (4,)
    assert min(found[[0, 2]]) > 10 * max(found[[1, 3]])
    fresh = rng.normal(size=(200, 4))
    assert gp.score(fresh, np.sin(2 * fresh[:, 1]) + 0.5 * fresh[:, 3]) > 0.9


def test_discriminator():
    X, Y, _ = clouds(3)
    length_scale = lengths(3)
    points, labels = stack_samples(fake=X, real=Y)
    found = NTKLSGANDiscriminator(NTK(depth=1, length_scale=length_scale))
    expected = NTKLSGANDiscriminator(NTK(depth=1)).fit(points / length_scale, labels)
    found.fit(points, labels)
    Z = X[::-1] + 0.1
    values = expected.decision_function(Z / length_scale)
    assert_allclose(found.decision_function(Z), values, rtol=1e-9)
    slopes = expected.gradient(Z / length_scale) / length_scale
    assert_allclose(found.gradient(Z), slopes, rtol=1e-9)


def test_synthesizer():
    data = np.random.default_rng(0).normal(size=(24, 2))
    fits = [
        GANTKSynthesizer(kernel, max_iter=20, random_state=0).fit(data)
        for kernel in (
            NTK(depth=1),
            NTK(depth=1, length_scale=[1.0, 1.0]),
            NTK(depth=1, length_scale=[1.0, 30.0]),
        )
    ]
    assert_allclose(fits[1].samples_, fits[0].samples_, rtol=1e-3, atol=1e-4)
    moved = [abs(g.samples_ - fits[2].samples_).max(axis=0) for g in fits[:1]]
    assert np.all(np.isfinite(fits[2].samples_))
    assert np.all(moved[0] > 0)
