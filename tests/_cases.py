"""Which cases of a test are in the fast suite."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

# Checks of what is validated, which one method does for all estimators.
VALIDATION = {
    "check_dtype_object",
    "check_estimators_nan_inf",
    "check_fit_check_is_fitted",
    "check_n_features_in_after_fitting",
    "check_positive_only_tag_during_fit",
}


def slow_but(fast, cases):
    """The cases of a test, of which those that are not among the fast ones are slow.

    A case is the value of one parameter, or the tuple of those of several. The fast ones
    have one of every kind of thing; the others are repetitions with other kernels, sizes
    and types.
    """
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=[] if case in fast else pytest.mark.slow,
        )
        for case in cases
    ]


def scikit_learn_checks(first, *others):
    """scikit-learn's checks, of which those of validation are fast for the first alone."""
    names, cases = parametrize_with_checks([first, *others]).args
    cases = list(cases)
    fast = [
        (estimator, check)
        for estimator, check in cases
        if type(estimator) is type(first) or check.func.__name__ not in VALIDATION
    ]
    ids = [f"{type(e).__name__}-{check.func.__name__}" for e, check in cases]
    return pytest.mark.parametrize(names, slow_but(fast, cases), ids=ids)
