"""TableReportDisplay: synthetic rows of a table beside real ones."""

from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from skgantk.inspection._common import FAKE, REAL, drawing_axes
from skgantk.metrics import table_report
from skgantk.metrics._table_report import FIGURES

COLUMNS = 4  # single columns side by side
NAMED = 40  # columns whose names stand at the pairs
TOP, ROW = 4.2, 2.4  # heights in inches
LENGTH = 14  # of names and levels, beyond which they are cut


class TableReportDisplay:
    """Figures of synthetic rows with their reference, pairs of columns, single columns.

    Above, at the left, each figure of a `skgantk.metrics.TableReport`: the synthetic rows',
    that of real rows in their place, and what is best. At the right the likeness of each
    pair of columns, below the diagonal of synthetic rows, above it of real ones in their
    place. Then the distributions of the columns, those with the least likeness first. It is
    best made by `from_tables` or `from_report`.

    Parameters
    ----------
    report : TableReport
        What `skgantk.metrics.table_report` returns.

    Attributes
    ----------
    ax_ : matplotlib Axes
        In whose place all is drawn.
    figure_ : matplotlib Figure
    axes_ : list of matplotlib Axes
        Of the figures, the pairs (where there are two columns), and each column drawn.
    image_ : matplotlib AxesImage or None
        The pairs.

    Raises
    ------
    InvalidParameterError
        If ``n_marginals`` is negative.
    ValueError
        By `from_tables`, what `skgantk.metrics.table_report` raises.
    ImportError
        By `plot`, without matplotlib (the extra ``plot``).

    See Also
    --------
    skgantk.metrics.table_report : The figures.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from skgantk.inspection import TableReportDisplay
    >>> train, held_out, synthetic = np.random.default_rng(0).normal(size=(3, 60, 2))
    >>> display = TableReportDisplay.from_tables(train, synthetic, held_out)
    >>> len(display.axes_)
    4
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, report):
        self.report = report

    @classmethod
    def from_report(cls, report, *, ax=None, **plot_params):
        """Draw a report.

        Parameters
        ----------
        report : TableReport
            What `skgantk.metrics.table_report` returns.
        ax : matplotlib Axes, default=None
            In whose place to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : TableReportDisplay
        """
        return cls(report=report).plot(ax=ax, **plot_params)

    @classmethod
    def from_tables(
        cls,
        train,
        synthetic,
        held_out=None,
        target=None,
        *,
        categorical_features="from_dtype",
        subsample=2000,
        random_state=None,
        ax=None,
        **plot_params,
    ):
        """Make a report of tables, and draw it.

        Parameters
        ----------
        train : DataFrame or array-like of shape (n_rows, n_columns)
            Real rows that the generator has learnt from.
        synthetic : DataFrame or array-like of shape (n_synthetic_rows, n_columns)
            Rows to judge.
        held_out : DataFrame or array-like of shape (n_held_out_rows, n_columns), \
default=None
            Real rows that the generator has not seen.
        target, categorical_features, subsample, random_state
            As in `skgantk.metrics.table_report`.
        ax : matplotlib Axes, default=None
            In whose place to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : TableReportDisplay
        """
        report = table_report(
            train,
            synthetic,
            held_out,
            target,
            categorical_features=categorical_features,
            subsample=subsample,
            random_state=random_state,
        )
        return cls.from_report(report, ax=ax, **plot_params)

    @validate_params(
        {"n_marginals": [Interval(Integral, 0, None, closed="left")]},
        prefer_skip_nested_validation=True,
    )
    def plot(self, ax=None, *, n_marginals=8, image_kw=None):
        """Draw the stored report.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            In whose place to draw; a new figure if None.
        n_marginals : int, default=8
            Columns to draw, if there are as many, those whose shapes are the least alike.
        image_kw : dict, default=None
            For the pairs, `matplotlib.axes.Axes.imshow`.

        Returns
        -------
        display : TableReportDisplay
        """
        shapes = [c["column_shapes"]["synthetic"] for c in self.report.columns]
        chosen = np.argsort(shapes, kind="stable")[:n_marginals]
        n_rows = -(-len(chosen) // COLUMNS)
        given, ax = ax, drawing_axes(self, ax)
        self.ax_, self.figure_, self.axes_, self.image_ = ax, ax.figure, [], None
        if given is None:
            ax.figure.set_size_inches(12, TOP + ROW * n_rows)
        ax.set_axis_off()
        halves = _halves(ax, [TOP, max(ROW * n_rows, 1e-3)])
        top = halves[0].subgridspec(1, 2)
        pairs = len(shapes) > 1
        self._plot_figures(self._added(top[0] if pairs else top[:]))
        if pairs:
            self._plot_pairs(self._added(top[1]), image_kw)
        if n_rows:
            grid = halves[1].subgridspec(n_rows, COLUMNS)
            for place, k in enumerate(chosen):
                panel = self._added(grid[place // COLUMNS, place % COLUMNS])
                self._plot_marginal(panel, k, legend=place == 0)
        return self

    def _added(self, place):
        self.axes_.append(self.figure_.add_subplot(place))
        return self.axes_[-1]

    def _plot_figures(self, ax):
        """Each on a line of its own from 0 to 1, or to its greatest value."""
        report = self.report
        names = [name for name, value in report.synthetic.items() if value is not None]
        made = np.array([report.synthetic[name] for name in names])
        real = np.full(len(made), np.nan)
        if report.reference is not None:
            real = np.array([report.reference[name] for name in names], float)
        best = [FIGURES[name][1] for name in names]
        best = np.array([np.nan if b == "reference" else float(b) for b in best])
        unit = np.nanmax([np.ones(len(made)), made, real], axis=0)
        y = np.arange(len(names))
        ax.hlines(y, *np.clip([made / unit, real / unit], 0, 1), color="0.6", lw=1)
        ax.plot(best / unit, y, "|", color="0.4", ms=14, label="best")
        if report.reference is not None:
            x = np.clip(real / unit, 0, 1)
            ax.plot(x, y, "o", color=REAL, mfc="w", label="reference")
        ax.plot(np.clip(made / unit, 0, 1), y, "o", color=FAKE, ms=5, label="synthetic")
        for row, values in enumerate(zip(made, real)):
            for x, value, color in zip((1.16, 1.34), values, (FAKE, REAL)):
                text = "" if np.isnan(value) else f"{value:.3f}"
                ax.text(x, row, text, color=color, ha="right", va="center")
        ax.set(xlim=(-0.03, 1.03), ylim=(len(y) - 0.5, -0.5), xticks=[])
        ax.set_yticks(y, [report.title(name).replace(", ", "\n") for name in names])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)

    def _plot_pairs(self, ax, image_kw):
        """Synthetic rows below the diagonal, real ones in their place above."""
        likeness = np.array(self.report.pairs["synthetic"])
        above = np.triu_indices(len(likeness))
        likeness[above] = np.nan
        if self.report.reference is not None:
            likeness[above] = np.array(self.report.pairs["reference"])[above]
        np.fill_diagonal(likeness, np.nan)
        names = [_cut(column["name"]) for column in self.report.columns]
        style = {"vmax": 1, "cmap": "viridis"} | (image_kw or {})
        self.image_ = ax.imshow(likeness, **style)
        self.figure_.colorbar(self.image_, ax=ax, label="pair trends")
        ticks = np.arange(len(names)) if len(names) <= NAMED else []
        size = min(9, 140 / len(names))  # so that lines do not overlap
        ax.set_xticks(ticks, names[: len(ticks)], rotation=90, size=size)
        ax.set_yticks(ticks, names[: len(ticks)], size=size)
        ax.tick_params(length=0)
        where = "" if self.report.reference is None else ", reference above"
        ax.set_title(f"synthetic below{where}", size="medium")

    def _plot_marginal(self, ax, k, legend):
        marginal, column = self.report.marginals[k], self.report.columns[k]
        real, made = (marginal["shares"][title] for title in ("real", "synthetic"))
        if "levels" in marginal:
            x = np.arange(len(real))
            ax.bar(x - 0.2, real, 0.4, color=REAL, alpha=0.5, label="real")
            ax.bar(x + 0.2, made, 0.4, color=FAKE, label="synthetic")
            names = [_cut(level) for level in marginal["levels"]]
            ax.set_xticks(x, names, rotation=90 if sum(map(len, names)) > 24 else 0)
        else:
            edges = _drawn_edges(ax, marginal["edges"])
            ax.stairs(real, edges, fill=True, color=REAL, alpha=0.5, label="real")
            ax.stairs(made, edges, color=FAKE, lw=1.5, label="synthetic")
            ax.locator_params(axis="x", nbins=3)
        shapes = column["column_shapes"]
        with_reference = f" ({shapes['reference']:.2f})" if "reference" in shapes else ""
        title = f"{_cut(column['name'])}: {shapes['synthetic']:.2f}{with_reference}"
        ax.set_title(title, size="small")
        missing = marginal.get("missing", {})
        if any(missing.values()):
            shares = ", ".join(f"{title} {share:.0%}" for title, share in missing.items())
            ax.set_xlabel(f"missing: {shares}", size="small")
        ax.tick_params(labelsize="small")
        ax.set_yticks([])
        ax.spines[["left", "right", "top"]].set_visible(False)
        if legend:
            ax.legend(fontsize="small", framealpha=0.9)


def _halves(ax, heights):
    """Two places one above the other in that of axes."""
    if ax.get_subplotspec() is not None:
        return ax.get_subplotspec().subgridspec(2, 1, height_ratios=heights)
    box = ax.get_position()
    sides = {"left": box.x0, "right": box.x1, "bottom": box.y0, "top": box.y1}
    return ax.figure.add_gridspec(2, 1, height_ratios=heights, **sides)


def _drawn_edges(ax, edges):
    """Edges as matplotlib's numbers, with an axis of dates where they are times."""
    if not isinstance(edges[0], str):
        return edges
    from matplotlib import dates

    days = dates.date2num(np.array(edges, "datetime64[us]"))
    form = "%Y-%m-%d" if days[-1] - days[0] > 3 else "%m-%d %H:%M"
    ax.xaxis.set_major_formatter(lambda day, _: dates.num2date(day).strftime(form))
    return days


def _cut(name):
    return name if len(name) <= LENGTH else f"{name[: LENGTH - 1]}…"
