"""Scorers with which scikit-learn's searches choose among generators."""

from skgantk.metrics._energy import energy_distance
from skgantk.metrics._mmd import mmd
from skgantk.metrics._sample_scorer import make_sample_scorer
from skgantk.metrics._wasserstein import wasserstein_distance


def neg_wasserstein_scorer(estimator, X, y=None):
    """Minus the Wasserstein distance (order 1) of generated samples to X.

    Parameters
    ----------
    estimator : object
        A fitted generator: its ``sample(n_samples)``, with ``random_state=0`` where it
        takes one, returns an array of shape (n_samples, n_features) or a tuple that begins
        with one, as those of GaussianMixture and ConditionalSampler do.
    X : array-like of shape (n_samples, n_features)
        Points to compare with; as many are generated. In a search they are held out.
    y : None
        Ignored.

    Returns
    -------
    score : float
        The greater the better, at most 0.

    Raises
    ------
    AttributeError
        If the estimator has no ``sample``.
    ValueError
        If the samples are not finite, or of another width than X.

    See Also
    --------
    wasserstein_distance : The distance.
    make_sample_scorer : The same of any other figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.metrics import neg_wasserstein_scorer
    >>> X = np.random.default_rng(0).normal(size=(50, 2))
    >>> neg_wasserstein_scorer(KernelDensity().fit(X), X) < 0
    True
    """
    return make_sample_scorer(wasserstein_distance)(estimator, X)


def neg_energy_scorer(estimator, X, y=None):
    """Minus the energy distance of generated samples to X.

    Parameters
    ----------
    estimator : object
        A fitted generator: its ``sample(n_samples)``, with ``random_state=0`` where it
        takes one, returns an array of shape (n_samples, n_features) or a tuple that begins
        with one, as those of GaussianMixture and ConditionalSampler do.
    X : array-like of shape (n_samples, n_features)
        Points to compare with; as many are generated. In a search they are held out.
    y : None
        Ignored.

    Returns
    -------
    score : float
        The greater the better, at most 0.

    Raises
    ------
    AttributeError
        If the estimator has no ``sample``.
    ValueError
        If the samples are not finite, or of another width than X.

    See Also
    --------
    energy_distance : The distance.
    make_sample_scorer : The same of any other figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.metrics import neg_energy_scorer
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> grid = {"bandwidth": [0.2, 5.0]}
    >>> GridSearchCV(KernelDensity(), grid, scoring=neg_energy_scorer).fit(X).best_params_
    {'bandwidth': 0.2}
    """
    return make_sample_scorer(energy_distance)(estimator, X)


def neg_mmd_scorer(estimator, X, y=None):
    """Minus the squared maximum mean discrepancy of generated samples to X.

    The kernel is ``NTK()``, and the discrepancy the biased one; for another kernel take
    ``make_sample_scorer(mmd, kernel=...)``.

    Parameters
    ----------
    estimator : object
        A fitted generator: its ``sample(n_samples)``, with ``random_state=0`` where it
        takes one, returns an array of shape (n_samples, n_features) or a tuple that begins
        with one, as those of GaussianMixture and ConditionalSampler do.
    X : array-like of shape (n_samples, n_features)
        Points to compare with; as many are generated. In a search they are held out.
    y : None
        Ignored.

    Returns
    -------
    score : float
        The greater the better, at most 0.

    Raises
    ------
    AttributeError
        If the estimator has no ``sample``.
    ValueError
        If the samples are not finite, or of another width than X.

    See Also
    --------
    mmd : The discrepancy.
    make_sample_scorer : The same of any other figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.metrics import neg_mmd_scorer
    >>> X = np.random.default_rng(0).normal(size=(50, 2))
    >>> neg_mmd_scorer(KernelDensity().fit(X), X) < 0
    True
    """
    return make_sample_scorer(mmd)(estimator, X)
