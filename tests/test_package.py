"""What holds for the package as a whole."""

import inspect
import subprocess
import sys

import jax
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
    preprocessing,
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
    preprocessing,
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


def test_compiled_programs_are_found_on_disk(tmp_path):
    """By the next process, wherever in the first one they were asked for."""
    code = f"""
import jax, skgantk
events = []
jax.monitoring.register_event_listener(lambda name, **_: events.append(name))
jax.numpy.zeros(3)
assert skgantk.cache_compilations({str(tmp_path / "new")!r}).is_dir()
skgantk.kernels.NTK()([[1.0, 2.0]])
print(events.count("/jax/compilation_cache/cache_misses"))
"""
    runs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        for _ in range(2)
    ]
    assert [int(run.stdout) > 0 for run in runs] == [True, False]


def test_directory_of_compiled_programs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    names = "jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs"
    before = {name: jax.config.values[name] for name in names}
    try:
        jax.config.update("jax_compilation_cache_dir", None)
        assert skgantk.cache_compilations() == tmp_path / "skgantk"
        jax.config.update("jax_compilation_cache_dir", str(tmp_path / "theirs"))
        assert skgantk.cache_compilations() == tmp_path / "theirs"
        (tmp_path / "file").touch()
        with pytest.raises(OSError, match="file"):
            skgantk.cache_compilations(tmp_path / "file")
    finally:
        for name, value in before.items():
            jax.config.update(name, value)


def test_all_names_exist():
    names = {module.__name__.split(".")[-1] for module in MODULES}
    assert set(skgantk.__all__) == {"__version__", "cache_compilations", *names}
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
