from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _cases import slow_but

from skgantk._numerics import geometry


def exact_pair(x, y):
    """Scalars of one pair in rational arithmetic."""
    x, y = ([Fraction(float(v)) for v in u] for u in (x, y))
    dot = sum(a * b for a, b in zip(x, y))
    sign = -1 if dot < 0 else 1
    z = [a - sign * b for a, b in zip(x, y)]
    xx, yy = (sum(a * a for a in u) for u in (x, y))
    return {
        "dot": dot,
        "sign": sign,
        "ex": sum(a * b for a, b in zip(x, z)),
        "zz": sum(a * a for a in z),
        "gram_det": xx * yy - dot * dot,
        "square_distance": sum((a - b) ** 2 for a, b in zip(x, y)),
    }


def near_pairs(d, h, dtype, sign=1, n=4):
    rng = np.random.default_rng(d)
    x = rng.normal(size=(n, d))
    x *= 5 / np.linalg.norm(x, axis=1, keepdims=True)
    e = rng.normal(size=(n, d))
    y = sign * (x + h * e / np.linalg.norm(e, axis=1, keepdims=True))
    return x.astype(dtype), y.astype(dtype)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("h", [1.0, 1e-3, 1e-4])
@pytest.mark.parametrize("d", slow_but([2, 40], [2, 7, 40, 784]))
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 4e-6), ("float64", 2e-11)])
def test_pairs_keep_their_digits(d, h, dtype, tolerance, sign):
    X, Y = near_pairs(d, h, dtype, sign)
    with jax.enable_x64(True):
        pairs = geometry.pairs(*geometry.clouds(jnp.asarray(X), jnp.asarray(Y)))
        values = {
            name: np.asarray(getattr(pairs, name), dtype=float)
            for name in ("dot", "sign", "ex", "zz", "gram_det", "square_distance")
        }
        assert pairs.dot.dtype == dtype
    for i, j in np.ndindex(len(X), len(Y)):
        exact = exact_pair(X[i], Y[j])
        # x·(x - y) may be small itself; |x||x - y| is its scale
        scale = {"ex": 5 * float(exact["zz"]) ** 0.5, "dot": 25.0, "sign": 1.0}
        for name, value in values.items():
            error = abs(value[i, j] - float(exact[name]))
            bound = tolerance * scale.get(name, float(exact[name]))
            if dtype == "float32" and d > 16:  # products rounded in float64
                rounding = 2 * d**0.5 * np.finfo(float).eps * 50
                amplified = {"zz": 1, "square_distance": 1, "gram_det": 25}
                bound += amplified.get(name, 0) * rounding
            assert error <= bound, name


@pytest.mark.parametrize("d", slow_but([1, 40], [1, 2, 3, 40]))
def test_collinear_points_have_no_area(d):
    x = np.random.default_rng(0).normal(size=(5, d))
    with jax.enable_x64(True):
        for factor in (1.0, 2.0, -1.0, -4.0):
            x_cloud, y_cloud = geometry.clouds(jnp.asarray(x), jnp.asarray(factor * x))
            area = geometry.pairs(x_cloud, y_cloud).gram_det
            assert np.all(np.diag(area) == 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("d", slow_but([1, 784], [1, 3, 40, 784]))
def test_coincident_points_are_told_exactly(d, dtype):
    x = np.random.default_rng(0).normal(size=(5, d)).astype(dtype)
    with jax.enable_x64(True):
        x = jnp.asarray(x)
        for factor in (1, -1):
            pairs = geometry.pairs(*geometry.clouds(x, factor * x))
            for value in (pairs.zz, pairs.ex, pairs.gram_det):
                assert np.all(np.diag(value) == 0)


@pytest.mark.parametrize("coef_ndim", [1, 2])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("d", slow_but([2, 40], [2, 5, 40]))
def test_contract(d, signed, coef_ndim):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(4, d)), rng.normal(size=(6, d))
    a, b = rng.normal(size=(2, 4, 6))
    coef = rng.normal(size=(6,) if coef_ndim == 1 else (4, 6))
    with jax.enable_x64(True):
        pairs = geometry.pairs(*geometry.clouds(jnp.asarray(X), jnp.asarray(Y)))
        sign = pairs.sign if signed else None
        arrays = (jnp.asarray(v) for v in (a, b, coef))
        result = np.asarray(geometry.contract(pairs, *arrays, sign))
    sign = np.where(X @ Y.T < 0, -1, 1) if signed else np.ones((4, 6))
    difference = X[:, None] - sign[..., None] * Y
    weights = np.broadcast_to(coef, (4, 6))[..., None]
    expected = (weights * (a[..., None] * X[:, None] + b[..., None] * difference)).sum(1)
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("scale", [1e-250, 1e-140, 10.0, 2.0**20, 1e150])
def test_split_leaves_products_of_the_leading_parts_exact(scale):
    X = np.random.default_rng(0).normal(size=(3, 784)) * scale
    with jax.enable_x64(True):
        cloud, _ = geometry.clouds(jnp.asarray(X), jnp.asarray(X))
        high, low = cloud.split()
        product = np.asarray(geometry.matmul(high, high.T))
        np.testing.assert_array_equal(high + low, X)
    high = [[Fraction(float(v)) for v in row] for row in np.asarray(high)]
    for i, j in np.ndindex(3, 3):
        assert product[i, j] == sum(a * b for a, b in zip(high[i], high[j]))
