"""Constraints hold in every row, and are refused where the data break them."""

import os
import pickle
import re
from operator import eq, ge, gt, le, lt, ne

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from _reference.frames import LIBRARIES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KernelDensity
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.generators import TableSynthesizer

CASES = int(os.environ.get("SKGANTK_CASES", 150))
QUICK = KernelDensity(bandwidth=0.3)
OPERATORS = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
DAY = pd.Timestamp("2024-01-31")


def told(given):
    """A name of its own for the parameters of a test, in every process the same."""
    return re.sub(r" at 0x\w+", "", str(given))


def total(table):
    if isinstance(table, pa.Table):
        return pc.add(table["a"], table["b"])
    return table["a"] + table["b"]


def twice(table):
    return pc.multiply(2, table["c"]) if isinstance(table, pa.Table) else 2 * table["c"]


def small(table):
    """Where k is less than 30, of any library."""
    return np.array([k < 30 for k in values(table)["k"]])


def values(table):
    """Columns as lists, None where they have nothing."""
    frame = table if isinstance(table, pd.DataFrame) else table.to_pandas()
    return {
        name: [None if pd.isna(value) else value for value in frame[name]] for name in frame
    }


def ordered(n=60, seed=0, holes=0.0):
    """A table that keeps all of `CONSTRAINTS`."""
    rng = np.random.default_rng(seed)
    a, k = rng.normal(size=n), rng.integers(0, 20, n)
    start = DAY + pd.to_timedelta(rng.integers(0, 90, n), "D")
    pairs = rng.permutation(9 * n)[:n]
    frame = pd.DataFrame(
        {
            "a": a,
            "b": a + rng.exponential(size=n),
            "k": k,
            "m": k + rng.integers(0, 9, n),
            "kind": rng.choice(["u", "v", "w"], n),
            "start": start,
            "end": start + pd.to_timedelta(rng.integers(1, 30, n), "D"),
            "p": pairs % (3 * n),
            "q": pairs // (3 * n),
        }
    )
    frame["a"] = frame["a"].mask(rng.random(n) < holes)
    return frame.assign(c=total, d=lambda f: 2 * f["c"])


FUNCTIONS = [("c", total), ("d", twice), small]
CONSTRAINTS = [
    ("a", "<=", "b"),
    ("m", ">=", "k"),
    ("k", "<", 20),
    ("a", "!=", 0.5),
    ("kind", "!=", "x"),
    ("start", "<", "end"),
    ("end", ">", DAY),
    ("b", "==", "b"),
    (["p", "q"], "unique"),
    *FUNCTIONS,
]


def assert_keeps(table, constraints):
    columns = values(table)
    n = len(columns["a"])
    for constraint in constraints:
        match constraint:
            case (column, str(word), other):
                sides = columns[column], columns.get(other, [other] * n)
                for left, right in zip(*sides):
                    assert left is None or right is None or OPERATORS[word](left, right)
            case (names, "unique"):
                rows = list(zip(*(columns[name] for name in names)))
                assert len(set(rows)) == len(rows)
            case (column, function):
                made = np.array(pd.Series(function(table)), float)
                assert_allclose(np.array(columns[column], float), made, rtol=1e-12)
            case _:
                assert np.all(constraint(table))


def cases(share):
    return settings(
        max_examples=round(share * CASES),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


some_of = st.lists(st.sampled_from(range(len(CONSTRAINTS))), min_size=1, unique=True)
seeds = st.integers(0, 2**16)


@cases(0.8)
@given(
    chosen=some_of,
    library=st.sampled_from(list(LIBRARIES)),
    holes=st.sampled_from([0, 0, 0.3]),
    rows=st.integers(20, 40),
    n=st.integers(10, 20),
    seed=seeds,
    labels=st.booleans(),
)
def test_constraints_hold_in_every_row(chosen, library, holes, rows, n, seed, labels):
    constraints = [CONSTRAINTS[i] for i in sorted(chosen)]
    X = LIBRARIES[library](ordered(rows, seed, holes))
    y = np.arange(rows) % 2 if labels else None
    synthesizer = TableSynthesizer(QUICK, constraints=constraints, random_state=0).fit(X, y)
    made = synthesizer.sample(n, random_state=0)
    made = made[0] if labels else made
    assert type(made) is type(X)
    assert made.shape == (n, X.shape[1])
    assert_keeps(made, constraints)


@cases(0.2)
@given(
    chosen=some_of,
    library=st.sampled_from(list(LIBRARIES)),
    names=st.sets(st.sampled_from(["a", "k", "kind", "start"]), min_size=1),
    seed=seeds,
)
def test_constraints_hold_in_rows_of_which_cells_are_given(chosen, library, names, seed):
    """Such as those of the data, which a row completes."""
    constraints = [CONSTRAINTS[i] for i in sorted(chosen)]
    frame = ordered(60, seed, 0.2)
    synthesizer = TableSynthesizer(QUICK, constraints=constraints, random_state=0)
    synthesizer.fit(LIBRARIES[library](frame))
    gone = np.random.default_rng(seed).random((5, len(names))) < 0.3
    asked = LIBRARIES[library](frame.loc[:4, sorted(names)].mask(gone))
    made = synthesizer.sample(given=asked, random_state=0)
    assert_keeps(made, constraints)
    for name, column in values(asked).items():
        pairs = zip(values(made)[name], column)
        assert all(value is None or new == value for new, value in pairs)


def fitted(*constraints):
    return TableSynthesizer(QUICK, constraints=list(constraints)).fit(ordered(200))


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=told)
def test_each_with_conditions(constraint):
    rows = fitted(constraint).sample(50, given={"kind": ["u", "v"], "k": (3, None)})
    assert_keeps(rows, [constraint])
    assert rows["kind"].isin(["u", "v"]).all()
    assert (rows["k"] >= 3).all()


def test_without_constraints_they_do_not_hold():
    """So that what is above is tested."""
    rows = fitted().sample(200, random_state=0)
    for constraint in [CONSTRAINTS[i] for i in (0, 1, 5, 9, 10)]:
        with pytest.raises(AssertionError):
            assert_keeps(rows, [constraint])


def test_rest_of_the_law_stays():
    X = ordered(400)
    rows = TableSynthesizer(QUICK, constraints=CONSTRAINTS).fit(X).sample(400)
    assert abs(rows["a"].mean() - X["a"].mean()) < 0.3
    assert_allclose(
        rows["kind"].value_counts(normalize=True).sort_index(),
        X["kind"].value_counts(normalize=True).sort_index(),
        atol=0.1,
    )
    assert len(rows.merge(X)) < 5


@pytest.mark.parametrize("row", [0, 7, 59])
@pytest.mark.parametrize(
    ("constraint", "column", "value"),
    [
        (("a", "<=", "b"), "b", -99.0),
        (("k", "<", 20), "k", 20),
        (("kind", "!=", "x"), "kind", "x"),
        (("start", "<", "end"), "end", DAY - pd.Timedelta("9D")),
        (("c", total), "c", 99.0),
        (small, "k", 30),
    ],
)
def test_data_that_break_them_are_refused(constraint, column, value, row, convert):
    frame = ordered()
    frame.loc[row, column] = value
    synthesizer = TableSynthesizer(QUICK, constraints=[("k", ">=", 0), constraint])
    with pytest.raises(ValueError, match=rf"broken by 1 of 60 rows.* such as row {row}\b"):
        synthesizer.fit(convert(frame))
    with pytest.raises(NotFittedError):
        synthesizer.sample()


def test_combinations_that_are_not_unique_are_refused():
    frame = ordered()
    frame.loc[31, ["p", "q"]] = frame.loc[4, ["p", "q"]]
    with pytest.raises(ValueError, match=r"'unique'.* broken by 1 of 60 .* row 31\b"):
        TableSynthesizer(QUICK, constraints=[(["q", "p"], "unique")]).fit(frame)


@pytest.mark.parametrize(
    ("constraint", "match"),
    [
        (("a", "~", "b"), r"comparison being one of.*Got \('a', '~', 'b'\)"),
        (("z", "<", "b"), r"'z', and those are \['a', 'b'"),
        ((["a", "z"], "unique"), "'z'"),
        (("z", total), "'z'"),
        ((0, "<", 1), "column 0"),
        (("a", "unique"), "A constraint is"),
        (("a", "<"), "A constraint is"),
        ("a < b", "A constraint is"),
        (3, "A constraint is"),
        (None, "A constraint is"),
        (lambda table: np.ones(3, bool), r"each of 60 rows.*\(3,\)"),
        (lambda table: np.ones(60), "each of 60 rows.*float64"),
        (lambda table: True, "each of 60 rows"),
        (("a", lambda table: [1.0, 2.0]), "computes 2 values for 60 rows"),
    ],
    ids=told,
)
def test_what_is_no_constraint(constraint, match):
    with pytest.raises(ValueError, match=match):
        TableSynthesizer(QUICK, constraints=[constraint]).fit(ordered())


@pytest.mark.parametrize("constraints", [("a", "<", "b"), "a < b", total, 3])
def test_constraints_are_a_list(constraints):
    with pytest.raises(InvalidParameterError, match="constraints"):
        TableSynthesizer(QUICK, constraints=constraints).fit(ordered())


def test_errors_of_functions_come_through():
    def wrong(table):
        raise ZeroDivisionError("mine")

    for constraint in (wrong, ("a", wrong)):
        with pytest.raises(ZeroDivisionError, match="mine"):
            TableSynthesizer(QUICK, constraints=[constraint]).fit(ordered())


def test_what_cannot_be_kept_is_told():
    X = ordered()
    synthesizer = TableSynthesizer(
        QUICK, constraints=[lambda table: np.isin(table["a"], X["a"])], random_state=0
    )
    with pytest.raises(ValueError, match=r"0 of \d+ rows that were drawn"):
        synthesizer.fit(X).sample(30)
    with pytest.raises(ValueError, match="0 of"):
        synthesizer.sample(1)
    with pytest.raises(ValueError, match=r"such as row 1\b.* attempts"):
        fitted(("a", "<=", "b")).sample(given=X[["a", "b"]].head(3).assign(b=[3, -2, 3]))
    few = pd.DataFrame({"u": list("abcabc"), "v": list("xxxyyy"), "w": range(6)})
    synthesizer = TableSynthesizer(QUICK, constraints=[(["u", "v"], "unique")])
    with pytest.raises(ValueError, match="n_samples=7"):
        synthesizer.fit(few).sample(7)
    assert not synthesizer.sample(4).duplicated(["u", "v"]).any()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_rows_of_a_constraint_that_a_tenth_keeps(n):
    X = ordered(200)
    level = np.quantile(X["b"] - X["a"], 0.9)
    far = TableSynthesizer(
        QUICK, constraints=[lambda t: t["b"] - t["a"] >= level], random_state=0
    )
    X = X[X["b"] - X["a"] >= level]
    for seed in range(5):
        assert len(far.fit(X).sample(n, random_state=seed)) == n


# Computed columns


def test_computed_columns_may_be_told_in_any_order():
    X = ordered()
    for constraints in ([("c", total), ("d", twice)], [("d", twice), ("c", total)]):
        rows = TableSynthesizer(QUICK, constraints=constraints).fit(X).sample(50)
        assert_keeps(rows, constraints)


def test_computed_columns_of_other_dtypes(convert):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"cents": rng.integers(0, 500, 60), "kind": rng.choice(list("uvw"), 60)}
    )
    frame["euros"] = frame["cents"] / 100
    frame["upper"] = frame["kind"].str.upper()
    frame["high"] = frame["cents"] > 250

    def of(name, function):
        return lambda table: [function(value) for value in values(table)[name]]

    constraints = [
        ("euros", of("cents", lambda c: c / 100)),
        ("upper", of("kind", str.upper)),
        ("high", of("cents", lambda c: c > 250)),
    ]
    X = convert(frame)
    rows = TableSynthesizer(QUICK, constraints=constraints).fit(X).sample(50)
    made = values(rows)
    assert made["euros"] == [c / 100 for c in made["cents"]]
    assert made["upper"] == [kind.upper() for kind in made["kind"]]
    assert made["high"] == [c > 250 for c in made["cents"]]


def test_whole_numbers_computed_of_others(convert):
    """29 cents are 0.29 · 100, but for rounding: 28.999999999999996."""
    frame = pd.DataFrame({"euros": np.random.default_rng(0).integers(0, 500, 60) / 100})
    frame["cents"] = np.rint(frame["euros"] * 100).astype(int)
    constraints = [("cents", lambda t: [100 * e for e in values(t)["euros"]])]
    X = convert(frame)
    rows = values(TableSynthesizer(QUICK, constraints=constraints).fit(X).sample(50))
    assert_array_equal(rows["cents"], np.rint(100 * np.array(rows["euros"])))


def test_differences_that_are_zero_but_for_rounding():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.integers(1, 9, 60) / 10 for name in "xy"})
    frame["z"] = np.where(rng.random(60) < 0.3, frame["x"] + frame["y"], 0.2).round(1)
    frame["left"] = (frame["x"] + frame["y"] - frame["z"]).round(1)
    rule = ("left", lambda t: t["x"] + t["y"] - t["z"])
    rows = TableSynthesizer(QUICK, constraints=[rule]).fit(frame).sample(50)
    assert_allclose(rows["left"], rows["x"] + rows["y"] - rows["z"], atol=1e-12)


def test_computed_columns_are_not_given():
    synthesizer = fitted(("c", total))
    for asked in (
        {"c": (0, 1)},
        {"c": 0.5, "a": 1},
        pd.DataFrame({"c": [0.5]}),
    ):
        with pytest.raises(ValueError, match="'c' is computed"):
            synthesizer.sample(2, given=asked)
    rows = synthesizer.sample(given=pd.DataFrame({"a": [0.5, -0.5], "b": [1.0, np.nan]}))
    assert_keeps(rows, [("c", total)])
    assert rows["c"][0] == 1.5


def test_computed_columns_of_arrays_are_not_given():
    X = ordered()[["a", "b", "c"]].to_numpy()
    rule = (2, lambda table: table[:, 0] + table[:, 1])
    synthesizer = TableSynthesizer(QUICK, constraints=[rule], random_state=0).fit(X)
    rows = synthesizer.sample(given=np.array([[0.5, 1.0, np.nan]]))
    assert_array_equal(rows, [[0.5, 1, 1.5]])
    with pytest.raises(ValueError, match="is computed"):
        synthesizer.sample(given=np.array([[0.5, np.nan, 1.0]]))
    with pytest.raises(ValueError, match="is computed"):
        synthesizer.sample(given={2: (0, 1)})


# Comparisons


@pytest.mark.parametrize(
    "day", ["2024-02-20", "2024-02-20T12:00", pd.Timestamp("2024-02-20")], ids=told
)
def test_days_as_strings(convert, day):
    X = ordered(200)
    X = convert(X[X["end"] > DAY + pd.Timedelta("40D")])
    constraints = [("end", ">=", day)]
    rows = TableSynthesizer(QUICK, constraints=constraints).fit(X).sample(50)
    assert min(values(rows)["end"]) >= pd.Timestamp(day)


def test_arrays():
    rng = np.random.default_rng(0)
    X = np.round(rng.exponential(size=(60, 3)), 2)
    rules = [(0, ">=", 0), (lambda t: t[:, 0] <= t[:, 1]), ([0, 1], "unique")]
    X = X[X[:, 0] <= X[:, 1]]
    rows = TableSynthesizer(QUICK, constraints=rules).fit(X).sample(30)
    assert np.all(rows[:, 0] <= rows[:, 1])
    assert len(np.unique(rows[:, :2], axis=0)) == 30
    with pytest.raises(ValueError, match=r"column 3, and X has 3"):
        TableSynthesizer(QUICK, constraints=[(3, ">", 0)]).fit(X)
    days = (np.datetime64("2024-01-01") + rng.integers(0, 99, (60, 2))).astype("M8[s]")
    rules = [(0, ">=", np.datetime64("2024-01-01"))]
    assert (
        TableSynthesizer(QUICK, constraints=rules).fit(days).sample(9).dtype == days.dtype
    )


def test_arrays_with_days_as_strings():
    rng = np.random.default_rng(0)
    days = (np.datetime64("2024-01-01") + rng.integers(0, 99, (60, 2))).astype("M8[s]")
    TableSynthesizer(QUICK, constraints=[(0, ">=", "2024-01-01")]).fit(days)


def test_missing_values_break_no_comparison():
    frame = ordered(holes=0.4)
    rules = [("a", "<=", "b"), ("a", "<", 99), ("a", "!=", 3.5)]
    rows = TableSynthesizer(QUICK, constraints=rules).fit(frame).sample(99)
    assert rows["a"].isna().any()
    assert_keeps(rows, rules)


def test_missing_values_are_one_level_of_combinations():
    frame = pd.DataFrame(
        {"u": ["a", "b", None, "a", None], "v": list("xxxyy"), "w": range(5)}
    )
    TableSynthesizer(QUICK, constraints=[(["u", "v"], "unique")]).fit(frame)
    again = frame.assign(v=list("xxxyx"))
    with pytest.raises(ValueError, match=r"row 4\b"):
        TableSynthesizer(QUICK, constraints=[(["u", "v"], "unique")]).fit(again)


# The estimator


def test_clone_and_parameters():
    synthesizer = TableSynthesizer(QUICK, constraints=CONSTRAINTS)
    assert synthesizer.get_params()["constraints"] is CONSTRAINTS
    assert clone(synthesizer).get_params()["constraints"] == CONSTRAINTS
    assert "constraints" in repr(synthesizer)
    before = list(CONSTRAINTS)
    synthesizer.fit(ordered()).sample(9)
    assert before == CONSTRAINTS
    free = synthesizer.set_params(constraints=None).fit(ordered()).sample(200)
    assert np.any(free["a"] > free["b"])
    assert len(synthesizer.set_params(constraints=[]).fit(ordered()).sample(9)) == 9


# Functions of a test, which is imported by its path, are not pickled.
@pytest.mark.parametrize(
    "constraint", [c for c in CONSTRAINTS if c not in FUNCTIONS], ids=told
)
def test_pickle(constraint):
    synthesizer = TableSynthesizer(QUICK, constraints=[constraint]).fit(ordered())
    again = pickle.loads(pickle.dumps(synthesizer))
    rows = [s.sample(20, random_state=0) for s in (synthesizer, again)]
    pd.testing.assert_frame_equal(*rows)


def test_seeds():
    synthesizer = fitted(*CONSTRAINTS[:2])
    rows = [synthesizer.sample(30, random_state=3) for _ in range(2)]
    pd.testing.assert_frame_equal(*rows)
    assert not synthesizer.sample(30).equals(rows[0])


def test_a_failed_fit_leaves_what_was_fitted():
    synthesizer = TableSynthesizer(QUICK, constraints=[("a", "<=", "b")]).fit(ordered())
    rows = synthesizer.sample(20, random_state=0)
    with pytest.raises(ValueError, match="broken"):
        synthesizer.fit(ordered().assign(b=-99.0))
    pd.testing.assert_frame_equal(synthesizer.sample(20, random_state=0), rows)
