"""The dual problem that every discriminator solves, as pure functions.

The discriminator of infinite width that is trained for a time τ from f₀ is
f(x) = f₀(x) + Σ_i c_i k(x, x_i) over all n points, fake and real, with ([F22] Eq. 9)

    dc/dt = w ∘ ∇L(f₀ + K c),   c(0) = 0,   ∇L(f) = ρ₁a'(f) - ρ₂b'(f),            (D1)

w_i the weight of a point in γ̂ = (α̂ + β̂)/2, ρ₁ = 2 on fake points and ρ₂ = 2 on real
ones. A loss needs only a trainer: a pytree, called with a `SelfGram` and a `Sample`, that
returns a `Dual`. With D = diag(√w), matrix functions of T = K diag(w) are those of the
symmetric S = D K D: φ(T) = D⁻¹ φ(S) D.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import sklearn

from skgantk._numerics import matrix_functions, operators
from skgantk._numerics.geometry import matmul
from skgantk._numerics.memory import check_memory
from skgantk._numerics.pytrees import register
from skgantk.kernels._compositions import White
from skgantk.kernels._core import Core


class Sample(NamedTuple):
    """Fake and real points, stacked."""

    weight: jax.Array  # w (n,), half of which is on either class; sum 1
    sign: jax.Array  # ρ (n,): 1 on real points, -1 on fake ones
    initial: jax.Array  # f₀ (n,)


class Dual(NamedTuple):
    """A solution of (D1)."""

    coef: jax.Array  # c (n,)
    values: jax.Array  # f₀ + K c (n,)
    converged: jax.Array  # whether the tolerance was met


class Trainer:
    """Base class: how a loss is trained."""

    gram = "if it fits"  # whether K is stored: also "never" and "always"
    needs_definite = True  # whether a kernel that is only conditionally so is refused
    starts = True  # from f₀; else f is the best there is, whatever f₀

    def __call__(self, gram, sample):
        """Return the `Dual` of a `SelfGram` and a `Sample`."""
        raise NotImplementedError

    def objective(self, loss, sample, f):
        """What training ascends, of values f."""
        return objective(loss, sample.weight, sample.sign, f)

    def prepared(self, core, real, weight):
        """The trainer of samples whose last points are always these real ones."""
        return self


def loss_gradient(loss, sign, f):
    """∇L(f) of (D1)."""
    return 2 * jnp.where(sign < 0, loss.da(f), -loss.db(f))


def objective(loss, weight, sign, f):
    """L(f) = E_fake[a(f)] - E_real[b(f)]."""
    return 2 * jnp.sum(weight * jnp.where(sign < 0, loss.a(f), -loss.b(f)))


@register()
class SelfGram:
    """K = k(X, X): the matrix, or its products alone."""

    core: Core
    X: jax.Array
    matrix: jax.Array | None

    def scale(self):
        """What no entry of K exceeds: the largest k(x_i, x_i) of a definite kernel."""
        return operators.bound(self.core, self.X)

    def product(self, v):
        """K v."""
        if self.matrix is None:
            return operators.product(self.core, self.X, self.X, v)
        return matmul(self.matrix, v)


def storage(core, X, stored):
    """Whether to store K, of what is stored "never", "if it fits" or "always".

    It fits if it takes no more than scikit-learn's ``working_memory``; where products are
    cheaper without it, it is not stored. Noise is on the diagonal, of which products do not
    know: with it K is stored whatever it takes.
    """
    n, itemsize = len(X), X.dtype.itemsize
    if stored == "if it fits":
        fits = n * n * itemsize <= sklearn.get_config()["working_memory"] * 2**20
        stores = not core.low_rank and (fits or _has_noise(core))
        stored = "always" if stores else "never"
    if stored == "never":
        return False
    check_memory(
        4 * n * n * itemsize,  # K, its transpose, eigenvectors or their like, work space
        f"The {n} × {n} Gram matrix of this discriminator, with its decomposition,",
        "Use fewer points.",
    )
    return True


def _has_noise(core):
    def is_noise(node):
        return isinstance(node, White)

    return any(map(is_noise, jax.tree.leaves(core, is_leaf=is_noise)))


def self_gram(core, X, stored):
    """Return the `SelfGram` of a cloud, ``stored`` or not."""
    return SelfGram(core, X, operators.gram(core, X) if stored else None)


def apply_dual(function, gram, sample, v, tol):
    """Return the `Dual` with c = D φ(S) D v, to a tolerance (None: exactly)."""
    root = jnp.sqrt(sample.weight)

    def matrix():
        return root[:, None] * gram.matrix * root

    if tol is None:
        value = matrix_functions.by_eigendecomposition(function, matrix(), root * v)
        error = tol = jnp.zeros((), v.dtype)
    else:
        value, error = matrix_functions.apply(
            function,
            lambda u: root * gram.product(root * u),
            root * v,
            tol,
            None if gram.matrix is None else matrix,
        )
        tol = matrix_functions.reachable(tol, v.dtype)
    coef = root * value
    return Dual(coef, sample.initial + gram.product(coef), error <= tol)
