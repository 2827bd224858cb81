"""NTK and NNGP of fully connected networks as scikit-learn kernels."""

from numbers import Integral

from sklearn.utils._param_validation import Interval

from skgantk._numerics.activations import Homogeneous, get_activation
from skgantk.kernels._compositions import Scaled
from skgantk.kernels._length_scale import LengthScaleMixin
from skgantk.kernels._mlp_homogeneous import HomogeneousMLP
from skgantk.kernels._mlp_smooth import SmoothMLP
from skgantk.kernels._network import NetworkKernel


class _MLPKernel(LengthScaleMixin, NetworkKernel):
    """What NTK and NNGP share."""

    _ntk: bool

    _parameter_constraints = {
        **NetworkKernel._parameter_constraints,
        **LengthScaleMixin._parameter_constraints,
        "length_scale": [*LengthScaleMixin._parameter_constraints["length_scale"], None],
        "depth": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        depth=3,
        activation="relu",
        weight_std=1.0,
        bias_std=1.0,
        output_bias=False,
        negative_slope=0.01,
        weight_std_bounds=(1e-5, 1e5),
        bias_std_bounds=(1e-5, 1e5),
        length_scale=None,
        length_scale_bounds=(1e-5, 1e5),
    ):
        self.depth = depth
        self.activation = activation
        self.weight_std = weight_std
        self.bias_std = bias_std
        self.output_bias = output_bias
        self.negative_slope = negative_slope
        self.weight_std_bounds = weight_std_bounds
        self.bias_std_bounds = bias_std_bounds
        self.length_scale = length_scale
        self.length_scale_bounds = length_scale_bounds

    def _core(self):
        activation = get_activation(self.activation, self.negative_slope)
        kind = HomogeneousMLP if isinstance(activation, Homogeneous) else SmoothMLP
        network = kind(
            weight_std=float(self.weight_std),
            bias_std=float(self.bias_std),
            depth=int(self.depth),
            activation=activation,
            output_bias=bool(self.output_bias),
            ntk=self._ntk,
        )
        return network if self.length_scale is None else Scaled(network, self._lengths())

    def __repr__(self):
        scaled = self.length_scale is not None
        lengths = f", length_scale={self._length_repr()}" if scaled else ""
        return (
            f"{type(self).__name__}(depth={self.depth}, activation={self.activation!r}, "
            f"weight_std={self.weight_std:.3g}, bias_std={self.bias_std:.3g}{lengths})"
        )


class NTK(_MLPKernel):
    r"""Neural tangent kernel of a fully connected network of infinite width.

    The kernel whose regression is the training of that network by gradient descent
    [1]_, and the discriminator's kernel in [2]_ and [3]_. For ``depth`` hidden layers
    in NTK parametrisation, with :math:`F = E[\phi(u)\phi(v)]`,
    :math:`G = E[\phi'(u)\phi'(v)]` over :math:`(u, v) \sim N(0, \Sigma^l)`,

    .. math::

        \Sigma^0(x, y) &= \sigma_w^2 \, x \cdot y / d + \sigma_b^2,
        & \Theta^0 &= \Sigma^0 \\
        \Sigma^{l+1} &= \sigma_w^2 F(\Sigma^l) + \sigma_b^2,
        & \Theta^{l+1} &= \sigma_w^2 G(\Sigma^l) \Theta^l + \Sigma^{l+1},

    and :math:`k = \Theta^{depth}`.

    Parameters
    ----------
    depth : int, default=3
        Number of hidden layers, at least 1.
    activation : str, default="relu"
        Activation of the hidden layers: "relu", "leaky_relu", "abs", "erf", "sigmoid",
        "gelu", "tanh", "logistic", "softplus", "gaussian", "sin", "cos" or "identity".
        "relu" is the plain max(0, u), whose :math:`F` carries the factor ½. "sigmoid" is
        the stand-in ½(erf(u / 2.402) + 1) of [2]_ Eq. 152 for the logistic function,
        "logistic" that function itself, 1/(1 + exp(-u)). "gelu" is u Φ(u), "softplus"
        log(1 + exp(u)) and "gaussian" exp(-u²).
    weight_std : float, default=1.0
        σ_w > 0, the standard deviation of the weights.
    bias_std : float, default=1.0
        σ_b ≥ 0, the standard deviation of the biases. 0 means no biases, and then it is
        not a free hyperparameter.
    output_bias : bool, default=False
        Whether the linear read-out has a bias too: False in [2]_, True in [3]_.
    negative_slope : float, default=0.01
        Slope of "leaky_relu" for u < 0; other activations ignore it.
    weight_std_bounds, bias_std_bounds : pair of floats or "fixed", default=(1e-5, 1e5)
        Bounds in which `GaussianProcessRegressor` searches the hyperparameters.
    length_scale : float or array-like of shape (n_features,), default=None
        ℓ > 0, one length or one for each feature: the network sees x/ℓ, so that its first
        weights have the standard deviations σ_w/ℓ. None is 1, and then it is no
        hyperparameter.
    length_scale_bounds : pair of floats or "fixed", default=(1e-5, 1e5)
        Bounds in which `GaussianProcessRegressor` searches ``length_scale``, if it is
        given; also a pair for each feature, an array of shape (n_features, 2).

    Raises
    ------
    InvalidParameterError
        At the first use, if a parameter is out of its range.
    ValueError
        At the first use, if X has another number of features than ``length_scale``.

    See Also
    --------
    NNGP : Kernel of the same network at initialisation.
    kernel_gradient : Gradient of kernel sums in the input.

    Notes
    -----
    The kernel is computed in float64 and is exact to a few units in the last place
    also where x and y nearly coincide. With "relu", "leaky_relu" and "abs" it has a
    cusp at x = y: it is Lipschitz but not differentiable there. `kernel_gradient` then
    returns the mean of the one-sided slopes, ½∇ₓ[k(x, x)].

    "tanh", "logistic" and "softplus" have no closed :math:`F`. Theirs is that of a sum of
    18 erfs, or integrals of erfs, from which they differ by 3e-15 at most: values are right
    to some 1e-13 and gradients to some 1e-11 of their scale, at any x and y, and to 1e-6
    and 1e-5 with float32 points. A pair of points takes up to 324 terms in each layer, 64
    in float32, where "erf" takes one.

    References
    ----------
    .. [1] Jacot, Gabriel, Hongler, "Neural tangent kernel: convergence and
       generalization in neural networks", NeurIPS 2018.
    .. [2] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.
    .. [3] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> from skgantk.kernels import NTK
    >>> NTK(depth=1)([[3.0, 4.0]], [[3.0, 4.0], [-3.0, -4.0]]).round(4)
    array([[13.5   , -0.8926]])

    It goes where scikit-learn's own kernels go:

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> X, y = load_iris(return_X_y=True)
    >>> SVC(kernel=NTK()).fit(X, y).score(X, y) > 0.95
    True
    """

    _ntk = True


class NNGP(_MLPKernel):
    r"""Kernel of a fully connected network of infinite width at initialisation.

    The covariance of the Gaussian process that the outputs of such a network follow
    [1]_; the kernel :math:`\Sigma^{depth}` of the recursion in `NTK`.

    Parameters
    ----------
    depth : int, default=3
        Number of hidden layers, at least 1.
    activation : str, default="relu"
        Activation of the hidden layers, as in `NTK`: "relu", "leaky_relu", "abs", "erf",
        "sigmoid", "gelu", "tanh", "logistic", "softplus", "gaussian", "sin", "cos" or
        "identity".
    weight_std : float, default=1.0
        σ_w > 0, the standard deviation of the weights.
    bias_std : float, default=1.0
        σ_b ≥ 0, the standard deviation of the biases. 0 means no biases, and then it is
        not a free hyperparameter.
    output_bias : bool, default=False
        Whether the linear read-out has a bias too.
    negative_slope : float, default=0.01
        Slope of "leaky_relu" for u < 0; other activations ignore it.
    weight_std_bounds, bias_std_bounds : pair of floats or "fixed", default=(1e-5, 1e5)
        Bounds in which `GaussianProcessRegressor` searches the hyperparameters.
    length_scale : float or array-like of shape (n_features,), default=None
        ℓ > 0, one length or one for each feature: the network sees x/ℓ, so that its first
        weights have the standard deviations σ_w/ℓ. None is 1, and then it is no
        hyperparameter.
    length_scale_bounds : pair of floats or "fixed", default=(1e-5, 1e5)
        Bounds in which `GaussianProcessRegressor` searches ``length_scale``, if it is
        given; also a pair for each feature, an array of shape (n_features, 2).

    Raises
    ------
    InvalidParameterError
        At the first use, if a parameter is out of its range.
    ValueError
        At the first use, if X has another number of features than ``length_scale``.

    See Also
    --------
    NTK : Kernel of the same network in training.

    Notes
    -----
    Unlike the NTK, this kernel is differentiable at x = y for every activation here.

    References
    ----------
    .. [1] Lee et al., "Deep neural networks as Gaussian processes", ICLR 2018.

    Examples
    --------
    >>> from sklearn.gaussian_process import GaussianProcessRegressor
    >>> from skgantk.kernels import NNGP
    >>> X = [[-1.0], [0.0], [2.0]]
    >>> gp = GaussianProcessRegressor(NNGP(), optimizer=None).fit(X, [1.0, 0.0, 2.0])
    >>> gp.predict([[1.0]]).round(3)
    array([0.735])
    """

    _ntk = False
