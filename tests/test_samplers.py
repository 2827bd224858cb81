"""Samples of any sampler come in random order, their labels with them."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.preprocessing import StandardScaler

from skgantk._samplers import draw
from skgantk.generators import ConditionalSampler
from skgantk.pipeline import make_sampling_pipeline


class Sorted(BaseEstimator):
    """Samples 0, 1, 2, ..."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def sample(self, n_samples=1):
        return np.arange(n_samples, dtype=float)[:, None]


@pytest.mark.parametrize(
    "sampler",
    [Sorted(), GaussianMixture(2), BayesianGaussianMixture(n_components=2)],
    ids=lambda s: type(s).__name__,
)
def test_samples_come_in_random_order(sampler):
    """The first half has the law of the whole."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=100), 1000 + rng.normal(size=100)])[:, None]
    n = 2000
    classes = np.repeat([0, 1], 200)
    pipeline = make_sampling_pipeline(StandardScaler(), sampler).fit(X)
    conditional = ConditionalSampler(sampler).fit(np.concatenate([X, -X]), classes)
    for made in (
        draw(sampler.fit(X), n, 0)[0],
        draw(pipeline, n, 0)[0],
        conditional.sample(y=[0] * n, random_state=0)[0],
    ):
        first, second = (half.mean() for half in np.split(made, 2))
        assert abs(first - second) < 5 * made.std() * np.sqrt(4 / n)
        # nor in runs: neighbours are on one side as often as not
        side = made[:, 0] > np.median(made)
        assert abs(np.mean(side[1:] == side[:-1]) - 0.5) < 5 * 0.5 / np.sqrt(n)


def test_labels_stay_with_their_rows():
    X = np.concatenate([np.zeros((30, 1)), np.full((30, 1), 9.0)])
    X += np.linspace(0, 0.1, 60)[:, None]
    mixture = GaussianMixture(2, random_state=0).fit(X)
    rows, labels = draw(mixture, 50, 0)
    assert_array_equal(mixture.predict(rows), labels)
    assert_array_equal(rows, draw(mixture, 50, 0)[0])
    assert np.any(rows != draw(mixture, 50, None)[0])
    assert mixture.random_state == 0


class Pairs(Sorted):
    """Samples frames of 0, 1, 2, ... and series of the same."""

    def __init__(self, convert):
        self.convert = convert

    def sample(self, n_samples=1):
        rows = self.convert(pd.DataFrame({"x": range(n_samples)}))
        return rows, rows["x"]


def test_series_stay_with_their_frames(convert):
    rows, labels = draw(Pairs(convert), 50, 0)
    assert type(rows) is type(convert(pd.DataFrame({"x": [0]})))
    assert type(labels) is type(rows["x"])
    assert_array_equal(labels, rows["x"])
    assert_array_equal(np.sort(labels), np.arange(50))
    assert np.any(np.asarray(labels) != np.arange(50))
    if isinstance(rows, pd.DataFrame):
        pd.testing.assert_index_equal(rows.index, labels.index)
        assert_array_equal(rows.index, np.arange(50))
