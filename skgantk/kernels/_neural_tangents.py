"""Any kernel of the neural-tangents library as a scikit-learn kernel."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from sklearn.utils._param_validation import StrOptions

from skgantk.kernels._base import CoreKernel
from skgantk.kernels._core import Core
from skgantk.kernels._neural_tangents_compat import import_neural_tangents


class NeuralTangents(Core, static=("kernel_fn", "get", "image_shape")):
    """k = kernel_fn(x, y, get), its gradient by automatic differentiation."""

    kernel_fn: Callable
    get: str
    image_shape: tuple | None

    def _evaluate(self, x, y):
        if self.image_shape is not None:
            if x.shape[1] != math.prod(self.image_shape):
                raise ValueError(
                    f"image_shape={self.image_shape} has {math.prod(self.image_shape)} "
                    f"entries, but X has {x.shape[1]} features. Give image_shape as "
                    "(height, width, channels) of the flattened images."
                )
            x, y = (a.reshape(-1, *self.image_shape) for a in (x, y))
        # neural-tangents computes in float64 wherever JAX knows it
        return self.kernel_fn(x, y, self.get).astype(x.dtype)

    def gram(self, pairs):
        return self._evaluate(pairs.x.x, pairs.y.x)

    def gradient(self, pairs, coef):
        value, pullback = jax.vjp(lambda x: self._evaluate(x, pairs.y.x), pairs.x.x)
        return pullback(jnp.broadcast_to(coef, value.shape))[0]

    def diag(self, X):
        return jax.lax.map(lambda x: self._evaluate(x[None], x[None])[0, 0], X)


class NeuralTangentsKernel(CoreKernel):
    """Kernel of any architecture of the neural-tangents library.

    Wraps the ``kernel_fn`` that ``neural_tangents.stax`` returns [1]_, so that it can
    be used wherever scikit-learn or this package takes a kernel. It has no free
    hyperparameter. For fully connected networks prefer `NTK` and `NNGP`, which keep
    their digits where points nearly coincide and, of ReLU networks, take less time
    (``benchmarks/kernel_speed.py``).

    Parameters
    ----------
    kernel_fn : callable
        Third element of what a ``stax`` layer returns.
    get : {"ntk", "nngp"}, default="ntk"
        Which of its kernels.
    image_shape : tuple of int, default=None
        Shape (height, width, channels) that a row of X is reshaped to; None for layers
        that take vectors.

    Raises
    ------
    ImportError
        If neural-tangents is not installed.
    InvalidParameterError
        At the first use, if a parameter is not of the kinds above.

    Notes
    -----
    neural-tangents 0.6.5 asks for TensorFlow and does not import on current JAX. It is
    enough to install it without its requirements, ``pip install --no-deps
    neural-tangents frozendict``, and to import it with `import_neural_tangents`.

    References
    ----------
    .. [1] Novak et al., "Neural Tangents: fast and easy infinite neural networks in
       Python", ICLR 2020.

    Examples
    --------
    >>> from skgantk.kernels import NeuralTangentsKernel, import_neural_tangents
    >>> stax = import_neural_tangents().stax
    >>> layers = stax.Dense(1, W_std=1.0, b_std=1.0), stax.Erf(), stax.Dense(1)
    >>> kernel = NeuralTangentsKernel(stax.serial(*layers)[2])
    >>> kernel([[3.0, 4.0]], [[3.0, 4.0], [0.0, 0.0]]).shape
    (1, 2)
    """

    _parameter_constraints = {
        "kernel_fn": [callable],
        "get": [StrOptions({"ntk", "nngp"})],
        "image_shape": [tuple, list, None],
    }

    def __init__(self, kernel_fn, get="ntk", image_shape=None):
        self.kernel_fn = kernel_fn
        self.get = get
        self.image_shape = image_shape

    def _core(self):
        import_neural_tangents()
        shape = None if self.image_shape is None else tuple(self.image_shape)
        return NeuralTangents(self.kernel_fn, self.get, shape)

    def __repr__(self):
        name = getattr(self.kernel_fn, "__name__", "kernel_fn")
        return f"NeuralTangentsKernel({name}, get={self.get!r})"
