"""Any loss: the trainers that solve the dual problem as an ODE, and their discriminator."""

import math
from numbers import Real

import jax.numpy as jnp
from sklearn.utils._param_validation import Interval, StrOptions

from skgantk._numerics import matrix_functions
from skgantk._numerics.geometry import matmul
from skgantk._numerics.pytrees import register
from skgantk.discriminators._dual import (
    Dual,
    Trainer,
    apply_dual,
    loss_gradient,
    objective,
)
from skgantk.discriminators._hinge import HingeTrainer
from skgantk.discriminators._kernel import KernelDiscriminator
from skgantk.kernels._core import Leaf
from skgantk.losses import IPM, LSGAN, Hinge, Loss, VanillaGAN

LOSSES = {"ipm": IPM, "lsgan": LSGAN, "vanilla": VanillaGAN, "hinge": Hinge}
# What a step may take of the tolerance. The errors of all of them came to less than three
# times that in 320 drawn problems with either solver, at 1e-4 and at 1e-6.
STEP = 0.25


@register("loss")
class ExplicitTrainer(Trainer):
    """(D1) by Tsitouras' Runge-Kutta method of order 5 with adaptive steps.

    The state is h = c/w, the density of the coefficients with respect to γ̂, whose size
    does not depend on the number of points, and K(w∘h): dh/dt = ∇L(f₀ + K(w∘h)). Where L
    is concave the flow expands no distance, and the errors of the steps add up, no more.
    The state is in float64, in which they can.
    """

    time: Leaf
    rtol: Leaf
    atol: Leaf
    loss: Loss

    def __call__(self, gram, sample):
        from skgantk.discriminators._ode import explicit

        weight, sign, initial = _double(*sample)

        def velocity(t, state, args):
            g = loss_gradient(self.loss, sign, initial + state[1])
            moved = gram.product(_weighted(weight, g).astype(sample.weight.dtype))
            return g, moved.astype(jnp.float64)

        start = jnp.zeros_like(weight), jnp.zeros_like(weight)
        tolerances = self._tolerances(gram)
        (h, _), done = explicit(velocity, start, self.time, *tolerances)
        return self._dual(gram, sample, _weighted(weight, h), done)

    def _dual(self, gram, sample, coef, done):
        coef = coef.astype(sample.weight.dtype)
        values = sample.initial + gram.product(coef)
        return Dual(coef, values, done & self._ascended(gram, sample, coef, values))

    def _ascended(self, gram, sample, coef, values):
        """Whether f is no further from f₀ than ascent can have come, and finite.

        In the RKHS |f - f₀|² ≤ (∫|dL/df|)² ≤ τ ∫|dL/df|² = τ (L(f) - L(f₀)) (Cauchy and
        Schwarz, [F22] Eq. 97). Where rounding has left no digit of f, it is far beyond.
        """
        moved = values - sample.initial
        before, after = (
            objective(self.loss, sample.weight, sample.sign, f)
            for f in (sample.initial, values)
        )
        eps = jnp.finfo(values.dtype).eps
        total = jnp.sum(jnp.abs(coef))
        rounding = 16 * eps * gram.scale() * total  # of K c
        error = 8 * total * (self.rtol * jnp.max(jnp.abs(moved)) + rounding)
        error += self.time * 64 * eps * jnp.maximum(jnp.abs(before), jnp.abs(after))
        allowed = self.time * (after - before) + error + self.atol
        return jnp.all(jnp.isfinite(values)) & (coef @ moved <= allowed)

    def _tolerances(self, gram):
        """Of h times k(x, x), as which an error of h shows in f, and of f; for a step."""
        scale = jnp.maximum(gram.scale(), 1)
        rtol = matrix_functions.reachable(STEP * self.rtol, scale.dtype)
        # f moves by sums of terms of that size
        least = matrix_functions.reachable(0, scale.dtype) * scale
        return _double(scale, rtol, jnp.maximum(STEP * self.atol, least))


def _weighted(weight, h):
    """w∘h, and 0 for points without weight, whatever h is there: a trial may overflow."""
    return jnp.where(weight > 0, weight * h, 0)


def _double(*arrays):
    return [jnp.asarray(a, jnp.float64) for a in arrays]


@register("loss")
class ImplicitTrainer(ExplicitTrainer):
    """The same by a stiff method, Kværnø's of order 5, at n³ operations a step."""

    gram = "always"

    def __call__(self, gram, sample):
        from skgantk.discriminators._ode import implicit

        K, weight, sign, initial = _double(gram.matrix, *sample)

        def both(h):
            return h, matmul(K, _weighted(weight, h))

        def velocity(t, h, args):
            return loss_gradient(self.loss, sign, initial + both(h)[1])

        start = jnp.zeros_like(weight)
        scale, rtol, atol = self._tolerances(gram)
        # h may grow as fast as it begins to, and f be no more than its rounding in K(w∘h).
        fastest = jnp.max(jnp.abs(velocity(0, start, None)))
        rounding = matrix_functions.reachable(0, jnp.float64) * self.time * fastest
        h, done = implicit(velocity, start, self.time, scale, rtol, atol, rounding, both)
        return self._dual(gram, sample, _weighted(weight, h), done)


@register()
class LambertTrainer(Trainer):
    """c = D g(S) D ρ, g(λ) = (2τλ + 1 - W(e^{2τλ+1}))/λ ([F22] Eq. 134, in dual form)."""

    time: Leaf

    def __call__(self, gram, sample):
        function = matrix_functions.lambert_integral(self.time)
        return apply_dual(function, gram, sample, sample.sign, 1e-10)


class NTKGANDiscriminator(KernelDiscriminator):
    r"""Infinitely wide discriminator trained with any GAN loss.

    Gradient ascent on :math:`L(f) = E_{fake} a(f) - E_{real} b(f)` for the time τ gives
    :math:`f(x) = f_0(x) + \sum_i c_i k(x, x_i)` with n coefficients that obey ([1]_
    Eq. 9)

    .. math::

        \dot c = w \circ \nabla L(f_0 + K c), \qquad c(0) = 0,

    w half the weight of a point in its class. This is solved to a given tolerance.

    Parameters
    ----------
    kernel : Kernel, default=None
        A kernel of `skgantk.kernels`, or one of scikit-learn's that `as_core` knows;
        `NTK()` if None. A `WhiteKernel` in it adds its noise to the Gram matrix, that is,
        it regularises the training.
    loss : {"ipm", "lsgan", "vanilla", "hinge"} or Loss, default="vanilla"
        One of `skgantk.losses`, or an object of your own subclass of `Loss`.
    training_time : float, default=1.0
        τ > 0; for the hinge loss also inf, the limit.
    solver : {"ode", "lambert"}, default="ode"
        "lambert" is a closed-form approximation for the vanilla loss and f₀ = 0 ([1]_
        Eq. 134), which takes the sigmoid on the eigenvalues of T and not on the values
        of f. It is exact for one point of each class, and its error at τ = 5 is 1 % on
        the separated one-dimensional points of [1]_ Fig. 1. It is not close where the
        size of f differs much from point to point (18 % on [1]_'s 8 Gaussians at τ = 5,
        5 % at τ = 1) or where the classes overlap, so that the true f saturates near 0
        while this one grows like log τ (9 % at τ = 5, 20 % at τ = 20).
    rtol, atol : float, default=1e-6 and 1e-8
        Accuracy of the result: at the points of the training, the error of f - f₀ is at
        most ``rtol`` times its greatest value, plus ``atol``, and so is that of
        ``dual_coef_`` over the weights, in root mean square. This is an estimate for a loss
        that is not concave in f. Rounding comes on top; where real and fake points meet,
        large terms cancel in f.
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
        If the input is not finite or not of two classes, or ``solver="lambert"`` meets
        another loss or f₀, or ``training_time=inf`` another loss than the hinge.
    TypeError
        If the kernel has no known formula.
    MemoryError
        If a Gram matrix is needed (hinge, stiff problems) and cannot fit into memory.

    Warns
    -----
    ConvergenceWarning
        If the tolerance was not met; the coefficients are the last ones reached.

    See Also
    --------
    NTKIPMDiscriminator, NTKLSGANDiscriminator : Closed forms for their losses.

    Notes
    -----
    Real are the points of the greater label. The solver is an explicit Runge-Kutta method;
    where it needs more than 4096 steps, the problem is stiff and solved again by an
    implicit one. The hinge loss has kinks, at which the flow may hold a point; its
    solution is piecewise linear in τ and is followed exactly, whatever the tolerances.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.discriminators import NTKGANDiscriminator, stack_samples
    >>> rng = np.random.default_rng(0)
    >>> X, y = stack_samples(rng.normal(3, 1, (60, 2)), rng.normal(0, 1, (40, 2)))
    >>> NTKGANDiscriminator(loss="hinge").fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints = {
        **KernelDiscriminator._parameter_constraints,
        "loss": [StrOptions(set(LOSSES)), Loss],
        "training_time": [Interval(Real, 0, None, closed="right")],
        "solver": [StrOptions({"ode", "lambert"})],
        "rtol": [Interval(Real, 0, None, closed="neither")],
        "atol": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        kernel=None,
        loss="vanilla",
        training_time=1.0,
        *,
        solver="ode",
        rtol=1e-6,
        atol=1e-8,
        initial=None,
        random_state=None,
    ):
        self.kernel = kernel
        self.loss = loss
        self.training_time = training_time
        self.solver = solver
        self.rtol = rtol
        self.atol = atol
        self.initial = initial
        self.random_state = random_state

    def _loss(self):
        return self.loss if isinstance(self.loss, Loss) else LOSSES[self.loss]()

    def _trainers(self):
        loss, time = self._loss(), float(self.training_time)
        hinge = type(loss) is Hinge
        if math.isinf(time) and not hinge:
            raise ValueError(
                f"training_time=inf has no limit for the loss {loss}; it has for the "
                "hinge loss and for NTKLSGANDiscriminator. Use a finite time."
            )
        if self.solver == "lambert":
            if type(loss) is not VanillaGAN or self.initial is not None:
                raise ValueError(
                    "solver='lambert' approximates the vanilla loss from f₀ = 0; got the "
                    f"loss {loss} and initial={self.initial!r}. Use solver='ode'."
                )
            return [LambertTrainer(time)]
        if hinge:
            return [HingeTrainer(time)]
        kinds = ExplicitTrainer, ImplicitTrainer
        return [kind(time, float(self.rtol), float(self.atol), loss) for kind in kinds]
