"""
A two-sample test with a neural tangent kernel
==============================================

Do two samples come from the same law? `mmd_test` answers with the maximum mean discrepancy,
with any kernel, and permutations. Its power is the share of pairs of samples of different
laws that it tells apart. Here it is for the NTK and the Gaussian kernel, against the size
of two differences: a shift of the mean, and a stretch in one of ten directions.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgantk.kernels import NTK, RBF
from skgantk.metrics import mmd_test

N_SAMPLES, N_FEATURES, N_PAIRS = 50, 10, 60

# %%
# The Gaussian kernel has a length to choose: √d, of the order of the distance of two points
# as the median heuristic has it, and a quarter of that. The NTK has none.

kernels = {
    "NTK": NTK(),
    "Gaussian, ℓ = √d": RBF(1.0),
    "Gaussian, ℓ = √d/4": RBF(0.25),
}


def shifted(Y, size):
    """All features, by size/√d: the mean moves by size."""
    return Y + size / np.sqrt(N_FEATURES)


def stretched(Y, size):
    """The first feature, to a standard deviation of 1 + size."""
    return Y * np.r_[1 + size, np.ones(N_FEATURES - 1)]


def power(kernel, change, size):
    """Share of rejections at level 0.05 over pairs of samples, the same for all kernels."""
    rng = np.random.default_rng(0)
    rejected = 0
    for seed in range(N_PAIRS):
        X, Y = rng.normal(size=(2, N_SAMPLES, N_FEATURES))
        test = mmd_test(
            X, change(Y, size), kernel=kernel, n_permutations=199, random_state=seed
        )
        rejected += test.pvalue <= 0.05
    return rejected / N_PAIRS


# %%
# At size 0 the laws are the same, and every test rejects about one pair in twenty, as it
# should. For shifts the NTK is as good as the Gaussian kernel of the right length, for the
# stretch that one is better; a wrong length costs most of the power. The bands are two
# standard errors of a share of 60 pairs.

changes = {
    "shift of the mean": (shifted, np.linspace(0, 1.5, 6)),
    "stretch of one feature": (stretched, np.linspace(0, 3, 6)),
}
styles = ("o-", "black"), ("s--", "#CC79A7"), ("^:", "#009E73")
figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for ax, (title, (change, sizes)) in zip(axes, changes.items()):
    for (name, kernel), (style, color) in zip(kernels.items(), styles):
        powers = np.array([power(kernel, change, size) for size in sizes])
        error = 2 * np.sqrt(powers * (1 - powers) / N_PAIRS)
        ax.plot(sizes, powers, style, color=color, label=name)
        band = {"color": color, "alpha": 0.12, "linewidth": 0}
        ax.fill_between(sizes, powers - error, powers + error, **band)
        print(f"{title:24}{name:22}", *(f"{p:6.2f}" for p in powers))
    ax.axhline(0.05, color="0.4", lw=1, label="level")
    ax.set(title=title, xlabel="size", ylim=(0, 1.02))
axes[0].set_ylabel("power at level 0.05")
axes[0].legend(loc="upper left")
plt.show()
