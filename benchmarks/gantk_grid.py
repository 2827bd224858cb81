"""GANTKSynthesizer, all defaults, on the 25 Gaussians of [Z21], n = 256.

Distances (Wasserstein-1) are to 2048 fresh points and are divided by that of the training
points themselves; copying is the median distance to the nearest training point, divided by
that of the fresh points. The first line compiles.
"""

import time

import numpy as np
from _common import options, print_machine

from skgantk.datasets import make_grid_gaussians
from skgantk.generators import GANTKSynthesizer
from skgantk.metrics import copying_score, mode_coverage, wasserstein_distance

STD = 0.0005**0.5
SIDE = np.linspace(0.15, 0.85, 5)
CENTRES = np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2)


def run(seed, dtype, n):
    X, _ = make_grid_gaussians(n, random_state=seed)
    fresh, _ = make_grid_gaussians(2048, random_state=seed + 1000)
    began = time.perf_counter()
    synthesizer = GANTKSynthesizer(random_state=seed).fit(X.astype(dtype))
    seconds = time.perf_counter() - began
    Z = synthesizer.samples_
    coverage = mode_coverage(Z, CENTRES, radius=3 * STD)
    ratio = wasserstein_distance(Z, fresh) / wasserstein_distance(X, fresh)
    print(
        f"{dtype:9}{seed:5}{coverage.n_covered:7}{coverage.high_quality:9.2f}{ratio:8.3f}"
        f"{copying_score(Z, X, fresh):9.2f}{seconds:9.1f}"
        f"{1e3 * seconds / synthesizer.n_iter_:9.1f}",
        flush=True,
    )


if __name__ == "__main__":
    args = options(__doc__)
    print_machine()
    print(
        f"{'dtype':9}{'seed':>5}{'modes':>7}{'quality':>9}{'W1':>8}{'copying':>9}"
        f"{'seconds':>9}{'ms/step':>9}"
    )
    for dtype in ["float64"] if args.quick else ["float64", "float32"]:
        for seed in range(1 if args.quick else 10):
            run(seed, dtype, 64 if args.quick else 256)
