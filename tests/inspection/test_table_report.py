import numpy as np
import pandas as pd
import pytest
from _reference.people import people
from matplotlib import pyplot
from numpy.testing import assert_array_equal
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.inspection import TableReportDisplay
from skgantk.metrics import table_report

TRAIN, HELD_OUT, SYNTHETIC = (people(40, seed) for seed in range(3))


@pytest.fixture(scope="module")
def report():
    return table_report(TRAIN, SYNTHETIC, HELD_OUT, "size", random_state=0)


def drawn(display):
    display.figure_.draw_without_rendering()
    return display


def test_figures_with_their_reference(report):
    ax = drawn(TableReportDisplay.from_report(report)).axes_[0]
    texts = [text.get_text() for text in ax.texts]
    for name in report.synthetic:
        for own in (report.synthetic, report.reference):
            assert f"{own[name]:.3f}" in texts
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[0] == "column shapes"
    assert names[5] == "train on synthetic\nmacro F1 of size"
    best, real, made = ax.lines
    assert best.get_xdata()[[0, 2, 4]].tolist() == [1, 0, 0.5]
    assert made.get_xdata()[0] == report.synthetic["column_shapes"]
    assert real.get_xdata()[0] == report.reference["column_shapes"]
    assert max(real.get_xdata().max(), made.get_xdata().max()) <= 1


def test_pairs_below_and_above_the_diagonal(report):
    display = drawn(TableReportDisplay.from_report(report, image_kw={"cmap": "gray"}))
    drawn_pairs = np.ma.filled(display.image_.get_array(), np.nan)
    for title, part in {"synthetic": np.tril_indices, "reference": np.triu_indices}.items():
        at = part(len(drawn_pairs), -1 if title == "synthetic" else 1)
        assert_array_equal(drawn_pairs[at], np.array(report.pairs[title])[at])
    assert np.isnan(np.diag(drawn_pairs)).all()
    assert display.image_.get_cmap().name == "gray"


def test_pairs_without_any_likeness_are_drawn():
    table = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0)})
    other = table.assign(b=-table["b"])
    display = TableReportDisplay.from_tables(table, other, random_state=0)
    assert abs(display.image_.get_array()[1, 0]) < 1e-12


def test_columns_with_the_least_likeness_come_first(report):
    display = drawn(TableReportDisplay.from_report(report, n_marginals=3))
    assert len(display.axes_) == 5
    shapes = {c["name"]: c["column_shapes"]["synthetic"] for c in report.columns}
    worst = sorted(shapes, key=shapes.get)[:3]
    titles = [ax.get_title() for ax in display.axes_[2:]]
    assert [title.split(":")[0] for title in titles] == worst
    weight = next(c for c in report.columns if c["name"] == "weight")["column_shapes"]
    display = TableReportDisplay.from_report(report, n_marginals=99)
    assert len(display.axes_) == 2 + TRAIN.shape[1]
    ax = next(ax for ax in display.axes_ if ax.get_title().startswith("weight"))
    assert f"{weight['synthetic']:.2f} ({weight['reference']:.2f})" in ax.get_title()
    assert ax.get_xlabel().startswith("missing: real")
    real, made = ax.patches
    shares = next(m for m in report.marginals if m["name"] == "weight")["shares"]
    assert_array_equal(real.get_data().values, shares["real"])
    assert_array_equal(made.get_data().values, shares["synthetic"])


def test_dates_have_an_axis_of_dates(report):
    display = drawn(TableReportDisplay.from_report(report))
    ax = next(ax for ax in display.axes_ if ax.get_title().startswith("since"))
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert all(label[:2] == "20" and len(label) == 10 for label in labels)


def test_from_tables_is_from_the_report(report):
    display = TableReportDisplay.from_tables(
        TRAIN, SYNTHETIC, HELD_OUT, "size", random_state=0, n_marginals=0
    )
    assert display.report == report
    assert len(drawn(display).axes_) == 2


def test_without_held_out_rows_and_with_one_column():
    table = pd.DataFrame({"a": [1.0, None, 3.0]})
    display = drawn(TableReportDisplay.from_tables(table, table, random_state=0))
    assert display.image_ is None
    assert len(display.axes_) == 2
    names = [label.get_text() for label in display.axes_[0].get_yticklabels()]
    assert "pair trends" not in names  # which are not defined
    display = drawn(TableReportDisplay.from_tables(TRAIN, SYNTHETIC, random_state=0))
    assert display.axes_[1].get_title() == "synthetic below"


def test_in_the_place_of_axes(report):
    figure, axes = pyplot.subplots(1, 2)
    display = drawn(TableReportDisplay.from_report(report, ax=axes[1]))
    assert (display.ax_, display.figure_) == (axes[1], figure)
    middle = axes[0].get_position().x1
    assert all(ax.get_position().x0 > middle for ax in display.axes_)
    ax = pyplot.figure().add_axes((0.5, 0, 0.5, 1))  # of no grid
    display = drawn(TableReportDisplay.from_report(report, ax=ax))
    assert all(ax.get_position().x0 >= 0.5 for ax in display.axes_)


def test_bad_parameters(report):
    with pytest.raises(InvalidParameterError, match="n_marginals"):
        TableReportDisplay.from_report(report, n_marginals=-1)
