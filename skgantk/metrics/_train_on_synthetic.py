"""What a model learns from synthetic rows, judged on real ones."""

import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, StrOptions, validate_params

from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._table_coordinates import coordinates
from skgantk.metrics._tables import CATEGORICAL, column_index, read
from skgantk.preprocessing import _columns


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "categorical_features": CATEGORICAL,
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def train_on_synthetic_score(
    real,
    synthetic,
    target,
    estimator=None,
    *,
    scoring=None,
    categorical_features="from_dtype",
    random_state=None,
):
    """Score on real rows of a model that was trained on synthetic rows (TSTR).

    It asks whether synthetic rows can stand in for real ones in the training of models
    [1]_. Compare with the score of a model that was trained on real rows (TRTR): the same
    function, with those in the place of synthetic ones. Rows by which the score is taken
    must be others than those that the generator has learnt from.

    Parameters
    ----------
    real : DataFrame or array-like of shape (n_rows, n_columns)
        Real rows, on which the model is judged.
    synthetic : DataFrame or array-like of shape (n_synthetic_rows, n_columns)
        Rows on which it is trained, of the same columns. Frames may be of different
        libraries.
    target : str or int
        The column to predict, by its name or index.
    estimator : classifier or regressor, default=None
        It gets coordinates in which each column of ``real`` has variance 1, as
        `table_wasserstein_distance`. None is a random forest of 100 trees: a classifier
        where the target is labels, or numbers of few levels as in
        `skgantk.preprocessing.TableEncoder`, and a regressor otherwise.
    scoring : str or callable, default=None
        As in scikit-learn; None is "f1_macro", the mean of F1 over the classes, or "r2".
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns of labels whatever their dtype, as in
        `skgantk.preprocessing.TableEncoder`. Booleans are labels.
    random_state : int, RandomState instance or None, default=None
        Of the forest.

    Returns
    -------
    score : float
        Greater is better.

    Raises
    ------
    ValueError
        If the target is no column, or the only one; if it is missing in all rows of a
        table; if the tables have not the same columns, or one has no rows; if a column has
        infinite numbers, numbers in one table only, or labels of which nearly all are
        distinct.
    InvalidParameterError
        If a parameter is none of those.

    See Also
    --------
    train_on_synthetic_scorer : For searches.

    Notes
    -----
    Rows of which the target is missing are left out.

    References
    ----------
    .. [1] Esteban, Hyland and Rätsch, "Real-valued (medical) time series generation with
       recurrent conditional GANs", 2017.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgantk.metrics import train_on_synthetic_score
    >>> x = np.random.default_rng(0).normal(size=200)
    >>> rows = pd.DataFrame({"x": x, "sign": np.where(x > 0, "+", "-")})
    >>> real, synthetic = rows[:100], rows[100:]
    >>> train_on_synthetic_score(real, synthetic, "sign", random_state=0) > 0.9
    True
    >>> wrong = synthetic.assign(x=-synthetic["x"])
    >>> train_on_synthetic_score(real, wrong, "sign", random_state=0) < 0.1
    True
    """
    tables = read({"real": real, "synthetic": synthetic}, categorical_features)
    i = column_index(target, tables[0])
    check_features(tables[0])
    for title, table in zip(("real", "synthetic"), tables):
        if table.columns[i].missing.all():
            raise ValueError(f"The target {target!r} is missing in all rows of {title}.")
    classes = _predicts_classes(estimator, tables[0].columns[i])
    return score_on_real(*tables, i, classes, estimator, scoring, random_state)


def check_features(table):
    """Raise where a target leaves no column to predict it from."""
    if len(table.columns) < 2:
        raise ValueError("There is no column besides the target to predict it from.")


def score_on_real(real, rows, i, classes, estimator=None, scoring=None, random_state=None):
    """The score of such tables, column i the target, classes or not; NaN if undefined."""
    tables = [table.take(~table.columns[i].missing) for table in (real, rows)]
    if not all(map(len, tables)):
        return np.nan
    targets = [table.columns[i] for table in tables]
    X, X_rows = coordinates(*(table.without(i) for table in tables))
    y, y_rows = _as_classes(targets) if classes else [t.values for t in targets]
    scoring = scoring or ("f1_macro" if classes else "r2")
    if scoring == "r2" and len(y) < 2:
        return np.nan
    if estimator is None:
        forest = RandomForestClassifier if classes else RandomForestRegressor
        seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        estimator = forest(min_samples_leaf=2, random_state=seed)
    scorer = scoring if callable(scoring) else get_scorer(scoring)
    return float(scorer(clone(estimator).fit(X_rows, y_rows), X, y))


def has_classes(column):
    """Whether a target is labels, or numbers of few levels."""
    if not column.numeric:
        return True
    known = column.values[~column.missing]
    return not isinstance(_columns.kind_of(known, False), _columns.Number)


def _predicts_classes(estimator, column):
    if estimator is not None and is_classifier(estimator):
        return True
    if estimator is None or not is_regressor(estimator):
        return has_classes(column)
    if not column.numeric:
        raise ValueError(
            f"Column {column.name!r} is labels, which {type(estimator).__name__} does not "
            "predict. Give a classifier."
        )
    return False


def _as_classes(targets):
    """Classes of all tables as whole numbers."""
    values = np.concatenate([target.values for target in targets])
    codes = np.unique(values, return_inverse=True)[1]
    return np.split(codes, [len(targets[0].values)])
