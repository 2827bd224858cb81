"""ParticleFlowGenerator: a cloud that descends what its discriminator says."""

import math
from copy import copy
from dataclasses import replace
from numbers import Integral, Real

import jax
import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin, _fit_context, clone
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skgantk._flat import check_flat
from skgantk._numerics.memory import check_memory
from skgantk._numerics.precision import finite, float64_scope, unseen
from skgantk._numerics.sizes import fill
from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.discriminators._adversary import KernelAdversary
from skgantk.discriminators._base import restored_on_error
from skgantk.discriminators._carry_over import CarryOver
from skgantk.discriminators._dual import self_gram, storage
from skgantk.generators import _flow
from skgantk.generators._base import (
    FAR,
    FLOATS,
    TOLERATED,
    BaseGenerator,
    check_discriminator,
    check_loss,
    check_n_samples,
    first_rate,
    noise_like,
    to_numpy,
    varies,
)
from skgantk.generators._callbacks import preparing
from skgantk.kernels._convert import as_definite_core

# Movement in the first step, in spreads of the data, for learning_rate="auto". Adam's
# steps do not shrink with the force.
FIRST_MOVE = {"gradient": 0.1, "momentum": 0.02, "adam": 0.01}


class ParticleFlowGenerator(OneToOneFeatureMixin, TransformerMixin, BaseGenerator):
    r"""Samples by moving a cloud of particles onto data, against a trained discriminator.

    From noise, every particle x takes steps ([1]_ Eq. 12)

    .. math::

        x \leftarrow x - \eta \nabla (c \circ f)(x),

    f the discriminator of infinite width, trained in closed form on the particles as
    fake and the data as real points, anew at every step. With the IPM loss this is the
    gradient flow of an MMD with the NTK. There is no network to tune and nothing to
    balance; the flow ends in the data itself, so see ``early_stopping``.

    Parameters
    ----------
    discriminator : discriminator, default=None
        Any of `skgantk.discriminators`; `NTKIPMDiscriminator()` if None.
    learning_rate : float or "auto", default="auto"
        The step η > 0, per particle. "auto" is such that the particles move by a tenth
        of the data's spread in the first step (a hundredth with "adam", a fiftieth with
        "momentum") if they start as "gaussian" noise, and that step for other starts, or
        less if it would carry them beyond the mean of the data or a cloud like the data,
        but off as a whole, well beyond where it belongs, or, with "adam", if points
        given as ``init`` are near the data already. With a ``generator_kernel`` the start
        itself counts.
    decay : bool, default=False
        Whether η falls linearly to 0 until ``max_iter``. With a constant step the
        particles end in an oscillation about the data, as wide as η allows, because the
        kernel of a ReLU network has a cusp.
    optimizer : {"gradient", "momentum", "adam"}, default="gradient"
        How the gradient becomes a step: as it is, with momentum 0.9, or Adam.
    max_iter : int, default=1000
        Number of steps.
    tol : float, default=0.0
        The flow stops when training the discriminator gains less than this (see
        ``loss_curve_``); checked every ``check_every`` steps. With 0 it never does.
    early_stopping : bool, default=False
        Whether to hold out some of the data and to keep the last particles that are no
        copies: whose median distance to the data they learn from is at least 0.6 of what
        it is for those held out. A converged flow copies its training points.
    validation_fraction : float, default=0.2
        Share of the data held out for ``early_stopping``.
    n_iter_no_change : int, default=10
        Checks of copies alone after which ``early_stopping`` ends the flow.
    check_every : int, default=10
        Steps between two checks: of the loss, for early stopping, snapshots, callbacks
        and the progress bar. Steps in between run in one compiled loop.
    n_particles : int, default=None
        Number of particles; as many as data if None.
    init : str, array-like (n_particles, n_features) or callable, default="gaussian"
        Where particles start: "gaussian", noise with the mean and the standard deviation of
        each feature; "marginals", independent features that are distributed as those of the
        data (their values in random order, with the noise of a kernel density estimate);
        "normal", standard normal noise; "uniform", noise in ``bounds`` (without: in the
        range of each feature); the points given; or ``init(n, random_state)``, which
        returns n points.
    batch_size : int, default=None
        Points of either cloud, drawn afresh at each step, that the discriminator is
        trained on; all if None. Steps and checks then take time linear in the particles.
    noise : float, default=0.0
        Standard deviation β of noise added to particles where the gradient is taken, not
        to the particles ([2]_ Eq. 14).
    bounds : tuple (low, high), default=None
        Box in which particles are kept: two numbers, or two arrays (n_features,). The
        data must lie in it.
    generator_kernel : Kernel, default=None
        k_g, the NTK of a generator network of infinite width, x = g(z) with z where a
        particle began ([1]_ Prop. 3). The force on a particle is then the mean of those
        on all particles, weighted by k_g: particles of near z move together. If None,
        every particle moves by itself (k_g = n δ).
    carry_over : bool or int, default=False
        Whether the discriminator goes on from what it was after the step before, instead
        of from ``initial`` ([1]_ Eq. 83). It is then a kernel sum over all clouds of the
        past, and a step takes the longer the more there are; with an int at most so many
        past points are kept, and beyond that the sum is projected on half of them, with
        the error ``carry_over_error_``. At least twice as many as particles.
    n_snapshots : int, default=0
        Number of checks, evenly spaced from the start to the last, at which the particles
        are kept in ``snapshots_``; all if there are fewer, and only the start for 1. A
        flow that stops early ends in a snapshot too, and one that goes on with
        ``warm_start`` adds its own.
    warm_start : bool, default=False
        Whether `fit` goes on from the particles where it was, until ``max_iter`` steps in
        all.
    verbose : bool or int, default=0
        Whether to show a progress bar with the current loss.
    random_state : int, RandomState instance or None, default=None
        Of the start, batches, noise and held-out points.

    Attributes
    ----------
    particles_ : ndarray of shape (n_particles, n_features)
        The cloud in the end.
    discriminator_ : discriminator
        The last discriminator, fitted on the particles and the data, or on a batch.
    loss_curve_ : list of float
        What training gained, L(f_τ) - L(f₀), at every check, the start being the first:
        a distance of the two clouds (or batches), 0 if they are the same; τ MMD² for the
        IPM loss.
    loss_iter_ : list of int
        Steps of the checks, the start being 0.
    validation_curve_ : list of float
        With ``early_stopping``, the energy distance to the held-out points.
    n_iter_ : int
        Number of steps that led to ``particles_``.
    learning_rate_ : float
        The η used.
    snapshots_ : ndarray of shape (n_kept, n_particles, n_features)
        Particles at the steps ``snapshot_iter_``, the start being the first; with
        ``n_snapshots``.
    snapshot_iter_ : ndarray of shape (n_kept,)
        Steps of the snapshots.
    carry_over_error_ : float
        With ``carry_over``, a bound on the RKHS norm of what was lost by projections; times
        √k(x, x) it bounds the error of f(x). 0 if nothing was projected.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the input is not finite, ``init``, ``bounds`` or ``carry_over`` do not fit it
        (data, or points given as ``init``, outside of ``bounds`` included),
        ``carry_over`` is asked for with a discriminator of finite width, or
        ``generator_kernel``, or the kernel that ``carry_over`` projects with, is only
        conditionally positive definite.
    MemoryError
        If the clouds of all steps cannot fit into memory for ``carry_over=True``.

    Warns
    -----
    ConvergenceWarning
        If the particles run away, because the step is too large: they are left where
        they were last near the data.
        Also if the discriminator misses its tolerance at a check.

    See Also
    --------
    NTKIPMDiscriminator, NTKLSGANDiscriminator, NTKGANDiscriminator : Discriminators.

    Notes
    -----
    float32 data are computed in float32, all else in float64. What is recorded is the
    start of each `fit`; `transform` runs the flow again from there, with the new points
    as passengers, so that its memory does not grow with the number of steps.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.
    .. [2] Arbel, Korba, Salim, Gretton, "Maximum mean discrepancy gradient flow",
       NeurIPS 2019.

    Examples
    --------
    >>> from skgantk.datasets import make_eight_gaussians
    >>> from skgantk.generators import ParticleFlowGenerator
    >>> X, _ = make_eight_gaussians(100, random_state=0)
    >>> flow = ParticleFlowGenerator(max_iter=200, random_state=0).fit(X)
    >>> flow.loss_curve_[-1] < 0.01 * flow.loss_curve_[0]
    True
    >>> flow.sample(5).shape
    (5, 2)
    """

    _tolerated = TOLERATED

    _parameter_constraints: dict = {
        **BaseGenerator._parameter_constraints,
        "discriminator": "no_validation",  # but by check_discriminator
        "learning_rate": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_particles": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "noise": [Interval(Real, 0, None, closed="left")],
        "generator_kernel": [Kernel, None],
        "carry_over": ["boolean", Interval(Integral, 2, None, closed="left")],
        "n_snapshots": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        discriminator=None,
        *,
        learning_rate="auto",
        decay=False,
        optimizer="gradient",
        max_iter=1000,
        tol=0.0,
        early_stopping=False,
        validation_fraction=0.2,
        n_iter_no_change=10,
        check_every=10,
        n_particles=None,
        init="gaussian",
        batch_size=None,
        noise=0.0,
        bounds=None,
        generator_kernel=None,
        carry_over=False,
        n_snapshots=0,
        warm_start=False,
        verbose=0,
        random_state=None,
    ):
        self.discriminator = discriminator
        self.learning_rate = learning_rate
        self.decay = decay
        self.optimizer = optimizer
        self.max_iter = max_iter
        self.tol = tol
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.check_every = check_every
        self.n_particles = n_particles
        self.init = init
        self.batch_size = batch_size
        self.noise = noise
        self.bounds = bounds
        self.generator_kernel = generator_kernel
        self.carry_over = carry_over
        self.n_snapshots = n_snapshots
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _validate_params(self):
        check_discriminator(self.discriminator, type(self).__name__, None)
        super()._validate_params()

    @_fit_context(prefer_skip_nested_validation=False)
    @float64_scope
    def fit(self, X, y=None):
        """Move the particles onto X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The data; images flattened, channels last.
        y : None
            Ignored.

        Returns
        -------
        self : object
            Fitted. If the fit is interrupted, it is left as it was at the last check,
            and ``warm_start`` goes on from there.
        """
        goes_on = self.warm_start and hasattr(self, "_state")
        with restored_on_error(self), preparing(self):
            X = self._validated(X, reset=not goes_on)
            if not goes_on:
                self._reset(X)
            target, held_out = self._split(X)
            if goes_on:
                flow = self._flow(target, self._particles(self._state))
                state = flow.resume(self._state)
            else:
                flow = self._flow(target, self._start)
                state = flow.start(self._filled(self._start))
            self._runs = [*self._runs, (flow, to_numpy(state))]
            if not goes_on:
                self._check(flow, state, target, held_out)
        self._run(
            X,
            state,
            lambda state, n: self._advance(flow, state, n),
            lambda state: self._check(flow, state, target, held_out),
        )
        return self

    def _reset(self, X):
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        self._seed, self._runs, self._stale, self._state = int(seed), [], 0, None
        self._reported = None
        self._start = self._noise(X, self._n_particles(X), np.random.RandomState(seed))
        self.n_iter_, self.loss_curve_, self.validation_curve_ = 0, [], []
        self.loss_iter_ = []
        self._snapshots = []
        for name in ("snapshots_", "snapshot_iter_", "carry_over_error_"):
            vars(self).pop(name, None)  # of other parameters

    def _n_particles(self, X):
        if self.n_particles is not None:
            return self.n_particles
        return len(X) if self._draws_noise else len(self.init)

    def _filled(self, cloud):
        """With what fills it up; what is carried over is not filled."""
        return cloud if self.carry_over else fill(cloud)

    def _particles(self, state):
        """Without what fills them up."""
        return state.particles[: len(self._start)]

    def _report(self, flow, points):
        """The `Report` of a start."""
        return _flow.report(flow, flow.start(self._filled(points)))

    def _advance(self, flow, state, n_steps):
        state, self._reported = _flow.advance(flow, state, n_steps)
        return state

    def _flow(self, target, particles):
        """The `Flow` of the parameters, its discriminator's included."""
        centre = target.mean(axis=0)
        extent = max(np.abs(particles - centre).max(), np.abs(target - centre).max())
        spread = np.sqrt(np.mean((target - centre) ** 2)) if varies(target) else extent
        generator = None
        if self.generator_kernel is not None:
            core = as_definite_core(self.generator_kernel, "generator_kernel")
            start = self._filled(self._start)
            generator = self_gram(core, start, storage(core, start, "if it fits"))
        adversaries = self._adversaries(target, len(particles))
        flow = _flow.Flow(
            adversary=adversaries[0],
            generator=generator,
            target=self._filled(target),
            counts=np.array([len(self._start), len(target)]),
            bounds=self._box(target),
            learning_rate=1.0,
            decay=float(self.decay),
            max_iter=float(self.max_iter),
            noise=float(self.noise),
            centre=centre,
            radius=float(FAR * extent) or 1.0,
            unit=1.0,
            seed=self._seed,
            optimizer=self.optimizer,
            batch_size=self.batch_size,
            noisy=self.noise > 0,
        )
        for adversary in adversaries:
            flow = replace(flow, adversary=adversary)
            if len(adversaries) == 1 or self._report(flow, particles).gain.converged:
                break
        flow = replace(flow, unit=self._unit(flow))
        return replace(flow, learning_rate=self._rate(flow, spread))

    def _adversaries(self, target, n_particles):
        d = self.discriminator
        d = NTKIPMDiscriminator() if d is None else clone(d)
        previous = self._runs[-1][0].adversary if self._runs else None
        if isinstance(previous, CarryOver):
            previous = previous.adversary
        adversaries = d._adversaries(target.shape[1], target.dtype, previous)
        self._prototype = d
        whole = self.batch_size is None
        if not self.carry_over:
            if whole:
                real = self._filled(target), len(target)
                adversaries = [a.prepared(*real) for a in adversaries]
            return adversaries
        if not isinstance(adversaries[0], KernelAdversary):
            raise ValueError(
                "carry_over is for discriminators of infinite width; "
                f"{type(d).__name__} goes on from where it was with warm_start=True."
            )
        if not adversaries[0].trainer.starts:
            raise ValueError(
                "carry_over is for discriminators that are trained for a time; a "
                f"{type(d).__name__} is the best there is at every step, whatever the one "
                "before. Leave carry_over at False."
            )
        sizes = [n_particles, 0 if whole else len(target)]
        size = sum(sizes if whole else (min(self.batch_size, n) for n in sizes))
        slots = self._slots(size, target)
        compressed = slots < self.max_iter
        if compressed:
            as_definite_core(d.kernel_, "carry_over, where it projects the past,")
        return [CarryOver(a, target, slots, size, whole, compressed) for a in adversaries]

    def _slots(self, size, target):
        """Number of past clouds that are kept."""
        slots = self.max_iter
        if not isinstance(self.carry_over, bool | np.bool_):
            slots = min(slots, self.carry_over // size)
            if slots < min(2, self.max_iter):
                raise ValueError(
                    "carry_over must be at least twice the number of points that each step "
                    f"adds, {size}; got {self.carry_over}."
                )
        used = int(getattr(self._state.memory, "used", 0)) if self._state else 0
        n_bytes = 2 * slots * size * (target.shape[1] + 1) * target.itemsize
        if slots < self.max_iter:  # K of all points with the half that projections keep
            n_bytes += 8 * (slots * size) ** 2  # twice, in float64
        check_memory(
            n_bytes,
            f"The {slots} clouds of the past that carry_over keeps",
            "Give carry_over the number of points to keep, or a smaller one.",
        )
        return max(slots, used)

    def _unit(self, flow):
        """That of Adam: of the first velocity of the start, or of noise if it has none."""
        if self.optimizer != "adam":
            return 1.0
        if self._runs and self._stepping[0] == "adam":
            return self._runs[-1][0].unit
        target = flow.target[: flow.counts[1]]
        noise = noise_like(target, len(self._start), np.random.RandomState(self._seed))
        sizes = (self._report(flow, cloud).force for cloud in (self._start, noise))
        return next((1 / float(size) for size in sizes if size > 0), 1.0)

    def _rate(self, flow, spread):
        if self._runs and self._stepping == (self.optimizer, self.learning_rate):
            return self.learning_rate_
        self._stepping = self.optimizer, self.learning_rate
        if self.learning_rate != "auto":
            self.learning_rate_ = float(self.learning_rate)
        else:
            self.learning_rate_ = first_rate(
                lambda points: self._report(flow, points).update,
                lambda points: self._report(flow, points).force,
                self._start,
                flow.target[: flow.counts[1]],
                FIRST_MOVE[self.optimizer] * float(spread),
                self.optimizer,
                # With k_g forces are averaged by where the particles start: that counts.
                "gaussian" if flow.generator is not None else self.init,
                self._seed,
            )
        return self.learning_rate_

    def _check(self, flow, state, target, held_out):
        """Take over the state; return whether the flow may stop."""
        if self._reported is None:
            self._reported = _flow.report(flow, state)
        loss, objective, solution, sample, converged = to_numpy(self._reported.gain)
        self._reported = None
        check_loss(loss)
        state = to_numpy(state)
        step, particles = int(state.step), self._particles(state)
        nearest, stop = self._judge(particles, target, held_out)
        # Rounding, or a network's step too far, may make a gain negative.
        stop = bool(stop or state.diverged or abs(loss) < self.tol)
        self._state = state
        self.loss_curve_ = [*self.loss_curve_, float(loss)]
        self.loss_iter_ = [*self.loss_iter_, step]
        if self._keeps(step, stop):
            self._snapshots = [*self._snapshots, (step, particles)]
            self.snapshot_iter_ = np.array([step for step, _ in self._snapshots])
            self.snapshots_ = np.stack([particles for _, particles in self._snapshots])
        if not converged:
            self._unmet = True
        if nearest:
            self.particles_, self.n_iter_ = particles, step
            self.discriminator_ = copy(self._prototype)
            self.discriminator_._adopt(
                to_numpy(flow.adversary.function(solution, state.memory)),
                sample,
                flow.adversary.loss,
                float(objective),
                particles.shape[1],
            )
            if self.carry_over:
                self.carry_over_error_ = float(state.memory.error)
        return stop

    def _keeps(self, step, stop):
        """Whether a check is the last, or of ``n_snapshots`` from the first to the last."""
        if not self.n_snapshots or step in (kept for kept, _ in self._snapshots):
            return False
        n_checks = math.ceil(self.max_iter / self.check_every)
        checks = np.linspace(0, n_checks, min(self.n_snapshots, n_checks + 1)).round()
        steps = np.minimum(checks.astype(int) * self.check_every, self.max_iter)
        return stop or step in steps

    @property
    def _cloud(self):
        return self.particles_

    @float64_scope
    def sample(self, n_samples=1, random_state=None, given=None, fresh=False):
        """Draw points of the learned distribution, at first the particles.

        Parameters
        ----------
        n_samples : int, default=1
            Up to the number of particles they are drawn from those, without
            replacement, so that two calls overlap; for more, fresh noise is transformed.
            Such points come to the modes, but not in their shares (see `transform`): for
            many samples take as many particles.
        random_state : int, RandomState instance or None, default=None
            Of the draw; None draws afresh at every call.
        given : array-like of shape (n_samples, n_features), default=None
            What is given of each sample, NaN where it is free. It comes back to the bit,
            with the rest drawn from its law given that: samples near to it are moved onto
            it by linear regression (Beaumont, Zhang and Balding, Genetics 2002).
        fresh : bool, default=False
            Draw none of the particles, so that points are others than those of any call
            with another ``random_state``: all are fresh noise, transformed.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        check_n_samples(n_samples)
        if given is not None:
            return self._with_given(given, n_samples, random_state, fresh=fresh)
        rng = check_random_state(random_state)
        n = len(self.particles_)
        if n_samples <= n and not fresh:
            return self.particles_[rng.permutation(n)[:n_samples]]
        self._check_draws_noise(
            "give transform the points to start from, or init a callable"
        )
        flow, kept = self._runs[-1][0], self.particles_[: 0 if fresh else n]
        target = flow.target[: flow.counts[1]]
        noise = self._noise(target, n_samples - len(kept), rng)
        return np.concatenate([kept, self._moved(noise)])

    def transform(self, X):
        """Carry new points along the flow, from its start to ``particles_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points to start from, as drawn by ``init``. One that equals the start of a
            particle is that particle.

        Returns
        -------
        X_moved : ndarray of shape (n_samples, n_features)

        Notes
        -----
        The flow is run again, so it takes about as long as `fit` did.

        New points follow without acting on the others. Particles share the modes out among
        them because they repel each other; nothing does so for new points, which come to
        the modes but not in their shares.
        """
        check_is_fitted(self)
        check_flat(X, type(self).__name__)
        return self._moved(validate_data(self, X, dtype=FLOATS, reset=False))

    @float64_scope
    def _moved(self, X):
        start = self._particles(self._runs[0][1])
        X = X.astype(start.dtype)
        known = {row.tobytes(): moved for row, moved in zip(start, self.particles_)}
        moved = np.array([known.get(row.tobytes(), np.full_like(row, np.nan)) for row in X])
        new = np.isnan(moved[:, 0])
        if new.any():
            moved[new] = self._carry(X[new])
        return finite(moved, "The flow", stacklevel=6)

    def _carry(self, points):
        passengers, filled = None, self._filled(points)
        ends = [int(state.step) for _, state in self._runs[1:]] + [self.n_iter_]
        for (flow, state), end in zip(self._runs, ends):
            boarding = flow.board(unseen(filled))
            if passengers is None:
                passengers = boarding
            elif jax.tree.structure(passengers.optimizer) != jax.tree.structure(
                boarding.optimizer
            ):
                passengers = passengers._replace(optimizer=boarding.optimizer)
            steps = max(min(end, self.n_iter_) - int(state.step), 0)
            state = state._replace(passengers=passengers)
            state, _ = _flow.advance(flow, state, steps)
            passengers = state.passengers
        return np.array(passengers.points)[: len(points)]
