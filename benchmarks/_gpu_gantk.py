"""Part 4 of gpu.py: GA-NTK on 25 Gaussians, MNIST and a table of 20 000 rows."""

import warnings

import numpy as np
from _gpu_report import once
from gantk_grid import CENTRES, STD
from gantk_mnist import COMMON, KERNELS, STEPS, digits

from skgantk.datasets import make_grid_gaussians
from skgantk.generators import GANTKSynthesizer
from skgantk.metrics import energy_distance, mode_coverage

PROBE = 10  # steps that tell how long a fit will take


def fit(report, synthesizer, X, steps):
    """Samples of a fit of so many steps, everything compiled, a text, and figures."""
    probe = min(PROBE, steps)
    synthesizer.set_params(max_iter=probe)
    synthesizer.fit(X)  # compiles
    expected = once(lambda: synthesizer.fit(X).samples_) / probe * steps
    if expected > report.left():
        return None, f"left out: no time, it would take {expected:.0f} s", {}
    synthesizer.set_params(max_iter=steps)
    seconds = once(lambda: synthesizer.fit(X).samples_)
    pace, loss = 1e3 * seconds / steps, synthesizer.loss_curve_[-1]
    text = f"{seconds:9.2f} s, {pace:.1f} ms a step, loss {loss:.4f}"
    return synthesizer.samples_, text, {"seconds": seconds, "ms a step": pace, "loss": loss}


def grid(report, dtype, n, steps, predicted):
    def text():
        X = make_grid_gaussians(n, random_state=0)[0].astype(dtype)
        Z, result, figures = fit(report, GANTKSynthesizer(random_state=0), X, steps)
        if Z is None:
            return result, figures
        fresh = make_grid_gaussians(2048, random_state=1000)[0].astype(dtype)
        modes = mode_coverage(Z, CENTRES, radius=3 * STD).n_covered
        distance = energy_distance(Z, fresh)
        result += f", {modes} modes, energy distance {distance:.1e}{predicted}"
        return result, figures | {"modes": modes, "energy distance": distance}

    report.row(f"{dtype} 25 Gaussians, {n} points, {steps} steps", text)


def mnist(report, name, file, n, steps, predicted):
    """Random pixels in the place of images that are not there: the time is the same."""

    def text():
        if file.exists():
            X, what = digits(file)[0][:n], ""
        else:
            X = np.random.default_rng(0).uniform(size=(n, 784)).astype(np.float32)
            what = f" ({file.name} is not there: random pixels)"
        synthesizer = GANTKSynthesizer(KERNELS[name], epsilon=0.05, **COMMON)
        _, result, figures = fit(report, synthesizer, X, steps)
        return f"{result}{what}{predicted}", figures

    report.row(f"float32 {name} of MNIST, {n} images, {steps} steps", text)


def table(report, n, d, steps, batch, predicted):
    def text():
        rng = np.random.default_rng(0)
        X = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
        X[:, ::2] = np.exp(X[:, ::2] / d)
        synthesizer = GANTKSynthesizer(batch_size=batch, random_state=0)
        _, result, figures = fit(report, synthesizer, X.astype(np.float32), steps)
        return result + predicted, figures

    report.row(f"float32 a table of {n} rows, {d} columns, {steps} steps", text)


def run(report, quick, folder):
    n, steps = (32, 10) if quick else (256, 100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of copies
        for dtype in ("float64",) if quick else ("float64", "float32"):
            grid(report, dtype, n, steps, report.expected("0.6 s"))
        for name, seconds in (("GA-FNTK", 2), ("GA-CNTK", 5))[: 1 if quick else 2]:
            file, count = folder / "mnist_10k.npz", 4 if quick else 256
            steps = 2 if quick else STEPS[name]
            mnist(report, name, file, count, steps, report.expected(f"{seconds} s"))
        n, steps, batch = (60, 2, 30) if quick else (20_000, 100, "auto")
        table(report, n, 10, steps, batch, report.expected("20 s"))
