"""LossCurveDisplay: the loss of a generator over its steps."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgantk.inspection._common import (
    FAKE,
    REAL,
    draw_legend,
    draw_line,
    drawing_axes,
    label_axes,
)


class LossCurveDisplay:
    """The loss of a generator over its steps, with the validation curve if there is one.

    It is best made by `from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    steps : ndarray of shape (n_checks,)
        The steps at which the loss was recorded.
    loss_curve : ndarray of shape (n_checks,)
        The loss at these steps.
    validation_curve : ndarray of shape (n_checks,), default=None
        A distance to held-out points at these steps.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D
    validation_line_ : matplotlib Line2D or None

    Raises
    ------
    ValueError
        By `from_estimator`, if the generator is not fitted or records no loss.
    ImportError
        By `plot`, without matplotlib (the extra ``plot``).

    See Also
    --------
    FlowDisplay : The way that the particles of a flow take.

    Notes
    -----
    The vertical axis is logarithmic where the values are positive; values that rounding
    has brought to 0 or below, at the end of a flow, are left out.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skgantk.datasets import make_eight_gaussians
    >>> from skgantk.generators import ParticleFlowGenerator
    >>> from skgantk.inspection import LossCurveDisplay
    >>> X, _ = make_eight_gaussians(100, random_state=0)
    >>> flow = ParticleFlowGenerator(
    ...     early_stopping=True, check_every=10, max_iter=100, random_state=0
    ... ).fit(X)
    >>> display = LossCurveDisplay.from_estimator(flow)
    >>> display.steps[:3].tolist()
    [0, 10, 20]
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, steps, loss_curve, validation_curve=None):
        self.steps = steps
        self.loss_curve = loss_curve
        self.validation_curve = validation_curve

    @classmethod
    def from_estimator(cls, generator, *, ax=None, **plot_params):
        """Draw the loss of a fitted generator.

        Parameters
        ----------
        generator : generator
            Fitted, with ``loss_curve_``; its entries are at the steps ``loss_iter_``, or
            one after the other without it. ``validation_curve_`` is drawn if it has
            entries.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : LossCurveDisplay
        """
        check_is_fitted(generator)
        if not hasattr(generator, "loss_curve_"):
            raise ValueError(
                f"{type(generator).__name__} records no loss_curve_: there is none to draw."
            )
        loss = np.array(generator.loss_curve_)
        validation = np.array(getattr(generator, "validation_curve_", []))
        display = cls(
            steps=np.array(getattr(generator, "loss_iter_", np.arange(len(loss)))),
            loss_curve=loss,
            validation_curve=validation if len(validation) else None,
        )
        return display.plot(ax=ax, **plot_params)

    def plot(self, ax=None, *, line_kw=None, validation_kw=None):
        """Draw the stored values.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        line_kw : dict, default=None
            For the loss, `matplotlib.axes.Axes.plot`.
        validation_kw : dict, default=None
            For the validation curve, `matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : LossCurveDisplay
        """
        ax = drawing_axes(self, ax)
        self.ax_, self.figure_, self.validation_line_ = ax, ax.figure, None
        style = {"label": "loss", "color": FAKE}
        self.line_ = draw_line(ax, self.steps, self.loss_curve, line_kw, **style)
        if self.validation_curve is not None:
            style = {"label": "distance to held-out points", "color": REAL, "ls": "--"}
            self.validation_line_ = draw_line(
                ax, self.steps, self.validation_curve, validation_kw, **style
            )
            draw_legend(ax)
        if _is_positive(self.loss_curve):
            ax.set_yscale("log", nonpositive="mask")
        label_axes(ax, "step", "loss")
        return self


def _is_positive(values):
    """Whether nothing but rounding is below 0."""
    return np.max(values) > 0 and np.min(values) > -1e-3 * np.max(values)
