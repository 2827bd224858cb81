"""Whatever the numbers, nothing becomes NaN or infinite without a word.

Hypothesis draws clouds of points, of any scale, shape, layout and degeneracy. Estimators,
kernels and distances must give finite results, or one of the documented errors or warnings.
It draws 200 cases, the same in every run. For as many others as you like, in more shapes,

    SKGANTK_CASES=2000 python -m pytest tests/test_properties.py

which `make slow` does.
"""

import os
import re
import tempfile
import warnings
from functools import partial
from itertools import product

import jax
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import kernels as sk
from sklearn.preprocessing import StandardScaler

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
from skgantk.kernels import (
    NNGP,
    NTK,
    RBF,
    CoreKernel,
    Riesz,
    kernel_gradient,
    kernel_sum,
)
from skgantk.pipeline import make_sampling_pipeline

CASES = int(os.environ.get("SKGANTK_CASES", 200))
MANY = CASES > 200
# JAX compiles once for every shape, dtype and estimator: this is what the time goes into.
SHAPES = [(6, 2), (1, 2), (2, 1), (7, 3)] if MANY else [(6, 2)]
DTYPES = ["float64", "float32"]


def over(things):
    """Run a test with its share of the cases for each name and dtype.

    In few cases that is one dtype for each of the first names.
    """
    pairs = list(product(things, DTYPES))
    pairs = pairs if MANY else pairs[0:12:4] + pairs[3:12:4]
    options = settings(
        max_examples=-(-CASES // (3 * len(pairs))),  # of three such tests
        derandomize=not MANY,
        deadline=None,  # a case may have to wait for the compiler
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )

    def decorate(test):
        return pytest.mark.parametrize(("name", "dtype"), pairs)(options(test))

    return decorate


# Data

POINTS = {
    "plain": lambda X: X,
    "duplicates": lambda X: X[np.arange(len(X)) // 2],
    "all equal": lambda X: np.tile(X[:1], (len(X), 1)),
    "zeros": lambda X: np.zeros_like(X),
    "constant column": lambda X: np.column_stack([np.full(len(X), X[0, 0]), X[:, 1:]]),
    "collinear": lambda X: np.outer(np.arange(len(X)), X[0]),
    "far from 0": lambda X: X + 1e6 * np.abs(X).max(),
    "next floats": lambda X: np.nextafter(X[:1], np.arange(len(X))[:, None] % 2),
    "an outlier": lambda X: X * np.where(np.arange(len(X)) == 0, 1e6, 1)[:, None],
}


def memmap(X):
    with tempfile.TemporaryFile() as file:
        file.write(X.tobytes())
        file.flush()
        return np.memmap(file, X.dtype, "r", shape=X.shape)


LAYOUTS = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=0)[::2],
    "memmap": memmap,
    "DataFrame": lambda X: pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])]),
    "list": lambda X: X.tolist(),
}


@st.composite
def clouds(draw, shape):
    """A cloud of points, as an array."""
    n, d = shape
    X = np.random.RandomState(draw(st.integers(0, 99))).normal(size=(n, d))
    X = POINTS[draw(st.sampled_from(sorted(POINTS)))](X)
    exponents = st.integers(-8, 8)
    same = draw(st.booleans())
    scale = (
        [draw(exponents)] * d if same else draw(st.lists(exponents, min_size=d, max_size=d))
    )
    return X * 10.0 ** np.array(scale)


@st.composite
def inputs(draw, X, dtype):
    """The cloud in some layout."""
    if dtype == "float64":  # which integers become
        dtype = draw(st.sampled_from(["float64", "int64"]))
    return LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))](X.astype(dtype))


@st.composite
def two_clouds(draw):
    """Two clouds, which may have points in common."""
    shape = draw(st.sampled_from(SHAPES))
    X, Y = draw(clouds(shape)), draw(clouds(shape))
    common = draw(st.sampled_from([0, 0, 1, len(X)]))
    Y[:common] = X[:common]
    return X, Y


# What is allowed

REMEDY = "[Ss]cale|learning_rate|loosen|epsilon|shorten"
WARNINGS = {
    ConvergenceWarning: "ran away|did not reach its tolerance",
    UserWarning: "are copies of data|further from the data|data dimmed to",
    RuntimeWarning: "The (discriminator|kernel|flow) overflows",
}


def attempt(X, function, *args, **kwargs):
    """Its result, or None where it refuses X for its scale; whether it warned."""
    result, refused = None, ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(*args, **kwargs)
        except ValueError as error:
            refused = str(error)
    sizes = np.abs(X[X != 0])
    usual = np.all((1e-3 < sizes) & (sizes < 1e3))
    if refused:
        event(f"refused: {refused[:60]}")
        assert re.search(REMEDY, refused), refused
        assert not usual, refused
    for warning in caught:
        event(f"warned: {warning.category.__name__}")
        pattern = WARNINGS.get(warning.category, "nothing else")
        assert re.search(pattern, str(warning.message)), warning
        assert warning.category is UserWarning or not usual, warning
    return result, bool(caught)


def assert_finite(values, what):
    """All numbers in anything: of estimators, what is fitted."""
    if isinstance(values, BaseEstimator):
        for name, value in vars(values).items():
            if name.endswith("_"):
                assert_finite(value, f"{what}.{name}")
        return
    for leaf in jax.tree.leaves(values):
        if isinstance(leaf, BaseEstimator):
            assert_finite(leaf, what)
        elif (
            isinstance(leaf, np.ndarray | pd.DataFrame | float)
            and np.asarray(leaf).dtype.kind == "f"
        ):
            assert np.all(np.isfinite(leaf)), f"{what}: {leaf}"


# Kernels

# Those that differ most come first.
KERNELS = {
    "relu": NTK(1),
    "nngp": NNGP(1),
    "erf": NTK(1, "erf"),
    "rbf": RBF(),
    "matern": 2.0 * sk.Matern(nu=1.5) + sk.WhiteKernel(0.1),
    "product": sk.DotProduct() * sk.RationalQuadratic(),
    "periodic": sk.ExpSineSquared(),
    "without bias": NTK(2, bias_std=0.0),
    **{name: NTK(1, name) for name in ["gelu", "leaky_relu", "sin", "tanh", "softplus"]},
    "riesz": Riesz(0.5, exponent_bounds=(0.1, 1.9)),
    "sliced": Riesz(n_directions=3),
}


@over(KERNELS)
@given(clouds=two_clouds(), data=st.data())
def test_kernels(name, dtype, clouds, data):
    kernel = KERNELS[name]
    X, Y = (data.draw(inputs(cloud, dtype)) for cloud in clouds)
    before = np.array(X)
    coef = np.linspace(-1, 1, len(before))
    uses = {"sum": (kernel_sum, kernel, X, Y, coef)}
    uses["gradient"] = (kernel_gradient, kernel, X, Y, coef)
    if isinstance(kernel, CoreKernel):
        uses |= {"auto": (kernel, X), "cross": (kernel, X, Y), "diag": (kernel.diag, X)}
        uses["hyperparameters"] = kernel, X, None, True
    for what, use in uses.items():
        values, warned = attempt(clouds[0], *use)
        if not warned:
            assert_finite(values, what)
    assert_array_equal(np.asarray(X), before)


# Discriminators

CHEAP = NTK(1)
DISCRIMINATORS = {
    "ipm": NTKIPMDiscriminator(CHEAP),
    "lsgan": NTKLSGANDiscriminator(CHEAP),
    "hinge": NTKGANDiscriminator(CHEAP, "hinge"),
    "vanilla": NTKGANDiscriminator(RBF()),
    "finite width": FiniteWidthDiscriminator((4,), max_iter=2, random_state=0),
    "unit norm": NTKIPMDiscriminator(RBF(), "unit_norm"),
    "nngp": NTKIPMDiscriminator(CHEAP, initial="nngp", random_state=0),
    "lsgan, limit": NTKLSGANDiscriminator(CHEAP, np.inf),
    "hinge, limit": NTKGANDiscriminator(RBF(), "hinge", np.inf),
    "lambert": NTKGANDiscriminator(CHEAP, solver="lambert"),
    "energy": NTKIPMDiscriminator(Riesz(), "unit_norm"),
    "sliced": NTKIPMDiscriminator(Riesz(n_directions=3)),
}
METHODS = ["decision_function", "gradient", "generator_loss", "generator_gradient"]


@over(DISCRIMINATORS)
@given(clouds=two_clouds(), data=st.data())
def test_discriminators(name, dtype, clouds, data):
    points = np.concatenate(clouds)
    X = data.draw(inputs(points, dtype))
    labels = np.repeat([1, 0], [len(cloud) for cloud in clouds])
    before = np.array(X)
    discriminator = clone(DISCRIMINATORS[name])
    fitted, _ = attempt(points, discriminator.fit, X, labels)
    assert_array_equal(np.asarray(X), before)
    if fitted is None:
        return
    assert_finite(fitted, name)
    for method in METHODS:
        values, warned = attempt(points, getattr(fitted, method), X)
        assert values.dtype == (np.float32 if before.dtype == np.float32 else np.float64)
        if not warned:
            assert_finite(values, method)


# Samplers

FAST = {"max_iter": 2, "check_every": 1, "random_state": 0}
GANTK = {"kernel": CHEAP, "optimizer": "gradient", **FAST}
SAMPLERS = {
    "flow": ParticleFlowGenerator(NTKIPMDiscriminator(CHEAP), **FAST),
    "gantk": GANTKSynthesizer(**GANTK),
    "network": NeuralGenerator(
        NTKIPMDiscriminator(CHEAP), hidden_layer_sizes=(4,), batch_size=4, **FAST
    ),
    "pipeline": make_sampling_pipeline(
        StandardScaler(), GANTKSynthesizer(lam=1.0, **GANTK)
    ),
    "flow of lsgan": ParticleFlowGenerator(NTKLSGANDiscriminator(CHEAP), **FAST),
    "classes": ConditionalSampler(GANTKSynthesizer(lam=1.0, **GANTK), random_state=0),
    "flow of a generator": ParticleFlowGenerator(
        NTKIPMDiscriminator(RBF()), generator_kernel=CHEAP, optimizer="momentum", **FAST
    ),
    "flow of a network": ParticleFlowGenerator(
        FiniteWidthDiscriminator((4,), max_iter=2, random_state=0), **FAST
    ),
    "carry over": ParticleFlowGenerator(
        NTKIPMDiscriminator(CHEAP), carry_over=True, optimizer="adam", **FAST
    ),
    "gantk as it is": GANTKSynthesizer(standardize=False, lam=1.0, **GANTK),
    "network of gantk": NeuralGenerator(
        "gantk", kernel=CHEAP, hidden_layer_sizes=(4,), standardize=False, **FAST
    ),
}


@over(SAMPLERS)
@given(clouds=two_clouds(), data=st.data())
def test_samplers(name, dtype, clouds, data):
    points = clouds[0]
    X = data.draw(inputs(points, dtype))
    before = np.array(X)
    sampler = clone(SAMPLERS[name])
    labels = np.arange(len(points)) % 2 if len(points) > 1 else np.zeros(1, int)
    fitted, _ = attempt(points, sampler.fit, X, labels)
    assert_array_equal(np.asarray(X), before)
    if fitted is None:
        return
    assert_finite(fitted, name)
    uses = {"sample": (partial(fitted.sample, random_state=0), len(points) + 1)}
    if hasattr(fitted, "score"):
        uses["score"] = fitted.score, X
    if hasattr(fitted, "particles_"):
        uses["transform"] = fitted.transform, X[-1:]
    for what, use in uses.items():
        values, warned = attempt(points, *use)
        if not warned:
            assert_finite(values, what)
