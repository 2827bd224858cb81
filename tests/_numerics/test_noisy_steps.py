"""tanh, logistic and softplus: against sums over a grid, and against closed forms."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import jax.test_util
import mpmath
import numpy as np
import pytest
from _cases import slow_but
from _reference.gauss_numpy import expectation
from numpy.testing import assert_allclose
from scipy import special

from skgantk._numerics import noisy_steps
from skgantk._numerics.activations import ACTIVATIONS, Homogeneous
from skgantk._numerics.noisy_steps import MIXTURES, SHORT, Mixture


def bell(u):
    """d tanh/du"""
    return 4 * special.expit(2 * u) * special.expit(-2 * u)


def hill(u):
    return special.expit(u) * special.expit(-u)


# φ, φ', φ''
FUNCTIONS = {
    "tanh": (np.tanh, bell, lambda u: -2 * np.tanh(u) * bell(u)),
    "logistic": (special.expit, hill, lambda u: -np.tanh(u / 2) * hill(u)),
    "softplus": (lambda u: np.logaddexp(0, u), special.expit, hill),
}
names = pytest.mark.parametrize("name", FUNCTIONS)


def arguments(qx, qy, c, det, dtype="float64"):
    """What a dual is given for pairs of two points each, 1 - ρ² to all digits."""
    total = np.sqrt(qx) + np.sqrt(qy)
    gap = (np.sqrt(qx) - np.sqrt(qy)) ** 2  # Δ = (√q_x - √q_y)² + 2 (n - |c|), or n + |c|
    n = total**2 / 4 - gap / 4
    delta = gap + (2 * det / (n + c) if c >= 0 else 2 * (n - c))
    p = (delta + (qx - qy)) / 2
    qx, qy = np.full((2, 1), qx, dtype), np.full((1, 2), qy, dtype)
    return (qx, qy, *(np.full((2, 2), a, dtype) for a in (c, p, delta)))


def along(arrays, dqx, dqy, dc):
    """Tangents of `arguments`."""
    changes = dqx, dqy, dc, dqx - dc, dqx + dqy - 2 * dc
    return tuple(jnp.full_like(a, change) for a, change in zip(arrays, changes))


@partial(jax.jit, static_argnums=0)
def derivatives(name, arrays):
    value, derivative = jax.linearize(ACTIVATIONS[name].pair, *arrays)
    fx, _ = derivative(*along(arrays, 1, 0, 0))
    return *value, fx, *derivative(*along(arrays, 0, 0, 1))


def dual_and_derivatives(name, *moments, dtype="float64"):
    """F, G, ∂F/∂q_x, ∂F/∂c, ∂G/∂c."""
    with jax.enable_x64(True):
        values = derivatives(name, arguments(*moments, dtype))
    assert {a.dtype.name for a in values} == {dtype}
    return np.array([float(a[0, 0]) for a in values])


def exact(name, qx, qy, c, det):
    phi, slope, bend = FUNCTIONS[name]
    slopes = expectation(slope, slope, qx, qy, c, det)
    return np.array(
        [
            expectation(phi, phi, qx, qy, c, det),
            slopes,
            expectation(bend, phi, qx, qy, c, det) / 2,
            slopes,
            expectation(bend, bend, qx, qy, c, det),
        ]
    )


def scale(name, qx, qy):
    """What is an error of 1: that of both points being equal, by Cauchy's inequality."""
    both = [exact(name, q, q, q, 0.0) for q in (qx, qy)]
    f, g, _, _, b = (np.sqrt(x * y) for x, y in zip(*both))
    return np.array([f, g, np.sqrt(both[0][4] * both[1][0]) / 2, g, b])


VARIANCES = [(1e-6, 1e-6), (0.2, 3.0), (2.0, 2.0), (8.0, 9.0), (12.0, 40.0)]
CORRELATIONS = [-1.0, -0.7, 0.0, 0.3, 1 - 1e-9, 1.0]


@names
@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [("float64", [2e-13, 2e-13, 2e-11, 2e-13, 5e-11]), ("float32", 1e-5)],
)
@pytest.mark.parametrize(("qx", "qy"), VARIANCES)
def test_duals_and_their_derivatives(name, dtype, tolerance, qx, qy):
    for rho in CORRELATIONS:
        n = np.sqrt(qx * qy)
        moments = qx, qy, rho * n, n**2 * (1 - rho) * (1 + rho)
        error = dual_and_derivatives(name, *moments, dtype=dtype) - exact(name, *moments)
        assert np.all(abs(error) <= tolerance * scale(name, qx, qy)), rho


@pytest.mark.parametrize(
    ("dtype", "tolerances"), [("float64", (3e-15, 5e-14)), ("float32", (5e-9, 6e-8))]
)
def test_the_activation_that_is_computed(dtype, tolerances):
    """The error of tanh and of its derivative, of which all others are a part."""
    squares, weights = MIXTURES[dtype]
    assert_allclose(sum(weights), 1, rtol=2e-10 if dtype == "float32" else 1e-15)
    with mpmath.workdps(40):
        terms = [(w, mpmath.sqrt(s)) for s, w in zip(squares, weights)]
        errors = []
        for x in np.linspace(0, 12, 300):
            x = mpmath.mpf(x)
            ours = mpmath.fsum(w * mpmath.erf(x / (s * mpmath.sqrt(2))) for w, s in terms)
            slope = mpmath.fsum(2 * w * mpmath.npdf(x / s) / s for w, s in terms)
            errors.append((ours - mpmath.tanh(x), slope - mpmath.sech(x) ** 2))
    assert np.all(abs(np.array(errors, dtype=float)).max(axis=0) <= tolerances)


# One deviation: sign(u + sz) is an erf, max(0, u + sz) of a Gaussian is one of a wider one


@pytest.fixture
def one_deviation(monkeypatch):
    """s² = ½ alone, as four values that are equal."""
    one = Mixture((0.5,) * 2, (0.5,) * 2)
    monkeypatch.setattr(noisy_steps, "MIXTURES", {"float64": one, "float32": one})


def erf_of_steps(qx, qy, c, p, delta):
    det = c * delta + p * (delta - p)
    theta, density = noisy_steps.steps(qx, qy, c, det)
    return 2 / np.pi * theta, 2 / np.pi * density


def relu_of_ramps(qx, qy, c, p, delta):
    ramp, theta = noisy_steps.ramps(qx, qy, c, c * delta + p * (delta - p))
    return (ramp + np.pi / 2 * c) / (2 * np.pi), 0.25 + theta / (2 * np.pi)


def relu(qx, qy, c, p, delta):
    wide_x, wide_y = qx + 0.5, qy + 0.5
    det = c * delta + p * (delta - p) + 0.5 * (qx + qy) + 0.25
    n = jnp.sqrt(wide_x) * jnp.sqrt(wide_y)
    dual = Homogeneous(0.0).dual(n, c, det, signed=True)
    return dual.value / 2, dual.slope / 2


@pytest.mark.parametrize(
    ("ours", "closed"),
    [(erf_of_steps, ACTIVATIONS["erf"].pair), (relu_of_ramps, relu)],
    ids=["steps", "ramps"],
)
@pytest.mark.parametrize("q", [0.3, 3.0, 300.0])  # series, series, terms
def test_one_deviation_has_a_closed_form(one_deviation, ours, closed, q):
    """With all derivatives, also of points that nearly coincide."""
    ours, closed = (jax.jit(partial(jax.jvp, dual)) for dual in (ours, closed))
    with jax.enable_x64(True):
        for gap, turn in [(1.0, 0.5), (1e-3, 1e-4), (1e-6, 1e-12), (0.0, 0.0)]:
            det = q * q * (gap + turn * (2 - turn))
            arrays = arguments(q, q * (1 + gap), q * (1 - turn), det)
            for direction in itertools.product([0, 1], repeat=3):
                tangents = along(arrays, *direction)
                found, expected = (dual(arrays, tangents) for dual in (ours, closed))
                for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected)):
                    assert_allclose(a, b, rtol=1e-11, atol=1e-14 * abs(b).max())


@pytest.mark.parametrize(
    "function",
    slow_but([noisy_steps.steps], [noisy_steps.steps, noisy_steps.ramps]),
)
def test_the_series_is_the_mean_of_terms(function, monkeypatch):
    rho = np.array([[1.0, -1.0, 0.3], [-0.999, 0.0, 0.9]])
    results = []
    for short in (SHORT, 0.0):
        monkeypatch.setattr(noisy_steps, "SHORT", short)
        evaluate = jax.jit(lambda *args: jax.jvp(function, *args))
        for q in (0.01, 1.0, SHORT):
            qx, qy = np.array([[q], [0.6 * q]]), np.array([[q, 0.1 * q, 0.7 * q]])
            n = np.sqrt(qx * qy)
            moments = qx, qy, rho * n, n**2 * (1 - rho**2)
            with jax.enable_x64(True):
                leaves = evaluate(moments, tuple(map(np.ones_like, moments)))
            results += [[np.asarray(leaf) for leaf in jax.tree.leaves(leaves)]]
    for series, terms in zip(results[:3], results[3:]):
        for a, b in zip(series, terms):
            assert_allclose(a, b, rtol=0, atol=1e-13 * abs(b).max())


@pytest.mark.parametrize(
    ("name", "q"),
    slow_but([("tanh", 0.5)], [("tanh", 0.5), ("softplus", 20.0), ("gaussian", 0.5)]),
)
def test_derivatives_of_derivatives(name, q):
    """Forwards, and once backwards, as `ConvNTK` does."""

    @jax.jit
    def pair(qx, qy, c):
        return ACTIVATIONS[name].pair(qx, qy, c, qx - c, qx + qy - 2 * c)

    with jax.enable_x64(True):
        point = q * jnp.array([[1.0], [0.5]]), q * jnp.array([[0.8, 1.3]])
        point = *point, q * jnp.array([[0.8, -0.2], [0.1, 0.4]])
        jax.test_util.check_grads(pair, point, order=2, modes=["fwd"], rtol=1e-4)
        jax.test_util.check_grads(pair, point, order=1, modes=["rev"], rtol=1e-4)


# What is known of them without any integral


def test_tanh_is_odd_and_logistic_a_tanh():
    for qx, qy, rho in [(0.1, 0.4, 0.3), (3.0, 2.0, -0.9), (500.0, 1.0, 0.99)]:
        c = rho * np.sqrt(qx * qy)
        det = qx * qy - c * c
        tanh = dual_and_derivatives("tanh", qx, qy, c, det)
        minus = dual_and_derivatives("tanh", qx, qy, -c, det)
        assert_allclose(minus, [-1, 1, -1, 1, -1] * tanh, rtol=1e-12)
        wide = dual_and_derivatives("logistic", 4 * qx, 4 * qy, 4 * c, 16 * det)
        assert_allclose(wide[:2], [0.25 + tanh[0] / 4, tanh[1] / 16], rtol=1e-13)
        soft = dual_and_derivatives("softplus", 4 * qx, 4 * qy, 4 * c, 16 * det)
        assert_allclose(soft[1], wide[0], rtol=1e-14)


def test_small_variances_see_the_tangent():
    tanh = dual_and_derivatives("tanh", 1e-12, 2e-12, 1e-12, 1e-24)
    assert_allclose(tanh[:2], [1e-12, 1], rtol=1e-11)
    soft = dual_and_derivatives("softplus", 1e-12, 2e-12, 1e-12, 1e-24)
    assert_allclose(soft[:2], [np.log(2) ** 2, 0.25], rtol=1e-11)


@pytest.mark.parametrize("q", [1e8, 1e16])
def test_large_variances_see_steps_and_ramps(q):
    """Up to terms of order q^-½."""
    c, det = 0.6 * q, 0.64 * q * q
    step = 2 / np.pi * np.arcsin(0.6)
    ramp = q / (2 * np.pi) * (0.8 + 0.6 * (np.pi - np.arccos(0.6)))
    assert_allclose(dual_and_derivatives("tanh", q, q, c, det)[0], step, rtol=5 / q**0.5)
    soft = dual_and_derivatives("softplus", q, q, c, det)[:2]
    assert_allclose(soft, [ramp, 0.25 + step / 4], rtol=5 / q**0.5)


@names
def test_variance_is_the_dual_on_the_diagonal(name):
    q = np.array([[1e-9], [0.3], [5.0], [1e3]])
    with jax.enable_x64(True):
        variance = ACTIVATIONS[name].variance(jnp.asarray(q))
        alone = [dual_and_derivatives(name, *(3 * [float(v)]), 0.0)[0] for v in q[:, 0]]
    assert_allclose(variance[:, 0], alone, rtol=1e-13)
