"""Sums over a cloud, in tiles of pairs, compiled.

A tile is a block of rows of X against a block of rows of Y. Only one tile of n × m arrays
is alive at a time; its size follows scikit-learn's ``working_memory``, and on a CPU also
the cache, where the elementwise recursions of the kernels run fastest.

The functions take a core (see `skgantk.kernels._core`) and arrays of one floating dtype,
and are pure; callers open the float64 scope (`skgantk._numerics.precision`).
"""

from functools import partial

import jax
import jax.numpy as jnp
import sklearn

from skgantk._numerics import geometry
from skgantk._numerics.elementwise import stored

TEMPORARIES = 32  # arrays of a tile's size that are alive at once, an upper estimate
CPU_TILE = 2**17  # pairs; the time is flat around it on two cores
TILE_COLUMNS = 1024


def tile_shape(n, m, itemsize, columns=TILE_COLUMNS):
    """Return (rows, columns) of a tile for n × m pairs, with at most ``columns``."""
    memory = sklearn.get_config()["working_memory"] * 2**20
    pairs = max(1, int(memory / (TEMPORARIES * itemsize)))
    if jax.default_backend() == "cpu":
        pairs = min(pairs, CPU_TILE)
    columns = _even(m, min(columns, pairs))
    return _even(n, max(1, pairs // columns)), columns


def gram_rows(n, m, itemsize):
    """Return the number of rows of the Gram matrix that are computed at once."""
    return tile_shape(n, m, itemsize, columns=m)[0]


def _even(total, block):
    """The smallest block that needs no more blocks than ``block`` does."""
    count = -(-total // block)
    return -(-total // max(count, 1))


def gram(core, X, Y=None):
    """Return k(x_i, y_j), (n, m); with ``Y=None`` k(x_i, x_j), exactly symmetric."""
    m = len(X if Y is None else Y)
    return _gram(core, X, Y, gram_rows(len(X), m, X.dtype.itemsize))


def product(core, X, Y, coef):
    """Return Σ_j coef_j k(x_i, y_j), (n,), without forming the Gram matrix."""
    return _sum(core, X, Y, coef, tile_shape(len(X), len(Y), X.dtype.itemsize))


def gradient(core, X, Y, coef):
    """Return Σ_j coef_j ∇ₓ k(x_i, y_j), (n, d); no n × m × d array is formed."""
    return _gradient(core, X, Y, coef, tile_shape(len(X), len(Y), X.dtype.itemsize))


@jax.jit
def diag(core, X):
    """Return k(x_i, x_i), (n,)."""
    return _like(core, X).diag(X)


def gram_tangent(core, tangent, X):
    """Return the derivative of `gram` (core, X) along ``tangent``, a core of tangents."""
    rows = gram_rows(len(X), len(X), X.dtype.itemsize)
    return _gram_tangent(core, tangent, X, rows)


@partial(jax.jit, static_argnames="rows")
def _gram(core, X, Y, rows):
    core = _like(core, X)
    n, m = len(X), len(X if Y is None else Y)
    x, y = geometry.clouds(_blocks(X, rows), X if Y is None else Y)

    def block(args):
        x, row = args
        same = (row[:, None] == jnp.arange(m)).astype(X.dtype) if Y is None else None
        return core.gram(geometry.pairs(x, y, same))

    K = jax.lax.map(block, (x, _blocks(jnp.arange(n), rows)))
    K = K.reshape(-1, m)[:n]
    if Y is not None:
        return K
    K = stored(K)  # or a multiply-add may round K_ij + K_ji and K_ji + K_ij apart
    return (K + K.T) / 2


@partial(jax.jit, static_argnames="rows")
def _gram_tangent(core, tangent, X, rows):
    return jax.jvp(lambda core: _gram(core, X, None, rows), (core,), (tangent,))[1]


@partial(jax.jit, static_argnames="shape")
def _sum(core, X, Y, coef, shape):
    core = _like(core, X)

    def tile(pairs, coef):
        return geometry.weighted_sum(core.gram(pairs), coef)

    return _sum_tiles(tile, X, Y, coef, shape)


@partial(jax.jit, static_argnames="shape")
def _gradient(core, X, Y, coef, shape):
    return _sum_tiles(_like(core, X).gradient, X, Y, coef, shape)


def _like(core, X):
    """Hyperparameters in the dtype of the points, which decides that of the result."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, X.dtype), core)


def _sum_tiles(tile, X, Y, coef, shape):
    """Sum ``tile(pairs, coef)`` over blocks of columns, for every block of rows."""
    rows, columns = shape
    x, y = geometry.clouds(_blocks(X, rows), _blocks(Y, columns))
    coef = jnp.pad(coef, (0, -len(Y) % columns)).reshape(-1, columns)

    def evaluate(x, y_and_coef):
        return tile(geometry.pairs(x, y_and_coef[0]), y_and_coef[1])

    first = jax.tree.map(lambda a: a[0], (x, (y, coef)))
    zero = jnp.zeros_like(jax.eval_shape(evaluate, *first))

    def block(x):
        def add(total, y_and_coef):
            return total + evaluate(x, y_and_coef), None

        return jax.lax.scan(add, zero, (y, coef))[0]

    total = jax.lax.map(block, x)
    return total.reshape(-1, *total.shape[2:])[: len(X)]


def _blocks(a, size):
    """Split the leading axis into blocks of ``size``, the last filled with copies."""
    padding = [(0, -len(a) % size)] + [(0, 0)] * (a.ndim - 1)
    return jnp.pad(a, padding, mode="edge").reshape(-1, size, *a.shape[1:])
