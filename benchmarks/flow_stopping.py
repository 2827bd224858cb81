"""Where early stopping ends flows, and flows that begin at a copy of their data.

On tables of `gantk_columns.py`, halves of them as there: W₁ to held-out rows of the
particles kept, over the least of all that the flow came by and over the least of those that
are no copies, that is, not nearer than HALF to the rows learnt from, by the median distance
over that of held-out rows; that figure for the particles kept. Then flows from the data's
copy with noise of a tenth, with and without early stopping: median distance to the data at
the start and at the end. Means over the seeds, but for the extremes in the last line.
"""

import warnings

import numpy as np
from _common import Results, options
from gantk_columns import FOLDER, KERNEL, halves, tables, to_nearest

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.metrics import copying_score, wasserstein_distance

NAMES = [
    *("concrete_compression", "glass", "wine", "iris"),
    *("connectionist_bench_sonar", "seeds", "ecoli", "yacht_hydrodynamics"),
]
FLOWS = {
    "NTK": ParticleFlowGenerator(early_stopping=True),
    "kernel of [Z21]": ParticleFlowGenerator(
        NTKIPMDiscriminator(KERNEL), early_stopping=True
    ),
}
CHECKS = 100  # all of the 1000 steps
HALF = 0.5


def stopped(flow, train, held_out, seed):
    """W₁ over the least along the way, over that of no copies; nearness."""
    flow.set_params(n_snapshots=CHECKS, random_state=seed).fit(train)
    way = [*flow.snapshots_, flow.particles_]
    cost = np.array([wasserstein_distance(Z, held_out) for Z in way])
    near = np.array([copying_score(Z, train, held_out) for Z in way])
    return cost[-1] / cost.min(), cost[-1] / cost[near >= HALF].min(), near[-1]


def from_copy(flow, train, seed, early):
    """Median distance to the data at the start and at the end."""
    noise = np.random.default_rng(seed).normal(size=train.shape)
    start = train + 0.1 * noise
    params = {"init": start, "early_stopping": early, "random_state": seed}
    flow.set_params(n_snapshots=0, **params).fit(train)
    return [np.median(to_nearest(Z, train)) for Z in (start, flow.particles_)]


def run(name, X, seeds, table):
    rows = []
    for label, flow in FLOWS.items():
        results = []
        for seed in seeds:
            train, held_out = halves(X, seed)
            results.append(stopped(flow, train, held_out, seed))
            for early in (False, True):
                results[-1] += tuple(from_copy(flow, train, seed, early))
            flow.set_params(init="gaussian", early_stopping=True)
        rows += results
        table.row(name, label, *np.mean(results, axis=0))
    return rows


def add_arguments(parser):
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")
    table = Results(args)
    if args.quick:
        NAMES, args.seeds = ["iris"], [0]
    figures = ("W₁ of all", "W₁, no copies", "nearest")
    figures += ("start", "end", "early start", "early end")
    table.heads({"table": 26, "flow": 16}, dict.fromkeys(figures, ".3f"))
    rows = []
    for name, X in tables() if FOLDER.exists() else []:
        if name in NAMES:
            rows += run(name, X, args.seeds, table)
    if rows:
        table.row("least", "all", *np.min(rows, axis=0))
        table.row("greatest", "all", *np.max(rows, axis=0))
