"""How like the distributions of single columns are."""

import numpy as np
from sklearn.utils._param_validation import StrOptions, validate_params

from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._tables import CATEGORICAL, read


@validate_params(
    {"average": [StrOptions({"macro"}), None], "categorical_features": CATEGORICAL},
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def column_shapes(real, synthetic, *, average="macro", categorical_features="from_dtype"):
    """Likeness of the columns of two tables, each by itself: 1 is the same distribution.

    For numbers and times it is 1 - D with Kolmogorov's distance D, the greatest difference
    of the two distribution functions; for labels 1 - T with the total variation T, half the
    sum of the differences of their shares. It is the "column shapes" of [1]_, except that
    missing values count: a missing label is one more level, and of numbers the difference
    of the shares of missing ones stands in the place of D where it is greater.

    Parameters
    ----------
    real : DataFrame or array-like of shape (n_rows, n_columns)
        Real rows.
    synthetic : DataFrame or array-like of shape (n_synthetic_rows, n_columns)
        Rows to judge, of the same columns. Frames may be of different libraries.
    average : {"macro"} or None, default="macro"
        "macro" is the mean over columns; None gives the value of each.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns of labels whatever their dtype, as in
        `skgantk.preprocessing.TableEncoder`. Booleans are labels.

    Returns
    -------
    score : float, or ndarray of shape (n_columns,) if ``average`` is None
        From 0 to 1.

    Raises
    ------
    ValueError
        If the tables have not the same columns, or one has no rows; if a column has
        infinite numbers, numbers in one table only, or labels of which nearly all are
        distinct.
    InvalidParameterError
        If a parameter is none of those.

    See Also
    --------
    pair_trends : How columns depend on one another.
    table_report : All figures at once.

    Notes
    -----
    Columns drawn each by itself score as well as can be: it says nothing of dependence.

    References
    ----------
    .. [1] SDMetrics' documentation, "Quality report", "KSComplement", "TVComplement",
       https://docs.sdv.dev/sdmetrics.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgantk.metrics import column_shapes
    >>> real = pd.DataFrame({"age": [20, 30, 40, 50], "sex": ["f", "m", "f", "m"]})
    >>> synthetic = pd.DataFrame({"age": [20, 30, 30, 30], "sex": ["f", "f", "f", "m"]})
    >>> column_shapes(real, synthetic, average=None)
    array([0.5 , 0.75])
    """
    tables = read({"real": real, "synthetic": synthetic}, categorical_features)
    shapes = shape_of_each(*tables)
    return shapes if average is None else float(shapes.mean())


def shape_of_each(real, rows):
    """The likeness of each column (n_columns,) of such tables."""
    pairs = zip(real.columns, rows.columns)
    return np.array([1 - _distance(*pair) for pair in pairs])


def _distance(real, column):
    if not real.numeric:
        shares = [
            np.bincount(c.values, minlength=len(c.levels)) / len(c.values)
            for c in (real, column)
        ]
        return np.abs(shares[0] - shares[1]).sum() / 2
    holes = abs(real.missing.mean() - column.missing.mean())
    known = [np.sort(c.values[~c.missing]) for c in (real, column)]
    if not all(map(len, known)):
        return float(any(map(len, known)))
    return max(holes, _kolmogorov(*known))


def _kolmogorov(a, b):
    """Kolmogorov's distance of sorted numbers."""
    both = np.concatenate([a, b])
    cdfs = [np.searchsorted(part, both, side="right") / len(part) for part in (a, b)]
    return np.abs(cdfs[0] - cdfs[1]).max()
