"""FlowDisplay: the way that the particles of a flow take."""

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from skgantk.inspection._common import (
    FAKE,
    REAL,
    check_plane,
    draw_legend,
    draw_points,
    drawing_axes,
    label_axes,
    padded_range,
    styled,
)


class FlowDisplay:
    """The way that the particles of a flow take in the plane, from noise to data.

    It is best made by `from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    trajectories : ndarray of shape (n_steps, n_particles, 2)
        The particles at some steps, from the first to the last.
    steps : ndarray of shape (n_steps,)
        These steps.
    X : ndarray of shape (n_samples, 2), default=None
        The data.
    feature_names : sequence of str, default=None
        Labels of the axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : matplotlib LineCollection
        One line for each particle.
    start_, end_ : matplotlib PathCollection
        The particles at the first and the last step.
    data_ : matplotlib PathCollection or None

    Raises
    ------
    ValueError
        By `from_estimator`, if the flow is not fitted, has other than two features, or
        kept no snapshots.
    ImportError
        By `plot`, without matplotlib (the extra ``plot``).

    See Also
    --------
    LossCurveDisplay : What the flow descends, over its steps.
    DiscriminatorDisplay : What drives the particles at one step.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skgantk.datasets import make_eight_gaussians
    >>> from skgantk.generators import ParticleFlowGenerator
    >>> from skgantk.inspection import FlowDisplay
    >>> X, _ = make_eight_gaussians(100, random_state=0)
    >>> flow = ParticleFlowGenerator(
    ...     max_iter=100, check_every=10, n_snapshots=10, random_state=0
    ... ).fit(X)
    >>> display = FlowDisplay.from_estimator(flow, X)
    >>> display.trajectories.shape
    (10, 100, 2)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, trajectories, steps, X=None, feature_names=None):
        self.trajectories = trajectories
        self.steps = steps
        self.X = X
        self.feature_names = feature_names

    @classmethod
    def from_estimator(cls, flow, X=None, *, ax=None, **plot_params):
        """Draw the particles of a fitted flow.

        Parameters
        ----------
        flow : ParticleFlowGenerator
            Fitted with ``n_snapshots`` of at least 1.
        X : array-like of shape (n_samples, 2), default=None
            The data, drawn if given.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : FlowDisplay
        """
        check_is_fitted(flow)
        check_plane(cls.__name__, flow.n_features_in_)
        if not hasattr(flow, "snapshots_"):
            raise ValueError(
                "The flow kept no snapshots of its particles: fit it with n_snapshots of "
                "at least 1; n_snapshots=20 and check_every=max_iter//20 give twenty."
            )
        if X is not None:
            X = check_array(X, dtype=[np.float64, np.float32], input_name="X")
            check_plane(cls.__name__, X.shape[1])
        # Early stopping keeps particles of an earlier step than the last.
        before = flow.snapshot_iter_ < flow.n_iter_
        display = cls(
            trajectories=np.concatenate([flow.snapshots_[before], flow.particles_[None]]),
            steps=np.append(flow.snapshot_iter_[before], flow.n_iter_),
            X=X,
            feature_names=getattr(flow, "feature_names_in_", None),
        )
        return display.plot(ax=ax, **plot_params)

    def plot(self, ax=None, *, line_kw=None, start_kw=None, end_kw=None, data_kw=None):
        """Draw the stored trajectories.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        line_kw : dict, default=None
            For the trajectories, `matplotlib.collections.LineCollection`.
        start_kw, end_kw, data_kw : dict, default=None
            For the points, `matplotlib.axes.Axes.scatter`.

        Returns
        -------
        display : FlowDisplay
        """
        ax = drawing_axes(self, ax)
        from matplotlib.collections import LineCollection

        self.ax_, self.figure_ = ax, ax.figure
        style = {"color": "0.6", "linewidth": 0.6, "alpha": 0.7, "zorder": 1}
        style = styled("collection", line_kw, **style)
        ways = list(self.trajectories.swapaxes(0, 1))
        self.lines_ = ax.add_collection(LineCollection(ways, **style))
        first, last = (f"particles, step {step}" for step in self.steps[[0, -1]])
        start, end = self.trajectories[[0, -1]]
        style = {"label": first, "color": "0.35", "zorder": 2}
        self.start_ = draw_points(ax, start, ".", start_kw, **style)
        self._plot_data(data_kw)
        style = {"label": last, "color": FAKE, "zorder": 2}
        self.end_ = draw_points(ax, end, "o", end_kw, **style)
        self._label()
        return self

    def animate(self, ax=None, *, interval=50, particle_kw=None, data_kw=None):
        """Show how the particles move, a picture for each stored step.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        interval : float, default=50
            Milliseconds between pictures.
        particle_kw, data_kw : dict, default=None
            For the points, `matplotlib.axes.Axes.scatter`.

        Returns
        -------
        animation : matplotlib.animation.FuncAnimation
            To be kept while it is shown. ``animation.save("flow.gif")`` writes a file,
            ``animation.to_jshtml()`` what a notebook shows with ``IPython.display.HTML``.
        """
        ax = drawing_axes(self, ax)
        from matplotlib.animation import FuncAnimation

        self.ax_, self.figure_ = ax, ax.figure
        self._plot_data(data_kw)
        style = {"label": "particles", "color": FAKE, "zorder": 2}
        particles = draw_points(ax, self.trajectories[0], "o", particle_kw, **style)
        title = ax.set_title("", loc="right", fontsize="medium")
        self._label()
        points = self.trajectories.reshape(-1, 2)
        points = points if self.X is None else np.concatenate([points, self.X])
        (left, low), (right, high) = padded_range(points)
        ax.set(xlim=(left, right), ylim=(low, high))

        def show(k):
            particles.set_offsets(self.trajectories[k])
            title.set_text(f"step {self.steps[k]}")
            return particles, title

        return FuncAnimation(self.figure_, show, len(self.steps), interval=interval)

    def _plot_data(self, given):
        self.data_ = None
        if self.X is not None:
            style = {"label": "data", "color": REAL, "zorder": 2}
            self.data_ = draw_points(self.ax_, self.X, "x", given, **style)

    def _label(self):
        self.ax_.set_aspect("equal")
        names = ["x₁", "x₂"] if self.feature_names is None else self.feature_names
        label_axes(self.ax_, *names)
        draw_legend(self.ax_, below=True)
