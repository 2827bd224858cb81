"""Rows of partitions, on workers: the how-to page on it does what it says."""

import re
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.datasets import load_iris

PAGE = Path(__file__).parents[1] / "doc" / "how_to" / "cluster.rst"
SCRIPT, JOBLIB, N_JOBS, _ = (
    dedent(block)
    for block in re.findall(
        r"\.\. code-block:: python\n\n(.*?\n)(?=\S)", PAGE.read_text("utf-8"), re.DOTALL
    )
)


@pytest.fixture
def page(tmp_path, monkeypatch):
    """The script as a module that workers can import, too."""
    pytest.importorskip("dask.dataframe")
    (tmp_path / "page_on_clusters.py").write_text(SCRIPT, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield import_module("page_on_clusters")
    del sys.modules["page_on_clusters"]


@pytest.fixture
def flowers():
    frame = load_iris(as_frame=True).frame
    frame["kind"] = load_iris().target_names[frame.pop("target")]
    return frame


@pytest.mark.slow
def test_partitions_give_what_parts_give(page, flowers, monkeypatch):
    import dask.dataframe as dd

    # Its usual port may be that of another test's cluster.
    cluster = partial(page.LocalCluster, dashboard_address=":0")
    monkeypatch.setattr(page, "LocalCluster", cluster)
    rows, given = page.main()
    shuffled = flowers.sample(frac=1, random_state=0)
    frame = dd.from_pandas(shuffled, npartitions=3, sort=False)
    parts = [frame.partitions[k].compute() for k in range(3)]
    alone = [page.new_rows(part, {"number": k}) for k, part in enumerate(parts)]
    assert_frame_equal(rows, pd.concat(alone))  # to the bit, dtypes included
    assert rows.dtypes.equals(frame.dtypes)
    assert rows.index.equals(shuffled.index)
    assert not rows.equals(shuffled)
    alone = [page.of_one_kind(part, {"number": k}) for k, part in enumerate(parts)]
    assert_frame_equal(given, pd.concat(alone))
    assert given.dtypes.equals(frame.dtypes)
    assert given["kind"].tolist() == ["virginica"] * 30


@pytest.mark.slow
def test_seeds_are_not_those_of_other_partitions(page, flowers):
    """Of one partition three times: rows differ by no more than the seed."""
    import dask.dataframe as dd

    frame = dd.concat([dd.from_pandas(flowers[:40], npartitions=1)] * 3)
    made = frame.map_partitions(page.new_rows, meta=frame._meta)
    rows = made.compute(scheduler="synchronous")
    assert len({rows[start:][:40].to_csv() for start in (0, 40, 80)}) == 3


@pytest.mark.slow
def test_joblib_gives_what_parts_give(page, flowers):
    names = vars(page) | {"flowers": flowers, "shuffled": flowers[::-1]}
    exec(JOBLIB, names)
    parts = [names["shuffled"][start::3] for start in range(3)]
    alone = [page.new_rows(part, {"number": k}) for k, part in enumerate(parts)]
    assert_frame_equal(names["rows"], pd.concat(alone))
    exec(N_JOBS, names)
    assert len(names["rows"]) == 1500
