"""Kernels as pure functions: pytrees whose leaves are the hyperparameters.

A core knows three things: its Gram matrix on a tile of pairs, the contraction of its
gradient on that tile, and its diagonal. It is immutable, its leaves may be traced, its
static fields are hashable, and it never touches NumPy: estimators and compiled loops call
it alike. Cores are closed under sums, products, powers and scaling of features.
"""

from typing import dataclass_transform

import jax
import jax.numpy as jnp

from skgantk._numerics import geometry
from skgantk._numerics.elementwise import stored
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


class Constant(Core):
    """k = value."""

    value: Leaf

    def gram(self, pairs):
        return jnp.full_like(pairs.dot, 1) * self.value

    def gradient(self, pairs, coef):
        return jnp.zeros_like(pairs.x.x)

    def diag(self, X):
        return jnp.full_like(X[:, 0], 1) * self.value


class White(Core):
    """k = noise where i and j are the same sample, else 0, as in scikit-learn."""

    noise: Leaf

    def gram(self, pairs):
        same = 0 if pairs.diagonal is None else pairs.diagonal
        return jnp.zeros_like(pairs.dot) + self.noise * same

    def gradient(self, pairs, coef):
        return jnp.zeros_like(pairs.x.x)

    def diag(self, X):
        return jnp.full_like(X[:, 0], 1) * self.noise


class DotProduct(Core):
    """k = σ₀² + x·y."""

    sigma_0: Leaf

    def gram(self, pairs):
        return pairs.dot + self.sigma_0**2

    def gradient(self, pairs, coef):
        # ∇ₓ(x·y) = y = x - (x - y)
        one = jnp.ones_like(pairs.dot)
        return geometry.contract(pairs, one, -one, coef)

    def diag(self, X):
        return jnp.sum(X * X, axis=1) + self.sigma_0**2


def _larger(core):
    return max(core.k1.values_per_pair, core.k2.values_per_pair)


class Sum(Core):
    """k = k₁ + k₂."""

    k1: Core
    k2: Core

    values_per_pair = property(_larger)

    def gram(self, pairs):
        return self.k1.gram(pairs) + self.k2.gram(pairs)

    def gradient(self, pairs, coef):
        return self.k1.gradient(pairs, coef) + self.k2.gradient(pairs, coef)

    def diag(self, X):
        return self.k1.diag(X) + self.k2.diag(X)


class Product(Core):
    """k = k₁ k₂."""

    k1: Core
    k2: Core

    values_per_pair = property(_larger)

    def gram(self, pairs):
        return self.k1.gram(pairs) * self.k2.gram(pairs)

    def gradient(self, pairs, coef):
        left = self.k1.gradient(pairs, coef * self.k2.gram(pairs))
        return left + self.k2.gradient(pairs, coef * self.k1.gram(pairs))

    def diag(self, X):
        return self.k1.diag(X) * self.k2.diag(X)


class Power(Core, static=("exponent",)):
    """k = k₁ᵖ; p is static, so that an integer power is a product."""

    k1: Core
    exponent: float

    values_per_pair = property(lambda core: core.k1.values_per_pair)

    def gram(self, pairs):
        return self.k1.gram(pairs) ** self.exponent

    def gradient(self, pairs, coef):
        outer = self.exponent * self.k1.gram(pairs) ** (self.exponent - 1)
        return self.k1.gradient(pairs, coef * outer)

    def diag(self, X):
        return self.k1.diag(X) ** self.exponent


class Scaled(Core):
    """k(x, y) = k₁(x/ℓ, y/ℓ), ℓ a length per feature."""

    k1: Core
    length_scale: jax.Array

    values_per_pair = property(lambda core: core.k1.values_per_pair)

    def _scaled(self, pairs):
        if len(self.length_scale) != pairs.n_features:
            raise ValueError(
                f"length_scale has {len(self.length_scale)} entries, but X has "
                f"{pairs.n_features} features; they must be as many."
            )
        # Stored, so that every use of a scaled point sees the same rounding of it.
        scaled = (stored(cloud.x / self.length_scale) for cloud in pairs[:2])
        return geometry.pairs(*geometry.clouds(*scaled), pairs.diagonal)

    def gram(self, pairs):
        return self.k1.gram(self._scaled(pairs))

    def gradient(self, pairs, coef):
        return self.k1.gradient(self._scaled(pairs), coef) / self.length_scale

    def diag(self, X):
        return self.k1.diag(X / self.length_scale)
