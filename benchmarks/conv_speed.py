"""Time and memory of one gradient of GA-NTK's loss in the images, against neural-tangents.

L = ½‖D - 1‖², D = (I - e^{-λK}) y, K the Gram matrix of n real images and n images Z to
synthesise, with the discriminator's kernel for MNIST ([Z21] Eq. 4). Ours: the Gram matrix,
the adjoint K̄ of the matrix function in Krylov spaces, and Σ_j 2K̄_ij ∇ₓk(z_i, s_j) in
tiles, as GANTKSynthesizer does; theirs: kernel_fn and an eigendecomposition, differentiated
by jax.grad (with our adjoint, as derivatives of eigenvectors are unstable). Every case runs
in a process of its own, because peak memory never falls; "above" is the peak less what the
process had before, and includes what compilation takes; "buffers" are what the compiled
function itself allocates. The real images are MNIST's if they lie in ../shared/data, else
random. On the diagonal of K neural-tangents keeps half of its
digits, hence the difference of the gradients.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from _common import Results, in_own_process, median_times, options, peak_gib

from skgantk._numerics import operators
from skgantk._numerics.matrix_functions import relaxation, relaxation_gradient
from skgantk.generators._synthesis import TOLERANCE
from skgantk.kernels import ConvNTK, as_core, import_neural_tangents

MNIST = Path(__file__).parents[2] / "shared" / "data" / "mnist_10k.npz"
STDS = {"W_std": 1.4615**0.5, "b_std": 0.1**0.5}


def images(n, dtype):
    """Real images and noise, in [0, 1]."""
    rng = np.random.default_rng(0)
    real, noise = rng.uniform(size=(2, n, 784))
    if MNIST.exists():
        real = np.load(MNIST)["images"][:n].reshape(n, 784) / 255
    return real.astype(dtype), noise.astype(dtype)


def rate(K):
    """λ in units of the mean eigenvalue, known without an eigendecomposition."""
    return 1 / jnp.mean(jnp.diag(jax.lax.stop_gradient(K)))


def objective(D):
    return jnp.sum((1 - D) ** 2) / 2


def ours():
    core = as_core(ConvNTK.mnist())

    @jax.jit
    def gradient(X, Z, y):
        S = jnp.concatenate([X, Z])
        K, tol = operators.gram(core, S), TOLERANCE[S.dtype.name]
        _, K_bar = relaxation_gradient(K, y, rate(K), objective, tol)
        return operators.pullback(core, Z, S, 2 * K_bar[len(X) :])

    return gradient


def peer():
    stax = import_neural_tangents().stax
    convolution = [stax.Conv(1, (4, 4), (2, 2), "SAME", **STDS), stax.Relu()]
    dense = [stax.Dense(1, **STDS), stax.Relu(), stax.Dense(1, **STDS)]
    kernel_fn = stax.serial(*convolution * 2, stax.Flatten(), *dense)[2]

    def loss(Z, X, y):
        S = jnp.concatenate([X, Z]).reshape(-1, 28, 28, 1)
        K = kernel_fn(S, S, "ntk")
        return objective(relaxation(K, y, rate(K)))

    return jax.jit(lambda X, Z, y: jax.grad(loss)(Z, X, y))


def measure(make, dtype, n, rounds):
    """Seconds, memory of the buffers, above and in all, the gradient."""
    # neural-tangents computes in float64 wherever JAX knows it
    with jax.enable_x64(make is ours or dtype == "float64"):
        X, Z = (jnp.asarray(a) for a in images(n, dtype))
        y = jnp.repeat(jnp.asarray([1, 0], dtype), n)
        gradient, before = make(), peak_gib()
        seconds = median_times({"": lambda: gradient(X, Z, y)}, rounds, repeats=1)[""]
        peak = peak_gib()
        buffers = gradient.lower(X, Z, y).compile().memory_analysis().temp_size_in_bytes
        return seconds, buffers / 2**30, peak - before, peak, np.asarray(gradient(X, Z, y))


def compare(dtype, n, rounds):
    """What was measured of both, how many times ours theirs is, and how far they differ."""
    ours_, theirs = (
        in_own_process(measure, make, dtype, n, rounds) for make in (ours, peer)
    )
    difference = np.linalg.norm(ours_[4] - theirs[4]) / np.linalg.norm(theirs[4])
    return ours_[:4], theirs[:4], np.divide(theirs[:4], ours_[:4]), difference


if __name__ == "__main__":
    args = options(__doc__)
    n = 2 if args.quick else 128
    results = Results(args)
    print(f"ConvNTK.mnist(), {n} + {n} images")
    parts = ("median seconds", "GiB of buffers", "GiB above", "peak GiB")
    figures = {**dict.fromkeys(parts, ".3f"), "difference": ".0e"}
    results.heads({"dtype": 9, "method": 16}, figures)
    for dtype in ("float32",) if args.quick else ("float32", "float64"):
        ours_, theirs, ratios, difference = compare(dtype, n, 1 if args.quick else 3)
        results.row(dtype, "ours", *ours_, difference)
        results.row(dtype, "neural-tangents", *theirs)
        print(f"{'':9}ratios: " + ", ".join(f"{ratio:.1f}" for ratio in ratios))
