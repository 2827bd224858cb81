from itertools import product

import jax.numpy as jnp
import numpy as np
import pytest
from _cases import slow_but
from _reference.clouds import (
    FAKE_LSGAN,
    REAL_LSGAN,
    clouds,
    measure_weights,
    with_duplicates,
)
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.optimize import lsq_linear
from scipy.special import expit

from skgantk.discriminators import (
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
    _kernel,
    stack_samples,
)
from skgantk.discriminators._gan import ExplicitTrainer, ImplicitTrainer
from skgantk.kernels import NTK, RBF
from skgantk.losses import LSGAN, Hinge, Loss, VanillaGAN

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X, Y, SAMPLE_WEIGHT = clouds()
NEW = np.random.default_rng(1).normal(size=X.shape)


class Cubic(Loss):
    """No closed form, no bound on its curvature; L is bounded above."""

    def a(self, f):
        return -(jnp.abs(f + 1) ** 3)

    def b(self, f):
        return jnp.abs(f - 1) ** 3

    def c(self, f):
        return -f


def cubic_gradient(f, y):
    return 2 * np.where(y < 0, -3 * np.abs(f + 1) * (f + 1), -3 * np.abs(f - 1) * (f - 1))


GRADIENTS = {
    VanillaGAN(): lambda f, y: 1 + y - 2 * expit(f),
    Cubic(): cubic_gradient,
    Hinge(): lambda f, y: 2 * y * (y * f <= 1),
}


def lsoda(loss, K, w, y, time, start=0.0):
    """dc/dt = w ∇L(f₀ + K c) by scipy."""
    solution = solve_ivp(
        lambda t, c: w * GRADIENTS[loss](start + K @ c, y),
        (0, time),
        np.zeros(len(y)),
        method="LSODA",
        rtol=1e-10,
        atol=1e-13,
    )
    assert solution.success
    return solution.y[:, -1]


def compare(loss, data, time, kernel, weight=None, start=None):
    f = NTKGANDiscriminator(kernel, loss, time, initial=start).fit(data, Y, weight)
    w = measure_weights(Y, np.ones(len(Y)) if weight is None else weight)
    initial = start.decision_function if start else lambda X: np.zeros(len(X))
    c = lsoda(loss, kernel(data), w, Y, time, initial(data))
    for points in (data, NEW):
        expected = initial(points) + kernel(points, data) @ c
        error = np.abs(f.decision_function(points) - expected).max()
        assert error < 1e-5 * max(1, np.abs(expected).max())


def end(loss, K, w, y, time):
    """h = c/w and f at the end, both watched: by scipy, or in closed form."""
    n = len(y)
    if isinstance(loss, LSGAN):
        eigenvalues, U = np.linalg.eigh(np.sqrt(w)[:, None] * K * np.sqrt(w))
        x = 4 * time * np.maximum(eigenvalues, 0)
        grown = 4 * time * -np.expm1(-x) / np.where(x > 0, x, 1) + 4 * time * (x == 0)
        h = U @ (grown * (U.T @ (np.sqrt(w) * y))) / np.sqrt(w)
        return h, K @ (w * h)

    def velocity(t, state):
        g = GRADIENTS[loss](state[n:], y)
        return np.concatenate([g, K @ (w * g)])

    solved = solve_ivp(
        velocity, (0, time), np.zeros(2 * n), method="LSODA", rtol=1e-12, atol=1e-13
    )
    assert solved.success
    return solved.y[:n, -1], solved.y[n:, -1]


@pytest.mark.parametrize("first", slow_but([0], [0, 1]), ids=["default", "implicit"])
@pytest.mark.parametrize(
    "loss", slow_but([VanillaGAN()], [VanillaGAN(), LSGAN()]), ids=repr
)
def test_tolerances_are_those_of_the_end(loss, first):
    """Over drawn clouds, apart, near, the same in part; times; scales of the kernel."""
    for seed in range(24):
        rng = np.random.default_rng(seed)
        data, time = rng.normal(size=X.shape), 10 ** rng.uniform(-1, 2)
        data[Y > 0] += 10 * rng.random() ** 3
        if seed % 2:
            half = len(Y) // 4
            data[np.flatnonzero(Y > 0)[:half]] = data[np.flatnonzero(Y < 0)[:half]]
        kernel = 10 ** rng.uniform(-1, 1) * NTK(depth=2)
        rtol = 10 ** rng.uniform(-7, -3)
        f = NTKGANDiscriminator(kernel, loss, time, rtol=rtol, atol=rtol / 100)
        f._trainers = f._trainers()[first:].copy
        c, w = f.fit(data, Y).dual_coef_, measure_weights(Y, np.ones(len(Y)))
        h, values = end(loss, kernel(data), w, Y, time)
        allowed = rtol * np.abs(values).max() + rtol / 100
        assert np.abs(f.decision_function(data) - values).max() <= allowed
        error, size = (np.sqrt(np.mean(a**2)) for a in (c / w - h, h))
        assert error <= rtol * size + rtol / 100


@pytest.mark.parametrize(
    ("time", "dtype"),
    slow_but(
        [(1.0, "float64"), (100.0, "float64"), (1e6, "float32")],
        product([1.0, 100.0, 1e4, 1e6], ["float32", "float64"]),
    ),
)
def test_the_same_cloud_twice_is_not_told_apart(time, dtype):
    """h grows like τ, f stays 0; without a warning."""
    cloud = np.random.default_rng(0).normal(size=(len(Y) // 2, 2)).astype(dtype)
    data, y = stack_samples(cloud, cloud)
    f = NTKGANDiscriminator(NTK(depth=2), training_time=time).fit(data, y)
    rounding = np.finfo(dtype).eps * time * NTK(depth=2).diag(cloud).max()
    assert np.abs(f.decision_function(data)).max() <= 1e-8 + rounding
    assert abs(f.loss_ + np.log(4)) <= 1e-8 + rounding


@pytest.mark.parametrize("time", [0.1, 1.0, 5.0, 100.0])
@pytest.mark.parametrize("loss", [VanillaGAN(), Cubic()], ids=repr)
def test_equals_lsoda(loss, time):
    compare(loss, X, time, NTK(depth=2))


@pytest.mark.parametrize(
    "loss", slow_but([VanillaGAN()], [VanillaGAN(), Cubic()]), ids=repr
)
def test_equals_lsoda_on_duplicates_with_weights_from_a_start(loss):
    start = NTKIPMDiscriminator(NTK(depth=2), training_time=0.3).fit(NEW, Y)
    compare(loss, with_duplicates(X), 2.0, NTK(depth=2), SAMPLE_WEIGHT, start)


@pytest.mark.parametrize("time", [0.5, 2.0, 8.0])
def test_hinge_equals_lsoda_while_nothing_slides(time):
    """A narrow kernel: points come to their kinks alone and are not led back."""
    kernel = RBF(length_scale=0.2)
    f = NTKGANDiscriminator(kernel, "hinge", time).fit(X, Y, SAMPLE_WEIGHT)
    assert np.any(Y * f.decision_function(X) > 1) == (time == 8.0)
    compare(Hinge(), X, time, kernel, SAMPLE_WEIGHT)


def proximal_steps(R, w, time, steps):
    """The flow of the hinge loss by implicit Euler: a box-constrained problem a step."""
    h, m = time / steps, np.zeros(len(R))
    root = np.linalg.cholesky(h * R)
    for _ in range(steps):
        # q = argmin h/2 qᵀRq + (m - 1)ᵀq over 0 ≤ q ≤ 2w
        b = np.linalg.solve(root, 1 - m)
        m = m + h * R @ lsq_linear(root.T, b, (0, 2 * w), tol=1e-13).x
    return m


def test_hinge_follows_sliding_points():
    """Implicit Euler's error falls as 1/steps."""
    X, _, weight = clouds(seed=1)
    w, kernel, time = measure_weights(Y, weight), NTK(depth=2), 4.0
    f = NTKGANDiscriminator(kernel, "hinge", time).fit(X, Y, weight)
    margins = Y * f.decision_function(X)
    assert np.sum(np.abs(margins - 1) < 1e-12) >= 2  # they slide
    R = Y[:, None] * kernel(X) * Y
    errors = [np.abs(proximal_steps(R, w, time, n) - margins).max() for n in (50, 400)]
    assert errors[1] < errors[0] / 4
    assert errors[1] < 2e-3


def test_hinge_limit_meets_every_margin():
    f = NTKGANDiscriminator(NTK(depth=2), "hinge", np.inf).fit(X, Y)
    assert np.all(Y * f.decision_function(X) >= 1 - 1e-9)
    assert abs(f.loss_) < 1e-9


def test_hinge_on_duplicates():
    data = with_duplicates(X)
    f = NTKGANDiscriminator(NTK(depth=2), "hinge", np.inf).fit(data, Y, SAMPLE_WEIGHT)
    values, w = f.decision_function(data), measure_weights(Y, SAMPLE_WEIGHT)
    for point in data:
        here = np.all(data == point, axis=1)
        pull = np.sum((w * Y)[here])
        if np.all(Y[here] == Y[here][0]):
            assert np.all((Y * values)[here] >= 1 - 1e-8)
        else:  # coincident points of both classes: the heavier one has its margin
            assert_allclose(values[here], np.sign(pull), atol=1e-8)


@pytest.mark.parametrize(
    "loss",
    slow_but(["vanilla"], ["vanilla", "ipm", "lsgan"]),
)
def test_both_solvers_agree_and_closed_forms_too(loss):
    kernel = NTK(depth=2)
    f = NTKGANDiscriminator(kernel, loss, 3.0, rtol=1e-9, atol=1e-11)
    explicit = f.fit(X, Y).dual_coef_
    explicit_trainer, implicit_trainer = f._trainers()
    assert type(explicit_trainer) is ExplicitTrainer
    f._trainers = lambda: [implicit_trainer]
    assert_allclose(f.fit(X, Y).dual_coef_, explicit, rtol=1e-6, atol=1e-8)
    closed = {"ipm": NTKIPMDiscriminator, "lsgan": NTKLSGANDiscriminator}.get(loss)
    if closed:
        expected = closed(kernel, 3.0).fit(X, Y).dual_coef_
        assert_allclose(explicit, expected, rtol=1e-6, atol=1e-8)


def test_stiff_problems_go_to_the_implicit_solver(monkeypatch):
    kernel, time = NTK(depth=2), 3e5
    chosen, solve = [], _kernel._solve

    def recorded(trainer, *args):
        chosen.append(type(trainer))
        return solve(trainer, *args)

    monkeypatch.setattr(_kernel, "_solve", recorded)
    f = NTKGANDiscriminator(kernel, "lsgan", time).fit(X, Y)
    assert chosen == [ExplicitTrainer, ImplicitTrainer]
    closed = NTKLSGANDiscriminator(kernel, time).fit(X, Y)
    assert_allclose(f.decision_function(NEW), closed.decision_function(NEW), atol=1e-4)


@pytest.mark.parametrize("time", [0.1, 1.0, 5.0])
def test_lambert_is_close_on_separated_points(time):
    data, y = stack_samples(REAL_LSGAN, FAKE_LSGAN)
    exact = NTKGANDiscriminator(training_time=time).fit(data, y)
    lambert = NTKGANDiscriminator(training_time=time, solver="lambert").fit(data, y)
    new = np.linspace(-3, 3, 10)[:, None]
    for points in (data, new):
        f, approximation = (d.decision_function(points) for d in (exact, lambert))
        assert np.linalg.norm(approximation - f) < 0.05 * np.linalg.norm(f)


def test_points_without_weight_change_nothing_with_either_solver():
    f = NTKGANDiscriminator(NTK(depth=2), "vanilla", 3.0, rtol=1e-9, atol=1e-11)
    A, y = np.concatenate([X, X[-1:] + 0.3]), np.append(Y, Y[-1])
    weight = np.append(np.ones(len(X)), 0.0)
    for trainer in f._trainers():
        f._trainers = lambda trainer=trainer: [trainer]
        expected = f.fit(X, Y).dual_coef_
        coef = f.fit(A, y, weight).dual_coef_
        assert_allclose(coef[:-1], expected, rtol=1e-6, atol=1e-8)
        assert coef[-1] == 0


def test_lambert_is_exact_for_two_points():
    data, y = [[1.0, 0.0], [-1.0, 0.0]], [1, 0]
    exact = NTKGANDiscriminator(rtol=1e-9, atol=1e-11, training_time=20.0).fit(data, y)
    lambert = NTKGANDiscriminator(solver="lambert", training_time=20.0).fit(data, y)
    assert_allclose(lambert.dual_coef_, exact.dual_coef_, rtol=1e-7)


NAMES = "ipm", "lsgan", "vanilla", "hinge"


@pytest.mark.parametrize("data", [X, with_duplicates(X)], ids=["distinct", "duplicates"])
@pytest.mark.parametrize("loss", slow_but(NAMES, [*NAMES, Cubic()]), ids=str)
def test_objective_never_decreases(loss, data):
    times = np.geomspace(1e-3, 1e3, 13)
    values = [
        NTKGANDiscriminator(NTK(depth=2), loss, t, rtol=1e-9, atol=1e-11)
        .fit(data, Y, SAMPLE_WEIGHT)
        .loss_
        for t in times
    ]
    assert np.all(np.diff(values) >= -1e-9 * np.abs(values[1:]).clip(1e-3))


def test_rate_of_the_objective():
    """dL/dt = ‖T∇L‖² in the RKHS ([F22] Eq. 97)."""
    kernel, h = NTK(depth=2), 1e-3
    early, now, late = (
        NTKGANDiscriminator(kernel, "vanilla", 1 + s * h, rtol=1e-10, atol=1e-12).fit(X, Y)
        for s in (-1, 0, 1)
    )
    gradient = GRADIENTS[VanillaGAN()](now.decision_function(X), Y)
    velocity = measure_weights(Y, np.ones(len(Y))) * gradient
    expected = velocity @ kernel(X) @ velocity
    assert_allclose((late.loss_ - early.loss_) / (2 * h), expected, rtol=1e-5)
