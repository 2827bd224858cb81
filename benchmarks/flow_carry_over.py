"""A discriminator carried over from step to step: how exact, how long, how much memory.

8 Gaussians, 500 particles, infinite ReLU networks in float32, 2000 steps. The past is a sum
over up to a million points; "points kept" is how many of them are, the rest being projected
away (Nyström), and "lost" the bound on the RKHS norm of that, beside the norm of f itself.
|f(x)| is off by no more than lost · √k(x, x). "from exact" is the root mean square distance
of the particles to those of the exact flow, as long as that is run (``--exact`` steps: a
step of it takes a time in proportion to its number; it includes compilation). Memory is
the peak above what was there before the fit, each in a process of its own.
"""

import time

import numpy as np
from _common import Results, in_own_process, options, peak_gib

from skgantk.datasets import make_eight_gaussians
from skgantk.discriminators import NTKIPMDiscriminator, NTKLSGANDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.kernels import NTK, kernel_sum
from skgantk.metrics import wasserstein_distance

# Discriminator and η per particle. IPM's f adds up all witnesses, so its steps are small.
SETTINGS = {
    "IPM": (NTKIPMDiscriminator(training_time=0.01), 0.2),
    "LSGAN": (NTKLSGANDiscriminator(training_time=0.1), 0.2),
}


def rkhs_norm(discriminator):
    """Of f: all of its centres are in its last f₀ and in the last training."""
    past = discriminator.initial_.past
    used = int(past.used)
    X = np.concatenate(
        [
            past.centres[:used].reshape(-1, 2),
            discriminator.initial_.real,
            discriminator.X_fit_,
        ]
    ).astype(np.float64)
    c = np.concatenate(
        [past.coef[:used].ravel(), past.real_coef, discriminator.dual_coef_]
    ).astype(np.float64)
    return np.sqrt(c @ kernel_sum(NTK(), X, X, c))


def run(loss, points, steps, n):
    """Particles, ½W₂², what was lost, the norm of f, ms a step, memory."""
    discriminator, rate = SETTINGS[loss]
    X = make_eight_gaussians(n, random_state=0)[0].astype(np.float32)
    start = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    flow = ParticleFlowGenerator(
        discriminator,
        carry_over=points,
        learning_rate=rate,
        init=start,
        max_iter=steps,
        check_every=steps,
        random_state=0,
    )
    before = peak_gib()
    if points is not True:  # compiles
        few = points // n + 1 if points else 1
        flow.set_params(max_iter=min(few, steps)).fit(X).set_params(max_iter=steps)
    began = time.perf_counter()
    flow.fit(X)
    milliseconds = 1e3 * (time.perf_counter() - began) / steps
    mebibytes = 1024 * (peak_gib() - before)
    lost = flow.carry_over_error_ if points else None
    norm = rkhs_norm(flow.discriminator_) if points else None
    distance = wasserstein_distance(flow.particles_, X, order=2) ** 2 / 2
    return flow.particles_, distance, lost, norm, milliseconds, mebibytes


def report(results, loss, points, steps, n, exact=None):
    particles, *figures = in_own_process(run, loss, points, steps, n)
    kept = {False: "no carry-over", True: "exact"}.get(points, points)
    away = None if exact is None else np.sqrt(np.mean((particles - exact) ** 2))
    results.row(loss, kept, steps, *figures, away)
    return particles


def add_arguments(parser):
    parser.add_argument("--points", nargs="+", type=int, default=[2000, 4000])
    parser.add_argument("--exact", type=int, default=200, help="steps of the exact flow")


if __name__ == "__main__":
    args = options(__doc__, add_arguments)
    n, steps, exact_steps, points = 500, 2000, args.exact, args.points
    if args.quick:
        n, steps, exact_steps, points = 20, 6, 4, [80]
    results = Results(args)
    results.heads(
        {"loss": 7, "points kept": 15, "steps": 6},
        {
            **dict.fromkeys(("½W₂²", "lost", "‖f‖"), ".2e"),
            "ms/step": ".1f",
            "MiB": ".0f",
            "distance from exact": ".1e",
        },
    )
    for loss in SETTINGS:
        exact = report(results, loss, True, exact_steps, n)
        for kept in points:
            report(results, loss, kept, exact_steps, n, exact)
        for kept in [False, *points]:
            report(results, loss, kept, steps, n)
