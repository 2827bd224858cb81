"""
What the optimal discriminator does not say
===========================================

The theory of GANs has the generator follow the gradient of the optimal discriminator. But
a loss knows the discriminator on the data and on the samples alone: what lies between them,
and with it every gradient, is left open (Franceschi et al. 2022, Proposition 1). A network
of infinite width, trained by gradient ascent, fills the gap by its kernel.
"""

import matplotlib.pyplot as plt
import numpy as np

from skgantk.discriminators import NTKLSGANDiscriminator, stack_samples
from skgantk.kernels import NTK, RBF

# %%
# One loss, many discriminators
# -----------------------------
# One sample at θ and one datum at 0. All four f below are 1 on the datum and -1 on the
# sample, where they are optimal for LSGAN, (f(θ) + 1)² + (f(0) - 1)² = 0. A step has no
# slope at the sample, and the generator stands still; waves push it anywhere. What is
# trained has one slope, that of its kernel.

theta = 1.5
datum, sample = np.array([[0.0]]), np.array([[theta]])
X, y = stack_samples(datum, sample)
line = np.linspace(-1, 2.5, 701)[:, None]
kernels = {"NTK": NTK(depth=3), "RBF": RBF(length_scale=1.0)}
trained = {
    f"trained, {name}": NTKLSGANDiscriminator(kernel, training_time=np.inf).fit(X, y)
    for name, kernel in kernels.items()
}
candidates = {name: d.decision_function for name, d in trained.items()}
candidates["step"] = lambda x: np.where(x[:, 0] < theta / 2, 1.0, -1.0)
candidates["waves"] = lambda x: (
    np.cos(np.pi * x[:, 0] / theta) - 0.5 * np.sin(6 * np.pi * x[:, 0] / theta)
)

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
styles = ("-", "black"), ("--", "#CC79A7"), ("-.", "#009E73"), (":", "0.4")
for (name, f), (style, color) in zip(candidates.items(), styles):
    ax.plot(line, f(line), style, color=color, label=name)
    loss = (f(sample)[0] + 1) ** 2 + (f(datum)[0] - 1) ** 2
    slope = (f(sample + 1e-6) - f(sample - 1e-6))[0] / 2e-6
    print(f"{name:13}  loss {loss:.3f}  slope at the sample {slope:6.2f}")
ax.plot(0, 1, "X", color="#0072B2", markersize=11, label="datum")
ax.plot(theta, -1, "o", color="#D55E00", markersize=10, label="sample")
ax.set(xlabel="x", ylabel="f(x)", xlim=(-1, 2.5))
figure.legend(loc="outside right upper", frameon=False)

# %%
# A loss that is constant, and a generator that learns
# ----------------------------------------------------
# At the optimum the generator's loss, c(f) = f² at its sample, is 1 wherever the sample is
# (Equations 137 to 139): it could not be learnt by its gradient. But that would be the
# gradient through the discriminator's own training, which no GAN takes. It takes the slope
# of the discriminator it has, and that points to the datum, at the optimum too: the left
# panel becomes flat with the training time τ, the right one does not.

places = np.concatenate([-np.geomspace(3, 0.01, 40), np.geomspace(0.01, 3, 40)])
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
times = {0.1: "0.75", 1.0: "0.55", 10.0: "0.3", np.inf: "0"}  # and their greys
for tau, grey in times.items():
    losses, steps = [], []
    for place in places:
        X, y = stack_samples([[0.0]], [[place]])
        d = NTKLSGANDiscriminator(kernels["NTK"], training_time=tau).fit(X, y)
        losses.append(d.generator_loss([[place]])[0])
        steps.append(-d.generator_gradient([[place]])[0, 0])
    label = "τ = ∞" if np.isinf(tau) else f"τ = {tau:g}"
    left.plot(places, losses, color=grey, label=label)
    right.plot(places, steps, color=grey, label=label)
left.set(xlabel="θ", ylabel="c(f(θ))", title="the generator's loss", ylim=(-0.05, 1.1))
right.set(xlabel="θ", ylabel="-∇(c∘f)(θ)", title="its step", yscale="symlog")
right.legend(frameon=False)
plt.show()
