"""Flows of the energy distance with sorted sums: time, memory, error; a process for each.

From Gaussian noise onto 8 Gaussians in the plane, as many particles as data, float32, by
``Riesz(n_directions=...)``, beside the exact kernel where that can be waited for. Seconds a
step are those of 50 steps less those of one, over 49, compiled before. W₁ is the mean over
16 lines of the distance along the line to as many fresh points of the law, before and
after; its floor is that of the data, which are fresh points too.
"""

import time

import numpy as np
from _common import Results, in_own_process, options, peak_gib

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


def figures(n, n_directions):
    """Seconds of a step and of the fit, distances, memory."""
    X, fresh = sample(n, 0), sample(n, 1)
    fitted(X, n_directions, 1)
    one = fitted(X, n_directions, 1)[1]
    flow, seconds = fitted(X, n_directions, STEPS)
    before = distance(flow.snapshots_[0], fresh)
    after, floor = (distance(A, fresh) for A in (flow.particles_, X))
    return (seconds - one) / (STEPS - 1), seconds, before, after, floor, peak_gib()


if __name__ == "__main__":
    args = options(__doc__)
    results = Results(args)
    results.heads(
        {"points": 8, "lines": 5},
        {
            **{"s a step": ".3f", "s of the fit": ".1f", "before": ".4f"},
            **{"W₁, after": ".4f", "floor": ".4f", "peak GiB": ".2f"},
        },
    )
    for n, n_directions in QUICK if args.quick else ROWS:
        row = in_own_process(figures, n, n_directions)
        results.row(n, n_directions or "exact", *row)
