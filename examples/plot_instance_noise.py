"""
Instance noise and the smoothness of an NTK
===========================================

Noise on the points that a GAN's discriminator sees, real and fake, is a known remedy where
the two clouds are far apart and its gradients vanish. [F22] (App. B.4) shows that with a
stationary kernel it does what a wider kernel does, and that the NTK of a network is already
wide. Here are both statements, and what they mean for a flow.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgantk.datasets import make_eight_gaussians, make_lines
from skgantk.discriminators import NTKIPMDiscriminator, stack_samples
from skgantk.generators import ParticleFlowGenerator
from skgantk.kernels import NTK, RBF
from skgantk.metrics import energy_distance

# %%
# A discriminator trained on noisy points
# ---------------------------------------
# Each of the points of [F22]'s Fig. 1 stands for 500 noisy ones. The mean of Gaussian bumps
# of width ℓ about points with noise of standard deviation β is a bump of width √(ℓ² + β²),
# lower by ℓ/√(ℓ² + β²): the discriminator of the wider kernel, dotted. Noise changes much
# for the narrow Gaussian kernel and little for the NTK.

real, fake = make_lines(interleaved=True)
length, beta = 0.1, 0.4
rng = np.random.default_rng(0)
noisy = [
    np.repeat(cloud, 500, axis=0) + rng.normal(0, beta, (500 * len(cloud), 1))
    for cloud in (real, fake)
]
grid = np.linspace(-3, 3, 400)[:, None]


def critic(kernel, real, fake):
    discriminator = NTKIPMDiscriminator(kernel).fit(*stack_samples(real, fake))
    return discriminator.decision_function(grid)


wide = np.hypot(length, beta)
figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
kernels = {"Gaussian kernel, ℓ = 0.1": RBF(length), "NTK": NTK()}
for ax, (name, kernel) in zip(axes, kernels.items()):
    ax.plot(grid, critic(kernel, real, fake), color="black", label="without noise")
    ax.plot(grid, critic(kernel, *noisy), color="#CC79A7", label=f"with noise, β = {beta}")
    ax.set(title=name, xlabel="x", ylabel="f(x)")
wider = length / wide * critic(RBF(wide), real, fake)
axes[0].plot(grid, wider, ":", color="#009E73", lw=3, label="ℓ = √(0.1² + β²), rescaled")
for ax in axes:
    bottom = ax.get_ylim()[0]
    ax.plot(real, np.full(len(real), bottom), "x", color="#0072B2", label="real")
    ax.plot(fake, np.full(len(fake), bottom), "o", color="#D55E00", label="fake")
handles, labels = axes[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)

# %%
# A flow with noise
# -----------------
# ``noise`` of `ParticleFlowGenerator` adds noise where the force on a particle is taken, as
# in MMD flows with noise injection; in the mean it too smooths the force. A narrow Gaussian
# kernel does not reach particles that start at a corner; noise as wide as the gap brings
# them on the way. The NTK needs none, and in the end is only disturbed by it.

X, _ = make_eight_gaussians(100, random_state=0)
start = np.random.default_rng(0).normal(0, 0.5, size=(100, 2)) - 3.0
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, kernel, color in [("Gaussian", RBF(0.5), "#CC79A7"), ("NTK", NTK(), "black")]:
    for noise, style in [(0.0, "-"), (3.0, "--")]:
        flow = ParticleFlowGenerator(
            NTKIPMDiscriminator(kernel),
            init=start,
            noise=noise,
            decay=True,
            max_iter=2000,
            check_every=50,
            n_snapshots=40,
            random_state=0,
        ).fit(X)
        distances = [energy_distance(cloud, X) for cloud in flow.snapshots_]
        label = f"{name}, noise {noise:g}"
        ax.semilogy(flow.snapshot_iter_, distances, style, color=color, label=label)
        print(
            f"{label:20} energy distance {distances[-1]:.2g}, η {flow.learning_rate_:.3g}"
        )
ax.set(xlabel="step", ylabel="energy distance to the data")
ax.legend(loc="lower left", frameon=False)
plt.show()
