"""The area under the curve of a classifier between tables."""

import numpy as np
import pytest
from _reference.people import people
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.metrics import two_sample_auc

rng = np.random.default_rng(0)
X, FRESH = rng.normal(size=(2, 200, 2))


@pytest.mark.parametrize("estimator", [LogisticRegression(), LinearSVC()])
def test_of_two_gaussians_is_known(estimator):
    """Φ(δ/√2) for means δ apart, whether there are probabilities or a decision function."""
    auc = two_sample_auc(X, FRESH + [1.0, 0.0], estimator, random_state=0)
    assert abs(auc - 0.76) < 0.05
    assert abs(two_sample_auc(X, FRESH, estimator, random_state=0) - 0.5) < 0.1


def test_a_forest_sees_what_single_columns_do_not_show():
    real, fresh = people(150, 0), people(150, 1)
    height = np.random.default_rng(0).permutation(fresh["height"])
    assert two_sample_auc(real, fresh, random_state=0) < 0.65
    assert two_sample_auc(real, fresh.assign(height=height), random_state=0) > 0.68


def test_random_state():
    one, two = (two_sample_auc(X[:30], FRESH[:30], random_state=s) for s in (0, 0))
    assert one == two
    assert one != two_sample_auc(X[:30], FRESH[:30], random_state=1)
    state = np.random.RandomState(0)
    assert one == two_sample_auc(X[:30], FRESH[:30], random_state=state)


def test_the_estimator_is_not_fitted():
    estimator = LogisticRegression()
    two_sample_auc(X, FRESH, estimator)
    assert not hasattr(estimator, "coef_")


def test_few_rows():
    assert 0 <= two_sample_auc(X[:2], FRESH[:3], LogisticRegression()) <= 1
    with pytest.raises(ValueError, match="there are 1 real and 200 synthetic ones"):
        two_sample_auc(X[:1], FRESH)


def test_bad_parameters():
    with pytest.raises(InvalidParameterError, match="estimator"):
        two_sample_auc(X, FRESH, "forest")
    with pytest.raises(InvalidParameterError, match="random_state"):
        two_sample_auc(X, FRESH, random_state="seed")
