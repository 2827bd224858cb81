"""The maximum mean discrepancy between two clouds of points, and a test with it."""

from numbers import Integral
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgantk._numerics import operators
from skgantk._numerics.devices import compiled
from skgantk._numerics.memory import check_memory
from skgantk._numerics.precision import float64_scope, numpy_defaults, unseen
from skgantk._numerics.sizes import fill
from skgantk.kernels import NTK, as_core
from skgantk.metrics._checks import check_clouds
from skgantk.metrics._measure import signed_weights

# Of Σ_ij w_i w_j k(z_i, z_j), relative to the greatest k, for Σ |w_i| = 2.
ROUNDING = 4 * np.finfo(float).eps


@validate_params({"biased": ["boolean"]}, prefer_skip_nested_validation=True)
@numpy_defaults
def mmd(X, Y, kernel=None, *, biased=True):
    """Squared maximum mean discrepancy between two clouds of points.

    It is the squared distance between the means of k(x, ·) and k(y, ·) in the kernel's
    Hilbert space ([1]_ Eq. 5)::

        mean_ij k(x_i, x_j) + mean_ij k(y_i, y_j) - 2 mean_ij k(x_i, y_j)

    With a neural tangent kernel it is what a discriminator of infinite width tells apart
    in unit training time ([2]_ Prop. 4, IPM).

    Parameters
    ----------
    X : array-like of shape (n_samples_X, n_features)
        Points of the first cloud.
    Y : array-like of shape (n_samples_Y, n_features)
        Points of the second.
    kernel : Kernel, default=None
        A kernel of this package, or one of scikit-learn's that `as_core` knows; None is
        ``NTK()``. A WhiteKernel adds nothing, as between any two samples.
    biased : bool, default=True
        Whether to take the means over all pairs, the discrepancy of the two clouds as they
        are (a V-statistic); or, of one cloud, over distinct points only, an unbiased
        estimate for the laws that they were drawn from (a U-statistic).

    Returns
    -------
    mmd2 : float
        MMD², not its root. The biased one is not negative.

    Raises
    ------
    ValueError
        If an input is not finite, the widths differ, the kernel overflows, differences
        of the points are lost in its rounding, or ``biased=False`` with a cloud of one
        point.
    TypeError
        If the kernel has no known formula.
    InvalidParameterError
        If ``biased`` is not a bool.

    See Also
    --------
    mmd_test : Whether the discrepancy is more than chance.
    energy_distance : The same with -‖x - y‖ for a kernel.

    Notes
    -----
    No Gram matrix is formed: the sums run in blocks sized by scikit-learn's
    ``working_memory``.

    References
    ----------
    .. [1] Gretton et al., "A kernel two-sample test", JMLR 2012.
    .. [2] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.metrics import mmd
    >>> X, Y = np.random.default_rng(0).normal(size=(2, 100, 2))
    >>> mmd(X, Y) < mmd(X, Y + 1.0)
    True
    """
    core = as_core(NTK() if kernel is None else kernel)
    X, Y = check_clouds(X=X, Y=Y, min_samples=1 if biased else 2)
    Z, weights = np.concatenate([X, Y]), signed_weights(X, Y)
    if not weights.any():  # one measure
        value = 0.0
    else:
        value = _double_sum(core, Z, weights)
        rounding = ROUNDING * _largest(core, Z)
        if abs(value) < 100 * rounding:
            _check_resolved(rounding, _scatter(core, Z), X, Y)
    if not biased:
        # n/(n-1) (A - d/n) = A - (d - A)/(n - 1), A the mean of all pairs, d of the own.
        value -= _scatter(core, X) / (len(X) - 1) + _scatter(core, Y) / (len(Y) - 1)
    return max(value, 0.0) if biased else value


@float64_scope
def _double_sum(core, Z, weights):
    """Σ_ij w_i w_j k(z_i, z_j)"""
    Z, weights = unseen(Z), unseen(weights)
    value = float(weights @ np.asarray(operators.product(core, Z, Z, weights)))
    _check_finite(value)
    return value


@float64_scope
def _own_values(core, Z):
    """k(z_i, z_i) as between any two samples: `operators.diag` has a WhiteKernel's."""
    return np.asarray(_pairs_of_one(core, fill(Z)))[: len(Z)]


def _largest(core, Z):
    """What no |k(z_i, z_j)| exceeds: the greatest k(z, z) of a definite kernel."""
    return _own_values(core, Z).max() if core.definite else _bound(core, Z)


@float64_scope
def _bound(core, Z):
    return float(operators.bound(core, unseen(Z)))


@compiled
def _pairs_of_one(core, Z):
    one = jnp.ones(1)
    return jax.vmap(lambda z: operators.product(core, z[None], z[None], one)[0])(Z)


def _scatter(core, Z):
    """Mean squared distance of the k(z, ·) of a cloud to their mean."""
    equal = np.full(len(Z), 1 / len(Z))
    return float(_own_values(core, Z).mean()) - _double_sum(core, Z, equal)


def _check_resolved(rounding, scatter, X, Y):
    """Raise where rounding hides what two samples of one law differ by."""
    if rounding > 0.1 * scatter * (1 / len(X) + 1 / len(Y)):
        raise ValueError(
            "Differences between these points are lost in the rounding of the kernel, "
            "because the points are far from 0 or much nearer to one another than the "
            "kernel's length scale. Centre and scale the data (StandardScaler)."
        )


def _check_finite(values):
    if not np.isfinite(values).all():
        raise ValueError("The kernel overflows on points this large. Scale the data.")


class MMDTestResult(NamedTuple):
    """What `mmd_test` returns, named like the results of `scipy.stats`."""

    statistic: float
    pvalue: float
    null_distribution: np.ndarray

    def __repr__(self):
        return (
            f"MMDTestResult(statistic={self.statistic:.6g}, pvalue={self.pvalue:.6g}, "
            f"null_distribution=<{len(self.null_distribution)} values>)"
        )


@validate_params(
    {
        "n_permutations": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def mmd_test(X, Y, kernel=None, *, n_permutations=500, random_state=None):
    """Test whether two clouds of points come from the same law, by permutations.

    The statistic is the squared maximum mean discrepancy, `mmd`; under the null hypothesis
    the labels of the points can be permuted at will ([1]_ Section 2.3). With the neural
    tangent kernel it is the test of [2]_, here with the kernel of infinite width.

    Parameters
    ----------
    X : array-like of shape (n_samples_X, n_features)
        Points of the first sample.
    Y : array-like of shape (n_samples_Y, n_features)
        Points of the second.
    kernel : Kernel, default=None
        A kernel of this package, or one of scikit-learn's that `as_core` knows; None is
        ``NTK()``.
    n_permutations : int, default=500
        Number of random permutations; the p-value is no finer than
        1 / (1 + n_permutations).
    random_state : int, RandomState instance or None, default=None
        Of the permutations.

    Returns
    -------
    result : MMDTestResult
        A named tuple: ``statistic``, the biased MMD²; ``pvalue``,
        (1 + #{permuted ≥ statistic}) / (1 + n_permutations), so that the test at any level
        is valid; ``null_distribution``, the permuted statistics, (n_permutations,).

    Raises
    ------
    ValueError
        If an input is not finite, the widths differ, the kernel overflows, or differences
        of the points are lost in its rounding.
    TypeError
        If the kernel has no known formula.
    InvalidParameterError
        If a parameter is out of its range.
    MemoryError
        If the Gram matrix of all points does not fit.

    See Also
    --------
    mmd : The statistic alone, without a Gram matrix.

    References
    ----------
    .. [1] Gretton et al., "A kernel two-sample test", JMLR 2012.
    .. [2] Cheng and Xie, "Neural tangent kernel maximum mean discrepancy", NeurIPS 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.metrics import mmd_test
    >>> X, Y = np.random.default_rng(0).normal(size=(2, 50, 2))
    >>> mmd_test(X, Y + 1.0, random_state=0).pvalue < 0.05
    True
    >>> mmd_test(X, Y, random_state=0).pvalue < 0.05
    False
    """
    core = as_core(NTK() if kernel is None else kernel)
    X, Y = check_clouds(X=X, Y=Y)
    n, m = len(X), len(Y)
    check_memory(
        8 * (n + m) * (3 * (n + m) + 4 * (n_permutations + 1)),
        f"A test with {n_permutations} permutations of {n + m} points",
        "Take fewer; mmd needs no Gram matrix.",
    )
    K = _gram(core, np.vstack([X, Y]))
    W = _permuted_weights(n, m, n_permutations, check_random_state(random_state))
    _check_finite(K)
    values = np.einsum("ij,ij->j", W, K @ W)
    statistic, null = values[0], values[1:]
    # A permutation that changes nothing ties, whatever the rounding of its sum.
    centred = np.abs(K - K.mean(axis=0) - K.mean(axis=1)[:, None] + K.mean()).max()
    rounding = ROUNDING * (np.abs(K).max() + (n + m) * centred)
    if np.ptp(np.concatenate([X, Y]), axis=0).any():
        _check_resolved(rounding, np.trace(K) / (n + m) - K.mean(), X, Y)
    pvalue = (1 + int(np.count_nonzero(null >= statistic - rounding))) / (
        1 + n_permutations
    )
    return MMDTestResult(float(max(statistic, 0.0)), pvalue, null)


@float64_scope
def _gram(core, Z):
    """The Gram matrix, on the diagonal too as between any two samples."""
    return np.asarray(operators.gram(core, unseen(Z), unseen(Z)))


def _permuted_weights(n, m, n_permutations, rng):
    """Columns w with MMD² = wᵀKw: the weights of the sample, and permutations of them."""
    weight = np.repeat([1 / n, -1 / m], [n, m])
    permuted = [rng.permutation(weight) for _ in range(n_permutations)]
    return np.column_stack([weight, *permuted])
