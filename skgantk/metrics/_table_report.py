"""How good synthetic rows of a table are, in one look."""

import json
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._closest_record import distance_to_records
from skgantk.metrics._column_shapes import shape_of_each
from skgantk.metrics._impossible_values import impossible_in_each
from skgantk.metrics._marginals import marginal
from skgantk.metrics._pair_trends import mean_over_pairs, trend_of_each
from skgantk.metrics._repeated_rows import share_repeated
from skgantk.metrics._table_coverage import coverage_by
from skgantk.metrics._table_wasserstein import transport_between
from skgantk.metrics._tables import CATEGORICAL, column_index, read
from skgantk.metrics._train_on_synthetic import (
    check_features,
    has_classes,
    score_on_real,
)
from skgantk.metrics._two_sample import auc_between

# In the order of the report: a figure in words, and what is best of it.
FIGURES = {
    "column_shapes": ("column shapes", "1"),
    "pair_trends": ("pair trends", "1"),
    "table_wasserstein_distance": ("Wasserstein-1 distance", "0"),
    "table_coverage": ("coverage", "1"),
    "two_sample_auc": ("two-sample AUC", "0.5"),
    "train_on_synthetic_score": ("train on synthetic", "reference"),
    "repeated_rows": ("repeated rows", "reference"),
    "closest_record_distance": ("closest record distance", "reference"),
    "impossible_values": ("impossible values", "0"),
}
OF_ALL_ROWS = ("column_shapes", "pair_trends", "repeated_rows", "impossible_values")


@dataclass(frozen=True)
class TableReport:
    """What `table_report` returns: it prints as a table.

    Parameters
    ----------
    synthetic : dict of str to float
        The figures of the synthetic rows, by the names of their functions; None where one
        is not defined, such as pairs of columns where there is one.
    reference : dict of str to float or None
        The same of real rows in the place of the synthetic ones; None without held-out
        rows.
    rows : dict of str to int
        How many synthetic rows each figure is of.
    n_rows : dict of str to int
        How many there are of "train", "synthetic" and "held_out".
    columns : list of dict
        For each column its ``name``, and by "synthetic" and "reference" its
        ``column_shapes`` and ``impossible_values``.
    pairs : dict of str to list
        `pair_trends` of each pair of columns, (n_columns, n_columns), by "synthetic" and
        "reference".
    marginals : list of dict
        The distribution of each column: ``levels`` or ``edges`` of bins, and ``shares`` by
        "real" (held-out rows where there are any) and "synthetic".
    target : str, default=None
        The column that was predicted, if any.
    scoring : str, default=None
        By what: "macro F1" or "R²".

    Raises
    ------
    ImportError
        By `to_frame` without pandas, by `plot` without matplotlib.

    See Also
    --------
    skgantk.inspection.TableReportDisplay : What `plot` draws.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.metrics import table_report
    >>> train, held_out, synthetic = np.random.default_rng(0).normal(size=(3, 60, 2))
    >>> report = table_report(train, synthetic, held_out, random_state=0)
    >>> report.synthetic["repeated_rows"], report.reference["repeated_rows"]
    (0.0, 0.0)
    >>> report.to_frame().index[:2].tolist()
    ['column_shapes', 'pair_trends']
    """

    synthetic: dict
    reference: dict | None
    rows: dict
    n_rows: dict
    columns: list
    pairs: dict
    marginals: list
    target: str | None = None
    scoring: str | None = None

    def __str__(self):
        given = [own for own in (self.synthetic, self.reference) if own is not None]
        lines = [["", *["synthetic", "reference"][: len(given)], "best", "rows"]]
        for figure, rows in self.rows.items():
            values = [own[figure] for own in given]
            cells = ["undefined" if v is None else f"{v:.3f}" for v in values]
            lines.append([self.title(figure), *cells, self._best(figure), str(rows)])
        first, *others = [len(max(column, key=len)) for column in zip(*lines)]
        table = [
            "  ".join([line[0].ljust(first), *map(str.rjust, line[1:], others)])
            for line in lines
        ]
        return "\n".join([*table, *self._notes()])

    __repr__ = __str__

    def title(self, figure):
        """A figure in words.

        Parameters
        ----------
        figure : str
            Its name.

        Returns
        -------
        title : str
        """
        title = FIGURES[figure][0]
        of_target = figure == "train_on_synthetic_score"
        return f"{title}, {self.scoring} of {self.target}" if of_target else title

    def _best(self, figure):
        best = FIGURES[figure][1]
        return "" if best == "reference" and self.reference is None else best

    def _notes(self):
        train, held_out = (self.n_rows.get(title) for title in ("train", "held_out"))
        if held_out is None:
            yield f"Relative to {train} rows of train, of which copies score best; rows"
            yield "that the generator has not seen, held_out=..., would give a reference."
        else:
            yield f"Relative to {held_out} held-out rows, the last three to {train} rows of"
            yield "train. Reference: real rows in the place of the synthetic ones."

    def to_dict(self):
        """All of it as ``json.dumps`` takes it.

        Returns
        -------
        report : dict
            Of dicts, lists, str, int, finite float and None.
        """
        return asdict(self)

    def to_json(self, **dumps_params):
        """All of it as JSON.

        Parameters
        ----------
        **dumps_params : dict
            For ``json.dumps``, such as ``indent=2``.

        Returns
        -------
        json : str
        """
        return json.dumps(self.to_dict(), **dumps_params)

    def to_frame(self):
        """The figures as a data frame.

        Returns
        -------
        frame : pandas DataFrame of shape (n_figures, 3 or 4)
            Columns "synthetic", "reference" if there are held-out rows, "best", "rows".
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "TableReport.to_frame needs pandas: pip install pandas. to_dict gives the "
                "same figures."
            ) from error
        columns = {"synthetic": self.synthetic, "reference": self.reference or {}}
        frame = pd.DataFrame(
            {name: pd.Series(own, dtype=float) for name, own in columns.items() if own},
            index=list(self.synthetic),
        )
        best = [self._best(figure) for figure in self.synthetic]
        return frame.assign(best=best, rows=list(self.rows.values()))

    def plot(self, ax=None, **plot_params):
        """Draw figures, pairs of columns and single columns.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            In whose place to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `skgantk.inspection.TableReportDisplay.plot`.

        Returns
        -------
        display : TableReportDisplay
        """
        from skgantk.inspection import TableReportDisplay  # which imports this module

        return TableReportDisplay.from_report(self, ax=ax, **plot_params)


@validate_params(
    {
        "categorical_features": CATEGORICAL,
        "subsample": [Interval(Integral, 2, None, closed="left"), None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def table_report(
    train,
    synthetic,
    held_out=None,
    target=None,
    *,
    categorical_features="from_dtype",
    subsample=2000,
    random_state=None,
):
    """Report on synthetic rows: how like real ones, how useful, whether copies.

    A number by itself says little: how like one another are two samples of real rows? So
    give rows that the generator has not seen, ``held_out``, and each figure stands beside
    its reference, that of real rows in the place of the synthetic ones.

    With ``held_out`` rows, likeness and use are of synthetic rows to held-out ones, for a
    copy of the training rows is no merit, and the reference is that of training rows to
    held-out ones. Repeated rows, the distance to the closest record and impossible values
    are always of synthetic rows to training rows, and their reference is that of held-out
    rows to training rows. Without held-out rows all is relative to training rows, there is
    no reference, and copies score best.

    Parameters
    ----------
    train : DataFrame or array-like of shape (n_rows, n_columns)
        Real rows that the generator has learnt from.
    synthetic : DataFrame or array-like of shape (n_synthetic_rows, n_columns)
        Rows to judge, of the same columns. Frames may be of different libraries.
    held_out : DataFrame or array-like of shape (n_held_out_rows, n_columns), default=None
        Real rows of the same kind that it has not seen.
    target : str or int, default=None
        The column, by name or index, that a model trained on synthetic rows is to predict;
        None leaves that figure out.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns of labels whatever their dtype, as in
        `skgantk.preprocessing.TableEncoder`. Booleans are labels.
    subsample : int or None, default=2000
        Rows of each table, drawn without replacement, between which what takes long is
        computed: the Wasserstein distance, coverage, both classifiers; and synthetic and
        held-out rows whose distance to all of the training rows is taken. Of training and
        synthetic rows as many are drawn, or the more would have an advantage. None is as
        many as there are.
    random_state : int, RandomState instance or None, default=None
        Of the draw, the forests and the folds.

    Returns
    -------
    report : TableReport
        It prints as a table; ``to_frame``, ``to_dict`` and ``to_json`` give its content,
        ``plot`` draws it. ``rows`` tells how many synthetic rows a figure is of.

    Raises
    ------
    ValueError
        If the tables have not the same columns, or one has no rows; if a column has
        infinite numbers, numbers in one table only, or labels of which nearly all are
        distinct; if ``target`` is no column, or the only one.
    InvalidParameterError
        If a parameter is none of those.

    See Also
    --------
    column_shapes, pair_trends, table_wasserstein_distance, table_coverage : Likeness.
    two_sample_auc, train_on_synthetic_score : Likeness and use, by models.
    repeated_rows, closest_record_distance, impossible_values : What should not be.

    Notes
    -----
    Of n rows, at most ``subsample``, the forests of both classifiers take a time of
    O(n log n), coverage one of O(n²), and that of the Wasserstein distance grows about like
    n³.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgantk.metrics import table_report
    >>> rng = np.random.default_rng(0)
    >>> height = rng.normal(170, 10, 300).round()
    >>> people = pd.DataFrame({
    ...     "height": height, "size": np.where(height > 175, "L", "M"),
    ... })
    >>> train, held_out, synthetic = people[:100], people[100:200], people[200:]
    >>> report = table_report(train, synthetic, held_out, "size", random_state=0)
    >>> print(report)  # doctest: +SKIP
    >>> report.synthetic["column_shapes"] > 0.9
    True
    """
    given = {"train": train, "held_out": held_out, "synthetic": synthetic}
    if held_out is None:
        del given["held_out"]
    tables = dict(zip(given, read(given, categorical_features)))
    goal = None if target is None else _Goal.of(tables["train"], target)
    rng = check_random_state(random_state)
    some = _drawn(tables, subsample, rng)
    seed = int(rng.randint(np.iinfo(np.int32).max))
    judge = "train" if held_out is None else "held_out"
    judged = {
        "synthetic": _judged(tables, some, judge, "synthetic", "synthetic", goal, seed)
    }
    if held_out is not None:
        real = _judged(tables, some, judge, "train", "held_out", goal, seed)
        judged["reference"] = real
    return _assembled(tables, len(some["synthetic"]), judge, judged, goal)


class _Goal(NamedTuple):
    """The column to predict."""

    column: int
    name: str
    classes: bool

    @classmethod
    def of(cls, train, target):
        """Of the training rows, by name or index."""
        check_features(train)
        i = column_index(target, train)
        return cls(i, str(train.columns[i].name), has_classes(train.columns[i]))


def _drawn(tables, subsample, rng):
    """Rows of each table, of training and synthetic ones as many."""
    sizes = {title: len(table) for title, table in tables.items()}
    sizes["train"] = sizes["synthetic"] = min(sizes["train"], sizes["synthetic"])
    some = {}
    for title, table in tables.items():
        n = min(sizes[title], subsample or sizes[title])
        whole = n == len(table)
        some[title] = table if whole else table.take(rng.permutation(len(table))[:n])
    return some


@dataclass(frozen=True)
class _Judged:
    """Figures, and what those of columns and pairs are means of."""

    figures: dict
    shapes: np.ndarray
    trends: np.ndarray
    impossible: np.ndarray


def _judged(tables, some, judge, rows, new, goal, seed):
    """How like ``rows`` are to those of ``judge``, and ``new`` ones to training rows."""
    shapes = shape_of_each(tables[judge], tables[rows])
    trends = trend_of_each(tables[judge], tables[rows])
    impossible = impossible_in_each(tables["train"], tables[new])
    real, made = some[judge], some[rows]
    figures = {
        "column_shapes": shapes.mean(),
        "pair_trends": mean_over_pairs(trends),
        "table_wasserstein_distance": transport_between(real, made),
        "table_coverage": coverage_by(real, made),
        "two_sample_auc": auc_between(real, made, random_state=seed),
    }
    if goal is not None:
        figures["train_on_synthetic_score"] = score_on_real(
            real, made, goal.column, goal.classes, random_state=seed
        )
    figures |= {
        "repeated_rows": share_repeated(tables["train"], tables[new]),
        "closest_record_distance": distance_to_records(tables["train"], some[new]),
        "impossible_values": impossible.mean(),
    }
    plain = {name: float(v) if np.isfinite(v) else None for name, v in figures.items()}
    return _Judged(plain, shapes, trends, impossible)


def _assembled(tables, n_drawn, judge, judged, goal):
    """The report, from what was judged of "synthetic" and of "reference"."""
    made, real = judged["synthetic"], judged.get("reference")
    drawn = {name: n_drawn for name in made.figures}
    pictures = {"real": tables[judge].columns, "synthetic": tables["synthetic"].columns}
    return TableReport(
        synthetic=made.figures,
        reference=None if real is None else real.figures,
        rows=drawn | dict.fromkeys(OF_ALL_ROWS, len(tables["synthetic"])),
        n_rows={title: len(table) for title, table in tables.items()},
        columns=[
            {
                "name": str(column.name),
                "column_shapes": {t: float(own.shapes[k]) for t, own in judged.items()},
                "impossible_values": {
                    t: float(own.impossible[k]) for t, own in judged.items()
                },
            }
            for k, column in enumerate(tables["train"].columns)
        ],
        pairs={title: own.trends.tolist() for title, own in judged.items()},
        marginals=[
            marginal(dict(zip(pictures, columns))) for columns in zip(*pictures.values())
        ],
        target=goal and goal.name,
        scoring=goal and ("macro F1" if goal.classes else "R²"),
    )
