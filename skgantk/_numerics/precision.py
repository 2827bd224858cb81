"""float64 and whole products inside a scope, without touching JAX's global flags."""

import warnings
from functools import wraps

import jax
import numpy as np


def float64_scope(function):
    """Decorate: run ``function`` where JAX knows float64 (float32 stays float32).

    Products in it that do not say how precise they are, of networks that others wrote say,
    do not drop to TF32 on a GPU.
    """

    @wraps(function)
    def scoped(*args, **kwargs):
        # Ctrl-C between the end of the function and that of its scope would leave the
        # flags on. They are set to what they were by a scope around that one then.
        with (
            jax.enable_x64(jax.config.jax_enable_x64),
            jax.default_matmul_precision(jax.config.jax_default_matmul_precision),
            jax.enable_x64(True),
            jax.default_matmul_precision("highest"),
        ):
            return function(*args, **kwargs)

    return scoped


def unseen(array):
    """Return a view of a NumPy array, an object that JAX has not met.

    JAX keeps the device's copy of an array that some compiled function has closed over,
    by identity, and in float32 if that was outside of the float64 scope. A caller's
    array must not come to us as that copy.
    """
    return np.asarray(array).view()


def finite(values, what, stacklevel):
    """Return values as a NumPy array of ours, and warn if some of them overflowed.

    Parameters
    ----------
    values : array
    what : str
        What was evaluated; begins the sentence.
    stacklevel : int
        Frames from here to the caller who gave the points.
    """
    values = np.array(values)
    if not np.all(np.isfinite(values)):
        warnings.warn(
            f"{what} overflows {values.dtype.name} at some of these points. Scale the data "
            "(StandardScaler).",
            RuntimeWarning,
            stacklevel=stacklevel,
        )
    return values
