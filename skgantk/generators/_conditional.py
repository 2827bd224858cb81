"""ConditionalSampler: one generator per class, which also balances classes."""

import math
from collections.abc import Mapping
from numbers import Integral, Real

import narwhals as nw
import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, _fit_context
from sklearn.utils import check_random_state, check_X_y
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import check_is_fitted, validate_data

from skgantk._frames import check_dates, explained, restore, rows_at, schema
from skgantk._samplers import draw, seeded
from skgantk.discriminators._base import restored_on_error
from skgantk.generators._parallel import parallel
from skgantk.preprocessing import _native

STRATEGIES = {"auto", "not majority", "minority", "not minority", "all"}


class ConditionalSampler(MetaEstimatorMixin, BaseEstimator):
    """Samples with labels: one generator per class, which also balances rare classes.

    `fit` fits a clone of ``sampler`` to the rows of every class; `sample` draws rows of
    the labels asked for, or of labels as frequent as in the data. `fit_resample` returns
    the data with generated rows of the rare classes below, as imbalanced-learn's
    over-samplers do [1]_, and works as a step of its pipeline.

    Parameters
    ----------
    sampler : estimator
        Any with ``fit(X)`` and ``sample(n_samples)``: a generator, a `SamplingPipeline`,
        scikit-learn's KernelDensity or GaussianMixture.
    sampling_strategy : str, float, dict or callable, default="auto"
        How many rows of each class `fit_resample` returns, as imbalanced-learn has it.
        "not majority", which is "auto", brings every class up to the count of the
        greatest; "minority" only the smallest; "not minority" all but the smallest;
        "all" all. A float in (0, 1], for two classes only, is the ratio of the smaller
        count to the greater. A dict gives counts by class; a callable makes such a dict
        of y.
    random_state : int, RandomState instance or None, default=None
        Of the fits and the rows of `fit_resample`. Each clone has a seed of its own in
        the place of the ``random_state`` of ``sampler``.
    n_jobs : int, default=None
        How many classes are fitted in parallel.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    class_prior_ : ndarray of shape (n_classes,)
        Their frequencies.
    samplers_ : dict
        The fitted sampler by label; after `fit_resample` of the classes that got new
        rows.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If ``sampling_strategy`` does not fit the classes, or a label is unknown.

    See Also
    --------
    skgantk.pipeline.SamplingPipeline : With transformers before the generator.

    Notes
    -----
    Whether a class may have a single row is up to ``sampler``; where it fails, the error
    has a note with the class.

    Given a pandas DataFrame, it returns DataFrames of the same columns and dtypes, in the
    way of `SamplingPipeline`; given a frame of polars or pyarrow, such frames where
    ``sampler`` samples them, as `TableSynthesizer` does, and else arrays.

    References
    ----------
    .. [1] Lemaître, Nogueira and Aridas, "Imbalanced-learn: a Python toolbox to tackle the
       curse of imbalanced datasets in machine learning", JMLR 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.generators import ConditionalSampler
    >>> X = np.arange(12.0).reshape(-1, 1)
    >>> y = np.repeat(["often", "rare"], [10, 2])
    >>> conditional = ConditionalSampler(KernelDensity(bandwidth=0.1), random_state=0)
    >>> X_new, labels = conditional.fit(X, y).sample(y=["rare", "often", "rare"])
    >>> X_new.ravel() > 9.5
    array([ True, False,  True])
    >>> X_balanced, y_balanced = conditional.fit_resample(X, y)
    >>> int(np.sum(y_balanced == "rare"))
    10
    """

    _parameter_constraints: dict = {
        "sampler": [HasMethods(["fit", "sample"])],
        "sampling_strategy": [
            StrOptions(STRATEGIES),
            Interval(Real, 0, 1, closed="right"),
            Mapping,
            callable,
        ],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(self, sampler, sampling_strategy="auto", random_state=None, n_jobs=None):
        self.sampler = sampler
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Fit one sampler to each class.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            The data.
        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self : object
        """
        with restored_on_error(self):
            X, codes = self._validated(X, y)
            rng = check_random_state(self.random_state)
            self._fit_classes(X, codes, range(len(self.classes_)), rng)
        return self

    def _validated(self, X, y):
        check_dates(X, self.sampler)
        frame = not _native.is_array(X)
        checks = {"skip_check_array": frame, "dtype": None, "ensure_all_finite": False}
        X, y = validate_data(self, X, _column(y), **checks)
        if frame:  # of which the samplers check the rest
            _, y = check_X_y(np.zeros((len(X), 1)), y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.class_prior_ = np.bincount(codes) / len(codes)
        self._schema = schema(X)
        return X, codes

    def _fit_classes(self, X, codes, wanted, rng):
        labels = self.classes_.tolist()
        fitted = parallel(self.n_jobs)(
            delayed(_fit_one)(seeded(self.sampler, rng), rows_at(X, rows), labels[k])
            for k, rows in ((k, np.flatnonzero(codes == k)) for k in wanted)
        )
        self.samplers_ = {labels[k]: sampler for k, sampler in zip(wanted, fitted)}

    def sample(self, n_samples=1, y=None, random_state=None, fresh=False):
        """Draw rows and their labels.

        Parameters
        ----------
        n_samples : int, default=1
            How many, of labels that are as frequent as in the data; not used with ``y``.
        y : array-like of shape (n_samples,), default=None
            The labels, for one row each.
        random_state : int, RandomState instance or None, default=None
            Of the draw; None draws afresh at every call.
        fresh : bool, default=False
            Passed on to samplers that would draw the points of their fit, as
            `GANTKSynthesizer` does, so that rows are others than those of other calls.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            The rows, those of a class in random order; a DataFrame if the fit was to one.
        y : ndarray of shape (n_samples,)
            Their labels.
        """
        check_is_fitted(self)
        rng = check_random_state(random_state)
        if y is None:
            if not isinstance(n_samples, Integral) or n_samples < 1:
                raise ValueError(
                    f"n_samples must be an integer of at least 1, got {n_samples}."
                )
            codes = rng.choice(len(self.classes_), size=n_samples, p=self.class_prior_)
        else:
            codes = self._codes(y)
        return self._draw(codes, rng, fresh), self.classes_[codes]

    def _codes(self, y):
        y = np.asarray(_column(y))
        if y.ndim != 1 or not len(y):
            raise ValueError(
                f"y must be a list of labels, got an array of shape {y.shape}."
            )
        self._check_known(dict.fromkeys(y.tolist()), "y")
        return np.searchsorted(self.classes_, y)

    def _check_known(self, labels, where):
        known = self.classes_.tolist()
        unknown = [label for label in labels if label not in known]
        if unknown:
            raise ValueError(f"{where} has {unknown}; the labels are {known}.")

    def _draw(self, codes, rng, fresh=False):
        """One row for each code, in their order."""
        labels = self.classes_.tolist()
        present, counts = np.unique(codes, return_counts=True)
        unfitted = [labels[k] for k in present if labels[k] not in self.samplers_]
        if unfitted:
            raise ValueError(
                f"No sampler is fitted to {unfitted}: fit_resample fits those of the "
                "classes that get new rows. Call fit."
            )
        blocks = []
        for k, n in zip(present, counts.tolist()):
            # GaussianMixture's come with the numbers of their components.
            rows = draw(self.samplers_[labels[k]], n, rng, fresh)[0]
            blocks.append(restore(rows, self._schema))
        order = np.argsort(np.argsort(codes, kind="stable"))
        return rows_at(_stacked(*blocks), order)

    @_fit_context(prefer_skip_nested_validation=False)
    def fit_resample(self, X, y):
        """Return the data and, below them, generated rows of the rare classes.

        Only these classes get a sampler.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            The data.
        y : array-like of shape (n_samples,) or DataFrame of one column
            Their labels.

        Returns
        -------
        X_resampled : ndarray or DataFrame of shape (n_samples_new, n_features)
            X, and then the new rows, class by class.
        y_resampled : ndarray or Series of shape (n_samples_new,), or DataFrame
            Their labels, in what y is, of the same dtype.
        """
        with restored_on_error(self):
            data, codes = self._validated(X, y)
            n_new = self._n_new(codes)
            rng = check_random_state(self.random_state)
            self._fit_classes(data, codes, np.flatnonzero(n_new), rng)
            codes_new = np.repeat(np.arange(len(self.classes_)), n_new)
            new = [self._draw(codes_new, rng)] if len(codes_new) else []
        if new and isinstance(new[0], np.ndarray):
            data = np.asarray(data)
        first = np.unique(codes, return_index=True)[1]  # row of each class
        rows = np.concatenate([np.arange(len(codes)), first[codes_new]])
        return _stacked(data, *new), rows_at(_labels(y), rows)

    def _n_new(self, codes):
        """How many rows each class is to get."""
        strategy, counts = self.sampling_strategy, np.bincount(codes)
        most, least = np.argmax(counts), np.argmin(counts)
        if callable(strategy):
            strategy = strategy(self.classes_[codes])
        if isinstance(strategy, Mapping):
            return self._from_counts(strategy, counts)
        if isinstance(strategy, Real):
            return self._from_ratio(strategy, counts)
        n_new = counts[most] - counts
        if strategy in ("auto", "not majority", "all"):
            return n_new  # which is 0 for the majority
        chosen = np.arange(len(counts)) == least
        return np.where(chosen if strategy == "minority" else ~chosen, n_new, 0)

    def _from_counts(self, strategy, counts):
        present = dict(zip(self.classes_.tolist(), counts.tolist()))
        self._check_known(strategy, "sampling_strategy")
        n_new = np.array([strategy.get(label, n) - n for label, n in present.items()])
        if n_new.dtype.kind not in "iu" or np.any(n_new < 0):
            raise ValueError(
                "sampling_strategy must give counts that are integers and no less than "
                f"those of the data, {present}; got {dict(strategy)}."
            )
        return n_new

    def _from_ratio(self, ratio, counts):
        if len(counts) != 2:
            raise ValueError(
                "sampling_strategy may be a float for two classes only, and there are "
                f"{len(counts)}. Take a dict of counts."
            )
        if not isinstance(ratio, np.floating):
            ratio = float(ratio)
        # A decimal such as .29 is half a spacing off, and the product rounds once more: a
        # count that is within two is meant, not the one below.
        most, least = int(counts.max()), int(counts.min())
        smaller = math.floor(most * (float(ratio) + 2 * float(np.spacing(ratio))))
        if smaller < least:
            raise ValueError(
                f"sampling_strategy={ratio} asks for {smaller} rows of the smaller class, "
                f"which has {least}. Take {least / most} or more."
            )
        n_new = np.zeros(2, int)
        n_new[np.argmin(counts)] = smaller - least
        return n_new


def _fit_one(sampler, X, label):
    try:
        with explained(X, sampler):
            return sampler.fit(X)
    except Exception as error:
        error.add_note(f"It is the sampler of class {label!r}, which has {len(X)} rows.")
        raise


def _stacked(*blocks):
    if hasattr(blocks[0], "iloc"):
        import pandas as pd

        return pd.concat(blocks, ignore_index=True)
    if not _native.is_array(blocks[0]):
        return nw.to_native(nw.concat([nw.from_native(block) for block in blocks]))
    dtype = blocks[0].dtype
    floats = dtype.kind == "f"  # a float32 stays one; integers become what was generated
    return np.concatenate(blocks, dtype=dtype if floats else None, casting="same_kind")


def _column(y):
    """The column of a frame that has one."""
    if _native.is_array(y) or y.shape[1] != 1:
        return y
    return nw.to_native(_native.series(y)[0])


def _labels(y):
    """y as a frame or series that it is, and else as a flat array."""
    flat = _native.is_array(y) and not nw.dependencies.is_into_series(y)
    return np.ravel(y) if flat else y
