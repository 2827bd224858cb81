"""Kernels made of other kernels, and the plain ones that only matter inside of them."""

import jax.numpy as jnp

from skgantk._numerics import geometry, operators
from skgantk._numerics.elementwise import stored
from skgantk.kernels._core import Core, Leaf


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
    """k(x, y) = k₁(x/ℓ, y/ℓ), ℓ one length, or one for each feature."""

    k1: Core
    length_scale: Leaf

    values_per_pair = property(lambda core: core.k1.values_per_pair)
    positive = property(lambda core: core.k1.positive)
    definite = property(lambda core: core.k1.definite)

    def _scaled(self, pairs):
        # Stored, so that every use of a scaled point sees the same rounding of it.
        scaled = (stored(self.points(cloud.x)) for cloud in pairs[:2])
        return geometry.pairs(*geometry.clouds(*scaled), pairs.diagonal)

    def points(self, X):
        """X/ℓ."""
        if jnp.ndim(self.length_scale) and len(self.length_scale) != X.shape[1]:
            raise ValueError(
                f"length_scale has {len(self.length_scale)} entries, but X has "
                f"{X.shape[1]} features; they must be as many."
            )
        return X / self.length_scale

    def gram(self, pairs):
        return self.k1.gram(self._scaled(pairs))

    def gradient(self, pairs, coef):
        return self.k1.gradient(self._scaled(pairs), coef) / self.length_scale

    def linearised(self, pairs):
        return self.k1.linearised(self._scaled(pairs))

    def pull(self, pairs, kept, coef):
        return self.k1.pull(self._scaled(pairs), kept, coef) / self.length_scale

    def log_linearised(self, pairs):
        return self.k1.log_linearised(self._scaled(pairs))

    def log_pull(self, pairs, kept, coef):
        return self.k1.log_pull(self._scaled(pairs), kept, coef) / self.length_scale

    def diag(self, X):
        return self.k1.diag(self.points(X))

    def bound(self, X):
        return self.k1.bound(self.points(X))
