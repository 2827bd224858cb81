"""No process-wide setting of NumPy, scikit-learn or JAX changes a result."""

import logging
from contextlib import contextmanager
from functools import cache, partial

import jax
import numpy as np
import pytest
import scipy.special
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler

from skgantk import metrics
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
from skgantk.kernels import NTK, RBF, NystroemKernel, kernel_gradient, kernel_sum
from skgantk.model_selection import GeometricSearchCV, search_lambda
from skgantk.pipeline import make_sampling_pipeline

pytestmark = pytest.mark.usefixtures("hasty_compilation")

X = np.random.default_rng(0).normal(size=(12, 2))
y = np.repeat([1, 0], 6)
X.flags.writeable = False

# What is computed

STEPS = {"max_iter": 2, "check_every": 1, "random_state": 0}
NETWORK = FiniteWidthDiscriminator((4,), gradient_penalty=1.0, max_iter=2, random_state=0)
FLOW = ParticleFlowGenerator(NTKIPMDiscriminator(RBF()), noise=0.01, **STEPS)
ESTIMATORS = {
    "ipm": NTKIPMDiscriminator(NTK(1), initial="nngp", random_state=0),
    "lsgan": NTKLSGANDiscriminator(RBF()),
    "hinge": NTKGANDiscriminator(RBF(), "hinge"),
    "finite width": NETWORK,
    "flow": FLOW,
    "gantk": GANTKSynthesizer(RBF(), batch_size=8, early_stopping=True, **STEPS),
    "network": NeuralGenerator(
        NTKIPMDiscriminator(RBF()), hidden_layer_sizes=(4,), **STEPS
    ),
    "pipeline": make_sampling_pipeline(StandardScaler(), FLOW),
    "classes": ConditionalSampler(KernelDensity(), random_state=0),
    "search": GeometricSearchCV(KernelDensity(), "bandwidth", n_candidates=2, cv=2),
}
SLOW_ESTIMATORS = {
    "vanilla": NTKGANDiscriminator(RBF()),
    "batches": clone(FLOW).set_params(batch_size=5, n_snapshots=1, early_stopping=True),
    "two networks": NeuralGenerator(
        NETWORK, hidden_layer_sizes=(4,), early_stopping=True, **STEPS
    ),
    "carry over": clone(FLOW).set_params(carry_over=48),
    "classes": ConditionalSampler(FLOW, random_state=0),
    "search": GeometricSearchCV(FLOW, {"learning_rate": 0.1}, n_candidates=2, cv=2),
    "single level": NeuralGenerator(
        "gantk", kernel=RBF(), hidden_layer_sizes=(4,), **STEPS
    ),
}


def use(estimator):
    """What it says after a fit, all of it deterministic."""
    estimator = clone(estimator).fit(X, y)
    results = {}
    # With metadata routing Pipeline.score asks its last step for sample_weight.
    if hasattr(estimator, "score") and not hasattr(estimator, "steps"):
        results["score"] = estimator.score(X, y)
    estimator = getattr(estimator, "best_estimator_", estimator)
    for method in ("decision_function", "gradient", "generator_gradient", "transform"):
        if hasattr(estimator, method):
            # The frame that `transform_output` asks of `transform`, and of it alone.
            results[method] = np.asarray(getattr(estimator, method)(X))
    if hasattr(estimator, "sample"):
        results["sample"] = estimator.sample(15, random_state=0)
    return results


def use_kernel(kernel):
    coef = np.linspace(-1, 1, 7)
    return {
        "k(X, X)": kernel(X, eval_gradient=True),
        "k(X, Y)": kernel(X, X[:7]),
        "diag": kernel.diag(X),
        "sum": kernel_sum(kernel, X, X[:7], coef),
        "gradient": kernel_gradient(kernel, X, X[:7], coef),
    }


def use_functions():
    A, B = X[:6], X[6:]
    images = np.linspace(0, 1, 4 * 11 * 11).reshape(4, 11, 11) ** 2
    clouds = (
        "energy_distance", "frechet_distance", "mmd", "sinkhorn_divergence",
        "wasserstein_distance",
    )  # fmt: skip
    return {
        **{name: getattr(metrics, name)(A, B) for name in clouds},
        "mmd_test": metrics.mmd_test(A, B, n_permutations=9, random_state=0),
        "mode_coverage": metrics.mode_coverage(A, B, radius=1.0),
        "copying_score": metrics.copying_score(A, B, A + B),
        "column_shapes": metrics.column_shapes(A, B),
        "pair_trends": metrics.pair_trends(A, B),
        "table_coverage": metrics.table_coverage(A, B),
        "impossible_values": metrics.impossible_values(A, B),
        "average_max_ssim": metrics.average_max_ssim(images[:2], images[2:]),
        "search_lambda": search_lambda(X, kernel=RBF(), epsilon=0.1, random_state=0),
        "landmarks": NystroemKernel.from_samples(RBF(), X, 3, random_state=0).landmarks,
    }


COMPUTATIONS = {
    **{name: partial(use, estimator) for name, estimator in ESTIMATORS.items()},
    "NTK": partial(use_kernel, NTK(1)),
    "Nystroem": partial(use_kernel, NystroemKernel(RBF(), X[:4].copy())),
    "functions": use_functions,
}
SLOW_COMPUTATIONS = {f"slow {n}": partial(use, e) for n, e in SLOW_ESTIMATORS.items()}


@cache
def plain(name):
    return (COMPUTATIONS | SLOW_COMPUTATIONS)[name]()


@pytest.fixture(scope="module", autouse=True)
def _forget_plain_results():
    yield
    plain.cache_clear()


# Under what


@contextmanager
def jax_setting(name, value):
    before = jax.config.values[name]
    jax.config.update(name, value)
    try:
        yield
    finally:
        jax.config.update(name, before)


@contextmanager
def transform_output(library):
    pytest.importorskip(library)
    with sklearn.config_context(transform_output=library):
        yield


SETTINGS = {
    "pandas": partial(transform_output, "pandas"),
    "polars": partial(transform_output, "polars"),
    "seterr": partial(np.errstate, all="raise"),
    "special.seterr": partial(scipy.special.errstate, all="raise"),
    "printoptions": partial(np.printoptions, precision=1, legacy="1.13"),
    **{
        name: partial(sklearn.config_context, **{name: value})
        for name, value in {
            "enable_metadata_routing": True,
            "assume_finite": True,
            "skip_parameter_validation": True,
            "pairwise_dist_chunk_size": 20,  # the least that scikit-learn takes
            "enable_cython_pairwise_dist": False,
        }.items()
    },
    **{
        f"{name}={value}": partial(jax_setting, name, value)
        for name, value in [
            ("jax_enable_x64", True),
            ("jax_numpy_rank_promotion", "raise"),
            ("jax_numpy_dtype_promotion", "strict"),
            ("jax_transfer_guard", "disallow"),
            ("jax_transfer_guard", "disallow_explicit"),
            ("jax_default_matmul_precision", "bfloat16"),
            ("jax_default_prng_impl", "rbg"),
            ("jax_threefry_partitionable", False),
            ("jax_debug_key_reuse", True),
            ("jax_legacy_prng_key", "error"),
            ("jax_enable_custom_prng", True),
            ("jax_debug_nans", True),
            ("jax_debug_infs", True),
        ]
    },
}


def assert_same(results, expected):
    assert results.keys() == expected.keys()
    for name, expectation in expected.items():
        result = results[name]
        assert type(result) is type(expectation), name
        pair = (
            (result, expectation)
            if isinstance(result, tuple)
            else ([result], [expectation])
        )
        for a, b in zip(*pair, strict=True):
            assert type(a) is type(b), name
            assert_array_equal(a, b, name)


@pytest.mark.parametrize("name", COMPUTATIONS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_no_setting_changes_a_result(setting, name):
    expected = plain(name)
    with SETTINGS[setting]():
        assert_same(COMPUTATIONS[name](), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW_COMPUTATIONS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_no_setting_changes_a_result_of_others(setting, name):
    expected = plain(name)
    with SETTINGS[setting]():
        assert_same(SLOW_COMPUTATIONS[name](), expected)


@pytest.mark.parametrize("name", ["gantk", "network", "NTK"])
@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.startswith("jax")])
def test_no_setting_has_anything_compiled_anew(setting, name, caplog):
    plain(name)
    with SETTINGS[setting](), jax.log_compiles(), caplog.at_level(logging.DEBUG):
        COMPUTATIONS[name]()
    assert not [r for r in caplog.records if "Compiling" in r.getMessage()]


# Settings that JAX has for those who look into a computation: it is compiled for them, or
# not at all, so that it is the same but for rounding.


@pytest.mark.slow
@pytest.mark.parametrize("name", ["finite width", "gantk", "NTK"])
@pytest.mark.parametrize(
    "setting", ["jax_disable_jit", "jax_check_tracer_leaks", "jax_enable_checks"]
)
def test_settings_for_debugging(setting, name):
    expected = plain(name)
    with jax_setting(setting, True):
        results = COMPUTATIONS[name]()
    for key, expectation in expected.items():
        several = isinstance(expectation, tuple)
        pairs = zip(results[key], expectation) if several else [(results[key], expectation)]
        for a, b in pairs:
            assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=key)


# NumPy's part


def test_numbers_may_underflow():
    A, B = [[0.0], [1e-160]], [[0.0], [1e150]]
    kernel = NystroemKernel(RBF(), X[:4].copy())
    coef = np.full(12, 1e-300)
    expected = metrics.wasserstein_distance(A, B), kernel.error_bound(X, X, coef)
    with np.errstate(all="raise"):
        assert metrics.wasserstein_distance(A, B) == expected[0]
        assert_array_equal(kernel.error_bound(X, X, coef), expected[1])


@pytest.mark.parametrize("name", ["flow", "gantk"])
def test_a_callable_sees_the_same_settings_in_fit_and_in_sample(name):
    seen = []

    def init(n, rng):
        seen.append((jax.config.jax_enable_x64, jax.config.jax_numpy_rank_promotion))
        seen.append(np.geterr())
        return rng.normal(size=(n, 2))

    errors = np.geterr()
    estimator = clone(ESTIMATORS[name]).set_params(init=init)
    with np.errstate(all="raise"), jax.numpy_rank_promotion("raise"):
        estimator.fit(X).sample(15)
    assert seen == [(True, "allow"), errors] * 2
