"""NeuralGenerator: a generator network."""

from copy import copy
from dataclasses import replace
from numbers import Integral, Real

import jax
import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin, _fit_context, clone
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skgantk._numerics.memory import check_memory
from skgantk._numerics.optimizers import OPTIMIZERS, TRANSFORMATION
from skgantk._numerics.precision import float64_scope, unseen
from skgantk._numerics.sizes import fill
from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.discriminators._base import restored_on_error
from skgantk.discriminators._network import layer_widths
from skgantk.generators import _neural_core
from skgantk.generators._base import (
    FAR,
    FLOATS,
    StandardizingGenerator,
    check_discriminator,
    check_loss,
    check_n_samples,
    to_numpy,
    varies,
)
from skgantk.generators._callbacks import preparing
from skgantk.generators._gantk_settings import algorithm_1, fitted_kernel, warn_of_dimming
from skgantk.generators._networks import (
    ACTIVATIONS,
    check_image_shape,
    check_network,
    join,
    split,
)
from skgantk.generators._synthesis import Objective, advance, rising
from skgantk.kernels._convert import as_definite_core

# For batch_size="auto": against a discriminator, and for GA-NTK, which costs the cube.
BATCH, BATCH_GANTK = 256, 128
LATENT = 16  # dimensions of the noise at most
# λ k(x, x) at most at the start of GA-NTK: see _synthesis.APART. The samples of a network
# move together, so that more than in a synthesis does no harm, and images come out sooner.
APART = 3.0


class NeuralGenerator(OneToOneFeatureMixin, TransformerMixin, StandardizingGenerator):
    r"""A generator network, trained against a discriminator: a GAN with one player less.

    A network turns noise z ~ N(0, I) into samples g(z), of which any number can be drawn
    once it is trained. It descends what a discriminator f says of its samples ([1]_ Eq. 3),

    .. math::

        \theta \leftarrow \theta - \eta\, E_z \left[ \nabla_\theta g_\theta(z)^\top
        \nabla (c \circ f)(x) |_{x = g_\theta(z)} \right],

    f trained anew at every step, on samples as fake and data as real points. With f of
    infinite width, the default, that is done in closed form, so that nothing has to be
    balanced. With "gantk" there is no f to train apart: g descends
    :math:`\| 1 - D(X, g(Z)) \|^2`, with gradients through kernel and exponential (GA-NTKg,
    [2]_ Eq. 4). With a `FiniteWidthDiscriminator` it is a usual GAN.

    Parameters
    ----------
    discriminator : discriminator or "gantk", default=None
        Any of `skgantk.discriminators`; `NTKIPMDiscriminator()` if None. "gantk" is the
        objective of `GANTKSynthesizer`; it is no discriminator, because it is
        differentiated through its training.
    n_latent : int, default=None
        Dimension of z; if None, the number of features, at most 16.
    hidden_layer_sizes : sequence of int, default=(128, 128, 128)
        Widths of the hidden layers of the fully connected network.
    activation : {"relu", "leaky_relu", "gelu", "tanh"}, default="relu"
        Activation of the hidden layers.
    image_shape : tuple (height, width) or (height, width, channels), default=None
        Makes the network a convolutional one, for images of this shape, flattened with
        their channels last, as ``image.reshape(-1)`` does: a dense
        layer, then transposed convolutions of stride 2 up from a side of 4 to 8, with 32
        channels in the last hidden layer and twice as many in each one before (as in DCGAN
        [5]_, but without batch normalisation, which would tie the samples of a batch).
        ``hidden_layer_sizes`` is not used.
    network : callable, default=None
        A network of your own: ``network(n_latent, n_features, key)``, with a key of
        `jax.random`, returns a callable pytree (an ``equinox.Module``) that maps one z
        (n_latent,) to one sample (n_features,), in units of the data's spread.
    kernel : Kernel, default=None
        Only for "gantk": see `GANTKSynthesizer`.
    lam : float or "auto", default="auto"
        Only for "gantk": λ > 0, or "auto" for Algorithm 1 of [2]_, `search_lambda`, on a
        batch of data and as much Gaussian noise. A great λ is reached gradually, during
        the first 0.7 of the steps: from 3 over the mean of k(x, x).
    epsilon : float, default=0.05
        Only for "gantk": the residual of Algorithm 1, between 0 and 0.5. The less, the
        sharper are D and the samples.
    standardize : bool, default=True
        Whether features are centred and scaled to variance 1 before all else; samples are
        scaled back. Not for images, where pixels have one scale.
    bounds : tuple (low, high), default=None
        Box of the samples, in which the data must lie: two numbers, or two arrays
        (n_features,). The read-out of the
        network is then a sigmoid scaled to the box (softplus where one side is infinite),
        with the mean of the data where the network gives 0.
    optimizer : str or optax.GradientTransformation, default="adam"
        How the gradient becomes a step: "gradient", as it is; "momentum", with 0.9 of
        it; "adam"; or what is given, such as ``optax.rmsprop(1.0)``; its result is
        multiplied by ``learning_rate``.
    learning_rate : float, default=0.005
        The step η > 0. The default suits Adam and fully connected networks; convolutions
        need less, about 0.001.
    decay : bool, default=True
        Whether η falls linearly to 0 until ``max_iter``.
    max_iter : int, default=3000
        Number of steps.
    batch_size : int or "auto", default="auto"
        Samples, and rows of X, of one step, drawn afresh; at most all rows. "auto" is 256,
        or 128 with "gantk", whose cost grows with its cube.
    early_stopping : bool, default=False
        Whether to hold out some of the data and to keep the network whose samples were
        nearest to them in energy distance, of those that were no copies: whose median
        distance to the data learnt from was at least 0.6 of what it is for those held out.
    validation_fraction : float, default=0.2
        Share of the data held out for ``early_stopping``.
    n_iter_no_change : int, default=10
        Checks without nearer samples after which ``early_stopping`` ends the fit.
    check_every : int, default=100
        Steps between two checks: for early stopping, callbacks and the progress bar.
        Steps in between run in one compiled loop.
    warm_start : bool, default=False
        Whether `fit` goes on from the network where it was, until ``max_iter`` steps in
        all.
    verbose : bool or int, default=0
        Whether to show a progress bar with the current loss.
    random_state : int, RandomState instance or None, default=None
        Of the network, noise, batches and held-out points.

    Attributes
    ----------
    network_ : callable
        The trained network, a pytree; `transform` also does what follows it, read-out and
        scaling back.
    samples_ : ndarray of shape (n_samples, n_features)
        As many samples as data, which `score` and ``early_stopping`` judge.
    discriminator_ : discriminator
        The last discriminator, fitted on samples and data (scaled ones, with
        ``standardize``). Not with "gantk".
    loss_curve_ : list of float
        Of a batch of data and of ``samples_``, at the start and at every check: what
        training the discriminator gained, L(f) - L(f₀) (τ MMD² for the IPM loss), or the
        objective of "gantk".
    loss_iter_ : list of int
        Steps of the checks, the start being 0.
    validation_curve_ : list of float
        With ``early_stopping``, the energy distance to the held-out points.
    n_iter_ : int
        Number of steps that led to ``network_``.
    kernel_ : Kernel
        With "gantk", the kernel used.
    lam_ : float
        With "gantk", the λ used.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the input is not finite, ``bounds``, ``image_shape`` or ``network`` do not fit
        it, or ``epsilon`` is not less than the residual before training.
    MemoryError
        If the Gram matrix of "gantk" cannot fit; choose a smaller ``batch_size``.

    Warns
    -----
    ConvergenceWarning
        If the samples run away, because the step is too large: the network is left as it
        was when they were last near the data.
        Also if the discriminator misses its tolerance at a check.
    UserWarning
        With "gantk", if the kernel is so nearly homogeneous on the data that the objective
        is less at dimmed copies of them than at the data.

    See Also
    --------
    ParticleFlowGenerator : The same without a network: every sample moves by itself.
    GANTKSynthesizer : The same for "gantk".

    Notes
    -----
    float32 data are computed in float32, all else in float64. `sample` and `transform` run
    in blocks sized by scikit-learn's ``working_memory``, on which results depend by
    rounding. Networks are equinox modules: pytrees of their parameters with a plain
    ``__call__``, of which JAX's transformations and optax know all they need. They start
    from normal weights of variance 2/fan-in and no biases, which give samples of about the
    data's spread.

    The usual Wasserstein GANs are settings, those of the last example: WGAN [3]_ and
    WGAN-GP [4]_, whose critic is trained five times on the batch of a step. The
    parametrisation of `FiniteWidthDiscriminator` wants steps √width times as large as
    theirs, and a bound of 0.01 on the weights, that of [3]_, leaves a small critic next to
    no slope: 0.1 does better on points in the plane.

    For images, the baselines of [2]_ (Tables 2, 3 and 5) are ``image_shape=`` of both,
    ``n_latent=64``, ``batch_size=64``, the same optimiser for both, and a critic with
    ``activation="leaky_relu"``, ``antisymmetric=False``, ``warm_start=True``, its channels
    those of `FiniteWidthDiscriminator` and

    =======  ========================================  ======================  =============
    GAN      critic                                    optimiser               rate of [2]_
    =======  ========================================  ======================  =============
    DCGAN    loss="vanilla", max_iter=1                adam(1, b1=0.5)         2e-4
    LSGAN    loss="lsgan", max_iter=1                  adam(1, b1=0.5)         2e-4
    WGAN     weight_clip=0.01, max_iter=5              rmsprop(1)              5e-5
    WGAN-GP  gradient_penalty=10, max_iter=5           adam(1, b1=0.5, b2=.9)  1e-4
    SN-GAN   loss="hinge", max_iter=5,                 adam(1, b1=0.9)         1e-4
             spectral_normalization=True
    =======  ========================================  ======================  =============

    The generator, in the usual parametrisation, has that rate; the critic 32 times as much,
    the root of the fan-in of 4 × 4 filters on 64 channels. There is no batch normalisation
    in either.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.
    .. [2] Zhang, Chou, Wu, "Single-level adversarial data synthesis based on neural tangent
       kernels", 2022.
    .. [3] Arjovsky, Chintala, Bottou, "Wasserstein generative adversarial networks",
       ICML 2017.
    .. [4] Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017.
    .. [5] Radford, Metz, Chintala, "Unsupervised representation learning with deep
       convolutional generative adversarial networks", ICLR 2016.

    Examples
    --------
    >>> from skgantk.datasets import make_eight_gaussians
    >>> from skgantk.generators import NeuralGenerator
    >>> X, _ = make_eight_gaussians(200, random_state=0)
    >>> generator = NeuralGenerator(max_iter=200, random_state=0).fit(X)
    >>> generator.loss_curve_[-1] < 0.2 * generator.loss_curve_[0]
    True
    >>> generator.sample(1000).shape
    (1000, 2)

    WGAN and WGAN-GP:

    >>> import optax
    >>> from skgantk.discriminators import FiniteWidthDiscriminator
    >>> critic = {"max_iter": 5, "antisymmetric": False, "warm_start": True}
    >>> wgan = NeuralGenerator(
    ...     FiniteWidthDiscriminator(
    ...         weight_clip=0.1, optimizer=optax.rmsprop(1.0), learning_rate=1e-3,
    ...         **critic),
    ...     optimizer=optax.rmsprop(1.0), learning_rate=5e-4)
    >>> wgan_gp = NeuralGenerator(
    ...     FiniteWidthDiscriminator(
    ...         weight_std=2**0.5, gradient_penalty=10.0,
    ...         optimizer=optax.adam(1.0, b1=0.5, b2=0.9), learning_rate=1e-2, **critic),
    ...     learning_rate=1e-3)
    >>> wgan.set_params(max_iter=10).fit(X).sample(3).shape
    (3, 2)
    """

    _parameter_constraints: dict = {
        **{
            name: allowed
            for name, allowed in StandardizingGenerator._parameter_constraints.items()
            if name != "init"
        },
        "discriminator": "no_validation",  # but by check_discriminator
        "n_latent": [Interval(Integral, 1, None, closed="left"), None],
        "hidden_layer_sizes": ["array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "image_shape": [tuple, list, None],
        "network": [callable, None],
        "kernel": [Kernel, None],
        "lam": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "epsilon": [Interval(Real, 0, 0.5, closed="neither")],
        "optimizer": [StrOptions(set(OPTIMIZERS)), TRANSFORMATION],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        discriminator=None,
        *,
        n_latent=None,
        hidden_layer_sizes=(128, 128, 128),
        activation="relu",
        image_shape=None,
        network=None,
        kernel=None,
        lam="auto",
        epsilon=0.05,
        standardize=True,
        bounds=None,
        optimizer="adam",
        learning_rate=5e-3,
        decay=True,
        max_iter=3000,
        batch_size="auto",
        early_stopping=False,
        validation_fraction=0.2,
        n_iter_no_change=10,
        check_every=100,
        warm_start=False,
        verbose=0,
        random_state=None,
    ):
        self.discriminator = discriminator
        self.n_latent = n_latent
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.image_shape = image_shape
        self.network = network
        self.kernel = kernel
        self.lam = lam
        self.epsilon = epsilon
        self.standardize = standardize
        self.bounds = bounds
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.decay = decay
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.check_every = check_every
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _cloud(self):
        return self.samples_

    def _validate_params(self):
        check_discriminator(self.discriminator, type(self).__name__, "gantk", None)
        super()._validate_params()

    @_fit_context(prefer_skip_nested_validation=False)
    @float64_scope
    def fit(self, X, y=None):
        """Train the network on X.

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
            training, state = self._training(target)
            if not goes_on:
                self._check(training, state, target, held_out)
        self._run(
            X,
            state,
            lambda state, n: advance(training, state, n),
            lambda state: self._check(training, state, target, held_out),
        )
        if self._single_level:
            core, data = training.opponent.objective.core, training.target[: training.count]
            warn_of_dimming(core, data, self.lam_, training.batch_size)
        return self

    def _reset(self, X):
        rng = check_random_state(self.random_state)
        self._seed = int(rng.randint(np.iinfo(np.int32).max))
        self._state, self._adversary, self._stale = None, None, 0
        self._fit_scaler(X)
        n_features = X.shape[1]
        n_latent = min(n_features, LATENT) if self.n_latent is None else self.n_latent
        # Noise of the samples that checks look at, always the same.
        noise = np.random.RandomState(self._seed).normal(size=(len(X), n_latent))
        self._z = noise.astype(X.dtype)
        self.network_ = self._new_network(n_latent, n_features)
        self.n_iter_, self.loss_curve_, self.validation_curve_ = 0, [], []
        self.loss_iter_ = []

    def _new_network(self, n_latent, n_features):
        from skgantk.generators._network_classes import MLP, ImageNetwork

        key = jax.random.key(self._seed)
        if self.network is not None:
            network = self.network(n_latent, n_features, key)
            check_network(network, n_latent, n_features)
            return network
        if self.image_shape is not None:
            shape = check_image_shape(self.image_shape, n_features)
            return ImageNetwork(n_latent, shape, self.activation, key)
        widths = [n_latent, *layer_widths(self.hidden_layer_sizes), n_features]
        return MLP(widths, self.activation, key)

    def _training(self, target):
        """The `Training` of the parameters, and the state it begins from."""
        # Shuffled, so that its beginning is a sample of it, for checks and for λ.
        order = np.random.RandomState(self._seed).permutation(len(target))
        target = target[order]
        with np.errstate(over="ignore", invalid="ignore"):
            centre = target.mean(axis=0)
            spread = np.sqrt(np.mean((target - centre) ** 2))
        if not np.isfinite(spread) or (spread == 0 and varies(target)):
            raise ValueError(
                "X is of a scale at which its variance overflows or underflows; scale it."
            )
        parameters, constants = split(self.network_, target.dtype)
        self._readout = _neural_core.Readout(
            self._scaled_box(target), centre, float(spread)
        )
        batch_size = min(self._batch_size(), len(target))
        training = _neural_core.Training(
            opponent=None,
            target=fill(target) if batch_size < len(target) else target,
            count=len(target),
            readout=self._readout,
            radius=float(FAR * np.abs(target - centre).max()) or 1.0,
            learning_rate=float(self.learning_rate),
            decay=float(self.decay),
            max_iter=float(self.max_iter),
            seed=self._seed,
            constants=constants,
            optimizer=self.optimizer,
            batch_size=batch_size,
            n_latent=self._z.shape[1],
        )
        for opponent in self._opponents(target, training.batch_size):
            training = replace(training, opponent=opponent)
            if self._state is None:
                state = training.start(parameters)
            else:
                state = training.resume(self._state)
            if self._single_level or _neural_core.converges(training, state):
                break
        self._adversary = None if self._single_level else opponent.adversary
        return training, state

    @property
    def _single_level(self):
        return isinstance(self.discriminator, str)

    def _batch_size(self):
        if self.batch_size != "auto":
            return int(self.batch_size)
        return BATCH_GANTK if self._single_level else BATCH

    def _opponents(self, target, size):
        if self._single_level:
            return [self._gantk(target, size)]
        d = self.discriminator
        d = NTKIPMDiscriminator() if d is None else clone(d)
        adversaries = d._adversaries(target.shape[1], target.dtype, self._adversary)
        self._prototype = d
        return [_neural_core.Alternating(adversary) for adversary in adversaries]

    def _gantk(self, target, size):
        self.kernel_ = fitted_kernel(self.kernel, target, self.standardize)
        batch = target[:size]
        core = as_definite_core(self.kernel_, type(self).__name__)
        n = 2 * size
        check_memory(
            6 * n * n * batch.itemsize,  # K, K̄, their transposes, a decomposition
            f"The {n} × {n} Gram matrix of NeuralGenerator, with its derivative,",
            "Choose a smaller batch_size.",
        )
        if self.lam != "auto":
            self.lam_ = float(self.lam)
        elif self._state is None:
            rows = np.arange(size)
            self.lam_ = algorithm_1(core, batch, rows, self.epsilon, self._seed)
        centre = batch.mean(axis=0)
        objective = Objective(core, centre, 0.0, 1.0, 0.0, "squared_error", False)
        sharpness = rising(core, batch, self.lam_, float(self.max_iter), APART, 1.0)
        return _neural_core.SingleLevel(objective, sharpness)

    def _check(self, training, state, target, held_out):
        """Take over the state; return whether to stop."""
        samples, assessed = _neural_core.assess(training, state, self._z)
        loss, objective, solution, sample, converged = to_numpy(assessed)
        state, samples = to_numpy(state), np.asarray(samples)
        check_loss(loss)
        nearest, stop = self._judge(samples, target, held_out)
        self._state = state
        self.loss_curve_ = [*self.loss_curve_, float(loss)]
        self.loss_iter_ = [*self.loss_iter_, int(state.step)]
        if not converged:
            self._unmet = True
        if nearest:
            self.samples_, self.n_iter_ = self._unscaled(samples), int(state.step)
            self.network_ = join(state.parameters, training.constants)
            if solution is not None:
                adversary, n_features = training.opponent.adversary, samples.shape[1]
                function = to_numpy(adversary.function(solution, state.memory))
                self.discriminator_ = copy(self._prototype)
                self.discriminator_._adopt(
                    function, sample, adversary.loss, float(objective), n_features
                )
        return stop

    def sample(self, n_samples=1, random_state=None, given=None):
        """Draw samples of the learned distribution.

        Parameters
        ----------
        n_samples : int, default=1
            Any number; all are fresh, made of fresh noise.
        random_state : int, RandomState instance or None, default=None
            Of the draw; None draws afresh at every call.
        given : array-like of shape (n_samples, n_features), default=None
            What is given of each sample, NaN where it is free. It comes back to the bit,
            with the rest drawn from its law given that: samples near to it are moved onto
            it by linear regression (Beaumont, Zhang and Balding, Genetics 2002).

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        check_n_samples(n_samples)
        if given is not None:
            return self._with_given(given, n_samples, random_state)
        rng = check_random_state(random_state)
        # Not by `transform`, whose output may be set to frames.
        return self._generated(rng.normal(size=(n_samples, self._z.shape[1])))

    def transform(self, X):
        """Turn points of the latent space into samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_latent)
            As drawn by `sample`, standard normal; any other too, such as the points of a
            line between two of them.

        Returns
        -------
        samples : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        Z = check_array(X, dtype=FLOATS)
        n_latent = self._z.shape[1]
        if Z.shape[1] != n_latent:
            raise ValueError(
                f"X has {Z.shape[1]} features, but {type(self).__name__} is expecting "
                f"{n_latent} features as input to transform, the dimension of its noise "
                "(n_latent)."
            )
        return self._generated(Z)

    @float64_scope
    def _generated(self, Z):
        Z = unseen(Z.astype(self._z.dtype))
        parameters, constants = split(self.network_, Z.dtype)
        samples = _neural_core.generate(self._readout, parameters, constants, Z)
        return self._unscaled(np.asarray(samples))
