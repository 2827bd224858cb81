"""Peak memory and time of Σ_j c_j ∇ₓk for clouds that a Gram matrix would not fit.

20 000 × 20 000 points of d = 784: the Gram matrix has 1.6 GB in float32, and an array of
pairs times features 1.3 TB. The floor is what must be multiplied: two products of the
points in float64 (of three times the length for float64 points), at the speed that one
such product reaches here.
"""

import multiprocessing
import resource
import time

import jax
import jax.numpy as jnp
import numpy as np
from _common import median_times, options, print_machine

from skgantk.kernels import NTK, kernel_gradient


def peak_gigabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def product_seconds(n, d):
    """Seconds per pair of one float64 product, in blocks as large as ours."""
    with jax.enable_x64(True):
        A = jnp.ones((n, d))
        product = jax.jit(lambda A: A @ A.T)
        return median_times({"": lambda: product(A)}, rounds=3)[""] / n**2


def measure(dtype, n, d, products):
    rng = np.random.default_rng(0)
    X, Y = (rng.uniform(-1, 1, size=(n, d)).astype(dtype) for _ in range(2))
    coef = rng.normal(size=n).astype(dtype)
    before = peak_gigabytes()
    start = time.perf_counter()
    gradient = kernel_gradient(NTK(), X, Y, coef)
    seconds = time.perf_counter() - start
    peak = peak_gigabytes()
    assert np.all(np.isfinite(gradient))
    floor = products * product_seconds(min(n, 1024), d) * n**2
    print(f"{dtype:9}{peak:8.2f}{before:11.2f}{seconds:9.1f}{floor:9.1f}", flush=True)


if __name__ == "__main__":
    n, d = (300, 30) if options(__doc__).quick else (20_000, 784)
    print_machine()
    print(f"{n} × {n} points, d = {d}")
    print("dtype     peak GB  before GB  seconds  floor s", flush=True)
    for case in (("float32", n, d, 2), ("float64", n, d, 4)):
        # a process of its own, because peak memory never falls
        process = multiprocessing.get_context("spawn").Process(target=measure, args=case)
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(process.exitcode)
