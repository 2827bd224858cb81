"""New rows of tables of every kind, held against other makers of them.

Half of a table's rows, at most MOST, to learn from and half held out; for every method,
means over the seeds. Rows are judged as coordinates of `TableEncoder`, fitted to all rows,
of which every column of the table has variance 1. All methods' rows are decoded by the
encoder: within the range of the data and on their grid.

W1        Wasserstein-1 distance to the held-out rows over that of the training rows
coverage  share of held-out rows with a sample nearer than their fifth neighbour
AUC       of a random forest that tells samples from held-out rows, in cross-validation
pairs     mean difference of the correlations of coordinates to those of held-out rows
columns   mean over columns of Kolmogorov's distance or half the L1 distance of shares
nearer    share of samples nearer to a training row than to a held-out one
repeats   share of samples that are a training row exactly; of "training rows" that of the
          held-out ones that are
shares    share of columns with levels or missing values whose shares differ from the
          training rows' by a chi-squared test at the level .05; of "training rows" those of
          the held-out ones that do
joint     the same of pairs of such columns
"""

import json
import time
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from _common import Results, options
from _table_peers import adversarial_forest, cart, columns, smote
from scipy.stats import chisquare, ks_2samp
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
EXPECTED = 5  # rows at least of a cell of a chi-squared test
FIGURES = "W1 coverage AUC pairs columns nearer repeats shares joint seconds".split()
RANKED = "W1 coverage AUC pairs columns".split()
OURS = {
    "ours": TableSynthesizer(),
    "ours, not calibrated": TableSynthesizer(calibrate=False),
    "mixture": TableSynthesizer(GaussianMixture(5, reg_covar=1e-3), calibrate=False),
    "kernel density": TableSynthesizer(KernelDensity(bandwidth=0.3), calibrate=False),
}
PEERS = {"SMOTE": smote, "CART": cart, "adversarial forest": adversarial_forest}
REFERENCE = "training rows"


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


def levels(encoder, Z):
    """Codes of all columns that have levels or missing values."""
    known = [block for block in encoder._blocks if hasattr(block.kind, "grid")]
    parts = [c for c, labelled in columns(encoder) if labelled]
    parts += [b.columns for b in known if b.columns not in parts]
    blocks = [Z[:, c] for c in parts]
    return [b.argmax(1) if b.shape[1] > 1 else b[:, 0] for b in blocks]


def differ(made, train):
    """Whether a chi-squared test rejects, at .05, that rows (n, k) have train's shares."""
    both = np.concatenate([made, train])
    _, codes = np.unique(both, axis=0, return_inverse=True)
    ours, theirs = (
        np.bincount(part, minlength=codes.max() + 1)
        for part in (codes.ravel()[: len(made)], codes.ravel()[len(made) :])
    )
    order = np.argsort(theirs)
    ours, expected = ours[order], theirs[order] * len(made) / len(train)
    # The rarest cells are one, of EXPECTED rows at least, and so are the others.
    alone = max(
        np.sum(expected < EXPECTED), 1 + np.searchsorted(expected.cumsum(), EXPECTED)
    )
    cells = [np.append(part[alone:], part[:alone].sum()) for part in (ours, expected)]
    return len(cells[0]) > 1 and chisquare(*cells).pvalue < 0.05


def rejected(made, train):
    """Shares of single columns and of pairs that differ."""
    singles = [differ(a[:, None], b[:, None]) for a, b in zip(made, train)]
    pairs = [
        differ(np.column_stack([made[i], made[j]]), np.column_stack([train[i], train[j]]))
        for i, j in combinations(range(len(made)), 2)
    ]
    return [np.mean(tests) if tests else np.nan for tests in (singles, pairs)]


def figures(made, train, held, encoder, scale, seed):
    Z, T, H = (encoder.transform(frame) for frame in (made, train, held))
    kept = np.ptp(H, axis=0) > 0
    Zs, Ts, Hs = Z * scale, T * scale, H * scale
    n = min(JUDGED, len(H))
    fifth = to_nearest(Hs, Hs, min(6, len(Hs)))
    m = min(len(T), len(H))
    to_T, to_H = to_nearest(Zs, Ts[:m]), to_nearest(Zs, Hs[:m])
    fresh = H if made is train else Z
    return [
        wasserstein_distance(Zs[:n], Hs[:n]) / wasserstein_distance(Ts[:n], Hs[:n]),
        np.mean(to_nearest(Hs, Zs) < fifth + 1e-12),
        auc(Z, H, seed),
        np.abs(correlations(Z, kept) - correlations(H, kept)).mean(),
        column_error(encoder, Z, H),
        np.mean((to_T < to_H) + (to_T == to_H) / 2),
        np.mean(to_nearest(fresh, T) == 0),
        *rejected(levels(encoder, fresh), levels(encoder, T)),
    ]


def make(method, train, chosen, seed):
    """As many new rows as ``train``, in its dtypes."""
    if method in OURS:
        estimator = clone(OURS[method])
        estimator.set_params(categorical_features=chosen or "from_dtype")
        estimator.set_params(random_state=seed)
        return estimator.fit(train).sample(len(train), random_state=seed)
    encoder = TableEncoder(chosen or "from_dtype").fit(train)
    Z, parts = encoder.transform(train), list(columns(encoder))
    return encoder.inverse_transform(PEERS[method](Z, parts, len(Z), seed))


def judged(frame, chosen, seed, methods):
    """(method, figures) of one split."""
    train, held = (
        part[:MOST].reset_index(drop=True)
        for part in train_test_split(frame, test_size=0.5, random_state=seed)
    )
    encoder = TableEncoder(chosen or "from_dtype").fit(pd.concat([train, held]))
    Z = encoder.transform(train)
    scale = np.ones(Z.shape[1])
    for block in encoder._blocks:
        scale[block.columns] /= np.sqrt(Z[:, block.columns].var(axis=0).sum() or 1)
    for method in methods:
        began = time.perf_counter()
        made = train if method == REFERENCE else make(method, train, chosen, seed)
        seconds = time.perf_counter() - began
        yield method, [*figures(made, train, held, encoder, scale, seed), seconds]


def run(args):
    """Judge what the file has not yet, line by line, and return all that it has."""
    index = ["table", "method", "seed"]
    if args.out and args.out.exists():
        done = pd.read_csv(args.out)
    else:
        done = pd.DataFrame(columns=[*index, "rows", "columns_", *FIGURES])
    known = set(map(tuple, done[index].to_numpy().tolist()))
    for folder in args.folders:
        for name, frame, chosen in tables(folder) if folder.exists() else []:
            if args.tables and name not in args.tables:
                continue
            for seed in args.seeds:
                left = [m for m in args.methods if (name, m, seed) not in known]
                for method, values in judged(frame, chosen, seed, left):
                    row = [name, method, seed, min(len(frame) // 2, MOST), frame.shape[1]]
                    done.loc[len(done)] = [*row, *values]
                    if args.out:
                        args.out.parent.mkdir(parents=True, exist_ok=True)
                        done.to_csv(args.out, index=False, float_format="%.5g")
    chosen = done["method"].isin(args.methods)
    return done[chosen & (done["table"].isin(args.tables) if args.tables else True)]


def report(done, methods, results):
    """Means over seeds by table, means over tables, and ranks where all methods ran."""
    means = done.groupby(["table", "method"], sort=False)[FIGURES].mean().astype(float)
    by_table = means.unstack("table")
    everywhere = by_table["W1"].notna().all()
    results.heads({"table": 30, "method": 22}, dict.fromkeys(FIGURES, ".3f"))
    for name in everywhere.index:
        rows = done[done["table"] == name].iloc[0]
        title = f"{name}, {rows['rows']} x {rows['columns_']}"
        for method in [m for m in methods if (name, m) in means.index]:
            results.row(title, method, *means.loc[(name, method)])
    everywhere = everywhere.index[everywhere]
    for method in methods:
        cells = [by_table.loc[method, figure][everywhere].mean() for figure in FIGURES]
        results.row(f"mean of {len(everywhere)} tables", method, *cells)
    better = {"coverage": lambda x: -x, "AUC": lambda x: (x - 0.5).abs()}
    made = [method for method in methods if method != REFERENCE]
    ranks = {
        figure: better.get(figure, lambda x: x)(by_table.loc[made, figure][everywhere])
        .rank()
        .mean(axis=1)
        for figure in RANKED
    }
    print("\nmean ranks")
    results.heads({"method": 22}, {f"rank, {figure}": ".3f" for figure in RANKED})
    for method in made:
        results.row(method, *(ranks[figure][method] for figure in RANKED))


def add_arguments(parser):
    methods = [REFERENCE, *OURS, *PEERS]
    parser.add_argument("--folders", nargs="+", type=Path)
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--methods", nargs="+", default=methods, choices=methods)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("out/table_quality.csv"))


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")
    results = Results(args)
    args.folders = args.folders or [DATA / "tables", DATA / "mixed"]
    if args.quick:
        args.tables, args.seeds, args.methods = ["iris"], [0], [REFERENCE, "ours"]
        args.out = None
    report(run(args), args.methods, results)
