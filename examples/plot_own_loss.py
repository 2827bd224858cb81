"""
Your own loss
=============

A loss is three functions of the discriminator's value f: a of fake points and -b of real
ones, which the discriminator maximises, and c, which the generator minimises. A subclass of
`Loss` defines them in ``jax.numpy``; training, gradients and flows follow.

The example is the cross-entropy with smoothed labels: real points count as real with
probability 0.9 only, which keeps the discriminator from growing more and more certain the
longer it trains.
"""

import jax
import matplotlib.pyplot as plt
import numpy as np

from skgantk.datasets import make_lines
from skgantk.discriminators import NTKGANDiscriminator, stack_samples
from skgantk.generators import ParticleFlowGenerator
from skgantk.inspection import DiscriminatorDisplay, FlowDisplay, LossCurveDisplay
from skgantk.losses import Loss, VanillaGAN

# %%
# What the loss needs to know it keeps in attributes, which must be hashable: losses that
# are equal are compiled once.


class SmoothedGAN(Loss):
    """Cross-entropy with labels 1 - smoothing of real points and 0 of fake ones."""

    def __init__(self, smoothing=0.1):
        self.smoothing = smoothing

    def a(self, f):
        return jax.nn.log_sigmoid(-f)

    def b(self, f):
        certain, doubtful = jax.nn.log_sigmoid(f), jax.nn.log_sigmoid(-f)
        return -(1 - self.smoothing) * certain - self.smoothing * doubtful

    def c(self, f):
        return -jax.nn.log_sigmoid(f)


# %%
# A discriminator
# ---------------
# f on the points of [F22]'s Fig. 1, the longer trained the darker. With the plain
# cross-entropy f grows without end; with smoothed labels it stops, on real points, at
# log(0.9/0.1), dotted.

X, y = stack_samples(*make_lines())
figure, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
times = {1.0: "0.75", 10.0: "0.55", 100.0: "0.3", 1000.0: "0"}
for ax, loss in zip(axes, (VanillaGAN(), SmoothedGAN())):
    for time, color in times.items():
        DiscriminatorDisplay.from_estimator(
            NTKGANDiscriminator(loss=loss, training_time=time).fit(X, y),
            response_method="decision_function",
            arrows=None,
            line_kw={"color": color, "ls": "-", "label": f"training time {time:g}"},
            ax=ax,
        )
    ax.axhline(np.log(9), color="#009E73", ls=":", label="log(0.9/0.1)")
    ax.set_title(repr(loss))
    ax.label_outer()
    ax.get_legend().remove()
handles, labels = axes[0].get_legend_handles_labels()
legend = dict(sorted(dict(zip(labels, handles)).items()))  # each name once
figure.legend(legend.values(), legend, loc="outside right upper", frameon=False)

# %%
# A flow
# ------
# The same object drives particles, from a corner onto three lumps. What training gains does
# not fall to 0: where the two clouds are equal, the best f is not 0 but log(0.9/1.1), and
# from 0 it still moves there.

rng = np.random.default_rng(0)
centres = np.array([[-1.0, 0.5], [1.0, 0.5], [0.0, -1.0]])
target = np.repeat(centres, 12, axis=0) + rng.normal(0, 0.15, (36, 2))
flow = ParticleFlowGenerator(
    NTKGANDiscriminator(loss=SmoothedGAN()),
    init=rng.normal(0, 0.2, (36, 2)) + [2.0, -1.5],
    decay=True,
    max_iter=200,
    check_every=10,
    n_snapshots=20,
    random_state=0,
).fit(target)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
FlowDisplay.from_estimator(flow, target, ax=axes[0])
axes[0].set_title("the particles")
LossCurveDisplay.from_estimator(flow, ax=axes[1])
axes[1].set(title="the discriminator", ylabel="what training gains")
plt.show()
