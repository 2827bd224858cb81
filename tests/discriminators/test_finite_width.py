"""A network of finite width: its steps, and f as its width grows.

NTK parametrisation, 3 hidden layers, ReLU, biases of standard deviation 1 but for the
read-out, antisymmetric initialisation: f = (g(θ₁) - g(θ₂))/√2 with θ₁ = θ₂ at the start
(Zhang et al. 2020). Data of the limits: [F22] Fig. 1.
"""

import pickle
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from _cases import slow_but
from _reference.clouds import (
    FAKE_IPM,
    FAKE_LSGAN,
    REAL_IPM,
    REAL_LSGAN,
    clouds,
    measure_weights,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
    stack_samples,
)
from skgantk.losses import VanillaGAN

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X, Y, SAMPLE_WEIGHT = clouds()
NEW = np.random.default_rng(1).normal(size=(5, 2))
X.flags.writeable = False


def made(**params):
    params = {"hidden_layer_sizes": (6, 5), "max_iter": 3, "random_state": 0, **params}
    return FiniteWidthDiscriminator(**params)


class Saturating(VanillaGAN):
    """A loss of the user's."""

    def c(self, f):
        return jax.nn.log_sigmoid(-f)


def forward(layers, X, bias_std, phi):
    """A network, by hand; layers of (W, b)."""
    for i, (weight, bias) in enumerate(layers):
        X = 1.2 * X @ weight / np.sqrt(len(weight))
        X = X if bias is None else X + bias_std * bias
        X = phi(X) if i < len(layers) - 1 else X
    return X[:, 0]


# a and b of every loss
LOSSES = {
    "ipm": (lambda f: -f, lambda f: -f),
    "lsgan": (lambda f: -((f + 1) ** 2), lambda f: (f - 1) ** 2),
    "vanilla": (lambda f: -jnp.log1p(jnp.exp(f)), lambda f: jnp.log1p(jnp.exp(-f))),
    "hinge": (lambda f: jnp.minimum(0, -1 - f), lambda f: -jnp.minimum(0, f - 1)),
}


def by_hand(network, loss, bias_std=0.7, phi=jax.nn.relu, n_steps=3):
    """f on NEW after ascending L, every network of a difference with its own parameters."""
    a, b = LOSSES[loss]
    w = measure_weights(Y, SAMPLE_WEIGHT)
    parts = [network.plus, network.minus] if hasattr(network, "plus") else [network]
    parameters = [
        [
            (jnp.asarray(w, float), None if b is None else jnp.asarray(b, float))
            for w, b in zip(part.weights, part.biases)
        ]
        for part in parts
    ]

    def f(parameters, X):
        values = [forward(layers, X, bias_std, phi) for layers in parameters]
        return values[0] if len(values) == 1 else (values[0] - values[1]) / np.sqrt(2)

    def objective(parameters):
        values = f(parameters, X)
        return 2 * jnp.sum(w * jnp.where(Y < 0, a(values), -b(values)))

    for _ in range(n_steps):
        slope = jax.grad(objective)(parameters)
        parameters = jax.tree.map(lambda p, s: p + 0.05 * s, parameters, slope)
    return f(parameters, NEW), objective(parameters)


@pytest.mark.parametrize(
    ("antisymmetric", "loss"),
    slow_but([(True, "ipm"), *product([False], LOSSES)], product([True, False], LOSSES)),
)
def test_steps_ascend_the_objective(antisymmetric, loss):
    d = made(loss=loss, learning_rate=0.05, antisymmetric=antisymmetric)
    d.set_params(weight_std=1.2, bias_std=0.7).fit(X, Y, SAMPLE_WEIGHT)
    with jax.enable_x64(True):
        start = d._initial(2, np.random.RandomState(0))
        values, objective = by_hand(start, loss)
    assert_allclose(d.decision_function(NEW), values, rtol=1e-10)
    assert_allclose(d.loss_, objective, rtol=1e-10)


def test_other_activations_and_biases():
    d = made(activation="erf", weight_std=1.2, bias_std=0.0, learning_rate=0.05)
    d.set_params(loss="lsgan", output_bias=True).fit(X, Y, SAMPLE_WEIGHT)
    with jax.enable_x64(True):
        start = d._initial(2, np.random.RandomState(0))
        values, _ = by_hand(start, "lsgan", 0.0, jax.scipy.special.erf)
    assert_allclose(d.decision_function(NEW), values, rtol=1e-10)


def test_loss_of_the_user_and_its_gradient():
    d = made(loss=Saturating()).fit(X, Y)
    f = d.decision_function(NEW)
    assert_allclose(d.generator_loss(NEW), -np.logaddexp(0, f), rtol=1e-12)
    h, slope = 1e-6, np.empty_like(NEW)
    for k, step in enumerate(h * np.eye(2)):
        ends = d.generator_loss(NEW + step) - d.generator_loss(NEW - step)
        slope[:, k] = ends / (2 * h)
    assert_allclose(d.generator_gradient(NEW), slope, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"optimizer": "gradient"}, marks=pytest.mark.slow),
        {"optimizer": "adam"},
        pytest.param({"optimizer": optax.rmsprop(1.0)}, marks=pytest.mark.slow),
        pytest.param({"gradient_penalty": 1.0}, marks=pytest.mark.slow),
    ],
    ids=["gradient", "adam", "of optax", "penalty"],
)
def test_warm_start_goes_on(params):
    params = {"learning_rate": 0.01, "loss": "lsgan", **params}
    once = made(max_iter=6, **params).fit(X, Y)
    twice = made(max_iter=2, warm_start=True, **params).fit(X, Y)
    if isinstance(twice.optimizer, str):
        twice = pickle.loads(pickle.dumps(twice))
    twice.set_params(max_iter=4)
    assert twice.fit(X, Y).n_iter_ == once.n_iter_ == 6
    assert_allclose(twice.decision_function(NEW), once.decision_function(NEW), rtol=1e-12)
    again = clone(twice).set_params(warm_start=False).fit(X, Y).fit(X, Y)
    assert again.n_iter_ == 4


def test_points_of_the_penalty_do_not_hang_on_how_the_steps_are_divided():
    """Nor on what a generator of numbers has given in between."""
    params = {"gradient_penalty": 5.0, "warm_start": True}
    ends = []
    for steps in [(4,), (1, 3), (1, 1, 1, 1)]:
        d = made(**params, random_state=np.random.RandomState(0))
        for n in steps:
            d.set_params(max_iter=n).fit(X, Y)
        ends.append(d.decision_function(NEW))
    assert_allclose(ends[1:], [ends[0]] * 2, rtol=1e-12)


def test_loss_is_that_of_the_values_alone():
    d = made(gradient_penalty=5.0, loss="lsgan").fit(X, Y, SAMPLE_WEIGHT)
    a, b = LOSSES["lsgan"]
    f, w = d.decision_function(X), measure_weights(Y, SAMPLE_WEIGHT)
    expected = 2 * np.sum(w * np.where(Y < 0, a(f), -b(f)))
    assert_allclose(d.loss_, expected, rtol=1e-10)


def test_warm_start_with_another_network_or_optimizer_starts_anew():
    d = made(warm_start=True).fit(X, Y).set_params(hidden_layer_sizes=(4,)).fit(X, Y)
    assert_array_equal(
        d.decision_function(NEW),
        made(hidden_layer_sizes=(4,), max_iter=3).fit(X, Y).decision_function(NEW),
    )
    d.set_params(optimizer="adam").fit(X, Y)


def effective(network):
    for layer, weight in enumerate(network.weights):
        yield network.weight_std * weight / np.sqrt(len(weight))
        if network.biases[layer] is not None:
            yield network.bias_std * network.biases[layer]


def test_clipping():
    d = made(weight_clip=0.3, weight_std=1.5, bias_std=0.7).fit(X, Y)
    for part in (d.network_.plus, d.network_.minus):
        largest = [np.abs(a).max() for a in effective(part)]
        assert_allclose(largest, 0.3, rtol=1e-6)  # some of each are at the bound


def test_gradient_penalty_keeps_slopes_near_1():
    params = {"hidden_layer_sizes": (32, 32), "learning_rate": 0.02, "max_iter": 300}
    lengths = [
        np.linalg.norm(made(gradient_penalty=p, **params).fit(X, Y).gradient(X), axis=1)
        for p in (0.0, 10.0)
    ]
    assert np.median(lengths[0]) > 2
    assert 0.7 < np.median(lengths[1]) < 1.3


def test_penalty_is_random_by_the_seed_alone():
    d = made(gradient_penalty=1.0, loss="lsgan")
    assert d.fit(X, Y).loss_ == d.fit(X, Y).loss_
    assert d.set_params(random_state=1).fit(X, Y).loss_ != made().fit(X, Y).loss_


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype(dtype):
    d = made().fit(X.astype(dtype), Y)
    assert d.network_.plus.weights[0].dtype == dtype
    assert d.decision_function(NEW.astype(dtype)).dtype == dtype


def test_antisymmetric_starts_from_zero():
    d = made(learning_rate=1e-12).fit(X, Y)
    assert np.abs(d.decision_function(NEW)).max() < 1e-10
    other = made(learning_rate=1e-12, antisymmetric=False).fit(X, Y)
    assert np.abs(other.decision_function(NEW)).max() > 0.1


def test_overflow_is_refused():
    d = made(loss="lsgan").fit(X, Y)
    before = vars(d).copy()
    with pytest.raises(ValueError, match="learning_rate below 1e\\+200"):
        d.set_params(learning_rate=1e200).fit(X, Y)
    assert d.network_ is before["network_"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"hidden_layer_sizes": ()}, "sequence of integers of at least 1"),
        ({"hidden_layer_sizes": (3, 0)}, "sequence of integers of at least 1"),
        ({"hidden_layer_sizes": (3.5,)}, "sequence of integers of at least 1"),
        ({"hidden_layer_sizes": 3}, "'hidden_layer_sizes' parameter"),
        ({"activation": "swish"}, "'activation' parameter .*'relu'"),
        ({"loss": "wgan"}, "'loss' parameter .*'ipm'"),
        ({"learning_rate": 0}, "'learning_rate' parameter"),
        ({"max_iter": 0}, "'max_iter' parameter"),
        ({"bias_std": -1}, "'bias_std' parameter"),
        ({"weight_clip": 0}, "'weight_clip' parameter"),
        ({"gradient_penalty": -1}, "'gradient_penalty' parameter"),
        ({"optimizer": "lbfgs"}, "'optimizer' parameter"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        made(**params).fit(X, Y)


GRID = np.linspace(-3, 3, 25)[:, None]
IPM = (REAL_IPM, FAKE_IPM, NTKIPMDiscriminator, "ipm")
LSGAN = (REAL_LSGAN, FAKE_LSGAN, NTKLSGANDiscriminator, "lsgan")


def relative_errors(widths, seeds, real, fake, limit, loss, steps):
    """On GRID, of the network trained for τ = 0.2, by width and seed."""
    points, labels = stack_samples(real, fake)
    expected = limit(training_time=0.2).fit(points, labels).decision_function(GRID)

    def error(width, seed):
        d = FiniteWidthDiscriminator(3 * (width,), loss=loss, random_state=seed)
        d.set_params(learning_rate=0.2 / steps, max_iter=steps).fit(points, labels)
        return np.linalg.norm(d.decision_function(GRID) - expected)

    errors = [[error(width, seed) for seed in range(seeds)] for width in widths]
    return np.array(errors) / np.linalg.norm(expected)


def root_mean_square(errors):
    return np.sqrt(np.mean(errors**2, axis=1))


@pytest.mark.slow
@pytest.mark.parametrize("setting", [IPM, LSGAN], ids=["IPM", "LSGAN"])
def test_width_4096_has_a_quarter_of_the_error_of_256(setting):
    narrow = root_mean_square(relative_errors([256], 12, *setting, steps=10))
    wide = root_mean_square(relative_errors([4096], 4, *setting, steps=10))
    assert wide < 1.5 * narrow / 4


@pytest.mark.parametrize(
    "setting",
    [pytest.param(IPM, id="IPM"), pytest.param(LSGAN, id="LSGAN", marks=pytest.mark.slow)],
)
def test_error_falls_as_the_root_of_the_width(setting):
    widths = np.array([64, 192, 576])
    errors = root_mean_square(relative_errors(widths, 8, *setting, steps=16))
    slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
    assert -0.65 < slope < -0.35
