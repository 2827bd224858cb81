"""The exact Wasserstein distance between two clouds of points."""

import math
import warnings
from fractions import Fraction
from numbers import Integral

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.utils._param_validation import (
    InvalidParameterError,
    Options,
    validate_params,
)
from sklearn.utils.validation import _check_sample_weight

from skgantk._numerics.distances import in_units
from skgantk._numerics.memory import check_memory
from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._checks import check_clouds

MATRICES = 8  # n × m arrays in float64 that the solver holds, an upper estimate
NO_LIMIT = 10**9  # on the pivots; the solver stops at the optimum
RTOL = 1e-9  # of the cost, proven for every result
EXACT_PAIRS = 250_000  # up to which whole numbers decide where float64 cannot
STEP = 256  # from cap to cap of the costs


@validate_params({"order": [Options(Integral, {1, 2})]}, prefer_skip_nested_validation=True)
@numpy_defaults
def wasserstein_distance(X, Y, *, order=1, sample_weight_X=None, sample_weight_Y=None):
    """Wasserstein distance between two clouds of points, exact.

    It solves the optimal transport problem ([1]_ Eq. 2.11)::

        W_p(a, b)^p = min over P of  sum_ij P_ij |x_i - y_j|^p,
                      P >= 0,  rows of P sum to a,  columns to b

    with POT's network simplex [2]_, in float64, and proves the result by the dual problem.
    Its time grows about like n³; beyond some ten thousand points use `energy_distance` or
    `mmd`, which need no n × m matrix.

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

    Warns
    -----
    RuntimeWarning
        If costs or weights are so unlike that the result is proven to a stated error only,
        greater than 1e-9 of the cost. Up to 250 000 pairs whole numbers of any size decide
        instead.

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
    if isinstance(order, bool):  # which is an Integral, and equal to 1
        raise InvalidParameterError(f"order must be 1 or 2; got {order}.")
    X, Y = check_clouds(X=X, Y=Y)
    a = _check_weights(sample_weight_X, X, "sample_weight_X")
    b = _check_weights(sample_weight_Y, Y, "sample_weight_Y")
    check_memory(
        8 * MATRICES * len(X) * len(Y),
        f"The optimal transport of {len(X)} to {len(Y)} points",
        "Take fewer points, or energy_distance or mmd, which need no such matrix.",
    )
    (X, Y), unit = in_units(X[a > 0], Y[b > 0])
    cost = cdist(X, Y, "euclidean" if order == 1 else "sqeuclidean")
    return float(unit * _least_cost(a[a > 0], b[b > 0], cost) ** (1 / order))


def _check_weights(sample_weight, X, name):
    weight = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    if not weight.any():
        raise ValueError(f"{name} must have a positive entry; all are zero.")
    return weight


def _least_cost(weight_X, weight_Y, cost):
    """The least cost of transport between two clouds of total mass 1."""
    most = cost.max()
    if most == 0:
        return 0.0
    masses = _masses(weight_X, weight_Y)
    least, error = _solve(*masses, cost, most)
    # The solver's potentials, and so their rounding, are as large as its greatest cost,
    # which is that of a few points far from all others. A plan that is optimal for costs
    # lowered to a cap, and uses none of these, is optimal; the dual problem tells.
    cap = max(cost.min(axis=0).max(), cost.min(axis=1).max()) or cost[cost > 0].min()
    while error > RTOL * least and cap < most:
        least, error = min([(least, error), _solve(*masses, cost, cap)], key=lambda r: r[1])
        cap *= STEP
    if error > RTOL * least and cost.size <= EXACT_PAIRS:
        return _exact(*masses, cost)
    if error > RTOL * least:
        share = error / least if least else math.inf
        warnings.warn(
            f"The cost of transport is proven up to {share:.0e} of itself only: "
            "distances or weights are too unlike for float64. Take away points that are "
            f"far from all others or have next to no weight, or at most {EXACT_PAIRS} "
            "pairs, which are computed in whole numbers.",
            RuntimeWarning,
            stacklevel=5,
        )
    return least


def _solve(a, b, total, cost, cap):
    """The cost of a plan, and by how much it may exceed the least.

    For any u and v with u_i + v_j <= C_ij the least cost is at least a·u + b·v (duality),
    hence at least that of a plan P minus Σ P_ij (C_ij - u_i - v_j).
    """
    import ot  # here, because it imports torch and tensorflow wherever they are installed

    whole = total <= 2**53  # then sums of masses have no rounding
    p, q = (np.array([float(m) if whole else m / total for m in w]) for w in (a, b))
    lowered = np.minimum(cost, cap) / cap
    plan, log = ot.emd(p, q, lowered, numItermax=NO_LIMIT, log=True)
    u = cap * (log["u"] - np.median(log["u"]))
    v = (cost - u[:, None]).min(axis=0)
    u = (cost - v).min(axis=1)
    i, j = plan.nonzero()
    mass, price = plan[i, j], cost[i, j]
    paid = math.fsum(mass * price)
    excess = math.fsum(mass * (price - u[i] - v[j]))
    # What u and v violate their condition by, in rounding.
    excess += 4 * np.finfo(float).eps * (np.abs(u).max() + np.abs(v).max()) * p.sum()
    # Masses below the solver's absolute tolerance, some 1e-15, may stay where they are.
    left = _left(p, plan.sum(axis=1)) @ cost.max(axis=1)
    left += _left(q, plan.sum(axis=0)) @ cost.max(axis=0)
    return paid / p.sum(), (min(excess, paid) + left) / p.sum()


def _left(masses, moved):
    """What has not been moved of each mass, where it is more than rounding."""
    left = np.abs(masses - moved)
    return np.where(left > 1e-12 * masses, left, 0)


def _exact(a, b, total, cost):
    """The least cost in whole numbers, by another network simplex."""
    import networkx as nx  # here: it is seldom needed

    prices, unit = _whole(cost.ravel())
    graph = nx.DiGraph()
    graph.add_nodes_from((("x", i), {"demand": -mass}) for i, mass in enumerate(a))
    graph.add_nodes_from((("y", j), {"demand": mass}) for j, mass in enumerate(b))
    pairs = np.ndindex(cost.shape)
    graph.add_edges_from(
        (("x", i), ("y", j), {"weight": price}) for (i, j), price in zip(pairs, prices)
    )
    paid, _ = nx.network_simplex(graph)
    return float(Fraction(paid, unit * total))


def _masses(weight_X, weight_Y):
    """Weights as whole numbers of one sum, without rounding; and that sum."""
    a, b = _whole(weight_X)[0], _whole(weight_Y)[0]
    sum_a, sum_b = sum(a), sum(b)
    common = math.gcd(*(m * sum_b for m in a), *(m * sum_a for m in b))
    return (
        [m * sum_b // common for m in a],
        [m * sum_a // common for m in b],
        sum_a * sum_b // common,
    )


def _whole(values):
    """Floats as whole numbers, without rounding; and how many of these make 1."""
    ratios = [value.as_integer_ratio() for value in values.tolist()]
    unit = max(denominator for _, denominator in ratios)
    return [p * (unit // q) for p, q in ratios], unit
