"""
Gaussian process and SVM with a neural tangent kernel
=====================================================

An `NTK` goes wherever scikit-learn takes a kernel. Here a Gaussian process completes the
lower half of handwritten digits from the upper half, its hyperparameters fitted by marginal
likelihood, and an SVM classifies the digits; each beside the Gaussian kernel.
"""

import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from skgantk.kernels import NTK

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, train_size=500, random_state=0, stratify=y
)

# %%
# Lower halves from upper halves
# ------------------------------

upper, lower = slice(0, 32), slice(32, 64)
mean = X_train[:, lower].mean(axis=0)
completions = {}
for name, kernel in {
    "NTK": NTK(depth=3) + WhiteKernel(0.1),
    "Gaussian": RBF(1.0) + WhiteKernel(0.1),
}.items():
    start = time.perf_counter()
    gp = GaussianProcessRegressor(kernel, random_state=0)
    gp.fit(X_train[:, upper], X_train[:, lower] - mean)
    completions[name] = gp.predict(X_test[:, upper]) + mean
    score = r2_score(X_test[:, lower], completions[name])
    print(
        f"GP regression, {name:8}: R² {score:.3f}  {gp.kernel_}"
        f"  ({time.perf_counter() - start:.1f} s)"
    )

# %%
# Classification
# --------------

for name, kernel in {"NTK": NTK(depth=3), "Gaussian": "rbf"}.items():
    score = SVC(kernel=kernel, C=10).fit(X_train, y_train).score(X_test, y_test)
    print(f"SVM, {name:8}: accuracy {score:.3f}")

# %%
# The pictures
# ------------

shown = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]
rows = {"true": X_test[shown]}
for name, completion in completions.items():
    rows[name] = np.hstack([X_test[shown][:, upper], completion[shown]])
figure, axes = plt.subplots(3, 10, figsize=(8, 2.8), layout="constrained")
for line, (name, images) in zip(axes, rows.items()):
    for ax, image in zip(line, images):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.axhline(3.5, color="#D55E00", linewidth=1)
        ax.set(xticks=[], yticks=[])
    line[0].set_ylabel(name)
figure.suptitle("Lower halves of digits, predicted from the upper halves")

path = Path("out")
path.mkdir(exist_ok=True)
figure.savefig(path / "digits.png", dpi=150)
print(f"Picture: {path / 'digits.png'}")
