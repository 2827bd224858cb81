"""A network of finite width, trained by gradient ascent, comes to f as its width grows.

NTK parametrisation, 3 hidden layers, ReLU, biases of standard deviation 1 but for the
read-out, antisymmetric initialisation: f = (g(θ₁) - g(θ₂))/√2 with θ₁ = θ₂ at the start
(Zhang et al. 2020). Data: [F22] Fig. 1.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _reference.clouds import FAKE_IPM, FAKE_LSGAN, REAL_IPM, REAL_LSGAN

from skgantk.discriminators import (
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
    stack_samples,
)

DEPTH = 3
GRID = np.linspace(-3, 3, 25)[:, None]
IPM = (REAL_IPM, FAKE_IPM, NTKIPMDiscriminator, 0.2)
LSGAN = (REAL_LSGAN, FAKE_LSGAN, NTKLSGANDiscriminator, 0.2)


def parameters(key, width):
    widths = [1] + DEPTH * [width] + [1]
    keys = jax.random.split(key, 2 * len(widths))
    layers = zip(widths[:-1], widths[1:], keys[::2], keys[1::2])
    return [
        (jax.random.normal(k1, (rows, columns)), jax.random.normal(k2, (columns,)))
        for rows, columns, k1, k2 in layers
    ]


def network(layers, X):
    for i, (weight, bias) in enumerate(layers):
        last = i == DEPTH
        X = X @ weight / np.sqrt(len(weight)) + (0 if last else bias)
        X = X if last else jax.nn.relu(X)
    return X[:, 0]


def f(pair, X):
    return (network(pair[0], X) - network(pair[1], X)) / np.sqrt(2)


def objective(pair, real, fake, kind):
    on_real, on_fake = f(pair, real), f(pair, fake)
    if kind is NTKIPMDiscriminator:
        return jnp.mean(on_real) - jnp.mean(on_fake)
    return -jnp.mean((on_fake + 1) ** 2) - jnp.mean((on_real - 1) ** 2)


def trained(key, width, real, fake, kind, time, steps):
    """f on GRID after gradient ascent for ``time`` by Heun's method."""
    gradient = jax.grad(lambda pair: objective(pair, real, fake, kind))
    layers = parameters(key, width)

    def step(_, pair):
        ascend = lambda pair, size, slope: jax.tree.map(  # noqa: E731
            lambda p, s: p + size * s, pair, slope
        )
        first = gradient(pair)
        second = gradient(ascend(pair, time / steps, first))
        mean = jax.tree.map(lambda a, b: (a + b) / 2, first, second)
        return ascend(pair, time / steps, mean)

    return f(jax.lax.fori_loop(0, steps, step, (layers, layers)), GRID)


def relative_errors(widths, seeds, real, fake, kind, time, steps=20):
    X, y = stack_samples(real, fake)
    limit = kind(training_time=time).fit(X, y).decision_function(GRID)
    run = jax.jit(trained, static_argnums=(1, 4, 5, 6))
    errors = []
    for width in widths:
        values = [
            np.asarray(run(jax.random.key(seed), width, real, fake, kind, time, steps))
            for seed in range(seeds)
        ]
        errors.append([np.linalg.norm(v - limit) / np.linalg.norm(limit) for v in values])
    return np.array(errors)


@pytest.mark.slow
@pytest.mark.parametrize("setting", [IPM, LSGAN], ids=["IPM", "LSGAN"])
def test_width_4096_is_within_5_percent(setting):
    assert np.all(relative_errors([4096], 1, *setting) < 0.05)


@pytest.mark.parametrize(
    "setting",
    [pytest.param(IPM, id="IPM"), pytest.param(LSGAN, id="LSGAN", marks=pytest.mark.slow)],
)
def test_error_falls_as_the_root_of_the_width(setting):
    widths = np.array([64, 192, 576])
    errors = np.sqrt(np.mean(relative_errors(widths, 8, *setting, steps=8) ** 2, axis=1))
    slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
    assert -0.65 < slope < -0.35
