"""One device and four give the same results; four are simulated, in a process apart."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skgantk._numerics.devices import device_count, spread_map

PROGRAM = Path(__file__).parents[1] / "_reference" / "several_devices.py"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What `PROGRAM` computes on one and on four devices."""
    folder = tmp_path_factory.mktemp("devices")
    for count in (1, 4):
        flags = f"--xla_force_host_platform_device_count={count}"
        environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
        command = [sys.executable, PROGRAM, folder / f"{count}.npz", str(count)]
        subprocess.run(command, env=environment, check=True)
    return tuple(np.load(folder / f"{count}.npz") for count in (1, 4))


@pytest.mark.parametrize(
    ("name", "rtol"),
    [
        ("kernel_sum", 1e-14),
        ("kernel_gradient", 1e-14),
        ("one_row", 0),
        ("gram", 1e-14),
        ("cross_gram", 1e-14),
        ("images", 1e-14),
        ("ipm_flow", 1e-13),
        ("lsgan_flow", 1e-10),  # its Krylov space ends at a tolerance
        ("transform", 1e-13),
        ("batches", 1e-10),
        ("further_batches", 1e-10),
    ],
)
def test_four_devices_give_the_results_of_one(results, name, rtol):
    one, four = (found[name] for found in results)
    assert_allclose(four, one, rtol=0, atol=rtol * abs(one).max())


def test_the_work_is_spread(results):
    one, four = results
    assert_array_equal(one["devices_of_a_sum"], 1)
    assert_array_equal(four["devices_of_a_sum"], 4)
    assert_array_equal(four["devices_of_a_sum_under_default_device"], 1)


def test_a_loop_on_one_device_is_a_map():
    assert device_count() == jax.device_count() == 1
    found = spread_map(lambda x, shared: x * shared, np.arange(5.0), 2.0)
    assert_array_equal(found, 2 * np.arange(5))
