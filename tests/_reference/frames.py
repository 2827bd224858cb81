"""Tables of every kind of column and library, and what may come of them, by definition.

`tables` draws them. `cells` and `schema` are what a table is, in plain Python. `may_occur`
judges new values by what the user guide says.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from math import gcd
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

NAMES = ["a", "a_b", "ö\n日 ", "", "missingindicator_a", "x0", "1", "b c", "%s{}", "A"]
STRINGS = ["", "b", "b_c", "ä 日", "None", "nan", "1", "x" * 40, *"defg"]
THINGS = ["b", 1, (1, 2), b"b", frozenset(), "1"]
ARRAYS = ["numpy", "objects"]
EXACT = 2**53  # integers up to here are exact in float64

# From a frame of pandas: see the fixture `convert`.
LIBRARIES = {
    "pandas": lambda frame: frame,
    "pandas, nullable": lambda frame: frame.convert_dtypes(),
    "pandas, arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda frame: pl.from_arrow(pa.Table.from_pandas(frame)),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
}


# Values of a kind: n of them, of a Generator of NumPy, and whether scales are extreme.


def _objects(values):
    column = np.empty(len(values), object)
    column[:] = values
    return column


def _floats(kind, rng, n, extreme):
    exponents = [-30, -3, 0, 3, 30] if extreme else [-8, -3, 0, 3, 8]
    if extreme and kind == "float64":
        exponents += [-300, 300]
    return (rng.normal(size=n) * 10.0 ** rng.choice(exponents)).astype(kind)


def _grid(kind, rng, n, extreme):
    whole = rng.integers(-99, rng.choice([5, 900]), n) * rng.choice([1, 5, 30])
    return (whole / 10 ** rng.integers(0, 4)).astype(kind.removeprefix("grid of "))


def _integers(kind, rng, n, extreme):
    least, most = int(np.iinfo(kind).min), int(np.iinfo(kind).max)
    spans = [3, 100, 2**40, 2**64] if extreme else [3, 100, 2**40]
    step = int(rng.choice([1, 1, 10]))
    steps = min(spans[rng.integers(len(spans))], most - least) // step
    low = least + (most - least - step * steps) * int(rng.integers(3)) // 2
    drawn = rng.integers(0, steps, n, np.uint64, endpoint=True)
    return np.array([low + step * int(k) for k in drawn], kind)


def _times(kind, rng, n, extreme):
    # From one unit apart to two centuries, as far as float64 counts units.
    unit = np.timedelta64(1, np.datetime_data(kind)[0])
    day = int(np.timedelta64(1, "D") / unit)
    span = min(int(rng.choice([3, 400, 40 * day, 36_525 * day])), EXACT // 2)
    step = day if span > day and rng.random() < 0.5 else 1
    start = np.datetime64("2020-02-28T12:30") if "date" in kind else np.timedelta64(0)
    steps = rng.integers(-(span // step), span // step, n)
    return (start + steps * step * unit).astype(kind)


def _some(things, rng, n):
    few = rng.integers(0, rng.integers(2, len(things), endpoint=True), n)
    return _objects([things[i] for i in few])


FLOATS = {kind: _floats for kind in ("float64", "float32")}
FLOATS |= {f"grid of {kind}": _grid for kind in FLOATS}
INTEGERS = {f"{u}int{bits}": _integers for u in ("", "u") for bits in (8, 16, 32, 64)}
UNITS = ("s", "us", "ns")
TIMES = {f"{k}64[{u}]": _times for k in ("datetime", "timedelta") for u in UNITS}
OTHERS = {
    "bool": lambda kind, rng, n, extreme: rng.random(n) < rng.random(),
    "str": lambda kind, rng, n, extreme: _some(STRINGS, rng, n),
    "things": lambda kind, rng, n, extreme: _some(THINGS, rng, n),
    "identifiers": lambda kind, rng, n, extreme: _objects([f"n{i}" for i in range(n)]),
    "datetime64[D]": _times,
    "time": lambda kind, rng, n, extreme: rng.integers(0, 86_400, n) * 10**6,
    "decimal": lambda kind, rng, n, extreme: _objects(
        [Decimal(int(k)).scaleb(-2) for k in rng.integers(-(10**6), 10**6, n)]
    ),
}
KINDS = FLOATS | INTEGERS | TIMES | OTHERS
ARROW = {"time": pa.time64("us"), "decimal": pa.decimal128(12, 2), "datetime64[D]": None}
LABELS = {"str", "things", "identifiers"}


def _forms(library, kind):
    """In which forms a column may stand in a frame."""
    if library in ARRAYS:
        return ["numpy" if library == "numpy" else "object"]
    if library != "pandas" and kind == "str":
        return ["arrow", "category", *(["enum"] if library == "polars" else [])]
    if library != "pandas" or kind in ARROW:
        return ["arrow"]
    if kind == "things":
        return ["object"]
    if kind in TIMES:
        return ["numpy", "arrow", "category"]
    return ["numpy", "nullable", "arrow", "object", "category"]


@dataclass(frozen=True)
class Column:
    """Values, where they are missing, and the form in which they stand in a frame."""

    name: Any
    kind: str
    form: str
    zone: str | None
    values: np.ndarray
    gone: np.ndarray

    @property
    def numeric(self):
        """Whether its values have others in between."""
        return self.kind not in {*LABELS, "bool"} and self.form != "category"

    @property
    def wide(self):
        """Whether float64 has not all integers of its range."""
        known = self.values[~self.gone]
        if known.dtype.kind not in "iu" or not len(known):
            return False
        return self.numeric and int(known.max()) - int(known.min()) > EXACT


@dataclass(frozen=True)
class Table:
    """Columns, and the library and index of their frame."""

    library: str
    columns: list
    index: Any
    categorical: Any  # categorical_features

    @property
    def frame(self):
        """The table in its library."""
        names = [column.name for column in self.columns]
        if self.library in ARRAYS:
            return np.column_stack([_in_numpy(column) for column in self.columns])
        if self.library == "pandas":
            series = [_in_pandas(column) for column in self.columns]
            return pd.concat(series, axis=1).set_axis(names, axis=1).set_axis(self.index)
        table = pa.table([_in_arrow(column) for column in self.columns], names=names)
        if self.library == "polars":
            frame = pl.from_arrow(table)
            frame.columns = names  # one of which may be ""
            enums = [c.name for c in self.columns if c.form == "enum"]
            return frame.cast(dict.fromkeys(enums, pl.Enum(STRINGS)))
        half = len(table) // 2
        return pa.concat_tables([table[:half], table[half:]])  # in two chunks

    @property
    def identifiers(self):
        """Columns of which there is nothing to learn."""
        return [
            self.label(i)
            for i, column in enumerate(self.columns)
            if column.kind == "identifiers"
            and not self.chosen(i)
            and len(set(column.values[~column.gone])) > max(20, 0.9 * sum(~column.gone))
        ]

    def label(self, i):
        """What column i is called in errors."""
        name = self.columns[i].name
        return name if isinstance(name, str) and self.library not in ARRAYS else f"x{i}"

    def replaced(self, i, **changes):
        """With changes in column i."""
        column = replace(self.columns[i], **changes)
        return replace(self, columns=[*self.columns[:i], column, *self.columns[i + 1 :]])

    def chosen(self, i):
        """Whether column i is a category by decree."""
        return self.categorical != "from_dtype" and self.categorical[i]


def _in_numpy(column):
    values = column.values.copy()
    if column.form == "object":
        values = _objects(values.tolist())
        values[column.gone] = None
    elif column.gone.any():
        values[column.gone] = np.nan if values.dtype.kind == "f" else "NaT"
    return values


def _in_arrow(column):
    values, gone = column.values, column.gone
    if values.dtype.kind == "f":  # half of what is missing is NaN, half is null
        values = np.where(gone, np.nan, values).astype(values.dtype)
        gone = gone & (np.arange(len(gone)) % 2 == 0)
    array = pa.array(values, mask=gone, from_pandas=False)
    if column.zone:
        array = array.cast(pa.timestamp(array.type.unit, column.zone))
    array = array.cast(ARROW.get(column.kind) or array.type)
    return array.dictionary_encode() if column.form == "category" else array


def _in_pandas(column):
    values, gone = column.values, column.gone
    if column.form == "arrow":
        return pd.Series(pd.arrays.ArrowExtensionArray(_in_arrow(column)))
    if column.form == "object":
        values = _objects(values.tolist())
        values[gone] = [(np.nan, None, pd.NA)[i % 3] for i in range(gone.sum())]
        return pd.Series(values, dtype=object)
    series = pd.Series(values, dtype="str" if column.kind in LABELS else None)
    if column.zone:
        series = series.dt.tz_localize("UTC").dt.tz_convert(column.zone)
    if column.form == "nullable":
        dtype = "string" if column.kind in LABELS else None
        series = pd.Series(pd.array(values, dtype=dtype))
    if column.form == "category":
        levels = list(series.unique())[::-1]
        if column.kind in LABELS:
            levels.insert(1, "never")
        series = series.astype(pd.CategoricalDtype(levels, ordered=len(levels) % 2 == 0))
    return series.mask(gone) if gone.any() else series


# Drawing


@st.composite
def _columns(draw, library, kinds, n, extreme):
    """A column of n values, all, few or one of a kind, with holes."""
    kind = draw(st.sampled_from(kinds))
    form = draw(st.sampled_from(_forms(library, kind)))
    distinct = draw(st.sampled_from([n, n, 3, 1]))
    if form == "category" and kind not in LABELS:
        distinct = min(distinct, 3)
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    values = KINDS[kind](kind, rng, n, extreme)
    if distinct < n:
        values = values[rng.integers(0, distinct, n)]
    holes = draw(st.sampled_from([0, 0, 0.1, 0.6, 0.95, 1]))
    if form == "numpy" and values.dtype.kind in "biu":  # which have no missing value
        holes = 0
    zoned = kind in TIMES and kind.startswith("datetime") and library != "numpy"
    zone = draw(st.sampled_from([None, "Europe/Berlin"])) if zoned else None
    name = draw(st.sampled_from(NAMES))
    return Column(name, kind, form, zone, values, rng.random(n) < holes)


INDICES = {
    "range": pd.RangeIndex,
    "reversed": lambda n: pd.RangeIndex(n, 0, -1),
    "repeated": lambda n: pd.Index([7] * n),
    "strings": lambda n: pd.Index([f"r{i}" for i in range(n)], name="a"),
    "dates": lambda n: pd.date_range("2024-01-01", periods=n, name="b"),
    "levels": lambda n: pd.MultiIndex.from_arrays([range(n), [0] * n]),
}


@st.composite
def tables(draw, extreme=True, least=2, most=60):
    """Tables of 1 to 6 columns; extreme: of numbers whose squares overflow, too."""
    library = draw(st.sampled_from(["pandas", "pandas", "polars", "pyarrow", *ARRAYS]))
    n = draw(st.integers(least, most))
    kinds = {
        "pandas": list(KINDS),
        "numpy": [draw(st.sampled_from([*FLOATS, *INTEGERS, *TIMES, "bool"]))],
        "objects": [*FLOATS, *INTEGERS, "bool", "str", "things"],
    }.get(library, [kind for kind in KINDS if kind != "things"])
    columns = draw(
        st.lists(
            _columns(library, kinds, n, extreme),
            min_size=1,
            max_size=6,
            unique_by=lambda column: column.name,
        )
    )
    if library == "pandas" and draw(st.booleans()):
        columns = [replace(c, name=len(columns) - i) for i, c in enumerate(columns)]
    mask = st.lists(st.booleans(), min_size=len(columns), max_size=len(columns))
    chosen = draw(st.just("from_dtype") | st.just("from_dtype") | mask)
    index = INDICES[draw(st.sampled_from(list(INDICES)))](n)
    return Table(library, columns, index, chosen)


# What is in a table


def _is_missing(value):
    return value is None or value is pd.NA or bool(value != value)


def _column_cells(column):
    """Values in plain Python, times as counts of their unit, None for what is missing."""
    if isinstance(column, pd.Series):
        arrow = getattr(column.dtype, "pyarrow_dtype", None)
        time = pa.types.is_temporal(arrow) if arrow else column.dtype.kind in "mM"
        if time:
            return _column_cells(pa.chunked_array([pa.array(column)]))
        values = column.tolist()
    elif isinstance(column, pl.Series):
        values = (column.to_physical() if column.dtype.is_temporal() else column).to_list()
    elif isinstance(column, pa.ChunkedArray):
        if pa.types.is_temporal(column.type):
            column = column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64())
        values = column.to_pylist()
    else:
        gone = (
            np.isnat(column) if column.dtype.kind in "mM" else np.zeros(len(column), bool)
        )
        values = column.astype(np.int64) if column.dtype.kind in "mM" else column
        values = [None if hole else v for hole, v in zip(gone, values.tolist())]
    return [None if _is_missing(value) else value for value in values]


def cells(frame):
    """The columns of a table as lists."""
    if isinstance(frame, np.ndarray):
        columns = frame.T
    elif isinstance(frame, pd.DataFrame):
        columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    else:
        columns = frame.columns if isinstance(frame, pa.Table) else frame.get_columns()
    return [_column_cells(column) for column in columns]


def schema(frame):
    """Library, names, dtypes and categories in their order."""
    if isinstance(frame, np.ndarray):
        return np.ndarray, frame.shape[1], frame.dtype
    if not isinstance(frame, pd.DataFrame):
        return type(frame), frame.schema
    categories = [
        list(dtype.categories) if isinstance(dtype, pd.CategoricalDtype) else None
        for dtype in frame.dtypes
    ]
    return pd.DataFrame, list(frame.columns), list(frame.dtypes), categories


# What may come of it


def _in_digits(values, single):
    """Numbers as the decimals of fewest digits that they are, exactly."""
    return [Decimal(str(np.float32(value) if single else value)) for value in values]


def _unit(digits, exact):
    """The greatest unit of decimals on whose multiples numbers lie, or None."""
    places = max(-value.normalize().as_tuple().exponent for value in digits)
    unit = Decimal(1).scaleb(-max(places, 0))
    return unit if places <= 9 and max(map(abs, digits)) / unit <= exact else None


def may_occur(made, data, column, chosen):
    """Assert that cells ``made`` may occur where ``data`` are those of a column."""
    known, new = ([v for v in values if v is not None] for values in (data, made))
    assert None not in made or None in data
    levels = set(known)
    if not column.numeric or chosen or len(levels) < 2:
        assert set(new) <= levels
        return
    single = column.values.dtype == np.float32 and column.form != "object"
    digits = _in_digits(known, single)
    whole = isinstance(known[0], int)
    unit = Decimal(1) if whole else _unit(digits, 2**24 if single else EXACT)
    if len(known) >= 5 * len(levels) and (len(levels) <= 20 or unit is None):
        assert set(new) <= levels
        return
    assert all(min(known) <= value <= max(known) for value in new)
    if unit is not None:
        steps = [int((value - digits[0]) / unit) for value in digits]
        step = gcd(*steps) if len(levels) >= 10 else 1
        assert all((v - digits[0]) % (step * unit) == 0 for v in _in_digits(new, single))
