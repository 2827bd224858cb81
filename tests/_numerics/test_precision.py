from contextlib import ExitStack, contextmanager, nullcontext

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _reference.interrupt import Interrupt

from skgantk._numerics import precision
from skgantk._numerics.precision import float64_scope, unseen
from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.kernels import RBF, kernel_sum


def test_an_array_that_jax_has_met_in_float32_keeps_its_digits():
    X = np.linspace(0.0, 1.0, 7)[:, None]
    fresh = X.copy()
    # outside of the float64 scope JAX keeps a float32 copy of X, by the identity of X
    jax.jit(lambda a: jnp.sum(a * X))(1.0)
    np.testing.assert_array_equal(RBF()(X), RBF()(fresh))
    np.testing.assert_array_equal(RBF().diag(X), RBF().diag(fresh))
    ones, y = np.ones(7), np.arange(7) % 2
    expected = kernel_sum(RBF(), fresh, fresh, ones)
    np.testing.assert_array_equal(kernel_sum(RBF(), X, X, ones), expected)
    critic = NTKIPMDiscriminator(RBF()).fit(fresh, y)
    expected = critic.decision_function(fresh)
    np.testing.assert_array_equal(critic.decision_function(X), expected)
    np.testing.assert_array_equal(critic.fit(X, y).decision_function(fresh), expected)


def test_unseen_is_another_object_of_the_same_memory():
    X = np.arange(3.0)
    view = unseen(X)
    assert view is not X
    assert np.shares_memory(view, X)


def settings():
    return {n: getattr(jax.config, f"jax_{n}") for n in precision.SETTINGS}, np.geterr()


def test_a_scope_is_of_our_settings_and_as_before_behind_it():
    with foreign_settings():
        theirs = settings()
        for scoped in (float64_scope(settings), float64_scope(float64_scope(settings))):
            ours = scoped()
            assert settings() == theirs
            for name, allowed in precision.SETTINGS.items():
                assert ours[0][name] in allowed
                assert theirs[0][name] not in allowed
            assert ours[1] == precision.ERRORS


@contextmanager
def foreign_settings():
    with (
        jax.default_matmul_precision("bfloat16"),
        jax.default_prng_impl("rbg"),
        jax.threefry_partitionable(False),
        jax.numpy_dtype_promotion("strict"),
        jax.numpy_rank_promotion("raise"),
        jax.transfer_guard("disallow"),
        jax.debug_key_reuse(True),
        np.errstate(all="raise"),
    ):
        yield


@pytest.mark.parametrize("context", [nullcontext, foreign_settings])
def test_settings_are_as_before_wherever_ctrl_c_comes(context):
    # In the scope, in the contexts that it is made of, and in what holds them.
    held = [type(c).__exit__ for c in (jax.enable_x64(True), np.errstate(), ExitStack())]
    files = {precision.__file__, *(f.__code__.co_filename for f in held)}
    scoped = float64_scope(settings)
    for flag in (False, True):
        with context(), jax.enable_x64(flag):
            expected = settings()
            with Interrupt(files) as count:
                scoped()
            for line in range(1, count.n_lines + 1):
                with pytest.raises(KeyboardInterrupt), Interrupt(files, line):
                    scoped()
                assert settings() == expected, line
    assert count.n_lines > 10
