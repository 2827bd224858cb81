"""The shell of every discriminator of infinite width."""

import warnings
from functools import partial

import jax.numpy as jnp
import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgantk._numerics import operators
from skgantk._numerics.devices import compiled
from skgantk._numerics.sizes import fill
from skgantk.discriminators._adversary import KernelAdversary
from skgantk.discriminators._base import BaseDiscriminator
from skgantk.discriminators._dual import Sample, self_gram, storage
from skgantk.discriminators._functions import KernelFunction, Zero
from skgantk.discriminators._network import draw_process
from skgantk.kernels import NTK, as_core
from skgantk.kernels._convert import as_definite_core

ROUNDING = 1e3  # times ε and the size of f, where L falls by rounding alone


class KernelDiscriminator(BaseDiscriminator):
    """Base class of the discriminators f(x) = f₀(x) + Σ_i c_i k(x, x_i).

    A subclass has the parameters ``kernel``, ``initial`` and ``random_state`` and defines
    ``_trainers``, a list of which the first whose solution converges is taken.
    """

    _parameter_constraints: dict = {
        **BaseDiscriminator._parameter_constraints,
        "kernel": [Kernel, None],
        "initial": [
            HasMethods(["decision_function", "gradient"]),
            StrOptions({"nngp"}),
            None,
        ],
    }

    _remedy = "shorten training_time"  # for what is beyond the precision

    def _trainers(self):
        raise NotImplementedError

    def _kernel(self):
        return NTK() if self.kernel is None else clone(self.kernel)

    def _trainable(self, kernel, trainers):
        """The core of a kernel, if the trainers can do with it."""
        if any(trainer.needs_definite for trainer in trainers):
            return as_definite_core(kernel, type(self).__name__)
        return as_core(kernel)

    def _train(self, loss, X, sign, weight):
        kernel, trainers = self._kernel(), self._trainers()
        core = self._trainable(kernel, trainers)
        initial = self._initial_function(core, X.shape[1])
        # What fills the cloud up has no weight.
        filled = fill(X), fill(weight, 0.0).astype(X.dtype), fill(sign).astype(X.dtype)
        for trainer in trainers:
            stored = storage(core, X, trainer.gram)
            dual, *results = _solve(trainer, core, initial, loss, stored, *filled)
            if dual.converged:
                break
        before, self.loss_, scale = map(float, results)
        self.dual_coef_ = np.array(dual.coef)[: len(X)]
        if not (np.all(np.isfinite(self.dual_coef_)) and np.isfinite(self.loss_)):
            raise ValueError(
                f"Training {type(self).__name__} overflowed {X.dtype.name}: the values "
                f"of the kernel reach {float(operators.bound(core, X)):.1e}. Scale the "
                f"data (StandardScaler), or {self._remedy}."
            )
        # Training ascends L: where it fell, c has lost its digits to the rounding of K.
        size = scale * np.abs(self.dual_coef_).sum()
        fell = before - self.loss_ > ROUNDING * np.finfo(X.dtype).eps * max(size, 1)
        if fell or not dual.converged:
            warnings.warn(
                f"{type(self).__name__} did not reach its tolerance. "
                f"{self._remedy.capitalize()}, or scale the data (StandardScaler).",
                ConvergenceWarning,
                stacklevel=5,
            )
        self.kernel_, self.initial_, self.X_fit_ = kernel, initial, X
        self.y_fit_ = self.classes_[(sign > 0).astype(int)]

    def _initial_function(self, core, n_features):
        if self.initial is None:
            return Zero()
        if isinstance(self.initial, str):  # "nngp"
            seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
            return draw_process(core, n_features, seed)
        given = self.initial
        given = given.estimator if isinstance(given, FrozenEstimator) else given
        if not isinstance(given, BaseDiscriminator):
            raise TypeError(
                "initial must be a discriminator of skgantk, 'nngp' or None; got "
                f"{type(given).__name__}."
            )
        check_is_fitted(
            given,
            msg="initial must be fitted: this %(name)s is not. Inside a search or a "
            "clone, wrap it in sklearn.frozen.FrozenEstimator.",
        )
        if given.n_features_in_ != n_features:
            raise ValueError(
                f"initial was fitted on {given.n_features_in_} features, but X has "
                f"{n_features}; they must be as many."
            )
        return given._function()

    def _adversaries(self, n_features, dtype, previous):
        self.kernel_ = self._kernel()
        loss, trainers = self._loss(), self._trainers()
        core = self._trainable(self.kernel_, trainers)
        if self.initial == "nngp" and isinstance(previous, KernelAdversary):
            initial = previous.initial  # the same draw
        else:
            initial = self._initial_function(core, n_features)
        return [KernelAdversary(core, trainer, initial, loss) for trainer in trainers]

    def _adopt(self, function, sample, loss, objective, n_features):
        super()._adopt(function, sample, loss, objective, n_features)
        there = sample.weight > 0
        self.X_fit_, self.dual_coef_ = function.centres[there], function.coef[there]
        self.y_fit_ = self.classes_[(sample.sign[there] > 0).astype(int)]
        self.initial_ = function.initial

    def _function(self):
        return KernelFunction(
            as_core(self.kernel_), self.X_fit_, self.dual_coef_, self.initial_
        )


@partial(compiled, static_argnames=("loss", "stored"))
def _solve(trainer, core, initial, loss, stored, X, weight, sign):
    """The `Dual`, L before and after, and the greatest k(x, x)."""
    sample = Sample(weight, sign, jnp.asarray(initial.value(X)))
    gram = self_gram(core, X, stored)
    dual = trainer(gram, sample)
    before, after = (
        trainer.objective(loss, sample, f) for f in (sample.initial, dual.values)
    )
    return dual, before, after, gram.scale()
