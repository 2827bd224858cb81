"""GA-FNTK and GA-CNTK on 256 images of MNIST ([Z21] Section 4.1).

Beside ours the published optimiser, given the same time: plain gradient steps of 1000 on
the mean loss from uniform noise, λ = 10⁻² t/(4n) with t = 2·65536. AM-SSIM is to the
training images (lower: fewer copies); the Fréchet distance is to 4000 other images, on the
hidden layer of a classifier trained on 4000 others still. Both also for 256 held-out images
and the training images.
Writes ../out/gantk_mnist.png. Needs ../../shared/data/mnist_10k.npz.
"""

import time
import warnings
from pathlib import Path

import numpy as np
from _common import OUT, Results, options
from sklearn.neural_network import MLPClassifier

from skgantk.datasets import load_images
from skgantk.generators import GANTKSynthesizer
from skgantk.kernels import NTK, ConvNTK
from skgantk.metrics import average_max_ssim, frechet_distance

FILE = Path(__file__).parents[2] / "shared" / "data" / "mnist_10k.npz"
KERNELS = {
    "GA-FNTK": NTK(depth=2, weight_std=1.4615**0.5, bias_std=0.1**0.5, output_bias=True),
    "GA-CNTK": ConvNTK.mnist(),
}
COMMON = {
    "standardize": False,
    "bounds": (0, 1),
    "init": "gaussian",
    "random_state": 0,
}
STEPS = {"GA-FNTK": 300, "GA-CNTK": 300}
CHUNK = 5  # steps of the published optimiser between two looks at the clock


def digits(file=FILE):
    images, labels = load_images(file, size=None)
    order = np.random.default_rng(0).permutation(len(images))
    return (images[order] + 1).astype(np.float32) / 2, labels[order]


def hidden_layer(X, y):
    classifier = MLPClassifier(100, random_state=0, max_iter=30).fit(X, y)
    weights, biases = classifier.coefs_[0], classifier.intercepts_[0]
    return lambda images: np.maximum(images @ weights + biases, 0)


def published(X, kernel, seconds):
    """The samples after ``seconds``, and the number of steps."""
    synthesizer = GANTKSynthesizer(
        kernel,
        lam=1e-2 * 2 * 65536 / (4 * len(X)),
        objective="squared_error",
        continuation=False,
        similarity_penalty=0.0,
        optimizer="gradient",
        learning_rate=1000.0,
        decay=False,
        max_iter=1,
        check_every=CHUNK,
        **{**COMMON, "init": "uniform"},
    ).fit(X)  # compiles
    synthesizer.warm_start = True
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        synthesizer.set_params(max_iter=synthesizer.max_iter + CHUNK).fit(X)
    return synthesizer


def picture(panels, name):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, len(panels), figsize=(4 * len(panels), 4.4), layout="constrained"
    )
    for ax, (title, images) in zip(axes, panels.items()):
        tiles = images[:64].reshape(8, 8, 28, 28).transpose(0, 2, 1, 3).reshape(224, 224)
        ax.imshow(tiles, cmap="gray", vmin=0, vmax=1)
        ax.set(title=title, xticks=[], yticks=[])
    figure.savefig(OUT / name, dpi=110)


def add_arguments(parser):
    parser.add_argument("--kernel", nargs="+", default=list(KERNELS), choices=KERNELS)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--epsilon", type=float, default=0.05)


def main(args, results):
    images, labels = digits()
    n = 64 if args.quick else 256
    X, held_out, others = images[:n], images[n : 2 * n], images[2000:6000]
    features = hidden_layer(images[6000:], labels[6000:])
    real = features(others)

    def report(name, Z, *of_fit):
        ssim = average_max_ssim(Z, X, image_shape=(28, 28), data_range=1)
        results.row(name, ssim, frechet_distance(features(Z), real), *of_fit)

    results.heads(
        {"images": 22},
        {
            **{"AM-SSIM": ".3f", "Fréchet": ".2f", "steps": ".0f", "seconds": ".0f"},
            **{"loss at first": ".4f", "at last": ".4f"},
        },
    )
    report("training images", X)
    report("held-out images", held_out)
    panels = {"training images": X}
    for name in args.kernel:
        kernel, steps = KERNELS[name], 2 if args.quick else args.steps or STEPS[name]
        ours = GANTKSynthesizer(kernel, epsilon=args.epsilon, max_iter=steps, **COMMON)
        began = time.perf_counter()
        ours.fit(X)
        seconds = time.perf_counter() - began
        theirs = published(X, kernel, seconds)
        for label, fit in ((name, ours), (f"{name}, published", theirs)):
            ends = fit.loss_curve_[0], fit.loss_curve_[-1]
            report(label, fit.samples_, fit.n_iter_, seconds, *ends)
        print(" ".join(f"{loss:.4f}" for loss in ours.loss_curve_), flush=True)
        panels[name] = ours.samples_
        panels[f"{name}, published optimiser"] = theirs.samples_
    picture(panels, "gantk_mnist.png")


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")  # of a classifier that is good enough, and of copies
    results = Results(args)
    if FILE.exists():
        main(args, results)
    else:
        print(f"{FILE.name} is not there: nothing to measure.")
