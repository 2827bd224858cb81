"""What all generators that move points have in common."""

import warnings
from numbers import Integral, Real

import jax
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    StrOptions,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from skgantk import _given, discriminators
from skgantk._flat import check_flat
from skgantk._numerics.distances import nearest
from skgantk._numerics.optimizers import OPTIMIZERS
from skgantk.discriminators._base import BaseDiscriminator, restored_on_error
from skgantk.generators._callbacks import CallbackSupport, checks
from skgantk.losses import check_functions
from skgantk.metrics import energy_distance

FLOATS = [np.float64, np.float32]
FIRST_OF_ALL = {"momentum": 0.1}  # share of the first step in all that a force leads to
# A cloud that is off by δ as a whole is moved back by ηhδ, h the mean slope of the force:
# from ηh = 2 on it swings ever wider. Noise with the mean and deviations of the data has
# little force where the data are nearly Gaussian, and a step by that alone may be so long.
OVERSHOT = 1.5
OFF = 0.1  # spreads of the data by which such a cloud is off
# Share of the distance of held-out points to those learnt from, in the median, below which
# points are copies. It is 1 for fresh points, and known to a fifth where few are held out.
COPIED = 0.6
# Points that move to the data pass the law on their way to copies. The energy distance to a
# few held-out points, most of which is that of their mean, is noise there.
TOLERATED = 1.5
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
        "init": [
            StrOptions({"gaussian", "marginals", "normal", "uniform"}),
            "array-like",
            callable,
        ],
        "bounds": [tuple, list, np.ndarray, None],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    # Points are kept up to this much of the least energy distance to what is held out.
    _tolerated = 1.0
    _unmet = False  # whether the discriminator missed its tolerance at a check

    @property
    def _draws_noise(self):
        """Whether ``init`` can be drawn from anew."""
        return isinstance(self.init, str) or callable(self.init)

    def _check_draws_noise(self, remedy):
        if not self._draws_noise:
            raise ValueError(
                f"There are the {len(self._cloud)} points of the fit and no more: init is "
                f"an array, from which no fresh noise can be drawn; {remedy}."
            )

    def _validated(self, X, reset):
        """X as an array of its own, which lies within ``bounds``."""
        check_flat(X, type(self).__name__)
        X = validate_data(self, X, dtype=FLOATS, reset=reset).copy()
        self._check_inside(X, "X")
        return X

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
        elif self.init == "gaussian":
            return noise_like(X, n, rng)
        elif self.init == "marginals":
            points = marginals(X, n, rng)
        else:
            points = rng.normal(size=shape)
        points = check_array(points, dtype=X.dtype, input_name="init")
        if points.shape != shape:
            raise ValueError(f"init must give points of shape {shape}, got {points.shape}.")
        if not isinstance(self.init, str):
            self._check_inside(points, "init")
        return points

    def _check_inside(self, X, name):
        """Raise where X leaves ``bounds`` by more than rounding: nothing could follow."""
        box = self._box(X)
        if box is None:
            return
        # Scaled to a side, as by MinMaxScaler, data may be beyond it by some ulps.
        slack = np.sqrt(np.finfo(X.dtype).eps) * np.ptp(X, axis=0)
        beyond = np.maximum(box[0] - X.min(axis=0), X.max(axis=0) - box[1])
        if np.any(beyond > slack):
            worst = np.argmax(beyond)
            raise ValueError(
                f"{name} must lie within bounds, where the samples are kept: feature "
                f"{worst} has values from {X[:, worst].min():.6g} to "
                f"{X[:, worst].max():.6g}, and its bounds are {box[0, worst]:.6g} and "
                f"{box[1, worst]:.6g}. Scale {name} to them (pixels of 0 to 255 to (0, 1) "
                "by / 255), or give the bounds that the values have."
            )

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

    def _judge(self, points, target, held_out):
        """Return whether to keep the points, and whether to stop.

        Kept are the last that are no copies and not far from what is held out: the nearer
        points come to those they learn from, the better they may do, down to copies.
        """
        if held_out is None:
            return True, False
        distance = float(energy_distance(points, held_out))
        first = not self.validation_curve_
        self.validation_curve_ = [*self.validation_curve_, distance]
        near = first or distance < self._tolerated * self._nearest
        kept = near and (first or not _copied(points, target, held_out))
        if kept:
            self._nearest = distance if first else min(distance, self._nearest)
        self._stale = 0 if kept else self._stale + 1
        return kept, self._stale >= self.n_iter_no_change

    def _reconstruction(self):
        return {name: value for name, value in vars(self).items() if name.endswith("_")}

    def _with_given(self, given, n_samples, random_state, **options):
        """Rows (m, n_features) with what is given to the bit, the others' law given it."""
        check_flat(given, type(self).__name__)
        given = validate_data(
            self, given, dtype=FLOATS, reset=False, ensure_all_finite="allow-nan"
        )
        check_one_each(n_samples, len(given))
        rng = check_random_state(random_state)
        size = max(len(self._cloud), _given.pool_size(given))
        pool = self.sample(size, rng, **options)
        rows = _given.completed(pool, given, rng).astype(pool.dtype)
        if self.bounds is not None:
            rows = np.clip(rows, *self._box(pool))
        return np.where(np.isnan(given), rows, given.astype(pool.dtype))

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
        check_flat(X, type(self).__name__)
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


def check_discriminator(discriminator, caller, *others):
    """Raise unless it is a discriminator that can be trained with, or one of the others."""
    if any(
        discriminator is o or (isinstance(o, str) and discriminator == o) for o in others
    ):
        return
    if not isinstance(discriminator, BaseDiscriminator):
        names = sorted(name for name in discriminators.__all__ if name[0].isupper())
        raise InvalidParameterError(
            f"The 'discriminator' parameter of {caller} must be an object of "
            "skgantk.discriminators, written as one of "
            f"{', '.join(f'{name}()' for name in names)}; or "
            f"{' or '.join(map(repr, others))}. Got {discriminator!r} instead."
        )
    discriminator._validate_params()
    check_functions(discriminator._loss(), "abc")


def _copied(points, target, held_out):
    """Whether points are much nearer to the target than what it does not know.

    Never, where most of that is in the target: `copying_score` refuses such data.
    """
    to_points, usual = (np.median(nearest(A, target)[0]) for A in (points, held_out))
    return to_points < COPIED * usual


def noise_like(X, n, rng):
    """n Gaussian points with the mean and the standard deviation of each feature of X."""
    mean, std = (f(axis=0, dtype=np.float64) for f in (X.mean, X.std))
    constant = np.ptp(X, axis=0) == 0  # exactly, unlike a rounded mean
    points = np.where(constant, X[0], mean + std * rng.normal(size=(n, X.shape[1])))
    return check_array(points, dtype=X.dtype, input_name="init")


def marginals(X, n, rng):
    """n points whose features are distributed as those of X are, and independent.

    Each is a kernel density estimate of its feature, with Silverman's bandwidth: values of
    X in random order, moved by Gaussian noise; not, where most of them are one.
    """
    rounds = -(-n // len(X))
    order = np.argsort(rng.uniform(size=(rounds, *X.shape)), axis=1).reshape(-1, X.shape[1])
    values = np.take_along_axis(X, order[:n], axis=0).astype(np.float64)
    # Halves, whose difference does not overflow; of a tail of outliers they know nothing.
    low, high = np.percentile(X / 2, [25, 75], axis=0)
    width = 0.9 * np.minimum(X.std(axis=0, dtype=np.float64), 2 * (high - low) / 1.34)
    return values + width * len(X) ** -0.2 * rng.normal(size=values.shape)


def first_rate(size, force, start, target, move, optimizer, init, seed):
    """The step with which points move by ``move``, root mean square, at first.

    ``size(points)`` is what they move by per unit of it. Where the mean of a start is not
    that of the target, all points are pulled alike and hard, for as long as that takes, and
    what is left then is far less: a step by that force would be too short for ever. So it
    is that of noise like the target, unless it would carry the start beyond its mean: at
    once, or with momentum by all the steps that a force leads to. Nor may it carry the
    target's copy, beside it by a tenth of its spread, `OVERSHOT` times as far back. Adam's
    updates are of one size whatever the force: for points given as ``init`` that are near
    the target, where ``force(points)`` is less than that of noise, so is its step.
    """
    drawn = isinstance(init, str)
    if (drawn and init == "gaussian") or not varies(target):
        moves = [(start, move)]
    else:
        noise = noise_like(target, len(start), np.random.RandomState(seed))
        if optimizer == "adam" and not drawn:
            left, of_noise = float(force(start)), float(force(noise))
            move *= left / of_noise if 0 < left < of_noise else 1.0
        gap = start.mean(axis=0) - target.mean(axis=0)
        reach = FIRST_OF_ALL.get(optimizer, 1.0) * float(np.sqrt(np.mean(gap**2)))
        moves = [(noise, move), (start, max(move, reach))]
    if optimizer != "adam" and varies(target):
        moves.append(_beside(target, len(start), np.random.RandomState(seed)))
    sizes = [(float(size(points)), step) for points, step in moves]
    # Points that nothing moves are where they belong, but for rounding.
    return min((step / moved for moved, step in sizes if moved > 0), default=move)


def _beside(target, n, rng):
    """n points of the target, moved together in a random direction, and how far at most."""
    direction = rng.normal(size=target.shape[1])
    unit = np.sqrt(np.mean(direction**2))
    off = OFF * float(np.sqrt(np.mean((target - target.mean(axis=0)) ** 2)))
    copy = np.resize(target[rng.permutation(len(target))], (n, target.shape[1]))
    return (copy + off * direction / unit).astype(target.dtype), OVERSHOT * off


def check_n_samples(n_samples):
    """Raise unless it is an integer of at least 1."""
    if not isinstance(n_samples, Integral) or n_samples < 1:
        raise ValueError(f"n_samples must be an integer of at least 1, got {n_samples}.")


def check_one_each(n_samples, n_given):
    """Raise where the number of samples is not that of the rows of which some is given."""
    if n_samples not in (1, n_given):
        raise ValueError(
            f"n_samples={n_samples}, and given has {n_given} rows, one for each that is "
            "wanted. Leave n_samples out."
        )


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
