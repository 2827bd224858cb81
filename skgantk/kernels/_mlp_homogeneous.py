"""Networks with a positively homogeneous activation. Notation: `_mlp_core`.

With w = σ_w² κ and f = c + e, e = ζ(s - θc) (see `Homogeneous`), (K2) reads q' = wq + σ_b²
and c' = wf + σ_b². All covariances of layer l are kept in units of u_l = (σ_w²/d) wˡ, which
takes w out of the recursion: with β_l = σ_b²/u_l (0 after a read-out without bias),

    q' = q + β',   c' = f + β',   p' = p - e,   Δ' = Δ - 2e,
    det' = (n - f)(n + f) + β'Δ',   n = √(q_x q_y),
    Θ' = (1 - ζθ) Θ + c'                                                            (K4)
"""

import jax.numpy as jnp

from skgantk._numerics import geometry
from skgantk._numerics.activations import Homogeneous
from skgantk._numerics.elementwise import safe_inverse, safe_ratio, safe_sqrt, stored
from skgantk.kernels._core import Leaf
from skgantk.kernels._mlp_core import MLPCore, State, inputs


class HomogeneousMLP(MLPCore, static=("depth", "activation", "output_bias", "ntk")):
    """NTK or NNGP of a network with a `Homogeneous` activation."""

    weight_std: Leaf
    bias_std: Leaf
    depth: int
    activation: Homogeneous
    output_bias: bool
    ntk: bool

    @property
    def positive(self):
        """Of more than one layer, Σ where φ does not keep the sign, Θ for ReLU.

        F ≥ 0, and 0 for opposite points at most, so Σ¹ ≥ 0 and Σ² > 0. ReLU's Θ¹ may be
        negative, but with n = √(q_x q_y), in units of κ, it is -.14 n at least, and as
        G ≤ 1 and Σ² ≥ n/π, Θ² > 0.
        """
        phi = self.activation
        signless = phi.negative_slope == 0 if self.ntk else not phi.keeps_sign
        return signless and self.depth > 1

    def gram(self, pairs):
        state, _ = self._first(pairs)
        return self._value(state, pairs.n_features)

    def diag(self, X):
        q = jnp.sum(X * X, axis=1) + self._betas(X.shape[1])[0]
        zero = jnp.zeros_like(q)
        return self._value(State(q, q, q, zero, zero, zero), X.shape[1])

    def gradient(self, pairs, coef):
        return self.pull(pairs, self.linearised(pairs)[1], coef)

    def linearised(self, pairs):
        value, *coefficients = self._coefficients(pairs)
        return self._unit(pairs.n_features, self.depth) * value, coefficients

    def pull(self, pairs, kept, coef):
        total = geometry.contract(pairs, *kept, coef, pairs.sign)
        return self._unit(pairs.n_features, self.depth) * total

    def _unit(self, n_features, layer):
        return (
            self.scale(n_features) * (self.weight_std**2 * self.activation.kappa) ** layer
        )

    def _betas(self, n_features):
        biases = enumerate(self.biases())
        return [bias / self._unit(n_features, layer) for layer, bias in biases]

    def _first(self, pairs):
        """`inputs`, and the sign by which an even φ folds c.

        An even φ sees |c| only: (x, -y) replaces (x, y) where c < 0.
        """
        beta = self._betas(pairs.n_features)[0]
        state = inputs(pairs, beta)
        if not self.activation.even:
            return state, 1.0
        folded = state.c < 0
        # q_x - |c| = q_x + c = x·(x + y) + 2β, and the same for y
        p = jnp.where(folded, pairs.ex + 2 * beta, state.p)
        delta = jnp.where(folded, pairs.zz + 4 * beta, state.delta)
        state = state._replace(c=jnp.abs(state.c), p=p, delta=delta)
        return state, jnp.where(folded, -1, 1).astype(state.c.dtype)

    def _layer(self, state, first, beta):
        """(K4): the dual of one layer and the next `State`."""
        n = safe_sqrt(state.qx) * safe_sqrt(state.qy)
        signed = (first and not self.activation.even) or self.activation.keeps_sign
        dual = self.activation.dual(n, state.c, state.det, signed)
        delta = state.delta - 2 * dual.excess
        following = State(
            qx=state.qx + beta,
            qy=state.qy + beta,
            c=stored(dual.value + beta),  # for three consumers in the next layer
            p=state.p - dual.excess,
            delta=delta,
            det=dual.gap * (n + dual.value) + beta * delta,
        )
        return dual, following

    def _value(self, state, n_features):
        theta = state.c
        for layer, beta in enumerate(self._betas(n_features)[1:]):
            dual, state = self._layer(state, layer == 0, beta)
            theta = dual.slope * theta + state.c
        value = theta if self.ntk else state.c
        return self._unit(n_features, self.depth) * value

    def _coefficients(self, pairs):
        """k, A and B of (K3) in closed form; ' is the next layer, ˙ the derivative R.

        Per row q̇_x = 2; per pair, with the partial derivatives of the arc-cosine kernel
        ∂f/∂q_x = ζs/2q_x, ∂f/∂c = 1 - ζθ, ∂θ/∂q_x = c/(2 q_x s), ∂θ/∂c = -1/s and

            γ = 1 - ζθ,   m = ċ - c/q_x,

        everything that is singular at s → 0 is in m/s, which stays bounded as x → y:

            ċ' = γ m + f/q_x,   Σ_c' = γ Σ_c                                        (K5)
            m' = γ m - β' p' / (q_x q_x')                                           (K6)
            Θ̇' = γ Θ̇ + ċ' + ζ Θ m/s,   Θ_c' = γ Θ_c + Σ_c' + ζ Θ Σ_c/s            (K7)

        At x = ±y, s = 0: the last term of (K7) is replaced by 0, the mean of the one-sided
        slopes, which makes the gradient ½∇ₓ[k(x, x)] there.
        """
        sign, zeta = pairs.sign, self.activation.zeta
        first_beta, *betas = self._betas(pairs.n_features)
        state, fold = self._first(pairs)
        # m⁰ = σ - c/q_x = σ [x·(x - σy) + (1 - σ) β] / q_x
        rho = safe_inverse(state.qx)
        m = fold * sign * (pairs.ex + (1 - sign) * first_beta) * rho
        radial, inner = fold * sign, fold * jnp.ones_like(m)  # ċ, Σ_c
        theta, theta_radial, theta_inner = state.c, radial, inner
        for layer, beta in enumerate(betas):
            dual, following = self._layer(state, layer == 0, beta)
            gamma, jump = dual.slope, zeta * theta
            radial = gamma * m + dual.value * rho
            regular = gamma * theta_radial + radial
            theta_radial = _add_ratio(regular, jump * m, dual.sine)
            regular = gamma * (theta_inner + inner)
            theta_inner = _add_ratio(regular, jump * inner, dual.sine)
            inner = gamma * inner
            theta = gamma * theta + following.c
            following_rho = safe_inverse(following.qx)
            m = gamma * m - beta * rho * following_rho * following.p
            state, rho = following, following_rho
        if self.ntk:
            return theta, theta_radial, -sign * theta_inner
        return state.c, radial, -sign * inner


def _add_ratio(a, b, s):
    """a + b/s, and a where s = 0; the division last, see `elementwise`."""
    return safe_ratio(a * s + b, s, a)
