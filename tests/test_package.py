"""What holds for the package as a whole."""

import inspect
import subprocess
import sys

import pytest

import skgantk
from skgantk import (
    datasets,
    discriminators,
    generators,
    inspection,
    kernels,
    losses,
    metrics,
    model_selection,
    pipeline,
)

MODULES = (
    datasets,
    discriminators,
    generators,
    inspection,
    kernels,
    losses,
    metrics,
    model_selection,
    pipeline,
)
PUBLIC = [getattr(module, name) for module in MODULES for name in module.__all__]


def test_import_has_no_side_effect():
    code = """
import sys, warnings
import jax, numpy, sklearn
names = set(jax.config.values)  # parts of JAX bring settings of their own
def state():
    config = {name: jax.config.values[name] for name in names}
    return config, numpy.geterr(), list(warnings.filters)
before = state()
import skgantk
assert before == state()
assert "matplotlib" not in sys.modules and "neural_tangents" not in sys.modules
skgantk.kernels.NTK()([[1.0, 2.0]])
assert not jax.config.jax_enable_x64
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_all_names_exist():
    names = {module.__name__.split(".")[-1] for module in MODULES}
    assert set(skgantk.__all__) == {"__version__", *names}
    for module in MODULES:
        assert sorted(module.__all__) == sorted(set(module.__all__))


CANNOT_FAIL = losses.IPM, losses.VanillaGAN, losses.Hinge, datasets.make_lines


@pytest.mark.parametrize("obj", PUBLIC, ids=lambda obj: obj.__name__)
def test_docstring_has_the_sections_of_numpydoc(obj):
    """Parameters by name and in order, errors; an example wherever one can be run."""
    doc = inspect.getdoc(obj)
    if obj is kernels.CoreKernel:
        return
    assert "Raises\n------" in doc or obj in CANNOT_FAIL
    parameters = list(inspect.signature(obj).parameters)
    if parameters:
        assert "Parameters\n----------" in doc
        positions = [doc.find(name) for name in parameters]
        assert min(positions) > 0
    if obj is not kernels.as_core:
        assert ">>> " in doc
