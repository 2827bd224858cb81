"""Elementwise functions that stay finite, in the form that compiles best.

XLA's CPU backend fuses by recomputing whatever is cheap in each of its consumers, but it
stores the result of a division or a square root. Each function here ends with that
operation, its guards in the operands: a guard applied afterwards would drag the whole
computation of its condition into every consumer.
"""

import jax
import jax.numpy as jnp


@jax.custom_jvp
def safe_sqrt(a):
    """√a, and 0 where a ≤ 0; its derivative is 0 there."""
    return jnp.sqrt(jnp.maximum(a, 0))


@safe_sqrt.defjvp
def _safe_sqrt_jvp(primals, tangents):
    root = safe_sqrt(primals[0])
    return root, safe_inverse(2 * root) * tangents[0]


def safe_inverse(a):
    """1/a, and 0 where a ≤ 0."""
    return safe_ratio(1, a, 0)


def safe_ratio(a, b, otherwise):
    """a/b, and ``otherwise`` where b ≤ 0."""
    positive = b > 0
    return jnp.where(positive, a, otherwise) / jnp.where(positive, b, 1)


def stored(a):
    """Return ``a``, in a form that is computed once: a/1."""
    return a / _one(a)


def _one(a):
    """1, which the compiler can't know; NaN where a is."""
    return jnp.where(a == a, 1, a)


@jax.custom_jvp
def stored_backwards(a):
    """Return ``a``, whose cotangent is `stored`.

    For what is read at many places, by the filters of a convolution say: its cotangent is
    a sum over these, which each consumer would compute again, and in its own order, a
    cache line for each number. The division is of the tangent alone: one of the value
    would be made again at each of the places.
    """
    return a


@stored_backwards.defjvp
def _stored_backwards_jvp(primals, tangents):
    (a,), (tangent,) = primals, tangents
    return a, tangent / _one(a)
