"""make_sample_scorer: any comparison of rows as a scorer for scikit-learn's searches."""

from inspect import signature
from numbers import Integral

from sklearn.utils._param_validation import validate_params
from sklearn.utils.validation import _num_samples

from skgantk._samplers import ask


@validate_params(
    {
        "metric": [callable],
        "greater_is_better": ["boolean"],
        "random_state": [Integral],
    },
    prefer_skip_nested_validation=True,
)
def make_sample_scorer(metric, *, greater_is_better=False, random_state=0, **kwargs):
    """Make a scorer of generators from a function that compares real rows and samples.

    Searches of scikit-learn ask for a ``scoring``; this makes it of any distance or figure,
    as `sklearn.metrics.make_scorer` does of functions that compare labels.

    Parameters
    ----------
    metric : callable
        ``metric(X, samples, **kwargs)`` returns a number. The distances of
        `skgantk.metrics` are such functions, and what `table_report` is made of.
    greater_is_better : bool, default=False
        Whether ``metric`` is a score; for a distance the scorer gives minus it.
    random_state : int, default=0
        The seed of the samples, the same for all candidates of a search.
    **kwargs : dict
        What else ``metric`` is given. Where it takes ``categorical_features`` and a
        generator has some, such as `TableSynthesizer`, they are those of the generator if
        not given here.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None)`` is ``metric``, or minus it, of X, in a search the
        held-out part, and of as many rows of ``estimator.sample``. It can be pickled if
        ``metric`` can.

    Raises
    ------
    InvalidParameterError
        If ``metric`` cannot be called, or the seed is no integer.
    AttributeError
        By the scorer, if the estimator has no ``sample``.
    TypeError
        By the scorer, if ``metric`` returns no number.

    See Also
    --------
    neg_energy_scorer : Made so from `energy_distance`.
    train_on_synthetic_scorer : Of a model that learns from generated rows and labels.

    Examples
    --------
    A length scale for the MMD, and the share of the pairwise trends that are kept:

    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.kernels import RBF
    >>> from skgantk.metrics import make_sample_scorer, mmd, pair_trends
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> search = GridSearchCV(
    ...     KernelDensity(),
    ...     {"bandwidth": [0.2, 5.0]},
    ...     scoring={
    ...         "mmd": make_sample_scorer(mmd, kernel=RBF(0.5)),
    ...         "trends": make_sample_scorer(pair_trends, greater_is_better=True),
    ...     },
    ...     refit="mmd",
    ... )
    >>> search.fit(X).best_params_
    {'bandwidth': 0.2}
    """
    return SampleScorer(metric, 1 if greater_is_better else -1, int(random_state), kwargs)


class SampleScorer:
    """``sign * metric(X, samples, **kwargs)``."""

    def __init__(self, metric, sign, random_state, kwargs):
        self.metric = metric
        self.sign = sign
        self.random_state = random_state
        self.kwargs = kwargs

    def __call__(self, estimator, X, y=None):
        samples = ask(estimator, _num_samples(X), self.random_state)[0]
        value = self.metric(X, samples, **self._categories(estimator), **self.kwargs)
        try:
            return self.sign * float(value)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{self._name} must return a number, got {value!r}.") from error

    def __repr__(self):
        given = {"greater_is_better": self.sign > 0, "random_state": self.random_state}
        given = ", ".join(f"{k}={v!r}" for k, v in (given | self.kwargs).items())
        return f"make_sample_scorer({self._name}, {given})"

    @property
    def _name(self):
        return getattr(self.metric, "__name__", repr(self.metric))

    def _categories(self, estimator):
        """Those of the estimator, as an argument, where metric takes them."""
        name = "categorical_features"
        if name in self.kwargs or not hasattr(estimator, name):
            return {}
        try:
            known = name in signature(self.metric).parameters
        except ValueError:  # of a function in C
            return {}
        return {name: getattr(estimator, name)} if known else {}
