import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skgantk._numerics.elementwise import stored, stored_backwards

A = np.array([0.0, -1.5, 3e-38, 1e30, np.inf, np.nan], np.float32)


@pytest.mark.parametrize("function", [stored, stored_backwards])
def test_what_is_stored_stays_as_it_is(function):
    np.testing.assert_array_equal(jax.jit(function)(A), A)


def of_windows(keep):
    """A sum over windows that share entries, of products."""

    def total(a):
        b = keep(jnp.sin(a))
        return jnp.sum(b[1:] * b[:-1] ** 2) + jnp.sum(b[2:] * b[:-2])

    return total


@pytest.mark.parametrize("derivative", [jax.grad, jax.jacfwd, jax.hessian])
def test_derivatives_are_those_of_the_identity(derivative):
    a = jnp.linspace(-1, 2, 7)
    expected = derivative(of_windows(lambda b: b))(a)
    found = jax.jit(derivative(of_windows(stored_backwards)))(a)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    batch = jax.vmap(derivative(of_windows(stored_backwards)))(jnp.stack([a, 2 * a]))
    np.testing.assert_allclose(batch[0], expected, rtol=1e-6, atol=1e-6)


def test_cotangents_are_divided_and_nothing_else():
    """By which XLA stores them."""

    def divisions(function):
        return jax.jit(function).lower(A).as_text().count("stablehlo.divide")

    assert divisions(of_windows(stored_backwards)) == 0
    assert divisions(jax.grad(of_windows(stored_backwards))) == 1
