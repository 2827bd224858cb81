"""The measures of `tables_27.py`.

Tables are matrices of floats, target last; ``categorical`` are the indices of columns whose
codes become one column for each level (one-hot).
"""

from importlib.util import find_spec
from itertools import count

import numpy as np
import ot
from scipy.spatial.distance import cdist
from scipy.special import expit, xlogy
from scipy.stats import t
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import (
    AdaBoostRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import f1_score, r2_score
from sklearn.preprocessing import MinMaxScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import check_random_state

FIGURES = [
    *("W1_train", "W1_test", "coverage_train", "coverage_test", "F1", "R2"),
    *("class_score", "percent_bias", "coverage_rate", "time", "nearest", "nearer"),
]
LARGE = 5000  # training rows from which W₁ is left out
SEEDS = range(5)  # of the models
JOBS = 2
XGBOOST = find_spec("xgboost") is not None


def judged(train, test, made, categorical, classification):
    """All figures but the time, means over the tables made from the training rows."""
    scores = [learnt(G, test, categorical, classification) for G in made]
    following = [*made[1:], made[0]]
    apart = [told_apart(train, G, H, categorical) for G, H in zip(made, following)]
    return {
        **by_distance(train, test, made, categorical),
        "F1" if classification else "R2": np.mean(scores),
        "class_score": np.mean(apart),
        **({} if classification else by_regression(train, made, categorical)),
    }


def one_hot(categorical, *tables, drop=0):
    """Numbers as they are, then a column for each level that any of the tables has."""
    X = np.concatenate(tables)
    levels = [X[:, [j]] == np.unique(X[:, j])[drop:] for j in categorical]
    X = np.hstack([np.delete(X, categorical, axis=1), *levels])
    return np.split(X, np.cumsum([len(table) for table in tables])[:-1])


# Distances: L₁, numbers in [0, 1] on the training rows, two levels of a category 1 apart.


def by_distance(train, test, made, categorical):
    T, H, *made = scaled(train, test, *made, categorical=categorical)
    around = radii(T), radii(H)
    fresh = np.median(nearest(H, T))
    rows = []
    for G in made:
        to_T, to_H = nearest(G, T), nearest(G, H)
        rows.append(
            {
                "W1_train": wasserstein(G, T) if len(T) < LARGE else np.nan,
                "W1_test": wasserstein(G, H) if len(T) < LARGE else np.nan,
                "coverage_train": np.mean(nearest(T, G) < around[0]),
                "coverage_test": np.mean(nearest(H, G) < around[1]),
                "nearest": np.median(to_T) / fresh if fresh else np.nan,
                "nearer": np.mean((to_T < to_H) + (to_T == to_H) / 2),
            }
        )
    return {figure: np.mean([row[figure] for row in rows]) for figure in rows[0]}


def scaled(train, *others, categorical):
    # Ties count: MinMaxScaler's own arithmetic, x·scale + (0 − min·scale).
    width = train.shape[1] - len(categorical)
    tables = one_hot(categorical, train, *others)
    for X in tables:
        X[:, width:] /= 2
    if width:  # there are numbers
        scaler = MinMaxScaler().fit(tables[0][:, :width])
        for X in tables:
            X[:, :width] = scaler.transform(X[:, :width])
    return tables


def nearest(X, Y, k=0):
    """Distance from each row of X to the k-th nearest of Y, counted from 0."""
    blocks = (cdist(X[i : i + 1000], Y, "cityblock") for i in range(0, len(X), 1000))
    return np.concatenate([np.partition(D, k, axis=1)[:, k] for D in blocks])


def radii(X):
    """Distance from each row to its k-th nearest other one.

    k is one more than the least for which the rows cover themselves to 95 %, that is, for
    which so many are at a distance from their k-th neighbour.
    """
    first = next(k for k in count(1) if np.mean(nearest(X, X, k) > 0) >= 0.95)
    return nearest(X, X, first + 1)


def wasserstein(X, Y):
    return ot.emd2([], [], cdist(X, Y, "cityblock"), numItermax=10**9)


# Models: as scikit-learn 1.2 and xgboost 2.0 have them, of which the printed figures are.
# The seeds would not change the linear one and xgboost, which are fitted once.


class RealAdaBoost(ClassifierMixin, BaseEstimator):
    """SAMME.R of 50 stumps: AdaBoostClassifier until scikit-learn 1.5, not since.

    Zhu, Zou, Rosset and Hastie, "Multi-class AdaBoost", Statistics and its Interface 2009.
    """

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        rng = check_random_state(self.random_state)
        self.classes_, y = np.unique(y, return_inverse=True)
        K, weights = len(self.classes_), np.full(len(X), 1 / len(X))
        coding = np.where(y[:, None] == np.arange(K), 1, -1 / (K - 1))
        self.stumps_ = []
        for _ in range(50):
            weights = np.maximum(weights / weights.sum(), np.finfo(float).eps)
            stump = DecisionTreeClassifier(max_depth=1, random_state=rng.randint(2**31 - 1))
            shares = stump.fit(X, y, sample_weight=weights).predict_proba(X)
            self.stumps_.append(stump)
            if np.all(shares.argmax(axis=1) == y):
                break
            logs = xlogy(coding, np.maximum(shares, np.finfo(float).eps)).sum(axis=1)
            weights = np.exp(np.log(weights) - (K - 1) / K * logs)
        return self

    def predict(self, X):
        shares = sum(
            np.log(np.maximum(stump.predict_proba(X), np.finfo(float).eps))
            for stump in self.stumps_
        )
        return self.classes_[shares.argmax(axis=1)]


def classifiers(y):
    groups = [
        [LogisticRegression(C=np.inf, max_iter=500)],
        [RealAdaBoost(random_state=s) for s in SEEDS],
        [RandomForestClassifier(max_depth=28, random_state=s, n_jobs=JOBS) for s in SEEDS],
    ]
    if XGBOOST:
        from xgboost import XGBClassifier

        # Of two classes it starts from one Newton step, of more from ½; since 3.1 from
        # their shares.
        start = expit(4 * y.mean() - 2) if y.max() == 1 else 0.5
        groups.append([XGBClassifier(reg_lambda=0, base_score=float(start), n_jobs=JOBS)])
    return groups


def regressors():
    groups = [
        [LinearRegression()],
        [AdaBoostRegressor(random_state=s) for s in SEEDS],
        [RandomForestRegressor(max_depth=28, random_state=s, n_jobs=JOBS) for s in SEEDS],
    ]
    if XGBOOST:
        from xgboost import XGBRegressor

        groups.append([XGBRegressor(reg_lambda=0, n_jobs=JOBS)])
    return groups


def mean_score(groups, X, y, X_test, y_test, score):
    return np.mean(
        [
            np.mean([score(y_test, model.fit(X, y).predict(X_test)) for model in group])
            for group in groups
        ]
    )


def macro_f1(y_true, y_pred):
    return f1_score(y_true, y_pred, average="macro")


def learnt(made, test, categorical, classification):
    """Macro F1 or R², on the test rows, of four models that the table made has taught."""
    # The released code drops no level; that of the printed figures dropped the first.
    names = features(categorical, test)
    X, X_test = one_hot(names, made[:, :-1], test[:, :-1], drop=1)
    y, y_test = made[:, -1], test[:, -1]
    if not classification:
        return mean_score(regressors(), X, y, X_test, y_test, r2_score)
    if not np.isin(y_test, y).all():
        return 0.0
    classes, y = np.unique(y, return_inverse=True)
    y_test = np.searchsorted(classes, y_test)
    return mean_score(classifiers(y), X, y, X_test, y_test, macro_f1)


def told_apart(train, made, following, categorical):
    """Macro F1, on the next table made, of four models that tell it from real rows."""
    real, fake, X_test = one_hot(categorical, train, made, following)
    X, y = np.concatenate([real, fake]), np.repeat([1, 0], [len(real), len(fake)])
    y_test = np.zeros(len(X_test), int)
    return mean_score(classifiers(y), X, y, X_test, y_test, macro_f1)


def features(categorical, table):
    return [j for j in categorical if j < table.shape[1] - 1]


def by_regression(train, made, categorical):
    """Percent bias of least squares' coefficients, and how often intervals cover them."""
    names = features(categorical, train)
    X, y = one_hot(names, train[:, :-1], drop=1)[0], train[:, -1]
    true, _ = least_squares(X, y)
    fits = [
        least_squares(one_hot(names, train[:, :-1], G[:, :-1], drop=1)[1], G[:, -1])
        for G in made
    ]
    q, half = (np.array(part) for part in zip(*fits))
    return {
        "percent_bias": np.mean(100 * np.abs((q.mean(axis=0) - true) / true)),
        "coverage_rate": np.mean(np.abs(q - true) < half),
    }


def least_squares(X, y):
    """Coefficients, intercept first, and half their 95 % intervals.

    All are 0 where a column is constant.
    """
    if np.any(np.ptp(X, axis=0) == 0):
        return np.zeros((2, X.shape[1] + 1))
    X = np.column_stack([np.ones(len(X)), X])
    inverse = np.linalg.pinv(X)
    q, free = inverse @ y, len(X) - np.linalg.matrix_rank(X)
    variance = np.sum((y - X @ q) ** 2) / free
    return q, t.ppf(0.975, free) * np.sqrt(variance * np.sum(inverse**2, axis=1))
