"""TableSynthesizer: new rows of any data frame."""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, _fit_context
from sklearn.preprocessing import StandardScaler
from sklearn.utils import (
    check_array,
    check_consistent_length,
    check_random_state,
    column_or_1d,
)
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from skgantk import _given
from skgantk.discriminators._base import restored_on_error
from skgantk.generators import (
    _conditions,
    _constraints,
    _repeats,
)
from skgantk.generators._base import check_n_samples, check_one_each
from skgantk.generators._conditions import FEWEST
from skgantk.generators._gantk import GANTKSynthesizer
from skgantk.generators._table_part import fitted_part
from skgantk.metrics import energy_distance
from skgantk.preprocessing import TableEncoder, _native
from skgantk.preprocessing._tables import EncodesTables

SMALLEST = 1e-150  # spread of a column, so that its square is no denormal number
LARGE = 20  # rows of each number at least, for numbers to be labels and not a target
MOST = 50  # rows drawn at most for each that is kept
ATTEMPTS = 30  # at most, at a row of which something is given, to keep the constraints


class TableSynthesizer(EncodesTables, MetaEstimatorMixin, BaseEstimator):
    """New rows like those of a data frame, whatever is in its columns.

    Numbers, categories, strings, booleans, times and missing values are encoded by a
    `TableEncoder`; a generator learns the distribution of the coordinates; its samples are
    calibrated, so that every column has the values and shares of the data, and decoded.

    Parameters
    ----------
    generator : estimator, default=None
        Any estimator with ``fit(X)`` and ``sample(n_samples)``: a generator, scikit-learn's
        KernelDensity or GaussianMixture. It gets coordinates of mean 0 and variance 1.
        None is a `GANTKSynthesizer`; one with ``verbose=1`` shows how far it is.
    categorical_features : "from_dtype" or array-like, default="from_dtype"
        Columns that are categories whatever their dtype, as in `TableEncoder`.
    calibrate : bool, default=True
        Whether each column is mapped to the distribution that it has in the data, by
        the map that moves its values least: numbers from quantiles to quantiles, between
        the values of the data; categories by a handicap for each level, so that their
        shares are those of the data. Dependences between columns stay the generator's.
        Repeated rows beyond their natural share become others.
    constraints : list, default=None
        What holds in every row of the data, and will in every new one:

        - ``(column, comparison, column or value)``, such as ``("start", "<=", "end")``,
          with ``<``, ``<=``, ``>``, ``>=``, ``==`` or ``!=``. A missing value breaks none;
        - ``(column, function)``: it is computed, by a function of a table;
        - ``([columns], "unique")``: no two rows have the same in all of these;
        - a function of a table that says of each row whether it is right.

        Rows that break one are not given out; others are drawn for them. That columns are
        whole numbers, on a grid, in a range is learnt, and needs no constraint.
    random_state : int, RandomState instance or None, default=None
        Of the fit.

    Attributes
    ----------
    encoder_ : TableEncoder
        Of the table.
    generators_ : list of estimators
        The fitted generator; with labels, that of each of ``classes_`` and one more of
        the others together, None where the rows are all the same.
    classes_ : ndarray of shape (n_classes,)
        The labels that have a generator of their own.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_columns,)
        Their names, where these are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        What `TableEncoder` raises, or if all columns are constant, or one has numbers so
        far apart, or so near, that float64 has not their variance; if a constraint is
        broken by the data, or by nearly all that is drawn.

    See Also
    --------
    skgantk.preprocessing.TableEncoder : The way to coordinates and back.
    ConditionalSampler : One generator for each class, which also balances classes.

    Notes
    -----
    Rows come as frames of the library, columns and dtypes of the data (pandas, polars,
    pyarrow), or as arrays. Only values come that may occur: levels that the data have, and
    numbers and times between their least and greatest, on their grid.

    Calibrated rows are rows of the data no more often than fresh ones would be, a share
    that the data tell by how many of them are there once [1]_; those beyond that change in
    the column that matters least. A table of categories alone is not copied.

    References
    ----------
    .. [1] I. J. Good, "The population frequencies of species and the estimation of
       population parameters", Biometrika 1953.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skgantk.generators import TableSynthesizer
    >>> rng = np.random.default_rng(0)
    >>> height = rng.normal(170, 10, 80).round()
    >>> frame = pd.DataFrame({
    ...     "height": height,
    ...     "weight": np.where(rng.random(80) < 0.1, np.nan, (height - 100).round(1)),
    ...     "size": np.where(height > 175, "L", np.where(height > 165, "M", "S")),
    ... })
    >>> rows = TableSynthesizer(random_state=0).fit(frame).sample(5)
    >>> rows.dtypes.equals(frame.dtypes)
    True
    """

    _parameter_constraints: dict = {
        "generator": [HasMethods(["fit", "sample"]), None],
        "categorical_features": ["array-like", StrOptions({"from_dtype"})],
        "calibrate": ["boolean"],
        "constraints": [list, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        generator=None,
        *,
        categorical_features="from_dtype",
        calibrate=True,
        constraints=None,
        random_state=None,
    ):
        self.generator = generator
        self.categorical_features = categorical_features
        self.calibrate = calibrate
        self.constraints = constraints
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn the distribution of rows, with their labels or targets if there are any.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            The table.
        y : Series or array-like of shape (n_samples,), default=None
            Labels, each of which gets a generator of its own if it has at least 5 rows;
            those of fewer share one, with which the label is learnt as one more column.
            So are numbers, unless each of them is there at least 20 times.

        Returns
        -------
        self : object
        """
        with restored_on_error(self):
            rng = check_random_state(self.random_state)
            self.encoder_ = TableEncoder(self.categorical_features).fit(X)
            Z, blocks = self.encoder_.transform(X), self.encoder_._blocks
            self._rules, self._computed = [], []
            if self.constraints:
                table = self.encoder_.inverse_transform(Z)
                self._rules, self._computed = _constraints.parsed(self.constraints, table)
            codes = np.zeros(len(Z), int)
            self._label_encoder, self._like, row = None, y, blocks
            vars(self).pop("classes_", None)  # of an earlier fit
            if y is not None:
                check_consistent_length(X, y)
                values = column_or_1d(y)
                classes, codes = _classes(values)
                labels = _as_table(y)
                self._label_encoder = TableEncoder([classes is not None]).fit(labels)
                blocks = blocks + _shifted(self._label_encoder._blocks, Z.shape[1])
                row = blocks if classes is None else row  # a target makes another one
                Z = np.hstack([Z, self._label_encoder.transform(labels)])
                self._like = y[:0]
                if len(np.unique(codes)) > 1:
                    self.classes_ = classes
            _check_spread(Z, blocks)
            self._rows, self._blocks, self._names = Z, blocks, _names(X, y)
            self._repeats = partial(_repeats.repeats, row, _repeats.counted(row, Z))
            self._parts = [self._fit_part(Z[codes == k], rng) for k in np.unique(codes)]
            self.generators_ = [part.generator for part in self._parts]
            self._shares = np.bincount(codes) / len(codes)
        return self

    def sample(self, n_samples=1, random_state=None, given=None, fresh=False):
        """Draw new rows, all or of a kind.

        Parameters
        ----------
        n_samples : int, default=1
            How many. As many as the data are those of the fit, and further calls give much
            the same rows again; more cost `GANTKSynthesizer` as long as a fit for every so
            many. Draw all that are needed at once: several tables are stretches of one; or
            see ``fresh``. Not needed with a table ``given``.
        random_state : int, RandomState instance or None, default=None
            Of the draw; None draws afresh at every call.
        given : dict, DataFrame or array of shape (n_samples, n_columns), default=None
            What rows are to have, labels or targets included if they have a name:

            - a dict from columns to a value, a list of values, or a range (low, high), in
              which None is no bound: ``{"sex": "female", "age": (60, 80)}``. The rows of
              the data that fulfil all get a generator of their own, at the cost of a fit
              of so many; where fewer than 5 do, drawn rows that fulfil it join them, or
              where these are too few, the nearest are moved onto it, with a warning;
            - a table with some of the columns, in which what is free is missing, a row for
              each that is wanted. It comes back to the bit, and the rest is drawn from its
              law given that: drawn rows near to it are moved onto it by linear regression.
        fresh : bool, default=False
            Draw none of the rows of the fit, so that rows are others than those of any call
            with another ``random_state``, at the cost of a fit for every so many. With a
            dict ``given``, and with generators that keep no rows, they always are.

        Returns
        -------
        X : DataFrame or ndarray of shape (n_samples, n_columns)
            The rows, in what the table of the fit was.
        y : Series or ndarray of shape (n_samples,)
            Their labels or targets, if the fit had any.

        Warns
        -----
        UserWarning
            If what is given is hardly in the data, or beyond them.
        """
        check_is_fitted(self)
        check_n_samples(n_samples)
        rng = check_random_state(random_state)
        if given is None:
            draw = partial(self._draw, fresh=fresh)
            return self._decoded(self._kept(draw, n_samples, rng))
        if not isinstance(given, Mapping):
            return self._completed(given, n_samples, rng, fresh)
        asked = _conditions.conditions(self._blocks, self._names, given)
        self._check_computed([k for k, _ in asked])
        rows, asked = _conditions.target(self._blocks, asked, self._rows, self._draw, rng)
        part = self._fit_part(rows, rng)

        def draw(size, rng):
            return _conditions.snapped(self._blocks, asked, part.draw(size, rng))

        return self._decoded(self._kept(draw, n_samples, rng, asked))

    def _check_computed(self, given):
        for rule in self._computed:
            if rule.column in given:
                raise ValueError(
                    f"Column {self._names[rule.column]!r} is computed from others: give "
                    "these, not it."
                )

    def _kept(self, draw, n_samples, rng, asked=()):
        """Rows, encoded, that fulfil all that is asked and keep the constraints."""
        size = n_samples
        while True:
            Z = draw(size, rng)
            kept = _conditions.holding(self._blocks, asked, Z)
            kept &= self._keeping(Z)
            if kept.sum() >= n_samples:
                return Z[kept][:n_samples]
            if size >= MOST * n_samples:
                raise ValueError(
                    f"{kept.sum()} of {size} rows that were drawn keep the constraints and "
                    f"what is given, and n_samples={n_samples}. Ask for fewer rows, or "
                    "loosen them."
                )
            share = max(kept.sum(), 1) / size
            size = min(math.ceil(1.2 * n_samples / share), MOST * n_samples)

    def _keeping(self, Z, cells=None):
        if not self._rules:
            return np.ones(len(Z), bool)
        columns = self._columns(Z, cells)[: len(self.encoder_._blocks)]
        table = _native.frame(columns, self.encoder_._head)
        return _constraints.keeping(self._rules, table)

    def _completed(self, given, n_samples, rng, fresh):
        """Rows of which some cells are given."""
        if _native.is_array(given):
            given = check_array(given, dtype=None, ensure_all_finite="allow-nan")
            if given.shape[1] != self.n_features_in_:
                raise ValueError(
                    f"given has {given.shape[1]} columns, and the table has "
                    f"{self.n_features_in_}. Leave free cells missing (NaN)."
                )
        cells = _given.cells(self._blocks, self._names, given, stacklevel=3)
        self._check_computed(cells.columns)
        n = len(cells.coordinates)
        check_one_each(n_samples, n)
        size = max(len(self._rows), _given.pool_size(cells.coordinates))
        pool = self._draw(size, rng, fresh)
        Z, broken = np.empty((n, pool.shape[1])), np.ones(n, bool)
        for attempt in range(ATTEMPTS):
            nearest = min(_given.NEAREST * 2**attempt, len(pool))
            wanted = cells.coordinates[broken]
            rows = _given.completed(pool, wanted, rng, nearest=nearest)
            Z[broken] = np.hstack([block.decoded(rows) for block in self._blocks])
            broken = ~self._keeping(Z, cells)
            if not broken.any():
                return self._decoded(Z, cells, like=given)
        raise ValueError(
            f"{broken.sum()} of the rows given, such as row {np.argmax(broken)}, were not "
            f"completed in a way that keeps the constraints, in {ATTEMPTS} attempts. Mend "
            "what is given there."
        )

    def _decoded(self, Z, cells=None, like=None):
        """Rows, with labels or targets if there are any."""
        columns = self._columns(Z, cells)
        n = len(self.encoder_._blocks)
        table = _native.indexed(_native.frame(columns[:n], self.encoder_._head), like)
        if self._label_encoder is None:
            return table
        labels = _native.frame(columns[n:], self._label_encoder._head)
        return table, _as_labels(_native.indexed(labels, like), self._like)

    def _columns(self, Z, cells=None):
        columns = [block.kind.decode(Z[:, block.columns]) for block in self._blocks]
        if cells is not None:
            columns = cells.restored(columns)
        n, head = len(self.encoder_._blocks), self.encoder_._head
        # One may be computed of another: in as many rounds all are.
        for rule in self._computed * len(self._computed):
            columns[rule.column] = rule.values(_native.frame(columns[:n], head))
        return columns

    def _fit_part(self, Z, rng):
        generator = GANTKSynthesizer() if self.generator is None else self.generator
        return fitted_part(generator, Z, self._blocks, self.calibrate, self._repeats, rng)

    def _draw(self, n_samples, rng, fresh=False):
        codes = _codes(self._shares, n_samples, rng)
        Z = np.empty((n_samples, self._parts[0].width))
        for k, part in enumerate(self._parts):
            chosen = codes == k
            if chosen.any():
                Z[chosen] = part.draw(int(chosen.sum()), rng, fresh)
        return Z

    def score(self, X, y=None):
        """Minus the energy distance between as many samples as X and X, both encoded.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            Rows.
        y : Series or array-like of shape (n_samples,), default=None
            Their labels or targets, if the fit had any.

        Returns
        -------
        score : float
            Of coordinates of variance 1; greater is better.
        """
        check_is_fitted(self)
        Z = self.encoder_.transform(X)
        if self._label_encoder is not None and y is not None:
            Z = np.hstack([Z, self._label_encoder.transform(_as_table(y))])
        if not Z.shape[1]:
            return 0.0  # all constant, and so are samples
        made = self._draw(len(Z), check_random_state(self.random_state))[:, : Z.shape[1]]
        scaler = StandardScaler().fit(Z)
        return -energy_distance(scaler.transform(made), scaler.transform(Z))


def _check_spread(Z, blocks):
    """Raise where there is nothing to learn, or a variance that float64 has not."""
    spread = np.ptp(Z, axis=0)
    if not spread.any():
        raise ValueError(
            f"All columns are constant (n_samples={len(Z)}): there is nothing to learn."
        )
    for block in blocks:
        for width in spread[block.columns]:
            if width and not SMALLEST < width < 1 / SMALLEST:
                raise ValueError(
                    f"The numbers of column {block.name!r} are {width:.2g} apart, of which "
                    "float64 has not the square. Give it another unit."
                )


def _codes(shares, n_samples, rng):
    """Labels, each of probability ``shares``, which every stretch has nearly exactly.

    Multiples of the golden ratio, from a random start, are the evenest that there are.
    """
    positions = (rng.uniform() + np.arange(n_samples) * (np.sqrt(5) - 1) / 2) % 1
    codes = np.searchsorted(np.cumsum(shares), positions, side="right")
    return np.minimum(codes, len(shares) - 1)  # where the sum is less than 1


def _shifted(blocks, start):
    """Blocks of coordinates from ``start`` on."""
    return [
        replace(b, columns=slice(start + b.columns.start, start + b.columns.stop))
        for b in blocks
    ]


def _classes(y):
    """Labels with a generator of their own, and the number of each row's generator.

    The smallest classes share the last one, so many that it has rows enough. No labels,
    but None, where numbers are rather a target.
    """
    one = np.zeros(len(y), int)
    if type_of_target(y, "y") not in ("binary", "multiclass"):
        return None, one
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    if y.dtype.kind in "iuf" and counts.min() < LARGE:
        return None, one
    order = np.argsort(counts, kind="stable")
    shared = np.sum(counts < FEWEST)
    if shared:
        shared = max(shared, 1 + np.searchsorted(np.cumsum(counts[order]), FEWEST))
    own = np.sort(order[shared:])
    generator = np.full(len(classes), len(own))
    generator[own] = np.arange(len(own))
    return classes[own], generator[codes]


def _names(X, y):
    """What columns are given by: names, or positions in an array, and that of y, if any."""
    names = range(np.shape(X)[1]) if _native.is_array(X) else _native.names(X)
    label = getattr(y, "name", None)
    return [*names, *([] if label is None or label in list(names) else [label])]


def _as_table(y):
    """y as a table of one column, in its library."""
    return y.to_frame() if hasattr(y, "to_frame") else np.asarray(y).reshape(-1, 1)


def _as_labels(table, like):
    if isinstance(table, np.ndarray):
        return table[:, 0]
    if hasattr(table, "iloc"):
        return table.iloc[:, 0].rename(like.name)
    return table.to_series()
