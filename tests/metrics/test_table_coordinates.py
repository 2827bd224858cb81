"""Coordinates of tables: distances of those of `TableEncoder`, in units of columns."""

import numpy as np
import pandas as pd
from _reference.people import people
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist

from skgantk.metrics._table_coordinates import coordinates
from skgantk.metrics._tables import read
from skgantk.preprocessing import TableEncoder


def points(real, *others):
    titles = ["real", *map(str, range(len(others)))]
    return coordinates(*read(dict(zip(titles, (real, *others)))))


def test_distances_are_the_encoder_s():
    real = people(50, 0).drop(columns="weight")  # of missing numbers see below
    encoder = TableEncoder().fit(real)
    Z = encoder.transform(real)
    for block in encoder._blocks:
        Z[:, block.columns] /= np.sqrt(Z[:, block.columns].var(axis=0).sum())
    (X,) = points(real)
    assert_allclose(cdist(X, X), cdist(Z, Z), atol=1e-6)


def test_every_column_of_real_rows_has_variance_1():
    real, other = people(50, 0), people(40, 1)
    X, Y = points(real, other)
    assert_allclose(X.var(axis=0).sum(), real.shape[1])
    assert X.shape[1] == Y.shape[1]


def test_a_missing_number_is_one_standard_deviation_beside_the_median():
    numbers = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    (X,) = points(pd.DataFrame({"a": [*numbers, np.nan]}))
    median, missing, four = X[2], X[5], X[4]
    unit = np.linalg.norm(four - median) / ((4 - 2) / numbers.std())
    assert_allclose(np.linalg.norm(missing - median), unit)


def test_levels_and_values_that_real_rows_have_not():
    real = pd.DataFrame({"a": ["x", "y", "x"], "b": 1.0})
    other = pd.DataFrame({"a": ["z", "y"], "b": [1.0, 5.0]})
    X, Y = points(real, other)
    far = np.linalg.norm(X[0] - X[1])
    assert_allclose(np.linalg.norm(X[0] - Y[0]), far)  # as any other level
    assert_allclose(np.linalg.norm(X[1] - Y[1]), 4 / np.std([1, 1, 1, 1, 5]))


def test_extreme_scales():
    real, other = (np.random.default_rng(i).normal(size=(9, 2)) for i in (0, 1))
    expected = np.concatenate(points(real, other))
    for scale in (2.0**-900, 2.0**900):
        actual = np.concatenate(points(scale * real, scale * other))
        assert_allclose(actual, expected, rtol=1e-12)
