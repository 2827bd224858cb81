"""What is done with networks, of whatever class."""

import math
from numbers import Integral
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

ACTIVATIONS = {
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "gelu": jax.nn.gelu,
    "tanh": jnp.tanh,
}


class Constants(NamedTuple):
    """What of a network is no parameter, hashable."""

    leaves: tuple
    structure: Any


def split(network, dtype):
    """A network's parameters, in that dtype, and its `Constants`."""
    import equinox as eqx

    network = jax.tree.map(
        lambda a: jnp.asarray(a) if isinstance(a, np.ndarray) else a, network
    )
    parameters, constants = eqx.partition(network, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(constants, is_leaf=lambda leaf: leaf is None)
    return jax.tree.map(lambda a: a.astype(dtype), parameters), Constants(
        tuple(leaves), structure
    )


def join(parameters, constants):
    """The network."""
    import equinox as eqx

    rest = jax.tree.unflatten(constants.structure, constants.leaves)
    return eqx.combine(parameters, rest)


def check_image_shape(shape, n_features):
    """(height, width, channels), checked."""
    shape = tuple(shape)
    if len(shape) not in (2, 3) or not all(
        isinstance(size, Integral) and size > 0 for size in shape
    ):
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels), integers of "
            f"at least 1; got {shape}."
        )
    if math.prod(shape) != n_features:
        raise ValueError(
            f"image_shape={shape} has {math.prod(shape)} entries, but X has {n_features} "
            "features. Give image_shape as (height, width, channels) of a flattened image."
        )
    return (*shape, 1)[:3]


def check_network(network, n_latent, n_features):
    """Raise unless it is a callable pytree with parameters, of the right shapes."""
    parameters, constants = split(network, np.float64)
    if not callable(network) or not jax.tree.leaves(parameters):
        raise ValueError(
            "network must return a callable pytree with arrays of parameters, such as an "
            f"equinox.Module; got {network!r}."
        )
    try:
        hash(constants)
    except TypeError as error:
        raise ValueError(
            "What is no parameter in a network must be hashable, such as numbers, strings "
            f"and functions; {error}."
        ) from error
    made = jax.eval_shape(join(parameters, constants), jnp.zeros(n_latent))
    if getattr(made, "shape", None) != (n_features,):
        raise ValueError(
            f"network must return a function of one z ({n_latent},) to one sample "
            f"({n_features},), one for each feature of X; its result is {made}."
        )
