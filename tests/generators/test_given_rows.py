"""Rows of which something is given: they have it, and the rest is of its law given that."""

import os
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
from _cases import slow_but
from _reference.frames import LIBRARIES, cells, schema, tables
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats import spearmanr
from sklearn.neighbors import KernelDensity

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import (
    GANTKSynthesizer,
    NeuralGenerator,
    ParticleFlowGenerator,
    TableSynthesizer,
)
from skgantk.kernels import NTK

CASES = int(os.environ.get("SKGANTK_CASES", 100))
QUICK = KernelDensity(bandwidth=0.3)
ARRAYS = ["numpy", "objects"]
DAYS = (pd.Timestamp("2024-02-01"), pd.Timestamp("2024-02-20"))
FEW = {"max_iter": 3, "bounds": (-2, 2), "random_state": 0}
CRITIC = NTKIPMDiscriminator(NTK(depth=1))
GENERATORS = {
    "GANTK": GANTKSynthesizer(NTK(depth=1), **FEW),
    "flow": ParticleFlowGenerator(CRITIC, **FEW),
    "neural": NeuralGenerator(CRITIC, **FEW),
}


def cases(share):
    return settings(
        max_examples=round(share * CASES),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def mixed(n=200, seed=0):
    """Columns of all kinds that depend on one another, and a label."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "amount": np.round(np.exp(3 + size), 2),
            "real": size + rng.normal(size=n) / 9,
            "single": rng.normal(size=n).astype(np.float32),
            "count": rng.poisson(3 * np.exp(size)),
            "few": rng.choice([1, 2, 7], n),
            "kind": np.select([size > 0.8, size > -0.3], ["big", "middle"], "small"),
            "level": pd.Categorical(np.where(size > 0, "hi", "lo"), ["lo", "hi", "so"]),
            "paid": size + rng.normal(size=n) > 0,
            "day": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 99, n), "D"),
            "unit": "EUR",
        }
    )
    frame["rate"] = pd.Series(size + rng.normal(size=n)).mask(rng.random(n) < 0.3)
    return frame, pd.Series(np.where(size > 0, "yes", "no"), name="bought")


@cache
def fitted(convert=LIBRARIES["pandas"]):
    X, y = mixed()
    return TableSynthesizer(QUICK, random_state=0).fit(convert(X), y)


@cache
def generator(name, dtype):
    X = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 60)
    return GENERATORS[name].fit(np.clip(X, -2, 2).astype(dtype))


# Matrices


@pytest.mark.parametrize(
    ("name", "dtype"),
    slow_but(
        [("GANTK", "float32"), *product(GENERATORS, ["float64"])],
        product(GENERATORS, ["float64", "float32"]),
    ),
)
def test_generators_give_back_what_is_given(name, dtype):
    X = generator(name, dtype)

    @cases(0.3)
    @given(
        n=st.sampled_from([1, 7, 12]),
        share=st.sampled_from([0, 0.3, 0.7, 1]),
        seed=st.integers(0, 2**31),
    )
    def check(n, share, seed):
        rng = np.random.default_rng(seed)
        A = rng.normal(size=(n, 2)).astype(dtype)
        A[rng.random((n, 2)) < share] = np.nan
        A[0, 0] = [-0.0, 3.0, np.nan][seed % 3]
        rows = X.sample(given=A, random_state=0)
        assert rows.dtype == dtype
        free = np.isnan(A)
        assert rows[~free].tobytes() == A[~free].tobytes()
        assert np.all(np.abs(rows[free]) <= 2)
        assert_array_equal(X.sample(n, 0, given=A), rows)

    check()
    A = np.tile([1.0, np.nan], (60, 1))
    rows = X.sample(given=A.tolist(), random_state=0)
    assert len(np.unique(rows[:, 1])) > 50


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize(
    ("A", "n", "match"),
    [
        ([[np.nan] * 3], 1, "3 features"),
        ([[np.inf, np.nan]], 1, "infinity"),
        ([[1, np.nan]] * 2, 3, "n_samples=3, and given has 2 rows"),
        ([1, np.nan], 1, "1D array"),
        (np.empty((0, 2)), 1, "0 sample"),
    ],
)
def test_what_generators_refuse(name, A, n, match):
    with pytest.raises(ValueError, match=match):
        generator(name, "float64").sample(n, given=A)


def test_law_of_a_generator_given_a_coordinate():
    X = np.random.default_rng(0).multivariate_normal([0, 5], [[1, 1.6], [1.6, 4]], 80)
    synthesizer = GANTKSynthesizer(standardize=True, random_state=0).fit(X)
    for at in (-1.0, 1.5):
        rows = synthesizer.sample(given=np.tile([at, np.nan], (200, 1)), random_state=0)
        assert abs(rows[:, 1].mean() - (5 + 1.6 * at)) < 0.4
        assert 0.85 < rows[:, 1].std() < 1.6  # 1.2


# Tables of which rows are given


def assert_has(rows, names, asked, at):
    """That cells are those that are asked for, at the positions of these columns."""
    made = cells(rows)
    for name, values in zip(names, asked):
        for new, value in zip(made[at[name]], values):
            if value is not None:
                assert type(new) is type(value) or not isinstance(value, float)
                assert new == value
                assert not isinstance(value, float) or np.signbit(new) == np.signbit(value)


def part(draw, table):
    """Some rows of some columns of a table, with holes where there may be some."""
    n = len(table.frame)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    rows = rng.integers(0, n, draw(st.integers(1, 12)))
    share = draw(st.sampled_from([0, 0.3, 0.9]))
    chosen = draw(st.lists(st.sampled_from(range(len(table.columns))), unique=True))
    columns = []
    for i in sorted(chosen) if table.library not in ARRAYS else range(len(table.columns)):
        column = table.columns[i]
        may = column.form != "numpy" or column.values.dtype.kind not in "biu"
        gone = column.gone[rows] | (may and rng.random(len(rows)) < share)
        columns.append(replace(column, values=column.values[rows], gone=gone))
    return replace(table, columns=columns, index=pd.RangeIndex(len(rows)))


@pytest.mark.filterwarnings("ignore:Column .* has .* levels")
@cases(2)
@given(data=st.data(), table=tables(extreme=False, most=40))
def test_cells_of_any_table_come_back(data, table):
    assume(not table.identifiers)
    assume(table.library in ARRAYS or isinstance(table.columns[0].name, str))
    assume(any(len(set(column)) > 1 for column in cells(table.frame)))
    wanted = part(data.draw, table)
    assume(wanted.columns)
    chosen = table.categorical
    synthesizer = TableSynthesizer(QUICK, categorical_features=chosen, random_state=0)
    rows = synthesizer.fit(table.frame).sample(given=wanted.frame, random_state=0)
    assert schema(rows) == schema(table.frame)
    labels = [table.label(i) for i in range(len(table.columns))]
    names = labels if table.library in ARRAYS else [c.name for c in wanted.columns]
    assert_has(rows, names, cells(wanted.frame), {name: i for i, name in enumerate(labels)})


VALUES = {
    "amount": st.floats(2, 100),
    "real": st.floats(-1.5, 1.5) | st.just(-0.0),
    "single": st.floats(-1.5, 1.5, width=32),
    "count": st.integers(0, 20),
    "few": st.integers(1, 7),
    "kind": st.sampled_from(["big", "middle", "small"]),
    "level": st.sampled_from(["lo", "hi"]),
    "paid": st.booleans(),
    "day": st.datetimes(pd.Timestamp("2024-01-02"), pd.Timestamp("2024-03-30")),
    "unit": st.just("EUR"),
    "rate": st.floats(-1, 1),
    "bought": st.sampled_from(["yes", "no"]),
}


def test_values_between_those_of_the_data_come_back(convert):
    synthesizer = fitted(convert)
    expected = schema(synthesizer.sample(3, random_state=0)[0])
    whole = convert(mixed()[0])

    @cases(0.5)
    @given(
        data=st.data(),
        n=st.integers(1, 8),
        names=st.sets(st.sampled_from(list(VALUES)), min_size=1),
    )
    def check(data, n, names):
        asked = {
            name: data.draw(st.lists(VALUES[name], min_size=n, max_size=n))
            for name in names
        }
        types = {"day": "datetime64[us]", "single": "float32"}
        frame = pd.DataFrame(
            {name: pd.Series(v, dtype=types.get(name)) for name, v in asked.items()}
        )
        rows, labels = synthesizer.sample(given=convert(frame), random_state=0)
        assert schema(rows) == expected == schema(whole)
        assert labels.name == "bought"
        rows = [*cells(rows), labels.tolist()]
        for name, values in zip(frame, cells(frame)):
            assert rows[list(VALUES).index(name)] == values

    check()


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "float64", "int64[pyarrow]", object])
@pytest.mark.parametrize("column", ["count", "few"])
def test_dtypes_stay_those_of_the_data(column, dtype):
    """Whatever that of what is given: integers with holes are of another."""
    frame = pd.DataFrame({column: pd.Series([1, None, 7], dtype=dtype)})
    rows, _ = fitted().sample(given=frame, random_state=0)
    assert rows.dtypes.equals(mixed()[0].dtypes)
    assert rows[column].iloc[[0, 2]].tolist() == [1, 7]


@pytest.mark.parametrize(
    ("column", "values", "dtype"),
    [
        ("paid", [True, None], "boolean"),
        ("paid", [True, None], object),
        ("paid", [True, None], "bool[pyarrow]"),
        ("amount", [3.5, None], "Float64"),
        ("single", [0.5, None], "float64"),
        ("single", [0.5, None], "Float32"),
        ("kind", ["big", None], "category"),
        ("kind", ["big", None], object),
        ("level", ["hi", None], object),
        ("day", ["2024-02-03", None], "datetime64[s]"),
        ("day", ["2024-02-03", None], "timestamp[ns][pyarrow]"),
        ("day", ["2024-02-03", None], object),
    ],
)
def test_dtypes_stay_those_of_the_data_with_other_columns(column, values, dtype):
    frame = pd.DataFrame({column: pd.Series(values, dtype=dtype)})
    rows, _ = fitted().sample(given=frame, random_state=0)
    assert rows.dtypes.equals(mixed()[0].dtypes)
    value = pd.Timestamp(values[0]) if column == "day" else values[0]
    assert rows[column].iloc[0] == value


@pytest.mark.parametrize("other", LIBRARIES)
def test_given_in_another_library(convert, other):
    frame = LIBRARIES[other](mixed(9, 1)[0][["count", "kind", "paid", "day"]])
    rows, _ = fitted(convert).sample(given=frame, random_state=0)
    assert schema(rows) == schema(convert(mixed()[0]))
    names = list(mixed()[0])
    for name, values in zip(["count", "kind", "paid", "day"], cells(frame)):
        assert cells(rows)[names.index(name)] == values


def test_arrays_given():
    X = np.random.default_rng(0).normal(size=(60, 3))
    synthesizer = TableSynthesizer(QUICK, random_state=0).fit(X)
    A = np.where(X[:9] > 0, np.nan, X[:9])
    for form in (A, A.tolist(), np.where(np.isnan(A), None, A.astype(object))):
        rows = synthesizer.sample(given=form, random_state=0)
        assert rows.dtype == X.dtype
        assert_array_equal(rows[~np.isnan(A)], A[~np.isnan(A)])
    for wrong in (A[:, :2], np.hstack([A, A])):
        with pytest.raises(ValueError, match=r"columns|features"):
            synthesizer.sample(given=wrong)


def test_arrays_given_where_there_are_labels():
    """Labels without a name are free."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = np.where(X[:, 0] > 0, 1, 0)
    A = np.tile([1.5, np.nan, np.nan], (40, 1))
    rows, labels = TableSynthesizer(QUICK).fit(X, y).sample(given=A)
    assert_array_equal(rows[:, 0], 1.5)
    assert labels.mean() > 0.8
    rows, labels = TableSynthesizer(QUICK).fit(X, np.where(y, "a", "b")).sample(given=A)
    assert_array_equal(rows[:, 0], 1.5)


def test_names_that_are_numbers():
    """They are names, not positions."""
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=[2, 1, 0])
    X[2] = X[2].abs() + 5
    synthesizer = TableSynthesizer(QUICK, random_state=0).fit(X)
    assert np.all(synthesizer.sample(9, given={2: (5.5, None)})[2] >= 5.5)
    rows = synthesizer.sample(given=X[[0]][:5])
    assert_array_equal(rows[0], X[0][:5])


def test_order_and_index_of_given_do_not_matter():
    frame = mixed(9, 1)[0][["kind", "amount"]]
    rows = fitted().sample(given=frame, random_state=0)[0]
    for other in (frame[["amount", "kind"]], frame.set_axis(list("abcdefghi"))):
        again = fitted().sample(given=other, random_state=0)[0]
        assert again.index.equals(other.index)
        pd.testing.assert_frame_equal(again.reset_index(drop=True), rows)
    assert not fitted().sample(given=frame)[0].equals(rows)


def test_law_of_the_rest_of_given_rows():
    X, _ = mixed()
    frame = pd.DataFrame({"kind": np.repeat(["big", "small"], 200)})
    rows, labels = fitted().sample(given=frame, random_state=0)
    for kind in ("big", "small"):
        new, old = (f[f["kind"] == kind] for f in (rows, X))
        assert abs(np.log(new["amount"].median() / old["amount"].median())) < 0.3
        assert abs(new["paid"].mean() - old["paid"].mean()) < 0.2
        assert np.mean(labels[new.index] == "yes") == pytest.approx(
            int(kind == "big"), abs=0.1
        )
    given_days = pd.DataFrame({"amount": [3.5, 12.5, 30.0, 75.0] * 50})
    rows, _ = fitted().sample(given=given_days, random_state=0)
    assert spearmanr(rows["amount"], rows["real"]).statistic > 0.8
    near = X[np.abs(np.log(X["amount"] / 12.5)) < 0.25]
    new = rows.loc[rows["amount"] == 12.5, "real"]
    assert abs(new.mean() - near["real"].mean()) < 0.15
    assert new.nunique() > 45


def test_values_beyond_the_data_are_told():
    with pytest.warns(UserWarning, match=r"'amount': 1e\+?06|'amount': 1000000") as caught:
        rows, _ = fitted().sample(given=pd.DataFrame({"amount": [1e6, np.nan]}))
    assert rows["amount"][0] == 1e6
    assert caught[0].filename == __file__
    assert (rows["real"] <= mixed()[0]["real"].max()).all()


@pytest.mark.parametrize(
    ("frame", "n", "match"),
    [
        ({"kid": [1]}, 1, r"'kid'.*'amount'"),
        ({"kind": ["huge"]}, 1, r"'kind'.*'huge'"),
        ({"bought": ["perhaps"]}, 1, r"'bought'.*'perhaps'"),
        ({"unit": ["USD"]}, 1, r"'unit'.*'USD'"),
        ({"count": [2.5, np.nan]}, 1, r"'count'.*2.5"),
        ({"amount": ["a"]}, 1, "'amount'"),
        ({"amount": [np.inf]}, 1, "'amount'.*infinity"),
        ({"amount": [10.0, 20.0]}, 3, "n_samples=3, and given has 2 rows"),
        ({"amount": [10.0]}, 0, "n_samples"),
    ],
)
def test_rows_that_are_refused(frame, n, match):
    with pytest.raises(ValueError, match=match):
        fitted().sample(n, given=pd.DataFrame(frame))


# Tables of which all rows have the same given


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ({"kind": "big"}, lambda f: f["kind"] == "big"),
        ({"kind": ["big", "small"]}, lambda f: f["kind"].isin(["big", "small"])),
        ({"level": "lo"}, lambda f: f["level"] == "lo"),
        ({"paid": True, "kind": "big"}, lambda f: f["paid"] & (f["kind"] == "big")),
        ({"amount": (10, 20.5)}, lambda f: f["amount"].between(10, 20.5)),
        ({"real": (None, 0)}, lambda f: f["real"] <= 0),
        ({"single": (0, None)}, lambda f: f["single"] >= 0),
        ({"count": (2, 4)}, lambda f: f["count"].between(2, 4)),
        ({"count": 3}, lambda f: f["count"] == 3),
        ({"count": [0, 3]}, lambda f: f["count"].isin([0, 3])),
        ({"few": {1, 7}}, lambda f: f["few"].isin([1, 7])),
        ({"few": np.array([2])}, lambda f: f["few"] == 2),
        ({"day": ("2024-02-01", None)}, lambda f: f["day"] >= DAYS[0]),
        ({"day": DAYS}, lambda f: f["day"].between(*DAYS)),
        ({"rate": None}, lambda f: f["rate"].isna()),
        ({"rate": (None, None)}, lambda f: f["rate"].notna()),
        ({"rate": (0, 2), "bought": "no"}, lambda f: f["rate"].between(0, 2)),
        ({"unit": "EUR"}, lambda f: f["unit"] == "EUR"),
        ({}, lambda f: f["amount"] > 0),
    ],
)
def test_conditions_hold_in_every_row(asked, holds, convert):
    rows, labels = fitted(convert).sample(60, random_state=0, given=asked)
    assert schema(rows) == schema(convert(mixed()[0]))
    frame = rows if isinstance(rows, pd.DataFrame) else rows.to_pandas()
    assert len(frame) == len(labels) == 60
    assert np.all(holds(frame))
    assert set(labels) <= {asked.get("bought", "yes"), asked.get("bought", "no")}


def test_law_given_a_condition_is_that_of_the_rows_that_fulfil_it():
    X, y = mixed(400)
    synthesizer = TableSynthesizer(QUICK, random_state=0).fit(X, y)
    for asked, holds in [
        ({"kind": "small"}, X["kind"] == "small"),
        ({"paid": True}, X["paid"]),
        ({"bought": "yes"}, y == "yes"),
        ({"amount": (10, 30)}, X["amount"].between(10, 30)),
    ]:
        rows, _ = synthesizer.sample(1000, random_state=0, given=asked)
        old = X[holds]
        deviation = old["real"].std()
        assert abs(rows["real"].mean() - old["real"].mean()) < 0.25 * deviation
        assert abs(rows["real"].std() / deviation - 1) < 0.25
        assert abs(rows["paid"].mean() - old["paid"].mean()) < 0.07
        assert abs(rows["rate"].isna().mean() - old["rate"].isna().mean()) < 0.07
        shares = [f["kind"].value_counts(normalize=True) for f in (rows, old)]
        assert shares[0].sub(shares[1], fill_value=0).abs().max() < 0.07


def test_lists_of_numbers_that_the_data_have():
    """Though they have others in between, of which there are none among them."""
    X, _ = mixed()
    values = X["amount"].drop_duplicates().head(10).tolist()
    rows, _ = fitted().sample(20, random_state=0, given={"amount": values})
    assert rows["amount"].isin(values).all()
    assert rows["amount"].nunique() > 5


def test_conditions_on_targets():
    X, _ = mixed()
    target = X.pop("amount")
    synthesizer = TableSynthesizer(QUICK, random_state=0).fit(X, target)
    rows, new = synthesizer.sample(50, random_state=0, given={"amount": (10, 20)})
    assert new.between(10, 20).all()
    given_targets = pd.DataFrame({"amount": [5.25, np.nan, 40.0]})
    rows, new = synthesizer.sample(given=given_targets, random_state=0)
    assert new[[0, 2]].tolist() == [5.25, 40]
    assert new.dtype == target.dtype
    assert rows["real"][0] < rows["real"][2]


@pytest.mark.parametrize(
    ("asked", "match", "holds"),
    [
        ({"day": "2024-02-01", "few": 1}, "of the 200 rows", lambda f: f["few"] == 1),
        ({"kind": "big", "amount": (0, 15)}, "0 of the 200", lambda f: f["kind"] == "big"),
        ({"kind": "big", "amount": (0, 15)}, "0 of the 200", lambda f: f["amount"] <= 15),
        ({"amount": [20.13, 30.57]}, "too few", lambda f: f["amount"].isin([20.13, 30.57])),
        ({"paid": True, "rate": 0.25}, "too few", lambda f: f["rate"] == 0.25),
    ],
)
def test_rows_that_are_hardly_in_the_data(asked, match, holds):
    with pytest.warns(UserWarning, match=match) as caught:
        rows, _ = fitted().sample(40, random_state=0, given=asked)
    assert len(rows) == 40
    assert holds(rows).all()
    assert rows["real"].nunique() > 20
    assert {warning.filename for warning in caught} == {__file__}


def test_few_rows_that_fulfil_a_condition_are_joined_by_drawn_ones():
    """Two of the data are; of y = 2x and noise, the law there is known."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(0, 1, 200), [1.1, 1.2]])
    frame = pd.DataFrame({"x": x, "y": 2 * x + rng.normal(0, 0.1, 202)})
    synthesizer = TableSynthesizer(QUICK, calibrate=False, random_state=0).fit(frame)
    with pytest.warns(UserWarning, match="2 of the 202 rows .* drawn rows that do"):
        rows = synthesizer.sample(200, random_state=0, given={"x": (1.05, 1.25)})
    assert rows["x"].between(1.05, 1.25).all()
    assert rows["x"].nunique() > 20
    assert abs(rows["y"].mean() - 2.3) < 0.3


def test_conditions_beyond_the_data():
    X, _ = mixed()
    with pytest.warns(UserWarning, match="'amount'|too few") as caught:
        rows, _ = fitted().sample(40, random_state=0, given={"amount": (1e6, None)})
    messages = [str(warning.message) for warning in caught]
    assert any("too few" in message for message in messages)
    assert any("'amount'" in m and str(X["amount"].max()) in m for m in messages)
    assert set(rows["amount"]) == {X["amount"].max()}


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"kid": 1}, r"'kid'.*'amount'"),
        ({99: 1}, r"99"),
        ({"kind": "huge"}, r"'kind'.*'huge'.*'big'"),
        ({"kind": ["big", "huge"]}, r"'kind'.*'huge'"),
        ({"bought": "perhaps"}, r"'bought'.*'perhaps'"),
        ({"amount": (20, 10)}, r"'amount'.*\(20, 10\) is empty"),
        ({"amount": (np.nan, 10)}, "'amount'"),
        ({"amount": (1, 2, 3)}, "'amount'.*pair"),
        ({"kind": ("a", "b")}, "'kind'.*labels"),
        ({"level": ("hi", None)}, "'level'.*labels"),
        ({"bought": ("no", "yes")}, "'bought'.*labels"),
        ({"kind": (None, None)}, "'kind'.*labels"),
        ({"amount": None}, "'amount'.*missing"),
        ({"kind": []}, "'kind'.*empty"),
        ({"amount": "cheap"}, "'amount'.*'cheap'"),
        ({"day": "some day"}, "'day'"),
    ],
)
def test_conditions_that_are_refused(asked, match):
    with pytest.raises(ValueError, match=match):
        fitted().sample(9, given=asked)


def test_seeds():
    for asked in ({"kind": "big"}, mixed(20)[0][["kind"]]):
        first, second = (fitted().sample(20, 3, given=asked)[0] for _ in range(2))
        pd.testing.assert_frame_equal(first, second)
        assert not fitted().sample(20, 4, given=asked)[0].equals(first)
    before = fitted().sample(20, 3)[0]
    fitted().sample(5, given={"kind": "big"})
    pd.testing.assert_frame_equal(fitted().sample(20, 3)[0], before)
