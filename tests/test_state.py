"""What estimators keep survives pickling, threads and Ctrl-C, and nothing else changes."""

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import joblib
import numpy as np
import pytest
from _cases import slow_but
from _reference.interrupt import Interrupt
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

import skgantk
from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.generators import (
    ConditionalSampler,
    GANTKSynthesizer,
    NeuralGenerator,
    ParticleFlowGenerator,
)
from skgantk.kernels import NTK, RBF
from skgantk.model_selection import GeometricSearchCV
from skgantk.pipeline import make_sampling_pipeline

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X = np.random.default_rng(0).normal(size=(12, 2))
y = np.repeat([1, 0], 6)
X.flags.writeable = False

DISCRIMINATORS = {
    "ipm": NTKIPMDiscriminator(NTK(1), initial="nngp", random_state=0),
    "lsgan": NTKLSGANDiscriminator(RBF()),
    "vanilla": NTKGANDiscriminator(RBF()),
    "hinge": NTKGANDiscriminator(RBF(), "hinge"),
    "finite width": FiniteWidthDiscriminator(
        (4,), optimizer="adam", max_iter=2, random_state=0
    ),
}
STEPS = {"max_iter": 4, "check_every": 1, "random_state": 0}
GENERATORS = {
    "flow": ParticleFlowGenerator(
        NTKIPMDiscriminator(RBF()),
        optimizer="adam",
        noise=0.01,
        batch_size=5,
        early_stopping=True,
        n_snapshots=2,
        **STEPS,
    ),
    "carry over": ParticleFlowGenerator(NTKIPMDiscriminator(RBF()), carry_over=96, **STEPS),
    "gantk": GANTKSynthesizer(
        RBF(), lam=1.0, early_stopping=True, validation_fraction=0.5, **STEPS
    ),
    "network": NeuralGenerator(
        DISCRIMINATORS["finite width"],
        hidden_layer_sizes=(4,),
        early_stopping=True,
        **STEPS,
    ),
}
FLOW = ParticleFlowGenerator(NTKIPMDiscriminator(RBF()), **STEPS)
OTHERS = {
    "pipeline": make_sampling_pipeline(StandardScaler(), FLOW),
    "classes": ConditionalSampler(FLOW, random_state=0),
    "search": GeometricSearchCV(FLOW, {"learning_rate": 0.1}, n_candidates=2, cv=2),
}
ALL = DISCRIMINATORS | GENERATORS | OTHERS


def use(estimator):
    """What a fitted estimator says, all of it deterministic."""
    if hasattr(estimator, "gradient"):
        methods = "decision_function", "gradient", "generator_gradient", "predict"
        return [getattr(estimator, method)(X) for method in methods]
    estimator = getattr(estimator, "best_estimator_", estimator)
    results = [estimator.sample(15, random_state=0)]
    if hasattr(estimator, "transform"):
        results.append(estimator.transform(X))
    if hasattr(estimator, "discriminator_"):
        results.append(estimator.discriminator_.decision_function(X))
    return results


def assert_same(results, expected):
    for one, other in zip(results, expected, strict=True):
        for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in (one, other))):
            assert_array_equal(a, b)


@pytest.fixture(scope="module")
def fitted(hasty_compilation):
    return {name: clone(estimator).fit(X, y) for name, estimator in ALL.items()}


# Threads

ALONE = (DISCRIMINATORS | GENERATORS).keys() - {"vanilla", "carry over"}


@pytest.mark.parametrize("name", slow_but(ALONE, DISCRIMINATORS | GENERATORS))
def test_threads_share_a_fitted_estimator(name, fitted):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(use, [fitted[name]] * 8))
    expected = use(fitted[name])
    for result in results:
        assert_same(result, expected)


# JAX's settings


# Everything is compiled anew for it: one with layers of others for every run.
@pytest.mark.parametrize("name", slow_but(["network"], DISCRIMINATORS | GENERATORS))
def test_no_product_drops_to_tf32(name):
    """JAX refuses a product in TF32 on a CPU, so that one left to the default fails."""
    with jax.default_matmul_precision("TF32_TF32_F32"):
        with pytest.raises(ValueError, match="TF32"):
            jax.jit(lambda a: a @ a)(X.T @ X)
        use(clone(ALL[name]).fit(X, y))


# Ctrl-C

PACKAGE = Path(skgantk.__file__).parent
# JAX compares losses, and takes an error in that for one of ours.
FILES = {str(file) for file in PACKAGE.rglob("*.py") if file.name != "losses.py"}


def lines_of_fit(estimator):
    """Some lines, all over its fit once everything is compiled, to stop before."""
    for _ in range(2):
        with Interrupt(FILES) as count:
            clone(estimator).fit(X, y)
    return np.linspace(1, count.n_lines, 16, dtype=int)


def stopped(estimator, X, line):
    """Fit it until that line; whether it came that far."""
    try:
        with Interrupt(FILES, line):
            estimator.fit(X, y)
    except KeyboardInterrupt:
        return True
    finally:
        assert not jax.config.jax_enable_x64
    return False


@pytest.mark.parametrize("name", DISCRIMINATORS | OTHERS)
def test_interrupted_fit_can_be_repeated(name, fitted):
    """A discriminator is as it was, until its fit is complete."""
    estimator = pickle.loads(pickle.dumps(fitted[name]))
    before, expected = vars(estimator).copy(), use(estimator)
    complete = use(clone(estimator).fit(X[::-1], y))
    lines = lines_of_fit(ALL[name])
    for line in lines:
        if not stopped(estimator, X[::-1], line):  # JAX takes fewer lines by and by
            break
        if name in DISCRIMINATORS:  # scikit-learn's Pipeline fits its steps in place
            kept = [vars(estimator)[key] is value for key, value in before.items()]
            assert_same(use(estimator), expected if all(kept) else complete)
    assert line > lines[8]
    assert_same(use(estimator.fit(X, y)), expected)


@pytest.mark.parametrize("name", slow_but(ALONE, GENERATORS))
def test_interrupted_fit_goes_on_to_the_same_end(name, fitted):
    expected = use(fitted[name])
    lines = lines_of_fit(ALL[name])
    for line in lines:
        estimator = clone(ALL[name]).set_params(warm_start=True)
        if not stopped(estimator, X, line):
            break
        if hasattr(estimator, "loss_curve_"):
            steps = len(estimator.loss_curve_)
            assert len(estimator.loss_iter_) == steps
            use(estimator)
        estimator.fit(X, y)
        assert estimator.loss_curve_ == fitted[name].loss_curve_, line
        assert estimator.loss_iter_ == fitted[name].loss_iter_
        assert estimator.validation_curve_ == fitted[name].validation_curve_
        assert estimator.n_iter_ == fitted[name].n_iter_
        assert_same(use(estimator), expected)
    assert line > lines[8]


# Another process

CHILD = """
import os, pickle, random, signal, sys, warnings
import jax, joblib, matplotlib, numpy, sklearn, threadpoolctl

names = set(jax.config.values)  # parts of JAX bring settings of their own
pools = {pool["filepath"] for pool in threadpoolctl.threadpool_info()}

def state():
    threads = threadpoolctl.threadpool_info()
    return {
        "JAX": {name: jax.config.values[name] for name in names},
        "NumPy": (numpy.geterr(), numpy.get_printoptions()),
        "warnings": list(warnings.filters),
        "matplotlib": (matplotlib.get_backend(), dict(matplotlib.rcParams)),
        "threads": [p["num_threads"] for p in threads if p["filepath"] in pools],
        "environment": dict(os.environ),
        "random": (random.getstate(), pickle.dumps(numpy.random.get_state())),
        "scikit-learn": sklearn.get_config(),
        "hooks": (signal.getsignal(signal.SIGINT), sys.excepthook, sys.displayhook),
        "directory": os.getcwd(),
    }

def assert_unchanged():
    for name, value in state().items():
        assert value == before[name], (name, value, before[name])

tests, folder = sys.argv[1:]
numpy.random.seed(0)
before = state()
import skgantk
assert_unchanged()
sys.path.insert(0, tests)
from test_state import ALL, X, clone, use, y

results = []
for file, load in [("fitted.pickle", pickle.load), ("fitted.joblib", joblib.load)]:
    with open(f"{folder}/{file}", "rb") as stream:
        results.append({name: use(e) for name, e in load(stream).items()})
with open(f"{folder}/interrupted.pickle", "rb") as stream:
    resumed = {name: use(e.fit(X, y)) for name, e in pickle.load(stream).items()}
for name, estimator in ALL.items():
    use(clone(estimator).fit(X, y))
    assert_unchanged()
with open(f"{folder}/results.pickle", "wb") as stream:
    pickle.dump((*results, resumed), stream)
"""


def interrupted(estimator):
    """Stopped in the middle of its fit, by Ctrl-C."""
    estimator = clone(estimator).set_params(warm_start=True)
    assert stopped(estimator, X, lines_of_fit(estimator)[8])
    return estimator


@pytest.mark.slow
def test_another_process_goes_on_and_finds_its_settings_unchanged(fitted, tmp_path):
    half = {name: interrupted(estimator) for name, estimator in GENERATORS.items()}
    (tmp_path / "fitted.pickle").write_bytes(pickle.dumps(fitted))
    joblib.dump(fitted, tmp_path / "fitted.joblib")
    (tmp_path / "interrupted.pickle").write_bytes(pickle.dumps(half))
    tests = Path(__file__).parent
    environment = os.environ | {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # as here
    command = [sys.executable, "-c", CHILD, tests, tmp_path]
    subprocess.run(command, check=True, env=environment)
    results = pickle.loads((tmp_path / "results.pickle").read_bytes())
    for result in results:
        for name, values in result.items():
            assert_same(values, use(fitted[name]))
