import jax
import jax.numpy as jnp
import jax.test_util
import mpmath
import numpy as np
import pytest
from _reference import mlp_mpmath as oracle

from skgantk._numerics.activations import (
    ACTIVATIONS,
    Homogeneous,
    angle,
    atan_remainder,
    get_activation,
)

NAMES = [*ACTIVATIONS, "leaky_relu"]
SLOPE = 0.2


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-7), ("float64", 1e-15)])
def test_atan_remainder(dtype, tolerance):
    t = np.linspace(0.05, 1, 200).astype(dtype)
    with jax.enable_x64(True):
        r = np.asarray(atan_remainder(jnp.asarray(t) ** 2), dtype=float)
    with mpmath.workdps(40):
        exact = [float((v - mpmath.atan(v)) / mpmath.mpf(v) ** 3) for v in map(float, t)]
    assert r.dtype == float
    np.testing.assert_allclose(r, exact, rtol=tolerance)


def test_atan_remainder_at_zero():
    with jax.enable_x64(True):
        assert atan_remainder(jnp.float64(0.0)) == 1 / 3


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 4e-7), ("float64", 1e-15)])
def test_angle(dtype, tolerance):
    rng = np.random.default_rng(0)
    y = (rng.choice([-1, 1], 500) * 10.0 ** rng.uniform(-12, 12, 500)).astype(dtype)
    x = (10.0 ** rng.uniform(-3, 3, 500)).astype(dtype)
    with jax.enable_x64(dtype == "float64"):
        got = np.asarray(angle(jnp.asarray(y), jnp.asarray(x)))
        assert got.dtype == dtype
        assert angle(jnp.zeros((), dtype), jnp.ones((), dtype)) == 0
    np.testing.assert_allclose(
        got, np.arctan2(y.astype(float), x.astype(float)), rtol=tolerance
    )


def test_derivatives_of_angle():
    with jax.enable_x64(True):
        point = jnp.array([0.3, -2.0, 1e-3]), jnp.array([1.1, 0.4, 2.0])
        jax.test_util.check_grads(angle, point, order=2, modes=["fwd", "rev"])


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 2e-15)])
def test_dual_of_gaps_keeps_all_digits(dtype, tolerance):
    """At any angle θ, however small: e = ζ(s - θc), ζθ and s of vectors with n = 1.7."""
    activation, root = Homogeneous(SLOPE), mpmath.sqrt(3.4)
    angles = [mpmath.mpf(a) for a in (1e-12, 1e-6, 1e-3, 0.1, 0.7, 1.5, 2.0, 2.9, 3.1)]
    with mpmath.workdps(50), jax.enable_x64(True):
        gaps = [(root * mpmath.sin(a / 2), root * mpmath.cos(a / 2), root) for a in angles]
        arguments = (jnp.array([float(g) for g in gap], dtype) for gap in zip(*gaps))
        found = activation.dual_of_gaps(*arguments)
        zeta, n = activation.zeta, mpmath.mpf("1.7")
        exact = [
            (zeta * n * (mpmath.sin(a) - a * mpmath.cos(a)), zeta * a, n * mpmath.sin(a))
            for a in angles
        ]
    for ours, values in zip(found, zip(*exact)):
        np.testing.assert_allclose(ours, [float(v) for v in values], rtol=tolerance)


def package_dual(name, qx, qy, c):
    """(E[φφ], E[φ'φ']) as the package computes them."""
    with jax.enable_x64(True):
        qx, qy, c = (jnp.float64(v) for v in (qx, qy, c))
        activation = get_activation(name, SLOPE)
        if isinstance(activation, Homogeneous):
            dual = activation.dual(jnp.sqrt(qx * qy), c, qx * qy - c * c, signed=True)
            pair = activation.kappa * dual.value, activation.kappa * dual.slope
        else:
            pair = activation.pair(qx, qy, c, qx - c, qx + qy - 2 * c)
        return tuple(float(v) for v in pair)


@pytest.mark.parametrize("name", oracle.ACTIVATIONS)
@pytest.mark.parametrize("rho", [-0.99, -0.4, 0.0, 0.5, 0.999])
@pytest.mark.parametrize(("qx", "qy"), [(1.0, 1.0), (0.3, 4.0)])
def test_dual_against_quadrature_and_mpmath(name, rho, qx, qy):
    c = rho * np.sqrt(qx * qy)
    ours = package_dual(name, qx, qy, c)
    np.testing.assert_allclose(
        ours, oracle.quadrature_dual(name, qx, qy, c, SLOPE), rtol=0, atol=1e-10
    )
    exact = [float(v) for v in oracle.dual(name, qx, qy, c, SLOPE)]
    np.testing.assert_allclose(ours, exact, rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_variance_is_the_dual_on_the_diagonal(name):
    activation = get_activation(name, SLOPE)
    with jax.enable_x64(True):
        variance = float(activation.variance(jnp.float64(2.5)))
    np.testing.assert_allclose(variance, package_dual(name, 2.5, 2.5, 2.5)[0], rtol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_no_overflow_and_no_nan_at_large_and_small_variances(name):
    for q in (1e-16, 1e16):
        for c in (-q, 0.0, q):
            assert np.all(np.isfinite(package_dual(name, q, q, c)))


@pytest.mark.parametrize(("slope", "name"), [(0.0, "relu"), (-1.0, "abs")])
def test_leaky_relu_contains_the_others(slope, name):
    assert get_activation("leaky_relu", slope) == ACTIVATIONS[name]
