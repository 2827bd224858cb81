"""What `SamplingPipeline` and `ConditionalSampler` ask of data frames and give back."""

from contextlib import contextmanager
from dataclasses import dataclass
from reprlib import repr as shortened

import narwhals as nw
import numpy as np
from scipy.sparse import issparse
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder
from sklearn.utils import get_tags

from skgantk._inverse import nearest, sparse_note
from skgantk.preprocessing import _native


@dataclass(frozen=True)
class Column:
    """What samples of a column must be, to be of its kind."""

    name: object
    dtype: object
    finite: bool  # in every row: no NaN, no infinity
    types: tuple  # of the values, in a column of objects
    number: object  # the dtype of these, if they are numbers


@dataclass(frozen=True)
class Frame:
    """The columns of a DataFrame."""

    names: object
    columns: list


def is_frame(X):
    """Whether X is a pandas DataFrame."""
    return hasattr(X, "iloc") and X.ndim == 2


def schema(X):
    """What `restore` gives back: a `Frame` of pandas; of all else whether it is finite."""
    if is_frame(X):
        return Frame(X.columns, [_column(X.iloc[:, i]) for i in range(X.shape[1])])
    if not _native.is_array(X):
        return all(
            _is_finite(column.to_numpy())
            if column.dtype.is_numeric()
            else not _native.missing(column).any()
            for column in _native.series(X)
        )
    try:
        array = np.asarray(X.data if issparse(X) else X)
    except ValueError:  # ragged: only a step of one's own takes that
        return False
    return _is_finite(array)


def _column(values):
    import pandas as pd  # there is a DataFrame: it is installed

    known = values[values.notna()]
    finite = len(known) == len(values)
    if pd.api.types.is_float_dtype(values.dtype):
        finite = finite and _is_finite(known.to_numpy(float))
    types, number = (), None
    if pd.api.types.is_object_dtype(values.dtype):
        types, inferred = tuple(set(map(type, known))), known.infer_objects().dtype
        number = inferred if pd.api.types.is_numeric_dtype(inferred) else None
    return Column(values.name, values.dtype, finite, types, number)


def _is_finite(array):
    if array.dtype.kind in "fc":
        return bool(np.isfinite(array).all())
    return array.dtype.kind != "O" or not np.any(array != array)  # NaN is not itself


def restore(samples, schema):
    """Give samples the columns and dtypes of the data that `schema` saw."""
    if not isinstance(schema, Frame):
        if schema and isinstance(samples, np.ndarray) and not _is_finite(samples):
            raise ValueError("The data are finite, and a sample is not" + NO_INVERSE)
        return samples
    import pandas as pd

    if not hasattr(samples, "iloc"):
        samples = np.asarray(samples)
        samples = pd.DataFrame(samples, dtype=object if samples.dtype == object else None)
    if samples.shape[1] != len(schema.columns):
        raise ValueError(
            f"The samples have {samples.shape[1]} columns, the DataFrame of the fit had "
            f"{len(schema.columns)}."
        )
    columns = [
        _restored(pd, samples.iloc[:, i].reset_index(drop=True), column)
        for i, column in enumerate(schema.columns)
    ]
    frame = pd.concat(columns, axis=1)
    frame.columns = schema.names
    return frame


NO_INVERSE = (
    ": the inverse_transform of a step is not defined there. PowerTransformer's is not "
    "beyond what it was fitted to; take QuantileTransformer or StandardScaler instead."
)


def _restored(pd, values, column):
    dtype = column.dtype
    dense = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    if isinstance(values.dtype, pd.SparseDtype):
        values = values.sparse.to_dense()
    known = values[values.notna()]
    if len(known) < len(values):
        _refuse_not_finite(column)
    if pd.api.types.is_object_dtype(dense):
        values = values.astype(object)
        values[known.index] = _as_objects(pd, known, column)
        return values
    known = known.infer_objects()
    if known.dtype != dense:
        _check_finite(known, column)  # before it is rounded, and after
        known = _cast(pd, known, column, dense)
    _check_finite(known, column)
    return known.reindex(values.index).astype(dtype)


def _check_finite(values, column):
    infinite = values.dtype.kind == "f" and np.isinf(values.to_numpy(float)).any()
    if infinite or values.isna().any():
        _refuse_not_finite(column)


def _refuse_not_finite(column):
    if column.finite:
        raise ValueError(
            f"Column {column.name!r} has no missing or infinite value, and a sample has "
            f"one{NO_INVERSE}"
        )


def _cast(pd, values, column, dtype):
    """Values, none of them missing, in a dtype."""
    is_dtype, kind = pd.api.types, getattr(dtype, "kind", "O")
    if isinstance(dtype, pd.CategoricalDtype):
        return _to_category(pd, values, column, dtype)
    if is_dtype.is_bool_dtype(dtype):
        return (_numbers(pd, values, column) >= 0.5).astype(dtype)
    if is_dtype.is_integer_dtype(dtype):
        return _whole(_numbers(pd, values, column), dtype).astype(dtype)
    if is_dtype.is_float_dtype(dtype):
        with np.errstate(over="ignore"):
            return _numbers(pd, values, column).astype(dtype)
    if kind in "mM" and is_dtype.is_numeric_dtype(values.dtype):
        # What scikit-learn makes of dates: the numbers of units since 1970.
        return _whole(values, np.dtype("int64")).astype("int64").astype(dtype)
    if is_dtype.is_string_dtype(dtype):
        _check_types(values, column, (str,))
    try:
        return pd.Series(pd.array(values.tolist(), dtype=dtype), index=values.index)
    except (TypeError, ValueError) as error:
        raise _no_way_back(column, values.iloc[0]) from error


def _numbers(pd, values, column):
    try:
        return pd.to_numeric(values)
    except (TypeError, ValueError) as error:
        raise _no_way_back(column, values.iloc[0]) from error


def _whole(numbers, dtype):
    """Numbers rounded and kept within an integer dtype; integers stay exact."""
    info = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
    if numbers.dtype.kind in "iu":
        own = np.iinfo(getattr(numbers.dtype, "numpy_dtype", numbers.dtype))
        return numbers.clip(max(info.min, own.min), min(info.max, own.max))
    low, high = float(info.min), float(info.max)
    if high > info.max:  # as float64 the largest 64-bit integers are one too many
        high = np.nextafter(high, 0)
    return numbers.astype(float).round().clip(low, high)


def _to_category(pd, values, column, dtype):
    """Equal categories; for numbers that are none the nearest."""
    categories = dtype.categories
    positions = {category: k for k, category in enumerate(categories)}
    codes = np.array([positions.get(value, -1) for value in values.tolist()], int)
    other = codes < 0
    if other.any():
        numeric = pd.api.types.is_numeric_dtype
        grid = categories.astype("int64") if categories.dtype.kind in "mM" else categories
        if not (numeric(values.dtype) and numeric(grid.dtype) and len(grid)):
            raise _no_way_back(column, values[other].iloc[0])
        codes[other] = nearest(grid.to_numpy(float), values[other].to_numpy(float))
    return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype), index=values.index)


def _as_objects(pd, values, column):
    if column.number is not None:
        return _cast(pd, values.infer_objects(), column, column.number).astype(object)
    _check_types(values, column, column.types)
    return values


def _check_types(values, column, types):
    for value in values:
        if not isinstance(value, types):
            raise _no_way_back(column, value)


def _no_way_back(column, value):
    dtype = column.dtype
    kind, among = dtype, ""
    if hasattr(dtype, "categories"):
        kind = "categorical"
        among = f", none of its categories: {shortened(list(dtype.categories))}"
    return ValueError(
        f"Column {column.name!r} is {kind}, and a sample is {shortened(value)}{among}. "
        "Encode the column in a step that comes back to its values, such as OneHotEncoder."
    )


def rows_at(X, indices):
    """Rows of an array, a frame or a series, in what it is; pandas' index is not kept."""
    if hasattr(X, "iloc"):
        return X.iloc[indices].reset_index(drop=True)
    rows = nw.from_native(X, allow_series=True, pass_through=True)[indices]
    return nw.to_native(rows, pass_through=True)


REMEDY = (
    "skgantk.preprocessing.TableEncoder as the first step encodes them, and "
    "skgantk.generators.TableSynthesizer takes them as they are."
)


@contextmanager
def explained(X, step):
    """Add to an error of a fit which columns or steps it may be about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        said = "".join([str(error), *getattr(error, "__notes__", [])])
        for note in _notes(X, step):
            if note not in said:  # by a step that is such a pipeline
                error.add_note(note)
        raise


def _notes(X, step):
    """What scikit-learn does not take in a frame, and generators in a sparse matrix."""
    sparse = sparse_note(step.steps[:-1] if isinstance(step, Pipeline) else [])
    if sparse:
        yield sparse
    if _native.is_array(X):
        return
    columns = list(_described(X))
    if all(str(dtype).startswith("Sparse") for _, dtype, _, _ in columns):
        yield "All columns are sparse; X.sparse.to_dense() makes them dense."
    others = {
        name: str(dtype) for name, dtype, kind, hole in columns if kind != "number" or hole
    }
    if others and not _takes_tables(_first(step)):
        yield (
            "Columns that are no numbers, or have missing values: "
            f"{shortened(others)}. {REMEDY}"
        )


def check_dates(X, step):
    """Raise where a step would take missing dates for the number -2⁶³, or for a date.

    scikit-learn's own do, and so do generators, which check their input in its way.
    """
    step = _first(step)
    library = type(step).__module__.split(".")[0]
    if (
        _native.is_array(X)
        or library not in ("sklearn", "skgantk")
        or isinstance(step, FunctionTransformer)
        or _takes_tables(step)
    ):
        return
    encodes = isinstance(step, (OneHotEncoder, OrdinalEncoder))
    for name, dtype, kind, hole in _described(X):
        if hole and (kind == "time" or (kind == "time in a zone" and not encodes)):
            raise ValueError(
                f"Column {name!r} is {dtype} with missing values, which "
                f"{type(step).__name__} would take for dates or numbers. {REMEDY}"
            )


def _first(step):
    """The first step of a pipeline, or the step itself."""
    while isinstance(step, Pipeline):
        step = next((s for _, s in step.steps if s not in (None, "passthrough")), None)
    return step


def _takes_tables(step):
    """Whether it encodes all that is in a table, as TableEncoder and TableSynthesizer."""
    tags = get_tags(step).input_tags if hasattr(step, "__sklearn_tags__") else None
    return tags is not None and tags.string and tags.categorical


def _described(X):
    """Name, dtype, kind and whether a value is missing, of the columns of a frame."""
    if not is_frame(X):
        for column in _native.series(X):
            dtype = column.dtype
            number = dtype.is_numeric() or dtype == nw.Boolean
            time = dtype.is_temporal() and dtype != nw.Time  # which is one of objects
            kind = "number" if number else "time" if time else "label"
            yield column.name, dtype, kind, _native.missing(column).any()
        return
    import pandas as pd

    for name, values in X.items():
        dtype = getattr(getattr(values.dtype, "categories", None), "dtype", values.dtype)
        kind = "number" if pd.api.types.is_numeric_dtype(dtype) else "label"
        if dtype.kind in "mM":  # in a zone they are objects, which encoders understand
            kind = "time" if getattr(dtype, "tz", None) is None else "time in a zone"
        yield name, values.dtype, kind, values.isna().any()
