"""Scorers of generators of tables: their values, and searches that choose by them."""

import numpy as np
import pandas as pd
import pytest
from _reference.people import people
from sklearn.base import BaseEstimator
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.neighbors import KernelDensity

from skgantk._frames import rows_at
from skgantk.generators import ConditionalSampler, TableSynthesizer
from skgantk.metrics import (
    neg_table_wasserstein_scorer,
    neg_two_sample_auc_scorer,
    pair_trends,
    pair_trends_scorer,
    table_wasserstein_distance,
    train_on_synthetic_score,
    train_on_synthetic_scorer,
    two_sample_auc,
)

SCORERS = {
    pair_trends_scorer: pair_trends,
    neg_table_wasserstein_scorer: lambda real, made: (
        -table_wasserstein_distance(real, made)
    ),
    neg_two_sample_auc_scorer: lambda real, made: (
        -abs(two_sample_auc(real, made, random_state=0) - 0.5)
    ),
}
over_scorers = pytest.mark.parametrize("scorer", SCORERS, ids=lambda s: s.__name__)
FRAME = people(60, 0)


class Rows(BaseEstimator):
    """A generator that gives rows it knows, one column in another order."""

    def __init__(self, shuffled=False, labels=None):
        self.shuffled = shuffled
        self.labels = labels

    def fit(self, X, y=None):
        self.X_, self.y_ = X, y
        return self

    def sample(self, n_samples=1, random_state=None):
        self.asked_ = n_samples, random_state
        rows = np.arange(n_samples) % len(self.X_)
        made = rows_at(self.X_, rows)
        if self.shuffled:
            made = made.assign(height=np.sort(made["height"]))
        return made if self.y_ is None else (made, np.asarray(self.y_)[rows])


@over_scorers
def test_compares_with_as_many_rows(scorer):
    generator = Rows(shuffled=True).fit(FRAME[:40])
    score = scorer(generator, FRAME[40:])
    assert generator.asked_ == (20, 0)
    made = FRAME[:20].assign(height=np.sort(FRAME["height"][:20]))
    assert score == SCORERS[scorer](FRAME[40:], made)
    assert score == scorer(generator, FRAME[40:], np.zeros(20))


def test_frames_of_every_library(convert):
    frame = convert(FRAME)
    generator = Rows().fit(frame)
    assert neg_table_wasserstein_scorer(generator, frame) == 0
    assert pair_trends_scorer(generator, frame) == 1


def test_searches_find_the_generator_with_dependences():
    search = GridSearchCV(Rows(), {"shuffled": [True, False]}, scoring=pair_trends_scorer)
    assert search.fit(FRAME).best_params_ == {"shuffled": False}


@over_scorers
def test_generators_of_the_package_and_of_scikit_learn(scorer):
    synthesizer = TableSynthesizer(GaussianMixture(reg_covar=0.1), random_state=0)
    assert np.isfinite(cross_val_score(synthesizer, FRAME, scoring=scorer, cv=2)).all()
    X = np.random.default_rng(0).normal(size=(30, 2))
    assert scorer(KernelDensity(bandwidth=0.3).fit(X), X) > -2


@over_scorers
def test_levels_that_are_distinct_in_a_few_rows_are_no_identifiers(scorer):
    levels = pd.DataFrame({"c": [f"n{i}" for i in range(60)] * 5, "x": np.arange(300.0)})
    assert np.isfinite(scorer(Rows().fit(levels), levels[30:60]))


def test_categorical_features_are_the_generator_s():
    codes = pd.DataFrame({"code": [1, 2, 3] * 10, "x": np.arange(30)})
    plain, chosen = Rows().fit(codes), Rows().fit(codes)
    chosen.categorical_features = ["code"]
    scores = [neg_table_wasserstein_scorer(g, codes[10:17]) for g in (plain, chosen)]
    assert scores[0] != scores[1]


@pytest.mark.parametrize("labels", ["size", "weight"])
def test_of_models_trained_on_generated_rows(labels):
    frame = FRAME.dropna()
    X, y = frame.drop(columns=labels), frame[labels]
    generator = Rows().fit(X, y)
    score = train_on_synthetic_scorer(generator, X[:20], y[:20])
    real = X[:20].assign(y=y[:20])
    made = X[:20].assign(y=y[:20])
    assert score == train_on_synthetic_score(real, made, "y", random_state=0)


def test_labels_of_samplers():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 2)), np.repeat(["a", "b"], 40)
    X[y == "b"] += 3
    for sampler in (
        ConditionalSampler(KernelDensity(bandwidth=0.2), random_state=0),
        TableSynthesizer(GaussianMixture(), random_state=0),
    ):
        scores = cross_val_score(
            sampler, X, y, scoring=train_on_synthetic_scorer, cv=StratifiedKFold(2)
        )
        assert np.all(scores > 0.8)
    with pytest.raises(ValueError, match="needs y, and a generator"):
        train_on_synthetic_scorer(Rows().fit(X), X, y)
    with pytest.raises(ValueError, match="needs y, and a generator"):
        train_on_synthetic_scorer(Rows().fit(X, y), X, None)


def test_too_little():
    with pytest.raises(ValueError, match="no pairs of columns"):
        pair_trends_scorer(Rows().fit(FRAME[["size"]]), FRAME[["size"]])
    with pytest.raises(ValueError, match="needs two rows of X"):
        neg_two_sample_auc_scorer(Rows().fit(FRAME), FRAME[:1])


@over_scorers
def test_an_estimator_that_cannot_sample_is_refused(scorer):
    with pytest.raises(AttributeError, match="sample"):
        scorer(BaseEstimator(), FRAME)
