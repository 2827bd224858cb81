"""The loss of GA-NTK and its gradient against dense exponentials and differences."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import expm
from scipy.spatial.distance import cdist
from scipy.special import log_softmax
from sklearn.gaussian_process.kernels import RBF, WhiteKernel

from skgantk._numerics.matrix_functions import STAGES
from skgantk.generators import _synthesis
from skgantk.kernels import NTK, as_core

RNG = np.random.default_rng(0)
X = RNG.normal(size=(13, 2)) + [2.0, 0.0]
Z = RNG.normal(size=(9, 2))
X.flags.writeable = Z.flags.writeable = False
KERNELS = {
    "ntk": NTK(depth=1),
    "rbf": RBF(1.5),
    "white": NTK(depth=1) + WhiteKernel(0.3),
}
PROBLEMS = [
    ("ntk", "squared_error"),
    ("ntk", "cross_entropy"),
    ("rbf", "cross_entropy"),
    ("white", "squared_error"),
    ("ntk", "gap"),
    ("white", "gap"),
]
over_problems = pytest.mark.parametrize(
    ("name", "objective"),
    slow_but([problem for problem in PROBLEMS if "ntk" in problem], PROBLEMS),
)


def made(kernel=KERNELS["ntk"], X=X, **changes):
    params = {
        "core": as_core(kernel),
        "target": X,
        "counts": np.array([len(X), len(Z)]),
        "sharpness": _synthesis.Sharpness(1.0, 1.0, 10.0),
        "bounds": None,
        "learning_rate": 0.1,
        "decay": 0.0,
        "max_iter": 10.0,
        "penalty": 0.5,
        "spacing": 0.8,
        "closeness": 0.0,
        "centre": X.mean(axis=0),
        "radius": 1e3,
        "unit": 1.0,
        "seed": 0,
        "objective": "squared_error",
        "optimizer": "gradient",
        "n_groups": 1,
        "penalised": False,
    }
    return _synthesis.Synthesis(**{**params, **changes})


@jax.jit
def compiled(synthesis, X, Z, lam, counts):
    return synthesis.group_loss(X, Z, lam, counts)


def group_loss(synthesis, X, Z, lam, counts=None):
    with jax.enable_x64(True):
        loss, gradient = compiled(synthesis, X, Z, lam, counts)
    return float(loss), np.asarray(gradient)


def dense(kernel, X, Z, lam, objective="squared_error"):
    """The loss by its definition; for the cross-entropy with two columns of labels."""
    real = np.arange(len(X) + len(Z)) < len(X)
    K = kernel(np.concatenate([X, Z]))
    E = expm(-lam * K)
    if objective == "gap":
        n, m = len(X), len(Z)
        y = np.where(real, (n + m) / (2 * n), -(n + m) / (2 * m))
        D = y - E @ y
        two_samples = np.mean(np.diag(K)[:n]) - np.mean(K[:n, :n])
        mmd2 = np.mean(K[:n, :n]) - 2 * np.mean(K[:n, n:]) + np.mean(K[n:, n:])
        soft = mmd2 / ((1 / n + 1 / m) * two_samples)
        return (np.mean(D[:n]) - np.mean(D[n:])) / 2 + 0.1 * soft
    if objective == "squared_error":
        return np.mean((1 - (real - E @ real)) ** 2)
    labels = np.column_stack([~real, real]).astype(float)
    return -np.mean(log_softmax(labels - E @ labels, axis=1)[:, 1])


def difference(function, Z, direction, h=1e-4):
    """Central, of fourth order."""
    f = [function(Z + i * h * direction) for i in (-2, -1, 1, 2)]
    return (8 * (f[2] - f[1]) - (f[3] - f[0])) / (12 * h)


def differences(function, Z):
    units = np.eye(Z.size).reshape(-1, *Z.shape)
    return np.array([difference(function, Z, unit) for unit in units]).reshape(Z.shape)


def relative_error(value, expected):
    return np.linalg.norm(value - expected) / np.linalg.norm(expected)


def rates(kernel, X, Z, times):
    """λ from soft to sharp, in units of 1/λ_max."""
    return np.array(times) / np.linalg.eigvalsh(kernel(np.concatenate([X, Z])))[-1]


@over_problems
def test_loss_and_gradient(name, objective):
    kernel = KERNELS[name]
    synthesis = made(kernel, objective=objective)
    for lam in rates(kernel, X, Z, [0.3, 10, 300]):
        loss, gradient = group_loss(synthesis, X, Z, lam)
        assert_allclose(loss, dense(kernel, X, Z, lam, objective), rtol=1e-8)
        expected = differences(partial(dense, kernel, X, lam=lam, objective=objective), Z)
        assert relative_error(gradient, expected) < 1e-6


def test_where_krylov_spaces_take_over():
    rng, kernel = np.random.default_rng(1), KERNELS["ntk"]
    X, Z = rng.normal(size=(64, 2)) + [2.0, 0.0], rng.normal(size=(64, 2))
    assert 32 in STAGES  # up to a quarter of the points
    for lam in rates(kernel, X, Z, [1, 100]):
        loss, gradient = group_loss(made(kernel), X, Z, lam)
        assert_allclose(loss, dense(kernel, X, Z, lam), rtol=1e-8)
        for direction in rng.normal(size=(2, 64, 2)):
            expected = difference(partial(dense, kernel, X, lam=lam), Z, direction, 1e-5)
            size = np.linalg.norm(gradient)
            assert abs(np.sum(gradient * direction) - expected) < 1e-6 * size


@pytest.mark.parametrize(
    ("name", "objective"),
    slow_but([("ntk", "squared_error"), ("ntk", "gap")], PROBLEMS),
)
def test_what_fills_clouds_up_has_no_part(name, objective):
    """By Krylov spaces and densely, wherever it is."""
    rng, kernel = np.random.default_rng(3), KERNELS[name]
    for n, m, room in [(13, 9, 3), (50, 45, 14)]:
        A, B = rng.normal(size=(n, 2)) + [2.0, 0.0], rng.normal(size=(m, 2))
        fills = [rng.normal(size=(room, 2)), np.repeat(A[:1], room, axis=0)]
        synthesis = made(kernel, objective=objective, penalised=True)
        for lam in rates(kernel, A, B, [0.3, 100]):
            expected = group_loss(synthesis, A, B, lam)
            for fill in fills:
                filled = (np.concatenate([cloud, fill]) for cloud in (A, B))
                loss, gradient = group_loss(synthesis, *filled, lam, (n, m))
                assert_allclose(loss, expected[0], rtol=1e-12)
                assert relative_error(gradient[:m], expected[1]) < 1e-8
                assert_array_equal(gradient[m:], 0)


@over_problems
def test_equal_points(name, objective):
    kernel = KERNELS[name]
    A, B = X.copy(), Z.copy()
    A[1] = A[2] = A[0]
    B[1], B[2], B[3] = B[0], A[0], A[5]
    for lam in rates(kernel, A, B, [0.3, 10, 300]):
        loss, gradient = group_loss(made(kernel, objective=objective), A, B, lam)
        assert_allclose(loss, dense(kernel, A, B, lam, objective), rtol=1e-8)
        assert np.all(np.isfinite(gradient))
        if name != "white":  # whose noise tells equal points apart
            assert_allclose(gradient[1], gradient[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("kernel", "sizes"),
    [(RBF(1e-8), (13, 9)), (WhiteKernel(0.7), (64, 64))],
    ids=["dense", "krylov"],
)
def test_gram_matrix_a_multiple_of_the_identity(kernel, sizes):
    rng = np.random.default_rng(2)
    X, Z = (rng.normal(size=(n, 2)) for n in sizes)
    diagonal = kernel(X)[0, 0]
    for lam in (0.1, 1.0, 50.0):
        loss, gradient = group_loss(made(kernel), X, Z, lam)
        expected = (len(X) * np.exp(-lam * diagonal) ** 2 + len(Z)) / (len(X) + len(Z))
        assert_allclose(loss, expected, rtol=1e-13)
        assert_array_equal(gradient, 0)


def similarity(Z, X, spacing):
    return np.mean(np.maximum(1 - cdist(Z, X).min(axis=1) / spacing, 0) ** 2)


@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_similarity_penalty(offset):
    """Far from 0 too, where |x|² - 2z·x has no digits left."""
    A, B = X + offset, np.concatenate([Z[:5], X[:3] + 0.1, X[3:4]]) + offset
    with jax.enable_x64(True):
        function = jax.jit(jax.value_and_grad(_synthesis.Synthesis.similarity, 1))
        share, there = np.full(len(B), 1 / len(B)), np.ones(len(A), bool)
        value, gradient = map(np.asarray, function(made(X=A), B, A, share, there))
    A, B = A - offset, B - offset  # exact
    assert 0.05 < value < 0.95
    assert_allclose(value, similarity(B, A, 0.8), rtol=1e-12)
    expected = differences(lambda Z: similarity(Z, A, 0.8), B)
    assert relative_error(gradient[:-1], expected[:-1]) < 1e-9
    assert_array_equal(gradient[-1], 0)  # a copy: no direction


@pytest.mark.parametrize("objective", ["gap", "squared_error"])
def test_data_are_where_the_objective_has_no_force(objective):
    """Only the gap is 0 there and pushes nowhere."""
    kernel = KERNELS["ntk"]
    loss, gradient = group_loss(made(kernel, objective=objective), X, X.copy(), 1.0)
    size = np.linalg.norm(gradient)
    if objective == "gap":
        assert abs(loss) < 1e-13
        assert size < 1e-12
    else:
        assert size > 1e-4


def test_the_gap_is_a_squared_mmd_to_first_order():
    """(Z3): λN/4 of it, whatever the sizes of the clouds."""
    kernel = KERNELS["ntk"]
    lam = rates(kernel, X, Z, [1e-6])[0]
    loss, _ = group_loss(made(objective="gap"), X, Z, lam)
    soft, _ = group_loss(made(objective="gap"), X, Z, 1e-300)
    K, n = kernel(np.concatenate([X, Z])), len(X)
    mmd2 = np.mean(K[:n, :n]) - 2 * np.mean(K[:n, n:]) + np.mean(K[n:, n:])
    assert_allclose(loss - soft, lam * len(K) / 4 * mmd2, rtol=1e-5)


def test_two_samples_of_one_law_have_an_mmd_of_one():
    """On average, in the unit of the soft gap (Z4)."""
    rng, kernel = np.random.default_rng(5), KERNELS["ntk"]

    def soft(n, m):
        clouds = (rng.normal(size=(size, 2)) for size in (n, m))
        with jax.enable_x64(True):
            K = kernel(np.concatenate(list(clouds)))
            return float(_synthesis.soft_gap(jnp.array(K), np.ones(n), np.ones(m))[0])

    for n, m in [(40, 40), (60, 20)]:
        values = [soft(n, m) for _ in range(200)]
        error = np.std(values) / 200**0.5
        assert abs(np.mean(values) - 1) < 4 * error + 2 / n


@pytest.mark.parametrize("objective", ["gap", "squared_error"])
def test_which_objective_lets_a_cloud_contract(objective):
    """The gap pushes a cloud that is smaller than the data out, the squared error in."""
    rng, kernel = np.random.default_rng(6), NTK(depth=2, bias_std=0.3)
    A, B = rng.normal(size=(2, 60, 2))
    outwards = B - B.mean(axis=0)
    lam = rates(kernel, A, B, [5.0])[0]
    shrunk = B.mean(axis=0) + 0.9 * outwards
    _, gradient = group_loss(made(kernel, objective=objective), A, shrunk, lam)
    assert (np.sum(gradient * outwards) < 0) == (objective == "gap")


def test_what_is_as_near_as_data_are_is_not_penalised():
    near = X[:5] + [[0.05, 0.0]]
    closeness = similarity(near, X[:5], 0.8)
    free, gradient = group_loss(made(), X[:5], near, 0.5)
    for limit in (0.9 * closeness, 1.1 * closeness):
        synthesis = made(penalised=True, closeness=limit)
        loss, penalised = group_loss(synthesis, X[:5], near, 0.5)
        assert_allclose(loss - free, 0.5 * max(closeness - limit, 0), atol=1e-12)
        assert np.array_equal(penalised, gradient) == (limit > closeness)


def test_similarity_penalty_is_added_with_its_weight():
    def expected(B):
        return dense(KERNELS["ntk"], X[:5], B, 0.5) + 0.5 * similarity(B, X[:5], 0.8)

    B = np.concatenate([Z[:1], X[:2] + 0.1])
    loss, gradient = group_loss(made(penalised=True), X[:5], B, 0.5)
    assert_allclose(loss, expected(B), rtol=1e-10)
    assert relative_error(gradient, differences(expected, B)) < 1e-8


@pytest.mark.parametrize(
    ("n", "n_groups"),
    slow_but([(13, 3), (5, 4), (2, 5)], [(12, 3), (13, 3), (10, 4), (5, 4), (2, 5)]),
)
def test_groups_partition_all_rows(n, n_groups):
    """Whatever fills them up, and that only where there are fewer rows than groups."""

    def groups(seed, size):
        rows, counts = _synthesis._groups(jax.random.key(seed), size, n, n_groups)
        return [r[:k].tolist() for r, k in zip(np.asarray(rows), np.asarray(counts))]

    for seed in range(2):
        parts = groups(seed, n)
        assert groups(seed, n + 7) == parts
        sizes = [len(part) for part in parts]
        assert min(sizes) >= 1
        assert max(sizes) - min(sizes) <= 1
        count = np.bincount(np.concatenate(parts), minlength=n)
        assert len(count) == n
        assert count.min() >= 1
        assert n == 2 or count.max() == 1
    assert n == 2 or groups(0, n) != groups(1, n)


def compile_batch_loss():
    """Anew, with what is patched."""
    function = jax.jit(lambda synthesis, Z, step: synthesis.loss(Z, step))

    def batch_loss(synthesis, step=0):
        with jax.enable_x64(True):
            loss, gradient = function(synthesis, Z, step)
        return float(loss), np.asarray(gradient)

    return batch_loss


def test_groups_are_problems_of_their_own(monkeypatch):
    rows = {
        13: np.array([[4, 3, 2, 1, 0], [5, 6, 7, 8, 9], [10, 11, 12, 4, 3]]),
        9: np.array([[0, 3, 6], [1, 4, 7], [2, 5, 8]]),
    }

    def groups(key, size, count, n_groups):
        return jnp.array(rows[size]), jnp.full(n_groups, rows[size].shape[1])

    monkeypatch.setattr(_synthesis, "_groups", groups)
    synthesis = made(penalised=True, n_groups=3)
    loss, gradient = compile_batch_loss()(synthesis)
    alone = [group_loss(synthesis, X[x], Z[z], 1.0) for x, z in zip(rows[13], rows[9])]
    assert_allclose(loss, np.mean([one for one, _ in alone]), rtol=1e-12)
    for z, (_, expected) in zip(rows[9], alone):
        assert_allclose(gradient[z], expected, rtol=1e-9)

    loss, gradient = compile_batch_loss()(replace(synthesis, seen=2))
    assert_allclose(loss, np.mean([one for one, _ in alone[:2]]), rtol=1e-12)
    assert_array_equal(gradient[rows[9][2]], 0)


def test_batches_are_drawn_anew_at_each_step_and_by_seed(monkeypatch):
    def fingerprint(self, X, Z, lam, counts):
        return jnp.max(X) * jnp.max(Z), Z

    monkeypatch.setattr(_synthesis.Synthesis, "group_loss", fingerprint)
    batch_loss = compile_batch_loss()
    pairs = [(seed, step) for seed in (0, 1) for step in (0, 1, 0)]
    losses = [batch_loss(made(n_groups=3, seed=seed), step)[0] for seed, step in pairs]
    assert len(set(losses)) == 4
    assert losses[2::3] == losses[::3]


def test_a_batch_that_holds_all_is_the_full_problem():
    expected = group_loss(made(), X, Z, 1.0)
    loss, gradient = compile_batch_loss()(made(n_groups=1))
    assert_allclose(loss, expected[0], rtol=1e-14)
    assert_allclose(gradient, expected[1], rtol=1e-10)


def test_lambda_rises_geometrically_over_the_first_steps():
    sharpness = _synthesis.Sharpness(8.0, 1 / 16, 10.0)
    with jax.enable_x64(True):
        lams = [float(sharpness.at(step, "float64")) for step in range(11)]
    assert_allclose(lams[0], 0.5)
    assert_allclose(np.diff(np.log(lams[:8])), np.log(16) / 7)
    assert_array_equal(lams[7:], 8.0)


def test_lambda_rises_from_where_no_point_is_apart_from_all_others():
    core = as_core(2 * RBF(1.0))  # k(x, x) = 2
    with jax.enable_x64(True):
        rising = partial(_synthesis.rising, core, jnp.asarray(X), max_iter=10.0)
        for lam, first in [(1.0, 0.01), (50.0, 0.25), (1e6, 0.25)]:
            assert_allclose(float(rising(lam).at(0, "float64")), first)
            assert_allclose(float(rising(lam).at(7, "float64")), lam)


def test_a_step_that_leads_far_away_is_not_taken():
    start = made(radius=5.0, learning_rate=1e9)
    with jax.enable_x64(True):
        state = _synthesis.advance(start, start.start(Z), 7)
    assert bool(state.diverged)
    assert int(state.step) == 0
    assert_array_equal(state.samples[: len(Z)], Z)
