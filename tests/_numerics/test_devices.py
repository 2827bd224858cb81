"""One device and four give the same results; four are simulated, in a process apart."""

import os
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pytest
from _reference import several_devices
from numpy.testing import assert_allclose, assert_array_equal

from skgantk._numerics.devices import (
    _whole_vectors,
    compiled,
    device_count,
    spread_map,
)


def start(count, *arguments):
    """`several_devices` in a process of its own, with so many devices."""
    flags = os.environ.get("XLA_FLAGS", "")  # or it would compile for another processor
    flags += f" --xla_force_host_platform_device_count={count}"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    environment["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # as here
    program = Path(several_devices.__file__)
    command = [sys.executable, program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment)


@pytest.fixture(scope="module")
def results(tmp_path_factory, hasty_compilation):
    """What `several_devices` computes here, on one device, and on four."""
    path = tmp_path_factory.mktemp("devices") / "four.npz"
    assert start(4, path).wait() == 0
    return several_devices.results(), np.load(path)


@pytest.mark.parametrize(
    ("name", "rtol"),
    [
        ("kernel_sum", 1e-14),
        ("kernel_gradient", 1e-14),
        ("sliced", 1e-14),
        ("one_row", 0),
        ("gram", 1e-14),
        ("cross_gram", 1e-14),
        ("images", 1e-14),
        ("flow", 1e-13),
        ("transform", 1e-13),
        ("batches", 1e-10),  # its adjoint is that good
    ],
)
def test_four_devices_give_the_results_of_one(results, name, rtol):
    one, four = (found[name] for found in results)
    assert_allclose(four, one, rtol=0, atol=rtol * abs(one).max())


@pytest.mark.slow
def test_two_processes_with_two_devices_each_give_the_results_of_one(results, tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    paths = tmp_path / "0.npz", tmp_path / "1.npz"
    cluster = [start(2, path, address, i) for i, path in enumerate(paths)]
    assert [process.wait() for process in cluster] == [0, 0]
    for path in paths:
        found = np.load(path)
        assert found["devices"] == 4
        for name, expected in results[0].items():
            if not name.startswith("devices"):
                atol = 1e-10 * abs(expected).max()
                assert_allclose(found[name], expected, rtol=0, atol=atol)


def test_the_work_is_spread(results):
    one, four = results
    assert one["devices"] == 1
    assert four["devices"] == 4
    assert four["devices_under_default_device"] == 1


def test_a_loop_on_one_device_is_a_map():
    assert device_count() == jax.device_count() == 1
    found = spread_map(lambda x, shared: x * shared, np.arange(5.0), 2.0)
    assert_array_equal(found, 2 * np.arange(5))


def test_compiled_functions_may_be_parts_of_others():
    @partial(compiled, static_argnames="times")
    def multiplied(x, times):
        return times * x

    x = np.arange(3.0)
    for function in (lambda x: multiplied(x, times=3), lambda x: multiplied(x, 3)):
        assert_array_equal(function(x), 3 * x)
        assert_array_equal(jax.jit(function)(x), 3 * x)
        assert_array_equal(jax.vmap(function)(x), 3 * x)
        assert jax.grad(function)(1.0) == 3


def test_another_xla_or_device_compiles_as_it_likes(monkeypatch):
    def refused(*args, compiler_options):
        raise jax.errors.JaxRuntimeError("No such compile option")

    options = _whole_vectors.__wrapped__
    monkeypatch.setattr(jax, "jit", refused)
    assert options() is None
    monkeypatch.undo()
    assert (options() is None) == (jax.default_backend() != "cpu")
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert options() is None
