"""The search that doubles and halves parameters until a budget is spent."""

import math
import re
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.neighbors import KernelDensity, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.estimator_checks import parametrize_with_checks

from skgantk.model_selection import GeometricSearchCV, _geometric

X = np.random.default_rng(0).normal(size=(40, 2))


@parametrize_with_checks(
    [GeometricSearchCV(Ridge(), "alpha", n_candidates=2, cv=2, error_score="raise")],
    # which GridSearchCV fails too
    expected_failed_checks=lambda estimator: {
        "check_supervised_y_2d": "a warning is not passed on"
    },
)
def test_scikit_learn(estimator, check):
    check(estimator)


class Peak(BaseEstimator):
    """Scores best at a = 8, b = 1/4; ``fit`` takes a second and refuses a > 1000."""

    clock = 0.0

    def __init__(self, a=1.0, b=1.0):
        self.a = a
        self.b = b

    def fit(self, X, y=None):
        if self.a > 1000:
            raise RuntimeError("a is too large")
        Peak.clock += 1
        return self

    def score(self, X, y=None):
        return -(np.log2(self.a / 8) ** 2) - np.log2(self.b * 4) ** 2


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(_geometric, "monotonic", lambda: Peak.clock)


def tried(search, name="a"):
    return [params[name] for params in search.cv_results_["params"]]


def test_candidates_are_those_of_algorithm_2():
    search = GeometricSearchCV(Peak(a=4.0), "a", cv=2).fit(X)
    assert tried(search) == [4, 8, 2, 16, 1, 32, 0.5, 64, 0.25, 128, 0.125]
    assert search.best_params_ == {"a": 8.0}
    search.set_params(factor=10.0, n_candidates=4).fit(X)
    assert tried(search) == [4, 40, 0.4, 400]
    assert search.get_params()["estimator"].a == 4.0


def test_results_are_those_of_a_grid_search_over_the_same_values():
    pipeline = make_pipeline(StandardScaler(), KernelDensity())
    name = "kerneldensity__bandwidth"
    search = GeometricSearchCV(pipeline, name, return_train_score=True).fit(X)
    grid = GridSearchCV(pipeline, {name: tried(search, name)}, return_train_score=True)
    grid.fit(X)
    for key in ("mean_test_score", "std_test_score", "rank_test_score", "mean_train_score"):
        assert_array_equal(search.cv_results_[key], grid.cv_results_[key])
    assert search.best_params_ == grid.best_params_
    assert search.score(X) == grid.score(X)
    assert len(search.best_estimator_[1].sample(3)) == 3


def test_integers_stay_integers_and_come_once():
    knn = GeometricSearchCV(KNeighborsRegressor(3), "n_neighbors", n_candidates=5, cv=2)
    assert tried(knn.fit(X, X[:, 0]), "n_neighbors") == [3, 6, 2, 12, 1]
    assert {type(n) for n in tried(knn, "n_neighbors")} == {int}
    slow = GeometricSearchCV(Peak(), {"b": 2}, factor=1.2, n_candidates=5, cv=2).fit(X)
    assert tried(slow, "b") == [2, 3, 1, 4, 5]


def test_starts_may_be_given():
    search = GeometricSearchCV(Peak(a="auto"), {"a": 0.5}, n_candidates=3, cv=2).fit(X)
    assert tried(search) == [0.5, 1, 0.25]


def test_several_parameters_take_turns_about_the_best_so_far():
    search = GeometricSearchCV(Peak(), ["a", "b"], n_candidates=17, cv=2).fit(X)
    assert search.best_params_ == {"a": 8.0, "b": 0.25}
    pairs = [(params["a"], params["b"]) for params in search.cv_results_["params"]]
    assert pairs[:7] == [(1, 1), (2, 1), (0.5, 1), (2, 2), (2, 0.5), (4, 0.5), (0.25, 0.5)]
    assert len(set(pairs)) == 17


def two_metrics(estimator, X, y=None):
    return {"near_one": -(np.log2(estimator.a * estimator.b) ** 2), "b": -estimator.b}


def least(results):
    return results["mean_test_b"].argmin()


@pytest.mark.parametrize(
    ("refit", "b"), [("near_one", 1.0), ("b", 0.5), (least, 2.0), (False, 1.0)]
)
def test_refit_says_which_candidate_is_best(refit, b):
    search = GeometricSearchCV(
        Peak(), ["b", "a"], scoring=two_metrics, refit=refit, n_candidates=4, cv=2
    )
    assert search.fit(X).cv_results_["params"][-1] == {"b": b, "a": 2.0}
    assert hasattr(search, "best_estimator_") == bool(refit)


def test_time_is_a_budget(clock):
    """Two folds of a second each, so that candidates begin at 0, 2, 4 and 6."""
    search = GeometricSearchCV(Peak(), "a", time_budget=7.0, cv=2).fit(X)
    assert tried(search) == [1, 2, 0.5, 4]
    assert len(tried(search.set_params(time_budget=1e-9).fit(X))) == 1
    assert len(tried(search.set_params(time_budget=7.0, n_candidates=2).fit(X))) == 2
    search.set_params(time_budget=100.0, n_candidates=None, estimator=Peak(b=3.0))
    assert len(tried(search.set_params(params="b").fit(X), "b")) == 50


@pytest.mark.parametrize("params", ["a", ["a", "b"], ["b", "a"]])
@pytest.mark.parametrize("n_candidates", [None, 5])
@pytest.mark.parametrize("cv", [2, 3])
def test_no_candidate_begins_after_the_budget(clock, params, n_candidates, cv):
    for budget in np.arange(0.5, 20.0, 1.3):
        search = GeometricSearchCV(
            Peak(),
            params,
            time_budget=budget,
            n_candidates=n_candidates,
            cv=cv,
            refit=False,
        )
        expected = int(np.ceil(budget / cv))  # those that begin at 0, cv, 2 cv, ...
        n = len(search.fit(X).cv_results_["params"])
        assert n == min(expected, n_candidates or expected)


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_a_failing_candidate_does_not_end_a_search_on_time(clock):
    search = GeometricSearchCV(Peak(a=60), "a", factor=50.0, cv=2, time_budget=99.0)
    with pytest.warns(FitFailedWarning) as warned:
        search.fit(X)
    assert tried(search) == [60, 1]
    texts = [str(w.message) for w in warned]
    assert re.match(r"(?s)The search of 'a' leaves out \[3000\].*too large", texts[0])
    assert re.match(r"(?s)The search of 'a' ends at \[150000\].*too large", texts[1])


@pytest.mark.parametrize(
    ("start", "values"),
    [
        (1.0, [1, 1e100, 1e-100, 1e200, 1e-200, 1e300, 1e-300]),
        (1e-300, [1e-300, 1e-200, 1e-100, 1, 1e100, 1e200, 1e300]),
        (1e300, [1e300, 1e200, 1e100, 1, 1e-100, 1e-200, 1e-300]),
        (1e200, [1e200, 1e300, 1e100, 1, 1e-100, 1e-200, 1e-300]),
        (5e-324, [5e-324 * 1e300 * 1e100**i for i in range(-3, 4)]),
    ],
)
def test_no_candidate_is_zero_or_infinite(start, values):
    search = GeometricSearchCV(Peak(), {"b": start}, factor=1e100, n_candidates=99, cv=2)
    np.testing.assert_allclose(tried(search.fit(X), "b"), values, rtol=1e-12)


def test_integers_end_before_they_overflow():
    search = GeometricSearchCV(Peak(), {"b": 3}, factor=1e9, n_candidates=99, cv=2)
    assert tried(search.fit(X), "b") == [3, 3 * 10**9, 3 * 10**18]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    start=st.floats(0, exclude_min=True, allow_infinity=False),
    factor=st.floats(1.5, 1e300),
)
def test_ladders_reach_from_end_to_end(start, factor):
    """Each value is the start times a power, rounded once; none that there is lacks."""
    pairs = list(_geometric._pairs(start, factor))
    values = sorted({start, *(v for pair in pairs for v in pair)})
    assert len(values) == 1 + sum(map(len, pairs))
    p, factor = Fraction(start), Fraction(factor)
    assert Fraction(values[0]) / factor < 2 * Fraction(5e-324)
    assert Fraction(values[-1]) * factor > Fraction(sys.float_info.max)
    for value in values[:: len(values) // 9 + 1]:
        i = round((math.log(value) - math.log(start)) / math.log(factor))
        powers = [p * factor**k for k in (i - 1, i, i + 1)]
        assert value in [float(x) for x in powers if x <= sys.float_info.max]


@pytest.mark.parametrize("start", [1, 3, 7, 2**62 + 1, 10**18])
@pytest.mark.parametrize("factor", [2.0, 3.0, 1.7, 1e9])
def test_integer_ladders_reach_from_end_to_end(start, factor):
    values = sorted(
        [start, *(v for pair in _geometric._pairs(start, factor) for v in pair)]
    )
    assert len(set(values)) == len(values)
    assert {type(v) for v in values} == {int}
    assert 1 <= values[0] <= factor / 2 + 1
    largest = np.iinfo(np.int64).max
    assert (values[-1] + 1) * Fraction(factor) > largest >= values[-1]


@pytest.mark.parametrize("start", [0.0, -1.0, 0, "auto", True, None, np.nan, np.inf, 1j])
def test_a_start_must_be_a_positive_number(start):
    with pytest.raises(
        ValueError, match=r"'a', whose start must be a positive .*Give anoth"
    ):
        GeometricSearchCV(Peak(a=start), "a").fit(X)


@pytest.mark.parametrize("params", ["c", ["a", "c"], {"c": 1.0}, [], {}])
def test_unknown_parameters_are_refused(params):
    with pytest.raises(ValueError, match=r"must name parameters of Peak: \['a', 'b'\]"):
        GeometricSearchCV(Peak(), params).fit(X)


@pytest.mark.parametrize(
    "parameter",
    [{"params": 3}, {"factor": 1.0}, {"n_candidates": 0}, {"time_budget": 0.0}],
)
def test_bad_parameters_are_refused(parameter):
    with pytest.raises(InvalidParameterError, match=next(iter(parameter))):
        GeometricSearchCV(Peak(), "a").set_params(**parameter).fit(X)


def test_splits_must_stay():
    for cv in (
        KFold(2, shuffle=True),
        ShuffleSplit(2),
        KFold(2, shuffle=True, random_state=X),
    ):
        with pytest.raises(ValueError, match="integer random_state"):
            GeometricSearchCV(Peak(), "a", cv=cv).fit(X)
    for cv in (
        KFold(2),
        KFold(2, shuffle=True, random_state=0),
        [(range(20), range(20, 40))],
    ):
        assert len(tried(GeometricSearchCV(Peak(), "a", cv=cv).fit(X))) == 11


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_failing_fits_end_a_parameter_and_keep_the_scores_so_far():
    search = GeometricSearchCV(Peak(a=60), ["a", "b"], factor=50.0, cv=2, n_candidates=8)
    with pytest.warns(FitFailedWarning) as warned:
        search.fit(X)
    # 3000 fails beside 1, which is no error; 150 000 fails alone, and a is done.
    values = [(params["a"], params["b"]) for params in search.cv_results_["params"]]
    assert values == [
        (60, 1),
        (3000, 1),
        (1, 1),
        (60, 50),
        (60, 0.02),
        (60, 2500),
        (60, 4e-4),
    ]
    assert np.isnan(search.cv_results_["mean_test_score"][1])
    ends = [str(w.message) for w in warned if "The search of" in str(w.message)]
    assert re.match(r"(?s)The search of 'a' ends at \[150000\].*too large", ends[0])
    assert len(ends) == 1
    with pytest.raises(RuntimeError, match="too large"):
        search.set_params(error_score="raise").fit(X)
    with pytest.raises(ValueError, match="All the 2 fits failed"):
        GeometricSearchCV(Peak(a=1001.0), "a", cv=2).fit(X)
