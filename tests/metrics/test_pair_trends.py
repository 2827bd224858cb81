"""Trends of pairs against pandas and SciPy, and by hand."""

import numpy as np
import pandas as pd
import pytest
from _reference.people import people
from numpy.testing import assert_allclose, assert_array_equal

from skgantk.metrics import column_shapes, pair_trends

REAL, SYNTHETIC = people(60, 0), people(50, 1)


def trend(names):
    return pair_trends(REAL[names], SYNTHETIC[names])


def test_of_numbers_is_by_pearson_s_correlation():
    """Of rows in which neither is missing, as pandas has it."""
    r, s = (t["height"].corr(t["weight"]) for t in (REAL, SYNTHETIC))
    assert_allclose(trend(["height", "weight"]), 1 - abs(r - s) / 2, rtol=1e-12)


def test_of_labels_is_by_the_total_variation_of_their_pairs():
    shares = [
        t.groupby(["size", "home"], dropna=False).size() / len(t) for t in (REAL, SYNTHETIC)
    ]
    expected = 1 - shares[0].sub(shares[1], fill_value=0).abs().sum() / 2
    assert_allclose(trend(["size", "home"]), expected, rtol=1e-12)


def test_of_numbers_beside_labels_is_by_ten_bins():
    edges = np.histogram_bin_edges(REAL["height"], bins=10)
    edges[[0, -1]] = -np.inf, np.inf
    shares = []
    for t in (REAL, SYNTHETIC):
        counts = t.groupby([np.digitize(t["height"], edges), t["size"]]).size()
        shares.append(counts / len(t))
    expected = 1 - shares[0].sub(shares[1], fill_value=0).abs().sum() / 2
    assert_allclose(trend(["height", "size"]), expected, rtol=1e-12)


def test_a_shuffled_column_spoils_trends_and_not_shapes():
    height = np.random.default_rng(0).permutation(REAL["height"])
    shuffled = REAL.assign(height=height)
    assert column_shapes(REAL, shuffled) == 1
    trends = pair_trends(REAL, shuffled, average=None)
    names = list(REAL.columns)
    assert trends[names.index("height"), names.index("weight")] < 0.7
    assert trends[names.index("height"), names.index("size")] < 0.7
    assert trends[names.index("weight"), names.index("children")] == 1


def test_a_correlation_with_a_constant_is_0():
    real = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]})
    assert_allclose(pair_trends(real, real.assign(b=2)), 0.5)
    assert pair_trends(real.assign(b=2), real.assign(b=2)) == 1
    assert_allclose(pair_trends(real, real.assign(b=[None, None, 1])), 0.5)


def test_a_constant_beside_labels():
    real = pd.DataFrame({"a": [1.0, 1.0], "b": ["x", "y"]})
    for other in (0.5, 1 + 1e-12, 9.0):
        assert pair_trends(real, real.assign(a=other)) == 0


def test_numbers_far_from_0():
    rng = np.random.default_rng(0)
    X, Y = (np.round(1024 * rng.normal(size=(50, 2))) / 1024 for _ in range(2))
    Y[:, 1] += Y[:, 0]
    expected = pair_trends(X, Y)
    assert_allclose(pair_trends(X + 2.0**40, Y + 2.0**40), expected, rtol=1e-8)
    assert_allclose(pair_trends(X * 2.0**900, Y * 2.0**900), expected, rtol=1e-12)
    assert_allclose(pair_trends(X * 2.0**-900, Y * 2.0**-900), expected, rtol=1e-12)


def test_of_each_pair_and_their_mean():
    trends = pair_trends(REAL, SYNTHETIC, average=None)
    assert_array_equal(trends, trends.T)
    assert_array_equal(np.diag(trends), 1)
    above = trends[np.triu_indices(len(trends), 1)]
    assert_allclose(pair_trends(REAL, SYNTHETIC), above.mean(), rtol=1e-12)


def test_a_single_column_has_no_pairs():
    with pytest.raises(ValueError, match="no pairs of columns"):
        pair_trends(REAL[["height"]], REAL[["height"]])
