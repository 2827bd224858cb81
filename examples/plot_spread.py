"""
The spread of samples
=====================

What a generator descends decides how far its samples spread. The objective of the GA-NTK
paper, ‖1 - D‖², attracts samples to the data, and nothing keeps them apart: the softer the
discriminator D, the more they draw together. The default, the gap between the means of D
over data and over samples, is least where both are spread alike. Both are shown on the 13
features of the wine data.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.preprocessing import scale

from skgantk.generators import GANTKSynthesizer

table = scale(load_wine().data)
residuals = [0.02, 0.1, 0.15, 0.2]
objectives = ["squared_error", "gap"]
samples = {
    (objective, epsilon): GANTKSynthesizer(
        objective=objective, epsilon=epsilon, random_state=0
    )
    .fit(table)
    .samples_
    for objective in objectives
    for epsilon in residuals
}

# %%
# ``epsilon`` is what D may miss when it tells the data from noise. The greater it is, the
# shorter D is trained, and the softer it is.


def spread(cloud):
    return np.sqrt(cloud.var(axis=0).mean())


for objective in objectives:
    ratios = [spread(samples[objective, e]) / spread(table) for e in residuals]
    print(f"{objective:14}", *(f"{ratio:.2f}" for ratio in ratios))

# %%
# The first two principal components at an ``epsilon`` of 0.2, and the standard deviation
# of the samples over that of the data at each.

components = PCA(2).fit(table)
figure, axes = plt.subplots(1, 3, figsize=(12, 3.9), layout="constrained")
for ax, objective in zip(axes, objectives):
    data, moved = (components.transform(c).T for c in (table, samples[objective, 0.2]))
    ax.scatter(*data, s=16, marker="x", lw=1, color="#0072B2", label="data")
    ax.scatter(*moved, s=10, color="#D55E00", label="samples")
    ax.set(
        title=f'objective="{objective}"',
        xlabel="first component",
        ylabel="second component",
        xlim=(-5, 5),
        ylim=(-4.5, 4.5),
    )
    ax.legend(loc="lower left", frameon=False)
for objective, style in zip(objectives, ("ks--", "ko-")):
    ratios = [spread(samples[objective, e]) / spread(table) for e in residuals]
    axes[2].plot(residuals, ratios, style, ms=5, label=objective)
axes[2].axhline(1, color="0.6", lw=1, zorder=0)
axes[2].set(
    title="deviation of samples over that of data",
    xlabel="epsilon",
    xscale="log",
    xticks=residuals,
    xticklabels=map(str, residuals),
    ylim=(0, 1.2),
)
axes[2].minorticks_off()
axes[2].legend(loc="lower left", frameon=False)
plt.show()
