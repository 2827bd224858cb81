"""How like the dependences between pairs of columns are."""

from itertools import combinations

import numpy as np
from sklearn.utils._param_validation import StrOptions, validate_params

from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._tables import CATEGORICAL, read

BINS = 10  # of numbers beside labels, as in SDMetrics


@validate_params(
    {"average": [StrOptions({"macro"}), None], "categorical_features": CATEGORICAL},
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def pair_trends(real, synthetic, *, average="macro", categorical_features="from_dtype"):
    """Likeness of the dependences between pairs of columns of two tables: 1 is the same.

    For two columns of numbers or times it is ``1 - |r - s| / 2`` with their Pearson
    correlations r and s; for two of labels 1 - T with the total variation T of the shares
    of pairs of levels. Numbers beside labels are taken in ten bins of equal width, those of
    the real column. So the "column pair trends" of [1]_ are defined; here a correlation
    with a constant is 0.

    Parameters
    ----------
    real : DataFrame or array-like of shape (n_rows, n_columns)
        Real rows.
    synthetic : DataFrame or array-like of shape (n_synthetic_rows, n_columns)
        Rows to judge, of the same columns. Frames may be of different libraries.
    average : {"macro"} or None, default="macro"
        "macro" is the mean over pairs of different columns; None gives the value of each.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns of labels whatever their dtype, as in
        `skgantk.preprocessing.TableEncoder`. Booleans are labels.

    Returns
    -------
    score : float, or ndarray of shape (n_columns, n_columns) if ``average`` is None
        From 0 to 1; symmetric, with 1 on the diagonal.

    Raises
    ------
    ValueError
        If there are fewer than two columns, the tables have not the same, or one has no
        rows; if a column has infinite numbers, numbers in one table only, or labels of
        which nearly all are distinct.
    InvalidParameterError
        If a parameter is none of those.

    See Also
    --------
    column_shapes : Single columns.
    two_sample_auc : Dependences of any number of columns.

    Notes
    -----
    Correlations are of the rows in which neither value is missing; beside labels, and among
    them, a missing value is one more level.

    The total variation of many pairs of levels is far from 0 for two samples of one law
    too: compare with the score of held-out rows.

    References
    ----------
    .. [1] SDMetrics' documentation, "Quality report", "CorrelationSimilarity",
       "ContingencySimilarity", https://docs.sdv.dev/sdmetrics.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgantk.metrics import pair_trends
    >>> real = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 4, 6, 8], "c": list("xxyy")})
    >>> synthetic = real.assign(b=[8, 6, 4, 2])
    >>> pair_trends(real, synthetic, average=None)
    array([[1., 0., 1.],
           [0., 1., 0.],
           [1., 0., 1.]])
    """
    tables = read({"real": real, "synthetic": synthetic}, categorical_features)
    if len(tables[0].columns) < 2:
        raise ValueError("There are no pairs of columns: the tables have one.")
    trends = trend_of_each(*tables)
    return trends if average is None else mean_over_pairs(trends)


def mean_over_pairs(trends):
    """The mean of a symmetric matrix over pairs; NaN where there is none."""
    pairs = np.triu_indices(len(trends), 1)
    return float(trends[pairs].mean()) if len(pairs[0]) else np.nan


def trend_of_each(real, rows):
    """The likeness of each pair, (n_columns, n_columns), of such tables."""
    columns = list(zip(real.columns, rows.columns))
    codes = [_codes(*pair) for pair in columns]
    trends = np.eye(len(columns))
    for i, j in combinations(range(len(columns)), 2):
        if columns[i][0].numeric and columns[j][0].numeric:
            r, s = (
                _correlation(a.values, b.values) for a, b in zip(columns[i], columns[j])
            )
            trends[i, j] = 1 - abs(r - s) / 2
        else:
            trends[i, j] = 1 - _total_variation(codes[i], codes[j])
        trends[j, i] = trends[i, j]
    return trends


def _codes(real, column):
    """Codes of both, those of numbers by bins of the real ones."""
    if not real.numeric:
        return real.values, column.values
    known = real.values[~real.missing]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    inner = np.linspace(low, high, BINS + 1)[1:-1]
    if low == high:  # less, equal and more
        inner = np.array([low, np.nextafter(low, np.inf)])
    return [np.where(c.missing, BINS, np.digitize(c.values, inner)) for c in (real, column)]


def _correlation(x, y):
    """Pearson's, of the rows without missing values; 0 of a constant."""
    known = ~(np.isnan(x) | np.isnan(y))
    x, y = _standardised(x[known]), _standardised(y[known])
    return float(np.clip(x @ y, -1, 1))


def _standardised(x):
    """Deviations from the mean, of length 1; 0 of a constant."""
    if not len(x) or np.ptp(x) == 0:
        return np.zeros(len(x))
    deviation = x / 2 - np.mean(x / 2)  # halved: no overflow
    deviation /= np.abs(deviation).max()
    return deviation / np.linalg.norm(deviation)


def _total_variation(a, b):
    """Of the shares of pairs of codes, each of (real, others)."""
    width = 1 + max(part.max() for part in b)
    pairs = [x * width + y for x, y in zip(a, b)]
    _, cells = np.unique(np.concatenate(pairs), return_inverse=True)
    n = len(pairs[0])
    shares = [
        np.bincount(part, minlength=cells.max() + 1) / len(part)
        for part in (cells[:n], cells[n:])
    ]
    return np.abs(shares[0] - shares[1]).sum() / 2
