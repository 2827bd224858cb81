"""What GA-NTK finds out from the data: its kernel, and λ by Algorithm 1."""

import warnings

import numpy as np
from sklearn.base import clone

from skgantk.generators import _synthesis
from skgantk.generators._base import noise_like, varies
from skgantk.kernels import NTK
from skgantk.model_selection._lambda import residual_root

# Of the kernel for standardised data. The biases of [Z21], 0.1^½ beside pixels whose
# greatest is 1 and whose root mean square is a third, are 1 where that is 1. With 0.1^½
# there, samples are as good and nearer to the data, in the median at .67 of the distance of
# held-out rows, now at .77 (21 tables).
BIAS = 1.0
# λ_max(K) times the greatest λ found: λ amplifies the rounding of K, 1e-16 λ_max. On tables
# the kernel of [Z21] needs 50 to 3e4 for epsilon = 0.05; smooth ones may need anything.
SHARPEST = 1e6


def fitted_kernel(kernel, X, standardized):
    """A clone of the kernel, or if None [Z21]'s fully connected network, for X.

    It has three layers and the variances of [Z21]'s code, made for pixels in [0, 1]. As
    biases sb make of k(sx, sy) the function s² k(x, y), those in units of the greatest |x|
    let data of any scale be synthesised as pixels are.
    """
    if kernel is not None:
        return clone(kernel)
    bias_std = BIAS if standardized else 0.1**0.5 * (float(np.abs(X).max()) or 1.0)
    return NTK(depth=2, weight_std=1.4615**0.5, bias_std=bias_std, output_bias=True)


def warn_of_dimming(core, X, lam, batch_size):
    """Warn, and return True, if dimmed copies of the data please the discriminator more.

    ``batch_size`` is of the discriminator of λ: with fewer points it would need more.
    """
    if not varies(X):
        return False
    n = min(len(X), 128)
    dimmed = _synthesis.prefers_dimmed(core, X[:n], lam * min(batch_size, len(X)) / n)
    if dimmed:
        warnings.warn(
            "The objective is less at copies of the data dimmed to 62 % than at the data, "
            "because the biases of the kernel are small beside them: it is nearly "
            "homogeneous, k(sx, y) = s k(x, y). Samples are dimmed too. Scale the data "
            "(standardize=True, or pixels to [0, 1]), or raise bias_std of the kernel.",
            UserWarning,
            stacklevel=5,
        )
    return dimmed


def algorithm_1(core, X, rows, epsilon, seed):
    """λ of Algorithm 1 for those rows of X, and noise that a soft D does not tell from X.

    The λ of noise that is far from X, or of another spread, is that of a D which needs no
    more than mean and variance: points that have them give it no gradient. So the noise has
    those of X, feature by feature, wherever the points start.
    """
    if not varies(X):  # it cannot be told from noise like it; any λ will do
        return 1.0
    noise = noise_like(X, len(X), np.random.RandomState(seed))[: len(rows)]
    return residual_root(core, X[rows], noise, epsilon, SHARPEST)
