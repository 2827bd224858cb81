"""How a gradient becomes a step: shared by everything that descends.

optax is imported at the first use: it takes a while, and a kernel needs none.
"""

from functools import cache

import jax.numpy as jnp
from sklearn.utils._param_validation import HasMethods

# Directions of descent, in units of the learning rate. Made once: JAX compiles anew for
# every new object.
OPTIMIZERS = {
    "gradient": cache(lambda: _optax().sgd(1.0)),
    "momentum": cache(lambda: _optax().sgd(1.0, momentum=0.9)),
    "adam": cache(lambda: _optax().adam(1.0)),
}
TRANSFORMATION = HasMethods(["init", "update"])  # an optax.GradientTransformation


def _optax():
    import optax

    return optax


def get_optimizer(optimizer):
    """The optax transformation of that name, or the one given."""
    return OPTIMIZERS[optimizer]() if isinstance(optimizer, str) else optimizer


def falling(learning_rate, decay, step, max_iter):
    """The learning rate at a step, falling linearly by the share ``decay``."""
    return learning_rate * (1 - decay * jnp.minimum(step / max_iter, 1))
