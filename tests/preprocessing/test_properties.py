"""Any table goes there and back, and any matrix comes back as such a table.

Hypothesis draws tables of every kind of column, dtype and library, with holes. There are 25
cases, the same in every run; ``SKGANTK_CASES=500`` for others, which `make slow` does.
"""

import os
import pickle
from dataclasses import replace

import numpy as np
import pytest
from _reference.frames import ARRAYS, FLOATS, cells, may_occur, schema, tables
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skgantk.preprocessing import TableEncoder

CASES = int(os.environ.get("SKGANTK_CASES", 25))
MANY = CASES > 25
cases = settings(
    max_examples=CASES,
    derandomize=not MANY,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def fitted(table):
    """An encoder, or None where it refuses identifiers, as it should."""
    encoder = TableEncoder(table.categorical)
    names = table.identifiers
    if not names:
        return encoder.fit(table.frame)
    with pytest.raises(ValueError, match="distinct: identifiers") as caught:
        encoder.fit(table.frame)
    assert f"Column {names[0]!r}" in str(caught.value)
    return None


def assert_equal(made, data, table):
    """Cells, but for numbers that float64 has not."""
    for new, old, column in zip(cells(made), cells(data), table.columns):
        assert len(new) == len(old)
        if not column.wide:
            assert new == old
            assert list(map(type, new)) == list(map(type, old))


@cases
@given(table=tables())
def test_there_and_back(table):
    frame = table.frame
    encoder = fitted(table)
    assume(encoder is not None)
    Z = encoder.transform(frame)
    names = encoder.get_feature_names_out()
    assert Z.shape == (len(frame), len(names))
    assert len(set(names)) == len(names)
    assert Z.dtype == np.float64
    assert np.isfinite(Z).all()
    back = encoder.inverse_transform(Z)
    assert schema(back) == schema(frame)
    assert_equal(back, frame, table)
    assert_equal(frame, table.frame, table)  # nothing is written into it
    for again in (pickle.loads(pickle.dumps(encoder)), clone(encoder).fit(frame)):
        assert_array_equal(again.transform(frame), Z)
        assert_equal(again.inverse_transform(Z), back, table)


@cases
@given(
    table=tables(),
    noise=st.sampled_from([0, 0.3, 1e3, 1e300]),
    centre=st.sampled_from(["data", "zero"]),
    rows=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_any_matrix_comes_back_as_a_table(table, noise, centre, rows, seed):
    frame, encoder = table.frame, fitted(table)
    assume(encoder is not None)
    rng = np.random.default_rng(seed)
    Z = encoder.transform(frame)[rng.integers(0, len(frame), rows)]
    Z = (Z if centre == "data" else -0.0 * np.abs(Z)) + noise * rng.normal(size=Z.shape)
    made = encoder.inverse_transform(Z)
    assert schema(made) == schema(frame)
    for i, (new, old) in enumerate(zip(cells(made), cells(frame))):
        assert len(new) == rows
        may_occur(new, old, table.columns[i], table.chosen(i))
    again = encoder.inverse_transform(encoder.transform(made))
    assert schema(again) == schema(frame)
    assert_equal(again, made, table)


@cases
@given(table=tables(), data=st.data())
def test_other_tables_are_refused_and_leave_it_as_it_is(table, data):
    frame, encoder = table.frame, fitted(table)
    assume(encoder is not None)
    Z = encoder.transform(frame)
    i = data.draw(st.integers(0, len(table.columns) - 1))
    label = table.label(i)
    named = label == table.columns[i].name and table.library not in ARRAYS
    if len(table.columns) > 1:
        fewer = replace(table, columns=table.columns[:i] + table.columns[i + 1 :])
        with pytest.raises(ValueError, match=r"missing|features") as caught:
            encoder.transform(fewer.frame)
        assert not named or f"- {label}" in str(caught.value)
    if named:
        with pytest.raises(ValueError, match="unseen at fit time:\n- new"):
            encoder.transform(table.replaced(i, name="new").frame)
    with pytest.raises(ValueError, match=f"Z has {Z.shape[1] + 1} columns"):
        encoder.inverse_transform(np.ones((3, Z.shape[1] + 1)))
    column = table.columns[i]
    if column.kind in FLOATS and column.form != "category" and not column.gone.all():
        values = np.where(column.gone, column.values, np.inf).astype(column.values.dtype)
        infinite = table.replaced(i, values=values).frame
        checked = isinstance(frame, np.ndarray) and frame.dtype.kind == "f"
        label_of_its_own = table.chosen(i) and not checked
        for method in [encoder.transform, *([] if label_of_its_own else [encoder.fit])]:
            with pytest.raises(ValueError, match="inf") as caught:
                method(infinite)
            assert table.library in ARRAYS or f"Column {label!r}" in str(caught.value)
    assert_array_equal(encoder.transform(frame), Z)
    assert_equal(encoder.inverse_transform(Z), frame, table)
