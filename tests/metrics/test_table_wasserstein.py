"""The distance of tables is that of their points."""

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from skgantk.metrics import table_wasserstein_distance, wasserstein_distance

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(40, 3)), rng.normal(size=(30, 3)) + 1.0


def test_of_numbers_is_that_of_standardised_points():
    expected = wasserstein_distance(X / X.std(axis=0), Y / X.std(axis=0))
    assert_allclose(table_wasserstein_distance(X, Y), expected, rtol=1e-9)


def test_of_labels_is_by_their_shares():
    """Half of x's become y: of variance Σ p (1 - p) = 3/8, a way of √2."""
    real, synthetic = (pd.DataFrame({"a": list(v)}) for v in ("xxxy", "xyyy"))
    expected = 0.5 * np.sqrt(2 / (2 * 3 / 16))
    assert_allclose(table_wasserstein_distance(real, synthetic), expected, rtol=1e-9)
