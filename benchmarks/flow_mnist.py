"""MNIST: time, memory and picture of a flow onto images.

256 images, padded to 32 × 32 and scaled to [-1, 1] as in [F22], 1000 steps from uniform
noise in float32, τ = 1000, momentum, decaying step; the distances are to the training
images and to held-out ones.
Writes ../out/mnist.png. Needs ../../shared/data/mnist_10k.npz; left out where it is absent.
"""

import time
from pathlib import Path

import numpy as np
from _common import OUT, Results, options, peak_gib

from skgantk.datasets import load_images
from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.metrics import copying_score, energy_distance

FILE = Path(__file__).parents[2] / "shared" / "data" / "mnist_10k.npz"


def picture(panels):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(panels), figsize=(12, 4.4), layout="constrained")
    for ax, (title, images) in zip(axes, panels.items()):
        tiles = images[:64].reshape(8, 8, 32, 32).transpose(0, 2, 1, 3).reshape(256, 256)
        ax.imshow(tiles, cmap="gray", vmin=-1, vmax=1)
        ax.set(title=title, xticks=[], yticks=[])
    figure.savefig(OUT / "mnist.png", dpi=110)


def run(steps, learning_rate, results):
    images = load_images(FILE)[0].astype(np.float32)
    images = np.random.default_rng(0).permutation(images)
    X, fresh = images[:256], images[256:512]
    base = peak_gib()
    flow = ParticleFlowGenerator(
        NTKIPMDiscriminator(training_time=1000.0),
        learning_rate=learning_rate,
        optimizer="momentum",
        decay=True,
        init=lambda n, rng: rng.uniform(-1, 1, (n, X.shape[1])),
        bounds=(-1, 1),
        max_iter=1,
        n_snapshots=1,
        random_state=0,
    ).fit(X)  # compiles
    began = time.perf_counter()
    flow.set_params(max_iter=steps).fit(X)
    seconds = time.perf_counter() - began
    start, end = flow.snapshots_[0], flow.particles_
    print(
        f"learning rate {flow.learning_rate_:.3g}, gain {flow.loss_curve_[0]:.3g} -> "
        f"{flow.loss_curve_[-1]:.3g}"
    )
    results.heads(
        {"steps": 9},
        {
            **{"seconds": ".1f", "ms/step": ".1f", "peak GiB": ".2f", "GiB before": ".2f"},
            "copying": ".3f",  # 0: copies, 1: fresh images
        },
    )
    copying = copying_score(end, X, fresh)
    results.row(steps, seconds, 1e3 * seconds / steps, peak_gib(), base, copying)
    print("\nenergy distance")
    results.heads(
        {"steps": 9, "to": 21}, {"before": ".3f", "energy, after": ".3f", "fresh": ".3f"}
    )
    for name, cloud in {"the training images": X, "held-out images": fresh}.items():
        others = (energy_distance(c, cloud) for c in (start, end, images[512:768]))
        results.row(steps, name, *others)
    picture({"start": start, f"after {steps} steps": end, "data": X})


def add_arguments(parser):
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--learning-rate", type=float, default=1.0)


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    results = Results(args)
    if FILE.exists():
        run(5 if args.quick else args.steps, args.learning_rate, results)
    else:
        print(f"{FILE.name} is not there: nothing to measure.")
