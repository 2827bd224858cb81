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


def test_the_flag_is_as_before_wherever_ctrl_c_comes():
    def flags():
        return jax.config.jax_enable_x64, jax.config.jax_default_matmul_precision

    scoped, files = float64_scope(flags), {precision.__file__}
    with Interrupt(files) as count:
        assert scoped() == (True, "highest")
    for before in ((False, None), (True, "bfloat16")):
        for line in range(1, count.n_lines + 1):
            with jax.enable_x64(before[0]), jax.default_matmul_precision(before[1]):
                with pytest.raises(KeyboardInterrupt), Interrupt(files, line):
                    scoped()
                assert flags() == before
    assert count.n_lines > 2
