"""The energy distance between two clouds of points."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn import get_config
from sklearn.utils import gen_batches

from skgantk._numerics.distances import in_units
from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._checks import check_clouds
from skgantk.metrics._measure import signed_weights


@numpy_defaults
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
    The sums run in blocks sized by scikit-learn's ``working_memory``. Points that both
    clouds have in the same share drop out; rounding is some 1e-16 times the greatest
    distance of the others.

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
    (X, Y), unit = in_units(X, Y)
    # It is -Σ_ij w_i w_j |z_i - z_j|, w the weights of the measure of X minus that of Y.
    weights = signed_weights(X, Y)
    own = weights != 0
    return unit * max(-_double_sum(np.concatenate([X, Y])[own], weights[own]), 0.0)


def _double_sum(Z, w):
    """Σ_ij w_i w_j |z_i - z_j|, each block of pairs and its mirror image at once."""
    total = 0.0
    if not len(Z):
        return total
    rows = max(1, int(get_config()["working_memory"] * 2**20 / (8 * len(Z))))
    for block in gen_batches(len(Z), rows):
        sums = w[block] @ cdist(Z[block], Z[block.start :])
        within = sums[: len(Z[block])] @ w[block]
        total += 2 * float(sums @ w[block.start :]) - float(within)
    return total
