"""
Your own kernel
===============

A kernel is two small classes: a core, which JAX compiles, with the values and the gradients
of the kernel, and a kernel of scikit-learn around it. All the rest of the package then
works with it.

The example is the covariance of fractional Brownian motion, with Hurst index h,

    k(x, y) = ½ (‖x‖²ʰ + ‖y‖²ʰ - ‖x - y‖²ʰ).

Its squared MMD is half the energy distance for h = ½, so a flow with it descends that.
"""

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Hyperparameter

from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.generators import ParticleFlowGenerator
from skgantk.inspection import FlowDisplay
from skgantk.kernels import Core, CoreKernel, kernel_gradient
from skgantk.metrics import energy_distance, mmd

# %%
# The core
# --------
# ``pairs`` has what kernels need of n × m pairs of points, squared distances among it. A
# power of 0 has no finite derivative, so 0 is kept away from it; the gradient at x = y,
# where for h = ½ there is a cusp, is the mean of the slopes on its sides, 0.


def power(square, exponent):
    """square ** exponent, 0 with all its derivatives where square is 0."""
    positive = square > 0
    return jnp.where(positive, jnp.where(positive, square, 1.0) ** exponent, 0.0)


class BrownianCore(Core):
    hurst: float

    def gram(self, pairs):
        """k(x_i, y_j), shape (n, m)."""
        h = self.hurst
        apart = power(pairs.square_distance, h)
        return (power(pairs.xx, h) + power(pairs.yy, h) - apart) / 2

    def gradient(self, pairs, coef):
        """Σ_j coef_ij ∇ₓk(x_i, y_j), (n, d): ∇½‖x‖²ʰ = h ‖x‖²ʰ⁻² x."""
        h = self.hurst
        n, m = pairs.square_distance.shape
        coef = jnp.broadcast_to(coef, (n, m))
        away = -coef * h * power(pairs.square_distance, h - 1)
        outwards = coef.sum(axis=1)[:, None] * h * power(pairs.xx, h - 1)
        mixed = jnp.matmul(away, pairs.y.x, precision="highest")
        return (outwards + away.sum(axis=1)[:, None]) * pairs.x.x - mixed

    def diag(self, X):
        """k(x_i, x_i) = ‖x_i‖²ʰ, shape (n,)."""
        return power(jnp.sum(X**2, axis=1), self.hurst)


# %%
# The kernel
# ----------
# It names the hyperparameters in scikit-learn's way and makes the core.


class Brownian(CoreKernel):
    def __init__(self, hurst=0.5, hurst_bounds=(0.05, 0.95)):
        self.hurst = hurst
        self.hurst_bounds = hurst_bounds

    @property
    def hyperparameter_hurst(self):
        return Hyperparameter("hurst", "numeric", self.hurst_bounds)

    def _core(self):
        return BrownianCore(float(self.hurst))


# %%
# Check it before you trust it: the gradient against differences, the MMD against the energy
# distance.

X, _ = make_moons(150, noise=0.06, random_state=0)
start = np.random.default_rng(0).normal(0.5, 0.3, size=(150, 2))
kernel, step, ones = Brownian(), np.array([1e-6, 0.0]), np.ones(len(X))
difference = (kernel(start + step, X) - kernel(start - step, X)).sum(axis=1) / 2e-6
slope = kernel_gradient(kernel, start, X, ones)[:, 0]
print(f"gradient off by {np.abs(slope - difference).max():.1e}")
print(f"2 MMD² {2 * mmd(start, X, kernel=kernel):.6f}")
print(f"energy {energy_distance(start, X):.6f}")

# %%
# Use it
# ------
# In a flow, and in a Gaussian process whose Hurst index is fitted to the roughness of a
# path.

figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
flow = ParticleFlowGenerator(
    NTKIPMDiscriminator(Brownian()),
    init=start,
    decay=True,
    max_iter=600,
    check_every=20,
    n_snapshots=30,
).fit(X)
FlowDisplay.from_estimator(flow, X, ax=axes[0])
axes[0].set_title("a flow")
print(f"energy {energy_distance(flow.particles_, X):.6f} after the flow")

time = np.linspace(0.01, 1, 60)[:, None]
axes[1].set(title="paths, and the index fitted to them", xlabel="time", ylabel="path")
for hurst, color in {0.2: "#E69F00", 0.5: "#56B4E9", 0.8: "black"}.items():
    path = GaussianProcessRegressor(Brownian(hurst)).sample_y(time, random_state=1)[:, 0]
    fitted = GaussianProcessRegressor(Brownian()).fit(time, path).kernel_.hurst
    axes[1].plot(time, path, color=color, label=f"h = {hurst}, fitted {fitted:.2f}")
axes[1].legend(loc="upper right", frameon=False)
plt.show()
