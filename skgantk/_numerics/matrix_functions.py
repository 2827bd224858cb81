"""Actions φ(S)v of functions of a symmetric positive semi-definite matrix S.

By Lanczos' method: S is needed only in products S v. The Krylov space of v, of dimension k,
gives φ(S)v ≈ ‖v‖ V φ(T) e₁ with V (n, k) orthonormal and T = VᵀSV tridiagonal (Saad 1992;
Higham, Functions of Matrices, ch. 13). For the functions here, smooth on [0, ∞), k grows
like √(t λ_max), and slower where the spectrum decays, as that of a kernel does. Where k
would be large, or n is small, an eigendecomposition is cheaper and takes over.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from skgantk._numerics.elementwise import safe_inverse
from skgantk._numerics.geometry import matmul

# Dimensions at which to check, of which those up to n/4 are tried: an eigendecomposition
# takes no longer beyond. Each is compiled by itself, so there are few.
STAGES = (16, 32, 64, 128, 256)
TAIL = 4  # coefficients whose size estimates the error


def decay(t):
    """Return λ ↦ e^{-tλ}."""
    return lambda eigenvalue: jnp.exp(-t * eigenvalue)


def decay_integral(t):
    """Return λ ↦ (e^{-tλ} - 1)/λ, and -t at 0: minus ∫₀ᵗ e^{-sλ} ds."""

    def function(eigenvalue):
        x = t * eigenvalue
        zero = x == 0
        return t * jnp.where(zero, -1, jnp.expm1(-x) / jnp.where(zero, 1, x))

    return function


def lambert_integral(t):
    """Return λ ↦ (2tλ + 1 - W(e^{2tλ+1}))/λ, and t at 0 ([F22] Eq. 134, over λ).

    With x = 2tλ and W = 1 + v, W + log W = 1 + x reads v + log(1 + v) = x, and the
    numerator is x - v = log(1 + v): nothing cancels at 0 or overflows.
    """

    def function(eigenvalue):
        x = 2 * t * eigenvalue
        # Newton's method for a concave increasing function of v, from below its root
        # x - log(1 + x) ≤ v: it overshoots no further and converges quadratically.
        v = x - jnp.log1p(x)
        for _ in range(6):
            v = v + (x - v - jnp.log1p(v)) * (1 + v) / (2 + v)
        zero = x == 0
        return 2 * t * jnp.where(zero, 0.5, jnp.log1p(v) / jnp.where(zero, 1, x))

    return function


def minus_pseudo_inverse(eigenvalues):
    """Return -1/λ, and 0 for λ ≤ n ε λ_max; all n eigenvalues are needed at once."""
    eps = jnp.finfo(eigenvalues.dtype).eps
    cut = len(eigenvalues) * eps * jnp.max(eigenvalues)
    return -safe_inverse(jnp.where(eigenvalues > cut, eigenvalues, 0))


def reachable(tol, dtype):
    """Return ``tol``, raised to what the dtype allows."""
    return jnp.maximum(tol, 16 * jnp.finfo(dtype).eps)


def apply(function, product, v, tol, matrix=None):
    """Return φ(S)v and an estimate of its relative error.

    Parameters
    ----------
    function : callable
        φ, elementwise, on eigenvalues λ ≥ 0.
    product : callable
        v ↦ S v.
    v : (n,) array
    tol : float
        Relative error, in the 2-norm, at which to stop; not below 16 units of rounding.
    matrix : callable, optional
        () ↦ S, the matrix itself, for the eigendecomposition where n is small or the
        tolerance is not met. Without it, the best found is returned.

    Returns
    -------
    value : (n,) array
    error : float
        Estimated from the last coefficients in the Krylov basis; 0 after an
        eigendecomposition. Rounding comes on top: of S, ε λ_max, which φ sees as an
        error of about ε t λ_max.
    """
    stages = STAGES
    if matrix is not None:
        stages = [k for k in STAGES if 4 * k <= len(v)]
    tol = reachable(tol, v.dtype)

    def eigendecomposition():
        return by_eigendecomposition(function, matrix(), v), jnp.zeros((), v.dtype)

    def grow(space, stages):
        """Extend the Krylov space to the next dimension; stop there or go on."""
        space = _extend(product, space, stages[0])
        T = space.projection()
        coef = by_eigendecomposition(function, T, jnp.zeros_like(T[0]).at[0].set(1))
        tail, size = jnp.linalg.norm(coef[-TAIL:]), jnp.linalg.norm(coef)

        def result():
            unknown = jnp.where(norm > 0, jnp.inf, 0).astype(v.dtype)
            error = jnp.where(size > 0, tail * safe_inverse(size), unknown)
            return norm * matmul(coef, space.basis[:-1]), error

        def more():
            if stages[1:]:
                return grow(space, stages[1:])
            return result() if matrix is None else eigendecomposition()

        # Where all of the coefficients underflow, the space has not seen enough yet.
        converged = (tail <= tol * size) & (size > 0) | (norm == 0)
        return jax.lax.cond(converged, result, more)

    if not stages:
        return eigendecomposition()
    norm = jnp.linalg.norm(v)
    return grow(_krylov(v), stages)


def by_eigendecomposition(function, S, v):
    """Return φ(S)v = U φ(Λ) Uᵀv; eigenvalues negative by rounding count as 0."""
    eigenvalues, U = jnp.linalg.eigh(S)
    return matmul(U, function(jnp.maximum(eigenvalues, 0)) * matmul(v, U))


class _Krylov(NamedTuple):
    """A Krylov space of dimension k, and the vector that would come next."""

    basis: jax.Array  # (k + 1, n)
    alpha: jax.Array  # (k,), the diagonal of T
    beta: jax.Array  # (k,), beside the diagonal; the last belongs to the next vector

    def projection(self):
        """T."""
        off = self.beta[:-1]
        return jnp.diag(self.alpha) + jnp.diag(off, 1) + jnp.diag(off, -1)


def _krylov(v):
    """The space of dimension 0 of v."""
    empty = jnp.zeros(0, v.dtype)
    return _Krylov((v * safe_inverse(jnp.linalg.norm(v)))[None], empty, empty)


class _Ritz(NamedTuple):
    """T = Q Λ Qᵀ of a Krylov space, and the coefficients QᵀVᵀv of the v it began with."""

    values: jax.Array
    vectors: jax.Array
    coef: jax.Array


def _ritz(space, v):
    values, vectors = jnp.linalg.eigh(space.projection())
    return _Ritz(jnp.maximum(values, 0), vectors, _size(v) * vectors[0])


def _size(a):
    return jnp.sqrt(jnp.sum(a * a))


def _extend(product, space, k):
    """Lanczos' method up to dimension k.

    Every new vector is orthogonalised against all others, twice, which keeps them
    orthogonal to rounding.
    """
    start = len(space.alpha)
    more = k - start
    space = _Krylov(
        jnp.pad(space.basis, [(0, more), (0, 0)]),
        jnp.pad(space.alpha, (0, more)),
        jnp.pad(space.beta, (0, more)),
    )

    def step(j, space):
        basis, alpha, beta = space
        u = product(basis[j])
        first = matmul(basis, u)
        u = u - matmul(first, basis)
        second = matmul(basis, u)
        u = u - matmul(second, basis)
        alpha = alpha.at[j].set((first + second)[j])
        length = jnp.linalg.norm(u)
        # Rounding alone: the space is invariant; what follows decouples, as zeros.
        noise = 4 * jnp.finfo(u.dtype).eps * jnp.max(jnp.abs(alpha))
        length = jnp.where(length > noise, length, 0)
        basis = basis.at[j + 1].set(u * safe_inverse(length))
        return _Krylov(basis, alpha, beta.at[j].set(length))

    return jax.lax.fori_loop(start, k, step, space)


@jax.custom_vjp
def relaxation(K, y, rate):
    """Return (I - e^{-λK}) y, λ = ``rate``: what LSGAN training makes of targets y.

    Its derivatives in K, y and λ are finite with repeated eigenvalues, where those of an
    eigendecomposition are not: see `_relaxation_transpose`.
    """
    return _relaxation(K, y, rate)[0]


def _relaxation(K, y, rate):
    eigenvalues, U = jnp.linalg.eigh(K)
    eigenvalues = jnp.maximum(eigenvalues, 0)
    coef = matmul(y, U)
    value = matmul(U, -jnp.expm1(-rate * eigenvalues) * coef)
    return value, (eigenvalues, U, coef, rate)


def _relaxation_transpose(residuals, cotangent):
    r"""The adjoint of p = (I - e^{-λK})y, K = UΛUᵀ, for the cotangent p̄ (Daleckii-Krein):

        K̄ = U (Γ ∘ (Uᵀp̄)(Uᵀy)ᵀ) Uᵀ, symmetrised,
        Γ_ij = [e^{-λΛ_j} - e^{-λΛ_i}] / (Λ_i - Λ_j)
             = λ e^{-λ min(Λ_i, Λ_j)} (1 - e^{-u})/u,   u = λ|Λ_i - Λ_j|,

    which neither cancels nor overflows; ȳ = (I - e^{-λK})p̄ and λ̄ = p̄ᵀ K e^{-λK} y.
    """
    eigenvalues, U, coef, rate = residuals
    bar = matmul(cotangent, U)
    inner = _divided(rate, eigenvalues, eigenvalues) * jnp.outer(bar, coef)
    K_bar = matmul(matmul(U, (inner + inner.T) / 2), U.T)
    y_bar = matmul(U, -jnp.expm1(-rate * eigenvalues) * bar)
    rate_bar = jnp.sum(bar * eigenvalues * jnp.exp(-rate * eigenvalues) * coef)
    return K_bar, y_bar, rate_bar


def _divided(rate, rows, columns):
    """Γ of `_relaxation_transpose` for two sets of eigenvalues."""
    rows, columns = rows[:, None], columns[None, :]
    slope = -decay_integral(1.0)(rate * jnp.abs(rows - columns))
    return rate * jnp.exp(-rate * jnp.minimum(rows, columns)) * slope


relaxation.defvjp(_relaxation, _relaxation_transpose)


def relaxation_gradient(K, y, rate, objective, tol):
    """Return g(D), D = (I - e^{-λK})y, λ = ``rate``, and its derivative K̄ in K.

    Parameters
    ----------
    K : (n, n) array, symmetric positive semi-definite
    y : (n,) array
    rate : float
    objective : callable
        g, of D.
    tol : float
        Relative error, of D and of K̄, at which to stop enlarging the Krylov spaces.

    Returns
    -------
    value : float
    K_bar : (n, n) array, symmetric

    Notes
    -----
    The adjoint K̄ = ∫₀^λ e^{-sK} p̄ yᵀ e^{-(λ-s)K} ds, symmetrised, has the rank of the
    Krylov spaces of y and p̄ = ∇g(D), up to the tolerance: with bases V and W and the
    projections VᵀKV = QΛQᵀ, WᵀKW = PMPᵀ (Kandolf et al. 2021),

        K̄ ≈ W P [Γ(M_i, Λ_j) ∘ (PᵀWᵀp̄)(QᵀVᵀy)ᵀ] Qᵀ Vᵀ,

    Γ as in `_relaxation_transpose`. Where n is small or the spaces would be large, an
    eigendecomposition takes over.
    """
    tol = reachable(tol, y.dtype)

    def dense():
        return jax.value_and_grad(lambda K: objective(relaxation(K, y, rate)))(K)

    def grow(space, stages):
        space = _extend(product, space, stages[0])
        right = _ritz(space, y)
        gone = matmul(right.vectors, jnp.exp(-rate * right.values) * right.coef)

        def more():
            return grow(space, stages[1:]) if stages[1:] else dense()

        def adjoint():
            D = y - matmul(gone, space.basis[:-1])
            value, cotangent = jax.value_and_grad(objective)(D)
            other = _extend(product, _krylov(cotangent), stages[0])
            left = _ritz(other, cotangent)
            inner = _divided(rate, left.values, right.values)
            inner = inner * jnp.outer(left.coef, right.coef)
            inner = matmul(matmul(left.vectors, inner), right.vectors.T)
            tail = jnp.hypot(_size(inner[-TAIL:]), _size(inner[:, -TAIL:]))

            def result():
                K_bar = matmul(matmul(other.basis[:-1].T, inner), space.basis[:-1])
                return value, (K_bar + K_bar.T) / 2

            return jax.lax.cond(tail <= tol * _size(inner), result, more)

        return jax.lax.cond(_size(gone[-TAIL:]) <= tol * _size(gone), adjoint, more)

    def product(v):
        return matmul(K, v)

    stages = [k for k in STAGES if 4 * k <= len(y)]
    return grow(_krylov(y), stages) if stages else dense()
