"""Sums along directions: against all pairs in NumPy, and against the distance itself."""

import jax
import numpy as np
import pytest
import sklearn
from _cases import slow_but
from numpy.testing import assert_allclose, assert_array_equal
from scipy import integrate, special

from skgantk._numerics import operators
from skgantk.discriminators import NTKIPMDiscriminator, stack_samples
from skgantk.generators import NeuralGenerator, ParticleFlowGenerator
from skgantk.kernels import NTK, Riesz, as_core, kernel_gradient, kernel_sum
from skgantk.kernels._sliced import SEEDS, directions, sphere_constant
from skgantk.metrics import energy_distance, mmd

pytestmark = pytest.mark.usefixtures("hasty_compilation")


def clouds(n, m, d, scale=1.0, seed=0):
    """X (n, d) and Y (m, d), of which some are equal and some of Y are there twice."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    k = min(n, m) // 4
    Y[:k], Y[-k:] = X[:k], X[:k]
    return scale * X, scale * Y, rng.normal(size=m)


def theta_of(kernel, d):
    """The directions of a kernel."""
    core = as_core(kernel)
    with jax.enable_x64(True):
        return np.asarray(directions(core.seed, core.n_directions, d))


def of_pairs(theta, X, Y, coef):
    """Values and gradient of Σ_j c_j k(x, y_j), from all pairs and directions."""
    X, Y, coef = (a.astype(float) for a in (X, Y, coef))
    d = theta.shape[1]
    weight = np.sqrt(np.pi) * special.poch(d / 2, 0.5) / len(theta)
    values, gradient = np.zeros(len(X)), np.zeros(X.shape)
    for t in theta:
        z = (X[:, None] - Y) @ t
        values -= weight * np.abs(z) @ coef
        gradient -= weight * np.outer(np.sign(z) @ coef, t)
    return values, gradient


DTYPES = "float32", "float64"
SIZES = (50, 60, 1, 3), (50, 60, 2, 6), (50, 60, 40, 5), (500, 400, 3, 7)


@pytest.mark.parametrize(
    ("n", "m", "d", "n_directions", "dtype"),
    slow_but(
        [(*SIZES[0], "float64"), *((*SIZES[3], dtype) for dtype in DTYPES)],
        [(*size, dtype) for size in SIZES for dtype in DTYPES],
    ),
)
def test_sorted_sums_are_those_of_all_pairs(n, m, d, n_directions, dtype):
    X, Y, coef = (a.astype(dtype) for a in clouds(n, m, d))
    kernel = Riesz(n_directions=n_directions, random_state=1)
    values, gradient = (f(kernel, X, Y, coef) for f in (kernel_sum, kernel_gradient))
    assert values.dtype == gradient.dtype == dtype
    expected = of_pairs(theta_of(kernel, d), X, Y, coef)
    rtol = 1e-13 if dtype == "float64" else 2e-6
    assert_allclose(values, expected[0], rtol=0, atol=rtol * m)
    assert_allclose(gradient, expected[1], rtol=0, atol=rtol * m)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shift", [0.0, 1e6])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_any_scale_and_place(scale, shift, dtype):
    X, Y, coef = clouds(500, 400, 3)
    X, Y, coef = (a.astype(dtype) for a in (scale * (X + shift), scale * (Y + shift), coef))
    kernel = Riesz(n_directions=7)
    values, gradient = (f(kernel, X, Y, coef) for f in (kernel_sum, kernel_gradient))
    expected = of_pairs(theta_of(kernel, 3), X, Y, coef)
    rtol = 1e-13 if dtype == "float64" else 2e-6
    assert_allclose(values, expected[0], rtol=0, atol=rtol * scale * 400)
    # Floats of so large a shift have one coordinate in common now and then.
    assert_allclose(gradient, expected[1], rtol=0, atol=max(rtol, 1e-4 * (shift > 0)) * 400)


def test_a_million_points_in_float32_keep_their_digits():
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(10**6, 2)).astype(np.float32)
    X, coef = Y[:8] + np.float32(0.01), np.full(10**6, 1e-6, np.float32)
    kernel = Riesz(n_directions=1)
    expected = of_pairs(theta_of(kernel, 2), X, Y, coef)
    for f, values in zip((kernel_sum, kernel_gradient), expected):
        assert_allclose(f(kernel, X, Y, coef), values, rtol=3e-7, atol=3e-7)


@pytest.mark.parametrize("d", slow_but([2], [2, 20]))
def test_gram_diagonal_sums_and_gradient_are_of_one_kernel(d):
    X, Y, coef = clouds(50, 60, d)
    sliced = Riesz(n_directions=4)
    for kernel in [sliced] if d > 2 else [sliced, 2.0 * (NTK(depth=1) + sliced)]:
        K = kernel(X, Y)
        assert_allclose(kernel_sum(kernel, X, Y, coef), K @ coef, rtol=0, atol=1e-12)
        core = as_core(kernel)
        with jax.enable_x64(True):
            in_tiles = operators.pullback(core, X, Y, np.tile(coef, (50, 1)))
        found = kernel_gradient(kernel, X, Y, coef)
        assert_allclose(found, in_tiles, rtol=0, atol=1e-12)
        assert_allclose(kernel.diag(X), np.diag(kernel(X)), rtol=1e-13)


@pytest.mark.parametrize("d", slow_but([20], [2, 20]))
@pytest.mark.parametrize("dtype", DTYPES)
def test_coincident_points_have_the_mean_of_the_slopes(d, dtype):
    """Also where they are far from the others, and from 0."""
    X = np.random.default_rng(0).normal(size=(1, d)).astype(dtype)
    X = 1e3 + np.tile(X, (50, 1))
    kernel = Riesz(n_directions=5)
    assert_array_equal(kernel_gradient(kernel, X, X, np.ones(50, dtype)), 0 * X)
    assert_allclose(kernel(X.astype(float)), 0, atol=0)


def test_in_one_dimension_it_is_the_distance():
    X, Y, coef = clouds(500, 400, 1)
    for n_directions in (1, 10):
        kernel = Riesz(n_directions=n_directions)
        for f in (kernel_sum, kernel_gradient):
            exact, found = f(Riesz(), X, Y, coef), f(kernel, X, Y, coef)
            assert_allclose(found, exact, rtol=0, atol=1e-11)


# Directions


@pytest.mark.parametrize("d", [1, 2, 3, 50])
def test_constant_of_the_sphere(d):
    """1/c_d is E|θ₁|, of the density (1 - t²)^((d-3)/2)."""
    if d == 1:
        mean = 1.0
    elif d == 2:
        mean = 2 / np.pi
    else:
        moments = [
            integrate.quad(lambda t, p=p: t**p * (1 - t * t) ** ((d - 3) / 2), 0, 1)[0]
            for p in (0, 1)
        ]
        mean = moments[1] / moments[0]
    assert_allclose(sphere_constant(d), 1 / mean, rtol=1e-9)


@pytest.mark.parametrize(("d", "n"), [(2, 7), (3, 3), (3, 8), (20, 6), (20, 45)])
def test_directions_are_units_and_orthogonal_in_groups(d, n):
    theta = theta_of(Riesz(n_directions=n), d)
    assert theta.shape == (n, d)
    assert_allclose(np.linalg.norm(theta, axis=1), 1, rtol=1e-14)
    if d > 2:
        for start in range(0, n, d):
            group = theta[start : start + d]
            assert_allclose(group @ group.T, np.eye(len(group)), atol=1e-14)


def test_random_state():
    X = clouds(5, 4, 3)[0]
    kernels = [Riesz(n_directions=3, random_state=seed) for seed in (0, 0, 1)]
    same, again, other = (kernel(X) for kernel in kernels)
    assert_array_equal(same, again)
    assert abs(same - other).max() > 0.01
    assert kernels[0] == kernels[1]
    assert kernels[0] != kernels[2]


def errors(d, n_directions, n_seeds):
    """Relative errors of the lengths of a few vectors, (n_seeds, 5)."""
    z = np.random.default_rng(d).normal(size=(5, d))
    draw = jax.vmap(lambda seed: directions(seed, n_directions, d))
    with jax.enable_x64(True):
        theta = np.asarray(draw(np.arange(n_seeds)))
    lengths = sphere_constant(d) * np.abs(theta @ z.T).mean(axis=1)
    return lengths / np.linalg.norm(z, axis=1) - 1


@pytest.mark.parametrize(("d", "slope"), slow_but([(2, -2)], [(2, -2), (3, -0.5)]))
def test_errors_fall_with_the_number_of_directions(d, slope):
    counts = d * np.array([3, 6, 12, 24])  # whole groups
    sizes = [np.sqrt(np.mean(errors(d, n, 200) ** 2)) for n in counts]
    fitted = np.polyfit(np.log(counts), np.log(sizes), 1)[0]
    assert abs(fitted - slope) < 0.1
    # No more than that of independent directions: c² E[θ₁²] - 1 < π/2 - 1.
    assert sizes[0] < np.sqrt((np.pi / 2 - 1) / counts[0])


@pytest.mark.parametrize(
    ("d", "n_directions"),
    slow_but([(2, 3), (3, 4)], [(2, 1), (2, 3), (3, 2), (3, 4), (10, 5)]),
)
def test_lengths_are_right_on_average(d, n_directions):
    found = errors(d, n_directions, 10_000)
    mean, deviation = found.mean(axis=0), found.std(axis=0) / 100
    assert np.all(abs(mean) < 4 * deviation)


@pytest.mark.parametrize("d", slow_but([2], [2, 3]))
def test_energy_distance(d):
    X, Y, _ = clouds(50, 60, d)
    kernel = Riesz(n_directions=500)
    assert_allclose(mmd(X, Y, kernel), energy_distance(X, Y), rtol=0.1 if d > 2 else 1e-3)
    critic = NTKIPMDiscriminator(kernel).fit(*stack_samples(X, Y))
    assert_allclose(critic.loss_, mmd(X, Y, kernel), rtol=1e-12)


# In compiled loops


def test_redrawn():
    core, key = as_core(2.0 * Riesz(n_directions=3) + NTK(depth=1)), jax.random.key(0)
    drawn, again = core.redrawn(key), core.redrawn(key)
    seed = int(drawn.k1.k2.seed)
    assert 0 <= seed < SEEDS
    assert seed == int(again.k1.k2.seed) != int(core.k1.k2.seed)
    assert drawn.k2 == core.k2
    assert as_core(NTK()).redrawn(key) == as_core(NTK())


def test_a_flow_draws_directions_afresh():
    """With one direction a step, particles come to the data in all directions."""
    X = np.random.default_rng(0).normal(size=(30, 3)) * [1.0, 2.0, 0.5]
    critic = NTKIPMDiscriminator(Riesz(n_directions=1))
    settings = {"max_iter": 300, "decay": True, "random_state": 0}
    flow = ParticleFlowGenerator(critic, **settings).fit(X)
    start = energy_distance(flow._start, X)
    assert energy_distance(flow.particles_, X) < 0.1 * start
    again = ParticleFlowGenerator(critic, **settings).fit(X)
    assert_array_equal(again.particles_, flow.particles_)
    new = np.zeros((5, 3))
    assert_array_equal(again.transform(new), flow.transform(new))


def test_discriminator_of_a_flow_is_one_function():
    X = np.random.default_rng(0).normal(size=(30, 3))
    kernel = Riesz(n_directions=4, random_state=5)
    flow = ParticleFlowGenerator(NTKIPMDiscriminator(kernel), max_iter=5, random_state=0)
    critic = flow.fit(X).discriminator_
    assert critic.kernel_ == kernel
    expected = kernel(X, critic.X_fit_) @ critic.dual_coef_
    assert_allclose(critic.decision_function(X), expected, atol=1e-13)
    found = kernel_gradient(kernel, X, critic.X_fit_, critic.dual_coef_)
    assert_allclose(critic.gradient(X), found, atol=1e-13)


@pytest.mark.parametrize(
    "params", slow_but([{"batch_size": 10}], [{"carry_over": True}, {"batch_size": 10}])
)
def test_other_flows(params):
    X = np.random.default_rng(0).normal(size=(30, 3))
    critic = NTKIPMDiscriminator(Riesz(n_directions=2), training_time="unit_norm")
    flow = ParticleFlowGenerator(critic, max_iter=3, random_state=0, **params).fit(X)
    assert np.isfinite(flow.particles_).all()


@pytest.mark.slow
def test_a_network_that_descends_it():
    X = np.random.default_rng(0).normal(size=(30, 3))
    critic = NTKIPMDiscriminator(Riesz(n_directions=2))
    settings = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0}
    network = NeuralGenerator(critic, **settings).fit(X)
    assert np.isfinite(network.sample(5, random_state=0)).all()


def test_no_array_of_pairs():
    n, m, d = 300, 400, 2
    core = as_core(2.0 * Riesz(n_directions=5))
    with jax.enable_x64(True), sklearn.config_context(working_memory=1):
        for operator in (operators.product, operators.gradient):
            jaxpr = jax.make_jaxpr(lambda *args, f=operator: f(core, *args))(
                np.ones((n, d)), np.ones((m, d)), np.ones(m)
            )
            assert max(arrays_in(jaxpr.jaxpr)) <= 5 * (n + m) * d


def arrays_in(jaxpr):
    """Sizes of all arrays computed by a jaxpr and those inside it."""
    for equation in jaxpr.eqns:
        yield from (int(np.prod(v.aval.shape)) for v in equation.outvars)
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from arrays_in(inner)
