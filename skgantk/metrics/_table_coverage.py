"""How many real rows synthetic ones come near to."""

from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from skgantk._numerics.distances import nearest
from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._table_coordinates import coordinates
from skgantk.metrics._tables import CATEGORICAL, read

TIE = 1e-8  # of a distance: what those of neighbours may be off by


@validate_params(
    {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "categorical_features": CATEGORICAL,
    },
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def table_coverage(real, synthetic, *, n_neighbors=5, categorical_features="from_dtype"):
    """Share of real rows that have a synthetic one near: 1 is the whole of the data.

    Near is what is no farther than the real row's fifth neighbour among real rows ([1]_
    Eq. 4), in the coordinates of `table_wasserstein_distance`. A generator that misses some
    kind of row leaves those of that kind uncovered.

    Parameters
    ----------
    real : DataFrame or array-like of shape (n_rows, n_columns)
        Real rows.
    synthetic : DataFrame or array-like of shape (n_synthetic_rows, n_columns)
        Rows to judge, of the same columns. Frames may be of different libraries.
    n_neighbors : int, default=5
        The neighbour, the row itself not counted.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns of labels whatever their dtype, as in
        `skgantk.preprocessing.TableEncoder`. Booleans are labels.

    Returns
    -------
    coverage : float
        From 0 to 1. It grows with the number of synthetic rows: as many as real ones of the
        same law cover 1 - 2^-n_neighbors, about 0.97.

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
    mode_coverage : Of a mixture whose modes are known.

    References
    ----------
    .. [1] Naeem, Oh, Uh, Choi and Yoo, "Reliable fidelity and diversity metrics for
       generative models", ICML 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.metrics import table_coverage
    >>> real = np.random.default_rng(0).normal(size=(200, 2))
    >>> table_coverage(real, real)
    1.0
    >>> table_coverage(real, real[real[:, 0] > 0]) < 0.7
    True
    """
    tables = read({"real": real, "synthetic": synthetic}, categorical_features)
    return coverage_by(*tables, n_neighbors)


def coverage_by(real, rows, n_neighbors=5):
    """The share of real rows that rows of such a table cover."""
    R, S = coordinates(real, rows)
    radius = nearest(R, R, min(n_neighbors + 1, len(R)))[0]
    return float(np.mean(nearest(R, S)[0] <= radius * (1 + TIE)))
