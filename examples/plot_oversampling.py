"""
Oversampling a rare class
=========================

A classifier that sees few rows of a class learns to overlook it. `ConditionalSampler` adds
generated rows of the rare class to the training data. Whether that helps is a question of
the classifier, so it is asked here of three, on held-out rows, beside no oversampling and
beside plain duplication of rows, over ten random splits. The table here is of numbers; with
`TableSynthesizer` in the place of `GANTKSynthesizer` it may be any data frame.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgantk.generators import ConditionalSampler, GANTKSynthesizer

N_SPLITS, N_RARE = 10, 12

# %%
# The data are the 569 tumours of scikit-learn's breast cancer table, with 30 features. Of
# the malignant ones, the class 1 here, 12 are left in each training set, beside 178 benign
# ones. The test sets are whole.

X, y = load_breast_cancer(return_X_y=True)
y = 1 - y


def imbalanced_split(seed):
    """Train and test halves, the training half with few malignant tumours."""
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=seed, stratify=y
    )
    kept = np.r_[np.flatnonzero(y_train == 0), np.flatnonzero(y_train == 1)[:N_RARE]]
    return X_train[kept], X_test, y_train[kept], y_test


# %%
# Three ways to balance the training set. Each synthesizer run makes as many rows as it was
# fitted to, 12, so 13 further independent runs fill the class up.


def as_it_is(X, y, seed):
    return X, y


def duplicated(X, y, seed):
    rare = np.flatnonzero(y == 1)
    rng = np.random.default_rng(seed)
    more = rng.choice(rare, size=np.sum(y == 0) - len(rare))
    return np.r_[X, X[more]], np.r_[y, y[more]]


def generated(X, y, seed):
    return ConditionalSampler(GANTKSynthesizer(), random_state=seed).fit_resample(X, y)


classifiers = {
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier()),
    "random forest": RandomForestClassifier(50, random_state=0),
}
balancers = {"as it is": as_it_is, "duplicated": duplicated, "generated": generated}
metrics = {
    "recall of the rare class": recall_score,
    "balanced accuracy": balanced_accuracy_score,
}
scores = np.empty((N_SPLITS, len(balancers), len(classifiers), len(metrics)))
for seed in range(N_SPLITS):
    X_train, X_test, y_train, y_test = imbalanced_split(seed)
    for i, balance in enumerate(balancers.values()):
        X_balanced, y_balanced = balance(X_train, y_train, seed)
        for j, classifier in enumerate(classifiers.values()):
            fitted = clone(classifier).fit(X_balanced, y_balanced)
            predicted = fitted.predict(X_test)
            scores[seed, i, j] = [m(y_test, predicted) for m in metrics.values()]

# %%
# Mean and standard deviation over the splits:

mean, std = scores.mean(axis=0), scores.std(axis=0)
for k, metric in enumerate(metrics):
    print(f"{metric:26}" + "".join(f"{name:>16}" for name in balancers))
    for j, name in enumerate(classifiers):
        cells = [f"{mean[i, j, k]:.3f} ± {std[i, j, k]:.3f}" for i in range(3)]
        print(f"    {name:22}" + "".join(f"{cell:>16}" for cell in cells))

# %%
# For logistic regression duplicated rows are as good as generated ones: all that it needs
# is that a rare row counts 15 times. Neighbours and trees, which look at single rows, gain
# more from new rows than from copies, and the forest gains from new rows only. The
# differences are as small as the spread over the splits, but they are of the same splits
# and can be counted.

for j, name in enumerate(classifiers):
    gain = scores[:, 2, j, 1] - scores[:, 1, j, 1]
    print(
        f"{name:22} balanced accuracy, generated - duplicated {gain.mean():+.3f}, "
        f"better in {np.sum(gain > 0)} of {N_SPLITS} splits"
    )

figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
place = np.arange(len(classifiers))
styles = ("s", "0.4"), ("x", "#0072B2"), ("o", "#D55E00")
for k, (ax, metric) in enumerate(zip(axes, metrics)):
    for i, (name, (marker, color)) in enumerate(zip(balancers, styles)):
        center, spread = mean[i, :, k], std[i, :, k]
        x = place + 0.2 * (i - 1)
        ax.errorbar(x, center, spread, fmt=marker, capsize=4, color=color, label=name)
    ax.set_xticks(place, classifiers)
    ax.set(title=metric, xlim=(-0.5, 2.5))
    ax.grid(axis="y", alpha=0.4)
axes[0].set_ylabel("mean ± standard deviation of 10 splits")
axes[1].legend(title="rare class", loc="lower right")
plt.show()
