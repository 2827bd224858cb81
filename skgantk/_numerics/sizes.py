"""Numbers of points for which programs are compiled: few, so that many share one.

A cloud is filled up with copies of its last point to the next rung of a ladder. Copies do
no harm where they have no weight, in Σ_j c_j k(x, x_j) or in √w K √w, or where they are
dropped from a result; being points of the cloud, they change no bound on it either.
"""

import jax
import jax.numpy as jnp
import numpy as np

LEAST = 8
# Rungs in an octave, in 16ths of its end: apart by a quarter up to 256 points, where a
# program takes longer to compile than to run, and by an eighth or less beyond.
COARSE, FINE = (10, 13, 16), tuple(range(9, 17))


def rung(n):
    """The number of points to which n are filled up."""
    # Rows of a matrix a power of two apart would be in each other's way in the cache.
    shift = LEAST if n > 256 else 0
    end = max(1 << (n - shift - 1).bit_length(), LEAST)
    parts = FINE if shift and end > 256 else COARSE
    rungs = (-(-end * part // 16 // LEAST) * LEAST for part in parts)
    return next(size for size in rungs if size >= n - shift) + shift


def fill(a, fill_value=None):
    """Fill up a NumPy array along its first axis, with its last entry or a value."""
    a = np.asarray(a)
    missing = rung(len(a)) - len(a)
    if not missing:
        return a
    last = a[-1:] if fill_value is None else np.full_like(a[-1:], fill_value)
    return np.concatenate([a, np.repeat(last, missing, axis=0)])


def valid(size, count):
    """Whether each of ``size`` entries is one of the first ``count``."""
    return jnp.arange(size) < count


def shuffled(key, size, count):
    """A random permutation of ``size`` indices, the ``count`` valid ones first.

    What it does to those depends on no more than the key and ``count``.
    """
    bits = jax.random.bits(key, (size,), jnp.uint32)
    invalid = ~valid(size, count)
    return jax.lax.sort((invalid, bits, jnp.arange(size)), num_keys=2)[2]
