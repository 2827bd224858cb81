"""GANTKSynthesizer, all defaults, on the 25 Gaussians of [Z21], n = 256.

Distances (Wasserstein-1) are to 2048 fresh points and are divided by that of the training
points themselves; copying is the median distance to the nearest training point, divided by
that of the fresh points. The first line compiles.
"""

import time

import numpy as np
from _common import Results, options

from skgantk.datasets import make_grid_gaussians
from skgantk.generators import GANTKSynthesizer
from skgantk.metrics import copying_score, mode_coverage, wasserstein_distance

STD = 0.0005**0.5
SIDE = np.linspace(0.15, 0.85, 5)
CENTRES = np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2)


def run(seed, dtype, n):
    """Modes, quality, distance, copying, seconds and milliseconds a step."""
    X, _ = make_grid_gaussians(n, random_state=seed)
    fresh, _ = make_grid_gaussians(2048, random_state=seed + 1000)
    began = time.perf_counter()
    synthesizer = GANTKSynthesizer(random_state=seed).fit(X.astype(dtype))
    seconds = time.perf_counter() - began
    Z = synthesizer.samples_
    coverage = mode_coverage(Z, CENTRES, radius=3 * STD)
    ratio = wasserstein_distance(Z, fresh) / wasserstein_distance(X, fresh)
    copying = copying_score(Z, X, fresh)
    times = seconds, 1e3 * seconds / synthesizer.n_iter_
    return coverage.n_covered, coverage.high_quality, ratio, copying, *times


if __name__ == "__main__":
    args = options(__doc__)
    results = Results(args)
    results.heads(
        {"dtype": 9, "seed": 5},
        {
            **{"modes": ".0f", "quality": ".2f", "W1": ".3f", "copying": ".2f"},
            **{"seconds": ".1f", "ms/step": ".1f"},
        },
    )
    for dtype in ["float64"] if args.quick else ["float64", "float32"]:
        for seed in range(1 if args.quick else 10):
            results.row(dtype, seed, *run(seed, dtype, 64 if args.quick else 256))
