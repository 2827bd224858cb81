"""The LSGAN loss: its trainer and its discriminator."""

import math
from numbers import Real

import jax.numpy as jnp
from sklearn.utils._param_validation import Interval

from skgantk._numerics import matrix_functions
from skgantk._numerics.pytrees import register
from skgantk.discriminators._dual import Trainer, apply_dual
from skgantk.discriminators._kernel import KernelDiscriminator
from skgantk.kernels._core import Leaf
from skgantk.losses import LSGAN


@register()
class LSGANTrainer(Trainer):
    """c = D ψ(S) D (f₀ - y), ψ(λ) = (e^{-4τλ} - 1)/λ ([F22] Prop. 5, in dual form).

    ψ is entire, so that K needs no inverse.
    """

    real: Leaf
    fake: Leaf
    time: Leaf
    tol: Leaf

    def __call__(self, gram, sample):
        function = matrix_functions.decay_integral(4 * self.time)
        return apply_dual(function, gram, sample, self.gap(sample), self.tol)

    def gap(self, sample):
        """f₀ - y."""
        return sample.initial - jnp.where(sample.sign < 0, self.fake, self.real)


@register()
class LSGANLimit(LSGANTrainer):
    """τ = ∞: ψ(λ) = -1/λ, and 0 for λ ≤ n ε λ_max ([F22] Prop. 7).

    Directions of eigenvalue 0 change no value of f: they have no limit, and no need of one.
    """

    gram = "always"

    def __call__(self, gram, sample):
        function = matrix_functions.minus_pseudo_inverse
        return apply_dual(function, gram, sample, self.gap(sample), None)


class NTKLSGANDiscriminator(KernelDiscriminator):
    r"""Infinitely wide discriminator trained with the LSGAN loss, in closed form.

    Gradient ascent on :math:`L(f) = -E_{fake} (f - s)^2 - E_{real} (f - r)^2` for the
    time τ gives, on the points and with targets y of r on real and s on fake ones ([1]_
    Prop. 5),

    .. math::

        f = y + e^{-4 \tau T} (f_0 - y), \qquad T_{ij} = k(x_i, x_j) w_j,

    w half the weight of a point in its class: kernel regression, stopped early. With
    targets 1 and 0 it is the discriminator of GA-NTK ([2]_ Eq. 3, λ = 4τw).

    Parameters
    ----------
    kernel : Kernel, default=None
        A kernel of `skgantk.kernels`, or one of scikit-learn's that `as_core` knows;
        `NTK()` if None. A `WhiteKernel` in it adds its noise to the Gram matrix, that is,
        it regularises the training.
    training_time : float, default=1.0
        τ > 0, or inf for the limit: the interpolant of least norm, the one of least
        squares where the points do not allow it (equal points of both classes). Beyond
        float precision the limit takes eigenvalues below n ε λ_max for 0.
    real, fake : float, default=1.0 and -1.0
        Targets of the discriminator, ``real`` the greater one. `predict` cuts half-way.
    generator : float, default=0.0
        Target of the generator.
    initial : discriminator or "nngp", default=None
        f₀: zero if None (antisymmetric initialisation), a fitted discriminator (in
        `sklearn.frozen.FrozenEstimator` if it must survive `clone` and searches), or
        "nngp", a draw of the network at initialisation.
    tol : float, default=1e-10
        Relative error of ``dual_coef_``, at least 16 units of rounding.
    random_state : int, RandomState instance or None, default=None
        Of the draw for ``initial="nngp"``.

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
    dual_coef_ : ndarray of shape (n_samples,)
        c in f(x) = f₀(x) + Σ_i c_i k(x, x_i).
    initial_ : object
        f₀, as a function of its own: the given discriminator may be refitted.
    loss_ : float
        L(f), the objective that the discriminator maximises; at most 0.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the input is not finite or not of two classes, or ``real`` is not greater than
        ``fake``.
    TypeError
        If the kernel has no known formula.
    MemoryError
        If ``training_time=inf`` and the Gram matrix cannot fit into memory.

    See Also
    --------
    NTKIPMDiscriminator : The MMD witness.
    NTKGANDiscriminator : Any other loss.

    Notes
    -----
    Real are the points of the greater label. The coefficients come from Lanczos' method,
    a few dozen products with the Gram matrix, which is stored if it takes no more than
    scikit-learn's ``working_memory`` and computed anew for each product otherwise; where
    that would take too many, and for a stored matrix, from an eigendecomposition.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.
    .. [2] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.discriminators import NTKLSGANDiscriminator, stack_samples
    >>> rng = np.random.default_rng(0)
    >>> X, y = stack_samples(rng.normal(3, 1, (60, 2)), rng.normal(0, 1, (40, 2)))
    >>> discriminator = NTKLSGANDiscriminator(training_time=np.inf).fit(X, y)
    >>> bool(np.allclose(discriminator.decision_function(X), y))
    True
    >>> early = NTKLSGANDiscriminator(training_time=0.1).fit(X, y)
    >>> early.score(X, y) > 0.9
    True
    """

    _parameter_constraints = {
        **KernelDiscriminator._parameter_constraints,
        "training_time": [Interval(Real, 0, None, closed="right")],
        "real": [Interval(Real, None, None, closed="neither")],
        "fake": [Interval(Real, None, None, closed="neither")],
        "generator": [Interval(Real, None, None, closed="neither")],
        "tol": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        kernel=None,
        training_time=1.0,
        *,
        real=1.0,
        fake=-1.0,
        generator=0.0,
        initial=None,
        tol=1e-10,
        random_state=None,
    ):
        self.kernel = kernel
        self.training_time = training_time
        self.real = real
        self.fake = fake
        self.generator = generator
        self.initial = initial
        self.tol = tol
        self.random_state = random_state

    def _loss(self):
        return LSGAN(float(self.real), float(self.fake), float(self.generator))

    def _trainers(self):
        kind = LSGANLimit if math.isinf(self.training_time) else LSGANTrainer
        targets = float(self.real), float(self.fake)
        return [kind(*targets, float(self.training_time), float(self.tol))]
