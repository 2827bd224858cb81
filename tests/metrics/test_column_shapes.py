"""Shapes of columns against SciPy's statistic, and by hand."""

import numpy as np
import pandas as pd
import pytest
from _reference.people import people
from numpy.testing import assert_allclose
from scipy.stats import ks_2samp
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.metrics import column_shapes

REAL, SYNTHETIC = people(60, 0), people(50, 1)


def shape(real, synthetic):
    real, synthetic = pd.DataFrame({"a": real}), pd.DataFrame({"a": synthetic})
    return column_shapes(real, synthetic)


@pytest.mark.parametrize("name", ["height", "children", "since"])
def test_of_numbers_and_times_is_kolmogorov_s_distance(name):
    a, b = REAL[name], SYNTHETIC[name]
    if name == "since":
        a, b = a.astype("int64"), b.astype("int64")
    expected = 1 - ks_2samp(a, b).statistic
    assert_allclose(column_shapes(REAL[[name]], SYNTHETIC[[name]]), expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["size", "home", "member"])
def test_of_labels_is_the_total_variation(name):
    shares = [t[name].value_counts(normalize=True, dropna=False) for t in (REAL, SYNTHETIC)]
    expected = 1 - shares[0].sub(shares[1], fill_value=0).abs().sum() / 2
    assert_allclose(column_shapes(REAL[[name]], SYNTHETIC[[name]]), expected, rtol=1e-12)


def test_missing_numbers_count():
    assert shape([1, 2, None, None], [1, 2, 1, 2]) == 0.5
    assert shape([1, 2, 1, 2], [1, 2, None, None]) == 0.5
    assert shape([1, 2, None, None], [2, 2, None, None]) == 0.5  # of the known
    assert shape([1, 2], [None, np.nan]) == 0
    assert shape(np.full(2, np.nan), [1.0, 2.0]) == 0


def test_an_unknown_level_counts():
    assert shape(["x", "y"], ["x", "z"]) == 0.5
    assert shape(["x", "y"], ["u", "z"]) == 0


def test_of_each_column_and_their_mean():
    shapes = column_shapes(REAL, SYNTHETIC, average=None)
    assert shapes.shape == (REAL.shape[1],)
    assert column_shapes(REAL, SYNTHETIC) == shapes.mean()
    with pytest.raises(InvalidParameterError, match="average"):
        column_shapes(REAL, SYNTHETIC, average="micro")


def test_shuffled_columns_have_the_same_shapes():
    rng = np.random.default_rng(0)
    shuffled = REAL.apply(lambda column: rng.permutation(column))
    assert column_shapes(REAL, shuffled) == 1
