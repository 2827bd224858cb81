"""Time and memory of large clouds: exact sums, Nyström's, batches; a process for each.

Sums: the gradient between two clouds of n points (`kernel_gradient`), exactly and with 500
landmarks, whose errors at 1000 points stand beside `NystroemKernel.error_bound`, both over
the greatest sum. Flows: seconds of a fit of `ParticleFlowGenerator`, which finds the size
of its step first and evaluates its loss at last, over 2n points each, from noise onto n
points on a ring, exactly, with landmarks, and with discriminators of 500 real and 500 fake
points (``batch_size``); and how far the particles are from the ring after so many steps.
"""

import time
import warnings

import numpy as np
from _common import Results, in_own_process, options, peak_gib

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.kernels import NTK, NystroemKernel, kernel_gradient, kernel_sum

LANDMARKS = BATCH = 500
EXACT = [10_000, 30_000, 100_000]
LINEAR = [10_000, 100_000, 1_000_000]
ROWS = [
    *(("sum", "exact", n, 0) for n in EXACT),
    *(("sum", "landmarks", n, 0) for n in LINEAR),
    ("flow", "exact", 10_000, 20),
    ("flow", "exact", 100_000, 1),
    *(("flow", "landmarks", n, steps) for n, steps in zip(LINEAR, (200, 50, 5))),
    *(("flow", "batches", n, steps) for n, steps in zip(LINEAR, (200, 50, 5))),
]


def clouds(n):
    """A ring of radius 3 and noise, float32."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, n)
    ring = 3 * np.column_stack([np.cos(angle), np.sin(angle)])
    ring += 0.1 * rng.normal(size=(n, 2))
    return ring.astype(np.float32), rng.normal(size=(n, 2)).astype(np.float32)


def approximation(X, Z):
    """With landmarks along all ways from noise to data."""
    t = np.random.default_rng(1).uniform(size=(len(X), 1)).astype(np.float32)
    ways = ((1 - t) * Z + t * X)[: 40 * LANDMARKS]
    return NystroemKernel.from_samples(NTK(), ways, LANDMARKS, random_state=0)


def sum_of(method, n):
    """Seconds of a gradient, and its error and the bound where there is one."""
    X, Z = clouds(n)
    coef = np.full(n, 1 / n, np.float32)
    kernel = NTK() if method == "exact" else approximation(X, Z)
    kernel_gradient(kernel, X[:1000], Z, coef)
    start = time.perf_counter()
    kernel_gradient(kernel, X, Z, coef)
    seconds = time.perf_counter() - start
    if method == "exact":
        return seconds, None, None
    exact = kernel_sum(NTK(), X[:1000], Z, coef)
    error = abs(kernel_sum(kernel, X[:1000], Z, coef) - exact).max()
    bound = kernel.error_bound(X[:1000], Z, coef).max()
    return seconds, error / exact.max(), bound / exact.max()


def flow_of(method, n, steps):
    """Seconds of a fit, and the particles' distance to the ring."""
    X, Z = clouds(n)
    kernel = approximation(X, Z) if method == "landmarks" else NTK()
    flow = ParticleFlowGenerator(
        NTKIPMDiscriminator(kernel),
        init=Z,
        batch_size=BATCH if method == "batches" else None,
        decay=True,
        max_iter=steps,
        check_every=steps,
        random_state=0,
    )
    start = time.perf_counter()
    flow.fit(X)
    seconds = time.perf_counter() - start
    off = abs(np.linalg.norm(flow.particles_, axis=1) - 3).mean()
    return seconds, off


def figures(what, method, n, steps):
    """All that there are, None where another row has one."""
    if what == "sum":
        seconds, *errors = sum_of(method, n)
        speed = n * n / seconds if method == "exact" else None
        return seconds, peak_gib(), speed, *errors
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a flow that is cut short has not converged
        seconds, off = flow_of(method, n, steps)
    return seconds, peak_gib(), None, None, None, off


if __name__ == "__main__":
    args = options(__doc__)
    results = Results(args)
    results.heads(
        {"what": 6, "method": 11, "points": 9, "steps": 5},
        {
            **{"seconds": ".2f", "peak GiB": ".2f", "speed, pairs/s": ".2e"},
            **{"error": ".1e", "bound": ".1e", "distance off the ring": ".3f"},
        },
    )
    for case in ROWS:
        if not args.quick or case[2] == min(LINEAR):
            results.row(*case, *in_own_process(figures, *case))
