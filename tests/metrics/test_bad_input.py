"""Every metric answers bad data and bad parameters with scikit-learn's own errors."""

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import PairwiseKernel
from sklearn.utils._param_validation import InvalidParameterError

from skgantk import metrics
from skgantk._numerics import memory

GOOD = np.random.default_rng(0).normal(size=(5, 2))
ARGUMENTS = {
    metrics.wasserstein_distance: ["X", "Y"],
    metrics.sinkhorn_divergence: ["X", "Y"],
    metrics.energy_distance: ["X", "Y"],
    metrics.mmd: ["X", "Y"],
    metrics.mmd_test: ["X", "Y"],
    metrics.mode_coverage: ["X", "centres"],
    metrics.copying_score: ["X", "X_train", "X_held_out"],
    metrics.frechet_distance: ["X", "Y"],
}
CASES = [(metric, name) for metric, names in ARGUMENTS.items() for name in names]
over_arguments = pytest.mark.parametrize(
    ("metric", "name"), CASES, ids=lambda a: getattr(a, "__name__", a)
)


def spoiled(value):
    return np.where(np.arange(10).reshape(5, 2) == 3, value, GOOD)


BAD = {
    "nan": (spoiled(np.nan), "Input {name} contains NaN"),
    "inf": (spoiled(np.inf), "Input {name} contains infinity"),
    "complex": (spoiled(1j), "Complex data not supported"),
    "one dimension": (GOOD[0], "Expected 2D array, got 1D array instead"),
    "three dimensions": (GOOD[None], r"dim 3|3 dim"),
    "empty": (GOOD[:0], r"Found array with 0 sample\(s\)"),
    "no features": (GOOD[:, :0], r"Found array with 0 feature\(s\)"),
    "width": (np.ones((5, 3)), "same number of features; got .*[23].* and [23]"),
    "huge": (spoiled(1e200), "Scale the data"),
}


def call(metric, **changes):
    arguments = dict.fromkeys(ARGUMENTS[metric], GOOD) | changes
    if metric is metrics.mode_coverage:
        arguments["radius"] = 1.0
    if metric is metrics.copying_score and "X_held_out" not in changes:
        arguments["X_held_out"] = GOOD + 0.1
    return metric(**arguments)


@pytest.mark.parametrize("fault", BAD)
@over_arguments
def test_bad_data_is_refused(metric, name, fault):
    value, message = BAD[fault]
    with pytest.raises(ValueError, match=message.format(name=name)):
        call(metric, **{name: value})


@pytest.mark.parametrize("metric", ARGUMENTS, ids=lambda a: a.__name__)
def test_input_is_not_changed_and_may_be_lists_integers_or_float32(metric):
    names = ARGUMENTS[metric]
    clouds = np.random.default_rng(1).integers(-9, 9, size=(len(names), 5, 2))
    expected = call(metric, **dict(zip(names, clouds.astype(float))))
    frozen = clouds.astype(np.float32)
    frozen.flags.writeable = False
    others = frozen, clouds, clouds.tolist()
    for other in others:
        kept = np.array(other)
        actual = call(metric, **dict(zip(names, other)))
        if metric is not metrics.mmd_test:  # whose permutations differ
            assert actual == expected
        np.testing.assert_array_equal(kept, other)


@pytest.mark.parametrize(
    ("metric", "parameter"),
    [
        (metrics.wasserstein_distance, {"order": 3}),
        (metrics.wasserstein_distance, {"order": "1"}),
        (metrics.sinkhorn_divergence, {"blur": 0.0}),
        (metrics.sinkhorn_divergence, {"blur": "auto"}),
        (metrics.sinkhorn_divergence, {"scaling": 1.0}),
        (metrics.sinkhorn_divergence, {"scaling": 0.0}),
        (metrics.frechet_distance, {"features": "inception"}),
        (metrics.average_max_ssim, {"data_range": 0.0}),
        (metrics.average_max_ssim, {"image_shape": 28}),
        (metrics.mmd, {"biased": "yes"}),
        (metrics.mmd_test, {"n_permutations": 0}),
        (metrics.mmd_test, {"random_state": "seed"}),
    ],
)
def test_bad_parameters_are_refused(metric, parameter):
    with pytest.raises(InvalidParameterError, match=next(iter(parameter))):
        metric(GOOD, GOOD, **parameter)


@pytest.mark.parametrize("metric", [metrics.mmd, metrics.mmd_test])
def test_kernels_without_a_formula_are_refused(metric):
    with pytest.raises(TypeError, match="Supported are NTK"):
        metric(GOOD, GOOD, kernel=PairwiseKernel())


@pytest.mark.parametrize("metric", [metrics.mmd, metrics.mmd_test])
def test_a_kernel_that_overflows_is_no_silent_nan(metric):
    with pytest.raises(ValueError, match="Scale the data"):
        metric(1e100 * GOOD, GOOD)


def test_an_unbiased_discrepancy_needs_two_points():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        metrics.mmd(GOOD, GOOD[:1], biased=False)
    assert metrics.mmd(GOOD[:1], GOOD[:1]) == 0


@pytest.mark.parametrize(
    "metric",
    [metrics.wasserstein_distance, metrics.sinkhorn_divergence, metrics.mmd_test],
)
def test_what_does_not_fit_in_memory_is_refused(metric, monkeypatch):
    monkeypatch.setattr(memory, "_physical_memory", lambda: 100)
    with pytest.raises(MemoryError, match=r"points needs .* mmd.* need"):
        metric(GOOD, GOOD)
