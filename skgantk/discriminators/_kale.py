"""KALE: a relaxed Kullback-Leibler divergence; its trainer and its discriminator."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve

from skgantk._numerics.geometry import matmul
from skgantk._numerics.pytrees import register
from skgantk.discriminators._target import TargetDiscriminator, TargetTrainer
from skgantk.kernels._core import Leaf

STEPS = 100  # of Newton's method, at most; it takes some ten
HALVINGS = 40
HIGHEST = 10.0  # that u may rise by in a step, or eᵘ would overflow far from the end
DESCENT = 1e-4  # Armijo's, of the decrease that the slope promises


@register()
class KALETrainer(TargetTrainer):
    """f = -(1 + λ)h, h the maximiser of 1 + E_fake h - E_real eʰ - λ/2 ‖h‖².

    Its derivative is 0 where λh = m_fake - Σ_i β_i e^{h(x_i)} k(·, x_i), that is, with
    u = h(X), in (R1) q = βeᵘ, s = (1 + λ)/λ, and

        F(u) = u - K_XY α / λ + K_XX βeᵘ / λ = 0.                                   (R3)

    F is the gradient in q of the convex dual ½λ ‖h‖² + Σ_i q_i(u_i - 1), q = βeᵘ. Newton's
    step of (R3) descends it, for along v with (1 + K_XX diag(q)/λ) v = -F its slope is
    -Σ_ij v_i(diag(q) + diag(q) K_XX diag(q)/λ)_ij v_j.
    """

    tol: Leaf = 1e-10

    def solve(self, system, beta, pull):
        K, beta, pull = (jnp.asarray(a, jnp.float64) for a in (system, beta, pull))
        K, pull = K / self.regularization, pull / self.regularization
        tol = jnp.maximum(self.tol, 8 * jnp.finfo(K).eps * jnp.max(jnp.abs(pull)))
        state = jax.lax.while_loop(
            lambda state: (state.moved > tol) & (state.steps < STEPS),
            lambda state: _newton(K, beta, pull, state),
            _Newton(jnp.zeros_like(pull), jnp.array(jnp.inf), 0),
        )
        q = _rates(beta, state.u)
        return q, 1 + 1 / self.regularization, state.moved <= tol

    def objective(self, loss, sample, f):
        """(1 + λ) times the objective of h, in which λ‖h‖² = E_fake h - E_real h eʰ."""
        scale = 1 + self.regularization
        h = -f / scale
        terms = jnp.where(sample.sign < 0, h / 2, h * jnp.exp(h) / 2 - jnp.expm1(h))
        return 2 * scale * jnp.sum(sample.weight * terms)


class _Newton(NamedTuple):
    u: jax.Array
    moved: jax.Array  # by the last step, at most
    steps: jax.Array | int


def _rates(beta, u):
    """βeᵘ, and 0 where there is no point."""
    return jnp.where(beta > 0, beta * jnp.exp(u), 0)


def _newton(K, beta, pull, state):
    """A step of (R3), as long as the dual descends; K and pull are over λ."""
    u, q = state.u, _rates(beta, state.u)
    residual = u - pull + matmul(K, q)
    # v = -F - K√q y, y = √q v, of which (1 + √q K √q) y = -√q F.
    root = jnp.sqrt(q)
    factor = cho_factor(jnp.eye(len(u)) + root[:, None] * K * root)
    v = -residual - matmul(K, root * cho_solve(factor, -root * residual))
    slope = jnp.sum(residual * q * v)

    def dual(u):
        q = _rates(beta, u)
        return jnp.sum(q * (matmul(K, q) / 2 - pull + jnp.where(q > 0, u - 1, 0)))

    start = dual(u)
    # Where the dual has lost its digits, near the end, a whole step is right.
    rounding = 64 * jnp.finfo(u.dtype).eps * (1 + jnp.abs(start))

    def too_long(turn):
        t, count = turn
        descends = dual(u + t * v) <= start + DESCENT * t * slope + rounding
        return ~descends & (count < HALVINGS)

    first = HIGHEST / jnp.maximum(jnp.max(jnp.where(beta > 0, v, 0)), HIGHEST)
    t = jax.lax.while_loop(too_long, lambda turn: (turn[0] / 2, turn[1] + 1), (first, 0))[0]
    moved = jnp.max(jnp.where(beta > 0, jnp.abs(v), 0))
    return _Newton(u + t * v, moved, state.steps + 1)


class KALEDiscriminator(TargetDiscriminator):
    r"""Critic of a relaxed Kullback-Leibler divergence, by Newton's method.

    The kernel approximate lower bound of KL(fake | real) [1]_,

    .. math::

        KALE = (1 + \lambda) \max_h \; 1 + E_{fake} h - E_{real} e^h
        - \tfrac{\lambda}{2} \|h\|^2,

    is finite for clouds without a point in common, unlike KL, which it is for λ → 0, while
    for λ → ∞ it is half the MMD². Real points far from all fake ones count as in KL, fake
    ones far from all real ones by their distance. Particles descend its first variation,
    and this critic is minus that, :math:`f = -(1 + \lambda) h`.

    Take it where a likelihood ratio is wanted, :math:`e^h` on the real points being one.

    Parameters
    ----------
    kernel : Kernel, default=None
        A kernel of `skgantk.kernels`, or one of scikit-learn's that `as_core` knows;
        `NTK()` if None.
    regularization : float, default=0.1
        λ > 0, in units of k(x, x). Below 1e-4 of that, and where the clouds do not meet,
        Newton's method may take too many steps.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels of fake and real, in order.
    kernel_ : Kernel
        The kernel used.
    X_fit_ : ndarray of shape (n_samples, n_features)
        The points, fake and real.
    y_fit_ : ndarray of shape (n_samples,)
        Their labels.
    dual_coef_ : ndarray of shape (n_samples,)
        c in f(x) = Σ_i c_i k(x, x_i).
    loss_ : float
        KALE of the clouds, at least 0.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the input is not finite or not of two classes.
    TypeError
        If the kernel has no known formula.
    MemoryError
        If the Gram matrix cannot fit into memory.

    Warns
    -----
    ConvergenceWarning
        If ``regularization`` is beyond the precision of the data's dtype, or Newton's
        method ended short of its tolerance.

    See Also
    --------
    NTKIPMDiscriminator : The witness of the MMD, which is f for λ → ∞.
    DrMMDDiscriminator : The same idea for the χ²-divergence, in closed form.

    Notes
    -----
    Real are the points of the greater label. Of m real points each of some ten steps of
    Newton's method takes a time of O(m³), in float64; the memory is O(m²).

    References
    ----------
    .. [1] Glaser, Arbel, Gretton, "KALE flow: a relaxed KL gradient flow for probabilities
       with disjoint support", NeurIPS 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.discriminators import KALEDiscriminator, stack_samples
    >>> rng = np.random.default_rng(0)
    >>> X, y = stack_samples(rng.normal(3, 1, (60, 2)), rng.normal(0, 1, (40, 2)))
    >>> critic = KALEDiscriminator().fit(X, y)
    >>> critic.score(X, y) > 0.9
    True
    """

    _trainer = KALETrainer
