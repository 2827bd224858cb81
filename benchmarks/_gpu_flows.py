"""Part 3 of gpu.py: steps of particle flows, and the infinite IPM rows of Tables 1–3."""

import warnings
from functools import partial

import jax
from _gpu_report import clock, once
from flow_convergence import DISCRIMINATORS
from scale import clouds
from tables import COLUMNS, FALLING, PRINTED, STEPS, flow_of, networks

from skgantk.generators import ParticleFlowGenerator, _flow
from skgantk.metrics import sinkhorn_divergence

# Seconds of a step on an H100, by loss and particles.
PREDICTED = {
    ("IPM", 500): 1e-4,
    ("IPM", 10_000): 4e-3,
    ("IPM", 100_000): 0.35,
    ("LSGAN", 500): 5e-3,
    ("LSGAN", 10_000): 0.2,
    ("LSGAN", 100_000): 13.0,
}
PREDICTED_CELL = {"8 Gaussians": 3.0, "Density": 1.5, "AB": 1.5}  # and in all 35 s
KRYLOV = 64  # products in a step of LSGAN, to tell beforehand whether there is time for it
PROBE = 200  # steps that tell how long a flow will take


def step(loss, n, most):
    """Seconds of a step of n particles onto n points of a ring, d = 2, float32."""
    X, Z = clouds(n)
    estimator = ParticleFlowGenerator(
        DISCRIMINATORS[loss](), learning_rate=2.0, init=Z, random_state=0
    )
    # What `fit` compiles and runs between two checks, which cost as much as some steps.
    with jax.enable_x64(True):
        estimator._reset(X)
        flow = estimator._flow(X, estimator._start)
        state = flow.start(estimator._filled(estimator._start))

        def turns(count):
            """The last of them trains, and moves nothing."""
            return _flow.advance(flow, state, count - 1)

        jax.block_until_ready(turns(1))  # compiles
        first = once(partial(turns, 1))
        if first > most:
            return first
        count = int(min(1000, max(1, most / first)))
        return clock(partial(turns, count), most) / count


def steps(report, loss, n, rates, most):
    """A row of the table of steps."""
    # The gradient on n of 2n points, or products of 2n with 2n that Krylov spaces take.
    pairs = 2 * n * n if loss == "IPM" else KRYLOV * 4 * n * n
    estimate = pairs / rates.get(("gradient", 2, "float32"), float("inf"))

    def text():
        expected = report.expected(f"{PREDICTED.get((loss, n), 0):.1e}")
        seconds = step(loss, n, most)
        return f"{seconds:9.2e} s a step{expected}", {"ms a step": 1e3 * seconds}

    report.row(f"float32 {loss} flow, {n} particles", text, estimate)


def cell(report, data, method, network, folder, divide):
    """A cell of Tables 1–3; returns its seconds, None if it was left out."""
    seconds, total, probe = [], STEPS[data] // divide, PROBE // divide

    def text():
        flow, X = flow_of(data, method, network, 0, folder)
        flow.set_params(max_iter=probe)
        expected = once(lambda: flow.fit(X).particles_) / probe * total
        if expected > report.left():
            return f"left out: no time, it would take {expected:.0f} s", {}
        flow.set_params(max_iter=total)
        seconds.append(once(lambda: flow.fit(X).particles_))
        printed = PRINTED.get((data, method), [None] * 4)[COLUMNS.index(network)]
        pace, end = 1e3 * seconds[0] / total, sinkhorn_divergence(flow.particles_, X)
        return (
            f"{seconds[0]:9.2f} s, {pace:.3f} ms a step; Sinkhorn {end:.2e}"
            f"{f', printed {printed:.2e}' if printed else ''}"
            f"{report.expected(f'{PREDICTED_CELL[data]} s')}"
        ), {"seconds": seconds[0], "ms a step": pace, "Sinkhorn": end}

    report.row(f"{data}, {network}, {method}, {total} steps", text)
    return seconds[0] if seconds else None


def run(report, quick, folder, rates):
    """What somebody waits for first."""
    most, divide = (0.1, 100) if quick else (0.5, 1)
    cells = [
        (data, method, network)
        for data in STEPS
        for method in ("IPM (inf.)", FALLING)
        for network in networks(method)
    ]
    # ReLU first: of 8 Gaussians that is the flow that everybody runs.
    cells.sort(key=lambda cell: (cell[0] != "8 Gaussians", cell[2] != "ReLU"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a flow that is cut short has not converged
        for n in (50,) if quick else (500, 10_000, 100_000):
            steps(report, "IPM", n, rates, most)
        done = [cell(report, *cells[0], folder, divide)]
        for n in (50,) if quick else (500, 10_000):  # gpu.py has 100 000 last
            steps(report, "LSGAN", n, rates, most)
        if not quick:
            done += [cell(report, *what, folder, divide) for what in cells[1:]]
    seconds = [second for second in done if second is not None]
    report.line(
        f"  infinite IPM rows of Tables 1–3: {len(seconds)} of {len(cells)} cells in "
        f"{sum(seconds):.0f} s, one seed{report.expected('35 s')}"
    )
