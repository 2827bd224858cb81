"""Gram matrix and gradient sum of a ReLU NTK against neural-tangents, jitted.

The floor is arithmetic: the operations per pair of points that the recursion needs when
nothing is computed twice, over the speed that one elementwise kernel of this machine
reaches (measured here, on data in cache, by a polynomial of many multiply-adds).
"""

import jax
import jax.numpy as jnp
import numpy as np
from _common import Results, median_times, options, peer_kernel

from skgantk._numerics import operators
from skgantk.kernels import NTK, as_core

# Multiplications and additions per pair, d = 2, depth 3: an estimate read off the formulas
# of _mlp_homogeneous and geometry (the pair's scalars, then every layer, whose rational
# function is longer in float64, and its derivatives). Divisions, roots and selections are
# left out, so the floor is a low one.
FLOPS = {
    ("gram", "float32"): 28 + 3 * 29,
    ("gram", "float64"): 28 + 3 * 43,
    ("gradient", "float32"): 38 + 3 * 49,
    ("gradient", "float64"): 38 + 3 * 63,
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


def compare(dtype, n, m, rounds):
    """Rows of the table."""
    rng = np.random.default_rng(0)
    X, Y = (3 * rng.normal(size=(k, 2)).astype(dtype) for k in (n, m))
    coef = rng.normal(size=m).astype(dtype)
    core, kernel_fn = as_core(NTK()), peer_kernel()
    gram = jax.jit(lambda X, Y: kernel_fn(X, Y, "ntk"))
    gradient = jax.jit(jax.grad(lambda X, Y, coef: jnp.sum(gram(X, Y) @ coef)))
    # neural-tangents computes in float64 wherever JAX knows it
    with jax.enable_x64(dtype == "float64"):
        X, Y, coef = (jnp.asarray(a) for a in (X, Y, coef))
        times = median_times(
            {
                "gram": lambda: operators.gram(core, X, Y),
                "gram, peer": lambda: gram(X, Y),
                "gradient": lambda: operators.gradient(core, X, Y, coef),
                "gradient, peer": lambda: gradient(X, Y, coef),
            },
            rounds,
        )
        speed = peak_flops(dtype)
    for name in ("gram", "gradient"):
        ours, peer = times[name], times[f"{name}, peer"]
        floor = FLOPS[name, dtype] * n * m / speed
        times_ms = 1e3 * ours, 1e3 * peer, 1e3 * floor
        yield dtype, name, *times_ms, peer / ours, ours / floor


if __name__ == "__main__":
    args = options(__doc__)
    n, m = (50, 100) if args.quick else (500, 1000)
    results = Results(args)
    print(f"NTK(), {n} × {m} points, d = 2, medians")
    results.heads(
        {"dtype": 9, "operation": 10},
        {
            "ours, ms": ".2f",
            "neural-tangents, ms": ".2f",
            "floor, ms": ".2f",
            "ratio": ".1f",
            "ours / floor": ".1f",
        },
    )
    for dtype in ("float32", "float64"):
        for row in compare(dtype, n, m, rounds=1 if args.quick else 15):
            results.row(*row)
