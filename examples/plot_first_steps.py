"""
New rows of an array
====================

More rows like those of a table, in three lines. `GANTKSynthesizer` needs no argument: it
scales the features, finds its one hyperparameter λ, and minimises what a discriminator of
infinite width has against the rows that it makes.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from skgantk.generators import GANTKSynthesizer
from skgantk.metrics import copying_score, energy_distance

# %%
# The table has 178 wines and 13 chemical features. The synthesizer would scale them itself;
# here they are scaled before, because the distances below are to weigh them alike. One half
# is for the fit, the other half says later whether the new rows are any good.

wine = load_wine()
X_train, X_test = train_test_split(scale(wine.data), test_size=0.5, random_state=0)
synthesizer = GANTKSynthesizer(random_state=0).fit(X_train)
samples = synthesizer.sample(len(X_train), random_state=0)
print(samples[:2].round(2))

# %%
# ``score`` is minus the energy distance to the rows given, here to wines that the
# synthesizer has not seen. The training wines show what is within reach. The search began
# at rows whose features are distributed as those of the wines, but independent.

start = GANTKSynthesizer(max_iter=1, learning_rate=1e-9, random_state=0).fit(X_train)
print("minus the energy distance to unseen wines")
print(f"    the start       {start.score(X_test):8.2f}")
print(f"    synthetic wines {synthesizer.score(X_test):8.2f}")
print(f"    training wines  {-energy_distance(X_train, X_test):8.2f}")

# %%
# That would be easy for copies of the training rows. `copying_score` compares the distances
# of samples to the training rows with those of unseen rows: 0 is for copies, 1 for rows as
# new as the unseen ones.

print(f"copying score: {copying_score(samples, X_train, X_test):.2f}")

# %%
# The picture shows two of the 13 features, scaled. The new rows follow the bend and the
# gaps.

x, y = (wine.feature_names.index(name) for name in ("flavanoids", "color_intensity"))
figure, axes = plt.subplots(
    1, 3, figsize=(11, 3.8), sharex=True, sharey=True, layout="constrained"
)
clouds = {
    "training wines": (X_train, "#0072B2"),
    "synthetic wines": (samples, "#D55E00"),
    "unseen wines": (X_test, "0.4"),
}
for ax, (title, (cloud, color)) in zip(axes, clouds.items()):
    ax.scatter(cloud[:, x], cloud[:, y], s=18, color=color)
    ax.set(title=title, xlabel="flavanoids")
axes[0].set_ylabel("colour intensity")
plt.show()
