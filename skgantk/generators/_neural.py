"""NeuralGenerator: a generator network."""

import math
from dataclasses import replace
from numbers import Integral, Real

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.base import _fit_context, clone
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skgantk._numerics.memory import check_memory
from skgantk._numerics.optimizers import OPTIMIZERS
from skgantk._numerics.precision import float64_scope, unseen
from skgantk.discriminators import NTKIPMDiscriminator
from skgantk.discriminators._base import BaseDiscriminator, restored_on_error
from skgantk.generators import _neural_core
from skgantk.generators._base import (
    FAR,
    FLOATS,
    StandardizingGenerator,
    check_n_samples,
    to_numpy,
)
from skgantk.generators._flow import advance
from skgantk.generators._gantk import _default_kernel, _varies
from skgantk.generators._networks import ACTIVATIONS, MLP, ImageNetwork
from skgantk.generators._synthesis import Objective
from skgantk.kernels import as_core
from skgantk.model_selection._lambda import residual_root

BATCH = 512  # for batch_size="auto"


class NeuralGenerator(StandardizingGenerator):
    r"""x"""

    _parameter_constraints: dict = {
        **{
            name: allowed
            for name, allowed in StandardizingGenerator._parameter_constraints.items()
            if name != "init"
        },
        "discriminator": [BaseDiscriminator, StrOptions({"gantk"}), None],
        "n_latent": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": ["array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "image_shape": [tuple, list, None],
        "network": [callable, None],
        "kernel": [Kernel, None],
        "lam": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "epsilon": [Interval(Real, 0, 0.5, closed="neither")],
        "optimizer": [StrOptions(set(OPTIMIZERS)), optax.GradientTransformation],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        discriminator=None,
        *,
        n_latent=64,
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
        learning_rate=1e-3,
        decay=True,
        max_iter=2000,
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

    @property
    def _cloud(self):
        return self.samples_

    @_fit_context(prefer_skip_nested_validation=False)
    @float64_scope
    def fit(self, X, y=None):
        """Train the network on X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The data.
        y : None
            Ignored.

        Returns
        -------
        self : object
            Fitted. If the fit is interrupted, it is left as it was at the last check,
            and ``warm_start`` goes on from there.
        """
        goes_on = self.warm_start and hasattr(self, "_state")
        with restored_on_error(self):
            X = validate_data(self, X, dtype=FLOATS, reset=not goes_on).copy()
            if not goes_on:
                self._reset(X)
            target, held_out = self._split(self._scaled(X))
            training, state = self._training(target)
            self._training_ = training  # TODO
            if not goes_on:
                self._check(training, state, held_out)
        self._run(
            X,
            state,
            lambda state, n: advance(training, state, n),
            lambda state: self._check(training, state, held_out),
        )
        return self

    def _reset(self, X):
        rng = check_random_state(self.random_state)
        self._seed = int(rng.randint(np.iinfo(np.int32).max))
        self._state, self._adversary, self._stale = None, None, 0
        self._fit_scaler(X)
        # Of the samples that are looked at, at every check the same.
        noise = np.random.RandomState(self._seed).normal(size=(len(X), self.n_latent))
        self._noise_ = noise.astype(X.dtype)
        self._network = self._new_network(X.shape[1])
        self.n_iter_, self.loss_curve_, self.validation_curve_ = 0, [], []

    def _new_network(self, n_features):
        key = jax.random.key(self._seed)
        if self.network is not None:
            return self.network(self.n_latent, n_features, key)
        if self.image_shape is not None:
            shape = (*self.image_shape, 1)[:3]
            return ImageNetwork(self.n_latent, shape, self.activation, key)
        widths = [self.n_latent, *self.hidden_layer_sizes, n_features]
        return MLP(widths, self.activation, key)

    def _training(self, target):
        """The `Training` of the parameters, and the state it begins from."""
        order = np.random.RandomState(self._seed).permutation(len(target))
        target = target[order]
        size = BATCH if self.batch_size == "auto" else self.batch_size
        size = min(size, len(target))
        centre = target.mean(axis=0)
        spread = np.sqrt(np.mean((target - centre) ** 2))
        parameters, constants = _neural_core.split(self._network, target.dtype)
        training = _neural_core.Training(
            opponent=None,
            target=target,
            bounds=self._scaled_box(target),
            centre=centre,
            spread=float(spread),
            radius=float(FAR * np.abs(target - centre).max()) or 1.0,
            learning_rate=float(self.learning_rate),
            decay=float(self.decay),
            max_iter=float(self.max_iter),
            seed=self._seed,
            constants=constants,
            optimizer=self.optimizer,
            batch_size=int(size),
            n_latent=int(self.n_latent),
        )
        for opponent in self._opponents(target, size):
            training = replace(training, opponent=opponent)
            if self._state is None:
                state = training.start(parameters)
            else:
                state = training.resume(self._state)
            if self.discriminator == "gantk" or _neural_core.converges(training, state):
                break
        return training, state

    def _opponents(self, target, size):
        if self.discriminator == "gantk":
            return [self._single_level(target, size)]
        d = self.discriminator
        d = NTKIPMDiscriminator() if d is None else clone(d)
        d._validate_params()
        adversaries = d._adversaries(target.shape[1], target.dtype, self._adversary)
        self.discriminator_ = d
        return [_neural_core.Alternating(adversary) for adversary in adversaries]

    def _single_level(self, target, size):
        self.kernel_ = _default_kernel() if self.kernel is None else clone(self.kernel)
        core = as_core(self.kernel_)
        if self.lam != "auto":
            self.lam_ = float(self.lam)
        elif self._state is None:
            rng = np.random.RandomState(self._seed)
            noise = rng.normal(target.mean(axis=0), target.std(axis=0), target[:size].shape)
            self.lam_ = residual_root(core, target[:size], noise, self.epsilon)
        objective = Objective(core, target.mean(axis=0), 0.0, 1.0, "squared_error", False)
        return _neural_core.SingleLevel(objective, self.lam_)

    def _check(self, training, state, held_out):
        """Take over the state; return whether to stop."""
        samples, assessed = _neural_core.assess(training, state, self._noise_)
        loss, objective, function = to_numpy(assessed)
        state = to_numpy(state)
        nearest, stop = self._judge(np.asarray(samples), held_out)
        self._state = state
        self.loss_curve_.append(float(loss))
        if nearest:
            self.samples_ = self._unscaled(samples)
            self.n_iter_ = int(state.step)
            self.network_ = _neural_core.join(state.parameters, training.constants)
        return stop

    def sample(self, n_samples=1, random_state=None):
        """Draw"""
        check_is_fitted(self)
        check_n_samples(n_samples)
        rng = check_random_state(random_state)
        return self.transform(rng.normal(size=(n_samples, self._noise_.shape[1])))

    @float64_scope
    def transform(self, Z):
        """Turn"""
        check_is_fitted(self)
        Z = check_array(Z, dtype=FLOATS, input_name="Z").astype(self._noise_.dtype)
        parameters, _ = _neural_core.split(self.network_, Z.dtype)
        samples = _neural_core.generate(self._training_, parameters, unseen(Z))
        return self._unscaled(np.asarray(samples))
