import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sklearn
from _cases import slow_but
from sklearn.gaussian_process.kernels import Matern, WhiteKernel

from skgantk._numerics import operators
from skgantk.kernels import NNGP, NTK, RBF, ConvNTK, NystroemKernel, as_core


def data(n, m, d=3, dtype="float64"):
    rng = np.random.default_rng(0)
    X, Y, coef = rng.normal(size=(n, d)), rng.normal(size=(m, d)), rng.normal(size=m)
    return tuple(a.astype(dtype) for a in (X, Y, coef))


@pytest.mark.parametrize("d", [3, 20])
@pytest.mark.parametrize(
    ("rows", "columns"), slow_but([(3, 4)], [(1, 1), (5, 11), (3, 4), (7, 4)])
)
def test_tiles_do_not_change_the_sums(rows, columns, d):
    shape = rows, columns
    X, Y, coef = data(7, 11, d)
    core = as_core(NTK(depth=1))
    with jax.enable_x64(True):
        whole = (
            operators._gram(core, X, Y, 7),
            operators._gradient(core, X, Y, coef, (7, 11)),
        )
        K = operators._gram(core, X, Y, shape[0])
        gradient = operators._gradient(core, X, Y, coef, shape)
        total = operators._sum(core, X, Y, coef, shape)
        expected = np.asarray(whole[0]) @ coef
    np.testing.assert_allclose(K, whole[0], rtol=1e-14)
    np.testing.assert_allclose(gradient, whole[1], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(total, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("d", "shape"),
    slow_but([(3, (3, 4)), (20, (5, 2))], [(3, (7, 11)), (3, (3, 4)), (20, (5, 2))]),
)
def test_pullback_is_the_gradient_with_coefficients_per_row(d, shape):
    X, Y, _ = data(7, 11, d)
    coef = np.random.default_rng(1).normal(size=(7, 11))
    core = as_core(NTK(depth=1))
    with jax.enable_x64(True):
        expected = [operators.gradient(core, x[None], Y, c)[0] for x, c in zip(X, coef)]
        tiled = operators._gradient(core, X, Y, coef, shape)
    np.testing.assert_allclose(tiled, expected, rtol=1e-12, atol=1e-13)


def test_pullback_is_the_adjoint_of_the_gram():
    X, _, _ = data(6, 1)
    step, coef = np.random.default_rng(1).normal(size=(2, 6, 6))
    step = 1e-6 * step[:, :3]
    core = as_core(NTK(depth=1))
    with jax.enable_x64(True):
        slope = operators.gram(core, X + step) - operators.gram(core, X - step)
        adjoint = operators.pullback(core, X, X, coef + coef.T)
    expected = np.sum(coef * np.asarray(slope)) / 2
    np.testing.assert_allclose(np.sum(np.asarray(adjoint) * step), expected, rtol=1e-6)


PASSES = [
    (NTK(depth=2), 3, "float64"),
    (NTK(depth=2), 20, "float32"),
    (RBF(), 3, "float32"),
    (Matern(nu=0.5) + WhiteKernel(0.3), 3, "float64"),
    # Repetitions
    (NTK(depth=2), 3, "float32"),
    (NTK(depth=2), 20, "float64"),
    (NTK(depth=1, activation="abs"), 3, "float64"),
    (NNGP(depth=1, activation="erf"), 3, "float64"),
    (NTK(depth=1) * RBF(), 3, "float64"),
    (ConvNTK((2, 2)), 4, "float64"),
    (NystroemKernel(RBF(), np.eye(5, 3)), 3, "float64"),
]


@pytest.mark.parametrize(
    ("kernel", "d", "dtype"),
    slow_but(PASSES[:4], PASSES),
    ids=str,
)
def test_one_pass_gives_gram_and_pullback(kernel, d, dtype):
    """Where points of either cloud meet, too, in tiles of 4 rows of 7."""
    rtol, fixed = (1e-13, True) if dtype == "float64" else (1e-5, False)
    X, Z, _ = data(9, 7, d, dtype)
    Z[:2], Z[3] = X[:2], Z[4]
    coef = np.random.default_rng(1).normal(size=(7, 16)).astype(dtype)
    core, S = as_core(kernel), np.concatenate([X, Z])
    memory = 4 * 16 * 8 * operators.TEMPORARIES / 2**20
    with jax.enable_x64(True), sklearn.config_context(working_memory=memory):
        known = operators.gram(core, X) if fixed else None

        @jax.jit
        def ours(X, Z, coef):
            K, pull = operators.gram_and_pullback(core, X, Z, known)
            return K, pull(coef)

        K, pulled = map(np.asarray, ours(X, Z, coef))
        exact = np.asarray(operators.gram(core, S))
        slope = np.asarray(operators.pullback(core, Z, S, coef))
    assert K.dtype == pulled.dtype == dtype
    np.testing.assert_array_equal(K, K.T)
    np.testing.assert_allclose(K, exact, rtol=0, atol=rtol * np.abs(exact).max())
    np.testing.assert_allclose(pulled, slope, rtol=0, atol=rtol * np.abs(slope).max())


def test_gram_of_one_cloud_is_symmetric():
    X, _, _ = data(9, 1)
    with jax.enable_x64(True):
        K = np.asarray(operators._gram(as_core(NTK(depth=1)), X, None, 4))
    np.testing.assert_array_equal(K, K.T)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (500, 1000), (3, 10**6), (10**6, 3)])
@pytest.mark.parametrize("working_memory", [1, 1024])
@pytest.mark.parametrize("backend", ["cpu", "gpu"])
def test_tile_fits_working_memory(n, m, working_memory, backend, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    with sklearn.config_context(working_memory=working_memory):
        rows, columns = operators.tile_shape(n, m, 8)
        gram_rows = operators.gram_rows(n, m, 8)
    assert 1 <= rows <= min(n, operators.MOST_ROWS)
    assert 1 <= columns <= m
    cpu = backend == "cpu"
    temporaries = operators.TEMPORARIES if cpu else operators.GPU_TEMPORARIES
    limit = working_memory * 2**20 / (8 * temporaries)
    assert rows * columns <= limit
    assert gram_rows == 1 or gram_rows * m <= limit


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_result_has_the_dtype_of_the_points(dtype):
    X, Y, coef = data(3, 4, dtype=dtype)
    core = as_core(NTK(depth=1))
    with jax.enable_x64(True):
        assert operators.gram(core, X, Y).dtype == dtype
        assert operators.gradient(core, X, Y, coef).dtype == dtype
        assert operators.pullback(core, X, Y, np.tile(coef, (3, 1))).dtype == dtype
        assert operators.product(core, X, Y, coef).dtype == dtype
        assert operators.diag(core, X).dtype == dtype


@pytest.mark.parametrize("d", [5, 40])
def test_no_array_of_pairs_times_features(d):
    """No intermediate has more entries than a few tiles, let alone n · m · d."""
    X, Y, coef = data(16, 32, d)
    core = as_core(NTK(depth=1))
    with jax.enable_x64(True):
        jaxpr = jax.make_jaxpr(lambda *args: operators._gradient(core, *args, (8, 16)))(
            X, Y, coef
        )
    largest = max(arrays_in(jaxpr.jaxpr))
    assert largest <= max(8 * 16, 2 * 32 * d)


def arrays_in(jaxpr):
    """Sizes of all arrays computed by a jaxpr and those inside it."""
    for equation in jaxpr.eqns:
        yield from (int(np.prod(v.aval.shape)) for v in equation.outvars)
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from arrays_in(inner)


def test_traceable_inside_other_transformations():
    """Flows call the operators within one compiled loop."""
    X, Y, coef = data(3, 4)
    core = as_core(NTK(depth=1))

    @jax.jit
    def step(x):
        return jax.lax.fori_loop(
            0, 2, lambda _, x: x - 0.1 * operators.gradient(core, x, Y, coef), x
        )

    with jax.enable_x64(True):
        looped = step(jnp.asarray(X))
        x = jnp.asarray(X)
        for _ in range(2):
            x = x - 0.1 * operators.gradient(core, x, Y, coef)
    np.testing.assert_allclose(looped, x, rtol=1e-12)
