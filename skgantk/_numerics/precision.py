"""What our computations run under, without touching anybody's settings."""

import warnings
from contextlib import ExitStack
from functools import wraps
from typing import Any

import jax
import numpy as np

# JAX's settings that change a result or forbid what we do, each with what it may be here,
# first what it becomes. The others change nothing (or only how we are compiled), or are
# there to look into a computation. All are names of JAX's context managers. What is
# compiled depends on them too: where they never differ, it is compiled once.
SETTINGS = {
    "enable_x64": (True,),
    "default_matmul_precision": ("highest",),  # or GPUs drop to TF32
    "default_prng_impl": ("threefry2x32",),
    "threefry_partitionable": (True,),
    "numpy_dtype_promotion": ("standard",),
    "numpy_rank_promotion": ("allow",),
    "transfer_guard_host_to_device": ("allow", None),
    "transfer_guard_device_to_device": ("allow", None),
    "transfer_guard_device_to_host": ("allow", None),
    "debug_key_reuse": (False,),
}
# NumPy's defaults: numbers may underflow.
ERRORS: dict[str, Any] = {
    "divide": "warn",
    "over": "warn",
    "under": "ignore",
    "invalid": "warn",
}

numpy_defaults = np.errstate(**ERRORS)  # decorates what is computed by NumPy alone


def float64_scope(function):
    """Decorate: run ``function`` under `SETTINGS` and `ERRORS`.

    So JAX knows float64 in it, and float32 stays float32.
    """

    @wraps(function)
    def scoped(*args, **kwargs):
        theirs, ours = _foreign_settings()
        # Ctrl-C between the end of the function and that of its scope would leave ours on.
        # They are set to what they were by a scope around that one then.
        with ExitStack() as outer, ExitStack() as inner:
            for context in theirs:
                outer.enter_context(context)
            for context in ours:
                inner.enter_context(context)
            return function(*args, **kwargs)

    return scoped


def _foreign_settings():
    """Contexts of what is set and must not be, as it is and as it is to be."""
    theirs, ours = [], []
    for name, allowed in SETTINGS.items():
        value = getattr(jax.config, f"jax_{name}")
        if value not in allowed:
            context = getattr(jax, name)
            theirs.append(context(value))
            ours.append(context(allowed[0]))
    if np.geterr() != ERRORS:
        theirs.append(np.errstate())
        ours.append(np.errstate(**ERRORS))
    return theirs, ours


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
