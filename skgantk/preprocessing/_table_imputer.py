"""TableImputer: data frames without holes."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skgantk import _given
from skgantk.discriminators._base import restored_on_error
from skgantk.preprocessing import _columns, _native
from skgantk.preprocessing._table_encoder import TableEncoder
from skgantk.preprocessing._tables import EncodesTables

ROUNDS = 4  # in which rows with holes fill one another: what is predicted has no spread


class TableImputer(EncodesTables, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """A data frame with its holes filled, whatever is in its columns.

    What is missing is drawn from its law given the rest of the row: from a row near to it,
    moved onto it by linear regression. So columns keep their spread and their dependences,
    where a mean or the most probable value would narrow them.

    Parameters
    ----------
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns that are categories whatever their dtype, as in `TableEncoder`.
    random_state : int, RandomState instance or None, default=None
        Of the draws.

    Attributes
    ----------
    encoder_ : TableEncoder
        Of the table.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_columns,)
        Their names, where these are all strings.

    Raises
    ------
    ValueError
        What `TableEncoder` raises.

    See Also
    --------
    skgantk.generators.TableSynthesizer : New rows, also such as complete given cells.
    sklearn.impute.IterativeImputer : With ``sample_posterior=True``, draws of a Gaussian.

    Notes
    -----
    Rows are moved as in [1]_'s adjustment by regression. Where rows of the data have holes
    themselves, these are filled by scikit-learn's IterativeImputer first, and then by one
    another, in rounds. Values stay within those of the data, on their grid; a column of
    which nothing is known stays empty. Given values come back to the bit.

    References
    ----------
    .. [1] Beaumont, Zhang, Balding, "Approximate Bayesian computation in population
       genetics", Genetics 2002.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgantk.preprocessing import TableImputer
    >>> rng = np.random.default_rng(0)
    >>> height = rng.normal(170, 10, 80).round()
    >>> frame = pd.DataFrame({
    ...     "height": height,
    ...     "weight": np.where(rng.random(80) < 0.3, np.nan, (height - 100).round(1)),
    ...     "size": np.where(height > 175, "L", np.where(height > 165, "M", "S")),
    ... })
    >>> filled = TableImputer(random_state=0).fit_transform(frame)
    >>> bool(filled.isna().any(axis=None))
    False
    """

    _parameter_constraints: dict = {
        **TableEncoder._parameter_constraints,
        "random_state": ["random_state"],
    }

    def __init__(self, categorical_features="from_dtype", *, random_state=None):
        self.categorical_features = categorical_features
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn from what is there.

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
            rng = check_random_state(self.random_state)
            self.encoder_ = TableEncoder(self.categorical_features).fit(X)
            self._known = _known(self.encoder_._blocks)
            A = self._cells(X, stacklevel=2).coordinates[:, self._known]
            seed = rng.randint(np.iinfo(np.int32).max)
            self._pool = _predicted(A, seed) if np.isnan(A).any() else A
            for _ in range(ROUNDS):
                self._pool = _given.completed(self._pool, A, rng, np.arange(len(A)))
            self._places = {row: i for i, row in enumerate(_given.as_bytes(A))}
        return self

    def transform(self, X):
        """Fill the holes of a table.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            A table of the columns of the fit.

        Returns
        -------
        X_filled : DataFrame or ndarray of shape (n_samples, n_columns)
            In the library, columns and dtypes of the table of the fit.
        """
        return self.draws(X, 1)[0]

    def draws(self, X, n_draws=5):
        """Fill the holes of a table several times, for multiple imputation.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            A table of the columns of the fit.
        n_draws : int, default=5
            How many times.

        Returns
        -------
        tables : list of DataFrame or ndarray of shape (n_samples, n_columns)
            The first is that of `transform`.
        """
        check_is_fitted(self)
        cells, rng = self._cells(X, stacklevel=5), check_random_state(self.random_state)
        return [_native.indexed(self._drawn(cells, rng), X) for _ in range(n_draws)]

    def _drawn(self, cells, rng):
        A = cells.coordinates[:, self._known]
        own = np.array([self._places.get(row, -1) for row in _given.as_bytes(A)])
        Z = np.full(cells.coordinates.shape, -np.inf)  # that one is missing: the least
        Z[:, self._known] = _given.completed(self._pool, A, rng, own)
        blocks = self.encoder_._blocks
        columns = [block.kind.decode(Z[:, block.columns]) for block in blocks]
        return _native.frame(cells.restored(columns), self.encoder_._head)

    def _cells(self, X, stacklevel):
        X, head = self.encoder_._validated(X, reset=False), self.encoder_._head
        names = range(X.shape[1]) if _native.is_array(head) else _native.names(head)
        return _given.cells(self.encoder_._blocks, list(names), X, stacklevel)


def _known(blocks):
    """Coordinates that are of values, not of their absence."""
    known = np.ones(blocks[-1].columns.stop, bool)
    for block in blocks:
        known[block.columns] = _columns.of_values(block.kind)
    return known


def _predicted(A, seed):
    """A with its NaN filled by what the other columns predict."""
    imputer = make_pipeline(StandardScaler(), IterativeImputer(random_state=seed))
    with warnings.catch_warnings():  # it is a start, and need not converge
        warnings.simplefilter("ignore", ConvergenceWarning)
        filled = imputer.fit_transform(A)
    return np.where(np.isnan(A), imputer[0].inverse_transform(filled), A)
