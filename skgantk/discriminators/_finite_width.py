"""FiniteWidthDiscriminator: a real network, and its training."""

from dataclasses import replace
from functools import partial
from numbers import Integral, Real
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from skgantk._numerics.devices import compiled
from skgantk._numerics.elementwise import safe_sqrt
from skgantk._numerics.optimizers import OPTIMIZERS, TRANSFORMATION, get_optimizer
from skgantk._numerics.pytrees import register
from skgantk.discriminators._adversary import Adversary, Trained, stack
from skgantk.discriminators._base import BaseDiscriminator
from skgantk.discriminators._dual import Sample, objective
from skgantk.discriminators._functions import Function
from skgantk.discriminators._gan import LOSSES
from skgantk.discriminators._network import Antisymmetric, draw_network, layer_widths
from skgantk.kernels import NTK, ConvNTK, as_core
from skgantk.kernels._core import Leaf
from skgantk.kernels._network import NetworkKernel
from skgantk.losses import Loss


@register("loss", "n_steps", "reset", "optimizer", "clipped", "penalised")
class NetworkAdversary(Adversary):
    """A network trained by steps that ascend L, all points at once ([F22] App. D.3).

    With a penalty, L - λ E(|∇f(x̂)| - 1)² with x̂ uniform between a real and a fake point
    (Gulrajani et al. 2017); with a bound, parameters are clipped after every step
    (Arjovsky et al. 2017).
    """

    initial: Function
    learning_rate: Leaf
    weight_clip: Leaf
    gradient_penalty: Leaf
    loss: Loss
    n_steps: int
    reset: bool
    optimizer: Any  # a name, or a transformation of optax
    clipped: bool
    penalised: bool

    def start(self, dtype):
        return () if self.reset else self._beginning(dtype)

    def train(self, memory, fake, real, key, counts=None):
        X, weight, sign = stack(fake, real, counts)
        network, state = memory if memory else self._beginning(X.dtype)
        sample = Sample(weight, sign, network.value(X))
        network, state = self.ascend(network, state, X, weight, sign, key, 0)
        memory = () if self.reset else (network, state)
        values = partial(network.value, X)
        return Trained(network, sample, values, memory, jnp.ones((), bool))

    def ascend(self, network, state, X, weight, sign, key, done):
        """Take ``n_steps`` steps, after ``done`` of the same key."""

        def step(i, carry):
            network, state = carry
            slope = jax.grad(self._descended)(
                network, X, weight, sign, jax.random.fold_in(key, done + i)
            )
            updates, state = get_optimizer(self.optimizer).update(slope, state, network)
            rate = jnp.asarray(self.learning_rate, X.dtype)
            network = jax.tree.map(lambda p, u: p + rate * u, network, updates)
            network = network.settled()
            return network.clipped(self.weight_clip) if self.clipped else network, state

        return jax.lax.fori_loop(0, self.n_steps, step, (network, state))

    def _beginning(self, dtype):
        network = jax.tree.map(lambda a: jnp.asarray(a, dtype), self.initial)
        return network, get_optimizer(self.optimizer).init(network)

    def _descended(self, network, X, weight, sign, key):
        loss = -objective(self.loss, weight, sign, network.value(X))
        if not self.penalised:
            return loss
        keys, n = jax.random.split(key, 3), -(-len(X) // 2)
        fake, real = (
            jax.random.choice(k, X, (n,), p=jnp.where(sign == s, weight, 0))
            for k, s in zip(keys, (-1, 1))
        )
        share = jax.random.uniform(keys[2], (n, 1), X.dtype)
        slope = network.gradient(share * real + (1 - share) * fake)
        length = safe_sqrt(jnp.sum(slope**2, axis=1))
        return loss + self.gradient_penalty * jnp.mean((length - 1) ** 2)


class FiniteWidthDiscriminator(BaseDiscriminator):
    r"""A discriminator of finite width, trained by gradient steps.

    A network f in NTK parametrisation, fully connected or convolutional, whose parameters
    θ ascend :math:`L(f) = E_{fake} a(f) - E_{real} b(f)`, all points at once ([1]_
    App. D.3),

    .. math::

        \theta \leftarrow \theta + \epsilon \nabla_\theta L(f_\theta).

    As the layers grow wider and the steps smaller, f comes to what the discriminators of
    infinite width have in closed form, with ``NTK(depth=len(hidden_layer_sizes), ...)``
    and ``training_time`` = ε · ``max_iter``: use this one to see what finite width changes.
    With ``weight_clip`` it is the critic of WGAN [2]_, with ``gradient_penalty`` that of
    WGAN-GP [3]_, with ``spectral_normalization`` that of SN-GAN [5]_.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(128, 128, 128)
        Widths of the hidden layers; those behind the convolutions, if there are any, and
        then () too.
    activation : str, default="relu"
        Activation of the hidden layers, one of those of `NTK`.
    loss : {"ipm", "lsgan", "vanilla", "hinge"} or Loss, default="ipm"
        One of `skgantk.losses`, or an object of your own subclass of `Loss`.
    learning_rate : float, default=0.1
        The step ε > 0.
    max_iter : int, default=10
        Number of steps of a `fit`, and of a generator's step.
    weight_std : float, default=1.0
        σ_w > 0, the standard deviation of the weights.
    bias_std : float, default=1.0
        σ_b ≥ 0, the standard deviation of the biases; 0 means no biases.
    output_bias : bool, default=False
        Whether the linear read-out has a bias too.
    negative_slope : float, default=0.01
        Slope of "leaky_relu" for u < 0; other activations ignore it.
    antisymmetric : bool, default=True
        Whether f is the difference, over √2, of two networks that begin equal, so that
        training starts from f = 0 [4]_.
    optimizer : str or optax.GradientTransformation, default="gradient"
        How the gradient becomes a step: "gradient", as it is, "momentum", with momentum
        0.9, "adam", or what is given, such as ``optax.rmsprop(1.0)``; its result is
        multiplied by ``learning_rate``.
    image_shape : tuple (height, width) or (height, width, channels), default=None
        Makes the first layers convolutions with filters of 4 × 4 and stride 2, as the
        discriminators of [6]_ have them (without their batch normalisation, which ties the
        points of a batch). Points are flattened images with their channels last, as of
        `ConvNTK`, whose finite counterpart this is.
    channels : sequence of int, default=(64, 128)
        Channels of the convolutions, where ``image_shape`` is given. For MNIST [6]_ has
        these and ``hidden_layer_sizes=(1024,)``, for CIFAR-10 (64, 128, 256) and ().
    weight_clip : float, default=None
        Bound on weights and biases, as they enter the layers: W σ_w/√fan-in and b σ_b.
    gradient_penalty : float, default=0.0
        Weight of the mean of (‖∇f‖ - 1)² between real and fake points, 10 in [3]_.
    spectral_normalization : bool, default=False
        Whether every layer's matrix is divided by its greatest singular value, which one
        step of power iteration follows at each step; ``weight_std`` then has no part.
    warm_start : bool, default=False
        Whether training goes on from where the last one ended, in `fit` and from step to
        step of a generator; else it starts from the same initialisation again.
    random_state : int, RandomState instance or None, default=None
        Of the initialisation, and of the points of the penalty.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels of fake and real, in order.
    network_ : object
        The trained f, a function with ``value(X)`` and ``gradient(X)``, and a JAX pytree
        of its parameters.
    loss_ : float
        L(f), which the discriminator maximises; with ``gradient_penalty``, L(f) less the
        penalty is what it maximises, and ``loss_`` is L(f) alone, whose size is comparable
        and does not hang on the points that the penalty was drawn at.
    n_iter_ : int
        Number of steps taken from the initialisation.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the input is not finite or not of two classes, or the training overflows.

    See Also
    --------
    NTKIPMDiscriminator, NTKLSGANDiscriminator, NTKGANDiscriminator : The limits of width.

    Notes
    -----
    Real are the points of the greater label. The network is plain JAX: layers of libraries
    have other parametrisations, in which width and training time do not go together.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.
    .. [2] Arjovsky, Chintala, Bottou, "Wasserstein generative adversarial networks",
       ICML 2017.
    .. [3] Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017.
    .. [4] Zhang et al., "A type of generalization error induced by initialization in deep
       neural networks", MSML 2020.
    .. [5] Miyato et al., "Spectral normalization for generative adversarial networks",
       ICLR 2018.
    .. [6] Zhang, Chou, Wu, "Single-level adversarial data synthesis based on neural tangent
       kernels", 2022, Tables 2 and 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.discriminators import (
    ...     FiniteWidthDiscriminator, NTKLSGANDiscriminator, stack_samples)
    >>> rng = np.random.default_rng(0)
    >>> X, y = stack_samples(rng.normal(3, 1, (60, 2)), rng.normal(0, 1, (40, 2)))
    >>> finite = FiniteWidthDiscriminator(
    ...     (512, 512), loss="lsgan", learning_rate=0.01, max_iter=50, random_state=0)
    >>> finite.fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints = {
        **BaseDiscriminator._parameter_constraints,
        **{
            name: NetworkKernel._parameter_constraints[name]
            for name in (
                "activation", "weight_std", "bias_std", "output_bias", "negative_slope"
            )
        },
        "hidden_layer_sizes": ["array-like"],
        "loss": [StrOptions(set(LOSSES)), Loss],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "antisymmetric": ["boolean"],
        "optimizer": [StrOptions(set(OPTIMIZERS)), TRANSFORMATION],
        "image_shape": [tuple, list, None],
        "channels": ["array-like"],
        "weight_clip": [Interval(Real, 0, None, closed="neither"), None],
        "gradient_penalty": [Interval(Real, 0, None, closed="left")],
        "spectral_normalization": ["boolean"],
        "warm_start": ["boolean"],
    }  # fmt: skip

    def __init__(
        self,
        hidden_layer_sizes=(128, 128, 128),
        activation="relu",
        loss="ipm",
        learning_rate=0.1,
        max_iter=10,
        *,
        weight_std=1.0,
        bias_std=1.0,
        output_bias=False,
        negative_slope=0.01,
        antisymmetric=True,
        optimizer="gradient",
        image_shape=None,
        channels=(64, 128),
        weight_clip=None,
        gradient_penalty=0.0,
        spectral_normalization=False,
        warm_start=False,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.weight_std = weight_std
        self.bias_std = bias_std
        self.output_bias = output_bias
        self.negative_slope = negative_slope
        self.antisymmetric = antisymmetric
        self.optimizer = optimizer
        self.image_shape = image_shape
        self.channels = channels
        self.weight_clip = weight_clip
        self.gradient_penalty = gradient_penalty
        self.spectral_normalization = spectral_normalization
        self.warm_start = warm_start
        self.random_state = random_state

    def _loss(self):
        return self.loss if isinstance(self.loss, Loss) else LOSSES[self.loss]()

    def _train(self, loss, X, sign, weight):
        goes_on = self.warm_start and hasattr(self, "_memory")
        rng = check_random_state(self.random_state)
        initial, seed = self._initial(X.shape[1], rng), rng.randint(np.iinfo(np.int32).max)
        adversary = self._adversary(initial, loss)
        memory, done = adversary._beginning(X.dtype), 0
        if goes_on:  # the points of the penalty too: those of the steps that follow
            memory = adversary.resume(self._memory, X.dtype)
            seed, done = self._seed, self.n_iter_
        weight, sign = jnp.asarray(weight, X.dtype), jnp.asarray(sign, X.dtype)
        memory, values = _ascend(
            adversary, memory, X, weight, sign, jax.random.key(seed), done
        )
        self._seed = seed
        self._memory = jax.tree.map(np.asarray, memory)
        self.network_, self.n_iter_ = self._memory[0], done + self.max_iter
        self.loss_ = float(objective(loss, weight, sign, values))
        if not np.isfinite(self.loss_):
            raise ValueError(
                f"Training FiniteWidthDiscriminator overflowed {X.dtype.name}: the step is "
                f"too large. Choose a learning_rate below {self.learning_rate:.3g}, or "
                "scale the data (StandardScaler)."
            )

    def _initial(self, n_features, rng):
        if self.spectral_normalization and self.weight_clip is not None:
            raise ValueError(
                "weight_clip bounds the weights that spectral_normalization divides by "
                "their size: choose one of them."
            )
        core, widths, architecture = self._layers(n_features)
        network = draw_network(
            core, n_features, rng.randint(np.iinfo(np.int32).max), widths,
            architecture=architecture, spectral=self.spectral_normalization,
        )  # fmt: skip
        return Antisymmetric(network, network) if self.antisymmetric else network

    def _layers(self, n_features):
        """The kernel of the limit, the widths, and the architecture of convolutions."""
        given = {
            name: getattr(self, name)
            for name in (
                "activation", "weight_std", "bias_std", "output_bias", "negative_slope"
            )
        }  # fmt: skip
        if self.image_shape is None:
            widths = layer_widths(self.hidden_layer_sizes)
            return as_core(NTK(len(widths), **given)), widths, None
        channels = layer_widths(self.channels, "channels")
        dense = layer_widths(self.hidden_layer_sizes, fewest=0)
        limit = ConvNTK(tuple(self.image_shape), len(channels), n_dense=len(dense), **given)
        core = as_core(limit)
        core.network.check_width(n_features)
        return core, [*channels, *dense], core.network

    def _adversary(self, initial, loss):
        return NetworkAdversary(
            initial=initial,
            learning_rate=float(self.learning_rate),
            weight_clip=float(self.weight_clip or 0.0),
            gradient_penalty=float(self.gradient_penalty),
            loss=loss,
            n_steps=int(self.max_iter),
            reset=not self.warm_start,
            optimizer=self.optimizer,
            clipped=self.weight_clip is not None,
            penalised=self.gradient_penalty > 0,
        )

    def _adversaries(self, n_features, dtype, previous):
        adversary = self._adversary(
            self._initial(n_features, check_random_state(self.random_state)), self._loss()
        )
        if isinstance(previous, NetworkAdversary):
            same = replace(adversary, initial=previous.initial)
            if jax.tree.structure(same) == jax.tree.structure(adversary):
                return [same]
        return [adversary]

    def _adopt(self, function, sample, loss, objective, n_features):
        super()._adopt(function, sample, loss, objective, n_features)
        self.network_ = function

    def _function(self):
        return self.network_


@compiled
def _ascend(adversary, memory, X, weight, sign, key, done):
    network, state = adversary.ascend(*memory, X, weight, sign, key, done)
    return (network, state), network.value(X)
