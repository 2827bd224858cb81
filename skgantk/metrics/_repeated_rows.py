"""Synthetic rows that are real rows exactly."""

import numpy as np
from sklearn.utils._param_validation import validate_params

from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._tables import CATEGORICAL, read


@validate_params({"categorical_features": CATEGORICAL}, prefer_skip_nested_validation=True)
@numpy_defaults
def repeated_rows(real, synthetic, *, categorical_features="from_dtype"):
    """Share of synthetic rows that are, in all columns, a real row.

    With the rows that a generator has learnt from as ``real``, it should be no more than
    the share of held-out rows that are: in a table of a few categories most fresh rows have
    been there before, in one of measurements none. SDMetrics' "new row synthesis" is
    1 minus it [1]_, but takes numbers for equal that are within one per cent.

    Parameters
    ----------
    real : DataFrame or array-like of shape (n_rows, n_columns)
        Real rows.
    synthetic : DataFrame or array-like of shape (n_synthetic_rows, n_columns)
        Rows to judge, of the same columns. Frames may be of different libraries.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns of labels whatever their dtype, as in
        `skgantk.preprocessing.TableEncoder`. Booleans are labels.

    Returns
    -------
    share : float
        From 0 to 1.

    Raises
    ------
    ValueError
        If the tables have not the same columns, or one has no rows; if a column has
        infinite numbers, numbers in one table only, or labels of which nearly all are
        distinct.
    InvalidParameterError
        If ``categorical_features`` is none.

    See Also
    --------
    closest_record_distance : Copies with noise.

    Notes
    -----
    Numbers are equal whatever their dtype, missing values are equal to one another.

    References
    ----------
    .. [1] SDMetrics' documentation, "NewRowSynthesis", https://docs.sdv.dev/sdmetrics.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgantk.metrics import repeated_rows
    >>> real = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "y"]})
    >>> synthetic = pd.DataFrame({"a": [2.0, 3.0], "b": [None, "x"]})
    >>> repeated_rows(real, synthetic)
    0.5
    """
    tables = read({"real": real, "synthetic": synthetic}, categorical_features)
    return share_repeated(*tables)


def share_repeated(real, rows):
    """The share of rows of such tables that are real ones."""
    known = set(_bytes(real))
    return float(np.mean([row in known for row in _bytes(rows)]))


def _bytes(table):
    """Rows as objects that are equal where they are; all NaN are one."""
    rows = np.column_stack([column.values for column in table.columns]).astype(float)
    rows[np.isnan(rows)] = np.nan
    return [row.tobytes() for row in rows]
