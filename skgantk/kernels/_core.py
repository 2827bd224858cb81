"""Kernels as pure functions: pytrees whose leaves are the hyperparameters.

A core knows three things: its Gram matrix on a tile of pairs, the contraction of its
gradient on that tile, and its diagonal. It is immutable, its leaves may be traced, its
static fields are hashable, and it never touches NumPy: estimators and compiled loops call
it alike. Cores are closed under sums, products, powers and scaling of features.
"""

from dataclasses import fields, replace
from typing import dataclass_transform

import jax
import jax.numpy as jnp

from skgantk._numerics.pytrees import register

Leaf = float | jax.Array  # a hyperparameter, before or inside a compiled function


@dataclass_transform(frozen_default=True)
class Core:
    """Base class of the formula of a kernel: a frozen dataclass and a pytree of JAX.

    Subclasses implement `gram`, `gradient` and `diag`; a `CoreKernel` makes one of its
    parameters. Annotated attributes of a subclass are its fields, without a decorator: the
    hyperparameters, over which JAX differentiates, and those that the class names as
    ``static``, as in ``class Polynomial(Core, static=("degree",))``, which must be hashable
    and for every value of which JAX compiles anew.

    ``pairs`` has scalars of n × m pairs of points: ``pairs.dot``,
    ``pairs.square_distance``, both (n, m), ``pairs.xx`` (n, 1), ``pairs.yy`` (1, m), the
    points themselves, ``pairs.x.x`` (n, d) and ``pairs.y.x`` (m, d), and
    ``pairs.n_features``.

    Attributes
    ----------
    values_per_pair : int
        How many numbers a pair needs, if more than a few: a map of them where images are
        compared pixel by pixel. Tiles are the smaller for it. 1 if not set.
    low_rank : bool
        Whether sums are cheap, by `condensed`, and there is a ``factor`` F (n, P) of the
        Gram matrix F Fᵀ. False if not set.
    positive : bool
        Whether k(x, y) > 0 for all x and y, which densities need. False if not set.
    definite : bool
        Whether Gram matrices are positive semi-definite. False for a kernel that is only
        conditionally so, whose quadratic form is not negative where coefficients sum to 0:
        what takes Gram matrices apart refuses it. True if not set.
    quick_sums : bool
        Whether there are ``sum_values`` and ``sum_gradient`` (X, Y, coef), which take the
        place of sums over tiles. False if not set.

    Raises
    ------
    NotImplementedError
        By a method that a subclass lacks.
    TypeError
        If ``static`` of a subclass names what is no field of it.

    See Also
    --------
    CoreKernel : The scikit-learn kernel around a core.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from skgantk.kernels import Core, CoreKernel
    >>> class Squared(Core):
    ...     offset: float
    ...
    ...     def gram(self, pairs):
    ...         return (pairs.dot + self.offset) ** 2
    ...
    ...     def gradient(self, pairs, coef):
    ...         return (2 * coef * (pairs.dot + self.offset)) @ pairs.y.x
    ...
    ...     def diag(self, X):
    ...         return (jnp.sum(X * X, axis=1) + self.offset) ** 2
    >>> class SquaredKernel(CoreKernel):
    ...     def __init__(self):
    ...         pass
    ...
    ...     def _core(self):
    ...         return Squared(1.0)
    >>> SquaredKernel()([[1.0, 2.0]], [[3.0, 0.0], [0.0, 1.0]])
    array([[16.,  9.]])
    """

    values_per_pair = 1
    low_rank = False
    positive = False
    definite = True
    quick_sums = False

    def __init_subclass__(cls, static=(), **kwargs):
        super().__init_subclass__(**kwargs)
        register(*static)(cls)

    def gram(self, pairs):
        """Evaluate the kernel on a tile of pairs.

        Parameters
        ----------
        pairs : Pairs
            Scalars of n × m pairs of points, see above.

        Returns
        -------
        K : jax.Array of shape (n, m)
            k(x_i, y_j).
        """
        raise NotImplementedError

    def gradient(self, pairs, coef):
        """Contract the gradient of the kernel on a tile of pairs.

        Parameters
        ----------
        pairs : Pairs
            Scalars of n × m pairs of points, see above.
        coef : jax.Array of shape (m,) or (n, m)
            Coefficients.

        Returns
        -------
        gradient : jax.Array of shape (n, n_features)
            Σ_j coef_ij ∇ₓ k(x_i, y_j).
        """
        raise NotImplementedError

    def diag(self, X):
        """Evaluate the kernel of every point with itself.

        Parameters
        ----------
        X : jax.Array of shape (n, n_features)
            Points.

        Returns
        -------
        diagonal : jax.Array of shape (n,)
            k(x_i, x_i).
        """
        raise NotImplementedError

    def linearised(self, pairs):
        """Evaluate the kernel, and what its gradient needs beside the points.

        Parameters
        ----------
        pairs : Pairs
            Scalars of n × m pairs of points, see above.

        Returns
        -------
        K, kept : jax.Array of shape (n, m), pytree of arrays of shape (n, m)
            k(x_i, y_j), and what `pull` takes; by default nothing.
        """
        return self.gram(pairs), None

    def pull(self, pairs, kept, coef):
        """Contract the gradient, as `gradient` does, with what `linearised` kept.

        Parameters
        ----------
        pairs : Pairs
            Scalars of n × m pairs of points, see above.
        kept : pytree of arrays of shape (n, m)
            From `linearised` of these pairs.
        coef : jax.Array of shape (n, m)
            Coefficients.

        Returns
        -------
        gradient : jax.Array of shape (n, n_features)
            Σ_j coef_ij ∇ₓ k(x_i, y_j).
        """
        return self.gradient(pairs, coef)

    def log_linearised(self, pairs):
        """Evaluate log k of a positive kernel, and what its gradient needs.

        Parameters
        ----------
        pairs : Pairs
            Scalars of n × m pairs of points, see above.

        Returns
        -------
        log_K, kept : jax.Array of shape (n, m), pytree of arrays of shape (n, m)
            log k(x_i, y_j), and what `log_pull` takes; by default from `linearised`. To be
            overridden where k itself may be 0 in floating point.
        """
        K, kept = self.linearised(pairs)
        return jnp.log(K), (K, kept)

    def log_pull(self, pairs, kept, coef):
        """Contract the gradient of log k with what `log_linearised` kept.

        Parameters
        ----------
        pairs : Pairs
            Scalars of n × m pairs of points, see above.
        kept : pytree of arrays of shape (n, m)
            From `log_linearised` of these pairs.
        coef : jax.Array of shape (n, m)
            Coefficients.

        Returns
        -------
        gradient : jax.Array of shape (n, n_features)
            Σ_j coef_ij ∇ₓ log k(x_i, y_j).
        """
        K, kept = kept
        return self.pull(pairs, kept, coef / K)

    def condensed(self, Y, coef):
        """Write a sum with fewer centres, where a kernel can.

        Parameters
        ----------
        Y : jax.Array of shape (m, n_features)
            Centres.
        coef : jax.Array of shape (m,)
            Coefficients.

        Returns
        -------
        core, centres, coef : Core, jax.Array, jax.Array
            Whose sum Σ_j coef_j k(·, y_j) is the same function; by default what was given.
        """
        return self, Y, coef

    def bound(self, X):
        """Bound the entries of a Gram matrix; to be overridden if it is not ``definite``.

        Parameters
        ----------
        X : jax.Array of shape (n, n_features)
            Points.

        Returns
        -------
        bound : jax.Array of shape ()
            No k(x_i, x_j) is greater in size; by default the greatest k(x_i, x_i).
        """
        return jnp.max(self.diag(X))

    def redrawn(self, key):
        """Draw what is random of the kernel anew, for a step of a flow.

        Parameters
        ----------
        key : jax.Array
            A key of `jax.random`, on which alone the draw depends.

        Returns
        -------
        core : Core
            By default the same, with the kernels that it is made of redrawn.
        """
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        parts = {name: k.redrawn(key) for name, k in values if isinstance(k, Core)}
        return replace(self, **parts) if parts else self
