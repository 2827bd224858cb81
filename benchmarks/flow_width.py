"""Width → ∞: flows against networks, reset at every step, come to the flow of their limit.

8 Gaussians, 32 particles, three hidden layers, ReLU, biases; a discriminator trained anew
at every step for τ = 1, by 10 steps of 0.1. The distance of the particles to those of the
infinitely wide discriminator, root mean square over particles, by width; median over seeds,
with the least and the greatest. Ten steps, in which the particles go most of their way.
"""

import time

import numpy as np
from _common import options, print_machine

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


def report(loss, width, X, start, steps, limit, seeds):
    distances, began = [], time.perf_counter()
    for seed in range(seeds):
        network = FiniteWidthDiscriminator(3 * (width,), loss=loss, random_state=seed)
        particles = end(network, X, start, steps)
        distances.append(np.sqrt(np.mean(np.sum((particles - limit) ** 2, axis=1))))
    seconds = (time.perf_counter() - began) / seeds
    transport = wasserstein_distance(particles, limit)
    print(
        f"{loss:8}{width:7}{np.median(distances):10.4f}{min(distances):10.4f}"
        f"{max(distances):10.4f}{transport:10.4f}{seconds:9.1f}",
        flush=True,
    )


if __name__ == "__main__":
    quick = options(__doc__).quick
    n, steps, seeds = (8, 2, 1) if quick else (32, 10, 3)
    widths = [16] if quick else [64, 256, 1024, 4096]
    X = make_eight_gaussians(n, random_state=0)[0].astype(np.float32)
    start = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    print_machine()
    print(f"{'':15}{'distance to the limit':>30}{'W₁ of':>10}{'seconds':>9}")
    print(
        f"{'loss':8}{'width':>7}{'median':>10}{'least':>10}{'greatest':>10}"
        f"{'clouds':>10}{'a run':>9}"
    )
    for loss, discriminator in LIMITS.items():
        limit = end(discriminator, X, start, steps)
        moved = np.sqrt(np.mean(np.sum((start - limit) ** 2, axis=1)))
        print(f"{loss:8}{'none':>7}{moved:10.4f}   (how far the limit's particles went)")
        for width in widths:
            report(loss, width, X, start, steps, limit, seeds)
