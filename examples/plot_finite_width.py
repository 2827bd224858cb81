"""
What finite width changes
=========================

The discriminators of this package are networks of infinite width.
`FiniteWidthDiscriminator` is a network of the width you name, trained by gradient steps
with the same loss and for the same time. Here is how near the two are on the points of
[F22]'s Fig. 1.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgantk.datasets import make_lines
from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKLSGANDiscriminator,
    stack_samples,
)
from skgantk.inspection import DiscriminatorDisplay

# %%
# Three hidden layers, least squares, a training time of 1: that is 50 steps of 0.02.

WIDTHS, SEEDS = (64, 128, 256, 512), range(6)
X, y = stack_samples(*make_lines())
infinite = NTKLSGANDiscriminator(training_time=1.0).fit(X, y)
finite = {
    width: [
        FiniteWidthDiscriminator(
            (width, width, width),
            loss="lsgan",
            learning_rate=0.02,
            max_iter=50,
            random_state=seed,
        ).fit(X, y)
        for seed in SEEDS
    ]
    for width in WIDTHS
}

# %%
# Every initialisation gives a discriminator of its own. They scatter about that of infinite
# width, the less the wider they are, by about 1/√width. Near the points all agree on where
# fake points should go; most they differ far from them.

grid = np.linspace(X.min() - 1, X.max() + 1, 200)[:, None]
truth = infinite.decision_function(grid)
errors = [
    [
        np.linalg.norm(f.decision_function(grid) - truth) / np.linalg.norm(truth)
        for f in finite[width]
    ]
    for width in WIDTHS
]
for width, error in zip(WIDTHS, errors):
    print(f"width {width:4}: relative error {np.mean(error):.3f} ± {np.std(error):.3f}")

GREEN = "#009E73"
figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
for ax, width in zip(axes, (64, 512)):
    values = np.transpose([f.decision_function(grid) for f in finite[width]])
    ax.plot(grid, values[:, 0], color=GREEN, lw=0.8, label="finite width")
    ax.plot(grid, values[:, 1:], color=GREEN, lw=0.8)
    DiscriminatorDisplay.from_estimator(
        infinite,
        response_method="decision_function",
        bounds=(grid.min(), grid.max()),
        line_kw={"color": "black", "ls": "-", "label": "infinite width"},
        ax=ax,
    )
    ax.set(title=f"six networks of width {width}", ylim=(-2.5, 2.5))
means = np.mean(errors, axis=1)
axes[2].loglog(WIDTHS, errors, "o", color=GREEN, mfc="none")
axes[2].loglog(WIDTHS, means, color=GREEN, label="mean of six networks")
slope = means[0] * np.sqrt(WIDTHS[0] / np.array(WIDTHS))
axes[2].loglog(WIDTHS, slope, ":", color="black", label="1/√width")
axes[2].set_xticks(WIDTHS, WIDTHS)
axes[2].set_yticks((0.02, 0.05, 0.1), (0.02, 0.05, 0.1))
axes[2].minorticks_off()
axes[2].set(
    title="distance to infinite width", xlabel="width", ylabel="relative error of f"
)
axes[2].legend()
plt.show()
