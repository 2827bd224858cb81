"""Past clouds, and what is lost when they are projected on part of their points."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.discriminators._carry_over import Carried, CarryOver, Past
from skgantk.discriminators._functions import Zero
from skgantk.kernels import NTK, RBF, as_core
from skgantk.kernels._low_rank import LowRank, choose

pytestmark = pytest.mark.usefixtures("hasty_compilation")

KERNEL = NTK(depth=1)
SLOTS, SIZE, REAL = 6, 8, 5
RNG = np.random.default_rng(0)
CENTRES = RNG.normal(size=(SLOTS, SIZE, 2))
COEF, REAL_COEF = RNG.normal(size=(SLOTS, SIZE)), RNG.normal(size=REAL)
REAL_POINTS, NEW = RNG.normal(size=(REAL, 2)) + 2, RNG.normal(size=(7, 2))


@pytest.fixture(autouse=True)
def _float64():
    with jax.enable_x64(True):
        yield


def past(used=SLOTS, centres=CENTRES, coef=COEF):
    coef = np.where(np.arange(SLOTS)[:, None] < used, coef, 0)
    arrays = centres, coef, REAL_COEF, np.int32(used), np.float64(0.25)
    return Past(*(jnp.asarray(a) for a in arrays))


def carried(past, kernel=KERNEL):
    return Carried(as_core(kernel), Zero(), jnp.asarray(REAL_POINTS), past)


def adversary(kernel=KERNEL, slots=SLOTS, compressed=True):
    inner = NTKIPMDiscriminator(kernel)._adversaries(2, np.float64, None)[0]
    return CarryOver(inner, jnp.asarray(REAL_POINTS), slots, SIZE, True, compressed)


def centres_of(past):
    return np.asarray(past.centres).reshape(-1, 2), np.asarray(past.coef).ravel()


@pytest.mark.parametrize("used", [0, 1, SLOTS])
def test_function_is_the_sum_over_used_slots(used):
    f = carried(past(used))
    centres, coef = CENTRES[:used].reshape(-1, 2), COEF[:used].ravel()
    expected = KERNEL(NEW, REAL_POINTS) @ REAL_COEF
    if used:
        expected = expected + KERNEL(NEW, centres) @ coef
    assert_allclose(f.value(jnp.asarray(NEW)), expected, rtol=1e-12)
    h, slope = 1e-6, np.empty_like(NEW)
    for k, step in enumerate(h * np.eye(2)):
        ends = [f.value(jnp.asarray(NEW + sign * step)) for sign in (1, -1)]
        slope[:, k] = (ends[0] - ends[1]) / (2 * h)
    assert_allclose(f.gradient(jnp.asarray(NEW)), slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kernel", [KERNEL, RBF()], ids=str)
def test_projection_loses_no_more_than_it_says(kernel):
    before = past()
    after = adversary(kernel)._projected(before, jax.random.key(0))
    assert after.used == SLOTS // 2
    X, c = centres_of(before)
    Z, a = centres_of(after)
    assert not np.any(a[SLOTS // 2 * SIZE :])
    assert {row.tobytes() for row in Z[: len(Z) // 2]} <= {row.tobytes() for row in X}
    both, coef = np.concatenate([X, Z]), np.concatenate([c, -a])
    norm = np.sqrt(coef @ kernel(both) @ coef)
    assert 0 < norm < np.sqrt(c @ kernel(X) @ c)
    assert_allclose(after.error - before.error, norm, rtol=1e-6)
    lost = carried(before, kernel).value(NEW) - carried(after, kernel).value(NEW)
    assert np.all(np.abs(lost) <= norm * np.sqrt(kernel.diag(NEW)))


def test_projection_is_orthogonal():
    """No other coefficients of the chosen points come nearer."""
    before = past()
    after = adversary()._projected(before, jax.random.key(0))
    X, c = centres_of(before)
    Z, a = centres_of(after)
    n = SLOTS // 2 * SIZE
    best = np.linalg.solve(KERNEL(Z[:n]), KERNEL(Z[:n], X) @ c)
    assert_allclose(a[:n], best, rtol=1e-5, atol=1e-7)


def test_clouds_that_repeat_are_kept_exactly():
    """As many different points as half of the slots hold."""
    repeated = np.tile(CENTRES[:3], (2, 1, 1))
    before = past(centres=repeated)
    after = adversary()._projected(before, jax.random.key(0))
    assert after.error - before.error < 1e-6
    values = [carried(p).value(NEW) for p in (before, after)]
    assert_allclose(values[0], values[1], rtol=1e-6)


def test_all_points_equal():
    before = past(centres=np.ones_like(CENTRES))
    after = adversary()._projected(before, jax.random.key(0))
    values = [carried(p).value(NEW) for p in (before, after)]
    assert_allclose(values[0], values[1], rtol=1e-8)


def test_a_kernel_that_is_zero():
    zero = 0.0 * KERNEL
    after = adversary(zero)._projected(past(), jax.random.key(0))
    assert_array_equal(carried(after, zero).value(NEW), 0)
    assert np.all(np.isfinite(after.coef))
    assert after.error == past().error


def test_choice_of_points():
    X = RNG.normal(size=(150, 2))
    X[10:] *= 1e-3  # a crowd, in which few points do for all
    chosen = choose(as_core(KERNEL), jnp.asarray(X), 64, jax.random.key(1))
    K = KERNEL(X)
    factor = np.asarray(LowRank(as_core(KERNEL), X[chosen]).factor(jnp.asarray(X)))
    assert len(np.unique(chosen)) == 64
    assert set(range(10)) <= set(chosen[:20].tolist())
    assert_allclose((factor @ factor.T)[chosen], K[chosen], atol=1e-8 * K.max())
    left = np.diag(K - factor @ factor.T)
    assert left.min() > -1e-8 * K.max()


def test_training_adds_a_cloud():
    fake = jnp.asarray(NEW[[0, 1, 2, 3, 4, 5, 6, 0]])
    real = jnp.asarray(REAL_POINTS)
    before = past(2)
    trained = adversary().train(before, fake, real, jax.random.key(0))
    witness = KERNEL(NEW, REAL_POINTS).mean(axis=1) - KERNEL(NEW, fake).mean(axis=1)
    expected = carried(before).value(NEW) + witness
    assert_allclose(trained.function.value(NEW), expected, rtol=1e-10)
    assert trained.memory.used == 3
    assert_allclose(carried(trained.memory).value(NEW), expected, rtol=1e-10)


def test_training_that_does_not_count_is_forgotten():
    fake, real = jnp.asarray(CENTRES[0]), jnp.asarray(REAL_POINTS)
    for used in (2, SLOTS):  # and where it was projected for it
        trained = adversary().train(past(used), fake, real, jax.random.key(0))
        memory = adversary().select(jnp.zeros((), bool), trained.memory, past(used))
        assert memory.used == trained.memory.used - 1
        assert_array_equal(memory.real_coef, REAL_COEF)


def test_resume_takes_the_past_along():
    more = adversary(slots=9).resume(past(4), np.float64)
    assert more.centres.shape == (9, SIZE, 2)
    assert_allclose(carried(more).value(NEW), carried(past(4)).value(NEW), rtol=1e-12)
    assert adversary(slots=3).resume(past(4), np.float64).used == 0
    assert adversary().resume((), np.float64).used == 0
