"""Gram matrix and gradient sum of a ReLU NTK against neural-tangents, jitted.

The floor is arithmetic: the operations per pair of points that the recursion needs when
nothing is computed twice, over the speed that one elementwise kernel of this machine
reaches (measured here, on data in cache, by a polynomial of many multiply-adds), and of
many features the products of matrices in float64, over the speed of one of that size.
"""

import jax
import jax.numpy as jnp
import numpy as np
from _common import Results, median_times, options, peer_kernel

from skgantk._numerics import operators
from skgantk._numerics.precision import float64_scope
from skgantk.kernels import NTK, as_core

# Multiplications and additions per pair, depth 3: an estimate read off the formulas of
# _mlp_homogeneous (every layer, whose rational function is longer in float64, and its
# derivatives) and geometry. Divisions, roots and selections are left out, so the floor is a
# low one.
LAYERS = {
    ("gram", "float32"): 3 * 29,
    ("gram", "float64"): 3 * 43,
    ("gradient", "float32"): 3 * 49,
    ("gradient", "float64"): 3 * 63,
}
GEOMETRY = {"gram": 28, "gradient": 38}  # of two features
PRODUCTS = {  # of matrices (n, d) and (d, m), of many features
    ("gram", "float32"): 1,
    ("gram", "float64"): 3,
    ("gradient", "float32"): 2,
    ("gradient", "float64"): 4,
}


def peak_flops(dtype, size=2**15, terms=64):
    """Multiplications and additions per second of one fused elementwise loop.

    On a GPU it takes more numbers, to have work for all of its lanes, and more terms, to be
    no matter of bandwidth.
    """
    x = jnp.linspace(0.0, 1.0, size, dtype=dtype)

    @jax.jit
    def polynomial(x):
        def body(_, total):
            for _ in range(terms):
                total = total * x + 0.5
            return total

        return jax.lax.fori_loop(0, 64, body, x)

    seconds = median_times({"": lambda: polynomial(x)}, rounds=5)[""]
    return 2 * terms * 64 * x.size / seconds


def floor_seconds(name, dtype, X, Y):
    """Of all pairs, inside of the float64 scope."""
    n_pairs, d = len(X) * len(Y), X.shape[1]
    flops = LAYERS[name, dtype] + (GEOMETRY[name] if d == 2 else 0)
    seconds = flops * n_pairs / peak_flops(dtype)
    if d == 2:
        return seconds
    A, B = X.astype(jnp.float64), Y.astype(jnp.float64).T
    product = jax.jit(lambda A, B: A @ B)
    one = median_times({"": lambda: product(A, B)}, rounds=15)[""]
    return seconds + PRODUCTS[name, dtype] * one


def compare(dtype, d, n, m, rounds):
    """Rows of the table."""
    rng = np.random.default_rng(0)
    X, Y = (3 * rng.normal(size=(k, d)).astype(dtype) for k in (n, m))
    coef = rng.normal(size=m).astype(dtype)
    core, kernel_fn = as_core(NTK()), peer_kernel()
    gram = jax.jit(lambda X, Y: kernel_fn(X, Y, "ntk"))
    gradient = jax.jit(jax.grad(lambda X, Y, coef: jnp.sum(gram(X, Y) @ coef)))
    # neural-tangents computes in float64 wherever JAX knows it, ours where it has to
    ours = float64_scope if d > 2 else lambda function: function
    with jax.enable_x64(dtype == "float64"):
        X, Y, coef = (jnp.asarray(a) for a in (X, Y, coef))
        times = median_times(
            {
                "gram": ours(lambda: operators.gram(core, X, Y)),
                "gram, peer": lambda: gram(X, Y),
                "gradient": ours(lambda: operators.gradient(core, X, Y, coef)),
                "gradient, peer": lambda: gradient(X, Y, coef),
            },
            rounds,
        )
    for name in ("gram", "gradient"):
        our, peer = times[name], times[f"{name}, peer"]
        floor = float64_scope(floor_seconds)(name, dtype, X, Y)
        times_ms = 1e3 * our, 1e3 * peer, 1e3 * floor
        yield dtype, d, name, *times_ms, peer / our, our / floor


if __name__ == "__main__":
    args = options(__doc__)
    n, m = (50, 100) if args.quick else (500, 1000)
    results = Results(args)
    print(f"NTK(), {n} × {m} points of d features, medians")
    results.heads(
        {"dtype": 9, "d": 5, "operation": 10},
        {
            "ours, ms": ".2f",
            "neural-tangents, ms": ".2f",
            "floor, ms": ".2f",
            "ratio": ".1f",
            "ours / floor": ".1f",
        },
    )
    for dtype in ("float32", "float64"):
        for d in (2, 30, 784):
            for row in compare(dtype, d, n, m, rounds=1 if args.quick else 15):
                results.row(*row)
