"""Critics that are the best there are, of a penalty that knows the real points.

With α the weights of fake points y and β those of real points x, both of sum 1, they are

    f = s [Σ_i q_i k(·, x_i) - Σ_j α_j k(·, y_j)],                                  (R1)

with q from a system in the real points alone, K_XX and what fake ones say there, K_XY α. In
a flow K_XX stays the same: it is prepared once.
"""

from dataclasses import replace
from numbers import Real

import jax
import jax.numpy as jnp
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils._param_validation import Interval

from skgantk._numerics import operators
from skgantk._numerics.pytrees import register
from skgantk.discriminators._dual import Dual, Trainer, storage
from skgantk.discriminators._kernel import KernelDiscriminator
from skgantk.kernels._core import Leaf
from skgantk.losses import IPM

PRECISION = 64  # times ε k(x, x): λ at least, with two or three digits of f


@register()
class TargetTrainer(Trainer):
    """Base class: a subclass has `solve`, and `system` if K_XX is not enough."""

    regularization: Leaf
    known: jax.Array | None = None  # the `system` of real points that stay the same

    starts = False

    @property
    def gram(self):
        return "always" if self.known is None else "never"

    def system(self, K, beta):
        """What does not depend on the fake points."""
        return K

    def solve(self, system, beta, pull):
        """q, s and whether it converged; ``pull`` is K_XY α. Where β is 0, q is 0."""
        raise NotImplementedError

    def prepared(self, core, real, weight):
        storage(core, real, "always")
        system = self.system(operators.gram(core, real), weight)
        return replace(self, known=system)

    def __call__(self, gram, sample):
        real = sample.sign > 0
        alpha, beta = (2 * jnp.where(w, sample.weight, 0) for w in (~real, real))
        if self.known is None:
            system = self.system(gram.matrix, beta)
            q, scale, converged = self.solve(system, beta, gram.product(alpha))
        else:  # fake points come first
            n = len(beta) - len(self.known)
            pull = operators.product(gram.core, gram.X[n:], gram.X[:n], alpha[:n])
            q, scale, converged = self.solve(self.known, beta[n:], pull)
            q = jnp.concatenate([jnp.zeros(n, q.dtype), q])
        # Below this, f is what rounding makes of K.
        precision = PRECISION * jnp.finfo(alpha.dtype).eps * gram.scale()
        converged &= self.regularization >= precision
        coef = (scale * (q - alpha)).astype(alpha.dtype)
        return Dual(coef, sample.initial + gram.product(coef), converged)


class TargetDiscriminator(KernelDiscriminator):
    """Base class of their estimators: a subclass has ``_trainer``, a `TargetTrainer`."""

    _trainer: type[TargetTrainer]

    _parameter_constraints = {
        "kernel": [Kernel, None],
        "regularization": [Interval(Real, 0, None, closed="neither")],
    }

    _remedy = "raise regularization"
    initial = None  # the best f does not depend on it

    def __init__(self, kernel=None, regularization=0.1):
        self.kernel = kernel
        self.regularization = regularization

    def _loss(self):
        return IPM()

    def _trainers(self):
        return [self._trainer(float(self.regularization))]
