"""The IPM loss: its trainer and its discriminator."""

from numbers import Real

import jax.numpy as jnp
from sklearn.utils._param_validation import Interval, StrOptions

from skgantk._numerics.elementwise import safe_inverse, safe_sqrt
from skgantk._numerics.pytrees import register
from skgantk.discriminators._dual import Dual, Trainer
from skgantk.discriminators._kernel import KernelDiscriminator
from skgantk.kernels._core import Leaf
from skgantk.losses import IPM

# Times ε and the greatest k: that of MMD². Of clouds that are a float apart it came to less
# than 1, of 10 to 20 000 points, and less the more there were.
ROUNDING = 16


@register("unit_norm")
class IPMTrainer(Trainer):
    """c = 2τ w∘ρ, i.e. f = f₀ + τ f*, f* the MMD witness ([F22] Prop. 4)."""

    time: Leaf
    unit_norm: bool

    gram = "never"
    needs_definite = False  # the coefficients sum to 0

    def __call__(self, gram, sample):
        witness = 2 * sample.weight * sample.sign  # b_j on real points, -a_i on fake ones
        values = gram.product(witness)
        time = self.time
        if self.unit_norm:  # ‖f*‖² = MMD², so τ = 1/MMD ([F22] Remark 4)
            square = jnp.sum(witness * values)
            # Two clouds that are the same but for rounding have no critic.
            rounding = ROUNDING * jnp.finfo(values.dtype).eps * gram.scale()
            time = safe_inverse(safe_sqrt(jnp.where(square > rounding, square, 0)))
        return Dual(time * witness, sample.initial + time * values, jnp.array(True))


class NTKIPMDiscriminator(KernelDiscriminator):
    r"""Infinitely wide discriminator trained with the IPM loss, in closed form.

    Gradient ascent on :math:`L(f) = E_{real} f - E_{fake} f` for the time τ gives
    ([1]_ Prop. 4)

    .. math::

        f = f_0 + \tau f^*, \qquad
        f^*(x) = E_{y \sim real} k(x, y) - E_{y \sim fake} k(x, y),

    with k the kernel (NTK) and f* the witness function of the maximum mean discrepancy
    (MMD): :math:`L(f) = L(f_0) + \tau\, MMD_k^2`. A generator that descends it descends
    an NTK-MMD.

    Parameters
    ----------
    kernel : Kernel, default=None
        A kernel of `skgantk.kernels`, or one of scikit-learn's that `as_core` knows;
        `NTK()` if None. A `WhiteKernel` in it counts for nothing here. With `Riesz`, which
        only this discriminator takes, the MMD² is the energy distance.
    training_time : float or "unit_norm", default=1.0
        τ > 0; "unit_norm" is τ = 1/MMD, for a critic of RKHS norm 1, whose L is the MMD
        itself.
    initial : discriminator or "nngp", default=None
        f₀: zero if None (antisymmetric initialisation), a fitted discriminator (in
        `sklearn.frozen.FrozenEstimator` if it must survive `clone` and searches), or
        "nngp", a draw of the network at initialisation.
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
        L(f), the objective that the discriminator maximises.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the input is not finite or not of two classes.
    TypeError
        If the kernel has no known formula.

    See Also
    --------
    NTKLSGANDiscriminator : Least squares.
    NTKGANDiscriminator : Any other loss.

    Notes
    -----
    Real are the points of the greater label. Sums over the clouds run in blocks; no Gram
    matrix is formed.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.discriminators import NTKIPMDiscriminator, stack_samples
    >>> rng = np.random.default_rng(0)
    >>> X, y = stack_samples(rng.normal(3, 1, (60, 2)), rng.normal(0, 1, (40, 2)))
    >>> critic = NTKIPMDiscriminator(training_time="unit_norm").fit(X, y)
    >>> round(critic.loss_, 2)  # the distance of the two clouds, an MMD
    1.96
    >>> critic.generator_gradient([[0.0, 0.0]]).shape
    (1, 2)
    """

    _parameter_constraints = {
        **KernelDiscriminator._parameter_constraints,
        "training_time": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"unit_norm"}),
        ],
    }

    def __init__(self, kernel=None, training_time=1.0, *, initial=None, random_state=None):
        self.kernel = kernel
        self.training_time = training_time
        self.initial = initial
        self.random_state = random_state

    def _loss(self):
        return IPM()

    def _trainers(self):
        unit_norm = self.training_time == "unit_norm"
        return [IPMTrainer(1.0 if unit_norm else float(self.training_time), unit_norm)]
