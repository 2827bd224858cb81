"""What the benchmarks share: the machine's description, clocks, the peer."""

import argparse
import os
import platform
import statistics
import time

import jax

from skgantk.kernels import import_neural_tangents


def options(description, add_arguments=None):
    parser = argparse.ArgumentParser(description=description)
    if add_arguments:
        add_arguments(parser)
    parser.add_argument("--quick", action="store_true", help="small, to test the script")
    return parser.parse_args()


def machine():
    device = jax.devices()[0]
    return (
        f"{device.platform} {device.device_kind}, {os.cpu_count()} cores, "
        f"{platform.machine()}, Python {platform.python_version()}, JAX {jax.__version__}, "
        f"{time.strftime('%Y-%m-%d')}"
    )


def print_machine():
    print(f"{machine()}\n")


def median_times(functions, rounds=15, repeats=5):
    """Median seconds of each function; in every round each runs ``repeats`` times."""
    for function in functions.values():
        jax.block_until_ready(function())
    times = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            for _ in range(repeats):
                start = time.perf_counter()
                jax.block_until_ready(function())
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def peer_kernel(depth=3, weight_std=1.0, bias_std=1.0):
    """kernel_fn of neural-tangents for NTK(depth, "relu", weight_std, bias_std)."""
    stax = import_neural_tangents().stax
    hidden = [stax.Dense(1, weight_std, bias_std), stax.Relu()] * depth
    return stax.serial(*hidden, stax.Dense(1, weight_std))[2]
