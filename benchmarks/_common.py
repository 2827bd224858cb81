"""What the benchmarks share: results, the machine, clocks, processes, the peer."""

import argparse
import json
import math
import multiprocessing
import os
import platform
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jax

from skgantk.kernels import import_neural_tangents

OUT = Path(__file__).parents[1] / "out"


def options(description, add_arguments=None):
    parser = argparse.ArgumentParser(description=description)
    if add_arguments:
        add_arguments(parser)
    parser.add_argument("--quick", action="store_true", help="small, to test the script")
    return parser.parse_args()


def processor():
    """As the system calls it; the family tells generations of one name apart."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    facts = dict(line.split("\t: ", 1) for line in lines if "\t: " in line)
    facts = {name.strip(): fact for name, fact in facts.items()}
    name = facts.get("model name", platform.processor())
    return f"{name}, family {facts['cpu family']}" if "cpu family" in facts else name


def machine():
    device = jax.devices()[0]
    return {
        "device": f"{device.platform} {device.device_kind}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "Python": platform.python_version(),
        "JAX": jax.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }


def machine_line():
    text = "{device}, {processor}, {cores} cores, {architecture}"
    return (text + ", Python {Python}, JAX {JAX}, {date}").format_map(machine())


def print_machine(show=print):
    show(f"{machine_line()}\n")


class Results:
    """Tables of a script, printed line by line and kept in ../out as JSON.

    The file has the machine, the arguments, and of every row what it is of ("case") and its
    figures. It is written anew with every row, so that a run may be cut. The name of a
    figure tells `compare.py` what it is: see there.
    """

    def __init__(self, args, show=print):
        name = Path(sys.argv[0]).stem
        self._path = OUT / f"{name}{'_quick' if args.quick else ''}.json"
        self._content = {"machine": machine(), "arguments": dict(vars(args)), "rows": []}
        self._write()
        print_machine(show)

    def heads(self, case, figures):
        """Begin a table: widths of the columns of a case, formats of those of figures."""
        self._case, self._figures = case, figures
        heads = [f"{name:{width}}" for name, width in case.items()]
        heads += [f"{name:>{_width(name)}}" for name in figures]
        print("".join(heads), flush=True)

    def row(self, *values):
        """A case and its figures, which may be None or nan, or left out at the end."""
        case = dict(zip(self._case, values))
        known = self.keep(case, dict(zip(self._figures, values[len(case) :])))
        cells = [f"{value!s:{self._case[name]}}" for name, value in case.items()]
        for name in self._figures:
            text = format(known[name], self._figures[name]) if name in known else ""
            cells.append(f"{text:>{_width(name)}}")
        print("".join(cells).rstrip(), flush=True)

    def keep(self, case, figures):
        """Figures that are printed otherwise, or not; returns those that are known."""
        known = {k: v for k, v in figures.items() if v is not None and not math.isnan(v)}
        self._content["rows"].append({"case": case, "figures": known})
        self._write()
        return known

    def _write(self):
        self._path.parent.mkdir(exist_ok=True)
        text = json.dumps(self._content, indent=1, ensure_ascii=False, default=_plain)
        part = self._path.with_suffix(".part")
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(self._path)


def _width(name):
    return max(len(name) + 2, 10)


def _plain(value):
    """Of NumPy's numbers, and of paths."""
    return value.item() if hasattr(value, "item") else str(value)


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


def in_own_process(function, *args):
    """What it returns; in a process of its own, because peak memory never falls."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *args).result()


def peak_gib():
    """Peak memory of this process."""
    import resource  # which Windows has not

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def peer_kernel(depth=3, weight_std=1.0, bias_std=1.0):
    """kernel_fn of neural-tangents for NTK(depth, "relu", weight_std, bias_std)."""
    stax = import_neural_tangents().stax
    hidden = [stax.Dense(1, weight_std, bias_std), stax.Relu()] * depth
    return stax.serial(*hidden, stax.Dense(1, weight_std))[2]
