"""Drifting: the difference of two kernel density scores, a critic without training."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.base import clone
from sklearn.gaussian_process.kernels import Kernel

from skgantk._numerics import operators
from skgantk._numerics.pytrees import register
from skgantk.discriminators._adversary import Adversary, Trained, stack
from skgantk.discriminators._base import BaseDiscriminator
from skgantk.discriminators._dual import Sample, objective
from skgantk.discriminators._functions import Function
from skgantk.kernels import RBF, as_core
from skgantk.kernels._core import Core
from skgantk.losses import IPM, Loss


@register()
class LogRatio(Function):
    """f(x) = log Σ_i β_i k(x, x_i) - log Σ_j α_j k(x, y_j).

    Its gradient is Σ_i p_i ∇ₓ log k(x, x_i) - Σ_j r_j ∇ₓ log k(x, y_j), p ∝ β_i k(x, x_i)
    and r ∝ α_j k(x, y_j) of sum 1: finite however far x is from all points.
    """

    core: Core
    real: jax.Array
    real_weight: jax.Array  # β
    fake: jax.Array
    fake_weight: jax.Array  # α

    def value(self, X):
        return self._difference(operators.log_sum, X)

    def gradient(self, X):
        return self._difference(operators.log_sum_gradient, X)

    def _difference(self, operator, X):
        clouds = (self.real, self.real_weight), (self.fake, self.fake_weight)
        real, fake = (
            operator(self.core, X, points.astype(X.dtype), weight.astype(X.dtype))
            for points, weight in clouds
        )
        return real - fake


@register("loss")
class DriftingAdversary(Adversary):
    """`LogRatio` of the clouds of every step."""

    core: Core
    loss: Loss

    def train(self, memory, fake, real, key, counts=None):
        X, weight, sign = stack(fake, real, counts)
        n = len(fake)
        function = LogRatio(self.core, real, 2 * weight[n:], fake, 2 * weight[:n])
        sample = Sample(weight, sign, jnp.zeros_like(weight))
        return Trained(function, sample, lambda: function.value(X), memory, jnp.array(True))


class DriftingDiscriminator(BaseDiscriminator):
    r"""Critic without training: the log-ratio of two kernel densities.

    A particle drifts to where real points are denser than fake ones [1]_, [2]_: the mean
    shift that real points pull it by less the one of fake points is the gradient of

    .. math::

        f(x) = \log E_{real} k(x, x_i) - \log E_{fake} k(x, y_j),

    for a Gaussian k up to the factor ℓ². Take it for flows of many steps that are cheap and
    local, if there is a length scale at which the data are dense; forces do not fall with
    the distance, as those of an MMD do, so no particle is left behind. For a network
    trained by the paper's regression on drifted points, give it to `NeuralGenerator`, whose
    gradient is the same.

    Parameters
    ----------
    kernel : Kernel, default=None
        A positive kernel: `RBF()` if None, a sum or product of scikit-learn's RBF, Matern
        or RationalQuadratic, or an `NNGP` or `NTK` of two layers or more with "relu". Its
        length scale is that at which densities are estimated.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels of fake and real, in order.
    kernel_ : Kernel
        The kernel used.
    X_fit_ : ndarray of shape (n_samples, n_features)
        The points, fake and real.
    y_fit_ : ndarray of shape (n_samples,)
        Their labels.
    weight_fit_ : ndarray of shape (n_samples,)
        Their weights, of sum 1 in either class.
    loss_ : float
        E_real f - E_fake f.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    ValueError
        If the input is not finite or not of two classes, or the kernel is not positive.
    TypeError
        If the kernel has no known formula.

    See Also
    --------
    NTKIPMDiscriminator : The difference of the densities, not of their logarithms.

    Notes
    -----
    Real are the points of the greater label. Sums run in blocks and in logarithms: f and
    its gradient are right where all k(x, x_i) are 0 in floating point.

    References
    ----------
    .. [1] Deng, Li, Li, Du, He, "Generative modeling via drifting", 2026.
    .. [2] Cheng, "Mean shift, mode seeking, and clustering", IEEE Transactions on Pattern
       Analysis and Machine Intelligence 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.discriminators import DriftingDiscriminator, stack_samples
    >>> rng = np.random.default_rng(0)
    >>> X, y = stack_samples(rng.normal(3, 1, (60, 2)), rng.normal(0, 1, (40, 2)))
    >>> critic = DriftingDiscriminator().fit(X, y)
    >>> critic.score(X, y) > 0.9
    True
    >>> far = critic.gradient([[1e3, 1e3]])
    >>> bool(np.all(np.isfinite(far)) and np.any(far))
    True
    """

    _parameter_constraints = {"kernel": [Kernel, None]}

    def __init__(self, kernel=None):
        self.kernel = kernel

    def _loss(self):
        return IPM()

    def _core(self):
        self.kernel_ = RBF() if self.kernel is None else clone(self.kernel)
        core = as_core(self.kernel_)
        if not core.positive:
            raise ValueError(
                f"{self.kernel_} is not a density: it has values that are 0 or negative. "
                "Use a positive kernel, such as RBF, Matern, or NTK(depth=2)."
            )
        return core

    def _train(self, loss, X, sign, weight):
        self._core()
        self.X_fit_, self.y_fit_ = X, self.classes_[(sign > 0).astype(int)]
        self.weight_fit_ = 2 * weight
        f = self._function().value(X)
        self.loss_ = float(objective(loss, weight, sign, f))

    def _function(self):
        real = self.y_fit_ == self.classes_[1]
        clouds = [(self.X_fit_[c], self.weight_fit_[c]) for c in (real, ~real)]
        return LogRatio(as_core(self.kernel_), *clouds[0], *clouds[1])

    def _adversaries(self, n_features, dtype, previous):
        return [DriftingAdversary(self._core(), self._loss())]

    def _adopt(self, function, sample, loss, objective, n_features):
        super()._adopt(function, sample, loss, objective, n_features)
        points = np.concatenate([function.fake, function.real])
        there = sample.weight > 0
        self.X_fit_, self.weight_fit_ = points[there], 2 * sample.weight[there]
        self.y_fit_ = self.classes_[(sample.sign[there] > 0).astype(int)]
