"""Length scales: one for all features, or one for each."""

from numbers import Real

import numpy as np
from sklearn.gaussian_process.kernels import Hyperparameter
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, InvalidParameterError

from skgantk.kernels._base import BOUNDS_CONSTRAINT


class LengthScaleMixin:
    """Parameters ``length_scale`` and ``length_scale_bounds`` of a kernel.

    A vector makes it anisotropic: every entry is a hyperparameter. None, where a kernel
    allows it, is 1 and none. As in scikit-learn, one entry is as good as a number.
    """

    _parameter_constraints = {
        "length_scale": [Interval(Real, 0, None, closed="neither"), "array-like"],
        "length_scale_bounds": BOUNDS_CONSTRAINT,
    }

    length_scale: float | list | np.ndarray | None

    @property
    def anisotropic(self):
        """Whether every feature has a length scale of its own."""
        return np.size(self.length_scale) > 1

    @property
    def hyperparameter_length_scale(self):
        """Length scale in units of √d, or one for each feature."""
        bounds = "fixed" if self.length_scale is None else self.length_scale_bounds
        n_elements = np.size(self.length_scale)
        return Hyperparameter("length_scale", "numeric", bounds, n_elements)

    def _lengths(self):
        """ℓ as a float or a vector, its entries checked."""
        if isinstance(self.length_scale, Real):
            return float(self.length_scale)
        lengths = check_array(
            self.length_scale, ensure_2d=False, dtype=float, input_name="length_scale"
        )
        if lengths.ndim > 1 or np.any(lengths <= 0):
            raise InvalidParameterError(
                f"The 'length_scale' parameter of {type(self).__name__} must be a positive "
                "number, or a vector of them, one for each feature. Got "
                f"{self.length_scale!r} instead."
            )
        return lengths if self.anisotropic else float(lengths[0])

    def _length_repr(self):
        lengths = [f"{length:.3g}" for length in np.ravel(self.length_scale)]
        return f"[{', '.join(lengths)}]" if self.anisotropic else lengths[0]
