"""Kernel sums and their gradients, for any kernel with a known formula."""

import numpy as np
from sklearn.metrics.pairwise import check_pairwise_arrays
from sklearn.utils import check_array, check_consistent_length

from skgantk._numerics import operators
from skgantk._numerics.precision import finite, float64_scope, unseen
from skgantk.kernels._convert import as_core


def kernel_sum(kernel, X, Y, coef):
    """Evaluate Σ_j coef_j k(x_i, y_j) without forming the Gram matrix.

    Parameters
    ----------
    kernel : Kernel
        A kernel of this package, or one of scikit-learn's that `as_core` knows.
    X : array-like of shape (n_samples_X, n_features)
        Where to evaluate. float32 is computed in float32, all else in float64.
    Y : array-like of shape (n_samples_Y, n_features)
        Centres.
    coef : array-like of shape (n_samples_Y,)
        Coefficients.

    Returns
    -------
    values : ndarray of shape (n_samples_X,)

    Raises
    ------
    TypeError
        If the kernel has no known formula.
    ValueError
        If an input is not finite, or shapes do not fit.

    Warns
    -----
    RuntimeWarning
        If the result is not finite, because float32 or float64 overflow.

    See Also
    --------
    kernel_gradient : The gradient of this sum.

    Notes
    -----
    The sum runs in blocks sized by scikit-learn's ``working_memory``.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.kernels import NTK, kernel_sum
    >>> rng = np.random.default_rng(0)
    >>> X, Y, coef = rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), np.ones(4)
    >>> bool(np.allclose(kernel_sum(NTK(), X, Y, coef), NTK()(X, Y) @ coef))
    True
    """
    return _evaluate(operators.product, kernel, X, Y, coef)


def kernel_gradient(kernel, X, Y, coef):
    """Evaluate the gradient Σ_j coef_j ∇ₓ k(x_i, y_j) of a kernel sum.

    This is what moves the particles of a kernel gradient flow: the gradient of the
    witness function of a maximum mean discrepancy, or of a trained discriminator
    ([1]_ Eq. 12).

    Parameters
    ----------
    kernel : Kernel
        A kernel of this package, or one of scikit-learn's that `as_core` knows.
    X : array-like of shape (n_samples_X, n_features)
        Where to evaluate. float32 is computed in float32, all else in float64.
    Y : array-like of shape (n_samples_Y, n_features)
        Centres.
    coef : array-like of shape (n_samples_Y,)
        Coefficients.

    Returns
    -------
    gradient : ndarray of shape (n_samples_X, n_features)

    Raises
    ------
    TypeError
        If the kernel has no known formula.
    ValueError
        If an input is not finite, or shapes do not fit.

    Warns
    -----
    RuntimeWarning
        If the result is not finite, because float32 or float64 overflow.

    See Also
    --------
    kernel_sum : The sum itself.

    Notes
    -----
    Full relative accuracy also where x_i nearly coincides with y_j. Beyond 16 features
    the relative error grows like 1e-16 ‖x‖/‖x - y‖, and points closer than about
    1e-10 ‖x‖ (float64) or 1e-7 ‖x‖ (float32) count as coincident. Where points coincide
    and the kernel has a cusp there (NTK with "relu", Matern of ν = 0.5, ...), the mean
    of the one-sided slopes is returned, ½∇ₓ[k(x, x)]. At x = 0 a bias-free "relu" NTK
    has no gradient; the value returned is finite. No array of n_samples_X × n_samples_Y
    × n_features is formed.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.kernels import NTK, kernel_gradient
    >>> kernel_gradient(NTK(), [[3.0, 4.0]], [[3.0, 4.0]], np.ones(1)).round(3)
    array([[0.75, 1.  ]])
    """
    return _evaluate(operators.gradient, kernel, X, Y, coef)


@float64_scope
def _evaluate(operator, kernel, X, Y, coef):
    core = as_core(kernel)
    X = check_array(X, dtype=[np.float64, np.float32])
    X, Y = check_pairwise_arrays(X, Y, dtype=X.dtype, accept_sparse=False)
    coef = check_array(coef, ensure_2d=False, dtype=X.dtype, input_name="coef")
    check_consistent_length(Y, coef)
    if coef.ndim != 1:
        raise ValueError(
            f"coef must be a vector, one entry per row of Y; got {coef.shape}."
        )
    values = operator(core, unseen(X), unseen(Y), unseen(coef))
    return finite(values, "The kernel", stacklevel=5)
