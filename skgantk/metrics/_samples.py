"""What to look for in generated samples: modes that are missed, and copies."""

from numbers import Real
from typing import NamedTuple

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from skgantk._numerics.distances import nearest
from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._checks import check_clouds


class ModeCoverage(NamedTuple):
    """What `mode_coverage` returns."""

    covered: float
    n_covered: int
    high_quality: float


@validate_params(
    {"radius": [Interval(Real, 0, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def mode_coverage(X, centres, *, radius):
    """Count the modes of a mixture that a sample reaches, and the points that reach one.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The sample.
    centres : array-like of shape (n_modes, n_features)
        Centre of each mode.
    radius : float
        How far from its centre a mode extends; for Gaussians three standard deviations are
        usual [1]_.

    Returns
    -------
    coverage : ModeCoverage
        A named tuple: ``covered``, the share of modes with at least one point within
        ``radius`` of their centre; ``n_covered``, their number; ``high_quality``, the
        share of points within ``radius`` of a centre.

    Raises
    ------
    ValueError
        If an input is not finite, or the widths differ.
    InvalidParameterError
        If ``radius`` is negative.

    References
    ----------
    .. [1] Srivastava et al., "VEEGAN: Reducing mode collapse in GANs using implicit
       variational learning", NeurIPS 2017.

    Examples
    --------
    >>> from skgantk.metrics import mode_coverage
    >>> mode_coverage([[0.1], [0.2], [3.0]], [[0.0], [1.0]], radius=0.5).covered
    0.5
    """
    X, centres = check_clouds(X=X, centres=centres)
    reached = nearest(centres, X)[0] <= radius
    near = nearest(X, centres)[0] <= radius
    return ModeCoverage(
        float(reached.mean()), int(np.count_nonzero(reached)), float(near.mean())
    )


@numpy_defaults
def copying_score(X, X_train, X_held_out):
    """Tell generated samples that are copies of training points from fresh ones.

    It is the median distance of the generated samples to the nearest training point,
    divided by that of held-out points. A distance to the training points alone rewards
    copies; this score exposes them.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Generated samples.
    X_train : array-like of shape (n_train, n_features)
        What the generator was fitted to.
    X_held_out : array-like of shape (n_held_out, n_features)
        Points of the same law that it has not seen.

    Returns
    -------
    score : float
        About 1 for fresh samples of the law, 0 for copies, more than 1 for samples that
        are off the data.

    Raises
    ------
    ValueError
        If an input is not finite, the widths differ, or at least half of the held-out
        points coincide with training points, which leaves nothing to compare with.

    Notes
    -----
    The idea of a comparison with held-out points is that of [1]_, as a ratio in place of a
    test.

    References
    ----------
    .. [1] Meehan, Chaudhuri and Dasgupta, "A non-parametric test to detect data-copying in
       generative models", AISTATS 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.metrics import copying_score
    >>> X_train, X_held_out = np.random.default_rng(0).normal(size=(2, 200, 2))
    >>> copying_score(X_train[:50], X_train, X_held_out)
    0.0
    """
    X, X_train, X_held_out = check_clouds(X=X, X_train=X_train, X_held_out=X_held_out)
    usual = np.median(nearest(X_held_out, X_train)[0])
    if usual == 0:
        raise ValueError(
            "At least half of the points of X_held_out coincide with points of X_train: "
            "copies cannot be told from fresh samples of such data."
        )
    return float(np.median(nearest(X, X_train)[0]) / usual)
