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
from _common import options, print_machine
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
        figures = f"{ssim:9.3f}{distance:9.2f}{copying_score(A, X, held_out):9.2f}"
        taken = f"{seconds:9.0f}  {settings or 'defaults'}" if name == "new" else ""
        print(f"{data:17}{n:5}  {name:10}{figures}{taken}", flush=True)


def pace(shape, n, kernel, steps):
    X = np.random.default_rng(0).integers(0, 256, (n, *shape)).astype(np.uint8)

    def seconds(max_iter):
        began = time.perf_counter()
        ImageSynthesizer(kernel, max_iter=max_iter, random_state=0).fit(X)
        return time.perf_counter() - began

    first, short, long = (seconds(k) for k in (10, 10, 10 + steps))
    label, step = "×".join(map(str, shape)), (long - short) / steps
    print(f"{label:17}{n:5}  {kernel:15}{step:9.4f}{first:9.1f}", flush=True)


if __name__ == "__main__":
    args = options(__doc__)
    warnings.simplefilter("ignore")  # of a classifier that is good enough
    print_machine()
    if FOLDER.exists() and not args.quick:
        print(f"{'':34}{'AM-SSIM':>9}{'Fréchet':>9}{'copying':>9}{'seconds':>9}")
        loaded = {data: load(data) for data in dict.fromkeys(case[0] for case in CASES)}
        for data, n, settings in CASES:
            quality(data, n, settings, loaded[data])
    print(f"\n{'':39}{'s a step':>9}{'first, s':>9}")
    for case in SHAPES[:1] if args.quick else SHAPES:
        pace(*case)
