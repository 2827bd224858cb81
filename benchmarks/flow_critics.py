"""Flows of every critic, in equal time: how near they come to points they have not seen.

500 particles onto 500 points of five clouds, and half of wine's rows, all in float32 and
scaled to a root mean square of 1. A flow has as many steps as take --seconds, by the time
of a step in a run before; its step falls to 0. Half the squared Wasserstein distance of
order 2 to as many fresh points, and of the training points to them; modes with at least a
fifth of their share. RBF's length scale is .2 (times √d).

AB and Density need the images of [F22] in ../../shared/data and are left out where they are
absent. Results go into --out line by line, so that a run may be cut and gone on with.
"""

import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _common import Results, options
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

from skgantk.datasets import make_eight_gaussians, make_grid_gaussians, sample_image
from skgantk.discriminators import (
    DriftingDiscriminator,
    DrMMDDiscriminator,
    KALEDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.generators import ParticleFlowGenerator
from skgantk.kernels import NTK, RBF, Riesz
from skgantk.metrics import wasserstein_distance

IMAGES = Path(__file__).parents[2] / "shared" / "data"
N = 500
KERNELS = {"NTK": NTK(), "RBF": RBF(0.2)}
CRITICS = {
    "IPM": NTKIPMDiscriminator,
    "LSGAN": NTKLSGANDiscriminator,
    "DrMMD": DrMMDDiscriminator,
    "KALE": KALEDiscriminator,
    "drifting": DriftingDiscriminator,
    "energy": NTKIPMDiscriminator,
}
DATA = ["8 Gaussians", "25 Gaussians", "AB", "Density", "three rings", "wine"]


def rings(n, rng):
    """Three circles of radius 1 in a row, each linked to the next, with noise."""
    angle, ring = rng.uniform(0, 2 * np.pi, n), rng.integers(3, size=n)
    points = np.stack([np.cos(angle) + 1.5 * ring, np.sin(angle)], axis=1)
    return points + rng.normal(0, 0.05, points.shape)


def clouds(data, seed):
    """Training points, fresh ones, where to start, and the mode of fresh points, if any."""
    if data in ("AB", "Density"):
        source, target = {"AB": ("A", "B"), "Density": ("density_a", "density_b")}[data]
        names = target, target, source
        seeds = seed, seed + 1000, seed + 2000
        return *[_image(name, s) for name, s in zip(names, seeds)], None
    if data == "wine":
        rows = StandardScaler().fit_transform(load_wine().data)
        rows = rows[np.random.default_rng(seed).permutation(len(rows))]
        return rows[:89], rows[89:], "gaussian", None
    if data == "three rings":
        both = [rings(N, np.random.default_rng(seed + k)) for k in (0, 1000)]
        return *both, "gaussian", None
    make = make_eight_gaussians if data == "8 Gaussians" else make_grid_gaussians
    (X, _), (fresh, mode) = (make(N, random_state=seed + k) for k in (0, 1000))
    return X, fresh, "gaussian", mode


def _image(name, seed):
    return sample_image(IMAGES / f"{name}.png", N, random_state=seed)


def modes(points, fresh, mode):
    """How many modes have a fifth of their share of the points, by the nearest centre."""
    centres = np.stack([fresh[mode == k].mean(axis=0) for k in np.unique(mode)])
    nearest = np.argmin(np.linalg.norm(points[:, None] - centres, axis=2), axis=1)
    counts = np.bincount(nearest, minlength=len(centres))
    return int(np.sum(counts >= 0.2 * len(points) / len(centres)))


def half_square(X, Y):
    return wasserstein_distance(X, Y, order=2) ** 2 / 2


def critic_of(name, kernel):
    if name == "energy":
        return NTKIPMDiscriminator(Riesz())
    return CRITICS[name](KERNELS[kernel])


def judged(data, name, kernel, seed, seconds):
    """A row of the results, of a flow of ``seconds``."""
    X, fresh, start, mode = clouds(data, seed)
    centre, scale = X.mean(axis=0), np.sqrt(np.mean((X - X.mean(axis=0)) ** 2))
    X, fresh = (((A - centre) / scale).astype(np.float32) for A in (X, fresh))
    if not isinstance(start, str):
        start = ((start - centre) / scale).astype(np.float32)
    flow = ParticleFlowGenerator(
        critic_of(name, kernel), init=start, decay=True, check_every=10**6, n_snapshots=0,
        random_state=seed,
    )  # fmt: skip
    step = timed(flow, X)
    steps = max(int(seconds / step), 1)
    particles = flow.set_params(max_iter=steps).fit(X).particles_
    return {
        "data": data, "critic": name, "kernel": kernel, "seed": seed, "steps": steps,
        "milliseconds": 1e3 * step, "distance": half_square(particles, fresh),
        "training": half_square(X, fresh),
        "modes": np.nan if mode is None else modes(particles, fresh, mode),
    }  # fmt: skip


def timed(flow, X, steps=100):
    """Seconds of a step, the least of three, without what comes before the first."""
    times = {}
    for n in (1, steps):
        flow.set_params(max_iter=n).fit(X)  # compiles
        times[n] = []
        for _ in range(3):
            began = time.perf_counter()
            flow.fit(X)
            times[n].append(time.perf_counter() - began)
    one, many = (min(times[n]) for n in (1, steps))
    return max(many - one, many / 10) / (steps - 1)  # other work may disturb the first


def cells(args):
    for data in args.data:
        if data in ("AB", "Density") and not (IMAGES / "A.png").exists():
            continue
        for name in args.critics:
            for kernel in ["-"] if name == "energy" else args.kernels:
                for seed in args.seeds:
                    yield data, name, kernel, seed


def run(args):
    rows = pd.read_csv(args.out).to_dict("records") if args.out.exists() else []
    done = {(r["data"], r["critic"], r["kernel"], r["seed"]) for r in rows}
    for cell in cells(args):
        if cell not in done:
            rows.append(judged(*cell, args.seconds))
            args.out.parent.mkdir(parents=True, exist_ok=True)
            new = pd.DataFrame(rows[-1:])
            new.to_csv(args.out, mode="a", header=not args.out.exists(), index=False)
    return pd.DataFrame(rows)


def show(judgements, results):
    results.heads(
        {"data": 14, "critic": 16, "kernel": 6},
        {
            **{"ms": ".2f", "steps": ".0f", "½W₂²": ".4f", "deviation": ".4f"},
            "modes": ".1f",
        },
    )
    for data, part in judgements.groupby("data", sort=False):
        results.row(data, "training points", "", None, None, part["training"].mean())
        for (name, kernel), cell in part.groupby(["critic", "kernel"], sort=False):
            pace, d = cell[["milliseconds", "steps"]].median(), cell["distance"]
            figures = *pace, d.mean(), d.std(ddof=0), cell["modes"].mean()
            results.row(data, name, kernel, *figures)


def add_arguments(parser):
    parser.add_argument("--data", nargs="+", default=DATA, choices=DATA)
    parser.add_argument(
        "--critics", nargs="+", default=list(CRITICS), choices=list(CRITICS)
    )
    parser.add_argument(
        "--kernels", nargs="+", default=list(KERNELS), choices=list(KERNELS)
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--out", type=Path, default=Path("out/flow_critics.csv"))


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")  # of flows that diverge, which their distance tells
    results = Results(args)
    if args.quick:
        args.data, args.critics, args.seeds, args.seconds = ["wine"], ["DrMMD"], [0], 0.1
        args.out = Path("out/flow_critics_quick.csv")
        args.out.unlink(missing_ok=True)
    show(run(args), results)
