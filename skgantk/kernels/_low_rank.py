"""Nyström's approximation of a kernel, whose sums take linear time (Williams, Seeger 2001).

With P landmarks Z, every function k(·, y) is projected on the span of the k(·, z_p):

    k̃(x, y) = k(x, Z) (K_ZZ + δI)⁻¹ k(Z, y),                                      (N2)

so that Σ_j c_j k̃(·, y_j) = Σ_p w_p k(·, z_p) with (K_ZZ + δI) w = Σ_j c_j k(Z, y_j): for n
and m points, (n + m)P evaluations of k in the place of nm. δ, tiny, keeps w from growing
where landmarks nearly coincide; k̃ ≤ k with it as without. Landmarks are chosen with
probability in proportion to what those chosen before leave of them, k(x, x) - k̃(x, x)
(randomly pivoted Cholesky; Chen, Epperly, Tropp, Webber 2022), a block at a time.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from skgantk._numerics import geometry, operators
from skgantk._numerics.devices import compiled
from skgantk._numerics.geometry import matmul
from skgantk.kernels._core import Core

ROUNDS = 32  # of choosing points, a block of them at a time
JITTER = 1e-12  # of the largest k(x, x): what a point that adds nothing is divided by
# δ in units of the largest k(z, z), as a power of the machine's epsilon: 2e-12 in float64,
# 6e-6 in float32. Rounding of k(Z, y) grows by at most δ^(-1/2).
SHIFT = 0.75
TINY = float(np.finfo(np.float64).tiny)  # the least that is not flushed to 0


def root(K, shift):
    """L with L Lᵀ = K + δI, δ > 0 also where all of K is 0, and with it k(Z, ·)."""
    return jnp.linalg.cholesky(K + jnp.maximum(shift, TINY) * jnp.eye(len(K)))


class LowRank(Core):
    """(N2). Linear algebra of the landmarks is in float64, whatever the points are."""

    k1: Core
    landmarks: jax.Array  # Z (P, d)

    low_rank = True
    values_per_pair = property(lambda core: core.k1.values_per_pair)

    def _beside(self, X):
        """Z, if it has as many features as X."""
        Z = jnp.asarray(self.landmarks, jnp.float64)
        if Z.shape[1] != X.shape[1]:
            raise ValueError(
                f"landmarks have {Z.shape[1]} features, but X has {X.shape[1]} features; "
                "they must be as many."
            )
        return Z

    def root(self, dtype):
        """L with L Lᵀ = K_ZZ + δI."""
        K = operators.gram(self.k1, jnp.asarray(self.landmarks, jnp.float64))
        shift = jnp.finfo(dtype).eps ** SHIFT * jnp.max(jnp.diagonal(K))
        return root(K, shift)

    def factor(self, X):
        """F (n, P) with k̃(X, X) = F Fᵀ."""
        Z = self._beside(X)
        K = operators.gram(self.k1, X.astype(jnp.float64), Z)
        solved = jax.scipy.linalg.solve_triangular(self.root(X.dtype), K.T, lower=True)
        return solved.T.astype(X.dtype)

    def condensed(self, Y, coef):
        """Z and w; for ``coef`` (n, m) w is (n, P), a sum for every row."""
        Z, Y64, coef64 = self._beside(Y), Y.astype(jnp.float64), coef.astype(jnp.float64)
        if coef.ndim == 1:
            sums = operators.product(self.k1, Z, Y64, coef64)
        else:
            sums = matmul(operators.gram(self.k1, Z, Y64), coef64.T)
        w = jax.scipy.linalg.cho_solve((self.root(Y.dtype), True), sums)
        return self.k1, Z.astype(Y.dtype), w.T.astype(Y.dtype)

    def gram(self, pairs):
        return matmul(self.factor(pairs.x.x), self.factor(pairs.y.x).T)

    def gradient(self, pairs, coef):
        k1, Z, w = self.condensed(pairs.y.x, coef)
        return k1.gradient(geometry.pairs(*geometry.clouds(pairs.x.x, Z)), w)

    def diag(self, X):
        def block(X):
            return jnp.sum(self.factor(X) ** 2, axis=1)

        return operators.in_rows(block, X, len(self.landmarks))


@partial(compiled, static_argnames="n_chosen")
def choose(core, X, n_chosen, key):
    """Return the indices of chosen rows of X."""
    scale = operators.diag(core, X)
    jitter = JITTER * jnp.max(scale)
    block = max(1, n_chosen // ROUNDS)
    blocks = -(-n_chosen // block)

    def add(i, carry):
        factor, left, chosen = carry
        noise = jax.random.gumbel(jax.random.fold_in(key, i), left.shape, left.dtype)
        free = jnp.where(left > 0, jnp.log(jnp.where(left > 0, left, 1)), -jnp.inf)
        # Without replacement, and never again: top of log-weights plus Gumbel noise.
        rows = jax.lax.top_k(free + noise, block)[1]
        rest = operators.gram(core, X, X[rows]) - matmul(factor, factor[rows].T)
        pivot = rest[rows]
        new = jax.scipy.linalg.solve_triangular(
            root((pivot + pivot.T) / 2, jitter), rest.T, lower=True
        ).T
        factor = jax.lax.dynamic_update_slice(factor, new, (0, i * block))
        left = (left - jnp.sum(new**2, axis=1)).at[rows].set(0)
        return factor, left, jax.lax.dynamic_update_slice(chosen, rows, (i * block,))

    carry = (
        jnp.zeros((len(X), blocks * block), X.dtype),
        scale,
        jnp.zeros(blocks * block, jnp.int32),
    )
    return jax.lax.fori_loop(0, blocks, add, carry)[2][:n_chosen]
