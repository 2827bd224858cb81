"""GANTKSynthesizer, all defaults, on scikit-learn's small tables.

Tables are standardised, half of the rows held out. W₂² between as many samples as training
rows and the held-out half (mean ± std over seeds), beside a GaussianMixture (components and
covariances by BIC), a KernelDensity (bandwidth by cross-validation) and the training half
itself; then the copying score (0: copies, 1: as held-out rows). The defaults were found on
one split of other tables, and of the first three.
"""

import warnings

import numpy as np
from _common import Results, options
from sklearn import datasets
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler

from skgantk.generators import GANTKSynthesizer
from skgantk.metrics import copying_score, wasserstein_distance

TABLES = ["iris", "wine", "breast_cancer", "diabetes", "linnerud", "digits"]


def mixture(X, seed):
    models = [
        GaussianMixture(n, covariance_type=kind, random_state=seed).fit(X)
        for n in range(1, min(11, len(X)))
        for kind in ("full", "tied", "diag", "spherical")
    ]
    return min(models, key=lambda model: model.bic(X)).sample(len(X))[0]


def density(X, seed):
    bandwidths = {"bandwidth": np.logspace(-1.5, 0.7, 20)}
    search = GridSearchCV(KernelDensity(), bandwidths, cv=5).fit(X)
    return search.best_estimator_.sample(len(X), random_state=seed)


METHODS = {
    "training half": lambda X, seed: X,
    "mixture": mixture,
    "density": density,
    "GANTK": lambda X, seed: GANTKSynthesizer(random_state=seed).fit(X).samples_,
}


def run(name, seeds):
    """Rows of the table."""
    X = StandardScaler().fit_transform(getattr(datasets, f"load_{name}")().data)
    results = {method: [] for method in METHODS}
    for seed in seeds:
        train, held_out = train_test_split(X, test_size=0.5, random_state=seed)
        for method, draw in METHODS.items():
            Z = draw(train, seed)
            distance = wasserstein_distance(Z, held_out, order=2) ** 2
            results[method].append((distance, copying_score(Z, train, held_out)))
    for method, figures in results.items():
        (mean, copying), (std, _) = np.mean(figures, axis=0), np.std(figures, axis=0)
        yield name, *X.shape, method, mean, std, copying


if __name__ == "__main__":
    args = options(__doc__)
    warnings.simplefilter("ignore")  # of degenerate mixtures
    results = Results(args)
    results.heads(
        {"table": 14, "n": 5, "d": 4, "method": 14},
        {"W₂²": ".3f", "deviation": ".3f", "copying": ".2f"},
    )
    tables, seeds = (["iris"], [0]) if args.quick else (TABLES, range(5))
    for name in tables:
        for row in run(name, seeds):
            results.row(*row)
