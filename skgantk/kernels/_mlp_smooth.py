"""Networks with a smooth activation. Notation and equations: `_mlp_core`."""

import jax
import jax.numpy as jnp

from skgantk._numerics import geometry
from skgantk._numerics.activations import Smooth
from skgantk.kernels._core import Leaf
from skgantk.kernels._mlp_core import MLPCore, State, inputs


class SmoothMLP(MLPCore, static=("depth", "activation", "output_bias", "ntk")):
    """NTK or NNGP of a network with a `Smooth` activation.

    Without a cusp, ∇ₓk = A x + B (x - y) needs no closed form: A and B of (K3) with σ = 1
    are derivatives of k along two directions.
    """

    weight_std: Leaf
    bias_std: Leaf
    depth: int
    activation: Smooth
    output_bias: bool
    ntk: bool

    def gram(self, pairs):
        return self._value(*self._first(pairs))

    def diag(self, X):
        q = self.scale(X.shape[1]) * jnp.sum(X * X, axis=1) + self.bias_std**2
        zero = jnp.zeros_like(q)
        return self._value(q, q, q, zero, zero)

    def gradient(self, pairs, coef):
        return self.pull(pairs, self.linearised(pairs)[1], coef)

    def linearised(self, pairs):
        state = self._first(pairs)
        one, zero = jnp.ones_like, jnp.zeros_like
        qx, qy, c = state[:3]
        radial = (2 * one(qx), zero(qy), one(c), one(c), zero(c))
        inner = (zero(qx), zero(qy), one(c), -one(c), -2 * one(c))
        # Linearised once: XLA would run the loops of some duals once for each direction.
        value, derivative = jax.linearize(self._value, *state)
        return value, (derivative(*radial), -derivative(*inner))

    def pull(self, pairs, kept, coef):
        scale = self.scale(pairs.n_features)
        return scale * geometry.contract(pairs, *kept, coef)

    def _first(self, pairs):
        scale = self.scale(pairs.n_features)
        state = State(*(scale * a for a in inputs(pairs, self.bias_std**2 / scale)))
        return state[:5]

    def _value(self, qx, qy, c, p, delta):
        """(K2)"""
        weight, theta = self.weight_std**2, c
        for bias in self.biases()[1:]:
            value, slope = self.activation.pair(qx, qy, c, p, delta)
            qx = weight * self.activation.variance(qx) + bias
            qy = weight * self.activation.variance(qy) + bias
            c = weight * value + bias
            # No cusp: from the first layer on, errors of order eps · q are harmless.
            p, delta = qx - c, (qx - c) + (qy - c)
            theta = weight * slope * theta + c
        return theta if self.ntk else c
