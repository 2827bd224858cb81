"""Calibrated samples have the marginals of the data, moved as little as can be."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linear_sum_assignment
from scipy.stats import kstest

from skgantk.generators import _calibration


@pytest.mark.parametrize("n", [5, 60, 1000])
def test_quantiles_rise_and_reach_the_data(n):
    rng = np.random.RandomState(n)
    sample, data = rng.normal(size=n), rng.lognormal(size=80)
    mapped = _calibration.quantiles(sample, data, rng)(sample[:, None])[:, 0]
    assert_array_equal(np.argsort(mapped), np.argsort(sample))
    assert data.min() <= mapped.min()
    assert mapped.max() <= data.max()
    assert kstest(mapped, data).statistic <= 1 / n + 1 / 80


def test_values_of_quantiles_are_not_those_of_the_data():
    rng = np.random.RandomState(0)
    sample, data = rng.normal(size=(2, 200))
    mapped = _calibration.quantiles(sample, data, rng)(sample[:, None])[:, 0]
    assert not np.isin(mapped, data).any()
    assert_allclose(mapped.std(), data.std(), rtol=0.02)


def test_shares_of_repeated_values_are_kept():
    """70 % zeros, which a generator smears."""
    rng = np.random.RandomState(0)
    data = np.where(rng.uniform(size=500) < 0.7, 0, rng.lognormal(size=500))
    sample = data + 0.5 * rng.normal(size=500)
    mapped = _calibration.quantiles(sample, data, rng)(sample[:, None])[:, 0]
    assert abs(np.mean(mapped == 0) - np.mean(data == 0)) <= 2 / 500


@pytest.mark.parametrize("k", [3, 10, 40])
@pytest.mark.parametrize("seed", range(5))
def test_handicaps_give_shares_at_the_least_cost(k, seed):
    """Against an assignment to copies of the vertices."""
    rng = np.random.RandomState(seed)
    data = np.eye(k)[rng.choice(k, 200, p=rng.dirichlet(np.ones(k)))]
    sample = data[rng.permutation(200)] * 0.7 + rng.normal(size=(200, k))
    mapped = _calibration.handicaps(sample, data)(sample)
    assert_array_equal(mapped.sum(axis=0), data.sum(axis=0))
    vertices = data.argmax(axis=1)
    rows, columns = linear_sum_assignment(-sample[:, vertices])
    assert_allclose(np.sum(mapped * sample), sample[rows, vertices[columns]].sum())


def test_holes_have_the_share_of_the_data():
    rng = np.random.RandomState(0)
    gone = rng.uniform(size=300) < 0.2
    data = np.column_stack([np.where(gone, 0.5, rng.lognormal(size=300)), gone])
    sample = data + 0.6 * rng.normal(size=data.shape)
    mapped = _calibration.holes(sample, data, rng)(sample)
    assert abs(np.mean(mapped[:, 1] >= 0.5) - gone.mean()) <= 2 / 300
    known = mapped[mapped[:, 1] < 0.5, 0]
    assert kstest(known, data[~gone, 0]).statistic < 0.02
