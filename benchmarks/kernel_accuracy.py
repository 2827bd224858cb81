"""Relative error of a ReLU NTK and its gradient near coincident points.

Depth 3, bias 1, |x| = 5 in d = 2 (or images in [-1, 1], d = 784), random pairs at a given
distance, against 50-digit arithmetic; ours (worst pair) and neural-tangents (median pair).
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from _common import Results, options, peer_kernel

from skgantk.kernels import NTK, kernel_gradient, kernel_sum

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from _reference import mlp_mpmath as oracle

NETWORK = {"depth": 3, "activation": "relu", "weight_std": 1.0, "bias_std": 1.0}


def random_pairs(rng, n, d, distance, dtype):
    x, e = rng.normal(size=(2, n, d))
    if d == 2:
        x *= 5 / np.linalg.norm(x, axis=1, keepdims=True)
    else:
        x = rng.uniform(-1, 1, size=(n, d))
    y = x + distance * e / np.linalg.norm(e, axis=1, keepdims=True)
    return x.astype(dtype), y.astype(dtype)


def error(value, exact):
    return np.linalg.norm(np.asarray(value, float) - exact) / np.linalg.norm(exact)


def errors(x, y, peer):
    """Errors of our k and ∇ₓk, and of the peer's ∇ₓk, for one pair."""
    k = np.array([float(oracle.kernel(x, y, dps=50, **NETWORK))])
    gradient = np.array([float(v) for v in oracle.gradient(x, y, dps=50, **NETWORK)])
    pair = x[None], y[None]
    one = np.ones(1)
    with jax.enable_x64(x.dtype == np.float64):
        theirs = peer(jnp.asarray(x), jnp.asarray(y))
    return (
        error(kernel_sum(NTK(), *pair, one), k),
        error(kernel_gradient(NTK(), *pair, one)[0], gradient),
        error(theirs, gradient),
    )


if __name__ == "__main__":
    args = options(__doc__)
    results = Results(args)
    kernel_fn = peer_kernel()
    peer = jax.jit(jax.grad(lambda x, y: kernel_fn(x[None], y[None], "ntk")[0, 0]))
    results.heads(
        {"dtype": 9, "d": 5, "‖x-y‖": 7},
        {
            "error of k, worst": ".1e",
            "error of ∇ₓk, worst": ".1e",
            "error of neural-tangents' ∇ₓk, median": ".1e",
        },
    )
    for d, n in ((2, 100), (784, 10)):
        for dtype in ("float64", "float32"):
            distances = [10.0, 1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
            for distance in distances[: 6 if dtype == "float32" else 8]:
                rng = np.random.default_rng(0)
                pairs = random_pairs(rng, 2 if args.quick else n, d, distance, dtype)
                table = np.array([errors(x, y, peer) for x, y in zip(*pairs)])
                ours, theirs = table[:, :2].max(axis=0), np.median(table[:, 2])
                results.row(dtype, d, distance, *ours, theirs)
