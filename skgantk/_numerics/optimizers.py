"""How a gradient becomes a step: shared by everything that descends."""

from functools import lru_cache

import jax.numpy as jnp
import optax

# Directions of descent, in units of the learning rate. Made once: JAX compiles anew for
# every new object.
OPTIMIZERS = {
    "gradient": lru_cache(lambda: optax.sgd(1.0)),
    "momentum": lru_cache(lambda: optax.sgd(1.0, momentum=0.9)),
    "adam": lru_cache(lambda: optax.adam(1.0)),
}


def get_optimizer(optimizer):
    """The optax transformation of that name, or the one given."""
    return OPTIMIZERS[optimizer]() if isinstance(optimizer, str) else optimizer


def falling(learning_rate, decay, step, max_iter):
    """The learning rate at a step, falling linearly by the share ``decay``."""
    return learning_rate * (1 - decay * jnp.minimum(step / max_iter, 1))
