"""Tables side by side, as columns of numbers or codes that can be compared.

Which library a table is of, its dtypes and its units of time have no part in a figure. A
column is numbers in all tables or codes in all, as its values are in the first, which is
real; what only later tables have is one more level.
"""

from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
from sklearn.utils import check_array

from skgantk.preprocessing import TableEncoder, _columns, _native

CATEGORICAL = TableEncoder._parameter_constraints["categorical_features"]
UNITS = {"D": 86_400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: Any
    values: np.ndarray  # numbers, NaN where one is missing; or codes
    levels: list | None = None  # what the codes are, None a missing value; None: numbers
    time: str | None = None  # dtype of the times that the numbers count
    origin: int = 0  # from which they are counted

    @property
    def numeric(self):
        """Whether values have an order and differences."""
        return self.levels is None

    @property
    def missing(self):
        """Where there is no value."""
        if self.numeric:
            return np.isnan(self.values)
        return np.array([level is None for level in self.levels], bool)[self.values]


@dataclass(frozen=True)
class Table:
    """Columns of as many values each."""

    columns: list

    def __len__(self):
        return len(self.columns[0].values)

    def take(self, rows):
        """The rows at indices, or where a mask is true."""
        return Table([replace(c, values=c.values[rows]) for c in self.columns])

    def without(self, i):
        """All columns but one."""
        return Table(self.columns[:i] + self.columns[i + 1 :])


def read(tables, categorical_features="from_dtype", identifiers=False):
    """Read tables, by the names that errors use; the first must be real.

    Parameters
    ----------
    tables : dict of str to DataFrame or array-like of shape (n_rows, n_columns)
    categorical_features : "from_dtype" or array-like
        As in `TableEncoder`.
    identifiers : bool
        Whether labels may be distinct in nearly all rows; `TableEncoder` refuses such.

    Returns
    -------
    tables : list of Table
        Their columns in the order of the first table.

    Raises
    ------
    ValueError
        If tables cannot be compared.
    """
    arrays = {title: _native.is_array(X) for title, X in tables.items()}
    first = next(iter(tables))
    for title, is_array in arrays.items():
        if is_array != arrays[first]:
            kinds = ["an array" if arrays[t] else "a DataFrame" for t in (first, title)]
            raise ValueError(
                f"{first} is {kinds[0]} and {title} {kinds[1]}: columns are matched by "
                "their names. Give frames for both, or arrays for both."
            )
    split = _of_arrays if arrays[first] else _of_frames
    columns = {title: split(title, X) for title, X in tables.items()}
    names = list(columns[first])
    for title, own in columns.items():
        _check_names(first, names, title, list(own))
    chosen = _chosen(categorical_features, None if arrays[first] else names, len(names))
    rows = []
    for name, categorical in zip(names, chosen):
        parts = {title: own[name] for title, own in columns.items()}
        with _columns.named(name):
            rows.append(_comparable(name, parts, bool(categorical), identifiers))
    return [Table(list(own)) for own in zip(*rows)]


def column_index(target, table):
    """The position of a column given by its name or, where none has that name, its index.

    Raises
    ------
    ValueError
        If there is no such column.
    """
    names = [column.name for column in table.columns]
    if target in names:
        return names.index(target)
    if isinstance(target, (int, np.integer)) and -len(names) <= target < len(names):
        return int(target) % len(names)
    raise ValueError(f"target={target!r} is no column; the columns are {names}.")


def _of_arrays(title, X):
    X = check_array(X, dtype=None, ensure_all_finite="allow-nan", input_name=title)
    if X.dtype.kind in "mM" and np.datetime_data(X.dtype)[0] not in UNITS:
        X = X.astype(f"{X.dtype.kind}8[s]")  # of months or hours
    return {f"x{i}": column for i, column in enumerate(X.T)}


def _of_frames(title, X):
    names = list(_native.names(X))
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"Column names of {title} are there twice: {twice}. Give each column its own."
        )
    if not names or not len(X):
        raise ValueError(
            f"{title} has {len(X)} rows and {len(names)} columns: there is nothing to "
            "compare."
        )
    return dict(zip(names, _native.series(X)))


def _check_names(first, names, title, own):
    missing = [name for name in names if name not in own]
    beyond = [name for name in own if name not in names]
    if missing or beyond:
        parts = [f"{missing} are missing"] * bool(missing)
        parts += [f"{beyond} are not in {first}"] * bool(beyond)
        raise ValueError(
            f"{title} must have the {len(names)} columns of {first}; it has {len(own)}: "
            f"{' and '.join(parts)}."
        )


def _chosen(categorical_features, names, n_columns):
    """Whether each column is a category by decree."""
    encoder = TableEncoder(categorical_features)
    encoder.n_features_in_ = n_columns
    if names is not None:
        encoder.feature_names_in_ = names
    return encoder._categorical()


def _comparable(name, parts, categorical, identifiers):
    """The column of each table."""
    gone = {title: _native.missing(part) for title, part in parts.items()}
    known = {
        title: _native.take(part, np.flatnonzero(~gone[title]))
        for title, part in parts.items()
        if not gone[title].all()
    }
    numbers = None if categorical else _numbers(known)
    if numbers is None:
        return _labelled(name, parts, gone, categorical or identifiers)
    floats, time, origin = numbers
    columns = []
    for title, holes in gone.items():
        values = np.full(len(holes), np.nan)
        if title in floats:
            values[~holes] = floats[title] + 0.0  # -0 is 0
        columns.append(Column(name, values, None, time, origin))
    return columns


def _labelled(name, parts, gone, allowed):
    """Codes of labels."""
    keys = {
        title: [None if hole else k for k, hole in zip(_native.labels(part), gone[title])]
        for title, part in parts.items()
    }
    if not allowed:
        _check_identifiers(keys)
    every = dict.fromkeys(key for own in keys.values() for key in own)
    levels = _columns._in_order(None, every)
    code = {level: i for i, level in enumerate(levels)}
    return [Column(name, np.array([code[k] for k in own]), levels) for own in keys.values()]


def _check_identifiers(keys):
    """Raise where labels are distinct in nearly all rows of the longest table."""
    known = max(([k for k in own if k is not None] for own in keys.values()), key=len)
    distinct = len(set(known))
    if distinct > max(_columns.IDENTIFIED, _columns.DISTINCT * len(known)):
        raise ValueError(
            f"{distinct} of its {len(known)} values are distinct: identifiers or free "
            "text, which no two samples share. Drop it, or name it in "
            "categorical_features."
        )


def _numbers(known):
    """Numbers of each table, the dtype of times and the origin; None for labels."""
    found = {title: _native.numbers(part) for title, part in known.items()}
    first = next(iter(found), None)
    if first is None or found[first] is None or found[first].dtype.kind == "b":
        return None
    kinds = {t: _kind(part, found[t] is not None) for t, part in known.items()}
    for title, kind in kinds.items():
        if kind != kinds[first]:
            raise ValueError(
                f"it has {kinds[first]} in {first}, and {kind} in {title}, such as "
                f"{known[title][0]!r:.60}. Read both tables alike."
            )
    time = None
    if kinds[first] != "numbers":
        found, unit = _in_one_unit(known, found)
        dated = kinds[first].startswith("dates")
        time = f"{'datetime' if dated else 'timedelta'}64[{unit}]"
    for title, numbers in found.items():
        if not np.isfinite(numbers.astype(float)).all():
            raise ValueError(
                f"{title} contains infinity. Replace it, or leave such rows out."
            )
    floats, origin = _as_floats(found)
    return floats, time, origin


def _kind(column, has_numbers):
    """What kind of numbers a column has."""
    if isinstance(column, np.ndarray):
        kind = {"M": "dates", "m": "durations"}.get(column.dtype.kind)
    elif isinstance(column.dtype, nw.Datetime) and column.dtype.time_zone is not None:
        kind = "dates in a time zone"
    elif isinstance(column.dtype, (nw.Date, nw.Datetime)):
        kind = "dates"
    else:
        kind = {nw.Duration: "durations", nw.Time: "times of the day"}.get(
            type(column.dtype)
        )
    return kind or ("numbers" if has_numbers else "labels")


def _in_one_unit(known, counts):
    """Counts of times in the finest unit that a table has, and that unit."""
    units = {title: _unit(part) for title, part in known.items()}
    finest = min(units.values(), key=UNITS.__getitem__)
    result = {}
    for title, own in counts.items():
        factor = UNITS[units[title]] // UNITS[finest]
        exact = own.astype(object) if factor > 1 else own  # int64 may overflow
        result[title] = exact * factor
    return result, finest


def _unit(column):
    """The unit of what `_native.numbers` counts."""
    if isinstance(column, np.ndarray):
        return np.datetime_data(column.dtype)[0]
    native, dtype = nw.to_native(column), column.dtype
    arrow = native.type if hasattr(native, "type") else native.dtype
    arrow = getattr(arrow, "pyarrow_dtype", arrow)
    default = "ns" if dtype == nw.Time else "D"  # those of polars
    return getattr(dtype, "time_unit", None) or getattr(arrow, "unit", default)


def _as_floats(found):
    """Numbers as float64, integers that it has not as differences to an origin."""
    found = {title: _in_decimals(numbers) for title, numbers in found.items()}
    first = next(iter(found.values()))
    large = any(
        numbers.dtype.kind != "f" and max(map(abs, numbers.tolist())) > _columns.EXACT
        for numbers in found.values()
    )
    if not large:
        return {title: numbers.astype(float) for title, numbers in found.items()}, 0
    origin = int(first.min())
    return {
        title: np.array([float(number - origin) for number in numbers.tolist()])
        for title, numbers in found.items()
    }, origin


def _in_decimals(numbers):
    """In single precision 0.1 is 0.100000001: the decimals that are meant, if any."""
    if numbers.dtype != np.float32:
        return numbers
    whole, decimals = _columns._whole(numbers)
    return numbers.astype(float) if whole is None else whole / 10**decimals
