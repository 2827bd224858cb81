"""TableEncoder: data frames as matrices, and back."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import (
    check_array,
    check_is_fitted,
    validate_data,
)

from skgantk.discriminators._base import restored_on_error
from skgantk.preprocessing import _columns, _native
from skgantk.preprocessing._tables import TakesTables


@dataclass(frozen=True)
class Block:
    """A column of the table, and the columns of the matrix that it becomes."""

    name: str
    kind: Any
    columns: slice

    def decoded(self, Z):
        """Its columns of the matrix Z, as if decoded and encoded again."""
        return self.kind.encode(self.kind.decode(Z[:, self.columns]))


class TableEncoder(TakesTables, TransformerMixin, BaseEstimator):
    """A data frame as a matrix of real numbers, and any real matrix as such a data frame.

    Kinds of columns are found from dtypes and values:

    - numbers, integers or not, and dates, times and durations become one coordinate; back,
      they stay within the range of the data and on their grid, such as whole numbers,
      cents or days;
    - numbers of few levels, booleans and categories of two become one coordinate, which
      comes back from the nearest level;
    - categories, strings and other hashable objects become one coordinate for each level
      (one-hot), and come back from the nearest vertex;
    - a constant, or a column of missing values alone, has no coordinate.

    A missing value (NaN, None, NA, NaT) of a category is one more level; of numbers it is
    filled up by the median, with a coordinate that tells from ½ on that it is missing.

    Parameters
    ----------
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns that are categories whatever their dtype: a mask, indices or names, as in
        `sklearn.ensemble.HistGradientBoostingClassifier`. "from_dtype" leaves it at those
        that have no numbers.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the table.
    feature_names_in_ : ndarray of shape (n_columns,)
        Their names, where these are all strings.

    Raises
    ------
    ValueError
        In the fit, naming the column: if nearly all values of one that has no numbers are
        distinct (identifiers, free text) and it is not among ``categorical_features``, if
        numbers are infinite, or values are not hashable; if names are there twice. In
        `transform`, if a category has a level that it had not, or a value is missing where
        none was.

    Warns
    -----
    UserWarning
        If a category has more than 100 levels.

    See Also
    --------
    skgantk.pipeline.SamplingPipeline : A generator between `transform` and its inverse.

    Notes
    -----
    Frames of pandas, polars and pyarrow come back as such, with the same columns, dtypes
    and categories, and arrays as arrays; the index is not kept. Levels come back in the
    order and dtype in which they came.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgantk.preprocessing import TableEncoder
    >>> frame = pd.DataFrame({
    ...     "age": [31, 47, None, 25], "sex": ["f", "m", "m", "f"],
    ...     "price": [9.99, 0.5, 3.25, 12.0],
    ... })
    >>> encoder = TableEncoder().fit(frame)
    >>> encoder.get_feature_names_out().tolist()
    ['age', 'missingindicator_age', 'sex', 'price']
    >>> encoder.inverse_transform(encoder.transform(frame) + 0.003)
        age sex  price
    0  31.0   f   9.99
    1  47.0   m   0.50
    2   NaN   m   3.25
    3  25.0   f  12.00
    """

    _parameter_constraints: dict = {
        "categorical_features": ["array-like", StrOptions({"from_dtype"})],
    }

    def __init__(self, categorical_features="from_dtype"):
        self.categorical_features = categorical_features

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Find the kinds of the columns.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            The table.
        y : None
            Ignored.

        Returns
        -------
        self : object
        """
        with restored_on_error(self):
            X = self._validated(X, reset=True)
            chosen = self._categorical()
            self._head, self._blocks, start = X[:0], [], 0
            for i, column in enumerate(_native.series(X)):
                name = self._name(i)
                with _columns.named(name):
                    kind = _columns.kind_of(column, bool(chosen[i]))
                end = start + kind.width
                self._blocks.append(Block(name, kind, slice(start, end)))
                start = end
            self._warn_of_levels()
        return self

    def _validated(self, X, reset):
        """X as a frame or a 2-D array, after scikit-learn's checks."""
        if not _native.is_array(X):
            names = list(_native.names(X))
            twice = sorted({str(name) for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(
                    f"Column names are there twice: {twice}. Give each column its own."
                )
            validate_data(self, X, reset=reset, skip_check_array=True)
            if not len(X):
                raise ValueError(
                    f"Found array with 0 sample(s) (shape={tuple(X.shape)}) while a "
                    f"minimum of 1 is required by {type(self).__name__}."
                )
            return X
        return validate_data(
            self, X, reset=reset, dtype=None, ensure_all_finite="allow-nan"
        )

    def _name(self, i):
        names = getattr(self, "feature_names_in_", None)
        return f"x{i}" if names is None else names[i]

    def _categorical(self):
        """Whether each column is a category by decree."""
        chosen = np.zeros(self.n_features_in_, bool)
        wanted = np.asarray(self.categorical_features)
        if wanted.ndim == 0 or not len(wanted):  # "from_dtype", or none by decree
            return chosen
        if wanted.dtype.kind == "b" and len(wanted) != len(chosen):
            raise ValueError(
                f"categorical_features is a mask of {len(wanted)} columns, and X has "
                f"{len(chosen)}."
            )
        if wanted.dtype.kind in "UO":
            names = list(getattr(self, "feature_names_in_", []))
            unknown = [name for name in wanted if name not in names]
            if unknown:
                raise ValueError(
                    f"categorical_features has {unknown}, and the columns are {names}."
                )
            wanted = np.array([names.index(name) for name in wanted], int)
        elif wanted.dtype.kind in "iu" and np.any((wanted < 0) | (wanted >= len(chosen))):
            raise ValueError(
                f"categorical_features has indices from {wanted.min()} to {wanted.max()}, "
                f"and X has {len(chosen)} columns."
            )
        chosen[wanted] = True
        return chosen

    def _warn_of_levels(self):
        for block in self._blocks:
            if (
                isinstance(block.kind, _columns.OneHot)
                and block.kind.width > _columns.WARNED
            ):
                warnings.warn(
                    f"Column {block.name!r} has {block.kind.width} levels, each a "
                    "coordinate of which little can be learnt. Group the rare ones.",
                    UserWarning,
                    stacklevel=4,
                )

    def transform(self, X):
        """Encode a table.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            A table of the columns of the fit.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_features_out)
            float64.
        """
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        parts = []
        for column, block in zip(_native.series(X), self._blocks):
            with _columns.named(block.name):
                parts.append(block.kind.encode(column))
        return np.concatenate(parts, axis=1)

    def inverse_transform(self, Z):
        """Decode a matrix of any real numbers.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_features_out)
            The matrix.

        Returns
        -------
        X : DataFrame or ndarray of shape (n_samples, n_columns)
            A table of the columns, dtypes and library of that of the fit.
        """
        check_is_fitted(self)
        Z = check_array(Z, dtype=float, ensure_min_features=0)
        width = self._blocks[-1].columns.stop
        if Z.shape[1] != width:
            raise ValueError(f"Z has {Z.shape[1]} columns, and the table becomes {width}.")
        columns = [block.kind.decode(Z[:, block.columns]) for block in self._blocks]
        return _native.frame(columns, self._head)

    def get_feature_names_out(self, input_features=None):
        """Names of the columns of the matrix.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of the table, which must be those of the fit if it had
            names.

        Returns
        -------
        names : ndarray of str objects
            All distinct: those that are there before get a prime.
        """
        check_is_fitted(self)
        given = [block.name for block in self._blocks]
        if input_features is not None:
            if len(input_features) != len(given):
                raise ValueError(
                    "input_features should have length equal to number of features "
                    f"({len(given)}), got {len(input_features)}"
                )
            if hasattr(self, "feature_names_in_") and list(input_features) != given:
                raise ValueError("input_features is not equal to feature_names_in_")
            given = list(input_features)
        names = [name for g, b in zip(given, self._blocks) for name in b.kind.names(g)]
        return np.array(_distinct(names), object)


def _distinct(names):
    """Level b_c of column a and level c of column a_b would be one name, as 1 and "1"."""
    distinct = {}
    for name in names:
        while name in distinct:
            name += "'"
        distinct[name] = None
    return list(distinct)
