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

from skgantk._numerics import geometry, operators
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


class Constant(Core):
    """k = value."""

    value: Leaf

    positive = property(lambda core: core.value > 0)

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


def _both_positive(core):
    return core.k1.positive and core.k2.positive


def _both_definite(core):
    return core.k1.definite and core.k2.definite


class Sum(Core):
    """k = k₁ + k₂."""

    k1: Core
    k2: Core

    values_per_pair = property(_larger)
    positive = property(_both_positive)
    definite = property(_both_definite)
    quick_sums = property(lambda core: core.k1.quick_sums or core.k2.quick_sums)

    def gram(self, pairs):
        return self.k1.gram(pairs) + self.k2.gram(pairs)

    def gradient(self, pairs, coef):
        return self.k1.gradient(pairs, coef) + self.k2.gradient(pairs, coef)

    def log_linearised(self, pairs):
        (log1, kept1), (log2, kept2) = (k.log_linearised(pairs) for k in (self.k1, self.k2))
        total = jnp.logaddexp(log1, log2)
        shares = jnp.exp(log1 - total), jnp.exp(log2 - total)
        return total, (shares, (kept1, kept2))

    def log_pull(self, pairs, kept, coef):
        parts = zip((self.k1, self.k2), *kept)
        return sum(k.log_pull(pairs, own, coef * share) for k, share, own in parts)

    def diag(self, X):
        return self.k1.diag(X) + self.k2.diag(X)

    def bound(self, X):
        return super().bound(X) if self.definite else self.k1.bound(X) + self.k2.bound(X)

    def sum_values(self, X, Y, coef):
        return sum(operators.product(k, X, Y, coef) for k in (self.k1, self.k2))

    def sum_gradient(self, X, Y, coef):
        return sum(operators.gradient(k, X, Y, coef) for k in (self.k1, self.k2))


class Product(Core):
    """k = k₁ k₂; where one is not definite, the other is a constant."""

    k1: Core
    k2: Core

    values_per_pair = property(_larger)
    positive = property(_both_positive)
    definite = property(_both_definite)

    @property
    def quick_sums(self):
        """Of a constant times what has them."""
        factor, k = self._factor()
        return isinstance(factor, Constant) and k.quick_sums

    def _factor(self):
        """The two, the constant first if there is one."""
        one, other = self.k1, self.k2
        return (other, one) if isinstance(other, Constant) else (one, other)

    def gram(self, pairs):
        return self.k1.gram(pairs) * self.k2.gram(pairs)

    def gradient(self, pairs, coef):
        left = self.k1.gradient(pairs, coef * self.k2.gram(pairs))
        return left + self.k2.gradient(pairs, coef * self.k1.gram(pairs))

    def log_linearised(self, pairs):
        (log1, kept1), (log2, kept2) = (k.log_linearised(pairs) for k in (self.k1, self.k2))
        return log1 + log2, (kept1, kept2)

    def log_pull(self, pairs, kept, coef):
        parts = zip((self.k1, self.k2), kept)
        return sum(k.log_pull(pairs, own, coef) for k, own in parts)

    def diag(self, X):
        return self.k1.diag(X) * self.k2.diag(X)

    def bound(self, X):
        return super().bound(X) if self.definite else self.k1.bound(X) * self.k2.bound(X)

    def sum_values(self, X, Y, coef):
        factor, k = self._factor()
        return factor.value * operators.product(k, X, Y, coef)

    def sum_gradient(self, X, Y, coef):
        factor, k = self._factor()
        return factor.value * operators.gradient(k, X, Y, coef)


class Power(Core, static=("exponent",)):
    """k = k₁ᵖ; p is static, so that an integer power is a product."""

    k1: Core
    exponent: float

    values_per_pair = property(lambda core: core.k1.values_per_pair)
    positive = property(lambda core: core.k1.positive)
    definite = property(lambda core: core.k1.definite)

    def gram(self, pairs):
        return self.k1.gram(pairs) ** self.exponent

    def gradient(self, pairs, coef):
        outer = self.exponent * self.k1.gram(pairs) ** (self.exponent - 1)
        return self.k1.gradient(pairs, coef * outer)

    def log_linearised(self, pairs):
        log, kept = self.k1.log_linearised(pairs)
        return self.exponent * log, kept

    def log_pull(self, pairs, kept, coef):
        return self.exponent * self.k1.log_pull(pairs, kept, coef)

    def diag(self, X):
        return self.k1.diag(X) ** self.exponent


class Scaled(Core):
    """k(x, y) = k₁(x/ℓ, y/ℓ), ℓ a length per feature."""

    k1: Core
    length_scale: jax.Array

    values_per_pair = property(lambda core: core.k1.values_per_pair)
    positive = property(lambda core: core.k1.positive)
    definite = property(lambda core: core.k1.definite)

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

    def log_linearised(self, pairs):
        return self.k1.log_linearised(self._scaled(pairs))

    def log_pull(self, pairs, kept, coef):
        return self.k1.log_pull(self._scaled(pairs), kept, coef) / self.length_scale

    def diag(self, X):
        return self.k1.diag(X / self.length_scale)

    def bound(self, X):
        return self.k1.bound(X / self.length_scale)
