"""GeometricSearchCV: doubling and halving parameters until the time is up."""

import math
import sys
import warnings
from decimal import Context, Decimal
from numbers import Integral, Real
from time import monotonic

import numpy as np
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils._param_validation import Interval

SPAN = 1024 + 1074  # doublings from the least to the greatest float64
N_CANDIDATES = 11  # where neither budget is given: five steps either way


class GeometricSearchCV(BaseSearchCV):
    """Search positive parameters by doubling and halving them until the time is up.

    From its start p, a parameter takes the values ([1]_ Algorithm 2)

        p, 2p, p/2, 4p, p/4, 8p, p/8, ...

    each scored by cross-validation, until a budget of time or of candidates is spent:
    for parameters of which not even the magnitude is known, and fits of which only the
    time they may take is.

    Several parameters take turns: one takes its next two values, the others those of the
    best candidate so far.

    Parameters
    ----------
    estimator : estimator
        What to tune; it has a ``score``, or ``scoring`` is given.
    params : str, list of str or dict
        The parameters, ``step__name`` for nested ones. A dict gives each its start;
        otherwise it is the value that ``estimator`` has. A start that is an integer gives
        integers: write 1.0, not 1, for a real parameter.
    factor : float, default=2.0
        The ratio of neighbouring values, more than 1.
    n_candidates : int, default=None
        How many candidates to evaluate. With None and no ``time_budget`` there are 11.
    time_budget : float, default=None
        Seconds after which no new candidate begins: one under way ends, and the refit
        comes on top. The start is always evaluated. Candidates are then evaluated one by
        one, with a look at the clock before each.
    scoring : str, callable, list, tuple or dict, default=None
        As in `sklearn.model_selection.GridSearchCV`, like all that follow.
    n_jobs : int, default=None
        How many fits run in parallel, of the two candidates of a turn; with a
        ``time_budget``, of one.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate to all data; for several metrics, by which.
    cv : int, cross-validation generator or iterable, default=None
        The splits; the same ones at every turn.
    verbose : int, default=0
        How much to print.
    pre_dispatch : int or str, default='2*n_jobs'
        How many fits to dispatch at once.
    error_score : "raise" or float, default=np.nan
        The score of a candidate whose fit fails.
    return_train_score : bool, default=False
        Whether ``cv_results_`` has training scores.

    Attributes
    ----------
    cv_results_ : dict of arrays
        What came of every candidate, in the order of evaluation.
    best_estimator_ : estimator
        Refitted with ``best_params_``.
    best_score_ : float
        Mean cross-validated score of the best.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Where it stands in ``cv_results_``.
    scorer_ : callable or dict
        What scored.
    n_splits_ : int
        Number of splits.
    refit_time_ : float
        Seconds of the refit.
    multimetric_ : bool
        Whether there are several metrics.
    n_features_in_ : int
        Number of features, if ``best_estimator_`` has it.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the estimator has no such parameter, a start is no positive number, ``cv``
        shuffles without a seed, or every fit of the start fails.

    Warns
    -----
    FitFailedWarning
        If a fit fails; see ``error_score``.

    See Also
    --------
    sklearn.model_selection.GridSearchCV : Of a grid that is given.

    Notes
    -----
    Values that would be 0 or infinite are left out, and so are integers that come a second
    time. Where every fit of a turn fails, the search of its parameter ends with a warning,
    and its values are not in ``cv_results_``; with a ``time_budget``, where every fit of a
    candidate does. With several metrics and ``refit=False``
    nothing says which candidate is best, and the other parameters stay at their starts.

    References
    ----------
    .. [1] Zhang, Chou and Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.model_selection import GeometricSearchCV
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> search = GeometricSearchCV(KernelDensity(bandwidth=4.0), "bandwidth").fit(X)
    >>> search.cv_results_["param_bandwidth"].tolist()[:5]
    [4.0, 8.0, 2.0, 16.0, 1.0]
    >>> search.best_params_
    {'bandwidth': 0.5}
    """

    _parameter_constraints: dict = {
        **BaseSearchCV._parameter_constraints,
        "params": [str, list, tuple, dict],
        "factor": [Interval(Real, 1, None, closed="neither")],
        "n_candidates": [Interval(Integral, 1, None, closed="left"), None],
        "time_budget": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        estimator,
        params,
        *,
        factor=2.0,
        n_candidates=None,
        time_budget=None,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        error_score=np.nan,
        return_train_score=False,
    ):
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.params = params
        self.factor = factor
        self.n_candidates = n_candidates
        self.time_budget = time_budget

    def _run_search(self, evaluate_candidates):
        end = math.inf if self.time_budget is None else monotonic() + self.time_budget
        left = self.n_candidates
        if left is None:
            left = N_CANDIDATES if self.time_budget is None else math.inf
        # Fits of one call run in parallel, with no look at the clock between candidates.
        at_once = 2 if self.time_budget is None else 1
        self._check_splits()
        best = self._starts()
        ladders = {name: _pairs(start, self.factor) for name, start in best.items()}
        evaluate_candidates([best])
        left -= 1
        while ladders:
            for name in list(ladders):
                pair = next(ladders[name], None)
                if pair is None:
                    del ladders[name]
                    continue
                results, failed = None, []
                for i in range(0, len(pair), at_once):
                    if left <= 0 or monotonic() >= end:
                        return
                    values = pair[i : i + at_once][: min(left, at_once)]
                    left -= len(values)
                    try:
                        results = evaluate_candidates(
                            [best | {name: value} for value in values]
                        )
                    except ValueError as error:
                        # scikit-learn gives up where every fit of one call failed.
                        if self.error_score == "raise":
                            raise
                        failed += values
                        warnings.warn(
                            f"The search of {name!r} "
                            f"{'ends at' if failed == pair else 'leaves out'} {values}, "
                            f"where every fit failed: {error}",
                            FitFailedWarning,
                            stacklevel=2,
                        )
                if results is None:
                    del ladders[name]
                else:
                    best = results["params"][self._best(results)]

    def _check_splits(self):
        seed = getattr(self.cv, "random_state", 0)
        if getattr(self.cv, "shuffle", True) and not isinstance(seed, Integral):
            raise ValueError(
                "cv must split alike at every turn, or scores do not compare; give "
                f"{type(self.cv).__name__} an integer random_state, got {seed}."
            )

    def _starts(self):
        values = self.estimator.get_params()
        names = [self.params] if isinstance(self.params, str) else self.params
        unknown = [name for name in names if name not in values]
        if unknown or not names:
            raise ValueError(
                f"params must name parameters of {type(self.estimator).__name__}: "
                f"{sorted(values)}; got {unknown or self.params}."
            )
        given = self.params if isinstance(self.params, dict) else values
        starts = {name: given[name] for name in names}
        for name, start in starts.items():
            number = isinstance(start, Real) and not isinstance(start, (bool, np.bool_))
            if not number or not 0 < start < math.inf:
                raise ValueError(
                    f"The search multiplies and divides {name!r}, whose start must be a "
                    f"positive number, got {start!r}. Give another by "
                    f"params={{{name!r}: 1.0}}."
                )
        return starts

    def _best(self, results):
        if callable(self.refit):
            return self.refit(results)
        metric = self.refit if isinstance(self.refit, str) else "score"
        return np.argmin(results.get(f"rank_test_{metric}", 0))


def _pairs(start, factor):
    """Yield [start·factor, start/factor], [start·factor², start/factor²], ..."""
    integers = isinstance(start, Integral)
    start = int(start) if integers else float(start)
    largest = np.iinfo(np.int64).max if integers else sys.float_info.max
    # Powers that a double cannot hold lie between doubles, up to 1e632 from end to end;
    # thirty digits make the rounding to a double the only one.
    exact, tried = Context(prec=30), {start}
    number = round if integers else float
    for i in range(1, int(math.log(2) * SPAN / math.log(factor)) + 1):
        scale = exact.power(Decimal(float(factor)), i)
        scaled = [f(Decimal(start), scale) for f in (exact.multiply, exact.divide)]
        values = [number(value) for value in scaled if value <= largest]
        values = [v for v in values if v > 0 and v not in tried]
        tried.update(values)
        if values:
            yield values
