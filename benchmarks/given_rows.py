"""Rows of which something is given, against rows of the data that fulfil it.

Half of a table's rows, at most MOST, to learn from and half held out. Ten conditions a
table and seed, drawn at random: ranges of a number that have a share of 2, 5, 10, 25 and
50 % of the rows, categories of about 2, 15 and 50 %, and two of both (of two ranges, where
the table has no category). Of each, 200 rows are drawn with it given; W₁ to the held-out
rows that fulfil it is divided by that of the training rows that do. Coordinates are of
`TableEncoder`, of variance 1 in the training rows.

given   TableSynthesizer().sample(200, given=...)
filter  those of TableSynthesizer().sample(N) that fulfil it, the first 200; N is 10 times
        the training rows, from 1000 to 5000

Means are geometric, by the number of training rows that fulfil the condition; "wins" is the
share of conditions in which "given" is nearer to the held-out rows than "filter". A filter
that has no row left is not judged.
"""

import time
import warnings
from pathlib import Path

import jax
import numpy as np
import pandas as pd
from _common import Results, options
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from table_quality import DATA, tables

from skgantk.generators import TableSynthesizer
from skgantk.metrics import wasserstein_distance
from skgantk.preprocessing import TableEncoder

MOST = 1000
DRAWN = 200
HELD_OUT = 5  # rows at least that fulfil a condition
LEVELS = 10  # distinct numbers at most that are categories
RANGES, CATEGORIES, BOTH = (0.02, 0.05, 0.1, 0.25, 0.5), (0.02, 0.15, 0.5), (0.2, 0.5)
GROUPS = ((30, MOST + 1), (5, 30), (2, 5))  # rows of the data, at most so many


def is_number(column):
    return column.dtype.kind in "if" and column.nunique() > LEVELS


def a_range(frame, rng, share):
    """Of one of the columns of numbers, from a quantile to another."""
    columns = [name for name in frame if is_number(frame[name])]
    if not columns:
        return None
    name, low = columns[rng.integers(len(columns))], rng.uniform(0, 1 - share)
    values = frame[name].dropna()
    return {name: tuple(np.quantile(values, [low, low + share]).tolist())}


def a_category(frame, rng, share):
    """One of the two whose share is nearest to that."""
    found = []
    for name in frame:
        if not is_number(frame[name]):
            shares = frame[name].value_counts(normalize=True)
            off = np.abs(np.log(shares / share))
            found += [(off[level], name, level) for level in shares.index]
    found.sort(key=lambda item: item[0])
    if not found:
        return None
    _, name, level = found[rng.integers(min(2, len(found)))]
    return {name: level}


def conditions(frame, seed):
    rng = np.random.default_rng(seed)
    for share in RANGES:
        yield a_range(frame, rng, share)
    for share in CATEGORIES:
        yield a_category(frame, rng, share)
    for share in BOTH:
        first = a_category(frame, rng, 0.5) or a_range(frame, rng, 0.5)
        second = a_range(frame, rng, share)
        yield second and {**first, **second}


def fulfilling(frame, given):
    holds = np.ones(len(frame), bool)
    for name, value in given.items():
        column = frame[name]
        is_range = isinstance(value, tuple)
        holds &= (column.between(*value) if is_range else column == value).to_numpy()
    return holds


def halves(frame, chosen, seed):
    """Training and held-out rows, and the latter's that can be encoded."""
    train, held_out = (
        part[:MOST].reset_index(drop=True)
        for part in train_test_split(frame, test_size=0.5, random_state=seed)
    )
    encoder = TableEncoder(chosen).fit(train)
    known = np.ones(len(held_out), bool)
    for i in range(len(held_out)):
        try:
            encoder.transform(held_out[i : i + 1])
        except ValueError:  # a level that the training rows have not
            known[i] = False
    return train, held_out[known].reset_index(drop=True), encoder


def judged(name, frame, chosen, seed):
    """Rows of the results, one a condition."""
    train, held_out, encoder = halves(frame, chosen, seed)
    Z = encoder.transform(train)
    varying = np.ptp(Z, axis=0) > 0
    scaler = StandardScaler().fit(Z[:, varying])

    def distance(rows, others):
        A, B = (scaler.transform(encoder.transform(f)[:, varying]) for f in (rows, others))
        return wasserstein_distance(A, B)

    synthesizer = TableSynthesizer(categorical_features=chosen, random_state=seed)
    synthesizer.fit(train)
    many = None
    for number, given in enumerate(conditions(train, seed)):
        ours, theirs = (given and fulfilling(f, given) for f in (train, held_out))
        if not given or theirs.sum() < HELD_OUT or ours.sum() < GROUPS[-1][0]:
            continue
        if many is None:
            size = int(np.clip(10 * len(train), 1000, 5000))
            many = synthesizer.sample(size, random_state=seed)
        unit = distance(train[ours], held_out[theirs])
        began = time.perf_counter()
        rows = synthesizer.sample(DRAWN, random_state=seed, given=given)
        seconds = time.perf_counter() - began
        assert fulfilling(rows, given).all()
        left = many[fulfilling(many, given)][:DRAWN]
        yield {
            "table": name,
            "seed": seed,
            "number": number,
            "rows": int(ours.sum()),
            "given": distance(rows, held_out[theirs]) / unit,
            "filter": distance(left, held_out[theirs]) / unit if len(left) else np.nan,
            "left": len(left),
            "seconds": seconds,
        }


def figures(values):
    """Of a line: their number, means and the worst, wins, rows left, seconds."""
    both = values.dropna()
    given, filtered = (np.exp(np.log(both[k]).mean()) for k in ("given", "filter"))
    wins = np.mean(both["given"] < both["filter"])
    left, seconds = values["left"].median(), values["seconds"].median()
    return len(values), given, filtered, values["given"].max(), wins, left, seconds


def add_arguments(parser):
    parser.add_argument("--tables", nargs="+")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("out/given_rows.csv"))


def run(args):
    """Judge what the file has not yet, table by table and seed by seed."""
    done = pd.read_csv(args.out) if args.out and args.out.exists() else None
    parts = [] if done is None else [done]
    known = set() if done is None else set(zip(done["table"], done["seed"]))
    for folder in (DATA / "tables", DATA / "mixed"):
        for name, frame, chosen in tables(folder):
            for seed in args.seeds:
                if (args.tables and name not in args.tables) or (name, seed) in known:
                    continue
                part = pd.DataFrame(judged(name, frame, chosen, seed))
                jax.clear_caches()  # thousands of compiled functions are too many
                parts.append(part)
                if args.out and len(part):
                    args.out.parent.mkdir(parents=True, exist_ok=True)
                    new = not args.out.exists()
                    part.to_csv(args.out, mode="a", header=new, index=False)
    return pd.concat(parts)


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")
    results = Results(args)
    if args.quick:
        args.tables, args.seeds, args.out = ["iris"], [0], None
    judgements = run(args)
    results.heads(
        {"conditions": 28},
        {
            **{"number": ".0f", "W₁, given": ".3f", "W₁, filter": ".3f", "worst": ".2f"},
            **{"wins": ".2f", "left": ".0f", "seconds": ".1f"},
        },
    )
    for name, part in judgements.groupby("table", sort=False):
        results.row(name, *figures(part))
    for low, high in GROUPS:
        part = judgements[judgements["rows"].between(low, high - 1)]
        if len(part):
            results.row(f"{low} to {high - 1} rows, all tables", *figures(part))
