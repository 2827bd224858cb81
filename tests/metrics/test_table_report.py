"""The report: its figures are the functions', with references; what it prints and gives."""

import json
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from _reference.people import people
from sklearn.utils._param_validation import InvalidParameterError

from skgantk import metrics
from skgantk.metrics import TableReport, table_report

TRAIN, HELD_OUT, SYNTHETIC = (people(40, seed) for seed in range(3))
LIKENESS = [
    "column_shapes",
    "pair_trends",
    "table_wasserstein_distance",
    "table_coverage",
]
TRAINING_ROWS = ["repeated_rows", "closest_record_distance", "impossible_values"]
ORDER = [*LIKENESS, "two_sample_auc", "train_on_synthetic_score", *TRAINING_ROWS]


def figure(name, *tables):
    return getattr(metrics, name)(*tables)


@pytest.fixture(scope="module")
def report():
    return table_report(TRAIN, SYNTHETIC, HELD_OUT, "size", random_state=0)


@pytest.fixture(scope="module")
def without():
    return table_report(TRAIN, SYNTHETIC, random_state=0)


def test_figures_are_those_of_the_functions(report):
    assert list(report.synthetic) == list(report.reference) == list(report.rows) == ORDER
    for name in LIKENESS:
        assert report.synthetic[name] == figure(name, HELD_OUT, SYNTHETIC)
        assert report.reference[name] == figure(name, HELD_OUT, TRAIN)
    for name in TRAINING_ROWS:
        assert report.synthetic[name] == figure(name, TRAIN, SYNTHETIC)
        assert report.reference[name] == figure(name, TRAIN, HELD_OUT)


def test_without_held_out_rows_all_is_relative_to_training_rows(without):
    assert without.reference is None
    for name in [*LIKENESS, *TRAINING_ROWS]:
        assert without.synthetic[name] == figure(name, TRAIN, SYNTHETIC)
    assert "train_on_synthetic_score" not in without.synthetic  # for want of a target
    assert list(without.pairs) == ["synthetic"]


def test_models(report):
    for own in (report.synthetic, report.reference):
        assert 0.2 < own["two_sample_auc"] < 0.8
        assert 0 < own["train_on_synthetic_score"] < 1
    assert (report.target, report.scoring) == ("size", "macro F1")
    numbers = table_report(TRAIN, SYNTHETIC, HELD_OUT, 0, random_state=0)
    assert (numbers.target, numbers.scoring) == ("height", "R²")


def test_copies_are_seen():
    report = table_report(TRAIN, TRAIN, HELD_OUT, random_state=0)
    assert report.synthetic["repeated_rows"] == 1
    assert report.synthetic["closest_record_distance"] == 0
    assert report.reference["repeated_rows"] == 0
    assert report.reference["closest_record_distance"] > 0
    for name in LIKENESS:  # to rows that were not copied, copies are like training rows
        assert report.synthetic[name] == report.reference[name]


def test_columns_and_pairs(report):
    assert [column["name"] for column in report.columns] == list(TRAIN.columns)
    for name in ("column_shapes", "impossible_values"):
        for title in ("synthetic", "reference"):
            mean = np.mean([column[name][title] for column in report.columns])
            assert mean == pytest.approx(getattr(report, title)[name], rel=1e-12)
    expected = metrics.pair_trends(HELD_OUT, TRAIN, average=None)
    assert report.pairs["reference"] == expected.tolist()
    assert len(report.marginals) == TRAIN.shape[1]
    assert list(report.marginals[0]["shares"]) == ["real", "synthetic"]


def test_every_library_gives_the_same(convert, without):
    report = table_report(convert(TRAIN), convert(SYNTHETIC), random_state=0)
    assert report.synthetic == without.synthetic
    assert report.columns == without.columns


def test_random_state(without):
    again = table_report(TRAIN, SYNTHETIC, random_state=np.random.RandomState(0))
    assert again == without
    other = table_report(TRAIN, SYNTHETIC, random_state=1)
    assert other.synthetic["two_sample_auc"] != without.synthetic["two_sample_auc"]


def test_subsample():
    report = table_report(TRAIN, SYNTHETIC[:30], HELD_OUT, subsample=10, random_state=0)
    assert report.n_rows == {"train": 40, "held_out": 40, "synthetic": 30}
    of_all = {"column_shapes", "pair_trends", "repeated_rows", "impossible_values"}
    for name, rows in report.rows.items():
        assert rows == (30 if name in of_all else 10)
    assert report.synthetic["column_shapes"] == metrics.column_shapes(
        HELD_OUT, SYNTHETIC[:30]
    )


def test_as_many_training_and_synthetic_rows_are_drawn():
    """Or the more numerous would be the nearer ones."""
    many = pd.concat([people(40, seed) for seed in range(3, 8)])
    report = table_report(TRAIN, many, HELD_OUT, subsample=None, random_state=0)
    assert report.rows["table_coverage"] == 40
    assert report.rows["column_shapes"] == 200
    report = table_report(many, SYNTHETIC, HELD_OUT, subsample=None, random_state=0)
    assert report.rows["table_coverage"] == 40
    assert report.n_rows["train"] == 200


def test_prints_as_a_table(report, without):
    lines = str(report).splitlines()
    assert repr(report) == str(report)
    assert lines[0].split() == ["synthetic", "reference", "best", "rows"]
    shown = [f"{report.synthetic[n]:.3f} {report.reference[n]:.3f}" for n in ORDER]
    for line, values in zip(lines[1:], shown):
        assert values in " ".join(line.split())
    assert len(set(map(len, lines[: len(ORDER) + 1]))) == 1  # aligned
    assert lines[6].startswith("train on synthetic, macro F1 of size ")
    assert "40 held-out rows" in lines[-2]
    assert max(map(len, lines)) <= 92
    lines = str(without).splitlines()
    assert lines[0].split() == ["synthetic", "best", "rows"]
    assert "40 rows of train" in lines[-2]


def test_frame(report, without):
    frame = report.to_frame()
    assert frame.index.tolist() == ORDER
    assert frame.columns.tolist() == ["synthetic", "reference", "best", "rows"]
    assert frame["synthetic"].to_dict() == report.synthetic
    assert frame.loc["column_shapes", ["best", "rows"]].tolist() == ["1", 40]
    assert without.to_frame().columns.tolist() == ["synthetic", "best", "rows"]


def test_frame_without_pandas(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_frame needs pandas"):
        report.to_frame()


def test_json_and_pickle_bring_it_back(report, without):
    for one in (report, without):
        assert TableReport(**json.loads(one.to_json(allow_nan=False))) == one
        assert json.loads(json.dumps(one.to_dict())) == one.to_dict()
        assert pickle.loads(pickle.dumps(one)) == one


def test_what_is_not_defined_is_none():
    report = table_report([[1.0]], [[2.0]], [[3.0]], random_state=0)
    for own in (report.synthetic, report.reference):
        assert own["pair_trends"] is own["two_sample_auc"] is None
    assert "undefined" in str(report)
    assert json.loads(report.to_json(allow_nan=False))["synthetic"]["pair_trends"] is None
    assert np.isnan(report.to_frame().loc["pair_trends", "synthetic"])
    report = table_report(TRAIN, SYNTHETIC.assign(size=None), target="size", random_state=0)
    assert report.synthetic["train_on_synthetic_score"] is None


def test_plot_is_the_display_s(report):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    display = report.plot(n_marginals=1)
    assert display.report is report
    assert len(display.axes_) == 3
    pyplot.close(display.figure_)


def test_bad_input():
    with pytest.raises(ValueError, match="held_out must have the 7 columns of train"):
        table_report(TRAIN, SYNTHETIC, HELD_OUT.drop(columns="size"))
    with pytest.raises(ValueError, match="train is a DataFrame and synthetic an array"):
        table_report(TRAIN, SYNTHETIC.to_numpy())
    with pytest.raises(ValueError, match="Expected 2D array"):
        table_report([[1.0]], None)
    with pytest.raises(ValueError, match="synthetic has 0 rows"):
        table_report(TRAIN, SYNTHETIC[:0])
    with pytest.raises(ValueError, match="target='income' is no column; the columns are"):
        table_report(TRAIN, SYNTHETIC, target="income")
    with pytest.raises(ValueError, match="no column besides the target"):
        table_report([[1.0]], [[1.0]], target=0)
    for name, value in {"subsample": 1, "random_state": "seed"}.items():
        with pytest.raises(InvalidParameterError, match=name):
            table_report(TRAIN, SYNTHETIC, **{name: value})
