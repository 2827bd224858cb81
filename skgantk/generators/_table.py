"""TableSynthesizer: new rows of any data frame."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, _fit_context
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from skgantk._samplers import ask, draw, seeded
from skgantk.discriminators._base import restored_on_error
from skgantk.generators import _calibration, _repeats
from skgantk.generators._base import BaseGenerator, check_n_samples
from skgantk.generators._gantk import GANTKSynthesizer
from skgantk.metrics import energy_distance
from skgantk.preprocessing import TableEncoder

SMALLEST = 1e-150  # spread of a column, so that its square is no denormal number
LARGE = 20  # rows of each number at least, for numbers to be labels and not a target
FEWEST = 5  # rows of a class at least that has a generator of its own


class TableSynthesizer(MetaEstimatorMixin, BaseEstimator):
    """New rows like those of a data frame, whatever is in its columns.

    Numbers, categories, strings, booleans, times and missing values are encoded by a
    `TableEncoder`; a generator learns the distribution of the coordinates; its samples are
    calibrated, so that every column has the values and shares of the data, and decoded.

    Parameters
    ----------
    generator : estimator, default=None
        Any with ``fit(X)`` and ``sample(n_samples)``: a generator, scikit-learn's
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
        far apart, or so near, that float64 has not their variance.

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
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        generator=None,
        *,
        categorical_features="from_dtype",
        calibrate=True,
        random_state=None,
    ):
        self.generator = generator
        self.categorical_features = categorical_features
        self.calibrate = calibrate
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    @property
    def n_features_in_(self):
        """Number of columns."""
        check_is_fitted(self)
        return self.encoder_.n_features_in_

    @property
    def feature_names_in_(self):
        """Names of the columns, where these are all strings."""
        return self.encoder_.feature_names_in_

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
            generator = GANTKSynthesizer() if self.generator is None else self.generator
            repeats = partial(_repeats.repeats, row, _repeats.counted(row, Z))
            self._parts = [
                _fit_part(generator, Z[codes == k], blocks, self.calibrate, repeats, rng)
                for k in np.unique(codes)
            ]
            self.generators_ = [part.generator for part in self._parts]
            self._shares = np.bincount(codes) / len(codes)
        return self

    def sample(self, n_samples=1, random_state=None):
        """Draw new rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many. As many as the data are those of the fit; more cost
            `GANTKSynthesizer` as long as a fit for every so many, and further calls give
            much the same rows again: all that are needed are better drawn at once. Several
            tables are stretches of one that is drawn.
        random_state : int, RandomState instance or None, default=None
            Of the draw; None draws afresh at every call.

        Returns
        -------
        X : DataFrame or ndarray of shape (n_samples, n_columns)
            The rows, in what the table of the fit was.
        y : Series or ndarray of shape (n_samples,)
            Their labels or targets, if the fit had any.
        """
        check_is_fitted(self)
        check_n_samples(n_samples)
        Z = self._draw(n_samples, check_random_state(random_state))
        if self._label_encoder is None:
            return self.encoder_.inverse_transform(Z)
        width = len(self.encoder_.get_feature_names_out())
        labels = self._label_encoder.inverse_transform(Z[:, width:])
        X = self.encoder_.inverse_transform(Z[:, :width])
        return X, _as_labels(labels, self._like)

    def _draw(self, n_samples, rng):
        codes = _codes(self._shares, n_samples, rng)
        Z = np.empty((n_samples, self._parts[0].width))
        for k, part in enumerate(self._parts):
            chosen = codes == k
            if chosen.any():
                Z[chosen] = part.draw(int(chosen.sum()), rng)
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


@dataclass(frozen=True)
class _Part:
    """A generator of coordinates, of which those that vary are scaled to variance 1."""

    generator: Any
    scaler: StandardScaler
    varying: np.ndarray
    constant: np.ndarray
    blocks: list
    maps: list
    repeats: Any = None

    @property
    def width(self):
        return len(self.varying)

    def draw(self, n_samples, rng):
        points = self.raw(n_samples, rng)
        rows = self.rows(points)
        return rows if self.repeats is None else self.repeats.replaced(rows, points, rng)

    def raw(self, n_samples, rng):
        Z = np.tile(self.constant, (n_samples, 1))
        if self.generator is None:
            return Z
        # Rows of the package's generators are in random order, one whole cloud after the
        # other: each is nearer to the data than as many of several.
        own = isinstance(self.generator, BaseGenerator)
        samples = (ask if own else draw)(self.generator, n_samples, rng)[0]
        Z[:, self.varying] = self.scaler.inverse_transform(samples)
        return Z

    def rows(self, points):
        """What rows points become, encoded."""
        Z = _calibration.calibrated(self.maps, points)
        return np.hstack([block.decoded(Z) for block in self.blocks])


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


def _fit_part(generator, Z, blocks, calibrate, repeats, rng):
    varying = np.ptp(Z, axis=0) > 0
    if not varying.any():  # one class of several
        return _Part(None, None, varying, Z[0], blocks, [])
    scaler = StandardScaler().fit(Z[:, varying])
    fitted = seeded(generator, rng).fit(scaler.transform(Z[:, varying]))
    part = _Part(fitted, scaler, varying, Z[0], blocks, [])
    if not calibrate:
        return part
    points = part.raw(len(Z), rng)
    part = replace(part, maps=_calibration.calibration(blocks, points, Z, rng))
    return replace(part, repeats=repeats(part.rows(points), Z))


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


def _as_table(y):
    """y as a table of one column, in its library."""
    return y.to_frame() if hasattr(y, "to_frame") else np.asarray(y).reshape(-1, 1)


def _as_labels(table, like):
    if isinstance(table, np.ndarray):
        return table[:, 0]
    if hasattr(table, "iloc"):
        return table.iloc[:, 0].rename(like.name)
    return table.to_series()
