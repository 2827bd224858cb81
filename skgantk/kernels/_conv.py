"""NTK of strided convolutional networks as a scikit-learn kernel."""

import math
from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from skgantk._numerics.activations import get_activation
from skgantk.kernels._conv_architecture import Architecture
from skgantk.kernels._conv_core import ConvNetwork
from skgantk.kernels._network import NetworkKernel

# [Z21]'s code
_WEIGHT_STD, _BIAS_STD = math.sqrt(1.4615), math.sqrt(0.1)


class ConvNTK(NetworkKernel):
    r"""Neural tangent kernel of a strided convolutional network of infinite width.

    The discriminator's kernel for images in [1]_: convolutions, each followed by the
    activation, a flattening, and dense layers. A row of X is an image (height, width,
    channels), flattened as ``image.reshape(-1)`` does: the channels of a pixel stand side
    by side. Images with the channels first, as PyTorch has them, must be turned,
    ``X.transpose(0, 2, 3, 1).reshape(len(X), -1)``; they cannot be told from others, and
    give stripes. Because the flattening keeps positions apart, only
    covariances of equal positions :math:`o` of the two images enter [2]_. With
    :math:`P_x[o]` the :math:`K` pixels and channels that the first filter sees at
    :math:`o`, with :math:`W` the mean over the window of the next filter, padding
    counting as 0, and with :math:`F` and :math:`G` as in `NTK`,

    .. math::

        \Sigma^0[o](x, y) &= \sigma_w^2 \, P_x[o] \cdot P_y[o] / K + \sigma_b^2,
        & \Theta^0 &= \Sigma^0 \\
        \Sigma^{l+1} &= \sigma_w^2 W F(\Sigma^l) + \sigma_b^2,
        & \Theta^{l+1} &= \sigma_w^2 W (G(\Sigma^l) \Theta^l) + \Sigma^{l+1}.

    The first dense layer has a window as large as the map, further ones that of a point.

    Parameters
    ----------
    image_shape : tuple of int
        (height, width, channels) of an image, or (height, width) with one channel.
    n_convolutions : int, default=2
        Number of convolutions, at least 1.
    filter_shape : tuple of int, default=(4, 4)
        Rows and columns of every filter.
    strides : tuple of int, default=(2, 2)
        Steps of every filter down and across.
    padding : {"SAME", "VALID"}, default="SAME"
        "SAME" surrounds the maps with zeros, so that a stride of 1 keeps their size;
        "VALID" moves the filters inside of the maps.
    n_dense : int, default=0
        Number of hidden dense layers between the flattening and the linear read-out.
    activation : str, default="relu"
        Activation after every convolution and hidden dense layer, as in `NTK`: "relu",
        "leaky_relu", "abs", "erf", "sigmoid", "gelu", "tanh", "logistic", "softplus",
        "gaussian", "sin", "cos" or "identity".
    weight_std : float, default=1.0
        σ_w > 0, the standard deviation of the weights.
    bias_std : float, default=1.0
        σ_b ≥ 0, the standard deviation of the biases. 0 means no biases, and then it is
        not a free hyperparameter.
    output_bias : bool, default=True
        Whether the linear read-out has a bias too.
    negative_slope : float, default=0.01
        Slope of "leaky_relu" for u < 0; other activations ignore it.
    weight_std_bounds, bias_std_bounds : pair of floats or "fixed", default=(1e-5, 1e5)
        Bounds in which `GaussianProcessRegressor` searches the hyperparameters.

    Raises
    ------
    InvalidParameterError
        At the first use, if a parameter is out of its range.
    ValueError
        At the first use, if ``image_shape``, ``filter_shape`` or ``strides`` is not of
        positive integers, if the width of X is not that of ``image_shape``, or if the
        convolutions leave no pixel.

    See Also
    --------
    NTK : The same of fully connected networks.
    NeuralTangentsKernel : Any architecture, by another library.

    Notes
    -----
    No array of pairs of pixels is formed, and the maps of few pairs of images are alive at
    once, within scikit-learn's ``working_memory``.

    Where images, or patches of them, nearly coincide, the relative error of the gradient
    grows like 1e-16 ‖x‖/‖x - y‖ in float64, and not at all for float32 input. With "relu",
    "leaky_relu" and "abs" the kernel has a cusp wherever a patch of x equals that of y,
    as black ones do. `kernel_gradient` takes the mean of the one-sided slopes of that
    patch, so that it returns ½∇ₓ[k(x, x)] at x = y.

    References
    ----------
    .. [1] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.
    .. [2] Novak et al., "Bayesian deep convolutional networks with many channels are
       Gaussian processes", ICLR 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skgantk.kernels import ConvNTK
    >>> X, _ = load_digits(return_X_y=True)
    >>> ConvNTK((8, 8), n_convolutions=1)(X[:2] / 16).round(2)
    array([[2.17, 2.03],
           [2.03, 2.23]])

    It takes the images of a scikit-learn pipeline as they are:

    >>> from sklearn.svm import SVC
    >>> model = SVC(kernel=ConvNTK.mnist())
    """

    _parameter_constraints = {
        **NetworkKernel._parameter_constraints,
        "image_shape": [tuple, list],
        "n_convolutions": [Interval(Integral, 1, None, closed="left")],
        "filter_shape": [tuple, list],
        "strides": [tuple, list],
        "padding": [StrOptions({"SAME", "VALID"})],
        "n_dense": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        image_shape,
        n_convolutions=2,
        filter_shape=(4, 4),
        strides=(2, 2),
        padding="SAME",
        n_dense=0,
        activation="relu",
        weight_std=1.0,
        bias_std=1.0,
        output_bias=True,
        negative_slope=0.01,
        weight_std_bounds=(1e-5, 1e5),
        bias_std_bounds=(1e-5, 1e5),
    ):
        self.image_shape = image_shape
        self.n_convolutions = n_convolutions
        self.filter_shape = filter_shape
        self.strides = strides
        self.padding = padding
        self.n_dense = n_dense
        self.activation = activation
        self.weight_std = weight_std
        self.bias_std = bias_std
        self.output_bias = output_bias
        self.negative_slope = negative_slope
        self.weight_std_bounds = weight_std_bounds
        self.bias_std_bounds = bias_std_bounds

    @classmethod
    def mnist(cls, *, weight_std=_WEIGHT_STD, bias_std=_BIAS_STD, **params):
        """Return the kernel for MNIST of [1]_, 28 × 28: conv-conv-flatten-dense-dense.

        Parameters
        ----------
        weight_std, bias_std : float, default=√1.4615, √0.1
            As in the code of [1]_.
        **params
            Any other parameter of the class, to override those of [1]_.

        Returns
        -------
        kernel : ConvNTK

        References
        ----------
        .. [1] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
           kernels", 2022.
        """
        architecture = {"image_shape": (28, 28, 1), "n_convolutions": 2, "n_dense": 1}
        return cls(**{**architecture, **params}, weight_std=weight_std, bias_std=bias_std)

    @classmethod
    def cifar10(cls, *, weight_std=_WEIGHT_STD, bias_std=_BIAS_STD, **params):
        """Return the kernel for CIFAR-10, 32 × 32 × 3: conv-conv-conv-flatten-dense.

        Channels last. Parameters and reference as for `mnist`.
        """
        architecture = {"image_shape": (32, 32, 3), "n_convolutions": 3}
        return cls(**{**architecture, **params}, weight_std=weight_std, bias_std=bias_std)

    @classmethod
    def celeba(cls, *, weight_std=_WEIGHT_STD, bias_std=_BIAS_STD, **params):
        """Return the kernel for CelebA, 64 × 64 × 3: four convolutions, flatten-dense.

        Channels last. Parameters and reference as for `mnist`.
        """
        architecture = {"image_shape": (64, 64, 3), "n_convolutions": 4}
        return cls(**{**architecture, **params}, weight_std=weight_std, bias_std=bias_std)

    def _core(self):
        image_shape = _positive_integers("image_shape", self.image_shape, (2, 3))
        network = Architecture(
            image_shape=image_shape if len(image_shape) == 3 else (*image_shape, 1),
            n_convolutions=int(self.n_convolutions),
            filter_shape=_positive_integers("filter_shape", self.filter_shape, (2,)),
            strides=_positive_integers("strides", self.strides, (2,)),
            padding=self.padding,
            n_dense=int(self.n_dense),
        )
        network.check_maps()
        return ConvNetwork(
            weight_std=float(self.weight_std),
            bias_std=float(self.bias_std),
            network=network,
            activation=get_activation(self.activation, self.negative_slope),
            output_bias=bool(self.output_bias),
        )

    def __repr__(self):
        return (
            f"ConvNTK({tuple(self.image_shape)}, n_convolutions={self.n_convolutions}, "
            f"n_dense={self.n_dense}, activation={self.activation!r}, "
            f"weight_std={self.weight_std:.3g}, bias_std={self.bias_std:.3g})"
        )


def _positive_integers(name, values, lengths):
    """Return ``values`` as a tuple of ints, if there are as many as allowed."""
    valid = len(values) in lengths and all(
        isinstance(value, Integral) and value > 0 for value in values
    )
    if not valid:
        allowed = " or ".join(str(length) for length in lengths)
        raise ValueError(
            f"{name} must be {allowed} positive integers, got {tuple(values)}."
        )
    return tuple(int(value) for value in values)
