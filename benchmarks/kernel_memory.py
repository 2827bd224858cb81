"""Peak memory and time of Σ_j c_j ∇ₓk for clouds that a Gram matrix would not fit.

20 000 × 20 000 points of d = 784: the Gram matrix has 1.6 GB in float32, and an array of
pairs times features 1.3 TB. The floor is what must be multiplied: two products of the
points in float64 (of three times the length for float64 points), at the speed that one
such product reaches here.
"""

import time

import jax
import jax.numpy as jnp
import numpy as np
from _common import Results, in_own_process, median_times, options, peak_gib

from skgantk.kernels import NTK, kernel_gradient


def product_seconds(n, d):
    """Seconds per pair of one float64 product, in blocks as large as ours."""
    with jax.enable_x64(True):
        A = jnp.ones((n, d))
        product = jax.jit(lambda A: A @ A.T)
        return median_times({"": lambda: product(A)}, rounds=3)[""] / n**2


def measure(dtype, n, d, products):
    """Peak memory, memory before, seconds, and those of the floor."""
    rng = np.random.default_rng(0)
    X, Y = (rng.uniform(-1, 1, size=(n, d)).astype(dtype) for _ in range(2))
    coef = rng.normal(size=n).astype(dtype)
    before = peak_gib()
    start = time.perf_counter()
    gradient = kernel_gradient(NTK(), X, Y, coef)
    seconds = time.perf_counter() - start
    peak = peak_gib()
    assert np.all(np.isfinite(gradient))
    floor = products * product_seconds(min(n, 1024), d) * n**2
    return peak, before, seconds, floor


if __name__ == "__main__":
    args = options(__doc__)
    n, d = (300, 30) if args.quick else (20_000, 784)
    results = Results(args)
    print(f"{n} × {n} points, d = {d}")
    results.heads(
        {"dtype": 9},
        {"peak GiB": ".2f", "GiB before": ".2f", "seconds": ".1f", "floor, s": ".1f"},
    )
    for dtype, products in (("float32", 2), ("float64", 4)):
        results.row(dtype, *in_own_process(measure, dtype, n, d, products))
