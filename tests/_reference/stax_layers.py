"""Layers of neural-tangents for activations that have no closed form there."""

import warnings

import jax
import jax.numpy as jnp

FUNCTIONS = {"tanh": jnp.tanh, "logistic": jax.nn.sigmoid, "softplus": jax.nn.softplus}


def numerical(stax, name, degree=80):
    """The layer of an activation by Gauss-Hermite rules, right to about 1e-9 at q < 1.5."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that its error depends on the degree
        return stax.ElementwiseNumerical(FUNCTIONS[name], degree)
