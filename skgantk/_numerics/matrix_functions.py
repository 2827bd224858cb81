"""Actions φ(S)v of functions of a symmetric positive semi-definite matrix S.

By Lanczos' method: S is needed only in products S v. The Krylov space of v, of dimension k,
gives φ(S)v ≈ ‖v‖ V φ(T) e₁ with V (n, k) orthonormal and T = VᵀSV tridiagonal (Saad 1992;
Higham, Functions of Matrices, ch. 13). For the functions here, smooth on [0, ∞), k grows
like √(t λ_max), and slower where the spectrum decays, as that of a kernel does. Where k
would be large, or n is small, an eigendecomposition is cheaper and takes over.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from skgantk._numerics.elementwise import safe_inverse
from skgantk._numerics.geometry import matmul

# Dimensions at which to check. They share one program, with room for the greatest of them
# at every step. So there are no more than n/16, or the lesser of n/4 and 64: beyond n/4 an
# eigendecomposition takes no longer, and it is rare that so many are needed.
STAGES = (16, 24, 32, 48, 64, 96, 128, 192, 256)
SMALL = 32  # dimension up to which only what is there is decomposed and multiplied
TAIL = 4  # coefficients whose size estimates the error
SAFETY = 3  # times which it is one from above: it came to 2.9 of them in slow convergence


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
        Estimated from above, by the last coefficients in the Krylov basis; 0 after an
        eigendecomposition. Rounding comes on top: of S, ε λ_max, which φ sees as an
        error of about ε t λ_max.
    """
    if matrix is not None and 4 * STAGES[0] > len(v):
        return by_eigendecomposition(function, matrix(), v), jnp.zeros((), v.dtype)
    stages = _stages(len(v) if matrix is not None else 16 * STAGES[-1])
    tol = reachable(tol, v.dtype)
    size = _size(v)

    def check(space, ritz, k, found):
        coef = matmul(ritz.vectors, function(ritz.values) * ritz.coef)
        tail, whole = _rest(coef, k), _size(coef)
        # Where all of the coefficients underflow, the space has not seen enough yet.
        converged = (tail <= tol * whole) & (whole > 0) | (size == 0)
        unknown = jnp.where(size > 0, jnp.inf, 0).astype(v.dtype)
        error = jnp.where(whole > 0, tail * safe_inverse(whole), unknown)
        return (coef, error), converged

    nothing = jnp.zeros(stages[-1], v.dtype), jnp.zeros((), v.dtype)
    search = _search(product, v, stages, check, nothing)
    coef, error = search.found

    def result():
        return matmul(coef, search.space.basis[:-1]), error

    def eigendecomposition():
        return by_eigendecomposition(function, matrix(), v), jnp.zeros((), v.dtype)

    if matrix is None:
        return result()
    return jax.lax.cond(search.converged, result, eigendecomposition)


def _stages(n):
    most = max(n / 16, min(n / 4, 64))
    return np.array([k for k in STAGES if k <= most], np.int32)


def by_eigendecomposition(function, S, v):
    """Return φ(S)v = U φ(Λ) Uᵀv; eigenvalues negative by rounding count as 0."""
    eigenvalues, U = jnp.linalg.eigh(S)
    return matmul(U, function(jnp.maximum(eigenvalues, 0)) * matmul(v, U))


class _Krylov(NamedTuple):
    """A Krylov space of v; what is beyond its dimension is 0."""

    basis: jax.Array  # (K + 1, n), one vector more than the dimension
    T: jax.Array  # (K + 1, K), its projection, on and below the diagonal
    scale: jax.Array  # greatest entry of the diagonal


class _Search(NamedTuple):
    """A Krylov space that grows until something in it has converged."""

    stage: jax.Array
    dimension: jax.Array
    space: _Krylov
    found: Any
    converged: jax.Array


def _krylov(v, dimension):
    """The space of dimension 0 of v, with room for more."""
    basis = jnp.pad((v * safe_inverse(_size(v)))[None], [(0, dimension), (0, 0)])
    T = jnp.zeros((dimension + 1, dimension), v.dtype)
    return _Krylov(basis, T, jnp.zeros((), v.dtype))


class _Ritz(NamedTuple):
    """T = Q Λ Qᵀ of a Krylov space, and the coefficients QᵀVᵀv of the v it began with."""

    values: jax.Array
    vectors: jax.Array
    coef: jax.Array


def _ritz(space, k, v):
    """The `_Ritz` of dimension k, filled up with zeros."""
    size = space.T.shape[1]
    T = jnp.where(jnp.arange(size)[:, None] < k, space.T[:-1], 0)

    def leading(size):
        values, vectors = jnp.linalg.eigh(T[:size, :size], "L", symmetrize_input=False)
        room = (0, len(T) - size)
        return jnp.pad(jnp.maximum(values, 0), room), jnp.pad(vectors, room)

    values, vectors = _with_room(leading, size, k)
    return _Ritz(values, vectors, _size(v) * vectors[0])


def _with_room(function, size, k):
    """``function(size)``, of less where k is small."""
    if size <= SMALL:
        return function(size)
    small, large = (partial(function, size) for size in (SMALL, size))
    return jax.lax.cond(k <= SMALL, small, large)


def _size(a):
    # A product is one kernel to compile, a sum of squares three.
    a = a.reshape(-1)
    return jnp.sqrt(matmul(a, a))


def _row(a, i):
    a = jnp.asarray(a)
    return jax.lax.dynamic_index_in_dim(a, i, 0, False, allow_negative_indices=False)


def _rest(a, k, axis=0):
    """Estimate, from above, the norm of the error of k coefficients."""
    return SAFETY * _size(jax.lax.dynamic_slice_in_dim(a, k - TAIL, TAIL, axis))


def _extend(product, space, start, stop):
    """Lanczos' method from one dimension to another.

    Every new vector is orthogonalised against all others, twice, which keeps them
    orthogonal to rounding.
    """

    def put(a, part, *start):
        start = [jnp.asarray(i, jnp.int32) for i in start]
        return jax.lax.dynamic_update_slice(a, part, start, allow_negative_indices=False)

    def step(j, space):
        basis, T, scale = space
        u = product(_row(basis, j))
        first = matmul(basis, u)
        u = u - matmul(first, basis)
        second = matmul(basis, u)
        u = u - matmul(second, basis)
        alpha, length = _row(first + second, j), _size(u)
        scale = jnp.maximum(scale, jnp.abs(alpha))
        # Rounding alone: the space is invariant; what follows decouples, as zeros.
        length = jnp.where(length > 4 * jnp.finfo(u.dtype).eps * scale, length, 0)
        basis = put(basis, (u * safe_inverse(length))[None], j + 1, 0)
        return _Krylov(basis, put(T, jnp.stack([alpha, length])[:, None], j, j), scale)

    return jax.lax.fori_loop(start, stop, step, space)


def _search(product, v, stages, check, nothing):
    """Extend the Krylov space of v from stage to stage, and return the last `_Search`.

    ``check(space, ritz, k, found)`` returns what is found, at first ``nothing``, and
    whether it has converged.
    """

    def unfinished(search):
        return ~search.converged & (search.stage < len(stages))

    def turn(search):
        k = _row(stages, search.stage)
        space = _extend(product, search.space, search.dimension, k)
        found = check(space, _ritz(space, k, v), k, search.found)
        return _Search(search.stage + 1, k, space, *found)

    zero, no = jnp.zeros((), jnp.int32), jnp.zeros((), bool)
    start = _Search(zero, zero, _krylov(v, stages[-1]), nothing, no)
    return jax.lax.while_loop(unfinished, turn, start)


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


def _inner(rate, left, right):
    """The adjoint between the bases of two Krylov spaces, P [Γ ∘ …] Qᵀ."""
    inner = _divided(rate, left.values, right.values)
    inner = inner * jnp.outer(left.coef, right.coef)
    return matmul(matmul(left.vectors, inner), right.vectors.T)


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

    def dense():
        return jax.value_and_grad(lambda K: objective(relaxation(K, y, rate)))(K)

    stages, tol = _stages(len(y)), reachable(tol, y.dtype)
    if not len(stages):
        return dense()

    def product(v):
        return matmul(K, v)

    def check(space, right, k, found):
        """If the space of y tells D, make that of p̄ of the same dimension."""
        gone = matmul(right.vectors, jnp.exp(-rate * right.values) * right.coef)

        def adjoint():
            D = y - matmul(gone, space.basis[:-1])
            value, cotangent = jax.value_and_grad(objective)(D)
            other = _extend(product, _krylov(cotangent, stages[-1]), 0, k)
            left = _ritz(other, k, cotangent)
            inner = _inner(rate, left, right)
            tail = jnp.hypot(_rest(inner, k), _rest(inner, k, axis=1))
            return (value, other.basis, inner), tail <= tol * _size(inner)

        known = _rest(gone, k) <= tol * _size(gone)
        return jax.lax.cond(known, adjoint, lambda: (found, False))

    room = stages[-1]
    nothing = jnp.zeros(()), jnp.zeros((room + 1, len(y))), jnp.zeros((room, room))
    nothing = jax.tree.map(lambda a: a.astype(y.dtype), nothing)
    search = _search(product, y, stages, check, nothing)
    value, basis, inner = search.found

    def leading(size):
        left, right = basis[:size], search.space.basis[:size]
        K_bar = matmul(matmul(left.T, inner[:size, :size]), right)
        return value, (K_bar + K_bar.T) / 2

    def result():
        return _with_room(leading, room, search.dimension)

    return jax.lax.cond(search.converged, result, dense)


def relaxation_form(K, y, rate, tol):
    """Return yᵀD, D = (I - e^{-λK})y, λ = ``rate``, and its derivative K̄ in K.

    As `relaxation_gradient` of the objective yᵀD, in half the time: p̄ = y, so that one
    Krylov space serves both sides, V = W and Λ = M.
    """

    def dense():
        return jax.value_and_grad(lambda K: matmul(y, relaxation(K, y, rate)))(K)

    stages, tol = _stages(len(y)), reachable(tol, y.dtype)
    if not len(stages):
        return dense()

    def check(space, ritz, k, found):
        value = matmul(ritz.coef, -jnp.expm1(-rate * ritz.values) * ritz.coef)
        inner = _inner(rate, ritz, ritz)
        converged = 2**0.5 * _rest(inner, k) <= tol * _size(inner)
        return (value, inner), converged

    room = stages[-1]
    nothing = jnp.zeros((), y.dtype), jnp.zeros((room, room), y.dtype)
    search = _search(lambda v: matmul(K, v), y, stages, check, nothing)
    value, inner = search.found

    def leading(size):
        basis = search.space.basis[:size]
        return value, matmul(matmul(basis.T, inner[:size, :size]), basis)

    def result():
        return _with_room(leading, room, search.dimension)

    return jax.lax.cond(search.converged, result, dense)
