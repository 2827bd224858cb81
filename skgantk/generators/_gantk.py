"""GANTKSynthesizer: data from one hyperparameter."""

import math
import warnings
from dataclasses import replace
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import check_is_fitted

from skgantk._numerics import operators
from skgantk._numerics.memory import check_memory
from skgantk._numerics.precision import float64_scope
from skgantk._numerics.sizes import fill
from skgantk.discriminators._base import restored_on_error
from skgantk.generators import _synthesis
from skgantk.generators._base import (
    FAR,
    TOLERATED,
    StandardizingGenerator,
    check_loss,
    check_n_samples,
    first_rate,
    noise_like,
    to_numpy,
    varies,
)
from skgantk.generators._callbacks import preparing
from skgantk.generators._copies import closeness_among, share_of_copies
from skgantk.generators._gantk_settings import algorithm_1, fitted_kernel, warn_of_dimming
from skgantk.generators._parallel import parallel
from skgantk.kernels._convert import as_definite_core
from skgantk.metrics import energy_distance

# For batch_size="auto": the largest group with which rows times rows of a group, to which a
# step's time is proportional, are at most PAIRS, and beyond that the smallest. Larger ones
# are better: in one discriminator, 1000 rows of adult are told from fresh ones with an AUC
# of .58, in groups of 192 with .75; those of red wine with .57 and .63.
GROUPS, PAIRS = (1024, 768, 512, 384, 256, 192), 2**20
# Movement in the first step, in spreads of the data, for learning_rate="auto".
FIRST_MOVE = {"gradient": 0.1, "momentum": 0.02, "adam": 0.1}
# λ tr(K), which bounds λ λ_max(K), up to which float32 will do: D is wrong by its rounding,
# 6e-8, times as much at worst; with RBF by 5e-9 times as much. Tables need 3e2 to 9e4.
AMPLIFIED = 5e5
JUDGED = 1000  # samples at most of which a warning judges the distance to the data


class GANTKSynthesizer(StandardizingGenerator):
    r"""Synthetic data that a discriminator of infinite width takes for real (GA-NTK).

    A discriminator D, an ensemble of infinitely wide networks trained on data X and
    synthetic points Z for a time λ, is known in closed form ([1]_ Eq. 3),

    .. math::

        D(X, Z) = (I - e^{-\lambda k(X \oplus Z, X \oplus Z)})\, y.

    So Z is found by one minimisation, with gradients through kernel and exponential: of
    how far D is higher on data than on synthetic points, labelled ±1, or of
    :math:`\|1 - D\|^2`, labelled 1 and 0 ([1]_ Eq. 4). No second player, no network, and
    one hyperparameter, which is found too. It works on any numeric table as it is.

    Parameters
    ----------
    kernel : Kernel, default=None
        A kernel of `skgantk.kernels`, or one of scikit-learn's that `as_core` knows. If
        None, that of [1]_'s fully connected network: ``NTK(depth=2, weight_std=1.4615**0.5,
        bias_std=1.0, output_bias=True)``; without ``standardize`` its ``bias_std`` is
        [1]_'s, 0.1**0.5, in units of the greatest entry of X, which is 1 for pixels in
        [0, 1], so that any scale will do. A kernel that has decayed to 0 between a point's
        start and the data, as ``RBF(0.1)`` has, leaves the point there.
    lam : float or "auto", default="auto"
        λ > 0. "auto" is Algorithm 1 of [1]_, `search_lambda`: as long as D needs to tell
        the data from noise up to ``epsilon``, Gaussian noise with the mean and standard
        deviation of each feature, wherever the points start; but at most 1e6/λ_max(K),
        which smooth kernels may reach before.
    epsilon : float, default=0.02
        The residual of Algorithm 1, between 0 and 0.5. The less, the sharper is D. [1]_
        uses 1e-3 to 1e-2, for images; on tables in tight clusters, points may then be left
        between them. Where data are split into groups, it is multiplied by the share of
        the data that a group has: the points see all of them, one group after another.
    continuation : bool, default=True
        Whether λ rises to its value from a hundredth of it, or from 1/2 over the mean of
        k(x, x) if that is less, during the first 0.7 of the steps: points spread over
        the whole before they turn to details. [1]_ does not: a sharp D knows a point that
        lies apart for what it is, and its gradient vanishes there, so that some points, or
        images, may stay the noise that they were.
    objective : {"gap", "squared_error", "cross_entropy"}, default="gap"
        What to minimise:

        - "gap": half the difference of the means of D over data and over synthetic points,
          labelled ±1, which is 0 where they are equal; with a tenth of the squared MMD of
          the kernel, in units of what it is between two samples of one law.
        - "squared_error": [1]_ Eq. 4. It attracts points to data and does not keep them
          apart: samples spread less than the data, the more so the more rows there are.
        - "cross_entropy": that of D's two outputs, fake and real, as logits, as in the
          code of [1]_.
    similarity_penalty : float, default=0.5
        Weight of a penalty on copies: by how much points are nearer to data than data are
        to one another, in the mean of (1 - distance/r)² over the points nearer than r to
        their nearest datum, r being 1.2 times the usual distance of two neighbouring data.
        The minimum of every objective alone is Z = X. 0 leaves it out.
    standardize : bool, default=True
        Whether features are centred and scaled to variance 1 before all else; samples are
        scaled back. Not for images, where pixels have one scale: see `ImageSynthesizer`.
    optimizer : {"gradient", "momentum", "adam"}, default="adam"
        How the gradient becomes a step: as it is (as in [1]_), with momentum 0.9, or Adam.
    learning_rate : float or "auto", default="auto"
        The step, in units of the standardised data if they are. "auto" is such that the
        points move by a tenth of the data's spread in the first step (a fiftieth with
        "momentum") if they start as "gaussian" noise, and that step for other starts, or
        less if it would carry them beyond the mean of the data or, with "adam", if points
        given as ``init`` are near the data already.
    decay : bool, default=True
        Whether the step falls linearly to 0 until ``max_iter``.
    max_iter : int, default=150
        Number of steps.
    batch_size : int or "auto", default="auto"
        Rows of X, and of Z, that one discriminator sees. Beyond it, both are split at
        random, anew at each step, into groups with a discriminator each (batch-wise
        GA-NTK [1]_). "auto" is all rows up to 1024, fewer of more, and 192 from 4097 on.
    early_stopping : bool, default=False
        Whether to hold out some of the data and to keep the last points that are no
        copies: whose median distance to the data they learn from is at least 0.6 of what
        it is for those held out.
    validation_fraction : float, default=0.2
        Share of the data held out for ``early_stopping``.
    n_iter_no_change : int, default=10
        Checks of copies alone after which ``early_stopping`` ends the fit.
    check_every : int, default=10
        Steps between two checks: for early stopping, callbacks and the progress bar.
        Steps in between run in one compiled loop.
    init : str, array-like of shape (n_points, n_features) or callable, default="marginals"
        Where points start: "marginals", independent features that are distributed as those
        of the data (their values in random order, with the noise of a kernel density
        estimate); "gaussian", noise with the mean and the standard deviation of each
        feature; "normal", standard normal noise; "uniform", noise in ``bounds``
        (without: in the range of each feature); the points given; or
        ``init(n, random_state)``, which returns n points.
    bounds : tuple (low, high), default=None
        Box in which points are kept: two numbers, or two arrays (n_features,). The data
        must lie in it.
    n_jobs : int, default=None
        Number of problems that `sample` solves at once, through joblib: with its "loky"
        and "threading" back ends, Dask and Ray. "multiprocessing" forks the process, under
        which JAX stands still, and is refused.
    warm_start : bool, default=False
        Whether `fit` goes on from the points where it was, until ``max_iter`` steps in
        all. Another ``optimizer`` begins there without memory.
    verbose : bool or int, default=0
        Whether to show a progress bar with the current loss.
    random_state : int, RandomState instance or None, default=None
        Of the start, batches and held-out points.

    Attributes
    ----------
    samples_ : ndarray of shape (n_points, n_features)
        The synthetic points, as many as data.
    lam_ : float
        The λ used, with ``batch_size`` points of each kind.
    kernel_ : Kernel
        The kernel used.
    loss_curve_ : list of float
        The objective, a mean over data and synthetic points, with the penalty, at ``lam_``:
        at the start and at every check.
    loss_iter_ : list of int
        Steps of the checks, the start being 0.
    validation_curve_ : list of float
        With ``early_stopping``, the energy distance to the held-out points.
    learning_rate_ : float
        The step used.
    n_iter_ : int
        Number of steps that led to ``samples_``.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the input is not finite, ``init`` or ``bounds`` do not fit it (data, or points
        given as ``init``, that lie outside of ``bounds`` included), ``epsilon`` is
        not less than the residual before training, the kernel of data that are not
        standardised overflows, or it is only conditionally positive definite.
    MemoryError
        If the Gram matrix of one discriminator cannot fit; choose a ``batch_size``.

    Warns
    -----
    UserWarning
        If most samples are copies of data; if the kernel is so nearly homogeneous on the
        data that an objective other than "gap" is less at dimmed copies of them; if the
        samples end further from the data than Gaussian noise of their mean and standard
        deviation.
    ConvergenceWarning
        If the points run away, because the step is too large: they are left where they
        were last near the data.

    See Also
    --------
    search_lambda : Algorithm 1.
    GeometricSearchCV : Algorithm 2, for what Algorithm 1 leaves to be tuned.
    SamplingPipeline : Preprocessing whose samples come back through it.
    ParticleFlowGenerator : Points that descend a discriminator held fixed at each step.

    Notes
    -----
    Steps are computed in float32 where data are float32, or are standardised and λ is not
    so great that it would amplify its rounding, as it is for smooth kernels; λ and all else
    in float64. The discriminator separates
    best at λ in units of 1/λ_max(K), which Algorithm 1 takes care of; for a grid search
    vary ``epsilon``, or ``lam`` about a fitted ``lam_``.

    References
    ----------
    .. [1] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skgantk.generators import GANTKSynthesizer
    >>> X = load_iris().data
    >>> synthesizer = GANTKSynthesizer(random_state=0).fit(X)
    >>> synthesizer.sample(100).shape
    (100, 4)
    """

    _tolerated = TOLERATED

    _parameter_constraints: dict = {
        **StandardizingGenerator._parameter_constraints,
        "kernel": [Kernel, None],
        "lam": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "epsilon": [Interval(Real, 0, 0.5, closed="neither")],
        "continuation": ["boolean"],
        "objective": [StrOptions(set(_synthesis.OBJECTIVES))],
        "similarity_penalty": [Interval(Real, 0, None, closed="left")],
        "learning_rate": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        kernel=None,
        lam="auto",
        *,
        epsilon=0.02,
        continuation=True,
        objective="gap",
        similarity_penalty=0.5,
        standardize=True,
        optimizer="adam",
        learning_rate="auto",
        decay=True,
        max_iter=150,
        batch_size="auto",
        early_stopping=False,
        validation_fraction=0.2,
        n_iter_no_change=10,
        check_every=10,
        init="marginals",
        bounds=None,
        n_jobs=None,
        warm_start=False,
        verbose=0,
        random_state=None,
    ):
        self.kernel = kernel
        self.lam = lam
        self.epsilon = epsilon
        self.continuation = continuation
        self.objective = objective
        self.similarity_penalty = similarity_penalty
        self.standardize = standardize
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.decay = decay
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.check_every = check_every
        self.init = init
        self.bounds = bounds
        self.n_jobs = n_jobs
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    @property
    def _cloud(self):
        return self.samples_

    @_fit_context(prefer_skip_nested_validation=False)
    @float64_scope
    def fit(self, X, y=None):
        """Synthesise as many points as X has.

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
            target, held_out = self._split(self._scaled(X))
            start = self._samples(self._state) if goes_on else self._start
            synthesis = self._synthesis(target, start)
            state = self._state if goes_on else synthesis.start(start)
            if goes_on and self._problem.optimizer != self.optimizer:
                state = state._replace(optimizer=synthesis.start(start).optimizer)
            state = state._replace(diverged=np.zeros((), bool))
            if not goes_on:
                self._check(synthesis, state, target, held_out)
        self._run(
            X,
            state,
            lambda state, n: _synthesis.advance(synthesis, state, n),
            lambda state: self._check(synthesis, state, target, held_out),
        )
        self._warn_of_copies(X)
        # The biases of this kernel are not small, and the gap is least at the data.
        known = (self.kernel is None and self.standardize) or self.objective == "gap"
        batch = self._batch_size(len(target))
        if known or not warn_of_dimming(synthesis.core, target, self.lam_, batch):
            self._warn_of_distance(X)
        return self

    def _reset(self, X):
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        self._seed, self._stale, self._state = int(seed), 0, None
        self._fit_scaler(X)
        n = len(X) if self._draws_noise else len(self.init)
        self._start = self._scaled(self._noise(X, n, np.random.RandomState(seed)))
        self.kernel_ = fitted_kernel(self.kernel, self._scaled(X), self.standardize)
        self.n_iter_, self.loss_curve_, self.validation_curve_ = 0, [], []
        self.loss_iter_ = []

    def _synthesis(self, target, start):
        core = as_definite_core(self.kernel_, type(self).__name__)
        batch = self._batch_size(max(len(target), len(start)))
        self._check_memory(min(batch, len(target)) + min(batch, len(start)), target)
        centre = target.mean(axis=0)
        extent = max(np.abs(start - centre).max(), np.abs(target - centre).max())
        spread = np.sqrt(np.mean((target - centre) ** 2)) if varies(target) else extent
        reach, closeness = closeness_among(target)
        lam, max_iter = self._lam(core, target, batch), float(self.max_iter)
        dtype = self._dtype(core, target, lam, batch)
        sharpness = _synthesis.Sharpness(lam, 1.0, max_iter)
        if self.continuation:
            sharpness = _synthesis.rising(core, target, lam, max_iter)
        synthesis = _synthesis.Synthesis(
            core=core,
            target=fill(target.astype(dtype)),
            counts=np.array([len(target), len(start)]),
            sharpness=sharpness,
            bounds=self._box_in(dtype, target),
            learning_rate=1.0,
            decay=float(self.decay),
            max_iter=max_iter,
            penalty=float(self.similarity_penalty),
            spacing=reach or 1.0,
            closeness=closeness,
            centre=centre.astype(dtype),
            radius=float(FAR * extent) or 1.0,
            unit=(float(spread) or 1.0) if self.optimizer == "adam" else 1.0,
            seed=self._seed,
            objective=self.objective,
            optimizer=self.optimizer,
            n_groups=-(-max(len(target), len(start)) // batch),
            penalised=self.similarity_penalty > 0 and reach > 0,
        )
        if self._state is None or self._stepping != (self.optimizer, self.learning_rate):
            self._stepping = self.optimizer, self.learning_rate
            self.learning_rate_ = self._rate(synthesis, self._start, spread)
        return replace(synthesis, learning_rate=self.learning_rate_)

    def _dtype(self, core, target, lam, batch):
        """That of the steps: of points of variance 1, float32 if λ leaves it its digits."""
        if self._state is not None:
            return self._problem.target.dtype
        trace = 2 * min(batch, len(target)) * float(np.mean(operators.diag(core, target)))
        fine = self.standardize and lam * trace <= AMPLIFIED
        return np.dtype(np.float32) if fine else target.dtype

    def _box_in(self, dtype, target):
        """The box of scaled points, in the dtype of the steps."""
        box = self._scaled_box(target)
        if box is None or box.dtype == dtype:
            return box
        # Outwards: what is at a side is then beyond it before `_unscaled` draws the box.
        low, high = box.astype(dtype)
        return np.stack([np.nextafter(low, -np.inf), np.nextafter(high, np.inf)])

    def _batch_size(self, n):
        if self.batch_size != "auto":
            return int(self.batch_size)
        return next((size for size in GROUPS if size * n <= PAIRS), GROUPS[-1])

    def _check_memory(self, n, target):
        check_memory(
            6 * n * n * target.itemsize,  # K, K̄, their transposes, a decomposition
            f"The {n} × {n} Gram matrix of GANTKSynthesizer, with its derivative,",
            "Solve it batch-wise: choose a smaller batch_size.",
        )

    def _lam(self, core, target, batch):
        if self.lam != "auto":
            self.lam_ = float(self.lam)
        elif self._state is None:
            rows = np.random.RandomState(self._seed).permutation(len(target))[:batch]
            # The points of a group see another one at each step: what they are to tell
            # apart is all of the data, of which D sees a share only.
            epsilon = self.epsilon * len(rows) / len(target)
            self.lam_ = algorithm_1(core, target, rows, epsilon, self._seed)
        return self.lam_

    def _rate(self, synthesis, start, spread):
        if self.learning_rate != "auto":
            return float(self.learning_rate)
        size = partial(_synthesis.first_update, spread=float(spread) or 1.0)
        return first_rate(
            partial(size, synthesis),
            partial(size, replace(synthesis, optimizer="gradient")),
            start,
            synthesis.target[: synthesis.counts[0]],
            FIRST_MOVE[self.optimizer] * float(spread),  # 0 where all points are one
            self.optimizer,
            self.init,
            self._seed,
        )

    def _check(self, synthesis, state, target, held_out):
        """Take over the state; return whether to stop."""
        loss = _synthesis.loss(synthesis, state)
        check_loss(loss)
        state = to_numpy(state)
        samples = self._samples(state)
        nearest, stop = self._judge(samples, target, held_out)
        self._state, self._problem = state, synthesis
        self.loss_curve_ = [*self.loss_curve_, float(loss)]
        self.loss_iter_ = [*self.loss_iter_, int(state.step)]
        if nearest:
            self.samples_ = self._unscaled(samples)
            self.n_iter_ = int(state.step)
        return stop

    def _samples(self, state):
        """Without what fills them up, in the dtype of the data."""
        return state.samples[: len(self._start)].astype(self._start.dtype)

    def _warn_of_distance(self, X):
        X, samples = X[:JUDGED], self.samples_[:JUDGED]
        noise = noise_like(X, len(samples), np.random.RandomState(self._seed))
        if varies(X) and energy_distance(samples, X) > 2 * energy_distance(noise, X):
            warnings.warn(
                "The samples are further from the data, in energy distance, than Gaussian "
                "noise of their mean and standard deviation. Start nearer to them "
                '(init="marginals"), take more steps, lam="auto" or a kernel of greater '
                "length, or scale the data.",
                UserWarning,
                stacklevel=5,
            )

    def _warn_of_copies(self, X):
        copied = share_of_copies(self._scaled(self.samples_), self._scaled(X))
        if copied > 0.5:
            warnings.warn(
                f"{copied:.0%} of the samples are copies of data: much nearer to them than "
                "data are to one another. Choose a greater epsilon or similarity_penalty, "
                "fewer steps, or early_stopping.",
                UserWarning,
                stacklevel=5,
            )

    @float64_scope
    def sample(self, n_samples=1, random_state=None, given=None, fresh=False):
        """Draw synthetic points, at first those of the fit.

        Parameters
        ----------
        n_samples : int, default=1
            Up to the number of ``samples_`` they are drawn from those, without
            replacement, so that two calls overlap; for more, further problems are solved
            from fresh noise, with the same λ and as many steps, ``n_jobs`` at once.
        random_state : int, RandomState instance or None, default=None
            Of the draw; None draws afresh at every call.
        given : array-like of shape (n_samples, n_features), default=None
            What is given of each sample, NaN where it is free. It comes back to the bit,
            with the rest drawn from its law given that: samples near to it are moved onto
            it by linear regression (Beaumont, Zhang and Balding, Genetics 2002).
        fresh : bool, default=False
            Draw none of ``samples_``, so that points are others than those of any call with
            another ``random_state``, at the cost of a fit for every so many.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        check_n_samples(n_samples)
        if given is not None:
            return self._with_given(given, n_samples, random_state, fresh=fresh)
        rng = check_random_state(random_state)
        n = len(self.samples_)
        if n_samples <= n and not fresh:
            return self.samples_[rng.permutation(n)[:n_samples]]
        self._check_draws_noise("give init as a callable")
        kept = self.samples_[: 0 if fresh else n]
        target = np.asarray(self._problem.target[: self._problem.counts[0]])
        target = self._unscaled(target.astype(self._start.dtype))
        problems = []
        for _ in range(math.ceil((n_samples - len(kept)) / n)):
            seed = rng.randint(np.iinfo(np.int32).max)
            # Not the noise of a fit with this seed, whose samples it would repeat.
            noise = self._noise(target, n, np.random.RandomState([seed, 1]))
            start = self._scaled(noise)
            problems.append((replace(self._problem, seed=int(seed)), start, self.n_iter_))
        solved = parallel(self.n_jobs)(delayed(_solve)(*problem) for problem in problems)
        return np.concatenate([kept, *map(self._unscaled, solved)])[:n_samples]


@float64_scope
def _solve(synthesis, start, n_steps):
    """The samples of one problem; pure, so that any process may solve it."""
    state = _synthesis.advance(synthesis, synthesis.start(start), n_steps)
    return np.asarray(state.samples)[: len(start)].astype(start.dtype)
