"""New points carried through a recorded flow, beside the particles it was fitted with.

8 Gaussians, 500 particles, IPM, ReLU, decaying step of 2, 2000 steps in float32. ½W₂² to
the training points and to 500 fresh ones.
"""

import numpy as np
from _common import Results, options

from skgantk.datasets import make_eight_gaussians
from skgantk.generators import ParticleFlowGenerator
from skgantk.metrics import wasserstein_distance


def run(seed, steps, results):
    X, fresh = (
        make_eight_gaussians(500, random_state=seed + k)[0].astype(np.float32)
        for k in (0, 1000)
    )
    flow = ParticleFlowGenerator(
        init="normal", learning_rate=2.0, decay=True, max_iter=steps, random_state=seed
    ).fit(X)
    noise = np.random.default_rng(seed).normal(size=(500, 2)).astype(np.float32)
    for name, cloud in {
        "start": noise,
        "particles": flow.particles_,
        "new noise": flow.transform(noise),
        "fresh points": fresh,
    }.items():
        distances = (wasserstein_distance(cloud, Y, order=2) ** 2 / 2 for Y in (X, fresh))
        results.row(seed, name, *distances)


if __name__ == "__main__":
    args = options(__doc__)
    results = Results(args)
    results.heads({"seed": 6, "cloud": 14}, {"½W₂², training": ".3g", "½W₂², fresh": ".3g"})
    for seed in range(1 if args.quick else 3):
        run(seed, 5 if args.quick else 2000, results)
