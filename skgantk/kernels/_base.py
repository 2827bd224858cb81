"""The shell of every kernel of the package: scikit-learn's `Kernel` around a core."""

from dataclasses import replace

import jax
import numpy as np
from sklearn.gaussian_process.kernels import Kernel
from sklearn.metrics.pairwise import check_pairwise_arrays
from sklearn.utils import check_array
from sklearn.utils._param_validation import StrOptions, validate_parameter_constraints

from skgantk._numerics import operators
from skgantk._numerics.memory import check_memory
from skgantk._numerics.precision import float64_scope, unseen

BOUNDS_CONSTRAINT = [tuple, list, np.ndarray, StrOptions({"fixed"})]


class CoreKernel(Kernel):
    """Base class of the kernels whose formula is compiled by JAX.

    A subclass defines ``_parameter_constraints`` and ``_core``, and for every
    hyperparameter ``p`` the parameter ``p_bounds`` and the property
    ``hyperparameter_p``, as scikit-learn asks; the core, or its ``k1``, has a leaf of the
    name ``p``, a number or a vector.
    Values, diagonal and the gradient in the hyperparameters follow.
    """

    _parameter_constraints: dict = {}

    def _core(self):
        """Return the core, its leaves Python floats; the parameters are valid."""
        raise NotImplementedError

    def _validated_core(self):
        params = self.get_params(deep=False)
        validate_parameter_constraints(
            self._parameter_constraints, params, caller_name=type(self).__name__
        )
        return self._core()

    @float64_scope
    def __call__(self, X, Y=None, eval_gradient=False):
        """Return the kernel k(X, Y) and optionally its gradient.

        Parameters
        ----------
        X : array-like of shape (n_samples_X, n_features)
            Left argument.
        Y : array-like of shape (n_samples_Y, n_features), default=None
            Right argument; k(X, X) if None.
        eval_gradient : bool, default=False
            Whether to return the gradient with respect to the log of the
            hyperparameters too; only with ``Y=None``.

        Returns
        -------
        K : ndarray of shape (n_samples_X, n_samples_Y), float64
        K_gradient : ndarray of shape (n_samples_X, n_samples_X, n_dims)
            Only if ``eval_gradient``.

        Raises
        ------
        InvalidParameterError
            If a parameter of the kernel is out of its range.
        ValueError
            If the input is not a finite 2-D array, the widths of X and Y differ, or
            ``eval_gradient`` is asked for with a Y.
        MemoryError
            If the result cannot fit into the memory of the machine.
        """
        if eval_gradient and Y is not None:
            raise ValueError("Gradient can only be evaluated when Y is None.")
        core = self._validated_core()
        X, other = check_pairwise_arrays(X, Y, dtype=np.float64, accept_sparse=False)
        X, other = unseen(X), unseen(other)
        free = [h for h in self.hyperparameters if not h.fixed] if eval_gradient else []
        self._check_memory(len(X), len(other), sum(h.n_elements for h in free))
        K = np.array(operators.gram(core, X, None if Y is None else other))
        if not eval_gradient:
            return K
        tangents = [tangent for h in free for tangent in _tangents(core, h.name)]
        gradient = np.empty((*K.shape, len(tangents)))
        for i, tangent in enumerate(tangents):
            gradient[..., i] = operators.gram_tangent(core, tangent, X)
        return K, gradient

    @float64_scope
    def diag(self, X):
        """Return the diagonal of k(X, X), without forming the rest.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        K_diag : ndarray of shape (n_samples,), float64
        """
        core = self._validated_core()
        X = unseen(check_array(X, dtype=np.float64))
        return np.array(operators.diag(core, X))

    def is_stationary(self):
        """Return whether k(x, y) depends on x - y only: False."""
        return False

    def __eq__(self, other):
        try:
            return super().__eq__(other)
        except ValueError:  # vectors of different lengths
            return False

    def _check_memory(self, n, m, n_dims):
        # K, its transpose where it is made symmetric, the copy, and the derivatives
        check_memory(
            8 * n * m * (3 + 2 * n_dims),
            f"The {n} × {m} Gram matrix of {type(self).__name__}",
            "Use kernel_sum or kernel_gradient, which never form it, or fewer samples.",
        )


def _tangents(core, name):
    """A core of tangents for every element p of a hyperparameter, whose field has its name.

    ∂K/∂log p = p ∂K/∂p: p in its own place, 0 elsewhere.
    """
    zero = jax.tree.map(lambda leaf: np.zeros(np.shape(leaf)), core)
    if not hasattr(core, name):  # but its inner kernel has
        return [replace(zero, k1=inner) for inner in _tangents(core.k1, name)]
    value = np.asarray(getattr(core, name), dtype=float)
    units = np.eye(value.size).reshape(-1, *value.shape)
    return [replace(zero, **{name: unit * value}) for unit in units]
