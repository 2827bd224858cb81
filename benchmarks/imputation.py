"""Filling of holes, as in section 5 of the protocol of the 27 tables.

Three splits of each table, four fifths to learn from, at most MOST rows. Each cell of a
feature is emptied with a probability of .2; rows of which nothing is left are dropped.
Distances are L₁, numbers in [0, 1] on the training rows and two levels of a category 1
apart. Five draws, of

MinMAE    the least error of a row, summed over its holes, in the mean of a hole
AvgMAE    the mean error
MAD       mean deviation of the draws from their median or mode
W1 train  exact optimal transport from the filled table to the true one
W1 test   to the held-out rows
F1, R2    on held-out rows, of four models that the filled table has taught
bias      percent, of least squares' coefficients in the mean of the draws
rate      how often intervals of 95 % from a draw hold the coefficients of the true table
seconds   of all five draws

"ours" is `TableImputer`. scikit-learn's imputers get the numbers of all columns, and are
rounded to the nearest level of binary, categorical and whole ones. "true" is the table
itself. The imputation by Forest-VP is left out where it takes longer than --limit.
"""

import time
import warnings

import numpy as np
import pandas as pd
from _common import Results, options
from _tables_27_measures import JOBS, by_regression, learnt, scaled, wasserstein
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.preprocessing import StandardScaler
from tables_27 import FOLDER, limited, split
from tables_27 import tables as all_tables

from skgantk._inverse import nearest
from skgantk.preprocessing import TableImputer

MOST = 1000
EMPTIED = 0.2
N_DRAWS = 5
FIGURES = [
    *("MinMAE", "AvgMAE", "MAD", "W1 train", "W1 test", "F1", "R2", "bias", "rate"),
    "seconds",
]
PEERS = {
    "iterative, posterior": lambda seed: IterativeImputer(
        sample_posterior=True, random_state=seed
    ),
    "iterative": lambda seed: IterativeImputer(random_state=seed),
    "neighbours": lambda seed: KNNImputer(),
}
DRAWN = ("ours", "iterative, posterior", "Forest-VP")  # the others know one filling
METHODS = ["true", "ours", *PEERS, "Forest-VP"]


def emptied(table, train, seed):
    """Training rows as numbers, and where their holes are."""
    T = table.numbers(train)
    holes = np.random.default_rng(seed).random(T.shape) < EMPTIED
    holes[:, -1] = False  # the target
    kept = ~holes[:, :-1].all(axis=1)
    return T[kept], holes[kept]


def filled(method, table, T, holes, seed):
    """Matrices of numbers without holes."""
    A = np.where(holes, np.nan, T)
    if method == "true":
        return [T]
    if method == "ours":
        return ours(table, A, seed)
    if method == "Forest-VP":
        return forest(table, A, seed)
    scaler = StandardScaler().fit(A)
    scaled_rows, results = scaler.transform(A), []
    for draw in range(N_DRAWS if method in DRAWN else 1):
        made = PEERS[method](N_DRAWS * seed + draw).fit_transform(scaled_rows)
        results.append(rounded(table, A, scaler.inverse_transform(made)))
    return results


def ours(table, A, seed):
    kinds = {*table.kinds["bin"], *table.kinds["cat"]}
    columns = {}
    for j, name in enumerate(table.data):
        gone = np.isnan(A[:, j])
        if j in kinds:
            columns[name] = [None if g else f"{v:g}" for v, g in zip(A[:, j], gone)]
        else:
            columns[name] = A[:, j]
    imputer = TableImputer(random_state=seed).fit(pd.DataFrame(columns))
    draws = imputer.draws(pd.DataFrame(columns), N_DRAWS)
    return [made.astype(float).to_numpy() for made in draws]


def forest(table, A, seed):
    from ForestDiffusion import ForestDiffusionModel

    kinds = {f"{kind}_indexes": list(table.kinds[kind]) for kind in table.kinds}
    model = ForestDiffusionModel(
        A, diffusion_type="vp", n_jobs=1, seed=seed, nthread=JOBS, **kinds
    )
    return list(model.impute(repaint=False, k=N_DRAWS))


def rounded(table, A, made):
    """What is to have levels, at the nearest there is."""
    for j in {j for indices in table.kinds.values() for j in indices}:
        levels = np.unique(A[~np.isnan(A[:, j]), j])
        made[:, j] = levels[nearest(levels, made[:, j])]
    return np.where(np.isnan(A), made, A)


def judged(table, T, H, holes, made):
    """All figures but the seconds."""
    categorical = table.kinds["cat"]
    true, held_out, *draws = scaled(T, H, *made, categorical=categorical)
    errors = np.stack([np.abs(draw - true).sum(axis=1) for draw in draws])
    stack = np.stack(draws)
    off = np.abs(stack - np.median(stack, axis=0)).sum(axis=(1, 2)).mean()
    score = "F1" if table.classification else "R2"
    models = [learnt(draw, H, categorical, table.classification) for draw in made]
    fits = {} if table.classification else by_regression(T, made, categorical)
    return {
        "MinMAE": errors.min(axis=0).sum() / holes.sum(),
        "AvgMAE": errors.mean(axis=0).sum() / holes.sum(),
        "MAD": off / holes.sum(),
        "W1 train": np.mean([wasserstein(draw, true) for draw in draws]),
        "W1 test": np.mean([wasserstein(draw, held_out) for draw in draws]),
        score: np.mean(models),
        **dict(zip(("bias", "rate"), fits.values())),
    }


def row(table, method, seed, limit):
    train, test = split(table, seed)
    T, holes = emptied(table, train[:MOST], seed)
    began = time.perf_counter()
    with limited(limit):
        made = filled(method, table, T, holes, seed)
    seconds = time.perf_counter() - began
    figures = judged(table, T, table.numbers(test)[:MOST], holes, made)
    figures = {**dict.fromkeys(FIGURES, np.nan), **figures, "seconds": seconds}
    return {"table": table.name, "method": method, **figures}


def show(name, results, shown):
    for method in dict.fromkeys(r["method"] for r in results):
        values = pd.DataFrame([r for r in results if r["method"] == method])[FIGURES]
        shown.row(name, method, *values.mean())


def add_arguments(parser):
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--limit", type=int, default=300, help="seconds of a method")


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")
    shown = Results(args)
    if args.quick:
        args.tables, args.seeds, args.methods = ["iris"], [0], ["true", "ours", "iterative"]
    shown.heads({"table": 27, "method": 22}, dict.fromkeys(FIGURES, ".3f"))
    results = []
    for table in all_tables(FOLDER):
        if args.tables and table.name not in args.tables:
            continue
        made = []
        for method in args.methods:
            try:
                made += [row(table, method, seed, args.limit) for seed in args.seeds]
            except TimeoutError:
                print(f"{table.name:26}{method:22} more than {args.limit} s")
        show(table.name, made, shown)
        results += made
    finished = {
        method: {r["table"] for r in results if r["method"] == method}
        for method in args.methods
    }
    common = set.intersection(*(t for m, t in finished.items() if m != "Forest-VP"))
    others = [r for r in results if r["method"] != "Forest-VP"]
    show("mean", [r for r in others if r["table"] in common], shown)
    if ended := finished.get("Forest-VP"):
        rows = [r for r in results if r["table"] in ended]
        show("mean where Forest-VP ended", rows, shown)
