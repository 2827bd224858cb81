"""How many images one GA-CNTK holds: peak memory of a fit, and the time of a step.

[Z21] prints as many as a GPU of 32 GB holds: 1024 of MNIST, 512 of CIFAR-10, 256 of 64 × 64
× 3 and 128 of 128 × 128 × 3. These here, and ten times as many with the kernel of the fully
connected network: the Gram matrix is of the same size, and the convolutional kernel needs a
tile of pairs beside it, whatever the number of images. Times are of a step with the former,
and with the latter of the whole of a fit of one step, which compares all images too. λ is
Algorithm 1's for 256 images, which takes an eigendecomposition, and falls as the greatest
eigenvalue rises, with the number. Images are crops of scikit-learn's two photographs, in
grey for 28 × 28. Each case is a process.
"""

import resource
import time
import warnings

import numpy as np
from _common import Results, in_own_process, options, peak_gib
from sklearn.datasets import load_sample_images

from skgantk.generators import GANTKSynthesizer
from skgantk.generators._synthesis import advance
from skgantk.kernels import ConvNTK
from skgantk.model_selection import search_lambda

SHAPES = {  # and the numbers of images that [Z21] prints
    "28x28x1": ((28, 28, 1), 1024),
    "32x32x3": ((32, 32, 3), 512),
    "64x64x3": ((64, 64, 3), 256),
    "128x128x3": ((128, 128, 3), 128),
}
TIMES = 10
SOME = 256  # images for which λ is searched
STEPS = 2


def crops(n, shape):
    """Flattened squares of photographs, in [0, 1]."""
    rng = np.random.default_rng(0)
    photographs = [image / np.float32(255) for image in load_sample_images().images]
    if shape[2] == 1:
        photographs = [image.mean(axis=2, keepdims=True) for image in photographs]
    images = np.empty((n, *shape), np.float32)
    for image in images:
        photograph = photographs[rng.integers(2)]
        row, column = (rng.integers(photograph.shape[k] - shape[k]) for k in (0, 1))
        image[:] = photograph[row : row + shape[0], column : column + shape[1]]
    return images.reshape(n, -1)


def kernel_of(shape, network):
    """That of [Z21] for images of this size, 128 × 128 × 3 having one layer more."""
    if network == "fully connected":
        return None
    if shape[0] == 28:
        return ConvNTK.mnist()
    n_convolutions = {32: 3, 64: 4, 128: 5}[shape[0]]
    return ConvNTK.cifar10(image_shape=shape, n_convolutions=n_convolutions)


def fitted(X, kernel, lam):
    """After one step, at the λ of the end from the start."""
    return GANTKSynthesizer(
        kernel, lam=lam, continuation=False, standardize=False, bounds=(0, 1),
        init="gaussian", batch_size=len(X), max_iter=1, random_state=0,
    ).fit(X)  # fmt: skip


def case(name, n, network):
    """Peak memory, how much of it the fit has added, and seconds."""
    warnings.simplefilter("ignore")  # of copies, and of samples that are far after a step
    shape, _ = SHAPES[name]
    X, kernel = crops(n, shape), kernel_of(shape, network)
    some = X[:SOME]
    lam = search_lambda(some, kernel=kernel, random_state=0) * len(some) / n
    fitted(X[:8], kernel, lam)  # compiles what does not depend on n
    before, began = resident(), time.perf_counter()
    synthesizer = fitted(X, kernel, lam)
    seconds = time.perf_counter() - began
    if network == "convolutional":
        began = time.perf_counter()
        state = advance(synthesizer._problem, synthesizer._state, STEPS)
        float(state.loss)
        seconds = (time.perf_counter() - began) / STEPS
    return peak_gib(), peak_gib() - before, seconds


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**30


def add_arguments(parser):
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=list(SHAPES))


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    results = Results(args)
    results.heads(
        {"shape": 12, "network": 17, "images": 6},
        {"peak GiB": ".2f", "GiB of fit": ".2f", "seconds": ".2f"},
    )
    for times, network in ((1, "convolutional"), (TIMES, "fully connected")):
        for name in reversed(args.shapes):
            n = 8 if args.quick else times * SHAPES[name][1]
            results.row(name, network, n, *in_own_process(case, name, n, network))
