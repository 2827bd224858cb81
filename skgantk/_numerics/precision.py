"""float64 inside a scope, without touching JAX's global flags."""

from functools import wraps

import jax


def float64_scope(function):
    """Decorate: run ``function`` where JAX knows float64 (float32 stays float32)."""

    @wraps(function)
    def scoped(*args, **kwargs):
        with jax.enable_x64(True):
            return function(*args, **kwargs)

    return scoped
