"""Sums over a cloud, in tiles of pairs, compiled.

A tile is a block of rows of X against a block of rows of Y. Only one tile of n × m arrays
is alive at a time; its size follows scikit-learn's ``working_memory``, and on a CPU also
the cache, where the elementwise recursions of the kernels run fastest.

The functions take a core (see `skgantk.kernels._core`) and arrays of one floating dtype,
and are pure; callers open the float64 scope (`skgantk._numerics.precision`). Called outside
of compiled functions, they fill clouds up to sizes that share a program, and return NumPy
arrays.
"""

import math
from functools import partial, wraps
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import sklearn

from skgantk._numerics import geometry
from skgantk._numerics.devices import compiled, device_count, spread_map
from skgantk._numerics.elementwise import stored
from skgantk._numerics.sizes import fill

TEMPORARIES = 32  # arrays of a tile's size that are alive at once, an upper estimate
CPU_TILE = 2**20  # bytes of an array of pairs; the time is flat around it on two cores
MAP_TILE = 2**18  # numbers, where a pair needs a map of them; as flat
TILE_COLUMNS = 1032  # a rung of `sizes`, so that as many points are not split
SUM_COLUMNS = 512  # XLA sums longer rows in pieces, and takes a maximum so: twice as slow
# A GPU fuses more, stores less (measured), and waits some 10 µs for every tile.
GPU_TEMPORARIES = 16
GPU_COLUMNS = 4096
MOST_ROWS = 2**15  # XLA 0.11.2 compiles sums over 2¹⁶ rows for minutes, for a GPU
LANES = 16  # of float32 in the longest vector registers of a CPU


def tile_shape(n, m, itemsize, columns=None, values=1):
    """Return (rows, columns) of a tile for n × m pairs, with at most ``columns``.

    ``values`` is how many numbers a pair needs; see `Core.values_per_pair`.
    """
    cpu = jax.default_backend() == "cpu"
    memory = sklearn.get_config()["working_memory"] * 2**20
    temporaries = TEMPORARIES if cpu or values > 1 else GPU_TEMPORARIES
    pairs = max(1, int(memory / (temporaries * itemsize * values)))
    if cpu:
        most = MAP_TILE // values if values > 1 else CPU_TILE // itemsize
        pairs = min(pairs, max(1, most))
    if columns is None:
        columns = TILE_COLUMNS if cpu or values > 1 else GPU_COLUMNS
    if values > 1:  # nearly square, because such kernels prepare every point of a tile
        columns = min(columns, max(math.isqrt(pairs), pairs // n))
        if pairs >= LANES**2 // 2:  # the innermost loop in whole vectors, a power of two
            columns = min(m, LANES * 2 ** max(0, round(math.log2(columns / LANES))))
            return _rows(n, pairs // columns), columns
    columns = _even(m, min(columns, pairs))
    return _rows(n, pairs // columns), columns


def _rows(n, most):
    """Rows of a tile, so few that every device has one."""
    return _even(n, max(1, min(most, MOST_ROWS, -(-n // device_count()))))


def tile_of(core, n, m, dtype):
    """Return `tile_shape` for n × m pairs of points of that dtype."""
    return tile_shape(n, m, dtype.itemsize, values=core.values_per_pair)


def _log_tile_of(core, n, m, dtype):
    """The same for sums of logarithms, with reductions over rows that are no products."""
    columns = SUM_COLUMNS if jax.default_backend() == "cpu" else None
    return tile_shape(n, m, dtype.itemsize, columns, core.values_per_pair)


def gram_rows(n, m, itemsize):
    """Return the number of rows of the Gram matrix that are computed at once."""
    return tile_shape(n, m, itemsize, columns=m)[0]


def _gram_tile(core, n, m, dtype):
    """The same with the number of columns; None: all of them."""
    if core.values_per_pair == 1:
        return gram_rows(n, m, dtype.itemsize), None
    return tile_of(core, n, m, dtype)


def _even(total, block):
    """The smallest block that needs no more blocks than ``block`` does."""
    count = -(-total // block)
    return -(-total // max(count, 1))


def _filled(*axes):
    """Decorate an operator: fill up what it is given from outside, and cut its result.

    ``axes`` name the arguments, X 0 and Y 1, by whose sizes those of the result go.
    """

    def decorate(operator):
        @wraps(operator)
        def filled(core, X, Y=None, coef=None):
            given = [a for a in (X, Y, coef) if a is not None]
            if any(isinstance(a, jax.core.Tracer) for a in jax.tree.leaves((core, given))):
                return operator(core, *given)
            sizes = len(X), len(X if Y is None else Y)
            clouds = [fill(cloud) for cloud in given[:2]]
            if coef is not None:
                coef = np.asarray(coef)
                if coef.ndim == 2:
                    coef = fill(coef)
                room = [(0, 0)] * (coef.ndim - 1) + [(0, len(clouds[1]) - sizes[1])]
                clouds.append(np.pad(coef, room))
            result = np.asarray(operator(core, *clouds))
            return result[tuple(slice(sizes[axis]) for axis in axes)]

        return filled

    return decorate


@_filled(0, 1)
def gram(core, X, Y=None):
    """Return k(x_i, y_j), (n, m); with ``Y=None`` k(x_i, x_j), exactly symmetric."""
    if core.low_rank:
        return _low_rank_gram(core, X, Y)
    m = len(X if Y is None else Y)
    return _gram(core, X, Y, *_gram_tile(core, len(X), m, X.dtype))


@_filled(0)
def product(core, X, Y, coef):
    """Return Σ_j coef_j k(x_i, y_j), (n,), without forming the Gram matrix."""
    if core.quick_sums:
        return _quick_values(core, X, Y, coef)
    core, Y, coef = core.condensed(Y, coef)
    return _sum(core, X, Y, coef, tile_of(core, len(X), len(Y), X.dtype))


@_filled(0)
def gradient(core, X, Y, coef):
    """Return Σ_j coef_j ∇ₓ k(x_i, y_j), (n, d); no n × m × d array is formed."""
    if core.quick_sums:
        return _quick_gradient(core, X, Y, coef)
    core, Y, coef = core.condensed(Y, coef)
    return _gradient(core, X, Y, coef, tile_of(core, len(X), len(Y), X.dtype))


@_filled(0)
def pullback(core, X, Y, coef):
    """Return Σ_j coef_ij ∇ₓ k(x_i, y_j), (n, d), for ``coef`` (n, m).

    The adjoint of `gram` (core, X, Y) in X, for the cotangent ``coef``. That of
    k(x_i, x_j) in X is ``pullback(core, X, X, coef + coef.T)``.
    """
    core, Y, coef = core.condensed(Y, coef)
    return _gradient(core, X, Y, coef, tile_of(core, len(X), len(Y), X.dtype))


def gram_and_pullback(core, X, Z, fixed=None):
    """Return K of S = X ⊕ Z, symmetric, and its derivative in Z, inside of compiled code.

    The latter is a function of ``coef`` (m, n + m): Σ_j coef_ij ∇₁k(z_i, s_j), (m, d). Both
    come from one recursion over Z × S, whose results, three numbers a pair, are kept.
    ``fixed`` is K of X, if it is known.
    """
    S = jnp.concatenate([X, Z])
    if core.low_rank or core.values_per_pair > 1:
        return gram(core, S), partial(pullback, core, Z, S)
    fixed = gram(core, X) if fixed is None else fixed
    n, (m, d) = len(X), Z.shape
    rows = gram_rows(m, n + m, Z.dtype.itemsize)
    core = _like(core, Z)
    z, s = geometry.clouds(_blocks(Z, rows), S)
    blocks = z, _blocks(n + jnp.arange(m), rows)

    def pairs(z, place, s):
        same = (place[:, None] == jnp.arange(n + m)).astype(Z.dtype)
        return geometry.pairs(z, s, same)

    def evaluate(block, shared):
        core, s = shared
        return core.linearised(pairs(*block, s))

    def contract(args, shared):
        (block, kept, coef), (core, s) = args, shared
        return core.pull(pairs(*block, s), kept, coef)

    K, kept = spread_map(evaluate, blocks, (core, s))
    K = K.reshape(-1, n + m)[:m]
    own = stored(K[:, n:])
    K = jnp.block([[fixed, K[:, :n].T], [K[:, :n], (own + own.T) / 2]])

    def pull(coef):
        args = blocks, kept, _blocks(coef, rows)
        return spread_map(contract, args, (core, s)).reshape(-1, d)[:m]

    return K, pull


@_filled(0)
def log_sum(core, X, Y, weight):
    """Return log Σ_j weight_j k(x_i, y_j), (n,), of a positive kernel, though k be 0."""
    return _log_sum(core, X, Y, weight, _log_tile_of(core, len(X), len(Y), X.dtype))


@_filled(0)
def log_sum_gradient(core, X, Y, weight):
    """Return its gradient, (n, d)."""
    return _log_sum_gradient(
        core, X, Y, weight, _log_tile_of(core, len(X), len(Y), X.dtype)
    )


@_filled(0)
def diag(core, X):
    """Return k(x_i, x_i), (n,)."""
    return _diag(core, X)


@compiled
def _diag(core, X):
    return _like(core, X).diag(X)


@_filled()
def bound(core, X):
    """Return what no |k(x_i, x_j)| exceeds, ()."""
    return _bound(core, X)


@compiled
def _bound(core, X):
    return _like(core, X).bound(X)


@compiled
def _quick_values(core, X, Y, coef):
    return _like(core, X).sum_values(X, Y, coef)


@compiled
def _quick_gradient(core, X, Y, coef):
    return _like(core, X).sum_gradient(X, Y, coef)


@compiled
def _low_rank_gram(core, X, Y):
    core = _like(core, X)
    left = core.factor(X)
    if Y is not None:
        return geometry.matmul(left, core.factor(Y).T)
    K = stored(geometry.matmul(left, left.T))
    return (K + K.T) / 2


def in_rows(function, X, m):
    """Return ``function`` (n,) of the rows of X, in blocks for n × m pairs."""
    blocks = _blocks(X, gram_rows(len(X), m, X.dtype.itemsize))
    return jax.lax.map(function, blocks).reshape(-1)[: len(X)]


def gram_tangent(core, tangent, X):
    """Return the derivative of `gram` (core, X) along ``tangent``, a core of tangents."""
    filled = fill(X)
    tile = _gram_tile(core, len(filled), len(filled), X.dtype)
    return np.asarray(_gram_tangent(core, tangent, filled, *tile))[: len(X), : len(X)]


@partial(compiled, static_argnames=("rows", "columns"))
def _gram(core, X, Y, rows, columns=None):
    core = _like(core, X)
    other = X if Y is None else Y
    n, m = len(X), len(other)
    y = other if columns is None else _blocks(other, columns)
    x, y = geometry.clouds(_blocks(X, rows), y)

    def block(args, shared):
        (x, row), (core, y) = args, shared

        def tile(y, column):
            same = (row[:, None] == column).astype(X.dtype) if Y is None else None
            return core.gram(geometry.pairs(x, y, same))

        if columns is None:
            return tile(y, jnp.arange(m))

        def upper(args):
            """Zeros below the diagonal."""
            zeros = jnp.zeros((rows, columns), X.dtype)
            below = args[1][-1] < row[0]
            return jax.lax.cond(below, lambda _: zeros, lambda args: tile(*args), args)

        evaluate = upper if Y is None else lambda args: tile(*args)
        K = jax.lax.map(evaluate, (y, _blocks(jnp.arange(m), columns)))
        return K.swapaxes(0, 1).reshape(rows, -1)[:, :m]

    K = spread_map(block, (x, _blocks(jnp.arange(n), rows)), (core, y))
    K = K.reshape(-1, m)[:n]
    if Y is not None:
        return K
    if columns is not None:
        return jnp.triu(K) + jnp.triu(K, 1).T
    K = stored(K)  # or a multiply-add may round K_ij + K_ji and K_ji + K_ij apart
    return (K + K.T) / 2


@partial(compiled, static_argnames=("rows", "columns"))
def _gram_tangent(core, tangent, X, rows, columns):
    return jax.jvp(lambda core: _gram(core, X, None, rows, columns), (core,), (tangent,))[1]


@partial(compiled, static_argnames="shape")
def _sum(core, X, Y, coef, shape):
    def tile(core, pairs, coef):
        return geometry.weighted_sum(core.gram(pairs), coef)

    return _sum_tiles(tile, core, X, Y, coef, shape)


@partial(compiled, static_argnames="shape")
def _gradient(core, X, Y, coef, shape):
    def tile(core, pairs, coef):
        return core.gradient(pairs, coef)

    return _sum_tiles(tile, core, X, Y, coef, shape)


class _LogSum(NamedTuple):
    """Σ_j e^{l_ij} a_ij, by the greatest l so far, so that nothing over- or underflows."""

    greatest: jax.Array  # (n,)
    total: jax.Array  # Σ_j e^{l_ij - greatest_i} a_ij, (n,) or (n, d)


def _log_tile(core, pairs, weight, slopes):
    """Of l = log weight_j k, with a = 1, and if wanted with a = ∇ₓ log k."""
    logs, kept = core.log_linearised(pairs)
    logs += jnp.log(weight)
    greatest = jnp.max(logs, axis=1)
    parts = jnp.exp(logs - _finite(greatest)[:, None])
    one = _LogSum(greatest, jnp.sum(parts, axis=1))
    return (one, _LogSum(greatest, core.log_pull(pairs, kept, parts))) if slopes else (one,)


def _finite(greatest):
    """0 where there is nothing yet."""
    return jnp.where(jnp.isneginf(greatest), 0, greatest)


def _add_logs(left, right):
    greatest = jnp.maximum(left.greatest, right.greatest)
    total = 0.0
    for part in (left, right):
        factor = jnp.exp(part.greatest - _finite(greatest))
        total += part.total * factor.reshape(-1, *[1] * (part.total.ndim - 1))
    return _LogSum(greatest, total)


def _log_sums(core, X, Y, weight, shape, slopes):
    def tile(core, pairs, weight):
        return _log_tile(core, pairs, weight, slopes)

    def add(left, right):
        return tuple(map(_add_logs, left, right))

    def nothing(shapes):
        return tuple(
            _LogSum(jnp.full_like(a.greatest, -jnp.inf), jnp.zeros_like(a.total))
            for a in shapes
        )

    return _sum_tiles(tile, core, X, Y, weight, shape, add, nothing)


@partial(compiled, static_argnames="shape")
def _log_sum(core, X, Y, weight, shape):
    (one,) = _log_sums(core, X, Y, weight, shape, slopes=False)
    return one.greatest + jnp.log(one.total)


@partial(compiled, static_argnames="shape")
def _log_sum_gradient(core, X, Y, weight, shape):
    one, slope = _log_sums(core, X, Y, weight, shape, slopes=True)
    return slope.total / one.total[:, None]


def _like(core, X):
    """Hyperparameters in the dtype of the points, which decides that of the result."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, X.dtype), core)


def _sum_tiles(tile, core, X, Y, coef, shape, add=jnp.add, nothing=jnp.zeros_like):
    """Sum ``tile(core, pairs, coef)`` over blocks of columns, for every block of rows.

    ``coef`` is (m,), the same for every row, or (n, m). A sum is what ``add`` makes of two,
    ``nothing`` of shapes its zero.
    """
    rows, columns = shape
    x, y = geometry.clouds(_blocks(X, rows), _blocks(Y, columns))
    coef = jnp.pad(coef, [(0, 0)] * (coef.ndim - 1) + [(0, -len(Y) % columns)])
    coef = coef.reshape(*coef.shape[:-1], -1, columns)  # (..., blocks, columns)

    def block(x, coef, core, y):
        def evaluate(y, coef):
            return tile(core, geometry.pairs(x, y), coef)

        first = jax.tree.map(lambda a: a[0], (y, coef))
        zero = nothing(jax.eval_shape(evaluate, *first))

        def turn(total, y_and_coef):
            return add(total, evaluate(*y_and_coef)), None

        return jax.lax.scan(turn, zero, (y, coef))[0]

    core = _like(core, X)
    if coef.ndim == 3:
        coef = _blocks(coef, rows).swapaxes(1, 2)  # (blocks, blocks, rows, columns)
        total = spread_map(lambda xc, shared: block(*xc, *shared), (x, coef), (core, y))
    else:
        total = spread_map(lambda x, shared: block(x, *shared), x, (coef, core, y))
    return jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:])[: len(X)], total)


def _blocks(a, size):
    """Split the leading axis into blocks of ``size``, the last filled with copies."""
    padding = [(0, -len(a) % size)] + [(0, 0)] * (a.ndim - 1)
    return jnp.pad(a, padding, mode="edge").reshape(-1, size, *a.shape[1:])
