"""Peak memory and time of batch-wise GANTKSynthesizer: 2048 images, batches of 256.

The images are MNIST's, ../../shared/data/mnist_10k.npz, if they are there, else random.
"""

import resource
import time
import warnings
from pathlib import Path

import numpy as np
from _common import options, print_machine

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


def peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    args = options(__doc__)
    warnings.simplefilter("ignore")  # of copies: the few steps here decide nothing
    print_machine()
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
        print(
            f"{name}: {n} images, {steps} steps in {seconds:.0f} s with compilation; "
            f"peak {peak_memory():.2f} GiB",
            flush=True,
        )
