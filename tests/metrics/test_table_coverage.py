"""Coverage against its definition by loops, and what it sees."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.metrics import table_coverage

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(60, 2)), rng.normal(size=(40, 2)) + 0.5


@pytest.mark.parametrize("n_neighbors", [1, 5])
def test_agrees_with_the_definition(n_neighbors):
    scale = X.std(axis=0)
    within = np.sort(cdist(X / scale, X / scale), axis=1)[:, n_neighbors]
    covered = np.any(cdist(X / scale, Y / scale) <= within[:, None], axis=1)
    actual = table_coverage(X, Y, n_neighbors=n_neighbors)
    assert actual == covered.mean()


def test_of_two_samples_of_one_law():
    A, B = rng.normal(size=(2, 1000, 3))
    assert_allclose(table_coverage(A, B), 1 - 2.0**-5, atol=0.02)


def test_what_is_missed_is_not_covered():
    kinds = pd.DataFrame({"kind": np.repeat(["a", "b"], [30, 10]), "x": np.arange(40.0)})
    assert table_coverage(kinds, kinds[:30]) < 0.85
    assert table_coverage(kinds, kinds[30:]) < 0.35


def test_rows_that_are_there_often_are_covered_by_themselves_alone():
    labels = pd.DataFrame({"a": list("x" * 20 + "y" * 20), "b": list("uv" * 20)})
    assert table_coverage(labels, labels[:1]) == 10 / 40


def test_fewer_rows_than_neighbours():
    assert table_coverage(X[:3], X[:1]) > 0


def test_bad_parameters():
    with pytest.raises(InvalidParameterError, match="n_neighbors"):
        table_coverage(X, Y, n_neighbors=0)
