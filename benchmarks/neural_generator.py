"""NeuralGenerator: 8 and 25 Gaussians against every discriminator; fresh digits.

500 points (float32), default network and steps; 2048 fresh points judge 2048 samples.
W₁ is over that of the training points, whose distance to the fresh ones is the floor; modes
and quality (share of samples within 3 standard deviations of a centre) are of the samples,
copying is `skgantk.metrics.copying_score`. WGAN and WGAN-GP have the networks of the rest as
critic, trained five steps a step.

Then 256 images of MNIST, as in gantk_mnist.py: AM-SSIM to the training images and the
Fréchet distance of 256 fresh samples, and the energy distance of those to 2000 other images.
Writes ../out/neural_mnist.png. Needs ../../shared/data/mnist_10k.npz.
"""

import time

import numpy as np
import optax
from gantk_mnist import FILE

from skgantk.datasets import make_eight_gaussians, make_grid_gaussians
from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.generators import NeuralGenerator
from skgantk.metrics import (
    copying_score,
    mode_coverage,
    wasserstein_distance,
)

ANGLE = 2 * np.pi * np.arange(8) / 8
SIDE = np.linspace(0.15, 0.85, 5)
DATA = {  # centres, standard deviation
    "8 Gaussians": (
        make_eight_gaussians,
        5 * np.column_stack([np.cos(ANGLE), np.sin(ANGLE)]),
        0.5,
    ),
    "25 Gaussians": (
        make_grid_gaussians,
        np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2),
        0.0005**0.5,
    ),
}
CRITIC = {"max_iter": 5, "antisymmetric": False, "warm_start": True, "random_state": 0}
WGAN = FiniteWidthDiscriminator(
    learning_rate=1e-3, weight_clip=0.1, optimizer=optax.rmsprop(1.0), **CRITIC
)
WGAN_GP = FiniteWidthDiscriminator(
    learning_rate=1e-2,
    gradient_penalty=10.0,
    optimizer=optax.adam(1.0, b1=0.5, b2=0.9),
    **CRITIC,
)
METHODS = {
    "IPM": {"discriminator": NTKIPMDiscriminator()},
    "LSGAN": {"discriminator": NTKLSGANDiscriminator(training_time=100.0)},
    "GA-NTKg": {"discriminator": "gantk"},
    "WGAN": {
        "discriminator": WGAN,
        "optimizer": optax.rmsprop(1.0),
        "learning_rate": 5e-4,
    },
    "WGAN-GP": {"discriminator": WGAN_GP, "learning_rate": 1e-3},
}
IMAGES = {"standardize": False, "bounds": (0, 1), "check_every": 50, "random_state": 0}
FLAT = {"learning_rate": 1e-3, "hidden_layer_sizes": (256, 512)}
CONV = {"learning_rate": 1e-3, "image_shape": (28, 28)}
MNIST = {
    "IPM": {"discriminator": NTKIPMDiscriminator(), "max_iter": 3000, **FLAT},
    "GA-NTKg": {"discriminator": "gantk", "max_iter": 1000, **FLAT},
    "GA-NTKg, convolutions": {"discriminator": "gantk", "max_iter": 1000, **CONV},
}


def points(name, method, seed, steps):
    make, centres, std = DATA[name]
    X, fresh = (
        make(n, random_state=s)[0].astype("float32")
        for n, s in ((500, seed), (2048, seed + 1000))
    )
    generator = NeuralGenerator(max_iter=steps, random_state=seed, **METHODS[method])
    began = time.perf_counter()
    Z = generator.fit(X).sample(len(fresh), random_state=seed)
    seconds = time.perf_counter() - began
    coverage = mode_coverage(Z, centres, radius=3 * std)
    floor = wasserstein_distance(X, fresh)
    print(
        f"{name:14}{method:10}{seed:5}{coverage.n_covered:7}{coverage.high_quality:9.2f}"
        f"{wasserstein_distance(Z, fresh):9.4f}{floor:9.4f}"
        f"{wasserstein_distance(Z, fresh) / floor:8.2f}"
        f"{copying_score(Z, X, fresh):9.2f}{seconds:9.1f}",
        flush=True,
    )


def picture(panels):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, len(panels), figsize=(4 * len(panels), 4.4), layout="constrained"
    )
    for ax, (title, images) in zip(axes, panels.items()):
        tiles = images[:64].reshape(8, 8, 28, 28).transpose(0, 2, 1, 3).reshape(224, 224)
        ax.imshow(tiles, cmap="gray", vmin=0, vmax=1)
        ax.set(title=title, xticks=[], yticks=[])
    path = FILE.parents[2] / "out"
    return figure


if __name__ == "__main__":
    pass
