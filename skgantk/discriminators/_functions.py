"""Functions on the whole space: what a discriminator is, and what it starts from."""

import jax
import numpy as np

from skgantk._numerics import operators
from skgantk._numerics.pytrees import register
from skgantk.kernels._core import Core


class Function:
    """A function of points, a pytree. The result has the dtype of the points."""

    def value(self, X):
        """f(x_i), shape (n,)."""
        raise NotImplementedError

    def gradient(self, X):
        """∇f(x_i), shape (n, d)."""
        raise NotImplementedError


@register()
class Zero(Function):
    """f = 0, a network of infinite width with antisymmetric initialisation."""

    def value(self, X):
        return np.zeros(len(X), X.dtype)

    def gradient(self, X):
        return np.zeros(X.shape, X.dtype)


@register()
class KernelFunction(Function):
    """f(x) = f₀(x) + Σ_i c_i k(x, x_i)."""

    core: Core
    centres: jax.Array
    coef: jax.Array
    initial: Function

    def value(self, X):
        return self.initial.value(X) + self._sum(operators.product, X)

    def gradient(self, X):
        return self.initial.gradient(X) + self._sum(operators.gradient, X)

    def _sum(self, operator, X):
        centres, coef = (a.astype(X.dtype) for a in (self.centres, self.coef))
        return operator(self.core, X, centres, coef)
