"""
Gaussian process regression with a neural tangent kernel
========================================================

With an `NTK` a Gaussian process is the training of a network of infinite width, with error
bars. The standard deviations of weights and biases, and that of the noise, are fitted by
the marginal likelihood, as the length of a Gaussian kernel is.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.preprocessing import scale

from skgantk.kernels import NTK

kernels = {
    "NTK": NTK(depth=2) + WhiteKernel(0.1),
    "Gaussian": ConstantKernel() * RBF() + WhiteKernel(0.1),
}

# %%
# A curve
# -------
# Among the data both find the curve. It is smooth, and the likelihood is for the Gaussian
# kernel, as functions of a ReLU network are rough. Beyond the data the Gaussian kernel
# returns to 0, with an error that stays the same however far x is; the network goes on in a
# straight line, with an error that grows as the distance does.

rng = np.random.default_rng(0)


def curve(x):
    return np.sin(2 * x) + 0.5 * x


x = np.sort(np.r_[rng.uniform(-3, -0.5, 20), rng.uniform(0.8, 3, 20)])
y = curve(x) + rng.normal(0, 0.2, len(x))
grid = np.linspace(-6, 6, 300)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for ax, (name, kernel) in zip(axes, kernels.items()):
    gp = GaussianProcessRegressor(kernel, random_state=0).fit(x[:, None], y)
    mean, std = gp.predict(grid[:, None], return_std=True)
    band = {"color": "0.88", "label": "± 2 standard deviations"}
    ax.fill_between(grid, mean - 2 * std, mean + 2 * std, **band)
    ax.plot(grid, curve(grid), "--", color="#009E73", label="truth")
    ax.plot(grid, mean, color="black", label="mean")
    ax.plot(x, y, "x", color="#0072B2", ms=5, label="data")
    ax.set(title=name, xlabel="x", xlim=(-6, 6), ylim=(-6, 6))
    print(f"{name:9} log likelihood {gp.log_marginal_likelihood_value_:.1f}  {gp.kernel_}")
axes[0].set_ylabel("y")
handles, labels = axes[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)

# %%
# A table
# -------
# 442 patients, ten features, and how their diabetes went on a year later. On held-out
# halves the two kernels are equally good.

X, y = load_diabetes(return_X_y=True)
X, y = scale(X), scale(y)
halves = ShuffleSplit(3, test_size=0.5, random_state=0)
for name, kernel in kernels.items():
    gp = GaussianProcessRegressor(kernel, random_state=0)
    scores = cross_val_score(gp, X, y, cv=halves)
    print(f"{name:9} R² {np.mean(scores):.3f} ± {np.std(scores):.3f}")
plt.show()
