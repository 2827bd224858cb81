"""The shell of every discriminator."""

from contextlib import contextmanager

import jax.numpy as jnp
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skgantk._numerics.precision import finite, float64_scope, unseen
from skgantk._numerics.sizes import fill
from skgantk.losses import check_functions

FLOATS = [np.float64, np.float32]


class BaseDiscriminator(ClassifierMixin, BaseEstimator):
    """Base class of the discriminators: functions f trained to tell real from fake.

    A subclass defines ``_loss``, a `skgantk.losses.Loss`; ``_train``, which `fit` calls and
    which sets ``loss_`` and the other fitted attributes; ``_function``, the fitted f as a
    pytree; and for generators ``_adversaries``, a list of `Adversary` of which the first
    whose training converges is taken, and ``_adopt``.
    """

    _parameter_constraints: dict = {"random_state": ["random_state"]}

    def _loss(self):
        raise NotImplementedError

    def _train(self, loss, X, sign, weight):
        raise NotImplementedError

    def _function(self):
        raise NotImplementedError

    def _adversaries(self, n_features, dtype, previous):
        """``previous`` is the `Adversary` of a run that goes on, or None."""
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
            loss = self._loss()
            check_functions(loss, "ab")
            self._train(loss, X, y, weight)
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

    def _adopt(self, function, sample, loss, objective, n_features):
        """Become the discriminator trained in a generator's loop, on a `Sample`."""
        self.classes_, self.n_features_in_ = np.array([-1, 1]), n_features
        self._fitted_loss, self.loss_ = loss, objective

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
        return _finite(_each(self._fitted_loss.c, self.decision_function(X)))

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
        slope = _each(self._fitted_loss.dc, np.asarray(function.value(X)))
        return _finite(slope[:, None] * function.gradient(X))


def _each(function, values):
    """A function of every value, filled up to sizes that share a program."""
    return np.asarray(function(jnp.asarray(fill(values))))[: len(values)]


def _finite(values):
    return finite(values, "The discriminator", stacklevel=5)


@contextmanager
def restored_on_error(estimator):
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
