"""
Why bias matters
================

A ReLU network without biases is homogeneous: f(ax) = a f(x) for every a > 0. As a
discriminator it pushes all fake points of a ray through the origin outwards or inwards with
the same force, and cannot tell them where to stop. Its kernel inherits that: two clouds
whose points lie on the same rays, at other distances with the same mean, are one to it.
"""

import matplotlib.pyplot as plt
from matplotlib.colors import Normalize
from sklearn.datasets import make_circles

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.inspection import DiracFieldDisplay, FlowDisplay
from skgantk.kernels import NTK
from skgantk.metrics import energy_distance

discriminators = {
    "with biases": NTKIPMDiscriminator(NTK(depth=3, bias_std=1.0)),
    "without biases": NTKIPMDiscriminator(NTK(depth=3, bias_std=0.0)),
}

# %%
# One real and one fake point
# ---------------------------
# The arrows are the steps of a single fake point x that a single real point y attracts,
# each of a discriminator trained on these two; colours are the lengths of the steps. With
# biases they lead to y from everywhere and are long until x is near y. Without, they are
# short near y already, and around the origin they all but vanish.

figure, axes = plt.subplots(
    1, 2, figsize=(10, 3.5), sharex=True, sharey=True, layout="constrained"
)
for ax, (name, discriminator) in zip(axes, discriminators.items()):
    DiracFieldDisplay.from_discriminator(
        discriminator,
        bounds=((-1, 0), (2, 2)),
        grid_resolution=15,
        ax=ax,
        arrow_kw={"norm": Normalize(0, 0.65)},
        colorbar=ax is axes[1],
    )
    ax.set_title(name)
    ax.label_outer()

# %%
# A cloud
# -------
# Two rings, on which every ray from the origin meets two distances. With biases 200
# particles find them. Without, they set right how much distance there is in each direction
# and stay scattered along the rays.

X, _ = make_circles(200, factor=0.4, noise=0.03, random_state=0)
fresh, _ = make_circles(200, factor=0.4, noise=0.03, random_state=1)
figure, axes = plt.subplots(1, 2, figsize=(10, 5.2), layout="constrained")
for ax, (name, discriminator) in zip(axes, discriminators.items()):
    flow = ParticleFlowGenerator(
        discriminator,
        decay=True,
        max_iter=1000,
        check_every=20,
        n_snapshots=50,
        random_state=0,
    ).fit(X)
    FlowDisplay.from_estimator(flow, X, ax=ax)
    ax.set(title=name, xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
    print(f"{name:15} energy distance {energy_distance(flow.particles_, fresh):.4f}")
print(f"the data        energy distance {energy_distance(X, fresh):.4f}")
plt.show()
