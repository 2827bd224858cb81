"""Numeric columns of the tables in ../../shared/data/tables, target included.

Half of the rows to learn from, standardised by their mean and deviation, the others held
out, at most MOST of each. For every method, means over the seeds: W₁ to the held-out rows
over that of the training rows; median distance to the nearest training row over that of
held-out rows; standard deviation over that of the data; coverage, the share of held-out
rows with a sample nearer than their fifth neighbour; seconds of a fit, of a second one
where the first is short, so that all is compiled. "fresh" are other held-out rows, judged,
as all are then, by what is left of them.
"""

import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _common import Results, options
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import GANTKSynthesizer, ParticleFlowGenerator
from skgantk.kernels import NTK
from skgantk.metrics import copying_score, wasserstein_distance

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "tables"
MOST = 5000  # rows to learn from
JUDGED = 1500  # samples and held-out rows between which W₁ is exact
LONG = 60  # seconds of which compilation is a small part
ENOUGH = 1000  # held-out rows of which half may be the fresh ones
BEFORE = {
    "objective": "squared_error",
    "epsilon": 0.05,
    "similarity_penalty": 0.03,
    "max_iter": 100,
    "batch_size": 512,
    "init": "gaussian",
}
KERNEL = NTK(depth=2, weight_std=1.4615**0.5, bias_std=0.1**0.5, output_bias=True)
METHODS = {
    "GANTK": GANTKSynthesizer(),
    "GANTK, squared error": GANTKSynthesizer(KERNEL, **BEFORE),
    "flow": ParticleFlowGenerator(early_stopping=True),
    "flow, kernel of [Z21]": ParticleFlowGenerator(
        NTKIPMDiscriminator(KERNEL), early_stopping=True
    ),
}


def tables():
    """Names and numeric columns."""
    for name, about in json.loads((FOLDER / "tables.json").read_text()).items():
        frame = pd.read_csv(FOLDER / about["file"])
        dropped = {*about["binary"], *about["categorical"]}
        if about["target_type_in_benchmark"] in ("binary", "categorical"):
            dropped.add(about["target"])
        columns = [column for column in frame if column not in dropped]
        if columns:
            yield name, frame[columns].to_numpy(float)


def halves(X, seed):
    train, held_out = (
        a[:MOST] for a in train_test_split(X, test_size=0.5, random_state=seed)
    )
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std == 0] = 1
    return (train - mean) / std, (held_out - mean) / std


def to_nearest(X, Y, k=1):
    neighbours = NearestNeighbors(n_neighbors=k, algorithm="kd_tree").fit(Y)
    return neighbours.kneighbors(X)[0][:, -1]


def figures(Z, train, held_out):
    """W₁, distance to the nearest training row, deviation and coverage."""
    fifth = to_nearest(held_out, held_out, min(6, len(held_out)))
    return [
        wasserstein_distance(Z[:JUDGED], held_out[:JUDGED]),
        copying_score(Z, train, held_out),
        np.sqrt(Z.var(axis=0).mean()),
        np.mean(to_nearest(held_out, Z) < fifth),
    ]


def fitted(estimator, train, seed):
    """Samples in random order, and seconds of a second fit if the first is short."""
    estimator = clone(estimator).set_params(random_state=seed)
    for _ in range(2):
        began = time.perf_counter()
        estimator.fit(train)
        seconds = time.perf_counter() - began
        if seconds > LONG:
            break
    return estimator.sample(len(train), random_state=seed), seconds


def run(name, X, seeds, methods, table):
    results = {method: [] for method in [*methods, "fresh"]}
    for seed in seeds:
        train, held_out = halves(X, seed)
        fresh = None
        if len(held_out) >= ENOUGH:
            fresh, held_out = np.array_split(held_out, 2)
        unit = figures(train, train, held_out)
        unit[1] = unit[3] = 1  # which are shares as they are
        for method in methods:
            Z, seconds = fitted(METHODS[method], train, seed)
            ratios = np.divide(figures(Z, train, held_out), unit)
            results[method].append([*ratios, seconds])
        if fresh is not None:
            ratios = np.divide(figures(fresh, train, held_out), unit)
            results["fresh"].append([*ratios, np.nan])
    for method, rows in results.items():
        if rows:
            table.row(name, len(train), X.shape[1], method, *np.mean(rows, axis=0))


def add_arguments(parser):
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")
    table = Results(args)
    if args.quick:
        args.tables, args.seeds, args.methods = ["iris"], [0], ["GANTK"]
    table.heads(
        {"table": 26, "rows": 6, "d": 4, "method": 22},
        dict.fromkeys(("W1", "nearest", "sd", "coverage", "seconds"), ".2f"),
    )
    for name, X in tables() if FOLDER.exists() else []:
        if not args.tables or name in args.tables:
            run(name, X, args.seeds, args.methods, table)
