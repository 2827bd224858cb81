"""Peak memory and time of batch-wise GANTKSynthesizer: 2048 images, batches of 256.

Compilation is in the seconds, and what was before in the peak.
The images are MNIST's, ../../shared/data/mnist_10k.npz, if they are there, else random.
"""

import time
import warnings
from pathlib import Path

import numpy as np
from _common import Results, options, peak_gib

from skgantk.datasets import load_images
from skgantk.generators import GANTKSynthesizer
from skgantk.kernels import ConvNTK

FILE = Path(__file__).parents[2] / "shared" / "data" / "mnist_10k.npz"


def images(n):
    if FILE.exists():
        return (load_images(FILE, n, size=None, random_state=0)[0] + 1).astype(
            np.float32
        ) / 2
    return np.random.default_rng(0).uniform(size=(n, 784)).astype(np.float32)


if __name__ == "__main__":
    args = options(__doc__)
    warnings.simplefilter("ignore")  # of copies: the few steps here decide nothing
    results = Results(args)
    results.heads(
        {"method": 9, "images": 8, "steps": 7}, {"seconds": ".0f", "peak GiB": ".2f"}
    )
    n, batch, steps = (32, 16, 1) if args.quick else (2048, 256, 3)
    X = images(n)
    for name, kernel in {"GA-FNTK": None, "GA-CNTK": ConvNTK.mnist()}.items():
        if args.quick and kernel is not None:
            continue
        began = time.perf_counter()
        GANTKSynthesizer(
            kernel, standardize=False, bounds=(0, 1), batch_size=batch, max_iter=steps
        ).fit(X)
        seconds = time.perf_counter() - began
        results.row(name, n, steps, seconds, peak_gib())
