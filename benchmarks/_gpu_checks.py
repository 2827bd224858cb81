"""Part 1 of gpu.py: digits, against references from the CPU.

Kernels are compared with the same kernels in float64 on the CPU, whose own error, against
NumPy's long doubles and the formula as textbooks have it, comes first; discriminators and
the adjoint with SciPy's exponential and its derivative, of a Gram matrix from the CPU.
float32 points enter the references as they are. An error is ‖a - b‖/‖b‖; where a row is a
pair of points, the greatest ‖a - b‖ of a row over the root mean square of all ‖b‖. float32
has 24 bits, TF32 11: see `_products`.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flow_convergence import DISCRIMINATORS
from scale import clouds
from scipy.linalg import expm, expm_frechet

from skgantk._numerics import operators
from skgantk._numerics.geometry import matmul
from skgantk._numerics.matrix_functions import relaxation, relaxation_gradient
from skgantk.discriminators import stack_samples
from skgantk.generators import ParticleFlowGenerator
from skgantk.generators._synthesis import TOLERANCE
from skgantk.kernels import NTK, ConvNTK, as_core

# The most that float64 and float32 may be off; with TF32 it would be about 3e-4.
BOUNDS = {
    "k": (1e-13, 1e-5),
    "apart": (1e-12, 1e-5),
    "coincident": (1e-12, 1e-5),
    # 1e-16 |x|/|x - y| beyond 16 features: see `kernel_gradient`
    "near": (1e-8, 1e-5),
    "antipodal": (1e-8, 1e-5),
    "c": (1e-9, 3e-5),
    "f": (1e-9, 3e-5),
    "∇f": (1e-9, 3e-5),
    "K̄": (1e-9, 1e-4),
    "λ̄": (1e-9, 1e-4),
}
DTYPES = "float64", "float32"
NEAR = {"float64": 1e-6, "float32": 1e-4}  # |x - y|


def error(value, exact):
    value, exact = (np.asarray(a, np.float64) for a in (value, exact))
    return np.linalg.norm(value - exact) / np.linalg.norm(exact)


def worst_row(value, exact):
    """Over the root mean square of rows: single gradients may vanish, where k turns."""
    norms = np.linalg.norm(np.asarray(value, np.float64) - exact, axis=1)
    return norms.max() / np.sqrt(np.mean(np.sum(exact**2, axis=1)))


def on_cpu(operator, *arrays):
    """The result in float64, on the CPU."""
    if jax.default_backend() == "cpu":  # or everything would be compiled twice
        return np.asarray(operator(*(np.asarray(a, np.float64) for a in arrays)))
    with jax.default_device(jax.devices("cpu")[0]), jax.enable_x64(True):
        arrays = [np.asarray(a, np.float64) for a in arrays]
        return np.asarray(operator(*arrays))


def points(d, n, dtype, rng):
    """Random pairs, pairs that nearly coincide, coincide, and are antipodal; a third each
    of n but for the first.
    """
    X, Y, e = rng.normal(size=(3, 4, n, d)) * 3 / d**0.5
    X[3] = X[2]  # so that points coincide within X too
    e *= NEAR[dtype] * np.linalg.norm(X, axis=-1, keepdims=True)
    e /= np.linalg.norm(e, axis=-1, keepdims=True)
    X = X.astype(dtype)
    Y = np.stack([Y[0], X[1] + e[1], X[2], -X[3]]).astype(dtype)
    return X.reshape(-1, d), Y.reshape(-1, d)


def textbook(x, y, depth=3):
    """NTK(depth) of two points in long doubles, by arccos and all."""
    x, y, one = x.astype(np.longdouble), y.astype(np.longdouble), np.longdouble(1)
    pi, scale = np.arctan(one) * 4, one / len(x)
    qx, qy, c = (scale * (a @ b) + 1 for a, b in ((x, x), (y, y), (x, y)))
    theta = c
    for layer in range(depth):
        bias = one if layer < depth - 1 else 0
        n = np.sqrt(qx * qy)
        angle = np.arccos(min(c / n, one))
        slope = (pi - angle) / (2 * pi)
        c = n * np.sin(angle) / (2 * pi) + slope * c + bias
        qx, qy = qx / 2 + bias, qy / 2 + bias
        theta = slope * theta + c
    return theta


def textbook_gradient(x, y, h=1e-6):
    """By central differences: 1e-11 are right, away from the cusp."""
    steps = h * np.eye(len(x), dtype=np.longdouble)
    return [(textbook(x + e, y) - textbook(x - e, y)) / (2 * h) for e in steps]


def judged(report, dtype, errors, bounds=BOUNDS):
    """A text of errors by name, a fault where one is out of bounds, and figures."""
    texts = []
    for name, value in errors.items():
        bound = bounds[name][DTYPES.index(dtype)]
        fits = value <= bound  # not where it is NaN
        text = f"{name} {value:.1e} {'≤' if fits else '>'} {bound:.0e}"
        texts.append(text if fits else report.fault(text))
    return ", ".join(texts), {f"error {name}": v for name, v in errors.items()}


def check_reference(report, n):
    """Errors of the reference itself."""
    x, y = np.random.default_rng(1).normal(size=(2, n, 2))
    core = as_core(NTK())
    slopes = on_cpu(partial(operators.pullback, core), x, y, np.eye(n))
    exact = [textbook_gradient(a, b) for a, b in zip(x, y)]
    K, diagonal = on_cpu(partial(operators.gram, core), x), [textbook(a, a) for a in x]
    row = [textbook(x[0], a) for a in x]
    errors = {
        "k": max(error(np.diag(K), diagonal), error(K[0], row)),
        "∇k": error(slopes, exact),
    }
    return judged(report, "float64", errors, {"k": (1e-14,), "∇k": (1e-9,)})


def kernels(report, name, kernel, d, n, dtype):
    """Gram matrix, and gradients pair by pair, by kinds of pairs."""
    core = as_core(kernel)
    X, Y = points(d, n, dtype, np.random.default_rng(0))

    def gram():
        K = np.asarray(operators.gram(core, X))
        if not np.array_equal(K, K.T):
            return report.fault("K is not symmetric"), {}
        exact = on_cpu(partial(operators.gram, core), X)
        text, figures = judged(report, dtype, {"k": error(K, exact)})
        return f"{text}, symmetric", figures

    def gradients():
        eye = np.eye(len(X), dtype=dtype)
        value = np.asarray(operators.pullback(core, X, Y, eye))
        exact = on_cpu(partial(operators.pullback, core), X, Y, eye)
        values = zip(*(a.reshape(4, n, d) for a in (value, exact)))
        kinds = "apart", "near", "coincident", "antipodal"
        errors = {kind: worst_row(*pair) for kind, pair in zip(kinds, values)}
        return judged(report, dtype, errors)

    label = f"{dtype} {name}, d = {d}"
    report.row(f"{label}: Gram matrix", gram)
    report.row(f"{label}: gradients", gradients)


def discriminators(report, n, dtype):
    """Dual coefficients, f and ∇f of IPM and LSGAN (τ = 1); three points are of both.

    From f₀ = 0, c = Σ_j ∫₀⁴ e^{-sS} ds y with S = DKD, D² = diag(w), and D on either side
    ([F22] Prop. 5), w half the weight of a point in its class.
    """
    rng = np.random.default_rng(2)
    real, fake = rng.normal(2, 1, (n, 2)), rng.normal(size=(n // 2, 2))
    fake[:3] = real[:3]
    X, y = stack_samples(real.astype(dtype), fake.astype(dtype))
    w = np.where(y > 0, 0.5 / n, 0.5 / len(fake))
    core = as_core(NTK())
    K = on_cpu(partial(operators.gram, core), X)
    S, zero = np.sqrt(w)[:, None] * K * np.sqrt(w), np.zeros((len(X), len(X)))
    # The integral stands in the corner of an exponential.
    block = np.block([[-4 * S, 4 * np.eye(len(X))], [zero, zero]])
    integral = expm(block)[: len(X), len(X) :]
    coef = {
        "IPM": 2 * w * y,
        "LSGAN": np.sqrt(w) * (integral @ (np.sqrt(w) * y)),
    }

    def check(loss):
        c, discriminator = coef[loss], DISCRIMINATORS[loss]().fit(X, y)
        slopes = on_cpu(partial(operators.gradient, core), X, X, c)
        errors = {
            "c": error(discriminator.dual_coef_, c),
            "f": error(discriminator.decision_function(X), K @ c),
            "∇f": error(discriminator.gradient(X), slopes),
        }
        return judged(report, dtype, errors)

    for loss in coef:
        report.row(f"{dtype} {loss}, {len(X)} points", partial(check, loss))


def adjoint(report, n, dtype, way):
    """K̄ and λ̄ of g(D), D = (I - e^{-λK})y.

    K̄ = λ L(-λK, p̄ yᵀ), symmetrised, L the derivative of the exponential.
    """
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n, 2)).astype(dtype)
    X[: n // 8] = X[n // 8 : 2 * (n // 8)]  # repeated eigenvalues
    K = on_cpu(partial(operators.gram, as_core(NTK())), X).astype(dtype)
    y = np.repeat(np.array([1, 0], dtype), [n // 2, n - n // 2])
    exact_K = K.astype(np.float64)
    rate = np.asarray(3 / np.linalg.norm(exact_K, 2), dtype)

    def g(D):
        return jnp.mean((1 - D) ** 2)

    @jax.jit
    def ours(K, y, rate):
        _, K_bar = relaxation_gradient(K, y, rate, g, TOLERANCE[dtype])
        return K_bar, jax.grad(lambda rate: g(relaxation(K, y, rate)))(rate)

    def check():
        K_bar, rate_bar = ours(K, y, rate)
        A = -float(rate) * exact_K
        rest = expm(A) @ y
        p_bar = -2 * (1 - (y - rest)) / n
        exact = float(rate) * expm_frechet(A, np.outer(p_bar, y), compute_expm=False)
        errors = {
            "K̄": error(K_bar, (exact + exact.T) / 2),
            "λ̄": error(rate_bar, p_bar @ exact_K @ rest),
        }
        return judged(report, dtype, errors)

    report.row(f"{dtype} λ-adjoint, n = {n}, {way}", check)


def products(report, n):
    """float32 products: 1 + 2⁻²⁰ times the identity, exactly, and random ones.

    TF32 would make 1 of 1 + 2⁻²⁰, and be off by 3e-4 in random ones. What JAX does if it is
    not told "highest" stands beside ours.
    """
    A, B = np.random.default_rng(4).normal(size=(2, n, n)).astype(np.float32)
    one = np.full((n, n), 1 + 2.0**-20, np.float32)
    exact = A.astype(np.float64) @ B
    product, default = jax.jit(matmul), jax.jit(jnp.matmul)
    errors = {
        "1 + 2⁻²⁰": np.abs(product(one, np.eye(n, dtype=np.float32)) - one).max(),
        "random": error(product(A, B), exact),
    }
    bounds = {"1 + 2⁻²⁰": (0, 0), "random": (0, 2e-6)}
    text, figures = judged(report, "float32", errors, bounds)
    plain = error(default(A, B), exact)
    return f"{text}; left to JAX {plain:.1e}", figures | {"left to JAX": plain}


def repeats(n, steps):
    """Whether a flow repeats bit for bit, as "Sharp bits" says."""
    X, Z = clouds(n)
    flow = ParticleFlowGenerator(learning_rate=2.0, init=Z, max_iter=steps)
    first, second = (flow.fit(X).particles_.copy() for _ in range(2))
    largest = np.abs(first - second).max()
    text = "yes" if largest == 0 else "NO: say so in Sharp bits"
    return text, {"difference": largest}


def run(report, quick):
    n = 8 if quick else 64
    with jax.enable_x64(True):
        report.row(
            "float64 on the CPU, against the textbook",
            partial(check_reference, report, 4 * n),
        )
        side = 128 if quick else 1024
        label = f"float32, not TF32: products of {side} × {side}"
        report.row(label, partial(products, report, side))
        for dtype in DTYPES:
            kernels(report, "NTK", NTK(), 2, n, dtype)
            discriminators(report, 20 if quick else 200, dtype)
            adjoint(report, 64 if quick else 256, dtype, "Krylov spaces")
            adjoint(report, 60, dtype, "eigendecomposition")
        for dtype in DTYPES:
            kernels(report, "NTK", NTK(), 784, n, dtype)
        if not quick:
            for dtype in DTYPES:
                kernels(report, "ConvNTK", ConvNTK.mnist(), 784, n // 4, dtype)
    report.row("a flow repeats bit for bit", partial(repeats, 50 if quick else 500, 50))
