"""Distances to the closest record."""

import numpy as np
from _reference.people import people
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist
from sklearn import config_context

from skgantk.metrics import closest_record_distance, copying_score

rng = np.random.default_rng(0)
TRAIN, HELD_OUT, X = rng.normal(size=(3, 80, 3))


def test_is_the_median_over_rows():
    scale = TRAIN.std(axis=0)
    expected = np.median(cdist(X / scale, TRAIN / scale).min(axis=1))
    assert_allclose(closest_record_distance(TRAIN, X), expected, rtol=1e-12)


def test_its_ratio_is_the_copying_score():
    scale = TRAIN.std(axis=0)
    expected = copying_score(X / scale, TRAIN / scale, HELD_OUT / scale)
    ratio = closest_record_distance(TRAIN, X) / closest_record_distance(TRAIN, HELD_OUT)
    assert_allclose(ratio, expected, rtol=1e-9)


def test_copies_are_found_among_many_rows_in_blocks():
    train = people(200, 0)
    assert closest_record_distance(train, train[150:]) == 0
    fresh = people(50, 1)
    expected = closest_record_distance(train, fresh)
    assert expected > 0.5
    with config_context(working_memory=1e-3):
        assert_allclose(closest_record_distance(train, fresh), expected, rtol=1e-12)
        assert closest_record_distance(train, train[150:]) == 0


def test_copies_with_noise_are_near():
    assert closest_record_distance(TRAIN, TRAIN + 1e-6) < 1e-5
