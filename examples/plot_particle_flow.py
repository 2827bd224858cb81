"""
Particles that flow onto data
=============================

A cloud of noise descends what a discriminator of infinite width says of it, the
discriminator trained anew, in closed form, at every step. First onto 8 Gaussians, then onto
handwritten digits.
"""

import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits

from skgantk.datasets import make_eight_gaussians
from skgantk.discriminators import stack_samples
from skgantk.generators import ParticleFlowGenerator
from skgantk.inspection import DiscriminatorDisplay, FlowDisplay, ImageGridDisplay
from skgantk.metrics import copying_score, energy_distance, wasserstein_distance

folder = Path("out")
folder.mkdir(exist_ok=True)


def report(name, *values):
    print(f"{name:48}" + "".join(f"{value:12.3g}" for value in values))


print(f"{'distance':48}{'before':>12}{'after':>12}")

# %%
# 8 Gaussians
# -----------

X, _ = make_eight_gaussians(500, random_state=0)
fresh, _ = make_eight_gaussians(500, random_state=1)
X, fresh = X.astype(np.float32), fresh.astype(np.float32)
started = time.perf_counter()
flow = ParticleFlowGenerator(
    init="normal",
    learning_rate=2.0,
    decay=True,
    max_iter=2000,
    check_every=5,
    n_snapshots=400,
    random_state=0,
).fit(X)
seconds = time.perf_counter() - started
start, end = flow.snapshots_[0], flow.particles_
for name, cloud in {"the training points": X, "fresh points": fresh}.items():
    before, after = (wasserstein_distance(c, cloud, order=2) for c in (start, end))
    report(f"8 Gaussians, Wasserstein-2 to {name}", before, after)
report("    two fresh samples, for comparison", wasserstein_distance(X, fresh, order=2))
print(f"    {flow.n_iter_} steps of 500 particles in {seconds:.0f} s")

# %%
# Each panel has the discriminator of its step: greys are what particles descend, -f for the
# IPM loss, arrows the forces on one particle in eight. As the forces fade, greys and arrows
# are in units of their median, which stands above, in the third panel of 0.01. In the end
# the two clouds are the same, f is flat, and hardly anything moves.

stages = {"start": start, "after 15 steps": flow.snapshots_[3], "after 2000 steps": end}
figure, axes = plt.subplots(1, 3, figsize=(13, 4.8), sharey=True, layout="constrained")
for ax, (title, cloud) in zip(axes, stages.items()):
    discriminator = clone(flow.discriminator_).fit(*stack_samples(X, cloud))
    forces = -discriminator.generator_gradient(cloud)
    median = np.median(np.linalg.norm(forces, axis=1))
    unit = max(median, 0.01)
    display = DiscriminatorDisplay.from_estimator(
        discriminator,
        bounds=(-8, 8),
        ax=ax,
        surface_kw={"levels": unit * np.linspace(-14, 2, 33)},
        colorbar=ax is axes[2],
        real_kw={"label": "data"},
        fake_kw={"label": "particles"},
        arrow_kw={"scale": unit, "width": 0.005},
    )
    ax.set_title(f"{title}: median force {median:.1g}")
    ax.label_outer()
ticks = np.arange(-12, 1, 4)
display.colorbar_.set_ticks(unit * ticks, labels=ticks)
display.colorbar_.set_label("-f(x) / unit")
figure.savefig(folder / "eight_gaussians.png", dpi=120)

# %%
# As an animation
# ---------------
# The first 80 steps, two from picture to picture.

plt.rc("figure", figsize=(5, 5.2))
short = ParticleFlowGenerator(
    init=start, learning_rate=2.0, max_iter=80, check_every=2, n_snapshots=40
).fit(X)
display = FlowDisplay.from_estimator(short, X)
animation = display.animate()
animation.save(folder / "eight_gaussians.gif", writer="pillow", dpi=60)

# %%
# Digits
# ------
# With early stopping the particles that are nearest to held-out digits are kept.

digits = (load_digits().data / 8 - 1).astype(np.float32)
rng = np.random.default_rng(0)
digits = rng.permutation(digits)
train, fresh = digits[:1000], digits[1000:1500]
started = time.perf_counter()
flow = ParticleFlowGenerator(
    n_particles=500,
    max_iter=600,
    check_every=20,
    early_stopping=True,
    bounds=(-1, 1),
    n_snapshots=1,
    random_state=0,
).fit(train)
seconds = time.perf_counter() - started
start, end = flow.snapshots_[0], flow.particles_
before, after = (energy_distance(cloud, fresh) for cloud in (start, end))
report("digits, energy distance to fresh digits", before, after)
report("    two fresh samples, for comparison", energy_distance(train[:500], fresh))
before, after = (copying_score(cloud, train, fresh) for cloud in (start, end))
report("    copying (0 copies, 1 as fresh digits)", before, after)
print(f"    {flow.n_iter_} steps of 500 particles in {seconds:.0f} s")

figure, axes = plt.subplots(1, 3, figsize=(13, 2.8), layout="constrained")
figure.get_layout_engine().set(wspace=0.05)
for ax, (title, images) in zip(axes, {"start": start, "end": end, "data": train}.items()):
    ImageGridDisplay.from_samples(
        images[:60], (8, 8), value_range=(-1, 1), ax=ax, n_columns=10
    )
    ax.set_title(title)
figure.savefig(folder / "digits.png", dpi=120)
print(f"Pictures in {folder}")
