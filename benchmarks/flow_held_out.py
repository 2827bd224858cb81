"""How near generated points come to fresh points of their distribution.

½W₂² to 500 fresh points: of early-stopped particle flows, of scikit-learn's KernelDensity
(bandwidth by cross-validation) and GaussianMixture (components by BIC), and of the training
points themselves, two fresh samples: the floor. Mean and standard deviation over seeds.
"""

import numpy as np
from _common import Results, options
from flow_convergence import IMAGES, clouds, half_square
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity

from skgantk.generators import ParticleFlowGenerator


def particle_flow(X, start, seed, quick):
    return (
        ParticleFlowGenerator(
            init=start,
            learning_rate=2.0,
            early_stopping=True,
            check_every=5,
            n_iter_no_change=20,
            max_iter=5 if quick else 2000,
            random_state=seed,
        )
        .fit(X)
        .particles_
    )


def kernel_density(X, start, seed, quick):
    widths = {"bandwidth": np.geomspace(0.003, 1, 25) * X.std()}
    search = GridSearchCV(KernelDensity(), widths).fit(X)
    return search.best_estimator_.sample(len(X), random_state=seed)


def gaussian_mixture(X, start, seed, quick):
    sizes = range(1, 3 if quick else 26)
    models = [GaussianMixture(k, random_state=seed).fit(X) for k in sizes]
    return min(models, key=lambda model: model.bic(X)).sample(len(X))[0]


def training_points(X, start, seed, quick):
    return X


METHODS = [particle_flow, kernel_density, gaussian_mixture, training_points]


if __name__ == "__main__":
    args = options(__doc__, lambda p: p.add_argument("--seeds", type=int, default=3))
    seeds = range(1 if args.quick else args.seeds)
    results = Results(args)
    names = ["8 Gaussians"]
    if IMAGES.exists() and not args.quick:
        names += ["AB", "Density"]
    print("½W₂² to fresh points")
    results.heads({"method": 18, "data": 12}, {"½W₂²": ".4g", "deviation": ".2g"})
    for method in METHODS:
        for name in names:
            values = []
            for seed in seeds:
                X, fresh, start = clouds(name, seed)
                values.append(half_square(method(X, start, seed, args.quick), fresh))
            label = method.__name__.replace("_", " ")
            results.row(label, name, np.mean(values), np.std(values))
