"""A classifier that tells synthetic rows from real ones."""

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, validate_params

from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._table_coordinates import coordinates
from skgantk.metrics._tables import CATEGORICAL, read

FOLDS = 5


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "categorical_features": CATEGORICAL,
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def two_sample_auc(
    real,
    synthetic,
    estimator=None,
    *,
    categorical_features="from_dtype",
    random_state=None,
):
    """Area under the ROC curve of a classifier that tells synthetic rows from real ones.

    ½ is best: nothing in rows tells where they are from; 1 is worst. It is the mean over
    five folds, on which the classifier was not trained. With the accuracy in the place of
    the area it is the classifier two-sample test of [1]_; SDMetrics calls it "detection",
    others a discriminator's or the propensity score.

    Parameters
    ----------
    real : DataFrame or array-like of shape (n_rows, n_columns)
        Real rows.
    synthetic : DataFrame or array-like of shape (n_synthetic_rows, n_columns)
        Rows to judge, of the same columns. Frames may be of different libraries.
    estimator : classifier, default=None
        With ``predict_proba`` or ``decision_function``. It gets coordinates in which each
        column of ``real`` has variance 1, as `table_wasserstein_distance`. None is a
        random forest of 100 trees.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns of labels whatever their dtype, as in
        `skgantk.preprocessing.TableEncoder`. Booleans are labels.
    random_state : int, RandomState instance or None, default=None
        Of the forest and the folds.

    Returns
    -------
    auc : float
        From 0 to 1. Of a few hundred rows it is off by some 0.03.

    Raises
    ------
    ValueError
        If there are fewer than two rows, or the tables have not the same columns; if a
        column has infinite numbers, numbers in one table only, or labels of which nearly
        all are distinct.
    InvalidParameterError
        If a parameter is none of those.

    See Also
    --------
    mmd_test : A test with a kernel in the place of a classifier.

    Notes
    -----
    Rows that are there more than once tell too: in one table, a row left out is like its
    copies, which makes the area greater; in both, like its copy of the other kind, which
    makes it less than ½.

    References
    ----------
    .. [1] Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.metrics import two_sample_auc
    >>> real, fresh = np.random.default_rng(0).normal(size=(2, 100, 3))
    >>> two_sample_auc(real, fresh, random_state=0) < 0.65
    True
    >>> two_sample_auc(real, fresh + 2.0, random_state=0) > 0.9
    True
    """
    tables = read({"real": real, "synthetic": synthetic}, categorical_features)
    if min(map(len, tables)) < 2:
        raise ValueError(
            f"A classifier needs two rows of each table; there are {len(tables[0])} real "
            f"and {len(tables[1])} synthetic ones."
        )
    return auc_between(*tables, estimator, random_state)


def auc_between(real, rows, estimator=None, random_state=None):
    """The area of such tables; NaN where one has a single row."""
    n = min(len(real), len(rows))
    if n < 2:
        return np.nan
    rng = check_random_state(random_state)
    seeds = rng.randint(np.iinfo(np.int32).max, size=2).tolist()
    if estimator is None:
        estimator = RandomForestClassifier(min_samples_leaf=2, random_state=seeds[0])
    folds = StratifiedKFold(min(FOLDS, n), shuffle=True, random_state=seeds[1])
    X = np.concatenate(coordinates(real, rows))
    y = np.repeat([1, 0], [len(real), len(rows)])
    areas = cross_val_score(
        clone(estimator), X, y, cv=folds, scoring="roc_auc", error_score="raise"
    )
    return float(areas.mean())
