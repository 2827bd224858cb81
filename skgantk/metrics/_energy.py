"""The energy distance between two clouds of points."""

import numpy as np
from sklearn.metrics import pairwise_distances_chunked

from skgantk.metrics._checks import check_clouds


def energy_distance(X, Y):
    """Energy distance between two clouds of points.

    It is the V-statistic ([1]_ Eq. 6.1)::

        2 mean_ij |x_i - y_j| - mean_ij |x_i - x_j| - mean_ij |y_i - y_j|

    which is zero only where the two clouds are the same measure. GeomLoss's "energy" is
    half of it; `scipy.stats.energy_distance`, in one dimension, its square root.

    Parameters
    ----------
    X : array-like of shape (n_samples_X, n_features)
        Points of the first cloud.
    Y : array-like of shape (n_samples_Y, n_features)
        Points of the second.

    Returns
    -------
    distance : float
        Not negative.

    Raises
    ------
    ValueError
        If an input is not finite, or the widths differ.

    See Also
    --------
    mmd : The same with a kernel k(x, y) in the place of -‖x - y‖.

    Notes
    -----
    The sums run in blocks sized by scikit-learn's ``working_memory``.

    References
    ----------
    .. [1] Székely and Rizzo, "Energy statistics: a class of statistics based on
       distances", 2013.

    Examples
    --------
    >>> from skgantk.metrics import energy_distance
    >>> energy_distance([[0.0], [1.0]], [[2.0], [5.0]])
    4.0
    """
    X, Y = check_clouds(X=X, Y=Y)
    distance = 2 * _mean_distance(X, Y) - _mean_distance(X, X) - _mean_distance(Y, Y)
    return float(max(distance, 0.0))


def _mean_distance(X, Y):
    """Mean of |x_i - y_j|; SciPy's "sqeuclidean" keeps the digits of near points."""
    sums = pairwise_distances_chunked(
        X,
        Y,
        metric="sqeuclidean",
        reduce_func=lambda block, start: np.sqrt(block, out=block).sum(axis=1),
    )
    return np.concatenate(list(sums)).sum() / (len(X) * len(Y))
