"""How much λ matters to GANTKSynthesizer ([Z21] Figure 8): 25 Gaussians, n = 256.

Algorithm 1's λ times 1/16 ... 16, all else default; W₁ to 2048 fresh points over that of
the training points, mean of three seeds, with and without the penalty on copies. Writes
../out/gantk_lambda.png.
"""

import warnings

import numpy as np
from _common import OUT, Results, options

from skgantk.datasets import make_grid_gaussians
from skgantk.generators import GANTKSynthesizer
from skgantk.metrics import copying_score, wasserstein_distance

SETTINGS = {"defaults": {}, "no penalty": {"similarity_penalty": 0.0}}


def run(seed, factor, n, **options):
    X, _ = make_grid_gaussians(n, random_state=seed)
    fresh, _ = make_grid_gaussians(2048, random_state=seed + 1000)
    X = X.astype(np.float32)
    lam = GANTKSynthesizer(max_iter=1, random_state=seed).fit(X).lam_
    Z = GANTKSynthesizer(lam=factor * lam, random_state=seed, **options).fit(X).samples_
    ratio = wasserstein_distance(Z, fresh) / wasserstein_distance(X, fresh)
    return ratio, copying_score(Z, X, fresh)


def picture(factors, results):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    labels = "W₁ to fresh points / W₁ of the training points", "copying score"
    for ax, label, column in zip(axes, labels, (0, 1)):
        for name, values in results.items():
            ax.plot(factors, values[:, column], "o-", label=name)
        ax.axvspan(0.25, 4, color="0.92")
        ax.set(xscale="log", xlabel="λ / λ of Algorithm 1", ylabel=label)
        ax.set_ylim(bottom=0)
    axes[0].legend()
    figure.savefig(OUT / "gantk_lambda.png", dpi=110)


if __name__ == "__main__":
    args = options(__doc__)
    warnings.simplefilter("ignore")  # of copies, which the table shows
    table = Results(args)
    factors = [1.0] if args.quick else [2.0**i for i in range(-4, 5)]
    seeds, n = ([0], 64) if args.quick else (range(3), 256)
    table.heads({"setting": 14, "λ/λ₁": 8}, {"W1": ".3f", "copying": ".2f"})
    results = {}
    for name, setting in SETTINGS.items():
        rows = []
        for factor in factors:
            rows.append(
                np.mean([run(seed, factor, n, **setting) for seed in seeds], axis=0)
            )
            table.row(name, factor, *rows[-1])
        results[name] = np.array(rows)
    picture(factors, results)
