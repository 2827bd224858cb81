"""Flows of the energy distance with sorted sums: time, memory, error; one line a process.

From Gaussian noise onto 8 Gaussians in the plane, as many particles as data, float32, by
``Riesz(n_directions=...)``, beside the exact kernel where that can be waited for. Seconds a
step are those of 50 steps less those of one, over 49, compiled before. W₁ is the mean over
16 lines of the distance along the line to as many fresh points of the law, before and
after; its floor is that of the data, which are fresh points too.
"""

import resource
import subprocess
import sys
import time

import numpy as np
from _common import options, print_machine

from skgantk.datasets import make_eight_gaussians
from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.kernels import Riesz

STEPS, LINES = 50, 16
RATE = 20.0  # four times that of "auto", so that 50 steps will do
# Points, and directions; 0: the exact kernel.
ROWS = [(10_000, 0), *((n, p) for n in (10_000, 100_000, 1_000_000) for p in (4, 8, 16))]
QUICK = [(1000, 0), (1000, 8)]


def sample(n, seed):
    return make_eight_gaussians(n, random_state=seed)[0].astype(np.float32)


def distance(X, Y):
    """Mean W₁ of the projections of as many points on some lines."""
    angles = np.pi * (np.arange(LINES) + 0.5) / LINES
    directions = np.stack([np.cos(angles), np.sin(angles)])
    gaps = (np.sort(A @ directions, axis=0) for A in (X, Y))
    return np.abs(np.subtract(*gaps)).mean()


def fitted(X, n_directions, steps):
    """A flow, and its seconds."""
    kernel = Riesz(n_directions=n_directions or None)
    flow = ParticleFlowGenerator(
        NTKIPMDiscriminator(kernel),
        learning_rate=RATE,
        decay=True,
        max_iter=steps,
        check_every=steps,
        n_snapshots=1,
        random_state=0,
    )
    start = time.perf_counter()
    flow.fit(X)
    return flow, time.perf_counter() - start


def row(n, n_directions):
    """Print one line."""
    X, fresh = sample(n, 0), sample(n, 1)
    fitted(X, n_directions, 1)
    one = fitted(X, n_directions, 1)[1]
    flow, seconds = fitted(X, n_directions, STEPS)
    before = distance(flow.snapshots_[0], fresh)
    after, floor = (distance(A, fresh) for A in (flow.particles_, X))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{n:8}  {n_directions or 'exact':>5}  {(seconds - one) / (STEPS - 1):8.3f} s  "
        f"{seconds:8.1f} s  {before:8.4f}  {after:8.4f}  {floor:8.4f}  {peak:6.2f} GiB",
        flush=True,
    )


def main():
    args = options(__doc__, lambda parser: parser.add_argument("--row", nargs=2))
    if args.row:
        return row(*map(int, args.row))
    print_machine()
    print("  points  lines    a step     the fit    before     after     floor    peak")
    for case in QUICK if args.quick else ROWS:
        command = [sys.executable, __file__, "--row", *map(str, case)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
