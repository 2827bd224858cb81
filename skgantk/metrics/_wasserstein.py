"""The exact Wasserstein distance between two clouds of points."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.utils._param_validation import Options, validate_params
from sklearn.utils.validation import _check_sample_weight

from skgantk._numerics.memory import check_memory
from skgantk.metrics._checks import check_clouds

MATRICES = 8  # n × m arrays in float64 that the solver holds, an upper estimate
NO_LIMIT = 10**9  # on the pivots; the solver stops at the optimum


@validate_params({"order": [Options(int, {1, 2})]}, prefer_skip_nested_validation=True)
def wasserstein_distance(X, Y, *, order=1, sample_weight_X=None, sample_weight_Y=None):
    """Wasserstein distance between two clouds of points, exact.

    It solves the optimal transport problem ([1]_ Eq. 2.11)::

        W_p(a, b)^p = min over P of  sum_ij P_ij |x_i - y_j|^p,
                      P >= 0,  rows of P sum to a,  columns to b

    with POT's network simplex [2]_, in float64. Its time grows about like n³; beyond some
    ten thousand points use `energy_distance` or `mmd`, which need no n × m matrix.

    Parameters
    ----------
    X : array-like of shape (n_samples_X, n_features)
        Points of the first cloud.
    Y : array-like of shape (n_samples_Y, n_features)
        Points of the second.
    order : {1, 2}, default=1
        The exponent p.
    sample_weight_X : array-like of shape (n_samples_X,), default=None
        Weights of the first cloud, scaled to sum to 1. By default they are equal.
    sample_weight_Y : array-like of shape (n_samples_Y,), default=None
        Weights of the second.

    Returns
    -------
    distance : float
        W₁, or W₂: the square root of the least cost of ``|x - y|²``.

    Raises
    ------
    ValueError
        If an input is not finite, the widths differ, or weights are negative or all zero.
    InvalidParameterError
        If ``order`` is neither 1 nor 2.
    MemoryError
        If matrices of n_samples_X × n_samples_Y do not fit.

    See Also
    --------
    sinkhorn_divergence : An approximation of ½W₂², as GeomLoss computes it.

    References
    ----------
    .. [1] Peyré and Cuturi, "Computational optimal transport", 2019.
    .. [2] Flamary et al., "POT: Python optimal transport", JMLR 2021.

    Examples
    --------
    >>> from skgantk.metrics import wasserstein_distance
    >>> wasserstein_distance([[0.0], [1.0]], [[2.0], [5.0]])
    3.0
    >>> round(wasserstein_distance([[0.0], [1.0]], [[2.0], [5.0]], order=2) ** 2, 6)
    10.0
    """
    X, Y = check_clouds(X=X, Y=Y)
    a = _probabilities(sample_weight_X, X, "sample_weight_X")
    b = _probabilities(sample_weight_Y, Y, "sample_weight_Y")
    check_memory(
        8 * MATRICES * len(X) * len(Y),
        f"The optimal transport of {len(X)} to {len(Y)} points",
        "Take fewer points, or energy_distance or mmd, which need no such matrix.",
    )
    import ot  # here, because it imports torch and tensorflow wherever they are installed

    cost = cdist(X, Y, "euclidean" if order == 1 else "sqeuclidean")
    scale = cost.max() or 1.0  # the solver's tolerances are absolute
    least = scale * ot.emd2(a, b, cost / scale, numItermax=NO_LIMIT)
    return float(max(least, 0.0) ** (1 / order))


def _probabilities(sample_weight, X, name):
    weight = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    if not weight.any():
        raise ValueError(f"{name} must have a positive entry; all are zero.")
    weight = weight / weight.max()  # or the sum of large ones overflows
    return weight / weight.sum()
