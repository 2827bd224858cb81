"""The way back through a transformer for any real numbers, as generators make them.

The inverse_transform of an encoder is defined on what its transform can give: the vertices
of a simplex (one-hot), whole codes, masks of 0 and 1. Off that grid scikit-learn cuts off,
overlooks the level without a column, or takes all that is not 0 for true, and shares are
wrong. Here a point goes to the nearest of the grid first. A sampler whose points lie within
half a step of the data's then has their shares exactly.
"""

from numbers import Real

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
)
from sklearn.utils import check_array


def inverse(step, X):
    """``step.inverse_transform(X)``, of the nearest point at which it is defined."""
    if step is None or step == "passthrough":
        return X
    if isinstance(step, Pipeline):
        for _, inner in reversed(step.steps):
            X = inverse(inner, X)
        return X
    if isinstance(step, BaseSearchCV):
        return inverse(step.best_estimator_, X)
    # By the method, not the class: a subclass with an inverse of its own keeps that.
    decode = DECODERS.get(getattr(type(step), "inverse_transform", None))
    return step.inverse_transform(X) if decode is None else decode(step, X)


def check_unfitted(name, step):
    """Raise a TypeError before the fit where there is no way back through a step."""
    for inner in _leaves(step):
        why = None
        if isinstance(inner, (DictVectorizer, CountVectorizer, TfidfVectorizer)):
            why = "takes all that is not 0 for present. Encode a table by OneHotEncoder"
        elif isinstance(inner, SimpleImputer) and not inner.add_indicator:
            why = "cannot tell which values are imputed. Give it add_indicator=True"
        elif isinstance(inner, FunctionTransformer) and (
            inner.func is not None and inner.inverse_func is None
        ):
            why = "returns what it gets. Give it an inverse_func"
        if why:
            raise TypeError(
                f"Samples must come back through every step, and in step {name!r} the "
                f"inverse_transform of {type(inner).__name__} {why}."
            )


def check_fitted(name, step):
    """Raise a ValueError where categories have become one that does not come back."""
    for inner in _leaves(step):
        groups = getattr(inner, "infrequent_categories_", None)
        for group in groups or []:
            if group is not None and len(group) > 1:
                raise ValueError(
                    f"In step {name!r} {type(inner).__name__} makes one category of "
                    f"{len(group)}, {list(group[:5])} among them, and samples cannot come "
                    "back to each. Take min_frequency=None and max_categories=None."
                )


def sparse_note(steps):
    """How to make the steps dense that encode into a sparse matrix; "" if none does."""
    names = [name for name, step in steps if any(map(_is_sparse, _leaves(step)))]
    if not names:
        return ""
    return (
        f"Steps {names} make it sparse: give OneHotEncoder sparse_output=False, "
        'KBinsDiscretizer encode="onehot-dense".'
    )


def _is_sparse(encoder):
    bins = isinstance(encoder, KBinsDiscretizer) and encoder.encode == "onehot"
    return bins or getattr(encoder, "sparse_output", False)


def nearest(grid, values):
    """Indices of the numbers of the grid that are nearest to the values."""
    order = np.argsort(grid)
    ends = grid[order] / 2  # halved before they are added: no overflow
    return order[np.searchsorted(ends[1:] + ends[:-1], values)]


def _leaves(step):
    if isinstance(step, BaseSearchCV):
        return _leaves(getattr(step, "best_estimator_", step.estimator))
    if not isinstance(step, Pipeline):
        return [step]
    return [leaf for _, inner in step.steps for leaf in _leaves(inner)]


def _from_one_hot(encoder, X):
    dropped = encoder.drop_idx_
    if dropped is None:
        dropped = [None] * len(encoder.categories_)
    levels = [
        [k for k in _in_order(encoder, i) if k != drop] for i, drop in enumerate(dropped)
    ]
    blocks = _blocks(X, [len(block) for block in levels])
    return _table(
        categories[_from_vertices(block, kept, drop)]
        for categories, block, kept, drop in zip(
            encoder.categories_, blocks, levels, dropped
        )
    )


def _from_vertices(block, levels, drop):
    """The level whose vertex is nearest to each row of the block."""
    # |x - e_k|² = |x|² + 1 - 2 x_k, and a dropped level stands at 0, with |x|², which is as
    # if it had a column of ½.
    if drop is not None:
        block = np.column_stack([block, np.full(len(block), 0.5)])
        levels = [*levels, drop]
    return np.array(levels)[block.argmax(axis=1)]


def _in_order(encoder, i):
    """The categories of a feature by index, in the order of their columns or codes."""
    categories = encoder.categories_[i]
    indices = list(range(len(categories)))
    groups = getattr(encoder, "infrequent_categories_", None)
    if groups is not None and groups[i] is not None:
        # One stands last, as a group does; `check_fitted` refuses groups of several.
        rare = _index(categories, groups[i][0])
        indices.remove(rare)
        indices.append(rare)
    return indices


def _index(categories, value):
    same = (categories == value) | ((categories != categories) & (value != value))
    return int(np.flatnonzero(same)[0])


def _from_codes(encoder, X):
    missing = encoder.encoded_missing_value
    X = _blocks(X, [1] * len(encoder.categories_), ensure_all_finite="allow-nan")
    columns = []
    for i, (categories, codes) in enumerate(zip(encoder.categories_, X)):
        codes = codes.ravel()
        nan = [k for k, category in enumerate(categories) if _is_nan(category)]
        levels = [k for k in _in_order(encoder, i) if k not in nan]
        grid = np.arange(len(levels), dtype=float)
        if nan and not _is_nan(missing):
            levels, grid = levels + nan, np.append(grid, missing)
        known = codes == codes
        if not nan and not known.all():
            raise ValueError(
                f"OrdinalEncoder has no missing category of feature {i}, and a code is NaN."
            )
        indices = np.full(len(codes), nan[0] if nan else 0)
        if levels:
            indices[known] = np.array(levels)[nearest(grid, codes[known])]
        columns.append(categories[indices])
    return _table(columns)


def _from_bins(discretizer, X):
    n_bins = discretizer.n_bins_
    if discretizer.encode == "ordinal":
        bins = np.clip(np.rint(check_array(X, dtype=float)), 0, n_bins - 1)
        return discretizer.inverse_transform(bins)
    vertices = [np.eye(n)[b.argmax(axis=1)] for n, b in zip(n_bins, _blocks(X, n_bins))]
    return discretizer.inverse_transform(np.hstack(vertices))


def _from_imputed(imputer, X):
    """Missing where the indicator, which is 0 or 1, is nearer to 1.

    Not by scikit-learn's own, which shifts columns where all rows lack a value.
    """
    X, hole = np.asarray(X), imputer.missing_values
    features = imputer.indicator_.features_
    values, mask = np.split(X, [X.shape[1] - len(features)], axis=1)
    kept = [k for k, value in enumerate(imputer.statistics_) if not _is_nan(value)]
    if len(kept) != values.shape[1]:
        raise ValueError(
            f"X has {X.shape[1]} columns, and SimpleImputer gave "
            f"{len(kept) + len(features)}."
        )
    fits = values.dtype.kind == "f" and isinstance(hole, Real)
    shape = len(X), len(imputer.statistics_)
    original = np.full(shape, hole, values.dtype if fits else object)
    original[:, kept] = values
    for feature, column in zip(features, mask.T):
        original[column.astype(float) >= 0.5, feature] = hole
    return original


def _blocks(X, widths, **checks):
    """X in blocks of columns, after a check of their widths."""
    # drop="first" leaves nothing of constant columns
    X = check_array(X, dtype=float, ensure_min_features=0, **checks)
    if X.shape[1] != sum(widths):
        raise ValueError(f"X has {X.shape[1]} columns, and the encoder gave {sum(widths)}.")
    return np.split(X, np.cumsum(widths)[:-1], axis=1)


def _is_nan(value):
    return isinstance(value, Real) and value != value


def _table(columns):
    """An array of the columns: of objects where types differ, so that each is exact."""
    columns = list(columns)
    if len({column.dtype for column in columns}) == 1:
        return np.stack(columns, axis=1)
    table = np.empty((len(columns[0]), len(columns)), object)
    for i, column in enumerate(columns):
        table[:, i] = list(column)  # not astype, which makes integers of dates
    return table


DECODERS = {
    OneHotEncoder.inverse_transform: _from_one_hot,
    OrdinalEncoder.inverse_transform: _from_codes,
    KBinsDiscretizer.inverse_transform: _from_bins,
    SimpleImputer.inverse_transform: _from_imputed,
}
