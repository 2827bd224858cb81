"""The Wasserstein distance between the rows of two tables."""

from sklearn.utils._param_validation import validate_params

from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._table_coordinates import coordinates
from skgantk.metrics._tables import CATEGORICAL, read
from skgantk.metrics._wasserstein import wasserstein_distance


@validate_params({"categorical_features": CATEGORICAL}, prefer_skip_nested_validation=True)
@numpy_defaults
def table_wasserstein_distance(real, synthetic, *, categorical_features="from_dtype"):
    """Wasserstein-1 distance between the rows of two tables, whatever is in them.

    It is `wasserstein_distance` of coordinates in which each column of ``real`` has
    variance 1: numbers and times in units of their standard deviation, labels as vertices
    of a simplex, and a missing number one standard deviation beside the median. So units
    have no part in it.

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
    distance : float
        Not negative. The more rows, the less it is for samples of one law: compare with the
        distance of as many real rows.

    Raises
    ------
    ValueError
        If the tables have not the same columns, or one has no rows; if a column has
        infinite numbers, numbers in one table only, or labels of which nearly all are
        distinct.
    InvalidParameterError
        If ``categorical_features`` is none.
    MemoryError
        If matrices of n_rows × n_synthetic_rows do not fit.

    See Also
    --------
    wasserstein_distance : Of clouds of points, in their own units.

    Notes
    -----
    Of n rows each the memory is O(n²), and the time grows about like n³.

    Examples
    --------
    >>> import pandas as pd
    >>> from skgantk.metrics import table_wasserstein_distance
    >>> real = pd.DataFrame({"a": [0.0, 2.0, 0.0, 2.0], "b": ["x", "y", "x", "x"]})
    >>> synthetic = real.assign(a=real["a"] + 3)  # standard deviations
    >>> table_wasserstein_distance(real, synthetic)
    3.0
    """
    tables = read({"real": real, "synthetic": synthetic}, categorical_features)
    return transport_between(*tables)


def transport_between(real, rows):
    """The distance of such tables."""
    return wasserstein_distance(*coordinates(real, rows))
