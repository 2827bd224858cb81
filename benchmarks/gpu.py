"""Digits and speed on a GPU: run this first on a machine with one, before anything else.

    python benchmarks/gpu.py                # in at most 5 minutes, compilation included
    python benchmarks/gpu.py --quick        # a small one, on any machine

It asks for JAX, scikit-learn, optax, diffrax and equinox. Without neural-tangents there is
no peer, without matplotlib and the images of [F22] no AB and no Density, and without MNIST
random pixels, in ``--images``; lines say so. Five parts, each with a share of the time,
whose lines are left out once it is over; what a part leaves, the next have: (1)
errors against references from the CPU, and whether products drop to TF32; (2) pairs per
second of sums of NTK(depth=3) and their gradients, over what the machine does at best, and
the best tiles; (3) steps of flows and the infinite IPM rows of Tables 1–3; (4) GA-NTK; (5)
what was compiled. Every line is on the disk before the next one is measured; the file is
added to, and figures are in ../out/gpu.json, for `compare.py`. The exit status is 1 if
there was a fault: an error out of bounds, or a measurement or a part that failed, after
which the next begins.

Lines have what is expected of an H100, written down before there was one: see PREDICTED in
the parts. In short, against what is wanted:

    NTK sums, float32, d = 2        1·10¹¹ pairs/s (wanted: 10¹¹), their gradients 6·10¹⁰
    IPM, 10⁵ particles              0.35 s a step (0.5 s); LSGAN 13 s
    8 Gaussians, 20 000 steps       3 s (10 s)
    infinite rows of Tables 1–3     35 s (120 s)
    GA-NTK                          25 Gaussians 0.6 s; 256 digits 2 s, 5 s by ConvNTK;
                                    20 000 rows 20 s

A sum is 115 multiplications and additions a pair in float32, 4·10¹¹ pairs/s at 5·10¹³
operations, of which a quarter is left by divisions, roots and selections, as on a CPU.
Small flows and Krylov spaces wait for kernels to start, about 5 µs each.

An H200, results/gpu_gpu.txt, was 1.1 to 4.8 times as slow as foretold beyond two features,
most at 784, and twice as fast in small flows. neural-tangents, 10⁴
points at once and no tiles, is nine times as fast as foretold: twice our sums, as fast as
our gradients. That was with tiles of 1024 columns; 4096 were 1.4 to 1.5 times as fast.
"""

import os
import platform
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import _gpu_checks
import _gpu_flows
import _gpu_gantk
import _gpu_speed
import jax
import jaxlib
from _common import options
from _gpu_report import STAGES, Report
from flow_convergence import IMAGES
from jax.extend.backend import get_backend

RESULTS = Path(__file__).parent / "results"
SECONDS = 280  # of the five minutes, the rest being for Python and imports
MORE = 10  # for a line that goes on, then the end
SHARES = 0.2, 0.31, 0.25, 0.18, 0.06  # of the parts


def header(report, seconds):
    """Everything that a figure may depend on."""
    report.line(f"jaxlib {jaxlib.__version__}, {get_backend().platform_version.strip()}")
    report.line(f"{platform.platform()}, {jax.device_count()} devices, {seconds:.0f} s")
    if shutil.which("nvidia-smi"):
        query = "name,driver_version,memory.total,clocks.max.sm,power.limit"
        command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"]
        report.line(subprocess.run(command, capture_output=True, text=True).stdout.strip())
    if jax.config.jax_compilation_cache_dir:
        report.line("with a compilation cache: times of XLA may be of reading")


def compilation(report):
    """Seconds by part and stage, the slowest programs, the memory."""
    for part in report.parts:
        spent = report.compiled(part)
        stages = ", ".join(f"{stage} {spent[stage]:.1f} s" for stage in STAGES.values())
        report.line(f"part {part}: {spent['programs']} programs, {stages}")
        seconds = {f"{stage}, s": spent[stage] for stage in STAGES.values()}
        report.keep(f"compilation, part {part}", {"programs": spent["programs"]} | seconds)
    slowest = sorted(report.slowest, reverse=True)[:5]
    named = ", ".join(f"{name} {seconds:.1f} s" for seconds, name in slowest)
    report.line(f"the slowest by XLA: {named}")
    memory = jax.devices()[0].memory_stats() or {}
    if "peak_bytes_in_use" in memory:
        peak, limit = (memory.get(k, 0) for k in ("peak_bytes_in_use", "bytes_limit"))
        report.line(
            f"peak of the device's memory: {peak / 2**30:.1f} of {limit / 2**30:.1f} GiB"
        )
        report.keep("memory of the device", {"peak GiB": peak / 2**30})


def last(report, args, rates):
    """What was compiled, and the flow that takes most."""
    compilation(report)
    if not args.quick:
        _gpu_flows.steps(report, "LSGAN", 100_000, rates, 0.5)


def end(report):
    """The end, in the middle of a line that takes too long, from another thread."""
    try:
        report.line("The time is over; what was being measured is left out.")
        compilation(report)
        report.line(f"\n{report.faults} faults")
    finally:
        os._exit(min(report.faults, 1))


def add_arguments(parser):
    parser.add_argument("--images", type=Path, default=IMAGES, help="a folder")
    parser.add_argument("--seconds", type=float, help="the time there is")
    parser.add_argument("--out", type=Path, help="results/gpu_<platform>.txt")


def main(args):
    name = f"gpu_{jax.default_backend()}.txt"
    folder = Path("out") if args.quick else RESULTS
    # In the quick form nothing should be left out.
    seconds = args.seconds or (3600 if args.quick else SECONDS)
    report = Report(args.out or folder / name, seconds, args)
    watch = threading.Timer(seconds + MORE, end, [report])
    watch.daemon = True
    watch.start()
    header(report, seconds)
    if not args.quick:
        report.line('"H100:" is what was foretold of one.')
    rates = {}
    parts = {
        "1 Digits": lambda: _gpu_checks.run(report, args.quick),
        "2 Pairs per second": lambda: _gpu_speed.run(report, args.quick, rates),
        "3 Flows": lambda: _gpu_flows.run(report, args.quick, args.images, rates),
        "4 GA-NTK": lambda: _gpu_gantk.run(report, args.quick, args.images),
        "5 Compilation, and a step that may overrun": lambda: last(report, args, rates),
    }
    for (title, run), share in zip(parts.items(), SHARES):
        report.part(title, share, run)
    watch.cancel()
    report.line(f"\n{report.faults} faults")
    return min(report.faults, 1)


if __name__ == "__main__":
    sys.exit(main(options(__doc__, add_arguments)))
