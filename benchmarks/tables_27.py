"""The 27-table benchmark of tabular generation, on a folder of its tables.

Of Jolicoeur-Martineau, Fatras and Kachman, "Generating and Imputing Tabular Data via
Diffusion and Flow-based Gradient-Boosted Trees", AISTATS 2024: three splits, of which four
fifths are to learn from, and five tables of as many rows for each. Means over them, of

W1        exact optimal transport to the training or the held-out rows, L₁ cost, unless
          there are 5000 training rows
coverage  share of training or held-out rows with a generated row nearer than a neighbour
F1, R2    on held-out rows, of four models that generated rows have taught
class     F1 on the next table, of four models that tell training rows from generated ones
bias      of regression coefficients in percent, and the rate at which their 95 % intervals
rate      cover the training rows' (regression only)
time      seconds of the fit and five tables
nearest   median distance to the nearest training row over that of held-out rows
nearer    share of rows nearer to a training row than to a held-out one; .8 if fresh

Printed figures, where the folder has them, are of the paper's machine, so that times are
not ranked. "training rows" is its oracle. Classes have generators of their own where ours,
mixture, kernel density and copula can; for the others they are one more category.
"""

import json
import signal
import time
import warnings
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from _common import Results, options
from _tables_27_measures import FIGURES, XGBOOST, judged
from _tables_27_methods import ESTIMATORS, FOREST_FLOW, PEERS, REFERENCE, make
from _tables_27_report import compared, markdown, picture, print_report
from sklearn.model_selection import train_test_split

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "tables"
DOC = Path(__file__).parents[1] / "doc"
N_TABLES = 5


@dataclass(frozen=True)
class Table:
    """Columns, target last, and what the settings of the folder say of them."""

    name: str
    data: pd.DataFrame
    classification: bool
    kinds: dict  # indices of binary, categorical and integer columns
    codes: dict  # numbers for the levels of a column

    @property
    def target(self):
        return self.data.columns[-1]

    @property
    def labelled(self):
        return list(self.codes)

    def numbers(self, frame):
        columns = [
            frame[name].map(self.codes[name]) if name in self.codes else frame[name]
            for name in self.data
        ]
        return np.column_stack(columns).astype(float)

    def frame(self, X):
        frame = pd.DataFrame(X, columns=self.data.columns)
        for name, codes in self.codes.items():
            frame[name] = frame[name].map({code: level for level, code in codes.items()})
        return frame


def tables(folder):
    path = folder / "tables.json"
    settings = json.loads(path.read_text()) if path.exists() else {}
    return [read(folder, name, about) for name, about in settings.items()]


def read(folder, name, about):
    target, kind = about["target"], about["target_type_in_benchmark"]
    classification = kind in ("binary", "categorical")
    names = {
        short: [*about[long], *([target] if kind == long else [])]
        for short, long in (("bin", "binary"), ("cat", "categorical"), ("int", "integer"))
    }
    labelled = [*names["bin"], *names["cat"]]
    data = pd.read_csv(
        folder / about["file"],
        dtype=dict.fromkeys(labelled, str),
        keep_default_na=False,
        float_precision="round_trip",
    )
    data = data[[*(column for column in data if column != target), target]]
    given = {**about.get("category_codes", {}), target: about.get("target_codes")}
    codes = {name: given.get(name) or numbered(data[name]) for name in labelled}
    kinds = {short: list(map(data.columns.get_loc, names[short])) for short in names}
    return Table(name, data, classification, kinds, codes)


def numbered(column):
    """Levels that are numbers as they are, others in the order in which they come."""
    levels = column.unique()
    try:
        return {level: float(level) for level in levels}
    except ValueError:
        return {level: code for code, level in enumerate(levels)}


def split(table, seed):
    labels = table.numbers(table.data)[:, -1] if table.classification else None
    train, test = train_test_split(
        table.data, test_size=0.2, random_state=seed, stratify=labels
    )
    return train.reset_index(drop=True), test


@contextmanager
def limited(seconds):
    """Raise TimeoutError after so many seconds."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def evaluated(table, method, seed, n_tables, limit):
    """One row of the results."""
    train, test = split(table, seed)
    began = time.perf_counter()
    with limited(limit) if method == FOREST_FLOW else nullcontext():
        made = make(method, table, train, n_tables, seed)
    seconds = time.perf_counter() - began
    T, H, *made = map(table.numbers, (train, test, *made))
    figures = judged(T, H, made, table.kinds["cat"], table.classification)
    row = {"table": table.name, "method": method, "split": seed}
    return {**row, **dict.fromkeys(FIGURES, np.nan), **figures, "time": seconds}


def run(args):
    """Judge what the file has not yet, line by line, and return all that it has."""
    rows = []
    if args.out and args.out.exists():
        rows = pd.read_csv(args.out).to_dict("records")
    done = {(row["table"], row["method"], row["split"]) for row in rows}
    for table in args.chosen:
        for method in args.methods:
            for seed in args.seeds:
                if (table.name, method, seed) in done:
                    continue
                try:
                    row = evaluated(table, method, seed, args.n_tables, args.limit)
                except TimeoutError:
                    print(f"{table.name}: {method} takes more than {args.limit} s.")
                    break
                rows.append(row)
                if args.out:
                    append(row, args.out)
    return pd.DataFrame(rows, columns=["table", "method", "split", *FIGURES])


def append(row, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame([row])
    frame.to_csv(path, mode="a", header=not path.exists(), index=False)


def write_page(comparison):
    """The page of the documentation, and the picture on it."""
    text = "\n".join(
        [
            "# Tables: ranks in the benchmark of 27 tables",
            "",
            f"On the {len(comparison.tables)} tables that all methods here have: "
            f"{', '.join(comparison.tables)}.",
            "",
            "Made by `python benchmarks/tables_27.py --page`, on two x86_64 cores beside "
            "other work. It says:",
            "",
            "```text",
            *__doc__.splitlines(),
            "```",
            "",
            "![Mean ranks by measure](../figures/tables_27.png)",
        ]
    )
    (DOC / "tables" / "tables_27.md").write_text(markdown(comparison, text))
    for kind in ("png", "svg"):
        picture(comparison).savefig(DOC / "figures" / f"tables_27.{kind}", dpi=120)


def add_arguments(parser):
    methods = [REFERENCE, *ESTIMATORS, *PEERS]
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--tables", nargs="+")
    parser.add_argument(
        "--methods", nargs="+", default=methods, choices=[*methods, FOREST_FLOW]
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("out/tables_27.csv"))
    parser.add_argument(
        "--limit", type=int, default=3600, help=f"seconds of {FOREST_FLOW}, by split"
    )
    parser.add_argument(
        "--page", action="store_true", help="make that of the documentation"
    )


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")
    results = Results(args)
    args.chosen, args.n_tables = tables(args.folder), N_TABLES
    if args.tables:
        args.chosen = [table for table in args.chosen if table.name in args.tables]
    if args.quick:
        args.chosen = sorted(args.chosen, key=lambda table: table.data.size)[:1]
        args.seeds, args.methods, args.out = [0], [REFERENCE, "ours"], None
        args.n_tables = 2
    elif not XGBOOST:  # without which a quick run has three models
        raise SystemExit('Two measures need xgboost: pip install "skgantk[bench]".')
    names = [table.name for table in args.chosen]
    comparison = compared(run(args), args.folder, names, args.methods)
    print_report(comparison, names, results)
    if args.page:
        write_page(comparison)
