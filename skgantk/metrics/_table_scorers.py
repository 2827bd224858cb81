"""Scorers with which scikit-learn's searches choose among generators of tables."""

import numpy as np

from skgantk._numerics.precision import numpy_defaults
from skgantk._samplers import ask
from skgantk.metrics._pair_trends import mean_over_pairs, trend_of_each
from skgantk.metrics._table_wasserstein import transport_between
from skgantk.metrics._tables import Table, read
from skgantk.metrics._train_on_synthetic import has_classes, score_on_real
from skgantk.metrics._two_sample import auc_between


@numpy_defaults
def pair_trends_scorer(estimator, X, y=None):
    """Likeness of the dependences between pairs of columns of generated rows and X.

    Parameters
    ----------
    estimator : object
        A fitted generator of tables: its ``sample(n_samples)``, with ``random_state=0``
        where it takes one, returns rows like X or a tuple that begins with them, such as
        `TableSynthesizer`. Its ``categorical_features`` hold here too.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows to compare with; as many are generated. In a search they are held out.
    y : None
        Ignored.

    Returns
    -------
    score : float
        The greater the better, at most 1.

    Raises
    ------
    AttributeError
        If the estimator has no ``sample``.
    ValueError
        If rows have not the columns of X, or X has one.

    See Also
    --------
    pair_trends : The score.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.mixture import GaussianMixture
    >>> from skgantk.generators import TableSynthesizer
    >>> from skgantk.metrics import pair_trends_scorer
    >>> frame = pd.DataFrame({"a": range(40), "b": ["x", "y"] * 20})
    >>> synthesizer = TableSynthesizer(GaussianMixture(), random_state=0).fit(frame)
    >>> 0.7 < pair_trends_scorer(synthesizer, frame) < 1
    True
    """
    real, rows = _tables(estimator, X)
    if len(real.columns) < 2:
        raise ValueError("There are no pairs of columns: X has one.")
    return mean_over_pairs(trend_of_each(real, rows))


@numpy_defaults
def neg_table_wasserstein_scorer(estimator, X, y=None):
    """Minus the Wasserstein distance of generated rows to X, whatever is in them.

    Parameters
    ----------
    estimator : object
        A fitted generator of tables: its ``sample(n_samples)``, with ``random_state=0``
        where it takes one, returns rows like X or a tuple that begins with them, such as
        `TableSynthesizer`. Its ``categorical_features`` hold here too.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows to compare with; as many are generated. In a search they are held out.
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
        If rows have not the columns of X.

    See Also
    --------
    table_wasserstein_distance : The distance.
    neg_wasserstein_scorer : Of points, in their own units.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.generators import TableSynthesizer
    >>> from skgantk.metrics import neg_table_wasserstein_scorer
    >>> frame = pd.DataFrame({"a": range(60), "b": ["x", "y"] * 30})
    >>> synthesizer = TableSynthesizer(KernelDensity(), calibrate=False, random_state=0)
    >>> grid = {"generator__bandwidth": [0.2, 5.0]}
    >>> search = GridSearchCV(synthesizer, grid, scoring=neg_table_wasserstein_scorer)
    >>> search.fit(frame).best_params_
    {'generator__bandwidth': 0.2}
    """
    return -transport_between(*_tables(estimator, X))


@numpy_defaults
def neg_two_sample_auc_scorer(estimator, X, y=None):
    """Minus how far the area is from ½ with which a classifier tells generated rows from X.

    Parameters
    ----------
    estimator : object
        A fitted generator of tables: its ``sample(n_samples)``, with ``random_state=0``
        where it takes one, returns rows like X or a tuple that begins with them, such as
        `TableSynthesizer`. Its ``categorical_features`` hold here too.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows to compare with; as many are generated. In a search they are held out.
    y : None
        Ignored.

    Returns
    -------
    score : float
        ``-|AUC - ½|``, from -½ to 0, of a random forest with ``random_state=0``.

    Raises
    ------
    AttributeError
        If the estimator has no ``sample``.
    ValueError
        If rows have not the columns of X, or X has one row.

    See Also
    --------
    two_sample_auc : The area.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.metrics import neg_two_sample_auc_scorer
    >>> X = np.random.default_rng(0).normal(size=(50, 2))
    >>> neg_two_sample_auc_scorer(KernelDensity(bandwidth=9.0).fit(X), X) < -0.2
    True
    """
    real, rows = _tables(estimator, X)
    if len(real) < 2:
        raise ValueError("A classifier needs two rows of X; there is one.")
    return -abs(auc_between(real, rows, random_state=0) - 0.5)


@numpy_defaults
def train_on_synthetic_scorer(estimator, X, y):
    """Score on X and y of a model that was trained on generated rows and labels.

    Parameters
    ----------
    estimator : object
        A generator fitted to rows and their labels or targets: its ``sample(n_samples)``,
        with ``random_state=0`` where it takes one, returns a tuple of rows like X and
        labels like y, as those of `TableSynthesizer` and `ConditionalSampler` do.
    X : DataFrame or array-like of shape (n_rows, n_columns)
        Rows on which the model is judged; it is trained on as many. In a search they are
        held out.
    y : Series or array-like of shape (n_rows,)
        Their labels or targets.

    Returns
    -------
    score : float
        Macro F1 or R² of a random forest with ``random_state=0``; the greater the better.

    Raises
    ------
    AttributeError
        If the estimator has no ``sample``.
    ValueError
        If there is no y, or it gives rows without labels.

    See Also
    --------
    train_on_synthetic_score : The score, of a target that is a column.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> from skgantk.generators import ConditionalSampler
    >>> from skgantk.metrics import train_on_synthetic_scorer
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> y = np.where(X[:, 0] > 0, "right", "left")
    >>> sampler = ConditionalSampler(KernelDensity(bandwidth=0.1), random_state=0)
    >>> train_on_synthetic_scorer(sampler.fit(X, y), X, y) > 0.8
    True
    """
    samples = ask(estimator, len(X), 0)
    if y is None or len(samples) < 2 or samples[1] is None:
        raise ValueError(
            "train_on_synthetic_scorer needs y, and a generator that was fitted with y "
            "and gives rows and labels."
        )
    tables = _read(estimator, X, samples[0])
    labels = {"y": _as_table(y), "generated y": _as_table(samples[1])}
    targets = read(labels, identifiers=True)
    both = [Table(t.columns + own.columns) for t, own in zip(tables, targets)]
    classes = has_classes(targets[0].columns[0])
    return score_on_real(*both, len(tables[0].columns), classes, random_state=0)


def _tables(estimator, X):
    """X and as many generated rows."""
    return _read(estimator, X, ask(estimator, len(X), 0)[0])


def _read(estimator, X, samples):
    # Whether labels are distinct in nearly all rows a few held-out ones do not tell.
    categorical = getattr(estimator, "categorical_features", "from_dtype")
    return read({"X": X, "generated rows": samples}, categorical, identifiers=True)


def _as_table(y):
    """y as a table of one column, which has a name in some libraries only."""
    return np.asarray(y).reshape(-1, 1)
