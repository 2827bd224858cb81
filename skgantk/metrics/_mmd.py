"""The maximum mean discrepancy between two clouds of points, and a test with it."""

from numbers import Integral
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgantk._numerics import operators
from skgantk._numerics.memory import check_memory
from skgantk._numerics.precision import float64_scope, unseen
from skgantk.kernels import NTK, as_core
from skgantk.metrics._checks import check_clouds

ROUNDING = 1e-12  # of a sum of kernel values, relative to the largest of them


@validate_params({"biased": ["boolean"]}, prefer_skip_nested_validation=True)
def mmd(X, Y, *, kernel=None, biased=True):
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
        If an input is not finite, the widths differ, the kernel overflows, or
        ``biased=False`` with a cloud of one point.
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
    within = _mean(core, X, X, biased) + _mean(core, Y, Y, biased)
    value = within - 2 * _mean(core, X, Y, biased=True)
    _check_finite(value)
    return max(value, 0.0) if biased else value


@float64_scope
def _mean(core, X, Y, biased):
    """Mean of k(x_i, y_j), over i ≠ j if not biased."""
    X, Y = unseen(X), unseen(Y)
    total = float(operators.product(core, X, Y, np.ones(len(Y))).sum())
    if biased:
        return total / (len(X) * len(Y))
    return (total - float(_own_values(core, X).sum())) / (len(X) * (len(X) - 1))


@jax.jit
def _own_values(core, X):
    """Return k(x_i, x_i) as `operators.product` sums it: `diag` has a WhiteKernel's."""
    one = jnp.ones(1)
    return jax.vmap(lambda x: operators.product(core, x[None], x[None], one)[0])(X)


def _check_finite(values):
    if not np.isfinite(values).all():
        raise ValueError("The kernel overflows on points this large. Scale the data.")


class MMDTestResult(NamedTuple):
    """What `mmd_test` returns, named like the results of `scipy.stats`."""

    statistic: float
    pvalue: float
    null_distribution: np.ndarray


@validate_params(
    {
        "n_permutations": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def mmd_test(X, Y, *, kernel=None, n_permutations=500, random_state=None):
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
        If an input is not finite, the widths differ, or the kernel overflows.
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
        3 * 8 * (n + m) ** 2,
        f"The Gram matrix of {n + m} points",
        "Take fewer points; mmd needs no Gram matrix.",
    )
    K = _gram(core, np.vstack([X, Y]))
    W = _permuted_weights(n, m, n_permutations, check_random_state(random_state))
    _check_finite(K)
    values = np.einsum("ij,ij->j", W, K @ W)
    statistic, null = values[0], values[1:]
    # a permutation that changes nothing ties, whatever the order of summation
    reached = null >= statistic - ROUNDING * np.abs(K).max()
    pvalue = (1 + int(np.count_nonzero(reached))) / (1 + n_permutations)
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
