"""
Searching hyperparameters
=========================

Generators are scored by minus their distance to held-out rows, so scikit-learn's searches
tune them as they tune anything else. ``GridSearchCV`` tries a grid of kernels and of the
residual ε that sets the sharpness of the discriminator; `GeometricSearchCV` doubles and
halves λ itself, whose magnitude need not be known.
"""

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.preprocessing import scale

from skgantk.generators import GANTKSynthesizer
from skgantk.inspection import SearchDisplay
from skgantk.kernels import NTK, RBF
from skgantk.metrics import energy_distance
from skgantk.model_selection import GeometricSearchCV

X = scale(load_iris().data)
cv = KFold(3, shuffle=True, random_state=0)
synthesizer = GANTKSynthesizer(NTK(depth=1), standardize=False, max_iter=50, random_state=0)

# %%
# A grid
# ------
# Three kernels and four values of ε. By default the score is minus the energy distance.
# That of one training set to its held-out rows says what is within reach.

grid = {
    "kernel": [NTK(depth=1), NTK(depth=3), RBF()],
    "epsilon": [0.01, 0.03, 0.1, 0.3],
}
search = GridSearchCV(synthesizer, grid, cv=cv, refit=False).fit(X)
print("best of the grid:", search.best_params_)
floor = sum(energy_distance(X[a], X[b]) for a, b in cv.split(X)) / 3
print(f"energy distance {-search.best_score_:.4f}, of the training rows {floor:.4f}")

# %%
# Doubling and halving
# --------------------
# With ε the synthesizer looks for λ itself, by Algorithm 1 of [Z21]. Algorithm 2 does
# without: from a start that may be far off it goes up and down until a budget of
# candidates, or of seconds, is spent. Where λ is far too great samples are copies of the
# data, of which the synthesizer warns each time; that is silenced here.

warnings.filterwarnings("ignore", ".*copies of data")
geometric = GeometricSearchCV(
    synthesizer, {"lam": 1.0}, factor=4.0, n_candidates=9, cv=cv, refit=False
).fit(X)
print(f"best λ {geometric.best_params_['lam']}, distance {-geometric.best_score_:.4f}")
train, _ = next(cv.split(X))
found = synthesizer.fit(X[train]).lam_
print(f"the λ of Algorithm 1 is {found:.3g}")

# %%
# The pictures
# ------------
# `SearchDisplay` shows one parameter, each of its values with the best of the others; bands
# and bars are one standard deviation over the folds. Any of these ε will do, the depth of
# the network does not matter, the Gaussian kernel of this length is worse. The optimum of λ
# is wide, and Algorithm 1 hits it.

figure, axes = plt.subplots(1, 3, figsize=(12, 4), sharey=True, layout="constrained")
common = {"negate_score": True, "score_name": "energy distance to held-out rows"}
SearchDisplay.from_estimator(search, "epsilon", ax=axes[0], **common)
SearchDisplay.from_estimator(search, "kernel", ax=axes[1], **common)
SearchDisplay.from_estimator(geometric, "lam", ax=axes[2], **common)
axes[0].set_xticks(grid["epsilon"], grid["epsilon"])
axes[0].minorticks_off()
axes[1].set_xticks(range(3), ["NTK(depth=1)", "NTK(depth=3)", "RBF()"])
axes[2].axvline(found, color="#CC79A7", ls="--", label="λ of Algorithm 1")
titles = {"ε": "grid over ε", "kernel": "grid over kernels", "λ": "doubling and halving λ"}
for ax, (name, title) in zip(axes, titles.items()):
    ax.axhline(floor, color="black", lw=1, ls=":", label="training rows")
    ax.set(title=title, xlabel=name, ylim=(0, None))
    ax.label_outer()
axes[2].legend(loc="lower left")
plt.show()
