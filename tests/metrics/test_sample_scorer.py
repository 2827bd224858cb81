"""make_sample_scorer: any figure in a search."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neighbors import KernelDensity
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.generators import TableSynthesizer
from skgantk.kernels import RBF
from skgantk.metrics import (
    column_shapes,
    make_sample_scorer,
    mmd,
    mode_coverage,
    pair_trends,
    table_wasserstein_distance,
    two_sample_auc,
    wasserstein_distance,
)

X = np.random.default_rng(0).normal(size=(60, 2))
# Codes that are labels: only the synthesizer knows.
CODES = pd.DataFrame({"code": np.arange(60) % 3, "b": X[:, 0]})


def mean_gap(X, samples):
    return abs(X.mean() - samples.mean())


@pytest.mark.parametrize(
    ("metric", "kwargs"),
    [
        (mean_gap, {}),
        (mmd, {"kernel": RBF(0.3)}),
        (wasserstein_distance, {"order": 2}),
        (column_shapes, {}),
        (two_sample_auc, {"random_state": 0}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.parametrize("greater_is_better", [False, True])
@pytest.mark.parametrize("seed", [0, 7])
def test_is_the_metric_of_held_out_rows_and_as_many_samples(
    metric, kwargs, greater_is_better, seed
):
    generator, held_out = KernelDensity().fit(X[:40]), X[40:]
    draw, kwargs = {"random_state": seed}, dict(kwargs)
    if metric is two_sample_auc:  # whose own seed is bound
        seed_of_metric = kwargs.pop("random_state")

        def metric(X, samples):
            return two_sample_auc(X, samples, random_state=seed_of_metric)

    scorer = make_sample_scorer(
        metric, greater_is_better=greater_is_better, **draw, **kwargs
    )
    expected = metric(held_out, generator.sample(20, **draw), **kwargs)
    assert scorer(generator, held_out) == (1 if greater_is_better else -1) * expected
    assert scorer(generator, held_out, np.zeros(20)) == scorer(generator, held_out)


def test_scorers_drive_searches_of_several_metrics_in_parallel():
    scoring = {
        "mmd": make_sample_scorer(mmd, kernel=RBF(0.5)),
        "trends": make_sample_scorer(pair_trends, greater_is_better=True),
    }
    search = GridSearchCV(
        KernelDensity(), {"bandwidth": [0.2, 5.0]}, scoring=scoring, refit="mmd", n_jobs=2
    )
    assert search.fit(X).best_params_ == {"bandwidth": 0.2}
    assert np.all(search.cv_results_["mean_test_trends"] > 0)


def test_columns_that_are_labels_to_the_generator_are_so_to_the_metric():
    synthesizer = TableSynthesizer(
        GaussianMixture(random_state=0), categorical_features=["code"], random_state=0
    ).fit(CODES)
    rows = synthesizer.sample(60, random_state=0)
    scores = [
        make_sample_scorer(table_wasserstein_distance, **kwargs)(synthesizer, CODES)
        for kwargs in ({}, {"categorical_features": "from_dtype"})
    ]
    assert scores == [
        -table_wasserstein_distance(CODES, rows, categorical_features=categories)
        for categories in (["code"], "from_dtype")
    ]
    assert scores[0] != scores[1]


class Constant:
    """A generator of a list, with a parameter that metrics may take."""

    categorical_features = "from_dtype"

    def sample(self, n_samples):
        return [5.0] * n_samples


def test_a_metric_without_a_signature_is_called():
    with pytest.raises(TypeError, match=r"max must return a number, got \[5.0\]"):
        make_sample_scorer(max)(Constant(), [3.0])


def test_can_be_pickled_and_read():
    scorer = make_sample_scorer(mmd, kernel=RBF(0.5))
    generator = KernelDensity().fit(X)
    assert pickle.loads(pickle.dumps(scorer))(generator, X) == scorer(generator, X)
    assert repr(scorer) == (
        "make_sample_scorer(mmd, greater_is_better=False, random_state=0, "
        "kernel=RBF(length_scale=0.5))"
    )


def test_what_is_no_number_is_refused():
    scorer = make_sample_scorer(mode_coverage, radius=1.0)
    with pytest.raises(TypeError, match="mode_coverage must return a number, got"):
        scorer(KernelDensity().fit(X), X)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(InvalidParameterError, match="metric"):
        make_sample_scorer("mmd")


def test_failures_of_the_metric_are_those_of_the_fold():
    def fails(X, samples):
        raise ZeroDivisionError("no")

    with pytest.warns(UserWarning, match="no"):
        scores = cross_validate(
            KernelDensity(), X, scoring={"fails": make_sample_scorer(fails)}, cv=2
        )
    assert np.all(np.isnan(scores["test_fails"]))
