"""What `SamplingPipeline` and `ConditionalSampler` ask of samplers and of data frames."""

from copy import copy
from inspect import signature

import numpy as np


def draw(sampler, n_samples, random_state):
    """``sampler.sample(n_samples)`` from ``random_state``, whoever takes it.

    scikit-learn's KernelDensity and this package's generators take it in ``sample``; its
    GaussianMixture draws from its own parameter.
    """
    if "random_state" in signature(sampler.sample).parameters:
        return sampler.sample(n_samples, random_state=random_state)
    if hasattr(sampler, "random_state"):
        sampler = copy(sampler)
        sampler.random_state = random_state
    return sampler.sample(n_samples)


def column_dtypes(X):
    """The dtypes of a pandas DataFrame by column; None of anything else."""
    return X.dtypes if hasattr(X, "iloc") else None


def restore(samples, dtypes):
    """Give samples the columns and dtypes of the DataFrame that `column_dtypes` saw."""
    if dtypes is None:
        return samples
    import pandas as pd  # there was a DataFrame: it is installed

    raw = pd.DataFrame(np.asarray(samples))
    if raw.shape[1] != len(dtypes):
        raise ValueError(
            f"The samples have {raw.shape[1]} columns, the DataFrame of the fit had "
            f"{len(dtypes)}."
        )
    columns = [
        _cast(pd, raw[i], name, dtype) for i, (name, dtype) in enumerate(dtypes.items())
    ]
    frame = pd.concat(columns, axis=1)
    frame.columns = dtypes.index
    return frame


def _cast(pd, values, name, dtype):
    if isinstance(dtype, pd.CategoricalDtype):
        return _to_category(pd, values, name, dtype)
    if pd.api.types.is_bool_dtype(dtype):
        low, high = 0, 1
    elif pd.api.types.is_integer_dtype(dtype):
        info = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
        low, high = float(info.min), float(info.max)
        if high > info.max:  # as float64 the largest 64-bit integers are one too many
            high = np.nextafter(high, 0)
    else:
        return values.astype(dtype)
    return values.astype(float).round().clip(low, high).astype(dtype)


def _to_category(pd, values, name, dtype):
    categories = dtype.categories
    if pd.api.types.is_numeric_dtype(categories.dtype):
        distances = np.abs(
            np.subtract.outer(values.to_numpy(float), categories.to_numpy(float))
        )
        return pd.Series(pd.Categorical.from_codes(distances.argmin(axis=1), dtype=dtype))
    unknown = values[~values.isin(categories)]
    if len(unknown):
        raise ValueError(
            f"Column {name!r} is categorical, and a sample is {unknown.iloc[0]!r}, none of "
            f"its categories: {list(categories)}. Encode the column in a step that comes "
            "back to them, such as OneHotEncoder."
        )
    return values.astype(dtype)
