"""What all generators that move points have in common."""

import warnings
from numbers import Integral, Real

import jax
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skgantk._numerics.optimizers import OPTIMIZERS
from skgantk.discriminators._base import restored_on_error
from skgantk.generators._callbacks import CallbackSupport, checks
from skgantk.metrics import energy_distance

FLOATS = [np.float64, np.float32]
FAR = 1e3  # times the extent of the two clouds; a point further away is lost


class BaseGenerator(CallbackSupport, BaseEstimator):
    """Base class: where points start, the box they stay in, and how they are judged.

    A subclass has the parameters ``init`` and ``bounds``, and ``_cloud``, its fitted
    points.
    """

    _parameter_constraints: dict = {
        "optimizer": [StrOptions(set(OPTIMIZERS))],
        "decay": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "check_every": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions({"gaussian", "normal", "uniform"}), "array-like", callable],
        "bounds": [tuple, list, np.ndarray, None],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    _unmet = False  # whether the discriminator missed its tolerance at a check

    @property
    def _draws_noise(self):
        """Whether ``init`` can be drawn from anew."""
        return isinstance(self.init, str) or callable(self.init)

    def _noise(self, X, n, rng):
        """n points to start from, in the dtype of X."""
        shape = (n, X.shape[1])
        if not isinstance(self.init, str):
            points = self.init(n, rng) if callable(self.init) else self.init
        elif self.init == "uniform":
            box = self._box(X)
            low, high = (X.min(axis=0), X.max(axis=0)) if box is None else box
            if not np.all(np.isfinite([low, high])):
                raise ValueError('init="uniform" needs finite bounds.')
            points = rng.uniform(low, high, size=shape)
        else:
            points = rng.normal(size=shape)
            if self.init == "gaussian":
                mean, std = (f(axis=0, dtype=np.float64) for f in (X.mean, X.std))
                constant = np.ptp(X, axis=0) == 0  # exactly, unlike a rounded mean
                points = np.where(constant, X[0], mean + std * points)
        points = check_array(points, dtype=X.dtype, input_name="init")
        if points.shape != shape:
            raise ValueError(f"init must give points of shape {shape}, got {points.shape}.")
        return points

    def _box(self, X):
        """``bounds`` as an array (2, n_features) in the dtype of X, or None."""
        if self.bounds is None:
            return None
        d = X.shape[1]
        try:
            low, high = (np.broadcast_to(np.asarray(b, float), d) for b in self.bounds)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"bounds must be (low, high), each a number or an array of {d}; got "
                f"{self.bounds!r}."
            ) from error
        if not np.all(low < high):
            raise ValueError(
                f"bounds must be (low, high) with low < high; got {low}, {high}."
            )
        return np.stack([low, high]).astype(X.dtype)

    def _run(self, X, state, advance, check):
        """Run from check to check; what is fitted is always that of the last one.

        ``advance(state, n)`` takes n steps; ``check(state)`` takes over the state and
        returns whether to stop. A check that is interrupted leaves all as it was, so that
        it must set attributes, not change them in place.
        """
        every, end = self.check_every, self.max_iter
        # Checks stand at multiples of check_every, wherever a fit began.
        total = max(-(-end // every) - int(state.step) // every, 0)
        with checks(self, X, total, self.verbose) as report:
            while (step := int(state.step)) < end:
                state = advance(state, min(step - step % every + every, end) - step)
                with restored_on_error(self):
                    stop = check(state)
                if state.diverged:
                    rate = getattr(self, "learning_rate_", self.learning_rate)
                    warnings.warn(
                        "The points ran away from the data: the step is too large. They "
                        f"are left as after step {self.n_iter_}. Choose a learning_rate "
                        f"below {rate:.3g}.",
                        ConvergenceWarning,
                        stacklevel=5,
                    )
                    break
                if report(self.loss_curve_[-1], self._reconstruction) or stop:
                    break
        if self._unmet:
            self._unmet = False
            warnings.warn(
                f"{type(self.discriminator_).__name__} did not reach its tolerance within "
                "the solver's steps, at some of the checks. Shorten its training_time, "
                "loosen its tolerance, or scale the data.",
                ConvergenceWarning,
                stacklevel=5,
            )

    def _split(self, X):
        if not self.early_stopping:
            return X, None
        return train_test_split(
            X, test_size=self.validation_fraction, random_state=self._seed
        )

    def _judge(self, points, held_out):
        """Return whether no points were nearer to what is held out, and whether to stop."""
        if held_out is None:
            return True, False
        distance = float(energy_distance(points, held_out))
        nearest = distance < min(self.validation_curve_, default=np.inf)
        self._stale = 0 if nearest else self._stale + 1
        self.validation_curve_ = [*self.validation_curve_, distance]
        return nearest, self._stale >= self.n_iter_no_change

    def _reconstruction(self):
        return {name: value for name, value in vars(self).items() if name.endswith("_")}

    def score(self, X, y=None):
        """Minus the energy distance of the fitted points to X; larger is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points to compare with; held out, if copying the data is not to be rewarded.
        y : None
            Ignored.

        Returns
        -------
        score : float
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        return -float(energy_distance(self._cloud, X))


class StandardizingGenerator(BaseGenerator):
    """One that works on features of mean 0 and variance 1, with ``standardize``."""

    _parameter_constraints: dict = {
        **BaseGenerator._parameter_constraints,
        "standardize": ["boolean"],
    }

    def _fit_scaler(self, X):
        self._scaler = None
        if not self.standardize:
            return
        # Arrays, whatever set_config(transform_output=...) says.
        self._scaler = StandardScaler().set_output(transform="default")
        with np.errstate(over="ignore", invalid="ignore"):
            self._scaler.fit(X)
        constant, var = np.ptp(X, axis=0) == 0, self._scaler.var_
        self._scaler.mean_[constant] = X[0, constant]  # that of rounded sums is not
        if not np.all(np.isfinite(var) & (constant | (var > 0))):
            raise ValueError(
                "X is of a scale at which its variance overflows or underflows; scale it."
            )

    def _scaled(self, X):
        return X if self._scaler is None else self._scaler.transform(X)

    def _unscaled(self, Z):
        X = Z if self._scaler is None else self._scaler.inverse_transform(Z)
        # Scaling back rounds, so that the box needs to be drawn again.
        return np.array(X) if self.bounds is None else np.clip(X, *self._box(X))

    def _scaled_box(self, X):
        """``bounds`` for points that are scaled, as X is."""
        box = self._box(X)
        if box is None or self._scaler is None:
            return box
        # Not by `transform`, which refuses sides that are open.
        box = (box - self._scaler.mean_) / self._scaler.scale_
        return box.astype(X.dtype)


def check_n_samples(n_samples):
    """Raise unless it is an integer of at least 1."""
    if not isinstance(n_samples, Integral) or n_samples < 1:
        raise ValueError(f"n_samples must be an integer of at least 1, got {n_samples}.")


def to_numpy(state):
    """A pytree with NumPy arrays in the place of JAX's."""
    return jax.tree.map(np.asarray, state)


def varies(X):
    """Whether not all rows are equal; rounding may make their variance positive."""
    return bool(np.any(np.ptp(X, axis=0) > 0))


def check_loss(loss):
    """Raise where training the discriminator has overflowed."""
    if not np.isfinite(loss):
        raise ValueError(
            f"Training the discriminator overflowed {loss.dtype.name}. Scale the data "
            "(StandardScaler), or choose a smaller learning_rate."
        )
