"""What the cores of fully connected networks share: notation, fields, first layer.

For a network of ``depth`` hidden layers in NTK parametrisation, input dimension d,
σ_w = weight_std and σ_b = bias_std (Jacot et al. 2018; [F22] App. A):

    Σ⁰ = σ_w² x·y/d + σ_b²,              Θ⁰ = Σ⁰                              (K1)
    Σˡ⁺¹ = σ_w² F(Σˡ) + σ_b²,            Θˡ⁺¹ = σ_w² G(Σˡ) Θˡ + Σˡ⁺¹          (K2)

with F = E[φ(u)φ(v)], G = E[φ'(u)φ'(v)]. Per point the recursion carries q = Σ(x, x); per
pair c = Σ(x, y) and, free of cancellation, p = q_x - c, Δ = q_x + q_y - 2c and
det = q_x q_y - c².

k depends on (|x|², |y|², x·y) only. With σ = sign(x·y) its gradient is written as

    ∇ₓk = A x + B (x - σy),   A = R k,  R = 2∂/∂|x|² + σ ∂/∂(x·y),  B = -σ ∂k/∂(x·y)  (K3)

because A stays bounded at coincident points and B grows no faster than 1/‖x - y‖, so that
no digits are lost there; 2 (∂k/∂|x|²) x + (∂k/∂(x·y)) y would lose them.
"""

from typing import NamedTuple

import jax

from skgantk.kernels._core import Core


class State(NamedTuple):
    """A layer's covariances. q_x (n, 1), q_y (1, m), the rest (n, m)."""

    qx: jax.Array
    qy: jax.Array
    c: jax.Array
    p: jax.Array
    delta: jax.Array
    det: jax.Array


class MLPCore(Core):
    """Fields ``weight_std``, ``bias_std``, ``depth``, ``activation``, ``output_bias`` and
    ``ntk`` (else NNGP) come with the subclasses, one for each family of activations.
    """

    def scale(self, n_features):
        """σ_w²/d."""
        return self.weight_std**2 / n_features

    def biases(self):
        """σ_b² of every layer, that of the inputs first."""
        last = self.bias_std**2 if self.output_bias else 0.0
        return [self.bias_std**2] * self.depth + [last]


def inputs(pairs, bias):
    """Covariances of the first layer (K1) in units of σ_w²/d, ``bias`` likewise."""
    delta = pairs.square_distance
    return State(
        qx=pairs.xx + bias,
        qy=pairs.yy + bias,
        c=pairs.dot + bias,
        p=pairs.ex + pairs.opposite,
        delta=delta,
        det=pairs.gram_det + bias * delta,
    )
