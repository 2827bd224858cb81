"""`ImageSynthesizer` as the guide's page "Images" has it: quality, and seconds a step.

As many new images as were given, bytes as a user has them, of MNIST and of CIFAR-10's
horses, by kernel, steps and size of a group: AM-SSIM to these, the Fréchet distance to
other images on a classifier's hidden layer (`image_gans.py`) and the copying score, in
which images held out have 1. Then seconds a step on random images, and of the first fit,
which waits for the compiler. The first half needs the files in ../../shared/data.
"""

import time
import warnings

import numpy as np
from _common import Results, options
from image_gans import FOLDER, judged, load

from skgantk.generators import ImageSynthesizer
from skgantk.metrics import copying_score

CASES = [  # data, n, settings
    ("MNIST", 128, {}),
    ("MNIST", 128, {"kernel": "convolutional"}),
    ("MNIST", 256, {}),
    ("MNIST", 256, {"kernel": "convolutional"}),
    ("CIFAR-10 horses", 64, {"kernel": "dense"}),
    ("CIFAR-10 horses", 64, {}),
    ("CIFAR-10 horses", 64, {"max_iter": 150}),
    ("CIFAR-10 horses", 128, {"max_iter": 150}),
    ("CIFAR-10 horses", 128, {"max_iter": 150, "batch_size": 64}),
]
SHAPES = [  # of random images, n, kernel, steps that are timed
    ((8, 8), 128, "dense", 200),
    ((28, 28), 128, "dense", 100),
    ((28, 28), 1024, "dense", 10),
    ((28, 28), 64, "convolutional", 20),
    ((28, 28), 128, "convolutional", 10),
    ((16, 16, 3), 64, "auto", 20),
    ((32, 32, 3), 64, "auto", 10),
    ((64, 64, 3), 64, "auto", 10),
]


def quality(data, n, settings, images):
    """Rows of new, given and held-out images."""
    X, apart = images.learnt[:n], min(n, len(images.others) // 2)
    held_out, real = np.split(images.others, [apart])
    given = np.rint(255 * X).astype(np.uint8).reshape(n, *images.shape)
    synthesizer = ImageSynthesizer(random_state=0, **settings)
    began = time.perf_counter()
    new = synthesizer.fit(given).samples_
    seconds = time.perf_counter() - began
    Z = new.reshape(n, -1).astype(np.float32) / 255
    for name, A in (("new", Z), ("given", X), ("held out", held_out)):
        ssim, distance = judged(A, X, real, images)
        copying = copying_score(A, X, held_out)
        label = ", ".join(f"{k} {v}" for k, v in settings.items()) or "defaults"
        taken = seconds if name == "new" else None
        yield data, n, label, name, ssim, distance, copying, taken


def pace(shape, n, kernel, steps):
    """Seconds of a step, and of the first fit."""
    X = np.random.default_rng(0).integers(0, 256, (n, *shape)).astype(np.uint8)

    def seconds(max_iter):
        began = time.perf_counter()
        ImageSynthesizer(kernel, max_iter=max_iter, random_state=0).fit(X)
        return time.perf_counter() - began

    first, short, long = (seconds(k) for k in (10, 10, 10 + steps))
    return (long - short) / steps, first


if __name__ == "__main__":
    args = options(__doc__)
    warnings.simplefilter("ignore")  # of a classifier that is good enough
    results = Results(args)
    if FOLDER.exists() and not args.quick:
        results.heads(
            {"data": 17, "n": 5, "settings": 31, "images": 8},
            {"AM-SSIM": ".3f", "Fréchet": ".2f", "copying": ".2f", "seconds": ".0f"},
        )
        loaded = {data: load(data) for data in dict.fromkeys(case[0] for case in CASES)}
        for data, n, settings in CASES:
            for row in quality(data, n, settings, loaded[data]):
                results.row(*row)
        print()
    results.heads(
        {"shape": 17, "n": 5, "kernel": 15}, {"s a step": ".4f", "first, s": ".1f"}
    )
    for shape, n, kernel, steps in SHAPES[:1] if args.quick else SHAPES:
        label = "×".join(map(str, shape))
        results.row(label, n, kernel, *pace(shape, n, kernel, steps))
