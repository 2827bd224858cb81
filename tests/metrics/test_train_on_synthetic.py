"""Models that are trained on synthetic rows and judged on real ones."""

import numpy as np
import pandas as pd
import pytest
from _reference.people import people
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, r2_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.metrics import train_on_synthetic_score

rng = np.random.default_rng(0)
X, X_REAL = rng.normal(size=(2, 150, 2))
NAMES = ["u", "v"]


def table(X, y):
    return pd.DataFrame(X, columns=NAMES).assign(y=y)


def test_regression_is_that_of_scikit_learn():
    y, y_real = (A @ [1.0, -2.0] + rng.normal(size=150) for A in (X, X_REAL))
    expected = r2_score(y_real, LinearRegression().fit(X, y).predict(X_REAL))
    real, synthetic = table(X_REAL, y_real), table(X, y)
    score = train_on_synthetic_score(real, synthetic, "y", LinearRegression())
    assert_allclose(score, expected, rtol=1e-9)
    assert train_on_synthetic_score(real, synthetic, "y", random_state=0) > 0.5


@pytest.mark.parametrize(
    ("scoring", "metric"),
    [(None, lambda *y: f1_score(*y, average="macro")), ("accuracy", accuracy_score)],
)
def test_classification_is_that_of_scikit_learn(scoring, metric):
    y, y_real = (np.select([A[:, 0] > 0.5, A[:, 0] > 0], "ab", "c") for A in (X, X_REAL))
    y = np.where(rng.random(150) < 0.2, "c", y)
    scale = X_REAL.std(axis=0)
    model = LogisticRegression().fit((X - np.median(X_REAL, axis=0)) / scale, y)
    predicted = model.predict((X_REAL - np.median(X_REAL, axis=0)) / scale)
    score = train_on_synthetic_score(
        table(X_REAL, y_real), table(X, y), "y", LogisticRegression(), scoring=scoring
    )
    assert_allclose(score, metric(y_real, predicted), atol=0.01)


@pytest.mark.parametrize(
    ("target", "estimator"),
    [("size", None), ("children", None), ("member", None), ("weight", None), (-1, None)],
)
def test_every_kind_of_target(target, estimator):
    real, synthetic = people(60, 0), people(50, 1)
    score = train_on_synthetic_score(real, synthetic, target, random_state=0)
    assert np.isfinite(score)
    assert score == train_on_synthetic_score(real, synthetic, target, random_state=0)


def test_numbers_of_few_levels_are_classes_unless_a_regressor_is_given():
    y, y_real = (3 * (A[:, 0] > 0) for A in (X, X_REAL))
    real, synthetic = table(X_REAL, y_real), table(X, y)
    tree = DecisionTreeClassifier(random_state=0)
    assert train_on_synthetic_score(real, synthetic, "y", tree) > 0.9  # F1
    f1 = train_on_synthetic_score(real, synthetic, "y", random_state=0)
    r2 = train_on_synthetic_score(real, synthetic, "y", LinearRegression())
    assert r2 < 0.8 < f1


def test_rows_without_a_target_are_left_out():
    y, y_real = X[:, 0] > 0, X_REAL[:, 0] > 0
    labels = np.where(y, "yes", "no").astype(object)
    real = table(X_REAL, np.where(y_real, "yes", "no"))
    expected = train_on_synthetic_score(
        real, table(X[10:], labels[10:]), "y", DecisionTreeClassifier(random_state=0)
    )
    labels[:10] = None
    actual = train_on_synthetic_score(
        real, table(X, labels), "y", DecisionTreeClassifier(random_state=0)
    )
    assert actual == expected


def test_a_class_that_is_missed_costs():
    y, y_real = np.where(X[:, 0] > 0, "p", "n"), np.where(X_REAL[:, 0] > 0, "p", "n")
    one = table(X, y)[lambda t: t["y"] == "p"]
    score = train_on_synthetic_score(table(X_REAL, y_real), one, "y", random_state=0)
    assert score < 0.5


def test_bad_input():
    real = table(X, np.where(X[:, 0] > 0, "p", "n"))
    with pytest.raises(ValueError, match="target='z' is no column"):
        train_on_synthetic_score(real, real, "z")
    with pytest.raises(ValueError, match="no column besides the target"):
        train_on_synthetic_score(real[["y"]], real[["y"]], "y")
    with pytest.raises(ValueError, match="'y' is missing in all rows of synthetic"):
        train_on_synthetic_score(real, real.assign(y=None), "y")
    with pytest.raises(ValueError, match="LinearRegression does not predict"):
        train_on_synthetic_score(real, real, "y", LinearRegression())
    with pytest.raises(InvalidParameterError, match="scoring"):
        train_on_synthetic_score(real, real, "y", scoring="best")
    with pytest.raises(InvalidParameterError, match="estimator"):
        train_on_synthetic_score(real, real, "y", "forest")
