"""Width → ∞: flows against networks, reset at every step, come to the flow of their limit.

8 Gaussians, 32 particles, three hidden layers, ReLU, biases; a discriminator trained anew
at every step for τ = 1, by 10 steps of 0.1. The distance of the particles to those of the
infinitely wide discriminator, root mean square over particles, by width; median over seeds,
with the least and the greatest. Ten steps, in which the particles go most of their way.
"""

import time

import numpy as np
from _common import Results, options

from skgantk.datasets import make_eight_gaussians
from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.generators import ParticleFlowGenerator
from skgantk.metrics import wasserstein_distance

LIMITS = {"ipm": NTKIPMDiscriminator(), "lsgan": NTKLSGANDiscriminator()}


def end(discriminator, X, start, steps):
    return (
        ParticleFlowGenerator(
            discriminator,
            learning_rate=1.0,
            init=start,
            max_iter=steps,
            check_every=steps,
            random_state=0,
        )
        .fit(X)
        .particles_
    )


def compare(loss, width, X, start, steps, limit, seeds):
    """Distances to the limit, W₁ of the last cloud to it, seconds of a run."""
    distances, began = [], time.perf_counter()
    for seed in range(seeds):
        network = FiniteWidthDiscriminator(3 * (width,), loss=loss, random_state=seed)
        particles = end(network, X, start, steps)
        distances.append(np.sqrt(np.mean(np.sum((particles - limit) ** 2, axis=1))))
    seconds = (time.perf_counter() - began) / seeds
    transport = wasserstein_distance(particles, limit)
    extremes = np.median(distances), min(distances), max(distances)
    return *extremes, transport, seconds


if __name__ == "__main__":
    args = options(__doc__)
    n, steps, seeds = (8, 2, 1) if args.quick else (32, 10, 3)
    widths = [16] if args.quick else [64, 256, 1024, 4096]
    X = make_eight_gaussians(n, random_state=0)[0].astype(np.float32)
    start = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    results = Results(args)
    print("Distances to the limit, and seconds of a run; without a network how far the")
    print("limit's particles went.")
    distances = ("median distance", "least", "greatest", "W₁ of clouds")
    results.heads(
        {"loss": 8, "width": 7}, {**dict.fromkeys(distances, ".4f"), "seconds": ".1f"}
    )
    for loss, discriminator in LIMITS.items():
        limit = end(discriminator, X, start, steps)
        moved = np.sqrt(np.mean(np.sum((start - limit) ** 2, axis=1)))
        results.row(loss, "none", moved)
        for width in widths:
            figures = compare(loss, width, X, start, steps, limit, seeds)
            results.row(loss, width, *figures)
