"""Algorithm 1 of [Z21]: how long GA-NTK's discriminator trains."""

from numbers import Real

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import brentq
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgantk._numerics import operators
from skgantk._numerics.memory import check_memory
from skgantk._numerics.precision import float64_scope
from skgantk._numerics.sizes import fill, rung
from skgantk.kernels import NTK
from skgantk.kernels._convert import as_definite_core


@validate_params(
    {
        "kernel": [Kernel, None],
        "epsilon": [Interval(Real, 0, 0.5, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
@float64_scope
def search_lambda(X, Z=None, *, kernel=None, epsilon=0.01, random_state=None):
    r"""Find the λ at which GA-NTK's discriminator just tells data from noise.

    On n data X and m points Z of pure noise, with labels y of 1 and 0, the discriminator
    D = (I - exp(-λK)) y leaves the residual

    .. math::

        r(\lambda) = \frac{1}{n + m} \| D - y \|^2
        = \frac{1}{n + m} \| e^{-\lambda K} y \|^2,

    which falls from n/(n + m) to 0 as λ grows. Algorithm 1 of [1]_ asks for the λ of
    r(λ) = ε. One eigendecomposition of K gives r for every λ, so that the root is found
    to rounding, where the paper steps λ up.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The data.
    Z : array-like of shape (n_noise, n_features), default=None
        Noise; if None, n Gaussian points with the mean and the standard deviation of each
        feature of X.
    kernel : Kernel, default=None
        A kernel of `skgantk.kernels`, or one of scikit-learn's that `as_core` knows;
        `NTK()` if None.
    epsilon : float, default=0.01
        The residual ε, less than n/(n + m). [1]_ uses 1e-3 to 1e-2; greater ones make a
        softer discriminator.
    random_state : int, RandomState instance or None, default=None
        Of the noise, if ``Z`` is None.

    Returns
    -------
    lam : float
        λ, such that r(λ) = ε.

    Raises
    ------
    ValueError
        If the input is not finite, the widths differ, or no λ has the residual ε: it is
        too large, or so small that rows of X and Z that are equal, or a smooth kernel,
        forbid it; or the kernel is only conditionally positive definite.
    InvalidParameterError
        If ``epsilon`` is not between 0 and 0.5, or ``kernel`` no kernel.
    MemoryError
        If the Gram matrix and its eigenvectors do not fit into memory.

    Notes
    -----
    The rates λ eigenvalue at which components of y vanish spread the more, the smoother
    the kernel: on the 25 Gaussians with n = m = 256, ε = 0.05 needs λ λ_max(K) = 9e3 with
    the ReLU network of [1]_, but 2e12 with "erf", and cannot be reached at all with
    ``RBF(1)``, because more than that of y lies along eigenvectors whose eigenvalues are
    below the rounding of K. `GANTKSynthesizer` stops at λ = 1e6/λ_max(K).

    References
    ----------
    .. [1] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022, Algorithm 1.

    Examples
    --------
    >>> from skgantk.datasets import make_grid_gaussians
    >>> from skgantk.model_selection import search_lambda
    >>> X, _ = make_grid_gaussians(100, random_state=0)
    >>> soft, sharp = (search_lambda(X, epsilon=e, random_state=0) for e in (0.2, 0.01))
    >>> soft < sharp
    True
    """
    X = check_array(X, dtype=np.float64)
    if Z is None:
        rng = check_random_state(random_state)
        Z = X.mean(axis=0) + X.std(axis=0) * rng.normal(size=X.shape)
    Z = check_array(Z, dtype=np.float64, input_name="Z")
    if Z.shape[1] != X.shape[1]:
        raise ValueError(f"X has {X.shape[1]} features, but Z has {Z.shape[1]}.")
    core = as_definite_core(NTK() if kernel is None else kernel, "search_lambda")
    return residual_root(core, X, Z, epsilon)


def residual_root(core, X, Z, epsilon, sharpest=None):
    """`search_lambda` for a core and arrays of one dtype; works in float64.

    With ``sharpest``, λ is at most ``sharpest``/λ_max(K), and never refused.
    """
    n, total = len(X), len(X) + len(Z)
    if epsilon >= n / total:
        raise ValueError(
            f"epsilon={epsilon} is not less than the residual of an untrained "
            f"discriminator, {n / total:.3g} = n_samples / (n_samples + n_noise)."
        )
    check_memory(
        32 * total**2,
        f"The {total} × {total} Gram matrix of Algorithm 1, with its eigenvectors,",
        "Use fewer samples, or the batch-wise form (batch_size).",
    )
    S = np.concatenate([fill(X), fill(Z)]).astype(np.float64)
    there = np.r_[:n, rung(n) : rung(n) + len(Z)]
    eigenvalues, U = eigh(operators.gram(core, S)[np.ix_(there, there)])
    power = U[:n].sum(axis=0) ** 2 / total  # (uᵀy)²/(n + m) of each eigenvector u
    largest = eigenvalues[-1]
    if largest <= 0:
        raise ValueError("The kernel is 0 between all points: no λ separates them.")

    # Those below n ε λ_max are rounding, of either sign: nothing is trained along them.
    eigenvalues = eigenvalues / largest
    eigenvalues[eigenvalues <= total * np.finfo(float).eps] = 0

    def excess(log_rate):  # of the residual; the rate is in units of 1/λ_max
        return power @ np.exp(-2 * np.exp(log_rate) * eigenvalues) - epsilon

    # At e^high all else is trained, and at e^low nothing is.
    low = np.log(np.finfo(float).eps)
    high = -low if sharpest is None else np.log(sharpest)
    if excess(high) > 0:
        if sharpest is not None:
            return float(sharpest / largest)
        reached = excess(high) + epsilon
        raise ValueError(
            f"No λ brings the residual down to epsilon={epsilon}: it stays at "
            f"{reached:.3g}, because data and noise have equal or nearly equal points, or "
            "because the kernel is too smooth to tell so many apart. Choose a greater "
            "epsilon, or a kernel like NTK, or one of shorter length scale."
        )
    if excess(low) <= 0:  # epsilon is that of no training, to rounding
        return float(np.exp(low) / largest)
    return float(np.exp(brentq(excess, low, high, xtol=1e-10)) / largest)
