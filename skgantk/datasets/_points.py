"""Mixtures of Gaussians, and the one-dimensional sets of [F22]."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

COMMON = {
    "n_samples": [Interval(Integral, 1, None, closed="left")],
    "noise": [Interval(Real, 0, None, closed="left")],
    "random_state": ["random_state"],
}


@validate_params(
    {
        **COMMON,
        "radius": [Interval(Real, 0, None, closed="left")],
        "centre": ["array-like"],
    },
    prefer_skip_nested_validation=True,
)
def make_eight_gaussians(
    n_samples=500, *, radius=5.0, noise=0.5, centre=(0.0, 0.0), random_state=None
):
    """Eight Gaussians, evenly on a circle.

    The defaults are those of [1]_; those of [2]_ are ``radius=0.4, noise=0.002 ** 0.5,
    centre=(0.5, 0.5)``.

    Parameters
    ----------
    n_samples : int, default=500
        Number of points.
    radius : float, default=5.0
        Radius of the circle.
    noise : float, default=0.5
        Standard deviation of each Gaussian.
    centre : array-like of shape (2,), default=(0.0, 0.0)
        Centre of the circle.
    random_state : int, RandomState instance or None, default=None
        Of the points.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        The points.
    mode : ndarray of shape (n_samples,), int
        The Gaussian of each point, drawn evenly, 0 to 7.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.
    .. [2] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> from skgantk.datasets import make_eight_gaussians
    >>> X, mode = make_eight_gaussians(100, random_state=0)
    >>> X.shape
    (100, 2)
    """
    angle = 2 * np.pi * np.arange(8) / 8
    centres = centre + radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return _mixture(centres, n_samples, noise, random_state)


@validate_params(
    {**COMMON, "side": [Interval(Integral, 1, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def make_grid_gaussians(n_samples=500, *, side=5, noise=0.0005**0.5, random_state=None):
    """Gaussians on a square grid in [0.15, 0.85]², 25 of them as in [1]_.

    Parameters
    ----------
    n_samples : int, default=500
        Number of points.
    side : int, default=5
        Gaussians along one side.
    noise : float, default=√0.0005
        Standard deviation of each Gaussian.
    random_state : int, RandomState instance or None, default=None
        Of the points.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        The points.
    mode : ndarray of shape (n_samples,), int
        The Gaussian of each point, drawn evenly, row by row.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.

    References
    ----------
    .. [1] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> from skgantk.datasets import make_grid_gaussians
    >>> X, mode = make_grid_gaussians(100, random_state=0)
    >>> int(mode.max())
    24
    """
    line = np.linspace(0.15, 0.85, side) if side > 1 else np.array([0.5])
    centres = np.column_stack([np.tile(line, side), np.repeat(line, side)])
    return _mixture(centres, n_samples, noise, random_state)


def _mixture(centres, n_samples, noise, random_state):
    rng = check_random_state(random_state)
    mode = rng.randint(len(centres), size=n_samples)
    return centres[mode] + noise * rng.normal(size=(n_samples, 2)), mode


def make_lines(interleaved=False):
    """The real and fake points on a line of [1]_ Fig. 1.

    Parameters
    ----------
    interleaved : bool, default=False
        Whether some of the real points lie among the fake ones, as where [1]_ trains
        with the IPM loss; apart as where it trains with LSGAN's.

    Returns
    -------
    real : ndarray of shape (8, 1), or (5, 1) if not interleaved
    fake : ndarray of shape (5, 1)

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    >>> from skgantk.datasets import make_lines
    >>> real, fake = make_lines()
    >>> bool(fake.max() < real.min())
    True
    """
    real = [0.6, 1.0, 1.23, 1.32, 0.2] + ([-1.1, -1.0, -1.8] if interleaved else [])
    fake = [-1.2, -1.34, -0.8, -0.7, -0.2 if interleaved else -0.3]
    return 1.5 * np.array(real)[:, None], 1.5 * np.array(fake)[:, None]
