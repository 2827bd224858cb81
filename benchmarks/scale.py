"""Time and memory of large clouds: exact sums, Nyström's, batches; one line a process.

Sums: the gradient between two clouds of n points (`kernel_gradient`), exactly and with 500
landmarks, whose errors at 1000 points stand beside `NystroemKernel.error_bound`. Flows:
seconds of a fit of `ParticleFlowGenerator`, which finds the size of its step first and
evaluates its loss at last, over 2n points each, from noise onto n points on a ring,
exactly, with landmarks, and with discriminators of 500 real and 500 fake points
(``batch_size``); and how far the particles are from the ring after so many steps.
"""

import resource
import subprocess
import sys
import time
import warnings

import numpy as np
from _common import options, print_machine

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
    """Seconds of a gradient, and what is known of its error."""
    X, Z = clouds(n)
    coef = np.full(n, 1 / n, np.float32)
    kernel = NTK() if method == "exact" else approximation(X, Z)
    kernel_gradient(kernel, X[:1000], Z, coef)
    start = time.perf_counter()
    kernel_gradient(kernel, X, Z, coef)
    seconds = time.perf_counter() - start
    if method == "exact":
        return f"{seconds:10.2f} s  {n * n / seconds:.2e} pairs/s"
    exact = kernel_sum(NTK(), X[:1000], Z, coef)
    error = abs(kernel_sum(kernel, X[:1000], Z, coef) - exact).max()
    bound = kernel.error_bound(X[:1000], Z, coef).max()
    return f"{seconds:10.2f} s  error {error:.1e}, bound {bound:.1e}, of {exact.max():.2f}"


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
    return f"{seconds:10.2f} s for {steps} steps, off the ring {off:.3f}"


def row(what, method, n, steps):
    """Print one line."""
    if what == "sum":
        text = sum_of(method, n)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a flow that is cut short has not converged
            text = flow_of(method, n, steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:5}{method:10}{n:9}{text}  peak {peak:.2f} GiB", flush=True)


def main():
    args = options(__doc__, lambda parser: parser.add_argument("--row", nargs=4))
    if args.row:
        what, method, n, steps = args.row
        return row(what, method, int(n), int(steps))
    print_machine()
    for case in ROWS:
        if not args.quick or case[2] == min(LINEAR):
            command = [sys.executable, __file__, "--row", *map(str, case)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
