"""MNIST: time, memory and picture of a flow onto images.

256 images, padded to 32 × 32 and scaled to [-1, 1] as in [F22], 1000 steps from uniform
noise in float32, τ = 1000, momentum, decaying step; the distances are to the training
images and to held-out ones.
Writes ../out/mnist.png. Needs ../../shared/data/mnist_10k.npz; left out where it is absent.
"""

import resource
import time
from pathlib import Path

import numpy as np
from _common import options, print_machine

from skgantk.datasets import load_images
from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.metrics import copying_score, energy_distance

FILE = Path(__file__).parents[2] / "shared" / "data" / "mnist_10k.npz"


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def picture(path, panels):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(panels), figsize=(12, 4.4), layout="constrained")
    for ax, (title, images) in zip(axes, panels.items()):
        tiles = images[:64].reshape(8, 8, 32, 32).transpose(0, 2, 1, 3).reshape(256, 256)
        ax.imshow(tiles, cmap="gray", vmin=-1, vmax=1)
        ax.set(title=title, xticks=[], yticks=[])
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110)


def run(steps, learning_rate):
    images = load_images(FILE)[0].astype(np.float32)
    images = np.random.default_rng(0).permutation(images)
    X, fresh = images[:256], images[256:512]
    base = peak_memory()
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
    print(f"{steps} steps: {seconds:.1f} s, {1e3 * seconds / steps:.1f} ms a step")
    print(f"peak memory {peak_memory():.0f} MiB, {base:.0f} MiB before the flow")
    print(
        f"learning rate {flow.learning_rate_:.3g}, gain {flow.loss_curve_[0]:.3g} -> "
        f"{flow.loss_curve_[-1]:.3g}"
    )
    print(f"{'energy distance to':24}{'before':>10}{'after':>10}{'fresh':>10}")
    for name, cloud in {"the training images": X, "held-out images": fresh}.items():
        others = (energy_distance(c, cloud) for c in (start, end, images[512:768]))
        print(f"{name:24}" + "".join(f"{d:10.3f}" for d in others))
    print(f"copying score {copying_score(end, X, fresh):.3f} (0: copies, 1: fresh images)")
    picture(
        Path(__file__).parents[1] / "out" / "mnist.png",
        {"start": start, f"after {steps} steps": end, "data": X},
    )


def add_arguments(parser):
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--learning-rate", type=float, default=1.0)


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    print_machine()
    if FILE.exists():
        run(5 if args.quick else args.steps, args.learning_rate)
    else:
        print(f"{FILE.name} is not there: nothing to measure.")
