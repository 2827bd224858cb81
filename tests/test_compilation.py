"""One program serves all sizes of a rung, and gives what another size would."""

import sys

import jax
import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose

from skgantk._numerics import sizes
from skgantk.discriminators import (
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.generators import (
    GANTKSynthesizer,
    NeuralGenerator,
    ParticleFlowGenerator,
)
from skgantk.kernels import NTK, kernel_gradient
from skgantk.metrics import mmd, mmd_test
from skgantk.model_selection import search_lambda

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X = np.random.default_rng(0).normal(size=(31, 2)) + 1
KERNEL = NTK(depth=1)
IPM = NTKIPMDiscriminator(KERNEL)
y = np.arange(31) % 2
FEW = {"max_iter": 3, "random_state": 0}
FILLING = [
    (module, name)
    for path, module in sorted(sys.modules.items())
    if path.startswith("skgantk.") and module is not sizes
    for name in ("fill", "rung")
    if vars(module).get(name) is vars(sizes)[name]
]
programs = []


def _listener(event, duration, **kwargs):
    if event.endswith("/backend_compile_duration"):
        programs.append(kwargs.get("fun_name"))


jax.monitoring.register_event_duration_secs_listener(_listener)


def evaluated(discriminator, n):
    f = discriminator.fit(X[:n], y[:n])
    return [f.generator_loss(X[:n]), f.generator_gradient(X[:n])]


def drawn(generator, n, more=0):
    return generator.fit(X[:n]).sample(n + more, random_state=0)


CALLS = {
    "kernel": lambda n: [KERNEL(X[:n]), KERNEL(X[:n], X[:5]), KERNEL.diag(X[:n])],
    "kernel_gradient": lambda n: kernel_gradient(KERNEL, X[:n], X[:n], y[:n]),
    "hyperparameters": lambda n: KERNEL(X[:n], eval_gradient=True),
    "ipm": lambda n: evaluated(NTKIPMDiscriminator(KERNEL, "unit_norm"), n),
    "lsgan": lambda n: evaluated(NTKLSGANDiscriminator(KERNEL), n),
    "lsgan limit": lambda n: evaluated(NTKLSGANDiscriminator(KERNEL, np.inf), n),
    "vanilla": lambda n: evaluated(NTKGANDiscriminator(KERNEL, "vanilla"), n),
    "hinge": lambda n: evaluated(NTKGANDiscriminator(KERNEL, "hinge"), n),
    # Standardised data would be rounded to float32.
    "gantk": lambda n: drawn(GANTKSynthesizer(KERNEL, standardize=False, **FEW), n, more=1),
    "gantk in groups": lambda n: drawn(
        GANTKSynthesizer(KERNEL, batch_size=16, standardize=False, **FEW), n
    ),
    "flow": lambda n: drawn(ParticleFlowGenerator(IPM, **FEW), n, more=2),
    "flow in batches": lambda n: drawn(
        ParticleFlowGenerator(IPM, batch_size=9, noise=0.1, **FEW), n
    ),
    "flow of a generator": lambda n: drawn(
        ParticleFlowGenerator(
            NTKLSGANDiscriminator(KERNEL), generator_kernel=KERNEL, optimizer="adam", **FEW
        ),
        n,
    ),
    "neural": lambda n: drawn(NeuralGenerator(IPM, batch_size=8, **FEW), n),
    "mmd": lambda n: mmd(X[:n], X[:n] + 0.1),
    "mmd_test": lambda n: mmd_test(X[:n], X[:n] + 0.1, random_state=0).statistic,
    "search_lambda": lambda n: search_lambda(X[:n], epsilon=0.1, random_state=0),
}


# Each of the others is one of these with another loss, or with parts of it left out.
SAME = ["kernel", "kernel_gradient", "ipm", "lsgan", "gantk", "flow", "mmd"]
COMPILED = [*SAME, "hyperparameters", "hinge", "neural", "search_lambda", "standardised"]
STANDARDISED = {"standardised": lambda n: drawn(GANTKSynthesizer(KERNEL, **FEW), n, more=1)}


@pytest.mark.parametrize("name", slow_but(COMPILED, [*CALLS, *STANDARDISED]))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_size_of_a_rung_compiles_anew(name):
    call = {**CALLS, **STANDARDISED}[name]
    call(31)
    programs.clear()
    for n in (30, 29):  # as do two clouds of that size, taken together
        call(n)
    assert not programs


FITS = {
    "gantk": GANTKSynthesizer(KERNEL, **FEW),
    "gantk in groups": GANTKSynthesizer(KERNEL, batch_size=16, **FEW),
    "gantk with early stopping": GANTKSynthesizer(KERNEL, early_stopping=True, **FEW),
    "flow": ParticleFlowGenerator(IPM, **FEW),
    "flow with early stopping": ParticleFlowGenerator(IPM, early_stopping=True, **FEW),
    "neural": NeuralGenerator(IPM, batch_size=8, **FEW),
    "neural gantk": NeuralGenerator("gantk", kernel=KERNEL, batch_size=8, **FEW),
}


@pytest.mark.parametrize("name", slow_but(["gantk", "flow", "neural"], FITS))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_fit_compiles_its_steps_once(name):
    """The search for the step, all steps and the judgement of a loss are one program."""
    jax.clear_caches()
    programs.clear()
    FITS[name].fit(X)
    assert programs.count("jit(advance)") == 1


@pytest.mark.parametrize("name", slow_but(SAME, CALLS))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_results_do_not_depend_on_what_fills_up(name, monkeypatch):
    """To rounding, which the steps of a generator and an inverse make greater."""
    filled = CALLS[name](27)
    for module, function in FILLING:
        monkeypatch.setattr(module, function, lambda a, value=None: a)
    assert_allclose_all(CALLS[name](27), filled)


def assert_allclose_all(results, expected):
    for a, b in zip(jax.tree.leaves(results), jax.tree.leaves(expected), strict=True):
        assert_allclose(a, b, rtol=1e-7, atol=1e-9 * np.max(np.abs(b)))
