"""Sizes that share programs, and what fills clouds up to them."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skgantk._numerics.sizes import fill, rung, shuffled


def test_ladder():
    n = np.arange(1, 5000)
    rungs = np.array([rung(k) for k in n.tolist()])
    assert np.all(rungs >= n)
    assert np.all(np.diff(rungs) >= 0)
    assert_array_equal([rung(k) for k in rungs.tolist()], rungs)
    assert np.all(rungs % 8 == 0)
    steps = np.unique(rungs)
    small, large = steps[(steps >= 64) & (steps <= 256)], steps[steps >= 256]
    assert np.max(small[1:] / small[:-1]) <= 1.3
    assert np.max(large[1:] / large[:-1]) <= 1.13
    assert rung(10**9) < 1.07 * 10**9


@pytest.mark.parametrize("shape", [(9, 2), (16, 2), (1,)])
def test_filled_with_the_last_entry_or_a_value(shape):
    a = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    for value in (None, 0.0):
        filled = fill(a, value)
        assert filled.dtype == a.dtype
        assert len(filled) == rung(len(a))
        assert_array_equal(filled[: len(a)], a)
        rest = filled[len(a) :]
        assert_array_equal(rest, np.broadcast_to(a[-1] if value is None else 0, rest.shape))


def test_random_order_does_not_depend_on_what_fills_up():
    orders = [np.asarray(shuffled(jax.random.key(s), 13, 13)) for s in range(200)]
    for seed, order in enumerate(orders[:20]):
        assert sorted(order) == list(range(13))
        for size in (14, 16, 40):
            filled = np.asarray(shuffled(jax.random.key(seed), size, 13))
            assert_array_equal(filled[:13], order)
            assert sorted(filled) == list(range(size))
    first = np.bincount([order[0] for order in orders], minlength=13)
    assert first.min() >= 4  # of 15 expected: one in 10⁴ if uniform
    assert len({tuple(order) for order in orders}) == 200
