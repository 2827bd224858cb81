"""DiracFieldDisplay: the force on one fake point that one real point attracts."""

from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.utils._param_validation import Interval, validate_params

from skgantk.discriminators import stack_samples
from skgantk.inspection._common import (
    REAL,
    as_box,
    draw_colorbar,
    draw_points,
    drawing_axes,
    label_axes,
    lattice,
    styled,
)

ROUNDING = 1e-6  # of the force, that may point out of the plane
LENGTH = 0.8  # of arrows, in steps of the grid


class DiracFieldDisplay:
    r"""The force on a single fake point x in the presence of a single real point y.

    With one point of each kind (the Dirac GAN), the discriminator of a kernel that
    depends on \|x\|, \|y\| and x·y alone moves x within the plane Span{x, y}, whatever the
    dimension. Drawn there, with y at (1, 0), are the steps
    :math:`-\nabla (c \circ f)(x)`, each of a discriminator of its own, trained on x and y
    ([1]_ App. C.4 and Fig. 6-7). The field is symmetric about the line through y and the
    origin, of which one side is shown. It is best made by `from_discriminator`; all
    parameters are stored as attributes.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
        Where x is, in the orthonormal coordinates of the plane of which the first is
        along y.
    steps : ndarray of shape (n_points, 2)
        The steps of x in the same coordinates.
    n_features : int, default=2
        The dimension of the space around the plane.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    arrows_ : matplotlib Quiver
        Along ``steps``, all as long as each other: how long the steps are is told by
        their colours.
    colorbar_ : matplotlib Colorbar or None
    real_ : matplotlib PathCollection
        The point y.

    Raises
    ------
    InvalidParameterError
        By `from_discriminator`, if ``n_features`` is less than 2.
    ValueError
        By `from_discriminator`, if the discriminator moves x out of the plane: kernels of
        images, or with a length for each feature, have no such picture.
    ImportError
        By `plot`, without matplotlib (the extra ``plot``).

    See Also
    --------
    DiscriminatorDisplay : Of one discriminator with all its points, in the plane.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skgantk.discriminators import NTKIPMDiscriminator
    >>> from skgantk.inspection import DiracFieldDisplay
    >>> display = DiracFieldDisplay.from_discriminator(
    ...     NTKIPMDiscriminator(), n_features=512, grid_resolution=5
    ... )
    >>> display.steps.shape
    (25, 2)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, points, steps, n_features=2):
        self.points = points
        self.steps = steps
        self.n_features = n_features

    @classmethod
    @validate_params(
        {
            "discriminator": "no_validation",
            "n_features": [Interval(Integral, 2, None, closed="left")],
            "bounds": ["array-like"],
            "grid_resolution": [Interval(Integral, 1, None, closed="left")],
        },
        prefer_skip_nested_validation=True,
    )
    def from_discriminator(
        cls,
        discriminator,
        n_features=2,
        *,
        bounds=((-1.0, 0.0), (2.0, 3.0)),
        grid_resolution=20,
        ax=None,
        **plot_params,
    ):
        """Train a discriminator for each point of a grid, and draw the steps.

        Parameters
        ----------
        discriminator : discriminator
            With ``fit`` and ``generator_gradient``; it is cloned, and need not be fitted.
        n_features : int, default=2
            The dimension of x and y, at least 2.
        bounds : tuple (low, high), default=((-1, 0), (2, 3))
            The part of the plane that is drawn.
        grid_resolution : int, default=20
            Points along a side, one in the middle of each cell of ``bounds``.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : DiracFieldDisplay
        """
        low, high = as_box(bounds, 2)
        half = (high - low) / grid_resolution / 2
        sides = zip(low + half, high - half)
        points = lattice([np.linspace(*side, grid_resolution) for side in sides])
        plane = _plane(n_features)
        real, fakes = np.array([[1.0, 0.0]]) @ plane, points @ plane
        steps = np.empty_like(fakes)
        # All fits have the same shapes, so that what the first one compiles serves all.
        for i, fake in enumerate(fakes):
            trained = clone(discriminator).fit(*stack_samples(real, fake[None]))
            steps[i] = -trained.generator_gradient(fake[None])[0]
        within = steps @ plane.T
        if np.abs(steps - within @ plane).max() > ROUNDING * np.abs(steps).max():
            raise ValueError(
                "This discriminator moves a fake point out of the plane of the fake and "
                "the real one: its kernel does not depend on norms and scalar products "
                "alone, and the plane does not show its field."
            )
        display = cls(points=points, steps=within, n_features=n_features)
        return display.plot(ax=ax, **plot_params)

    def plot(self, ax=None, *, arrow_kw=None, real_kw=None, colorbar=True):
        """Draw the stored steps.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        arrow_kw : dict, default=None
            For the arrows, `matplotlib.axes.Axes.quiver`; ``norm`` and ``cmap`` turn
            lengths of steps into colours, and ``color`` stands for all.
        real_kw : dict, default=None
            For the real point, `matplotlib.axes.Axes.scatter`.
        colorbar : bool, default=True
            Whether the colours have a colour bar.

        Returns
        -------
        display : DiracFieldDisplay
        """
        ax = drawing_axes(self, ax)
        self.ax_, self.figure_ = ax, ax.figure
        self.arrows_ = self._plot_arrows(arrow_kw)
        self.colorbar_ = None
        if colorbar and self.arrows_.get_array() is not None:
            self.colorbar_ = draw_colorbar(ax, self.arrows_, "length of step")
        style = {"color": REAL, "s": 60, "linewidth": 2, "zorder": 3}
        self.real_ = draw_points(ax, np.array([[1.0, 0.0]]), "x", real_kw, **style)
        ax.annotate("y", (1.0, 0.0), (8, -4), textcoords="offset points", color=REAL)
        ax.set_aspect("equal")
        label_axes(ax, "along y", "across y")
        return self

    def _plot_arrows(self, given):
        from matplotlib.colors import Normalize

        sides = np.ptp(self.points, axis=0)
        cells = max(np.sqrt(len(self.points)) - 1, 1)  # along a side
        spacing = np.sqrt(np.prod(sides)) / cells or 1.0
        size = np.linalg.norm(self.steps, axis=1)
        style = {"angles": "xy", "scale_units": "xy", "scale": 1 / (LENGTH * spacing)}
        style |= {"pivot": "mid", "width": 0.004, "cmap": "cividis_r"}
        style |= {"norm": Normalize(0, np.max(size, initial=0.0) or 1.0)}
        style = styled("collection", given, **style)
        directions = self.steps / np.where(size > 0, size, 1)[:, None]
        if {"color", "facecolor"} & style.keys():
            style = {k: v for k, v in style.items() if k not in ("norm", "cmap")}
            return self.ax_.quiver(*self.points.T, *directions.T, **style)
        return self.ax_.quiver(*self.points.T, *directions.T, size, **style)


def _plane(n_features):
    """Two orthonormal rows; of many features at random, to notice that it matters which."""
    if n_features == 2:
        return np.eye(2)
    normal = np.random.default_rng(0).normal(size=(n_features, 2))
    return np.linalg.qr(normal)[0].T
