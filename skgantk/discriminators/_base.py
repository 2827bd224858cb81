"""The shell of every discriminator of infinite width."""

import warnings
from contextlib import contextmanager

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skgantk._numerics.precision import float64_scope, unseen
from skgantk.discriminators._dual import Sample, objective, self_gram
from skgantk.discriminators._functions import KernelFunction, Zero, draw_network
from skgantk.kernels import NTK, as_core

FLOATS = [np.float64, np.float32]


class BaseDiscriminator(ClassifierMixin, BaseEstimator):
    """Base class of the discriminators f(x) = f₀(x) + Σ_i c_i k(x, x_i).

    A subclass has the parameters ``kernel``, ``initial`` and ``random_state`` and defines
    ``_loss``, a `skgantk.losses.Loss`, and ``_trainers``, a list of which the first whose
    solution converges is taken.
    """

    _parameter_constraints: dict = {
        "kernel": [Kernel, None],
        "initial": [
            HasMethods(["decision_function", "gradient"]),
            StrOptions({"nngp"}),
            None,
        ],
        "random_state": ["random_state"],
    }

    def _loss(self):
        raise NotImplementedError

    def _trainers(self):
        raise NotImplementedError

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    @_fit_context(prefer_skip_nested_validation=False)
    @float64_scope
    def fit(self, X, y, sample_weight=None):
        """Train the discriminator on fake and real points.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points of both classes. float32 is computed in float32, all else in
            float64.
        y : array-like of shape (n_samples,)
            Two labels; the greater one is real.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the points within their class, not negative; all equal if None.

        Returns
        -------
        self : object
            Fitted. After an error it is as it was before.
        """
        with restored_on_error(self):
            X, y, weight = self._validated(X, y, sample_weight)
            kernel = NTK() if self.kernel is None else clone(self.kernel)
            core, loss = as_core(kernel), self._loss()
            hash(loss)  # refuses attributes that are not hashable, before JAX does
            initial = self._initial_function(core, X.shape[1])
            self._train(core, loss, initial, X, y, weight)
            self.kernel_, self.initial_, self.X_fit_ = kernel, initial, X
            self._fitted_loss = loss
        return self

    def _validated(self, X, y, sample_weight):
        X, y = validate_data(self, X, y, dtype=FLOATS)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(y)}: fake and real points are two classes, got "
                f"{len(self.classes_)}."
            )
        if len(self.classes_) < 2:
            raise ValueError(
                "A discriminator needs fake and real points; y contains one class only: "
                f"{self.classes_[0]}."
            )
        weight = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
        weight = weight / max(weight.max(), np.finfo(float).tiny)
        totals = np.bincount(labels, weight)
        if np.any(totals == 0):
            raise ValueError(
                "The sample weights of the class "
                f"{self.classes_[np.argmin(totals)]} are all 0; give it some weight."
            )
        return X.copy(), 2 * labels - 1, weight / totals[labels] / 2

    def _train(self, core, loss, initial, X, sign, weight):
        sample = Sample(
            weight=jnp.asarray(weight, X.dtype),
            sign=jnp.asarray(sign, X.dtype),
            initial=jnp.asarray(initial.value(X)),
        )
        for trainer in self._trainers():
            gram = self_gram(core, X, trainer.gram)
            dual = _solve(trainer, gram, sample)
            if dual.converged:
                break
        self.dual_coef_ = np.array(dual.coef)
        self.loss_ = float(objective(loss, sample, dual.values))
        if not (np.all(np.isfinite(self.dual_coef_)) and np.isfinite(self.loss_)):
            raise ValueError(
                f"Training {type(self).__name__} overflowed {X.dtype.name}: the values "
                f"of the kernel reach {float(jnp.max(core.diag(X))):.1e}. Scale the data "
                "(StandardScaler), or shorten training_time."
            )
        if not dual.converged:
            warnings.warn(
                f"{type(self).__name__} did not reach its tolerance within the solver's "
                "steps. Shorten training_time, loosen the tolerance, or scale the data.",
                ConvergenceWarning,
                stacklevel=5,
            )

    def _initial_function(self, core, n_features):
        if self.initial is None:
            return Zero()
        if isinstance(self.initial, str):  # "nngp"
            seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
            return draw_network(core, n_features, seed)
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

    def _adopt(self, X, coef, initial, loss, objective):
        """Become the discriminator trained elsewhere on points of which some are real."""
        self.classes_, self.n_features_in_ = np.array([-1, 1]), X.shape[1]
        self.X_fit_, self.dual_coef_, self.initial_ = X, coef, initial
        self._fitted_loss, self.loss_ = loss, objective

    def _function(self):
        """The fitted f as a pytree, for compiled loops."""
        return KernelFunction(
            as_core(self.kernel_), self.X_fit_, self.dual_coef_, self.initial_
        )

    def _points(self, X):
        check_is_fitted(self)
        return unseen(validate_data(self, X, dtype=FLOATS, reset=False))

    @float64_scope
    def decision_function(self, X):
        """Evaluate the discriminator f; larger means real.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            float32 is computed in float32, all else in float64.

        Returns
        -------
        values : ndarray of shape (n_samples,)
        """
        X = self._points(X)
        return _finite(self._function().value(X))

    def predict(self, X):
        """Tell real from fake, by the sign of f (by the middle of LSGAN's targets).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        real = self.decision_function(X) > self._fitted_loss.threshold
        return self.classes_[real.astype(int)]

    @float64_scope
    def gradient(self, X):
        """Evaluate ∇f, the gradient of `decision_function` in the points.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features)
            Where x coincides with a point of the training and the kernel has a cusp
            there, the mean of the one-sided slopes.
        """
        X = self._points(X)
        return _finite(self._function().gradient(X))

    @float64_scope
    def generator_loss(self, X):
        """Evaluate c(f(x)), whose mean over the fake points a generator minimises.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        values : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        f = jnp.asarray(self.decision_function(X))
        return _finite(self._fitted_loss.c(f))

    @float64_scope
    def generator_gradient(self, X):
        """Evaluate ∇ₓ c(f(x)), the negative of the force on a generator's particle.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features)
        """
        X = self._points(X)
        function = self._function()
        slope = self._fitted_loss.dc(jnp.asarray(function.value(X)))
        return _finite(slope[:, None] * function.gradient(X))


@jax.jit
def _solve(trainer, gram, sample):
    return trainer(gram, sample)


def _finite(values):
    values = np.array(values)
    if not np.all(np.isfinite(values)):
        warnings.warn(
            f"The discriminator overflows {values.dtype.name} at some of these points. "
            "Scale the data (StandardScaler).",
            RuntimeWarning,
            stacklevel=4,
        )
    return values


@contextmanager
def restored_on_error(estimator):
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
