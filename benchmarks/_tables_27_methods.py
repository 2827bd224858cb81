"""The methods of `tables_27.py`: one fit to a training part, several tables."""

import numpy as np
from scipy.stats import norm, rankdata
from sklearn.base import BaseEstimator, clone
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.utils import check_random_state

from skgantk._samplers import draw
from skgantk.generators import TableSynthesizer
from skgantk.preprocessing import TableEncoder


class MixtureByBIC(BaseEstimator):
    """GaussianMixture with the components and covariances that BIC prefers."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None):
        fits = [
            GaussianMixture(
                k, covariance_type=kind, reg_covar=1e-3, random_state=self.random_state
            ).fit(X)
            for kind in ("full", "diag")
            for k in range(1, min(10, len(X) - 1) + 1)
        ]
        self.best_ = min(fits, key=lambda mixture: mixture.bic(X))
        return self

    def sample(self, n_samples=1, random_state=None):
        return draw(self.best_, n_samples, random_state)[0]


class DensityByCV(BaseEstimator):
    """KernelDensity with the bandwidth of the best likelihood in cross-validation."""

    def fit(self, X, y=None):
        grid = {"bandwidth": np.geomspace(0.03, 3, 17)}
        self.best_ = GridSearchCV(KernelDensity(), grid).fit(X).best_estimator_
        return self

    def sample(self, n_samples=1, random_state=None):
        return draw(self.best_, n_samples, random_state)[0]


class GaussianCopula(BaseEstimator):
    """Normal scores of ranks and their correlation; back by the quantiles of the data."""

    def fit(self, X, y=None):
        scores = norm.ppf((rankdata(X, axis=0) - 0.5) / len(X))
        self.correlation_ = np.atleast_2d(np.corrcoef(scores.T))
        self.data_ = X
        return self

    def sample(self, n_samples=1, random_state=None):
        rng = check_random_state(random_state)
        zero = np.zeros(len(self.correlation_))
        scores = rng.multivariate_normal(zero, self.correlation_, n_samples)
        quantiles = zip(self.data_.T, norm.cdf(scores).T)
        return np.column_stack([np.quantile(column, q) for column, q in quantiles])


REFERENCE = "training rows"
ESTIMATORS = {
    "ours": TableSynthesizer(),
    "mixture": TableSynthesizer(MixtureByBIC(), calibrate=False),
    "kernel density": TableSynthesizer(DensityByCV(), calibrate=False),
    "copula": TableSynthesizer(GaussianCopula(), calibrate=False),
}
PEERS = {"SMOTE": "smote", "CART": "cart", "adversarial forest": "adversarial_forest"}
FOREST_FLOW = "Forest-Flow"


def make(method, table, train, n_tables, seed):
    """Tables of as many rows as the training part."""
    if method == REFERENCE:
        return [train]  # all would be the same, and so their means
    if method in ESTIMATORS:
        return synthesized(ESTIMATORS[method], table, train, n_tables, seed)
    n = n_tables * len(train)
    if method == FOREST_FLOW:
        return forest_flow(table, train, n_tables, seed)
    import _table_peers

    encoder = TableEncoder(table.labelled).fit(train)
    parts = list(_table_peers.columns(encoder))
    peer = getattr(_table_peers, PEERS[method])
    rows = encoder.inverse_transform(peer(encoder.transform(train), parts, n, seed))
    size = len(train)
    return [rows[i : i + size].reset_index(drop=True) for i in range(0, n, size)]


def synthesized(estimator, table, train, n_tables, seed):
    """Classes as labels, so that each has a generator if large enough."""
    target, rng = table.target, np.random.RandomState(seed)
    chosen = [column for column in table.labelled if column != target]
    estimator = clone(estimator)
    estimator.set_params(categorical_features=chosen, random_state=seed)
    size = len(train)
    if table.classification:
        estimator.fit(train.drop(columns=target), train[target])
        X, y = estimator.sample(n_tables * size, rng)
        rows = X.assign(**{target: y})
    else:
        rows = estimator.fit(train).sample(n_tables * size, rng)
    return [rows[i : i + size].reset_index(drop=True) for i in range(0, len(rows), size)]


def forest_flow(table, train, n_tables, seed):
    """Flow matching by trees (Jolicoeur-Martineau, Fatras and Kachman 2024).

    Its defaults are the paper's: 50 noise levels, 100 copies of a row, 100 trees of depth
    7, eta 0.3, no penalty; a model for each class.
    """
    from ForestDiffusion import ForestDiffusionModel

    X, labels, classes = table.numbers(train), None, None
    last = X.shape[1] - 1
    if table.classification:
        classes, labels = np.unique(X[:, last], return_inverse=True)
        X = X[:, :last]
    kinds = {
        f"{kind}_indexes": [j for j in indices if j < X.shape[1]]
        for kind, indices in table.kinds.items()
    }
    model = ForestDiffusionModel(
        X,
        label_y=labels,
        diffusion_type="flow",
        n_jobs=1,
        seed=seed,
        nthread=2,
        **kinds,
    )
    made = [model.generate(batch_size=len(X)) for _ in range(n_tables)]
    if table.classification:
        for rows in made:
            rows[:, last] = classes[rows[:, last].astype(int)]
    return [table.frame(rows) for rows in made]
