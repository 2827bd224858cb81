"""Make the slow oracles importable; save the workers of a run time; frames of a library."""

import os
import sys
import tempfile
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many workers as cores: more threads would only wait for each other. Before NumPy,
    # SciPy and JAX start theirs.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NPROC"):
        os.environ.setdefault(name, "1")

if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    # What one file, worker or process of this run has compiled, none has to compile again.
    CACHE = tempfile.TemporaryDirectory(prefix="skgantk-tests-")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = CACHE.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"

sys.path.insert(0, str(Path(__file__).parent))

import jax
import pytest
from _reference.frames import LIBRARIES


@pytest.fixture(params=LIBRARIES.values(), ids=list(LIBRARIES))
def convert(request):
    """Make a frame of pandas one of each library and kind of dtypes."""
    return request.param


@pytest.fixture(scope="module")
def hasty_compilation():
    """For tests of contracts, not of digits: they take two thirds of the time."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(autouse=True, scope="module")
def _forget_compiled_functions():
    """Thousands of them take gigabytes."""
    yield
    jax.clear_caches()
