"""SamplingPipeline: a scikit-learn pipeline that ends in a generator."""

from contextlib import contextmanager
from functools import wraps

import numpy as np
from scipy.sparse import issparse
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgantk._frames import check_dates, explained, restore, schema
from skgantk._inverse import check_fitted, check_unfitted, inverse, sparse_note
from skgantk._samplers import draw

__all__ = ["SamplingPipeline", "make_sampling_pipeline"]


def _last_step_samples(pipeline):
    return hasattr(pipeline.steps[-1][1], "sample")


def _guarded(name):
    """A fit of Pipeline whose error is explained and leaves all as it was before."""

    @available_if(lambda pipeline: hasattr(super(SamplingPipeline, pipeline), name))
    @wraps(getattr(Pipeline, name))
    def fit(self, X, y=None, **params):
        with _kept(self):
            self._validate_steps()  # whose errors need no more words
            check_dates(X, self)
            with explained(X, self):
                return getattr(super(SamplingPipeline, self), name)(X, y, **params)

    return fit


@contextmanager
def _kept(pipeline):
    """Restore the pipeline and all estimators in it on an error.

    An interruption is none: generators keep what they have by then.
    """
    parts = [pipeline, *pipeline.get_params().values()]
    before = [
        (part, vars(part).copy())
        for part in parts
        if hasattr(part, "fit") and not isinstance(part, type)
    ]
    try:
        yield
    except Exception:
        for part, state in before:
            vars(part).clear()
            vars(part).update(state)
        raise


class SamplingPipeline(Pipeline):
    """A pipeline whose samples come back to the space of the data.

    The last step is a generator, fitted on what the steps before it make of the data;
    `sample` draws from it and goes back through every step's ``inverse_transform``. All
    else is as in `sklearn.pipeline.Pipeline`; ``score`` for one is the generator's, in
    its own space.

    Parameters
    ----------
    steps : list of (str, estimator) tuples
        The transformers, each with ``inverse_transform`` or "passthrough", and last an
        estimator with ``sample(n_samples)``.
    transform_input : list of str, default=None
        As in `sklearn.pipeline.Pipeline`.
    memory : str or object with the joblib.Memory interface, default=None
        Where to cache the fitted transformers.
    verbose : bool, default=False
        Whether to print the time of each step of the fit.

    Attributes
    ----------
    named_steps : Bunch
        Steps by name.
    n_features_in_ : int
        Number of features, if the first step has it.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, if the first step has them.

    Raises
    ------
    TypeError
        In the fit, if a step has no ``inverse_transform``, or none of its own (a
        `sklearn.preprocessing.FunctionTransformer` without ``inverse_func``, a
        `sklearn.impute.SimpleImputer` without ``add_indicator``), the last step has no
        ``sample`` or gets a sparse matrix.
    ValueError
        In the fit, if an encoder makes one category of several rare ones, or a step would
        take missing dates for numbers. In `sample`, if samples are none of a column's
        kind or categories, or are missing or infinite where the data are not.

    See Also
    --------
    make_sampling_pipeline : The same without names.

    Notes
    -----
    Samples come in random order, those of a GaussianMixture too.

    The inverse of an encoder is defined on a grid, and samples lie anywhere. They go back
    from the nearest point of the grid: the nearest vertex of a one-hot code, where the
    level that ``drop`` leaves out is the origin, the nearest ordinal code or bin, and a
    missing value where an imputer's indicator is at least ½. So shares are as right as the
    generator's.

    Fitted to a pandas DataFrame, it samples DataFrames of the same columns and dtypes.
    Integers are rounded and kept within their dtype, booleans are true from ½ on, a
    category of numbers is the nearest, and dates that a step took for numbers are dates.
    What is missing comes back missing. Categories of strings are encoded in a step that
    comes back to them, such as `sklearn.preprocessing.OneHotEncoder`. Frames of whatever
    columns, of polars and pyarrow too, come back by `skgantk.preprocessing.TableEncoder`
    as the first step. A fit that fails leaves the pipeline and its steps as they were.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.neighbors import KernelDensity
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skgantk.pipeline import SamplingPipeline
    >>> X = 1e3 * np.random.default_rng(0).normal(size=(50, 5))
    >>> steps = [("scale", StandardScaler()), ("pca", PCA(2)), ("kde", KernelDensity())]
    >>> SamplingPipeline(steps).fit(X).sample(10).shape
    (10, 5)
    """

    def _validate_steps(self):
        super()._validate_steps()
        *transformers, (last_name, last) = self.steps
        for name, step in transformers:
            if step not in (None, "passthrough") and not hasattr(step, "inverse_transform"):
                raise TypeError(
                    f"Samples must come back through every step, and step {name!r} "
                    f"({type(step).__name__}) has no inverse_transform. Take a "
                    "transformer that has one, or 'passthrough'."
                )
            check_unfitted(name, step)
        if not hasattr(last, "sample"):
            raise TypeError(
                f"The last step must have a method sample; {last_name!r} "
                f"({type(last).__name__}) has none. Take one of skgantk.generators, "
                "KernelDensity or GaussianMixture."
            )

    fit = _guarded("fit")
    fit_transform = _guarded("fit_transform")
    fit_predict = _guarded("fit_predict")

    def _fit(self, X, *args, **kwargs):
        # fit, fit_transform and fit_predict all come through here.
        transformed = super()._fit(X, *args, **kwargs)
        if issparse(transformed):
            raise TypeError(
                f"The last step, {self.steps[-1][0]!r}, takes dense data and gets a sparse "
                f"matrix. {sparse_note(self.steps[:-1]) or 'Call toarray().'}"
            )
        for name, step in self.steps[:-1]:
            check_fitted(name, step)
        self._schema = schema(X)
        return transformed

    @available_if(_last_step_samples)
    def sample(self, n_samples=1, random_state=None, fresh=False):
        """Draw from the last step and come back to the space of the data.

        Parameters
        ----------
        n_samples : int, default=1
            How many.
        random_state : int, RandomState instance or None, default=None
            Of the draw; None draws afresh at every call.
        fresh : bool, default=False
            Passed on to a last step that would draw the points of its fit, as
            `GANTKSynthesizer` does, so that samples are others than those of other calls.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            A DataFrame if the pipeline was fitted to one. Where the last step draws
            pairs (X, y), as GaussianMixture and ConditionalSampler do, such a pair.
        """
        check_is_fitted(self)
        samples, *labels = draw(self.steps[-1][1], n_samples, random_state, fresh)
        with np.errstate(all="ignore"):  # `restore` looks at what comes of it
            for _, step in reversed(self.steps[:-1]):
                samples = inverse(step, samples)
        samples = restore(samples, self._schema)
        return (samples, *labels) if labels else samples


def make_sampling_pipeline(*steps, memory=None, verbose=False):
    """Make a `SamplingPipeline` whose steps are named after their types.

    Parameters
    ----------
    *steps : estimators
        The transformers and last the generator.
    memory : str or object with the joblib.Memory interface, default=None
        Where to cache the fitted transformers.
    verbose : bool, default=False
        Whether to print the time of each step of the fit.

    Returns
    -------
    pipeline : SamplingPipeline

    Raises
    ------
    TypeError
        In the fit, if a step has no ``inverse_transform``, or the last no ``sample``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.pipeline import make_sampling_pipeline
    >>> X, _ = load_digits(return_X_y=True)
    >>> make_sampling_pipeline(PCA(15), KernelDensity()).fit(X).sample(3).shape
    (3, 64)
    """
    named = make_pipeline(*steps).steps
    return SamplingPipeline(named, memory=memory, verbose=verbose)
