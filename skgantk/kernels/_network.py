"""What the kernels of all networks share."""

from numbers import Real

from sklearn.gaussian_process.kernels import Hyperparameter
from sklearn.utils._param_validation import Interval, StrOptions

from skgantk._numerics.activations import ACTIVATIONS
from skgantk.kernels._base import BOUNDS_CONSTRAINT, CoreKernel


class NetworkKernel(CoreKernel):
    """Base class: an activation, and standard deviations of weights and biases."""

    _parameter_constraints = {
        "activation": [StrOptions({*ACTIVATIONS, "leaky_relu"})],
        "weight_std": [Interval(Real, 0, None, closed="neither")],
        "bias_std": [Interval(Real, 0, None, closed="left")],
        "output_bias": ["boolean"],
        "negative_slope": [Interval(Real, None, None, closed="neither")],
        "weight_std_bounds": BOUNDS_CONSTRAINT,
        "bias_std_bounds": BOUNDS_CONSTRAINT,
    }

    @property
    def hyperparameter_weight_std(self):
        """Standard deviation of the weights."""
        return Hyperparameter("weight_std", "numeric", self.weight_std_bounds)

    @property
    def hyperparameter_bias_std(self):
        """Standard deviation of the biases; fixed where it is 0, whose log is -inf."""
        bounds = self.bias_std_bounds if self.bias_std else "fixed"
        return Hyperparameter("bias_std", "numeric", bounds)
