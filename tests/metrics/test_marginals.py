"""Distributions that a report keeps for drawing."""

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from skgantk.metrics._marginals import BINS, SHOWN, marginal
from skgantk.metrics._tables import read


def of(real, synthetic):
    tables = {"real": real, "synthetic": synthetic}
    frames = {title: pd.DataFrame({"a": values}) for title, values in tables.items()}
    columns = [table.columns[0] for table in read(frames, identifiers=True)]
    return marginal(dict(zip(tables, columns)))


def test_labels():
    result = of(["x", None, "y", "y"], ["y", "z"])
    assert result["levels"] == ["x", "y", "z", "missing"]
    assert result["shares"] == {"real": [0.25, 0.5, 0, 0.25], "synthetic": [0, 0.5, 0.5, 0]}


def test_the_rarest_levels_are_one():
    result = of([str(i) for i in range(20) for _ in range(i + 1)], ["0", "19"])
    assert len(result["levels"]) == SHOWN + 1
    assert result["levels"][-1] == "12 others"
    assert_allclose([sum(shares) for shares in result["shares"].values()], 1)
    assert result["shares"]["synthetic"][-1] == 0.5


def test_few_numbers_have_a_bar_each():
    result = of([0, 2, 2, None], [2, 7, 7, 7])
    assert result["levels"] == ["0", "2", "7"]
    assert result["shares"]["real"] == [0.25, 0.5, 0]
    assert result["shares"]["synthetic"] == [0, 0.25, 0.75]
    assert result["missing"] == {"real": 0.25, "synthetic": 0}


def test_numbers_have_bins_that_hold_all_of_them():
    real = np.random.default_rng(0).normal(size=1000)
    result = of(real, real * 100)
    assert len(result["edges"]) == BINS + 1
    assert result["edges"][0] < -2
    for shares in result["shares"].values():
        assert_allclose(sum(shares), 1)


def test_bins_of_whole_numbers_lie_between_them():
    edges = of(np.arange(90), np.arange(90))["edges"]
    assert set(np.diff(edges)) == {5}
    assert edges[0] % 1 == 0.5


def test_times_are_in_iso_format():
    days = pd.date_range("2020-01-01", "2020-12-31")
    edges = of(days, days)["edges"]
    assert edges[0][:7] == "2020-01"
    assert edges == sorted(edges)
    few = of(days[:2], days[:1])
    assert [level[:10] for level in few["levels"]] == ["2020-01-01", "2020-01-02"]


def test_constants_and_nothing():
    assert of([1.0, 1.0], np.arange(50.0))["missing"] == {"real": 0, "synthetic": 0}
    edges = of([1.0] * 3, np.linspace(0, 1, 40))["edges"]
    assert edges[0] < edges[-1]
    assert of([None, None], [None])["levels"] == ["missing"]
    assert of([None], [1.5])["levels"] == ["1.5"]
