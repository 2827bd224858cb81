"""Particle flows in [F22]'s settings: where they end, and the time of a step.

500 particles onto 500 points, τ = 1, η_paper = 1000 (2 per particle; sigmoid ×1000).
Distances are ½W₂², exact, to the training points and to 500 fresh ones, and between the two
the Sinkhorn divergence to the training points that [F22] prints. AB and Density need
the images of [F22] in ../../shared/data and are left out where they are absent.
"""

import itertools
import time
from pathlib import Path

import numpy as np
from _common import Results, options

from skgantk.datasets import make_eight_gaussians, sample_image
from skgantk.discriminators import NTKIPMDiscriminator, NTKLSGANDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.kernels import NTK, RBF
from skgantk.metrics import sinkhorn_divergence, wasserstein_distance

IMAGES = Path(__file__).parents[2] / "shared" / "data"
KERNELS = {
    "ReLU": NTK(),
    "RBF": RBF(),
    "ReLU, no bias": NTK(bias_std=0.0),
    "sigmoid": NTK(activation="sigmoid", bias_std=0.2),
}
DISCRIMINATORS = {"IPM": NTKIPMDiscriminator, "LSGAN": NTKLSGANDiscriminator}


def clouds(name, seed, images=IMAGES):
    """Training points, fresh points and the start."""
    if name == "8 Gaussians":
        real = [make_eight_gaussians(500, random_state=seed + k)[0] for k in (0, 1000)]
        return *real, np.random.default_rng(seed).normal(size=(500, 2))
    source, target = {"AB": ("A", "B"), "Density": ("density_a", "density_b")}[name]
    real = [
        sample_image(images / f"{target}.png", 500, random_state=seed + k)
        for k in (0, 1000)
    ]
    return *real, sample_image(images / f"{source}.png", 500, random_state=seed + 2000)


def half_square(X, Y):
    return wasserstein_distance(X, Y, order=2) ** 2 / 2


def flow_from(start, loss, kernel, seed, **settings):
    """[F22]'s."""
    return ParticleFlowGenerator(
        DISCRIMINATORS[loss](KERNELS[kernel]),
        learning_rate=2000.0 if kernel == "sigmoid" else 2.0,
        init=start,
        check_every=1000,
        random_state=seed,
        **settings,
    )


def run(data, loss, kernel, dtype, decay, steps, seed):
    """Three distances, and milliseconds a step."""
    X, fresh, start = (cloud.astype(dtype) for cloud in clouds(data, seed))
    flow = flow_from(start, loss, kernel, seed, decay=decay, max_iter=1)
    flow.fit(X)  # compiles
    began = time.perf_counter()
    flow.set_params(max_iter=steps).fit(X)
    per_step = 1e3 * (time.perf_counter() - began) / steps
    Z = flow.particles_
    return half_square(Z, X), sinkhorn_divergence(Z, X), half_square(Z, fresh), per_step


def add_arguments(parser):
    parser.add_argument("--data", nargs="+", default=["8 Gaussians", "AB", "Density"])
    parser.add_argument("--loss", nargs="+", default=["IPM"], choices=list(DISCRIMINATORS))
    parser.add_argument("--kernel", nargs="+", default=["ReLU"], choices=list(KERNELS))
    parser.add_argument("--dtype", nargs="+", default=["float32", "float64"])
    parser.add_argument("--decay", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--steps", type=int, help="default: [F22]'s")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    results = Results(args)
    distances = ("½W₂², training", "Sinkhorn", "½W₂², fresh")
    results.heads(
        {
            **{"data": 13, "loss": 7, "kernel": 15, "dtype": 9},
            **{"step": 10, "seed": 5, "steps": 6},
        },
        {**dict.fromkeys(distances, ".2e"), "ms/step": ".2f"},
    )
    if args.quick:
        args.data, args.decay, args.steps = args.data[:1], [1], 5
    for data, loss, kernel, dtype, decay, seed in itertools.product(
        args.data, args.loss, args.kernel, args.dtype, args.decay, args.seeds
    ):
        steps = args.steps or (20_000 if data == "8 Gaussians" else 10_000)
        if data == "8 Gaussians" or IMAGES.exists():
            figures = run(data, loss, kernel, dtype, bool(decay), steps, seed)
            step = "decaying" if decay else "constant"
            results.row(data, loss, kernel, dtype, step, seed, steps, *figures)
