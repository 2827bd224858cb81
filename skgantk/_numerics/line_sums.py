"""Sums of |t - s| over the points of a line, by sorting: n log n instead of n².

With s sorted, C_k = Σ_{j<k} c_j, D_k = Σ_{j<k} c_j s_j, k the number of s below t and l the
number of those up to t,

    Σ_j c_j |t - s_j| = t (2C_k - C_m) - (2D_k - D_m),                            (L1)
    Σ_j c_j sign(t - s_j) = C_k + C_l - C_m.                                      (L2)

All is in float64. JAX's cumulative sums are trees, whose rounding grows with log m.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

HALF = 32  # bits of half an integer


class Line(NamedTuple):
    """Points s of a line, sorted, and their cumulative sums."""

    points: jax.Array  # s (m,)
    coef: jax.Array  # C (m + 1,)
    moment: jax.Array  # D (m + 1,)


def line(s, coef, exact=True):
    """Return the `Line` of points (m,) with coefficients.

    What is not ``exact`` is sorted in half the time, by all bits of s but its last
    log₂ m: by more than float32 has, for m up to 2²⁹.
    """
    s, order = _sorted(s, exact)
    return Line(s, _cumulative(coef[order]), _cumulative(coef[order] * s))


def values(line, t):
    """(L1) at t (n,)."""
    below = jnp.searchsorted(line.points, t)
    return t * _balance(line.coef, below, below) - _balance(line.moment, below, below)


def slopes(line, t, width, exact=True):
    """(L2) at t (n,); what is no further than ``width`` (n,) counts as coincident."""
    low, high = t - width, t + width
    if not exact:
        low, high = (_cut(_integers(end), _places(line.points)) for end in (low, high))
    below = jnp.searchsorted(line.points, low)
    up_to = jnp.searchsorted(line.points, high, side="right")
    return _balance(line.coef, below, up_to)


def _balance(cumulative, below, up_to):
    """What is below less what is above, half of what is between on either side."""
    return cumulative[below] + cumulative[up_to] - cumulative[-1]


def _cumulative(a):
    return jnp.concatenate([jnp.zeros(1, a.dtype), jnp.cumsum(a)])


def _sorted(s, exact):
    """s in order, and the indices that sort it.

    On a CPU XLA sorts an array of integers in less time than one of floats, or two at
    once, so the order of s is that of integers with the index in their last bits. To keep
    all bits of s, it takes a sort by their second half and one by the first.
    """
    keys, places = _integers(s), _places(s)
    if exact:
        order = _argsort(keys & (2**HALF - 1), places)
        order = order[_argsort((keys >> HALF)[order], places)]
        return s[order], order
    order = _argsort(keys >> places, places)
    return _cut(keys, places)[order], order


def _places(s):
    """Bits of an index of s."""
    return (len(s) - 1).bit_length()


def _cut(keys, places):
    """Floats whose keys end in so many zeros, next below."""
    keys = (keys >> places) << places
    return jax.lax.bitcast_convert_type(_in_order(keys), jnp.float64)


def _argsort(keys, places):
    packed = (keys << places) | jnp.arange(len(keys))
    order = jax.lax.sort(packed, is_stable=False) & (2**places - 1)
    return order.astype(jnp.int32)


def _integers(s):
    """Integers in the order of floats."""
    return _in_order(jax.lax.bitcast_convert_type(s, jnp.int64))


def _in_order(bits):
    """Those of negative floats reversed; its own inverse."""
    return bits ^ ((bits >> 63) & jnp.iinfo(jnp.int64).max)
