"""DiscriminatorDisplay: a discriminator on the line or in the plane."""

import warnings
from contextlib import contextmanager
from numbers import Integral

import numpy as np
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions, validate_params
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skgantk.inspection._common import (
    FAKE,
    REAL,
    as_box,
    check_plane,
    draw_colorbar,
    draw_legend,
    draw_line,
    draw_points,
    drawing_axes,
    label_axes,
    lattice,
    padded_range,
    styled,
)

NAMES = {"generator_loss": "c(f(x))", "decision_function": "f(x)"}
LINES = {
    "generator_loss": {"color": "black"},
    "decision_function": {"color": "0.5", "linestyle": "--"},
}
GREYS = "white", "0.6"  # light ones, before which arrows and points stand out
N_ARROWS = 15  # along a side of a grid of arrows
MOST_ARROWS = 64  # on fake points, which more would hide
ARROW = 0.1  # the usual length of few arrows, in sides of the picture
HEIGHT = {"real": 0.04, "fake": 0.1}  # of the rows of points on a line, in axes


class DiscriminatorDisplay:
    r"""A discriminator on the line or in the plane, and where it sends fake points.

    Drawn are c(f(x)), which a generator descends, or f itself, the points that the
    discriminator was trained on, and arrows along the generator's steps
    :math:`-\nabla (c \circ f)` ([1]_ Fig. 1-3). It is best made by `from_estimator`; all
    parameters are stored as attributes.

    Parameters
    ----------
    ticks : list of ndarray of shape (grid_resolution,)
        Coordinates of the grid, one array for each of its one or two features.
    response : ndarray of shape (grid_resolution,) or (grid_resolution, grid_resolution)
        Values on the grid; in the plane ``response[i, j]`` is that at
        ``(ticks[0][j], ticks[1][i])``.
    response_method : {"generator_loss", "decision_function"}, default="generator_loss"
        What the values are.
    real, fake : ndarray of shape (n_points, n_features), default=None
        Points to draw.
    arrow_points, arrow_steps : ndarray of shape (n_arrows, n_features), default=None
        Where arrows start, and -∇(c∘f) there.
    feature_names : sequence of str, default=None
        Labels of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D or None
        The curve, of one feature.
    surface_ : matplotlib QuadContourSet or None
        The filled contours, of two features.
    colorbar_ : matplotlib Colorbar or None
    real_, fake_ : matplotlib PathCollection or None
    arrows_ : matplotlib Quiver or None
        U and V are ``arrow_steps``; their scale is chosen for each picture, so that few
        arrows are as long as a tenth of it, and those of a grid as a step of the grid.

    Raises
    ------
    ValueError
        By `from_estimator`, if the discriminator is not fitted or has more than two
        features, or there is no telling which of its points are real.
    ImportError
        By `plot`, without matplotlib (the extra ``plot``).

    See Also
    --------
    DiracFieldDisplay : Of any dimension, for one fake and one real point.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skgantk.datasets import make_lines
    >>> from skgantk.discriminators import NTKLSGANDiscriminator, stack_samples
    >>> from skgantk.inspection import DiscriminatorDisplay
    >>> X, y = stack_samples(*make_lines())
    >>> discriminator = NTKLSGANDiscriminator().fit(X, y)
    >>> display = DiscriminatorDisplay.from_estimator(discriminator)
    >>> display.arrow_steps.shape  # of the five fake points
    (5, 1)

    A second display on the same axes adds another curve:

    >>> DiscriminatorDisplay.from_estimator(
    ...     discriminator, response_method="decision_function", arrows=None, ax=display.ax_
    ... )
    <...DiscriminatorDisplay object at ...>
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        ticks,
        response,
        response_method="generator_loss",
        real=None,
        fake=None,
        arrow_points=None,
        arrow_steps=None,
        feature_names=None,
    ):
        self.ticks = ticks
        self.response = response
        self.response_method = response_method
        self.real = real
        self.fake = fake
        self.arrow_points = arrow_points
        self.arrow_steps = arrow_steps
        self.feature_names = feature_names

    @classmethod
    @validate_params(
        {
            "discriminator": "no_validation",
            "response_method": [StrOptions(set(NAMES))],
            "arrows": [StrOptions({"fake", "grid"}), None],
            "grid_resolution": [Interval(Integral, 2, None, closed="left")],
            "bounds": ["array-like", None],
        },
        prefer_skip_nested_validation=True,
    )
    def from_estimator(
        cls,
        discriminator,
        X=None,
        y=None,
        *,
        response_method="generator_loss",
        arrows="fake",
        bounds=None,
        grid_resolution=100,
        ax=None,
        **plot_params,
    ):
        """Draw a fitted discriminator.

        Parameters
        ----------
        discriminator : discriminator
            Fitted, of one or two features: with ``decision_function``,
            ``generator_loss`` and ``generator_gradient``.
        X : array-like of shape (n_samples, n_features), default=None
            The points to draw, fake and real; ``discriminator.X_fit_`` if None.
        y : array-like of shape (n_samples,), default=None
            Their labels, the greater one real; ``discriminator.y_fit_`` without X.
        response_method : {"generator_loss", "decision_function"}, default="generator_loss"
            What is drawn, c(f(x)) or f(x).
        arrows : {"fake", "grid"} or None, default="fake"
            Where arrows start: on the fake points, of more than 64 on every second, third,
            ..., on a grid, or no arrows.
        bounds : tuple (low, high), default=None
            The box that is drawn: two numbers, or two arrays (n_features,); by default
            that of the points with some room around.
        grid_resolution : int, default=100
            Points of the grid along a side.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : DiscriminatorDisplay
        """
        check_is_fitted(discriminator)
        check_plane(cls.__name__, discriminator.n_features_in_, (1, 2))
        real, fake = _clouds(discriminator, X, y)
        n_features, dtype = real.shape[1], real.dtype
        box = padded_range(np.concatenate([real, fake]))
        low, high = box if bounds is None else as_box(bounds, n_features)
        ticks = [
            np.linspace(*side, grid_resolution, dtype=dtype) for side in zip(low, high)
        ]
        with _nameless_points():
            response = getattr(discriminator, response_method)(lattice(ticks))
            points = steps = None
            if arrows == "fake":
                points = fake[:: -(-len(fake) // MOST_ARROWS)]
            elif arrows == "grid":
                points = _arrow_grid(low, high, dtype)
            if points is not None:
                steps = -discriminator.generator_gradient(points)
        display = cls(
            ticks=ticks,
            response=response.reshape((grid_resolution,) * n_features),
            response_method=response_method,
            real=real,
            fake=fake,
            arrow_points=points,
            arrow_steps=steps,
            feature_names=getattr(discriminator, "feature_names_in_", None),
        )
        return display.plot(ax=ax, **plot_params)

    def plot(
        self,
        ax=None,
        *,
        line_kw=None,
        surface_kw=None,
        real_kw=None,
        fake_kw=None,
        arrow_kw=None,
        colorbar=True,
    ):
        """Draw the stored values.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        line_kw : dict, default=None
            For the curve, `matplotlib.axes.Axes.plot`.
        surface_kw : dict, default=None
            For the filled contours, `matplotlib.axes.Axes.contourf`.
        real_kw, fake_kw : dict, default=None
            For the points, `matplotlib.axes.Axes.scatter`.
        arrow_kw : dict, default=None
            For the arrows, `matplotlib.axes.Axes.quiver`.
        colorbar : bool, default=True
            Whether contours have a colour bar.

        Returns
        -------
        display : DiscriminatorDisplay
        """
        ax = drawing_axes(self, ax)
        self.ax_, self.figure_ = ax, ax.figure
        self.line_ = self.surface_ = self.colorbar_ = None
        if len(self.ticks) == 1:
            self._plot_line(ax, line_kw)
        else:
            self._plot_surface(ax, surface_kw or {}, colorbar)
        self.real_ = self._plot_points("real", REAL, "x", real_kw)
        self.fake_ = self._plot_points("fake", FAKE, "o", fake_kw)
        self.arrows_ = self._plot_arrows(arrow_kw)
        draw_legend(ax, below=len(self.ticks) == 2)
        return self

    def _plot_line(self, ax, line_kw):
        name = NAMES[self.response_method]
        style = {"label": name, **LINES[self.response_method]}
        self.line_ = draw_line(ax, *self.ticks, self.response, line_kw, **style)
        ax.margins(x=0, y=0.2)  # below are the rows of points
        names = ["x"] if self.feature_names is None else self.feature_names
        label_axes(ax, names[0], name)

    def _plot_surface(self, ax, surface_kw, colorbar):
        from matplotlib.colors import LinearSegmentedColormap

        greys = LinearSegmentedColormap.from_list("light greys", GREYS)
        style = {"levels": 30, "cmap": greys} | surface_kw
        if "colors" in style:
            style.pop("cmap")
        self.surface_ = ax.contourf(*self.ticks, self.response, **style)
        if colorbar:
            self.colorbar_ = draw_colorbar(ax, self.surface_, NAMES[self.response_method])
        ax.set_aspect("equal")
        (left, right), (low, high) = ((t[0], t[-1]) for t in self.ticks)
        ax.set(xlim=(left, right), ylim=(low, high))
        names = ["x₁", "x₂"] if self.feature_names is None else self.feature_names
        label_axes(ax, *names)

    def _plot_points(self, name, color, marker, given):
        X, ax = getattr(self, name), self.ax_
        if X is None:
            return None
        style = {"label": name, "color": color}
        if len(self.ticks) == 1:
            X = np.column_stack([X, np.full(len(X), HEIGHT[name])])
            style["transform"] = ax.get_xaxis_transform()
        return draw_points(ax, X, marker, given, **style)

    def _plot_arrows(self, given):
        if self.arrow_points is None:
            return None
        points, steps, ax = self.arrow_points, self.arrow_steps, self.ax_
        side = max(ticks[-1] - ticks[0] for ticks in self.ticks)
        # many arrows are the shorter, as far as there is one in each cell of a grid
        length = side * min(ARROW, len(points) ** (-1 / len(self.ticks)))
        style = {"color": "black", "width": 0.004, "zorder": 3}
        if len(self.ticks) == 1:
            points, steps = (np.column_stack([a, 0 * a]) for a in (points, steps))
            points[:, 1] = HEIGHT["fake"]
            style["transform"] = ax.get_xaxis_transform()
        return _draw_arrows(ax, points, steps, length, given, **style)


def _clouds(discriminator, X, y):
    """Real and fake points, those given or those of the training."""
    if X is None and y is None:
        if not hasattr(discriminator, "y_fit_"):
            raise ValueError(
                f"{type(discriminator).__name__} keeps no X_fit_ and y_fit_: give X and y, "
                "fake and real points and their labels."
            )
        X, y = discriminator.X_fit_, discriminator.y_fit_
    if X is None or y is None:
        raise ValueError("Give both X and y, or neither; y tells which points are real.")
    X = check_array(X, dtype=[np.float64, np.float32], input_name="X")
    y = np.asarray(y)
    check_consistent_length(X, y)
    if X.shape[1] != discriminator.n_features_in_:
        raise ValueError(
            f"X has {X.shape[1]} features, but the discriminator has "
            f"{discriminator.n_features_in_}; they must be as many."
        )
    if len(labels := np.unique(y)) != 2:
        raise ValueError(f"y must have two labels, of fake and real points; got {labels}.")
    is_real = y == labels[1]
    return X[is_real], X[~is_real]


def _draw_arrows(ax, points, steps, length, given, **defaults):
    """Arrows (n, 2) in data coordinates; nine in ten are no longer than ``length``."""
    size = np.hypot(*steps.T)
    usual = np.quantile(size, 0.9) if len(size) else 0.0
    usual = usual or np.max(size, initial=0.0) or 1.0
    defaults |= {"angles": "xy", "scale_units": "xy", "scale": usual / length}
    return ax.quiver(*points.T, *steps.T, **styled("collection", given, **defaults))


def _arrow_grid(low, high, dtype):
    """Centres of the cells of a grid, so that no arrow starts on the frame."""
    half = (np.asarray(high) - low) / N_ARROWS / 2
    sides = zip(low + half, high - half)
    return lattice([np.linspace(*side, N_ARROWS, dtype=dtype) for side in sides])


@contextmanager
def _nameless_points():
    """A grid has no names of features; a discriminator that has them need not say so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        yield
