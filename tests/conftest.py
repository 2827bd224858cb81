"""Make the slow oracles importable; one thread for each of several workers."""

import os
import sys
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many workers as cores: more threads would only wait for each other. Before NumPy,
    # SciPy and JAX start theirs.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NPROC"):
        os.environ.setdefault(name, "1")

sys.path.insert(0, str(Path(__file__).parent))

import jax
import pytest


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
