"""Scorers: their values, and a search that chooses by them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler

from skgantk._samplers import ask
from skgantk.generators import ConditionalSampler
from skgantk.metrics import (
    energy_distance,
    mmd,
    neg_energy_scorer,
    neg_mmd_scorer,
    neg_wasserstein_scorer,
    wasserstein_distance,
)
from skgantk.pipeline import make_sampling_pipeline

SCORERS = {
    neg_wasserstein_scorer: wasserstein_distance,
    neg_energy_scorer: energy_distance,
    neg_mmd_scorer: mmd,
}
over_scorers = pytest.mark.parametrize("scorer", SCORERS, ids=lambda s: s.__name__)
X = np.random.default_rng(0).normal(size=(60, 2))


class Repeat(BaseEstimator):
    """A generator that shifts the training points; records how it was asked."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, X, y=None):
        self.X_ = X
        return self

    def sample(self, n_samples=1, random_state=None):
        self.asked_ = n_samples, random_state
        return np.resize(self.X_, (n_samples, self.X_.shape[1])) + self.shift


@over_scorers
def test_is_minus_the_distance_to_as_many_samples(scorer):
    generator = Repeat(shift=1.0).fit(X[:40])
    score = scorer(generator, X[40:])
    assert generator.asked_ == (20, 0)
    assert score == -SCORERS[scorer](X[40:], X[:20] + 1.0)
    assert score == scorer(generator, X[40:], np.zeros(20))


@over_scorers
def test_search_chooses_the_better_generator(scorer):
    search = GridSearchCV(Repeat(), {"shift": [-2.0, 0.0, 1.0]}, scoring=scorer, cv=3)
    assert search.fit(X).best_params_ == {"shift": 0.0}


@over_scorers
def test_scores_generators_of_scikit_learn_with_a_target_or_without(scorer):
    generator = KernelDensity(bandwidth=0.3)
    scores = cross_val_score(generator, X, scoring=scorer, cv=3)
    assert np.all(scores < 0)
    assert np.all(scores == cross_val_score(generator, X, X[:, 0], scoring=scorer, cv=3))


@over_scorers
@pytest.mark.parametrize(
    "generator",
    [
        KernelDensity(),
        GaussianMixture(2),
        BayesianGaussianMixture(),
        ConditionalSampler(GaussianMixture()),
        make_sampling_pipeline(StandardScaler(), GaussianMixture(2)),
    ],
    ids=lambda g: type(g).__name__,
)
def test_whatever_can_be_drawn_from_is_scored(scorer, generator):
    data = pd.DataFrame(X)
    fitted = clone(generator).fit(data, np.arange(60) % 2)
    before = vars(fitted).copy()
    score = scorer(fitted, data)
    assert vars(fitted) == before
    assert score == scorer(fitted, data)  # the draw is seeded
    assert score == -SCORERS[scorer](data, ask(fitted, 60, 0)[0])


def test_searches_tune_samplers_of_classes():
    search = GridSearchCV(
        ConditionalSampler(KernelDensity()),
        {"sampler__bandwidth": [0.2, 9.0]},
        scoring=neg_wasserstein_scorer,
    )
    assert search.fit(X, np.arange(60) % 2).best_params_ == {"sampler__bandwidth": 0.2}


@over_scorers
def test_an_estimator_that_cannot_sample_is_refused(scorer):
    with pytest.raises(AttributeError, match="sample"):
        scorer(BaseEstimator(), X)
