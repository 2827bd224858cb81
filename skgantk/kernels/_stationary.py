"""Kernels of the distance ‖x - y‖."""

import math

import jax.numpy as jnp
import numpy as np
from sklearn.gaussian_process.kernels import StationaryKernelMixin

from skgantk._numerics import geometry
from skgantk._numerics.elementwise import safe_inverse
from skgantk.kernels._base import CoreKernel
from skgantk.kernels._compositions import Scaled
from skgantk.kernels._core import Core, Leaf
from skgantk.kernels._length_scale import LengthScaleMixin


class Stationary(Core):
    """k = h(s), s = ‖x - y‖², with h(0) = 1; subclasses define ``log_profile``."""

    positive = True

    def log_profile(self, s, n_features):
        """Return log h(s) and 2h'(s)/h(s), the factor of x - y in ∇ₓ log k."""
        raise NotImplementedError

    def profile(self, s, n_features):
        """Return h(s) and 2h'(s), the factor of x - y in ∇ₓk."""
        log_value, slope = self.log_profile(s, n_features)
        value = jnp.exp(log_value)
        return value, slope * value

    def gram(self, pairs):
        return self.profile(pairs.square_distance, pairs.n_features)[0]

    def gradient(self, pairs, coef):
        return self.pull(pairs, self.linearised(pairs)[1], coef)

    def linearised(self, pairs):
        return self.profile(pairs.square_distance, pairs.n_features)

    def log_linearised(self, pairs):
        return self.log_profile(pairs.square_distance, pairs.n_features)

    def log_pull(self, pairs, kept, coef):
        return self.pull(pairs, kept, coef)

    def pull(self, pairs, kept, coef):
        return geometry.contract(pairs, None, kept, coef)

    def diag(self, X):
        return jnp.ones_like(X[:, 0])


class SquaredExponential(Stationary, static=("per_feature",)):
    """k = exp(-s / 2ℓ²); ``per_feature`` divides s by the number of features."""

    length_scale: Leaf
    per_feature: bool

    def log_profile(self, s, n_features):
        rate = 1 / self.length_scale**2 / (n_features if self.per_feature else 1)
        return -s * rate / 2, jnp.full_like(s, -1) * rate


class HalfIntegerMatern(Stationary, static=("nu",)):
    """Matérn kernel of ν = ½, 3/2 or 5/2, in a = √(2ν) r/ℓ.

    ν = ½ has a cusp at r = 0; the slope there is 0, the mean of the one-sided ones.
    """

    length_scale: Leaf
    nu: float

    def log_profile(self, s, n_features):
        r = jnp.sqrt(s)
        rate = math.sqrt(2 * self.nu) / self.length_scale
        a = rate * r
        if self.nu == 0.5:
            return -a, -rate * safe_inverse(r)
        if self.nu == 1.5:
            return jnp.log1p(a) - a, -(rate**2) / (1 + a)
        more = a + a * a / 3
        return jnp.log1p(more) - a, -(rate**2) / 3 * (1 + a) / (1 + more)


class RationalQuadratic(Stationary):
    """k = (1 + s / 2αℓ²)^-α."""

    alpha: Leaf
    length_scale: Leaf

    def log_profile(self, s, n_features):
        excess = s / (2 * self.alpha * self.length_scale**2)
        slope = -1 / ((1 + excess) * self.length_scale**2)
        return -self.alpha * jnp.log1p(excess), slope


class ExpSineSquared(Stationary):
    """k = exp(-2 sin²(πr/p) / ℓ²)."""

    length_scale: Leaf
    periodicity: Leaf

    def log_profile(self, s, n_features):
        r = jnp.sqrt(s)
        angle = np.pi * r / self.periodicity
        value = -2 * (jnp.sin(angle) / self.length_scale) ** 2
        # d log k/dr / r = -(2/ℓ²)(π/p) sin(2πr/p)/r, finite at r = 0: sinc
        ratio = 2 * np.pi / self.periodicity * jnp.sinc(2 * r / self.periodicity)
        return value, -2 / self.length_scale**2 * np.pi / self.periodicity * ratio


class RBF(LengthScaleMixin, StationaryKernelMixin, CoreKernel):
    r"""Gaussian kernel with a length scale that does not depend on the dimension.

    .. math::

        k(x, y) = \exp\left(-\frac{\|(x - y)/\ell\|^2}{2 d}\right)

    with :math:`d` the number of features: the baseline of [1]_, which divides by
    :math:`d` as the first layer of an `NTK` does.

    Parameters
    ----------
    length_scale : float or array-like of shape (n_features,), default=1.0
        ℓ > 0, in units of √d: scikit-learn's ``RBF(length_scale=ℓ √d)`` is the same
        kernel. That one is accepted everywhere in this package as well. One for each
        feature makes the kernel anisotropic; the search of a `GaussianProcessRegressor`
        then drives those of features without influence up (automatic relevance
        determination).
    length_scale_bounds : pair of floats or "fixed", default=(1e-5, 1e5)
        Bounds in which `GaussianProcessRegressor` searches ℓ; also a pair for each
        feature, an array of shape (n_features, 2).

    Raises
    ------
    InvalidParameterError
        At the first use, if ``length_scale`` is not positive.
    ValueError
        At the first use, if X has another number of features than ``length_scale``.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022,
       App. C.

    Examples
    --------
    >>> from skgantk.kernels import RBF
    >>> RBF()([[0.0, 0.0]], [[0.0, 0.0], [2.0, 2.0]]).round(4)
    array([[1.    , 0.1353]])
    >>> RBF([1.0, 100.0])([[0.0, 0.0]], [[0.0, 0.0], [2.0, 2.0]]).round(4)
    array([[1.    , 0.3678]])
    """

    def __init__(self, length_scale=1.0, length_scale_bounds=(1e-5, 1e5)):
        self.length_scale = length_scale
        self.length_scale_bounds = length_scale_bounds

    def _core(self):
        lengths = self._lengths()
        if self.anisotropic:
            return Scaled(SquaredExponential(1.0, per_feature=True), lengths)
        return SquaredExponential(lengths, per_feature=True)

    def __repr__(self):
        return f"RBF(length_scale={self._length_repr()})"
