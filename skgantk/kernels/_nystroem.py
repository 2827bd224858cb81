"""A kernel whose sums take linear time, as a scikit-learn kernel around another."""

from numbers import Integral

import jax
import numpy as np
from scipy.linalg import cho_factor, cho_solve
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgantk._numerics.precision import float64_scope, numpy_defaults
from skgantk.kernels._base import CoreKernel
from skgantk.kernels._convert import as_definite_core
from skgantk.kernels._low_rank import SHIFT, TINY, LowRank, choose

CANDIDATES = 20  # rows that landmarks are chosen among, for each of them


class NystroemKernel(CoreKernel):
    r"""Approximation of a kernel with which clouds of a million points can be handled.

    With P landmarks Z, the kernel k is replaced by

    .. math::

        \tilde k(x, y) = k(x, Z)\, K_{ZZ}^{-1}\, k(Z, y),

    the inner product of the projections on the span of the :math:`k(\cdot, z_p)` [1]_. A
    sum over m points at n points takes (n + m)P evaluations of k instead of nm, and so do
    the discriminators and flows that are made of such sums. It is a kernel of its own
    right, of rank P, so all that is exact stays exact for it.

    Parameters
    ----------
    kernel : Kernel
        k, of this package or of scikit-learn; see `as_core`.
    landmarks : array-like of shape (n_landmarks, n_features)
        Z, in the units of the points that the kernel is given: of standardised ones in
        `GANTKSynthesizer`. `from_samples` chooses good ones, as in [2]_.

    Raises
    ------
    TypeError
        At the first use, if the kernel has no known formula.
    ValueError
        At the first use, if the landmarks are not a finite 2-D array as wide as X, or the
        kernel is only conditionally positive definite.

    See Also
    --------
    sklearn.kernel_approximation.Nystroem : The features of the same approximation.

    Notes
    -----
    :math:`k - \tilde k` is a positive semi-definite kernel itself, so that nothing of it is
    greater than its diagonal: `residual` tells where landmarks are missing, and
    `error_bound` bounds the error of a sum. :math:`K_{ZZ}` is shifted by 2e-12 of its
    largest entry, 6e-6 for float32 points, and is factorised in float64.

    Smooth kernels are nearly of low rank. Kernels with a cusp (ReLU networks) are not: what
    is finer than the distance between landmarks is lost, so a flow ends that far from its
    data. There, ``batch_size`` of `ParticleFlowGenerator` is the other way to linear time,
    whose error is noise instead.

    A `GaussianProcessRegressor` needs noise with it, as with every kernel of finite rank:
    with more points than landmarks the Gram matrix is singular, and what of ``y`` is out of
    its span only noise explains. The default ``alpha=1e-10`` says that there is next to
    none. Where that is below the rounding of the Gram matrix, the likelihood that
    scikit-learn computes is -inf, and its optimiser may stay where it began, without a
    word. Add a ``WhiteKernel``, which is fitted along, or give ``alpha`` its true size.

    References
    ----------
    .. [1] Williams, Seeger, "Using the Nyström method to speed up kernel machines",
       NIPS 2000.
    .. [2] Chen, Epperly, Tropp, Webber, "Randomly pivoted Cholesky", 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.kernels import NTK, NystroemKernel, kernel_sum
    >>> X, Y = np.random.default_rng(0).normal(size=(2, 5000, 3))
    >>> coef = np.full(5000, 1 / 5000)
    >>> kernel = NystroemKernel.from_samples(NTK(), X, n_landmarks=200, random_state=0)
    >>> error = kernel_sum(kernel, X, Y, coef) - kernel_sum(NTK(), X, Y, coef)
    >>> bool(np.all(abs(error) <= kernel.error_bound(X, Y, coef)))
    True

    A Gaussian process, with its noise:

    >>> from sklearn.gaussian_process import GaussianProcessRegressor
    >>> from sklearn.gaussian_process.kernels import WhiteKernel
    >>> X, y = X[:50], np.sin(X[:50, 0])
    >>> kernel = NystroemKernel.from_samples(NTK(), X, n_landmarks=20, random_state=0)
    >>> process = GaussianProcessRegressor(kernel + WhiteKernel(0.1)).fit(X, y)
    >>> process.score(X, y) > 0.9
    True
    """

    _parameter_constraints = {"kernel": [Kernel], "landmarks": ["array-like"]}

    def __init__(self, kernel, landmarks):
        self.kernel = kernel
        self.landmarks = landmarks

    @classmethod
    @validate_params(
        {
            "X": ["array-like"],
            "n_landmarks": [Interval(Integral, 1, None, closed="left")],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    @float64_scope
    def from_samples(cls, kernel, X, n_landmarks=500, random_state=None):
        """Choose landmarks among samples, by randomly pivoted Cholesky.

        Parameters
        ----------
        kernel : Kernel
            The kernel to approximate.
        X : array-like of shape (n_samples, n_features)
            Where the kernel will be used: for a flow, data, noise, and points between.
            Of more than 20 ``n_landmarks`` rows, as many are drawn.
        n_landmarks : int, default=500
            P; all of X if it has no more rows. Time and memory grow with it, and a term
            P³.
        random_state : int, RandomState instance or None, default=None
            Of the choice.

        Returns
        -------
        kernel : NystroemKernel
        """
        core = as_definite_core(kernel, cls.__name__)
        X = check_array(X, dtype=[np.float64, np.float32])
        rng = check_random_state(random_state)
        candidates = X[rng.permutation(len(X))[: CANDIDATES * n_landmarks]]
        if len(candidates) <= n_landmarks:
            return cls(kernel, candidates)
        key = jax.random.key(rng.randint(np.iinfo(np.int32).max))
        rows = choose(core, candidates.astype(np.float64), n_landmarks, key)
        return cls(kernel, candidates[np.asarray(rows)])

    def residual(self, X):
        """Return what is missing of the diagonal, k(x, x) - k̃(x, x) ≥ 0.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        residual : ndarray of shape (n_samples,)
        """
        return np.maximum(self.kernel.diag(np.asarray(X)) - self.diag(X), 0)

    @numpy_defaults
    def error_bound(self, X, Y, coef):
        r"""Bound the error of `kernel_sum` at every point of X.

        By the Cauchy-Schwarz inequality for the kernel r = k - k̃ it is at most
        :math:`\sqrt{r(x, x)} \sum_j |c_j| \sqrt{r(y_j, y_j)}`. It knows nothing of terms
        that cancel, and is many times the error where they do; an estimate of that is the
        difference to ``kernel_sum(kernel.kernel, ...)`` at a few points.

        Parameters
        ----------
        X : array-like of shape (n_samples_X, n_features)
            Where the sum is evaluated.
        Y : array-like of shape (n_samples_Y, n_features)
            Centres.
        coef : array-like of shape (n_samples_Y,)
            Coefficients.

        Returns
        -------
        bound : ndarray of shape (n_samples_X,)
        """
        total = np.abs(coef) @ np.sqrt(self.residual(Y))
        return np.sqrt(self.residual(X)) * total

    def _core(self):
        landmarks = check_array(self.landmarks, input_name="landmarks", dtype=np.float64)
        core = as_definite_core(self.kernel, type(self).__name__)
        return LowRank(core, landmarks)

    def __call__(self, X, Y=None, eval_gradient=False):
        """Return the kernel k̃(X, Y) and optionally its gradient.

        See `CoreKernel` for parameters, returns and errors.
        """
        K = super().__call__(X, Y)
        if not eval_gradient:
            return K
        if Y is not None:
            raise ValueError("Gradient can only be evaluated when Y is None.")
        return K, self._gradient(np.asarray(X, dtype=np.float64))

    @numpy_defaults
    def _gradient(self, X):
        """∂K̃ = ∂K_XZ W + Wᵀ ∂K_ZX - Wᵀ ∂K_ZZ W, W = K_ZZ⁻¹ K_ZX."""
        Z = np.asarray(self.landmarks, dtype=np.float64)
        n = len(X)
        K, derivatives = self.kernel(np.concatenate([X, Z]), eval_gradient=True)
        K_ZZ = K[n:, n:]
        shift = max(np.finfo(float).eps ** SHIFT * K_ZZ.diagonal().max(), TINY)
        W = cho_solve(cho_factor(K_ZZ + shift * np.eye(len(Z))), K[n:, :n])
        gradient = np.empty((n, n, derivatives.shape[2]))
        for i in range(derivatives.shape[2]):
            across = derivatives[:n, n:, i] @ W
            gradient[..., i] = across + across.T - W.T @ derivatives[n:, n:, i] @ W
        return gradient

    # What follows hands the hyperparameters of k on, as scikit-learn's compositions do.

    def get_params(self, deep=True):
        """Return the parameters, and with ``deep`` those of the kernel.

        Parameters
        ----------
        deep : bool, default=True

        Returns
        -------
        params : dict
        """
        params = {"kernel": self.kernel, "landmarks": self.landmarks}
        if deep:
            nested = self.kernel.get_params().items()
            params |= {f"kernel__{name}": value for name, value in nested}
        return params

    @property
    def hyperparameters(self):
        """Hyperparameters of the kernel, their names with ``kernel__`` before."""
        return [
            Hyperparameter(f"kernel__{h.name}", h.value_type, h.bounds, h.n_elements)
            for h in self.kernel.hyperparameters
        ]

    @property
    def theta(self):
        """Logarithms of the free hyperparameters of the kernel."""
        return self.kernel.theta

    @theta.setter
    def theta(self, theta):
        self.kernel.theta = theta

    @property
    def bounds(self):
        """Bounds of ``theta``."""
        return self.kernel.bounds

    def __eq__(self, other):
        if type(self) is not type(other):
            return False
        same = np.array_equal(self.landmarks, other.landmarks)
        return bool(same and self.kernel == other.kernel)

    def __repr__(self):
        return f"NystroemKernel({self.kernel!r}, {len(self.landmarks)} landmarks)"
