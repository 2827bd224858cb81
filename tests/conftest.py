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


@pytest.fixture(autouse=True, scope="module")
def _forget_compiled_functions():
    """Thousands of them take gigabytes."""
    yield
    jax.clear_caches()
