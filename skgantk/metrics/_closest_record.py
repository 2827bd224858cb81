"""How far synthetic rows are from the closest real ones."""

import numpy as np
from sklearn import get_config
from sklearn.utils import gen_batches
from sklearn.utils._param_validation import validate_params

from skgantk._numerics.distances import nearest
from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._table_coordinates import coordinate_map
from skgantk.metrics._tables import CATEGORICAL, read


@validate_params({"categorical_features": CATEGORICAL}, prefer_skip_nested_validation=True)
@numpy_defaults
def closest_record_distance(real, synthetic, *, categorical_features="from_dtype"):
    """Median distance of synthetic rows to the closest record (DCR): 0 is a copy.

    Distances are in the coordinates of `table_wasserstein_distance`, in which each column
    of ``real`` has variance 1. With the rows that a generator has learnt from as ``real``,
    synthetic rows should be as far from them as held-out rows are: nearer ones are copies
    with noise, farther ones off the data.

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
        Not negative.

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
    copying_score : The same of clouds of points, as a ratio to that of held-out points.
    repeated_rows : Exact copies.

    Notes
    -----
    SDMetrics' "DCR" metrics compare with such medians too, of distances that are sums over
    columns [1]_. Time grows with n_rows times n_synthetic_rows.

    References
    ----------
    .. [1] SDMetrics' documentation, "DCROverfittingProtection",
       https://docs.sdv.dev/sdmetrics.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.metrics import closest_record_distance
    >>> train, held_out = np.random.default_rng(0).normal(size=(2, 200, 2))
    >>> closest_record_distance(train, train)
    0.0
    >>> closest_record_distance(train, held_out) > 0
    True
    """
    tables = read({"real": real, "synthetic": synthetic}, categorical_features)
    return distance_to_records(*tables)


def distance_to_records(real, rows):
    """The median distance of rows of such tables to the nearest real one."""
    encode = coordinate_map(real, rows)
    S = encode(rows)
    # Encoded in blocks: labels have a coordinate for each level.
    size = max(1, int(get_config()["working_memory"] * 2**20 / (8 * S.shape[1])))
    distances = [
        nearest(S, encode(real.take(block)))[0] for block in gen_batches(len(real), size)
    ]
    return float(np.median(np.min(distances, axis=0)))
