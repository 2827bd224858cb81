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
from sklearn.datasets import load_digits

from skgantk.datasets import make_eight_gaussians
from skgantk.generators import ParticleFlowGenerator
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
# The level sets are those of what the particles descend, -f for the IPM loss, at the start
# and in the middle of the way. In the end the two clouds are the same, and f is flat.

early = ParticleFlowGenerator(
    init=start, learning_rate=2.0, max_iter=15, check_every=5
).fit(X)
ticks = np.linspace(-8, 8, 100, dtype=np.float32)
plane = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
figure, axes = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
stages = {
    "start": ParticleFlowGenerator(init=start, learning_rate=1e-9, max_iter=1).fit(X),
    f"after {early.n_iter_} steps, and the way there": early,
    f"after {flow.n_iter_} steps": flow,
}
for ax, (title, stage) in zip(axes, stages.items()):
    level = stage.discriminator_.generator_loss(plane).reshape(100, 100)
    ax.contourf(ticks, ticks, level, 30, cmap="Blues_r")
    ax.scatter(*X.T, s=5, color="0.4", label="data")
    ax.scatter(*stage.particles_.T, s=5, color="tab:red", label="particles")
    ax.set(title=title, aspect="equal", xlim=(-8, 8), ylim=(-8, 8))
ways = flow.snapshots_[:4, ::10]
axes[1].plot(*ways.T.swapaxes(1, 2), color="tab:red", lw=0.6, alpha=0.6)
axes[0].legend(loc="upper right")
figure.savefig(folder / "eight_gaussians.png", dpi=120)

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


def grid(images):
    """60 images side by side, apart."""
    images = np.pad(
        images[:60].reshape(6, 10, 8, 8), [(0, 0)] * 2 + [(1, 1)] * 2, constant_values=-1
    )
    return images.transpose(0, 2, 1, 3).reshape(60, 100)


figure, axes = plt.subplots(1, 3, figsize=(13, 3.2), layout="constrained")
for ax, (title, images) in zip(axes, {"start": start, "end": end, "data": train}.items()):
    ax.imshow(grid(images), cmap="gray_r", vmin=-1, vmax=1)
    ax.set(title=title, xticks=[], yticks=[])
figure.savefig(folder / "digits.png", dpi=120)
print(f"Pictures: {', '.join(sorted(str(p) for p in folder.glob('*.png')))}")
