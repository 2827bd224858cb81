"""What `tables_27.py` prints of its results, and the page and picture made of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from _tables_27_measures import FIGURES
from _tables_27_methods import REFERENCE

HIGHER = {"coverage_train", "coverage_test", "F1", "R2", "coverage_rate"}  # is better
RANKED = FIGURES[: FIGURES.index("time")]
HEADS = [
    *("W1 train", "W1 test", "cover tr", "cover te", "F1", "R2"),
    *("class", "bias", "rate", "seconds", "nearest", "nearer"),
]
TITLES = {
    "W1_train": "W₁ to training rows",
    "W1_test": "W₁ to held-out rows",
    "coverage_train": "coverage of training rows",
    "coverage_test": "coverage of held-out rows",
    "F1": "F1 of models taught",
    "R2": "R² of models taught",
    "class_score": "class score",
    "percent_bias": "bias of coefficients",
    "coverage_rate": "coverage of coefficients",
}
ORACLE = "oracle, printed"
COLOURS = {"ours": "tab:red", "run here": "tab:blue", "printed": "0.5"}


@dataclass(frozen=True)
class Comparison:
    """Figures by table and method; of the tables that all have, means and ranks."""

    figures: pd.DataFrame
    tables: list
    means: pd.DataFrame  # method × figure, with their standard errors
    errors: pd.DataFrame
    ranks: pd.DataFrame
    rank_errors: pd.DataFrame


def compared(done, folder, names, methods):
    """Means over splits; over tables as the paper has them.

    Bias is no percentage there, some tables have no part in some means, and the oracle has
    no rank.
    """
    done = done[done["table"].isin(names) & done["method"].isin(methods)]
    ours = done.groupby(["table", "method"])[FIGURES].mean()
    theirs, left_out = printed(folder)
    figures = pd.concat([part for part in (ours, theirs) if len(part)])
    common = [n for n in names if all((n, method) in ours.index for method in methods)]
    order = [*methods, *theirs.index.unique("method")]
    order = [m for m in order if common and all((n, m) in figures.index for n in common)]
    part = figures.loc[[(n, m) for n in common for m in order]]
    cubes = {figure: part[figure].unstack("method")[order] for figure in FIGURES if order}
    for table, metric in left_out:
        if metric in cubes:
            cubes[metric] = cubes[metric].drop(index=table, errors="ignore")
    if cubes:
        cubes["percent_bias"] = cubes["percent_bias"] / 100
    made = [m for m in order if m not in (REFERENCE, ORACLE)]
    ranks = {
        f: cubes[f][made].dropna().rank(axis=1, ascending=f not in HIGHER)
        for f in RANKED
        if f in cubes
    }
    return Comparison(figures, common, *_mean(cubes), *_mean(ranks))


def _mean(cubes):
    """Means over tables, and standard errors."""
    return (
        pd.DataFrame({f: getattr(cube, statistic)() for f, cube in cubes.items()})
        for statistic in ("mean", "sem")
    )


def printed(folder):
    """The paper's figures by table and method, and those that are no part of its means."""
    path = folder / "printed_generation.csv"
    if not path.exists():
        empty = pd.MultiIndex.from_arrays([[], []], names=["table", "method"])
        return pd.DataFrame(columns=FIGURES, index=empty), set()
    rows = pd.read_csv(path)
    out = rows[rows["in_paper_average"] == 0]
    rows["method"] += ", printed"
    figures = rows.pivot_table(index=["table", "method"], columns="metric", values="value")
    return figures.reindex(columns=FIGURES), set(zip(out["table"], out["metric"]))


def print_report(comparison, names, results):
    """Figures by table, means over tables and ranks, with their standard errors."""
    c, heads = comparison, dict.fromkeys(HEADS, ".4g")
    results.heads({"table": 26, "method": 24}, heads)
    for name in names:
        for (table, method), values in c.figures.iterrows():
            if table == name:
                results.row(name, method, *values)
    if len(c.tables) > 1:
        for method in c.means.index:
            results.row(f"mean of {len(c.tables)} tables", method, *c.means.loc[method])
        print("\nmean ranks")
        heads = {f"rank, {head}": ".3f" for head in HEADS[: len(RANKED)]}
        results.heads({"method": 24}, heads)
        for method in c.ranks.index:
            results.row(method, *c.ranks.loc[method])
        for title, errors in (("means", c.errors), ("ranks", c.rank_errors)):
            print(f"\nstandard errors of {title}")
            print(errors.to_string(float_format="{:.3g}".format, na_rep=""))


def by_rank(ranks):
    """Methods, the best in the mean of all ranks first."""
    return ranks.mean(axis=1).sort_values(kind="stable").index


def markdown(comparison, text):
    """A page: what was measured, mean ranks, and means."""
    lines = [text, "", "| mean rank | " + " | ".join(TITLES.values()) + " | all |"]
    lines.append("|---" * (len(TITLES) + 2) + "|")
    for method in by_rank(comparison.ranks):
        row = comparison.ranks.loc[method]
        cells = [f"{row[f]:.1f}" for f in TITLES] + [f"{row.mean():.1f}"]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    heads = [*TITLES.values(), "seconds", "nearest", "nearer"]
    lines += ["", "| mean | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    last = [m for m in (REFERENCE, ORACLE) if m in comparison.means.index]
    for method in [*by_rank(comparison.ranks), *last]:
        row = comparison.means.loc[method]
        cells = ["–" if np.isnan(row[f]) else f"{row[f]:.3g}" for f in FIGURES]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _kind(method):
    if method == "ours":
        return "ours"
    return "printed" if method.endswith("printed") else "run here"


def picture(comparison):
    """Mean ranks with their standard errors, a panel for each measure."""
    import matplotlib.pyplot as plt

    methods = by_rank(comparison.ranks)[::-1]
    y = np.arange(len(methods))
    kinds = np.array([_kind(method) for method in methods])
    figure, axes = plt.subplots(
        3,
        3,
        figsize=(11, 0.7 * len(methods)),
        sharex=True,
        sharey=True,
        layout="constrained",
    )
    for ax, (name, title) in zip(axes.flat, TITLES.items()):
        rank = comparison.ranks.loc[methods, name]
        error = comparison.rank_errors.loc[methods, name]
        ax.errorbar(rank, y, xerr=error, fmt="none", ecolor="0.75", zorder=1)
        for kind, colour in COLOURS.items():
            of_kind = kinds == kind
            ax.scatter(rank[of_kind], y[of_kind], c=colour, s=28, zorder=2, label=kind)
        ax.set_title(title, fontsize="medium")
        ax.grid(axis="x", alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_yticks(y, methods)
    for label in [label for ax in axes[:, 0] for label in ax.get_yticklabels()]:
        label.set_fontweight("bold" if label.get_text() == "ours" else "normal")
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=3
    )
    figure.supxlabel(f"mean rank over {len(comparison.tables)} tables; 1 is best")
    return figure
