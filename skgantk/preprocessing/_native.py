"""Columns of pandas, polars, pyarrow and NumPy: read as numbers or labels, and made again.

A frame is read through narwhals. What narwhals has no word for, which is how a library
casts to a dtype of its own, is here, a body a library. NumPy arrays are columns without
names.
"""

from numbers import Integral, Real

import narwhals as nw
import numpy as np

TIMES = (nw.Date, nw.Datetime, nw.Duration, nw.Time)


def is_array(X):
    """Whether X is no frame, but an array or a list."""
    return not nw.dependencies.is_into_dataframe(X)


def series(X):
    """The columns of a frame, as series of narwhals, or of an array."""
    if isinstance(X, np.ndarray):
        return list(X.T)
    frame = nw.from_native(X, eager_only=True)
    return [frame[:, i] for i in range(frame.shape[1])]


def names(X):
    """The names of the columns of a frame."""
    return X.column_names if hasattr(X, "column_names") else X.columns


def missing(column):
    """Where a column has no value: NaN, None, NA and NaT alike, (n,) of bool."""
    if isinstance(column, np.ndarray):
        if column.dtype.kind == "O":
            return np.array([is_missing(value) for value in column], bool)
        return (
            column != column if column.dtype.kind in "fmM" else np.zeros(len(column), bool)
        )
    null = column.is_null().to_numpy()
    if column.dtype.is_float():
        return null | column.is_nan().fill_null(False).to_numpy()
    if column.dtype == nw.Object:
        return null | np.array([is_missing(value) for value in column.to_list()], bool)
    return null


def is_missing(value):
    """Whether a value is NaN, None, NA or NaT."""
    # NaN and NaT are not themselves, and NA does not know whether it is.
    return value is None or type(value).__name__ == "NAType" or _differs(value)


def _differs(value):
    different = value != value
    return isinstance(different, (bool, np.bool_)) and bool(different)


def numbers(column):
    """Values of a column without missing ones, if they have an order and differences.

    Returns floats or, of integers and times, which count units, int64, uint64 or objects;
    None for labels.
    """
    if isinstance(column, np.ndarray):
        if column.dtype.kind in "mM":
            return column.astype(np.int64)
        return column if column.dtype.kind in "biuf" else _of_objects(column)
    dtype = column.dtype
    if dtype == nw.Boolean:
        return np.array(column.to_list(), bool)
    if dtype.is_integer():
        return np.array(column.to_list(), np.uint64 if dtype == nw.UInt64 else np.int64)
    if dtype.is_numeric():
        # In single precision 0.1 is on the grid of tenths, which in double it is not.
        precision = np.float32 if dtype == nw.Float32 else float
        return np.array([float(value) for value in column.to_list()], precision)
    if isinstance(dtype, TIMES):
        return _counts(nw.to_native(column))
    return _of_objects(column.to_list()) if dtype == nw.Object else None


def _of_objects(values):
    values = list(values)
    kinds = {type(value) for value in values}
    if kinds and all(issubclass(kind, (bool, np.bool_)) for kind in kinds):
        return np.array(values, bool)
    if kinds and all(issubclass(kind, Integral) for kind in kinds):
        values = [int(value) for value in values]
        # Of greater ones NumPy would make floats.
        exact = -(2**63) <= min(values) and max(values) < 2**63
        return np.array(values, np.int64 if exact else object)
    if kinds and all(issubclass(kind, Real) for kind in kinds):
        return np.array(values, float)
    return None


def _counts(times):
    """Units since an origin, of native times without missing ones."""
    library = type(times).__module__.split(".")[0]
    if library == "polars":
        return times.to_physical().to_numpy().astype(np.int64)
    if library == "pandas":
        if times.dtype.kind in "mM" and not hasattr(times.dtype, "pyarrow_dtype"):
            return times.astype("int64").to_numpy()
        times = times.array.__arrow_array__()
    import pyarrow as pa

    narrow = pa.int32() if times.type.bit_width == 32 else pa.int64()
    return times.cast(narrow).to_numpy().astype(np.int64)


def durations(column):
    """Days, hours, minutes and so on in units of `numbers`, of times; else 1 alone."""
    if isinstance(column, np.ndarray):
        unit = np.datetime_data(column.dtype)[0] if column.dtype.kind in "mM" else ""
    else:
        unit = getattr(column.dtype, "time_unit", "")
    digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}.get(unit)
    if digits is None:
        return [1]
    thousands = [10**k for k in range(digits, -1, -3)]
    return [86_400 * 10**digits, 3_600 * 10**digits, 60 * 10**digits, *thousands]


def labels(column):
    """Values of a column as hashable Python objects."""
    if isinstance(column, np.ndarray):
        values = column.tolist()
    elif getattr(column.dtype, "time_unit", None) == "ns" and not _is_pandas(column):
        values = list(column.to_numpy())  # Python's times have no nanoseconds
    else:
        values = column.to_list()
    for value in values:
        try:
            hash(value)
        except TypeError:
            raise ValueError(
                f"it has values of type {type(value).__name__}, such as {value!r:.60}. "
                "Make columns of numbers, strings or times of what they hold."
            ) from None
    return values


def _is_pandas(column):
    return column.implementation.is_pandas()


def take(column, indices):
    """The entries of a column at indices."""
    return column[indices]


def stack(columns):
    """One column after another, all of one dtype."""
    if isinstance(columns[0], np.ndarray):
        return np.concatenate(columns)
    frames = [column.alias("0").to_frame() for column in columns]
    return nw.concat(frames)["0"]


def build(values, like):
    """A column of the dtype of ``like`` with values that `numbers` may return."""
    if isinstance(like, np.ndarray):
        return _objects(values) if like.dtype.kind == "O" else values.astype(like.dtype)
    native = nw.to_native(like)
    library = type(native).__module__.split(".")[0]
    made = {"pandas": _in_pandas, "polars": _in_polars}.get(library, _in_pyarrow)
    return nw.from_native(made(values, native), series_only=True)


def alike(column, like):
    """Whether they are of one library and dtype."""
    if isinstance(column, np.ndarray) or isinstance(like, np.ndarray):
        return type(column) is type(like) and column.dtype == like.dtype
    natives = [nw.to_native(c) for c in (column, like)]
    dtypes = [getattr(native, "dtype", getattr(native, "type", None)) for native in natives]
    return type(natives[0]) is type(natives[1]) and dtypes[0] == dtypes[1]


def indexed(table, like):
    """A table with the index of another one, of as many rows, if both are pandas'."""
    if not all(hasattr(frame, "iloc") for frame in (table, like)):
        return table
    return table.set_axis(like.index)


def is_time(column):
    """Whether a column is of dates, times or durations."""
    if isinstance(column, np.ndarray):
        return column.dtype.kind in "mM"
    return isinstance(column.dtype, TIMES)


def column(values, like):
    """A column of the dtype of ``like`` with values as a user writes them."""
    if isinstance(like, np.ndarray):
        return np.array(values, like.dtype)
    native = nw.to_native(like)
    library = type(native).__module__.split(".")[0]
    if library == "pandas":
        import pandas as pd

        return nw.from_native(pd.Series(values).astype(native.dtype), series_only=True)
    if isinstance(like.dtype, TIMES):  # dates that are written as strings
        values = [
            np.datetime64(v, "us").item() if isinstance(v, str) else v for v in values
        ]
    if library == "polars":
        import polars as pl

        return nw.from_native(pl.Series(values).cast(native.dtype), series_only=True)
    import pyarrow as pa

    made = pa.chunked_array([pa.array(values).cast(native.type)])
    return nw.from_native(made, series_only=True)


def _objects(values):
    column = np.empty(len(values), object)
    column[:] = values.tolist()
    return column


def _in_pandas(values, like):
    import pandas as pd

    if hasattr(like.dtype, "pyarrow_dtype"):
        made = _in_pyarrow(values, like.array.__arrow_array__())
        return pd.Series(pd.arrays.ArrowExtensionArray(made), dtype=like.dtype)
    if like.dtype == object:
        return pd.Series(_objects(values))
    return pd.Series(values).astype(like.dtype)


def _in_polars(values, like):
    import polars as pl

    return pl.Series(values).cast(like.dtype)


def _in_pyarrow(values, like):
    import pyarrow as pa

    if pa.types.is_decimal(like.type):
        from decimal import Decimal

        places = Decimal(1).scaleb(-like.type.scale)
        return pa.chunked_array(
            [pa.array([Decimal(v).quantize(places) for v in values.tolist()], like.type)]
        )
    made = pa.array(values)
    if pa.types.is_temporal(like.type) and like.type.bit_width == 32:
        made = made.cast(pa.int32())
    return pa.chunked_array([made.cast(like.type, safe=False)])


def frame(columns, like):
    """Columns as a frame of the names of ``like``, or as an array."""
    if isinstance(like, np.ndarray):
        return np.stack(columns, axis=1) if columns else like[:0]
    natives = [nw.to_native(column) for column in columns]
    library = type(like).__module__.split(".")[0]
    if library == "pandas":
        import pandas as pd

        made = pd.concat([s.reset_index(drop=True) for s in natives], axis=1)
        return made.set_axis(like.columns, axis=1)
    if library == "polars":
        import polars as pl

        return pl.DataFrame(dict(zip(like.columns, natives)))  # one may be named ""
    import pyarrow as pa

    return pa.table(natives, schema=like.schema)
