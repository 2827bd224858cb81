"""Flows with carry-over, with a generator's kernel and against finite networks."""

import pickle

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.gaussian_process.kernels import WhiteKernel

from skgantk._numerics import memory
from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
    stack_samples,
)
from skgantk.generators import ParticleFlowGenerator
from skgantk.kernels import NTK, RBF, kernel_gradient
from skgantk.metrics import wasserstein_distance

RNG = np.random.default_rng(0)
X = RNG.normal(size=(10, 2)) + [3.0, 0.0]
START = RNG.normal(size=(8, 2))
NEW = RNG.normal(size=(3, 2))
KERNEL = NTK(depth=1)
X.flags.writeable = START.flags.writeable = False


def flow(discriminator=None, **params):
    params = {"learning_rate": 0.05, "max_iter": 5, "random_state": 0, **params}
    discriminator = NTKIPMDiscriminator(KERNEL) if discriminator is None else discriminator
    return ParticleFlowGenerator(discriminator, **{"init": START, **params})


def naive_carry_over(loss, steps, rate=0.05):
    """Store every cloud of the past and its coefficients ([F22] Eq. 83)."""
    particles, past, coefs = START.copy(), np.empty((0, 2)), np.empty(0)
    w = np.repeat([0.5 / len(START), 0.5 / len(X)], [len(START), len(X)])
    sign = np.repeat([-1.0, 1.0], [len(START), len(X)])
    for _ in range(steps):
        cloud = np.concatenate([particles, X])
        f = KERNEL(cloud, past) @ coefs if len(past) else np.zeros(len(cloud))
        if loss == "ipm":
            c = 2 * w * sign
        else:  # τ = 1: D (e^{-4S} - 1)/S D (f₀ - y)
            root = np.sqrt(w)
            values, U = np.linalg.eigh(root[:, None] * KERNEL(cloud) * root)
            psi = np.where(values > 1e-14, np.expm1(-4 * values) / values, -4)
            c = root * (U @ (psi * (U.T @ (root * (f - sign)))))
        past, coefs = np.concatenate([past, cloud]), np.append(coefs, c)
        clouds = zip(past.reshape(-1, *cloud.shape), coefs.reshape(-1, len(cloud)))
        slope = sum(kernel_gradient(KERNEL, particles, *each) for each in clouds)
        f = KERNEL(particles, past) @ coefs
        force = -slope if loss == "ipm" else 2 * f[:, None] * slope
        particles = particles - rate * force
    return particles, past, coefs


DISCRIMINATORS = {
    "ipm": NTKIPMDiscriminator(KERNEL),
    "lsgan": NTKLSGANDiscriminator(KERNEL),
}


@pytest.mark.parametrize("loss", [pytest.param("ipm", marks=pytest.mark.slow), "lsgan"])
def test_carry_over_against_a_naive_implementation(loss):
    g = flow(DISCRIMINATORS[loss], carry_over=True, max_iter=6).fit(X)
    expected, past, coefs = naive_carry_over(loss, 6)
    assert_allclose(g.particles_, expected, rtol=1e-8)
    assert g.carry_over_error_ == 0
    plain = flow(DISCRIMINATORS[loss], max_iter=6).fit(X)
    assert np.abs(plain.particles_ - expected).max() > 1e-3
    # The last discriminator starts from all of them.
    initial = g.discriminator_.initial_
    with jax.enable_x64(True):
        assert_allclose(initial.value(NEW), KERNEL(NEW, past) @ coefs, rtol=1e-8)


def test_as_many_points_as_there_will_be_are_exact():
    exact = flow(carry_over=True).fit(X)
    assert_array_equal(flow(carry_over=40).fit(X).particles_, exact.particles_)


@pytest.mark.slow
def test_compressed_carry_over_is_near_the_exact_one():
    exact = flow(carry_over=True, max_iter=60, learning_rate=0.01).fit(X)
    errors = []
    for points in (32, 128):
        g = flow(carry_over=points, max_iter=60, learning_rate=0.01).fit(X)
        errors.append(wasserstein_distance(g.particles_, exact.particles_))
        assert g.carry_over_error_ > 0
    assert errors[1] < 0.3 * errors[0]
    assert errors[1] < 0.02


@pytest.mark.slow
def test_carry_over_in_batches():
    g = flow(carry_over=60, batch_size=6, max_iter=12).fit(X)
    assert g.carry_over_error_ > 0
    assert_array_equal(clone(g).fit(X).particles_, g.particles_)


@pytest.mark.slow
@pytest.mark.parametrize("carry_over", [True, 24])
def test_carry_over_goes_on_after_a_pause(carry_over):
    once = flow(carry_over=carry_over, max_iter=8, check_every=2).fit(X)
    g = flow(carry_over=carry_over, max_iter=4, check_every=2, warm_start=True).fit(X)
    g = pickle.loads(pickle.dumps(g)).set_params(max_iter=8).fit(X)
    assert_allclose(g.particles_, once.particles_, rtol=1e-12)
    assert_allclose(g.transform(NEW), once.transform(NEW), rtol=1e-12)
    assert_array_equal(g.transform(START), g.particles_)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"carry_over": 15}, "at least twice .* 8; got 15"),
        ({"carry_over": 1}, "'carry_over' parameter"),
        ({"carry_over": -4}, "'carry_over' parameter"),
        ({"generator_kernel": "rbf"}, "'generator_kernel' parameter"),
        (
            {"carry_over": True, "discriminator": FiniteWidthDiscriminator((4,))},
            "warm_start=True",
        ),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        flow(**params).fit(X)


def test_memory_of_carry_over():
    with pytest.raises(MemoryError, match="carry_over the number of points"):
        flow(carry_over=True, max_iter=10**12).fit(X)


def test_memory_of_projections(monkeypatch):
    n_bytes = 2 * 40 * 3 * 8 + 8 * 40**2  # 40 points with coefficients, and their kernel
    monkeypatch.setattr(memory, "_physical_memory", lambda: n_bytes - 1)
    with pytest.raises(MemoryError, match="or a smaller one"):
        flow(carry_over=40, max_iter=9).fit(X)
    flow(carry_over=40, max_iter=4).fit(X)  # which projects nothing


def test_generator_kernel_shares_the_forces():
    """V = -K_g(Z, Z) G/N, and a new z takes part with its own row of K_g."""
    g = flow(generator_kernel=RBF(), max_iter=4).fit(X)
    particles, passengers = START.copy(), NEW.copy()
    for _ in range(4):
        d = NTKIPMDiscriminator(KERNEL).fit(*stack_samples(real=X, fake=particles))
        force = d.generator_gradient(particles) / len(START)
        particles = particles - 0.05 * RBF()(START) @ force
        passengers = passengers - 0.05 * RBF()(NEW, START) @ force
    assert_allclose(g.particles_, particles, rtol=1e-9)
    assert_allclose(g.transform(NEW), passengers, rtol=1e-9)


def test_generator_kernel_delta_is_the_particle_flow():
    g = flow(generator_kernel=WhiteKernel(len(START))).fit(X)
    assert_allclose(g.particles_, flow().fit(X).particles_, rtol=1e-12)
    # The limit of narrow kernels, with K(z, z) = n.
    narrow = len(START) * RBF(1e-3)
    assert_allclose(
        flow(generator_kernel=narrow).fit(X).particles_, g.particles_, rtol=1e-12
    )


@pytest.mark.parametrize("loss", DISCRIMINATORS)
def test_loss_falls_along_the_flow_of_a_generator(loss):
    """C = mean c(f) of a discriminator trained anew: MMD² for IPM ([F22] Prop. 3)."""
    g = flow(DISCRIMINATORS[loss], generator_kernel=NTK(depth=2), max_iter=60)
    g.set_params(check_every=3, learning_rate=0.02).fit(X)
    assert np.all(np.diff(g.loss_curve_) < 0)
    assert g.loss_curve_[-1] < 0.8 * g.loss_curve_[0]


@pytest.mark.parametrize("warm_start", [pytest.param(False, marks=pytest.mark.slow), True])
def test_network_of_finite_width_in_the_loop(warm_start):
    """With and without reset, as by `fit` on the clouds of every step."""
    d = FiniteWidthDiscriminator(
        (6, 5), loss="lsgan", max_iter=2, warm_start=warm_start, random_state=3
    )
    g = flow(d, max_iter=4).fit(X)
    particles, passengers, d = START.copy(), NEW.copy(), clone(d)
    for _ in range(4):
        d.fit(*stack_samples(real=X, fake=particles))
        passengers = passengers - 0.05 * d.generator_gradient(passengers)
        particles = particles - 0.05 * d.generator_gradient(particles)
    assert_allclose(g.particles_, particles, rtol=1e-9)
    assert_allclose(g.transform(NEW), passengers, rtol=1e-9)
    assert_array_equal(g.transform(START), g.particles_)
    d.fit(*stack_samples(real=X, fake=particles))
    assert_allclose(g.discriminator_.decision_function(NEW), d.decision_function(NEW))
    assert_allclose(g.discriminator_.loss_, d.loss_)


@pytest.mark.parametrize("warm_start", [pytest.param(False, marks=pytest.mark.slow), True])
def test_network_goes_on_after_a_pause(warm_start):
    """Without a seed too: it is one network."""
    d = FiniteWidthDiscriminator((6,), warm_start=warm_start, gradient_penalty=0.1)
    g = flow(d.set_params(random_state=0), max_iter=8, check_every=2).fit(X)
    h = flow(d, max_iter=4, check_every=2, warm_start=True).fit(X)
    h = pickle.loads(pickle.dumps(h)).set_params(max_iter=8).fit(X)
    assert_array_equal(h.particles_, g.particles_)
    h = flow(clone(d).set_params(random_state=None), max_iter=2, warm_start=True).fit(X)
    first = h.discriminator_.network_
    h.set_params(max_iter=3).fit(X)
    if not warm_start:  # the same initialisation, so that only two steps differ
        weights = [f.plus.weights[0] for f in (first, h.discriminator_.network_)]
        assert np.abs(weights[0] - weights[1]).max() < 0.5


def test_optimizer_may_change_between_fits():
    g = flow(optimizer="adam", warm_start=True).fit(X)
    g.set_params(optimizer="momentum", max_iter=8).fit(X)
    assert g.n_iter_ == 8
    assert np.all(np.isfinite(g.transform(NEW)))
    assert_array_equal(g.transform(START), g.particles_)


@pytest.mark.slow
def test_flow_of_wider_networks_comes_to_that_of_infinite_width():
    """With reset, τ = ε · max_iter = 1; mean over seeds."""
    limit = flow(max_iter=20).fit(X).particles_
    errors = []
    for width in (64, 256, 1024):
        runs = [
            flow(
                FiniteWidthDiscriminator((width,), max_iter=10, random_state=seed),
                max_iter=20,
            ).fit(X)
            for seed in range(6)
        ]
        errors.append(np.mean([np.linalg.norm(g.particles_ - limit) for g in runs]))
    slope = np.polyfit(np.log([64, 256, 1024]), np.log(errors), 1)[0]
    assert -0.8 < slope < -0.3
