"""New rows of tables of every kind, held against other makers of them.

Half of a table's rows, at most MOST, to learn from and half held out; for every method,
means over the seeds. Rows are judged as coordinates of `TableEncoder`, fitted to all rows,
of which every column of the table has variance 1.

W1        Wasserstein-1 distance to the held-out rows over that of the training rows
coverage  share of held-out rows with a sample nearer than their fifth neighbour
AUC       of a random forest that tells samples from held-out rows, in cross-validation
pairs     mean difference of the correlations of coordinates to those of held-out rows
columns   mean over columns of Kolmogorov's distance or half the L1 distance of shares
nearer    share of samples nearer to a training row than to a held-out one
repeats   share of samples that are a training row exactly; of "training rows" that of the
          held-out ones that are
"""

import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _common import options, print_machine
from scipy.stats import ks_2samp
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.neighbors import KernelDensity, NearestNeighbors

from skgantk.generators import TableSynthesizer
from skgantk.metrics import wasserstein_distance
from skgantk.preprocessing import TableEncoder

DATA = Path(__file__).parents[2] / "shared" / "data"
MOST = 2500
JUDGED = 1500  # rows between which W₁ is exact
FIGURES = "W1", "coverage", "AUC", "pairs", "columns", "nearer", "repeats"
METHODS = {
    "ours": TableSynthesizer(),
    "ours, not calibrated": TableSynthesizer(calibrate=False),
    "mixture": TableSynthesizer(GaussianMixture(5, reg_covar=1e-3), calibrate=False),
    "kernel density": TableSynthesizer(KernelDensity(bandwidth=0.3), calibrate=False),
}


def tables(folder):
    """Names and data frames of a folder with a JSON file of settings."""
    for settings in sorted(folder.glob("*.json")):
        for name, about in json.loads(settings.read_text()).items():
            frame = pd.read_csv(folder / about["file"])
            chosen = [*about["categorical"], *about["binary"]]
            if about.get("task") == "classification" or (
                about.get("target_type_in_benchmark") in ("binary", "categorical")
            ):
                chosen.append(about["target"])
            chosen = [column for column in dict.fromkeys(chosen) if column in frame]
            yield name, frame, chosen


def to_nearest(A, B, k=1):
    return NearestNeighbors(n_neighbors=k).fit(B).kneighbors(A)[0][:, -1]


def column_error(encoder, Z, H):
    errors = []
    for block in encoder._blocks:
        a, b = Z[:, block.columns], H[:, block.columns]
        if hasattr(block.kind, "hole"):
            known = [part[part[:, 1] < 0.5, 0] for part in (a, b)]
            holes = abs(a[:, 1].mean() - b[:, 1].mean())
            errors.append(max(holes, ks_2samp(*known, method="asymp").statistic))
        elif a.shape[1] == 1:
            errors.append(ks_2samp(a[:, 0], b[:, 0], method="asymp").statistic)
        elif a.shape[1]:
            errors.append(np.abs(a.mean(axis=0) - b.mean(axis=0)).sum() / 2)
    return np.mean(errors)


def correlations(Z, kept):
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.corrcoef(Z[:, kept].T))


def auc(Z, H, seed):
    n = min(len(Z), len(H))
    X, y = np.concatenate([Z[:n], H[:n]]), np.repeat([0, 1], n)
    forest = RandomForestClassifier(200, min_samples_leaf=2, random_state=seed, n_jobs=2)
    return roc_auc_score(
        y, cross_val_predict(forest, X, y, cv=5, method="predict_proba")[:, 1]
    )


def figures(made, train, held, encoder, scale, seed):
    Z, T, H = (encoder.transform(frame) for frame in (made, train, held))
    kept = np.ptp(H, axis=0) > 0
    pairs = np.abs(correlations(Z, kept) - correlations(H, kept)).mean()
    Zs, Ts, Hs = Z * scale, T * scale, H * scale
    n = min(JUDGED, len(H))
    w1 = wasserstein_distance(Zs[:n], Hs[:n]) / wasserstein_distance(Ts[:n], Hs[:n])
    fifth = to_nearest(Hs, Hs, min(6, len(Hs)))
    coverage = np.mean(to_nearest(Hs, Zs) < fifth + 1e-12)
    m = min(len(T), len(H))
    to_T, to_H = to_nearest(Zs, Ts[:m]), to_nearest(Zs, Hs[:m])
    nearer = np.mean((to_T < to_H) + (to_T == to_H) / 2)
    repeats = np.mean(to_nearest(H if made is train else Z, T) == 0)
    return [
        w1,
        coverage,
        auc(Z, H, seed),
        pairs,
        column_error(encoder, Z, H),
        nearer,
        repeats,
    ]


def run(name, frame, chosen, seeds, methods):
    rows = {method: [] for method in ["training rows", *methods]}
    for seed in seeds:
        train, held = (
            part[:MOST].reset_index(drop=True)
            for part in train_test_split(frame, test_size=0.5, random_state=seed)
        )
        encoder = TableEncoder(chosen).fit(pd.concat([train, held]))
        Z = encoder.transform(train)
        scale = np.ones(Z.shape[1])
        for block in encoder._blocks:
            scale[block.columns] /= np.sqrt(Z[:, block.columns].var(axis=0).sum() or 1)
        rows["training rows"].append(
            [*figures(train, train, held, encoder, scale, seed), np.nan]
        )
        for method in methods:
            estimator = clone(METHODS[method])
            estimator.set_params(categorical_features=chosen or "from_dtype")
            estimator.set_params(random_state=seed)
            began = time.perf_counter()
            made = estimator.fit(train).sample(len(train), random_state=seed)
            seconds = time.perf_counter() - began
            rows[method].append(
                [*figures(made, train, held, encoder, scale, seed), seconds]
            )
    for method, values in rows.items():
        means = np.mean(values, axis=0)
        cells = "".join(f"{value:9.3f}" for value in means[np.isfinite(means)])
        print(f"{name:26}{len(train):6}{frame.shape[1]:4}  {method:22}{cells}", flush=True)


def add_arguments(parser):
    parser.add_argument("--folders", nargs="+", type=Path)
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")
    print_machine()
    folders = args.folders or [DATA / "tables", DATA / "mixed"]
    if args.quick:
        args.tables, args.seeds, args.methods = ["iris"], [0], ["ours"]
    header = "".join(f"{label:>9}" for label in (*FIGURES, "seconds"))
    print(f"{'table':26}{'rows':>6}{'d':>4}  {'method':22}{header}")
    for folder in folders:
        for name, frame, chosen in tables(folder) if folder.exists() else []:
            if not args.tables or name in args.tables:
                run(name, frame, chosen, args.seeds, args.methods)
