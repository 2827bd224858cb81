"""NeuralGenerator: 8 and 25 Gaussians against every discriminator; fresh digits.

500 points in float32, 500 samples, 2048 fresh points as judges. W₁ is the Wasserstein
distance of the samples to the fresh points, the floor that of the training points. Modes
and quality (share of samples within three standard deviations of a centre) are of the
samples, copying is `copying_score`. IPM and LSGAN have infinite width; the critics of WGAN
and WGAN-GP are networks of width 128, trained five steps a step. All have the default
network, and LSGAN 1000 steps, the others the default of 3000.

Then 256 images of MNIST as in gantk_mnist.py: of 256 fresh samples the energy distance to
2000 other images, the Fréchet distance to 4000, and AM-SSIM to the training images.
Writes ../out/neural_mnist.png. Needs ../../shared/data/mnist_10k.npz.
"""

import time
import warnings

import numpy as np
import optax
from _common import Results, options
from gantk_mnist import FILE, digits, hidden_layer, picture

from skgantk.datasets import make_eight_gaussians, make_grid_gaussians
from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.generators import NeuralGenerator
from skgantk.metrics import (
    average_max_ssim,
    copying_score,
    energy_distance,
    frechet_distance,
    mode_coverage,
    wasserstein_distance,
)

ANGLE = 2 * np.pi * np.arange(8) / 8
CIRCLE = 5 * np.column_stack([np.cos(ANGLE), np.sin(ANGLE)])
SIDE = np.linspace(0.15, 0.85, 5)
GRID = np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2)
DATA = {
    "8 Gaussians": (make_eight_gaussians, CIRCLE, 0.5),
    "25 Gaussians": (make_grid_gaussians, GRID, 0.0005**0.5),
}
CRITIC = {"max_iter": 5, "antisymmetric": False, "warm_start": True, "random_state": 0}
METHODS = {
    "IPM": {"discriminator": NTKIPMDiscriminator()},
    "LSGAN": {
        "discriminator": NTKLSGANDiscriminator(training_time=100.0),
        "batch_size": 128,
        "max_iter": 1000,
    },
    "GA-NTKg": {"discriminator": "gantk"},
    "WGAN": {
        "discriminator": FiniteWidthDiscriminator(
            weight_clip=0.1, optimizer=optax.rmsprop(1.0), learning_rate=1e-3, **CRITIC
        ),
        "optimizer": optax.rmsprop(1.0),
        "learning_rate": 5e-4,
    },
    "WGAN-GP": {
        "discriminator": FiniteWidthDiscriminator(
            weight_std=2**0.5,
            gradient_penalty=10.0,
            optimizer=optax.adam(1.0, b1=0.5, b2=0.9),
            learning_rate=1e-2,
            **CRITIC,
        ),
        "learning_rate": 1e-3,
    },
}
IMAGES = {"standardize": False, "bounds": (0, 1), "random_state": 0}
MNIST = {
    "IPM, MLP": {"learning_rate": 1e-3},
    "GA-NTKg, MLP": {"discriminator": "gantk", "learning_rate": 1e-3},
    "GA-NTKg, convolutions": {
        "discriminator": "gantk",
        "learning_rate": 1e-3,
        "image_shape": (28, 28),
        "max_iter": 1000,
    },
}


def points(name, method, seed, quick):
    """Figures of a row of the first table."""
    make, centres, std = DATA[name]
    X = make(500, random_state=seed)[0].astype("float32")
    fresh = make(2048, random_state=seed + 1000)[0].astype("float32")
    generator = NeuralGenerator(random_state=seed, **METHODS[method])
    if quick:
        generator.set_params(max_iter=3)
    began = time.perf_counter()
    Z = generator.fit(X).sample(500, random_state=seed)
    seconds = time.perf_counter() - began
    coverage = mode_coverage(Z, centres, radius=3 * std)
    distance, floor = (wasserstein_distance(cloud, fresh) for cloud in (Z, X))
    distances = distance, floor, distance / floor
    copying = copying_score(Z, X, fresh)
    return coverage.n_covered, coverage.high_quality, *distances, copying, seconds


def mnist(names, quick, results):
    images, labels = digits()
    n = 64 if quick else 256
    X, held_out, others = images[:n], images[n : 2 * n], images[2000:6000]
    features = hidden_layer(images[6000:], labels[6000:])
    real = features(others)

    def report(name, Z, *of_fit):
        distances = energy_distance(Z, others[:2000]), frechet_distance(features(Z), real)
        ssim = average_max_ssim(Z, X, image_shape=(28, 28), data_range=1)
        results.row(name, *distances, ssim, *of_fit)

    print()
    results.heads(
        {"images": 24},
        {
            **{"energy": ".3f", "Fréchet": ".2f", "AM-SSIM": ".3f"},
            **{"steps": ".0f", "seconds": ".0f"},
        },
    )
    report("training images", X)
    report("held-out images", held_out)
    panels = {"training images": X}
    for name in names:
        generator = NeuralGenerator(**IMAGES, **MNIST[name])
        if quick:
            generator.set_params(max_iter=2)
        began = time.perf_counter()
        generator.fit(X)
        seconds = time.perf_counter() - began
        panels[name] = generator.sample(256, random_state=0)
        report(name, panels[name], generator.n_iter_, seconds)
    picture(panels, "neural_mnist.png")


def add_arguments(parser):
    parser.add_argument("--data", nargs="+", default=list(DATA), choices=[*DATA, "none"])
    parser.add_argument("--method", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--mnist", nargs="+", default=list(MNIST), choices=[*MNIST, "none"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")  # of a classifier that is good enough
    results = Results(args)
    if args.quick:
        args.data, args.seeds, args.mnist = ["8 Gaussians"], [0], ["IPM, MLP"]
    results.heads(
        {"data": 14, "method": 9, "seed": 5},
        {
            **{"modes": ".0f", "quality": ".2f", "W₁": ".4f", "floor": ".4f"},
            **{"ratio": ".2f", "copying": ".2f", "seconds": ".0f"},
        },
    )
    for name in (name for name in args.data if name in DATA):
        for method in args.method:
            for seed in args.seeds:
                results.row(name, method, seed, *points(name, method, seed, args.quick))
    if FILE.exists() and "none" not in args.mnist:
        mnist(args.mnist, args.quick, results)
