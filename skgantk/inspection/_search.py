"""SearchDisplay: scores over a searched parameter."""

import textwrap
from numbers import Real

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgantk.inspection._common import REAL, draw_line, drawing_axes, label_axes, styled


class SearchDisplay:
    """Scores of a search over one of its parameters, such as distances over λ.

    Mean and standard deviation over the splits are drawn ([1]_ Fig. 8). Where other
    parameters were searched too, each value stands with the best of them. It is best made
    by `from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    param_name : str
        The parameter.
    values : list
        Its values, numbers in increasing order.
    mean_scores, std_scores : ndarray of shape (n_values,)
        Mean and standard deviation of the score over the splits.
    score_name : str, default=None
        What is drawn, for the label of the axis: "score" or "minus score" if None.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D
        The mean.
    fill_between_ : matplotlib PolyCollection or None
        One standard deviation to either side, of numbers.
    errorbar_ : matplotlib ErrorbarContainer or None
        The same, of other values.

    Raises
    ------
    ValueError
        By `from_estimator`, if the search is not fitted or has no such parameter or score.
    ImportError
        By `plot`, without matplotlib (the extra ``plot``).

    See Also
    --------
    GeometricSearchCV : A search by doubling and halving.

    Notes
    -----
    The horizontal axis is logarithmic where values are positive and span a decade. Values
    that are not all numbers stand side by side, in the order in which they were tried.

    References
    ----------
    .. [1] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.inspection import SearchDisplay
    >>> from skgantk.metrics import neg_energy_scorer
    >>> from skgantk.model_selection import GeometricSearchCV
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> search = GeometricSearchCV(
    ...     KernelDensity(bandwidth=1.0), "bandwidth", scoring=neg_energy_scorer
    ... ).fit(X)
    >>> display = SearchDisplay.from_estimator(
    ...     search, "bandwidth", negate_score=True, score_name="energy distance"
    ... )
    >>> display.values[:3]
    [0.03125, 0.0625, 0.125]
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, param_name, values, mean_scores, std_scores, score_name=None):
        self.param_name = param_name
        self.values = values
        self.mean_scores = mean_scores
        self.std_scores = std_scores
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        search,
        param_name,
        *,
        metric="score",
        score_name=None,
        ax=None,
        **plot_params,
    ):
        """Draw the scores of a fitted search.

        Parameters
        ----------
        search : GridSearchCV, GeometricSearchCV or another search
            Fitted, with ``cv_results_``.
        param_name : str
            One of the searched parameters, ``step__name`` for nested ones.
        metric : str, default="score"
            Which score, of a search with several.
        score_name : str, default=None
            What is drawn, for the label of the axis: "score" or "minus score" if None.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : SearchDisplay
        """
        check_is_fitted(search, "cv_results_")
        results = search.cv_results_
        candidates = _column(results, "param_{}", param_name, "param_name")
        mean = _column(results, "mean_test_{}", metric, "metric")
        values, best = _best_of_each(candidates, mean)
        display = cls(
            param_name=param_name,
            values=values,
            mean_scores=np.array(mean[best]),
            std_scores=np.array(results[f"std_test_{metric}"][best]),
            score_name=score_name,
        )
        return display.plot(ax=ax, **plot_params)

    def plot(
        self,
        ax=None,
        *,
        negate_score=False,
        line_kw=None,
        fill_between_kw=None,
        errorbar_kw=None,
    ):
        """Draw the stored scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        negate_score : bool, default=False
            Whether to draw minus the score, the distance where the score is minus one.
        line_kw : dict, default=None
            For the mean, `matplotlib.axes.Axes.plot`.
        fill_between_kw : dict, default=None
            For the standard deviation, `matplotlib.axes.Axes.fill_between`.
        errorbar_kw : dict, default=None
            For values that are not numbers, `matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        display : SearchDisplay
        """
        ax = drawing_axes(self, ax)
        self.ax_, self.figure_ = ax, ax.figure
        self.fill_between_ = self.errorbar_ = None
        mean = -self.mean_scores if negate_score else self.mean_scores
        if _are_numbers(self.values):
            self._plot_band(mean, line_kw, fill_between_kw)
        else:
            x = np.arange(len(self.values))
            style = {"color": REAL, "marker": "o", "linestyle": "", "capsize": 4}
            style = styled("line", errorbar_kw, **style)
            self.errorbar_ = ax.errorbar(x, mean, self.std_scores, **style)
            self.line_ = self.errorbar_.lines[0]
            names = [textwrap.fill(str(v), 18, break_long_words=False) for v in self.values]
            ax.set_xticks(x, names)
            ax.set_xlim(-0.5, len(x) - 0.5)
        default_name = "minus score" if negate_score else "score"
        label_axes(ax, self.param_name, self.score_name or default_name)
        return self

    def _plot_band(self, mean, line_kw, fill_between_kw):
        x, ax = np.array(self.values, float), self.ax_
        self.line_ = draw_line(ax, x, mean, line_kw, color=REAL, marker="o")
        band = mean - self.std_scores, mean + self.std_scores
        style = {"color": REAL, "alpha": 0.2, "linewidth": 0}
        style = styled("collection", fill_between_kw, **style)
        self.fill_between_ = ax.fill_between(x, *band, **style)
        if x.min() > 0 and x.max() >= 10 * x.min():
            ax.set_xscale("log")


def _column(results, pattern, name, argument):
    key = pattern.format(name)
    if key not in results:
        prefix = pattern.format("")
        known = sorted(k.removeprefix(prefix) for k in results if k.startswith(prefix))
        raise ValueError(
            f"The search has no {argument}={name!r}; it has {', '.join(known)}."
        )
    return results[key]


def _are_numbers(values):
    return all(isinstance(v, Real) and not isinstance(v, (bool, np.bool_)) for v in values)


def _best_of_each(candidates, mean):
    """The distinct values, and the candidate of the greatest mean score of each."""
    tried = ~np.ma.getmaskarray(candidates)  # a list of grids may leave a parameter out
    values, best = [], []
    for i, value in enumerate(candidates.tolist()):
        if not tried[i]:
            continue
        if value not in values:  # kernels are not hashable
            values.append(value)
            best.append(i)
        else:
            k = values.index(value)
            if mean[i] > mean[best[k]] or np.isnan(mean[best[k]]):
                best[k] = i
    if _are_numbers(values):
        order = np.argsort(values)
        values, best = [values[i] for i in order], [best[i] for i in order]
    return values, best
