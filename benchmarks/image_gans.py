"""Images by GA-NTK and by five GANs: [Z21] Table 1 on MNIST and on CIFAR-10's horses.

n images to learn from. AM-SSIM to them (lower: fewer copies), with channels averaged; the
Fréchet distance to other images of the class, on the hidden layer of a small network that
was trained on all ten classes of others still; seconds of the fit. As many samples as
images, from each generator; beside them the images themselves and as many held-out ones.
The GANs have [Z21]'s critics (Tables 2 and 3, without batch normalisation) and optimisers
(Table 5), 64 dimensions and images of a batch, and `NeuralGenerator`'s network. GA-NTK has
steps on images in [0, 1], not standardised, from noise with the mean and the deviation of
each pixel. Results go into --out line by line, so that a run may be cut and gone on with;
some samples beside it, for a picture. Needs the files in ../../shared/data.

All 2048 horses, batch-wise: --data "CIFAR-10 horses" --sizes 2048 --methods GA-CNTK --batch
128. The last 400 of them are among those that taught the network of the Fréchet distance.
"""

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import optax
import pandas as pd
from _common import Results, options, peak_gib
from sklearn.neural_network import MLPClassifier

from skgantk.discriminators import FiniteWidthDiscriminator
from skgantk.generators import GANTKSynthesizer, NeuralGenerator
from skgantk.kernels import NTK, ConvNTK
from skgantk.metrics import average_max_ssim, frechet_distance

FOLDER = Path(__file__).parents[2] / "shared" / "data"
SIZES = [64, 128, 256]
SHOWN = 16  # samples that are kept
FULLY_CONNECTED = NTK(depth=2, weight_std=1.4615**0.5, bias_std=0.1**0.5, output_bias=True)
ARCHITECTURES = {  # of [Z21]'s critics: channels, and what follows them
    "MNIST": {"channels": (64, 128), "hidden_layer_sizes": (1024,)},
    "CIFAR-10 horses": {"channels": (64, 128, 256), "hidden_layer_sizes": ()},
}
CRITIC = {
    "activation": "leaky_relu",
    "negative_slope": 0.2,
    "weight_std": 2**0.5,
    "bias_std": 0.1,
    "output_bias": True,
    "antisymmetric": False,
    "warm_start": True,
}
FAN = 32  # √(4 · 4 · 64): rates of the NTK parametrisation over those of the usual one
GANS = {  # critic, optimiser and rate of both
    "DCGAN": ({"loss": "vanilla", "max_iter": 1}, optax.adam(1.0, b1=0.5), 2e-4),
    "LSGAN": ({"loss": "lsgan", "max_iter": 1}, optax.adam(1.0, b1=0.5), 2e-4),
    "WGAN": ({"weight_clip": 0.01, "max_iter": 5}, optax.rmsprop(1.0), 5e-5),
    "WGAN-GP": (
        {"gradient_penalty": 10.0, "max_iter": 5},
        optax.adam(1.0, b1=0.5, b2=0.9),
        1e-4,
    ),
    "SN-GAN": (
        {"loss": "hinge", "spectral_normalization": True, "max_iter": 5},
        optax.adam(1.0, b1=0.9),
        1e-4,
    ),
}
OURS = ["GA-FNTK", "GA-CNTK", "GA-NTKg"]
REAL = ["training images", "held-out images"]


class Images(NamedTuple):
    """Flattened images of [0, 1], and what they are judged by."""

    learnt: np.ndarray
    others: np.ndarray
    features: Callable  # of images: a hidden layer
    shape: tuple


def load(data):
    if data == "MNIST":
        file = np.load(FOLDER / "mnist_10k.npz")
        order = np.random.default_rng(0).permutation(len(file["images"]))
        X, y = _flat(file["images"])[order], file["labels"][order]
        return Images(X[:1000], X[1000:6000], hidden_layer(X[6000:], y[6000:]), (28, 28, 1))
    file = np.load(FOLDER / "cifar10_subset.npz")
    X, y, test = _flat(file["images"]), file["labels"], file["test"]
    horse = y == list(file["names"]).index("horse")
    learnt = np.flatnonzero(horse & ~test)
    taught = np.append(np.flatnonzero(~horse & ~test), learnt[-400:])  # 400 of each class
    features = hidden_layer(X[taught], y[taught])
    return Images(X[learnt], X[horse & test], features, (32, 32, 3))


def _flat(images):
    return images.reshape(len(images), -1).astype(np.float32) / 255


def hidden_layer(X, y):
    """That of a classifier, a function of images."""
    classifier = MLPClassifier(100, random_state=0, max_iter=30).fit(X, y)
    weights, biases = classifier.coefs_[0], classifier.intercepts_[0]
    return lambda images: np.maximum(images @ weights + biases, 0)


def made(method, data, shape, steps, batch):
    """A generator by name; groups of ``batch`` for GA-NTK."""
    if method in GANS:
        settings, optimizer, rate = GANS[method]
        critic = FiniteWidthDiscriminator(
            image_shape=shape, optimizer=optimizer, learning_rate=FAN * rate,
            **ARCHITECTURES[data], **CRITIC, **settings,
        )  # fmt: skip
        return NeuralGenerator(
            critic, image_shape=shape, n_latent=64, batch_size=64, bounds=(0, 1),
            standardize=False, optimizer=optimizer, learning_rate=rate, decay=False,
            max_iter=steps["GAN"], check_every=steps["GAN"], random_state=0,
        )  # fmt: skip
    convolutional = ConvNTK.mnist() if data == "MNIST" else ConvNTK.cifar10()
    if method == "GA-NTKg":
        return NeuralGenerator(
            "gantk", kernel=convolutional, image_shape=shape, n_latent=64, bounds=(0, 1),
            standardize=False, learning_rate=1e-3, batch_size=64, max_iter=steps["GA-NTKg"],
            check_every=steps["GA-NTKg"], random_state=0,
        )  # fmt: skip
    return GANTKSynthesizer(
        convolutional if method == "GA-CNTK" else FULLY_CONNECTED, epsilon=0.01,
        standardize=False, bounds=(0, 1), init="gaussian", max_iter=steps["GA-NTK"],
        batch_size=batch or "auto", random_state=0,
    )  # fmt: skip


def judged(Z, X, real, images):
    """AM-SSIM to the images learnt from, Fréchet distance to real ones."""
    shape = images.shape
    grey = [A.reshape(len(A), -1, shape[2]).mean(axis=2) for A in (Z, X)]
    some = grey[0][: SIZES[-1]]
    ssim = average_max_ssim(some, grey[1], image_shape=shape[:2], data_range=1)
    return ssim, frechet_distance(images.features(Z), images.features(real))


def run(data, args, results):
    images = load(data)
    rows = pd.read_csv(args.out).to_dict("records") if args.out.exists() else []
    done = {(row["data"], row["n"], row["method"]) for row in rows}
    for n in args.sizes:
        X, apart = images.learnt[:n], min(n, len(images.others) // 2)
        held_out, real = np.split(images.others, [apart])
        for method in args.methods:
            if (data, n, method) in done:
                continue
            began = time.perf_counter()
            Z = dict(zip(REAL, (X, held_out))).get(method)
            if Z is None:
                generator = made(method, data, images.shape, args.steps, args.batch)
                Z = generator.fit(X).samples_
            seconds = time.perf_counter() - began
            ssim, distance = judged(Z, X, real, images)
            figures = {"ssim": ssim, "frechet": distance, "seconds": seconds}
            results.row(data, n, method, *figures.values())
            keep({"data": data, "n": n, "method": method, **figures}, Z[:SHOWN], args.out)


def keep(row, Z, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame([row]).to_csv(path, mode="a", header=not path.exists(), index=False)
    file = file_of_samples(path, row["data"], row["n"], row["method"])
    np.save(file, (255 * Z).astype(np.uint8))


def file_of_samples(path, data, n, method):
    """Beside the file of results."""
    return path.parent / f"{path.stem}_{data}_{n}_{method}.npy".replace(" ", "_")


def add_arguments(parser):
    methods = [*REAL, *OURS, *GANS]
    parser.add_argument("--data", nargs="+", default=list(ARCHITECTURES), metavar="NAME")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--methods", nargs="+", default=methods, choices=methods)
    parser.add_argument("--gan_steps", type=int, default=5000)
    parser.add_argument("--gantk_steps", type=int, default=300)
    parser.add_argument("--batch", type=int, help="of GA-NTK; found if not given")
    parser.add_argument("--out", type=Path, default=Path("out/image_gans.csv"))


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    warnings.simplefilter("ignore")  # of a classifier that is good enough, and of copies
    results = Results(args)
    args.steps = {
        "GAN": args.gan_steps,
        "GA-NTKg": args.gan_steps,
        "GA-NTK": args.gantk_steps,
    }
    if args.quick:
        args.data, args.sizes = ["MNIST"], [16]
        args.methods = ["held-out images", "GA-FNTK", "SN-GAN"]
        args.steps, args.out = (
            dict.fromkeys(args.steps, 2),
            Path("out/image_gans_quick.csv"),
        )
        args.out.unlink(missing_ok=True)
    results.heads(
        {"data": 17, "n": 5, "method": 17},
        {"AM-SSIM": ".3f", "Fréchet": ".2f", "seconds": ".0f"},
    )
    for data in args.data:
        if (FOLDER / "cifar10_subset.npz").exists():
            run(data, args, results)
    print()
    results.heads({"memory": 17}, {"peak GiB": ".2f"})
    results.row("of all", peak_gib())
