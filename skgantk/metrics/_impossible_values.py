"""Values that a table cannot have."""

import numpy as np
from sklearn.utils._param_validation import StrOptions, validate_params

from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._tables import CATEGORICAL, read
from skgantk.preprocessing import _columns


@validate_params(
    {"average": [StrOptions({"macro"}), None], "categorical_features": CATEGORICAL},
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def impossible_values(
    real, synthetic, *, average="macro", categorical_features="from_dtype"
):
    """Share of values that real columns have not, nor what lies between theirs.

    Impossible is a number or time below the least or above the greatest real one, or off
    their grid, such as a fraction among whole numbers; a level, of labels or of numbers of
    few levels, that no real row has; a missing value where none is. What is left is what
    `skgantk.preprocessing.TableEncoder` decodes to. SDMetrics' "boundary adherence" and
    "category adherence" are 1 minus it, without grids [1]_.

    Parameters
    ----------
    real : DataFrame or array-like of shape (n_rows, n_columns)
        Real rows.
    synthetic : DataFrame or array-like of shape (n_synthetic_rows, n_columns)
        Rows to judge, of the same columns. Frames may be of different libraries.
    average : {"macro"} or None, default="macro"
        "macro" is the share of all values; None gives that of each column.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns of labels whatever their dtype, as in
        `skgantk.preprocessing.TableEncoder`. Booleans are labels.

    Returns
    -------
    share : float, or ndarray of shape (n_columns,) if ``average`` is None
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
    column_shapes : Whether values that may occur do so as often.

    Notes
    -----
    Held-out rows have such values too, beyond the extremes of the others.

    References
    ----------
    .. [1] SDMetrics' documentation, "BoundaryAdherence", "CategoryAdherence",
       https://docs.sdv.dev/sdmetrics.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgantk.metrics import impossible_values
    >>> real = pd.DataFrame({"age": [20, 30, 43], "sex": ["f", "m", "f"]})
    >>> synthetic = pd.DataFrame({"age": [25.0, 30.5], "sex": ["f", "x"]})
    >>> impossible_values(real, synthetic, average=None)
    array([0.5, 0.5])
    """
    tables = read({"real": real, "synthetic": synthetic}, categorical_features)
    shares = impossible_in_each(*tables)
    return shares if average is None else float(shares.mean())


def impossible_in_each(real, rows):
    """The share of impossible values in each column (n_columns,) of such tables."""
    pairs = zip(real.columns, rows.columns)
    return np.array([np.mean(~_possible(*pair)) for pair in pairs])


def _possible(real, column):
    values = column.values
    if not real.numeric:
        return np.isin(values, real.values)
    known = real.values[~real.missing]
    possible = column.missing & real.missing.any()
    there = ~column.missing
    possible[there] = _may_occur(values[there], known)
    return possible


def _may_occur(numbers, known):
    """Whether numbers are what a column of known ones decodes to."""
    distinct = np.unique(known)
    if len(distinct) < 2:
        return np.isin(numbers, distinct)
    kind = _columns.kind_of(known, False)
    if isinstance(kind, _columns.Levels):
        return np.isin(numbers, kind.grid)
    return kind.numbers(numbers) == numbers
