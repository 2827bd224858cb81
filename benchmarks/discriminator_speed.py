"""LSGAN's dual coefficients by products, against an eigendecomposition of the same matrix.

Both start from the Gram matrix of n points (8 Gaussians and noise) and end with the
coefficients. The error is that of the generator's gradient at the fake points, against
float64 and the eigendecomposition. The floor is the 16 products with the matrix that the
smallest Krylov space takes.
"""

import jax
import jax.numpy as jnp
import numpy as np
from _common import Results, median_times, options

from skgantk._numerics import operators
from skgantk._numerics.geometry import matmul
from skgantk.discriminators._dual import Sample, self_gram
from skgantk.discriminators._lsgan import LSGANTrainer
from skgantk.kernels import NTK, as_core


def data(n, dtype):
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * rng.integers(8, size=n // 2) / 8
    real = 5 * np.column_stack([np.cos(angle), np.sin(angle)])
    real = real + 0.5 * rng.normal(size=real.shape)
    X = np.concatenate([real, rng.normal(size=(n - n // 2, 2))]).astype(dtype)
    sign = np.where(np.arange(n) < n // 2, 1, -1).astype(dtype)
    return X, Sample(np.full(n, 1 / n, dtype), sign, np.zeros(n, dtype))


@jax.jit
def eigendecomposition(K, sample, time):
    """[F22] Prop. 5 as one would write it."""
    root = jnp.sqrt(sample.weight)
    eigenvalues, U = jnp.linalg.eigh(root[:, None] * K * root)
    eigenvalues = jnp.maximum(eigenvalues, 1e-30)
    psi = jnp.expm1(-4 * time * eigenvalues) / eigenvalues
    return root * matmul(U, psi * matmul(U.T, root * (sample.initial - sample.sign)))


@jax.jit
def products(K, v):
    return jax.lax.fori_loop(0, 16, lambda _, v: matmul(K, v) / len(v), v)


def generator_gradient(core, X, sample, coef):
    """c'(f)∇f at the fake points, c(f) = f²."""
    fake = X[sample.sign < 0]
    f = operators.product(core, fake, X, coef)
    return np.asarray(2 * f[:, None] * operators.gradient(core, fake, X, coef))


def compare(dtype, n, time, rounds):
    """Milliseconds of ours, the peer and the floor, the ratio, and errors of both."""
    core = as_core(NTK())
    with jax.enable_x64(True):
        X, sample = data(n, "float64")
        K = operators.gram(core, X)
        coef = eigendecomposition(K, sample, time)
        exact = generator_gradient(core, X, sample, coef)
        X, sample = data(n, dtype)
        gram = self_gram(core, X, stored=True)
        train = jax.jit(LSGANTrainer(1.0, -1.0, time, 1e-10))
        v = sample.sign
        times = median_times(
            {
                "ours": lambda: train(gram, sample).coef,
                "peer": lambda: eigendecomposition(gram.matrix, sample, time),
                "floor": lambda: products(gram.matrix, v),
            },
            rounds,
        )
        errors = [
            np.linalg.norm(generator_gradient(core, X, sample, coef) - exact)
            / np.linalg.norm(exact)
            for coef in (
                train(gram, sample).coef,
                eigendecomposition(gram.matrix, sample, time),
            )
        ]
    ours, peer, floor = (1e3 * times[name] for name in ("ours", "peer", "floor"))
    return ours, peer, floor, peer / ours, *errors


if __name__ == "__main__":
    args = options(__doc__)
    n = 100 if args.quick else 1000
    results = Results(args)
    print(f"LSGAN, NTK(), n = {n}, d = 2, medians; relative error of ∇c(f)")
    times, errors = ("ours, ms", "eigh, ms", "floor, ms"), ("error, ours", "error, eigh")
    results.heads(
        {"dtype": 9, "training time": 13},
        {**dict.fromkeys(times, ".2f"), "ratio": ".1f", **dict.fromkeys(errors, ".1e")},
    )
    for dtype in ("float32", "float64"):
        for time in (0.1, 1.0, 10.0, 100.0):
            rounds = 1 if args.quick else 15
            results.row(dtype, time, *compare(dtype, n, time, rounds))
