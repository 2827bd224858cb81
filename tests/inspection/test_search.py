import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.gaussian_process.kernels import RBF
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.svm import SVC

from skgantk.inspection import SearchDisplay
from skgantk.kernels import NTK
from skgantk.metrics import neg_energy_scorer
from skgantk.model_selection import GeometricSearchCV

X = np.random.default_rng(0).normal(size=(40, 2))
y = (X[:, 0] > 0).astype(int)
DENSITY = KernelDensity(bandwidth=1.0)


def test_geometric_search_in_order_of_the_values():
    search = GeometricSearchCV(DENSITY, "bandwidth", n_candidates=7).fit(X)
    display = SearchDisplay.from_estimator(search, "bandwidth")
    assert display.values == sorted(search.cv_results_["param_bandwidth"])
    order = np.argsort(search.cv_results_["param_bandwidth"])
    mean, std = (search.cv_results_[f"{m}_test_score"][order] for m in ("mean", "std"))
    assert_array_equal(display.mean_scores, mean)
    assert_array_equal(display.std_scores, std)
    assert_array_equal(display.line_.get_xdata(), display.values)
    assert_array_equal(display.line_.get_ydata(), mean)
    corners = display.fill_between_.get_paths()[0].vertices
    for value, low, high in zip(display.values, mean - std, mean + std):
        heights = corners[corners[:, 0] == value, 1]
        assert_allclose([heights.min(), heights.max()], [low, high])
    assert display.ax_.get_xscale() == "log"
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("bandwidth", "score")


def test_distances():
    search = GridSearchCV(DENSITY, {"bandwidth": [0.5, 1.0]}, scoring=neg_energy_scorer)
    display = SearchDisplay.from_estimator(
        search.fit(X), "bandwidth", score_name="energy distance", negate_score=True
    )
    assert np.all(display.mean_scores < 0)
    assert_array_equal(display.line_.get_ydata(), -display.mean_scores)
    assert display.ax_.get_ylabel() == "energy distance"
    assert display.ax_.get_xscale() == "linear"  # no decade
    again = SearchDisplay.from_estimator(search, "bandwidth", negate_score=True)
    assert again.ax_.get_ylabel() == "minus score"


def test_values_that_are_not_positive_have_a_linear_axis():
    display = SearchDisplay(
        param_name="p", values=[-1, 0, 100], mean_scores=np.ones(3), std_scores=np.ones(3)
    )
    assert display.plot().ax_.get_xscale() == "linear"


def test_several_parameters_stand_with_the_best_of_the_others():
    grid = {"bandwidth": [4.0, 0.5], "kernel": ["gaussian", "exponential"]}
    search = GridSearchCV(DENSITY, grid).fit(X)
    results = search.cv_results_
    display = SearchDisplay.from_estimator(search, "bandwidth")
    assert display.values == [0.5, 4.0]
    for value, mean, std in zip(display.values, display.mean_scores, display.std_scores):
        scores = results["mean_test_score"][results["param_bandwidth"] == value]
        assert mean == np.max(scores)
        assert std in results["std_test_score"][results["mean_test_score"] == mean]
    assert max(display.mean_scores) == search.best_score_


@pytest.mark.parametrize("kernels", [["gaussian", "none"], ["none", "gaussian"]])
def test_a_failed_fit_is_not_the_best(kernels):
    search = GridSearchCV(DENSITY, {"bandwidth": [1.0], "kernel": kernels}, cv=2)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(X)
    display = SearchDisplay.from_estimator(search, "bandwidth")
    assert display.mean_scores == [np.nanmax(search.cv_results_["mean_test_score"])]


def test_values_that_are_no_numbers():
    kernels = [RBF(), NTK(depth=1), "linear", RBF()]
    search = GridSearchCV(SVC(), {"kernel": kernels}, cv=2).fit(X, y)
    display = SearchDisplay.from_estimator(search, "kernel")
    assert display.values == kernels[:3]
    assert_array_equal(display.mean_scores, search.cv_results_["mean_test_score"][:3])
    assert display.fill_between_ is None
    assert_array_equal(display.line_.get_ydata(), display.mean_scores)
    names = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert names[2] == "linear"
    assert names[1].startswith("NTK(depth=1")
    low, high = display.errorbar_.lines[2][0].get_segments()[1][:, 1]
    assert_allclose(high - low, 2 * display.std_scores[1])


def test_grids_without_the_parameter_and_failed_fits():
    grid = [{"bandwidth": [2.0, -1.0]}, {"kernel": ["exponential"], "bandwidth": [0.5]}]
    search = GridSearchCV(DENSITY, grid)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search.fit(X)
    display = SearchDisplay.from_estimator(search, "kernel")
    assert display.values == ["exponential"]
    display = SearchDisplay.from_estimator(search, "bandwidth")
    assert display.values == [-1.0, 0.5, 2.0]
    assert np.isnan(display.mean_scores[0])


def test_several_metrics():
    scoring = {
        "density": lambda model, X, y=None: model.score(X),
        "energy": neg_energy_scorer,
    }
    search = GridSearchCV(DENSITY, {"bandwidth": [1.0]}, scoring=scoring, refit=False).fit(
        X
    )
    display = SearchDisplay.from_estimator(search, "bandwidth", metric="energy")
    assert_array_equal(display.mean_scores, search.cv_results_["mean_test_energy"])
    with pytest.raises(ValueError, match="no metric='score'; it has density, energy"):
        SearchDisplay.from_estimator(search, "bandwidth")


def test_keyword_arguments():
    data = {"mean_scores": np.arange(2.0), "std_scores": np.ones(2)}
    numbers = SearchDisplay(param_name="p", values=[1, 2], **data)
    numbers.plot(line_kw={"c": "k"}, fill_between_kw={"lw": 3})
    assert numbers.line_.get_color() == "k"
    assert_array_equal(numbers.fill_between_.get_linewidths(), 3)
    names = SearchDisplay(param_name="p", values=["a", None], **data)
    assert names.plot(ax=numbers.ax_, errorbar_kw={"c": "k"}).ax_ is numbers.ax_
    assert names.line_.get_color() == "k"


def test_bad_input():
    with pytest.raises(NotFittedError, match="not fitted"):
        SearchDisplay.from_estimator(GridSearchCV(DENSITY, {"bandwidth": [1.0]}), "kernel")
    search = GridSearchCV(DENSITY, {"bandwidth": [1.0]}).fit(X)
    with pytest.raises(ValueError, match="no param_name='lam'; it has bandwidth"):
        SearchDisplay.from_estimator(search, "lam")
