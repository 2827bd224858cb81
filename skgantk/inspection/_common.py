"""What the displays share: axes, colours, legends."""

import numpy as np

# Blue and vermilion of Okabe and Ito, whose colours the colour-blind tell apart.
REAL, FAKE = "#0072B2", "#D55E00"
BELOW = 34  # points from axes to the legend below them: tick labels and a label


def drawing_axes(display, ax):
    """Return the axes given, or those of a new figure; matplotlib is imported here."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__}.plot needs matplotlib: pip install 'skgantk[plot]'."
        ) from error
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def styled(artist, given, **defaults):
    """Keyword arguments of an artist of matplotlib, where those given win, aliases too."""
    from matplotlib import cbook, collections, lines

    kind = {"line": lines.Line2D, "collection": collections.Collection}[artist]
    given = cbook.normalize_kwargs(given, kind)
    if {"c", "colors"} & given.keys():
        defaults.pop("color", None)
    return cbook.normalize_kwargs(defaults, kind) | given


def label_axes(ax, xlabel, ylabel):
    """Label what the caller has not labelled."""
    if not ax.get_xlabel():
        ax.set_xlabel(xlabel)
    if not ax.get_ylabel():
        ax.set_ylabel(ylabel)


def draw_legend(ax, below=False):
    """A legend with every label once, however many displays share the axes.

    It stands ``below`` axes that are full of points, where it hides none.
    """
    handles, labels = ax.get_legend_handles_labels()
    entries = dict(zip(labels, handles))
    if not entries:
        return
    place = {}
    if below:
        from matplotlib.transforms import ScaledTranslation

        down = ScaledTranslation(0, -BELOW / 72, ax.figure.dpi_scale_trans)
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "borderaxespad": 0}
        place |= {"bbox_transform": ax.transAxes + down, "ncols": 3, "frameon": False}
        place |= {"columnspacing": 1.0, "handletextpad": 0.2}
    ax.legend(entries.values(), entries.keys(), **place)


def draw_colorbar(ax, colored, label):
    """A colour bar as high as the axes, whatever their shape."""
    from matplotlib.ticker import MaxNLocator

    beside = ax.inset_axes([1.03, 0, 0.04, 1])
    return ax.figure.colorbar(colored, cax=beside, label=label, ticks=MaxNLocator(8))


def draw_line(ax, x, y, given, **defaults):
    """A curve."""
    (line,) = ax.plot(x, y, **styled("line", given, **defaults))
    return line


def draw_points(ax, X, marker, given, **defaults):
    """Points (n, 2), the smaller the more there are."""
    style = {"s": np.clip(5000 / max(len(X), 1), 6, 25), "marker": marker}
    style |= {} if marker == "x" else {"linewidth": 0}  # no edge over a cross below
    style |= defaults
    return ax.scatter(*X.T, **styled("collection", given, **style))


def check_plane(name, n_features, allowed=(2,)):
    """Raise unless points of so many features can be drawn."""
    if n_features not in allowed:
        allowed = " or ".join(map(str, allowed))
        raise ValueError(
            f"{name} draws points of {allowed} features, and these have {n_features}."
        )


def lattice(ticks):
    """All points (n, d) of the grid of d arrays; the first feature runs fastest."""
    return np.stack([axis.ravel() for axis in np.meshgrid(*ticks)], axis=1)


def padded_range(X):
    """The box (low, high) about points, with a tenth of its longer side around it."""
    low, high = X.min(axis=0), X.max(axis=0)
    pad = 0.1 * np.max(high - low) or 1.0
    return low - pad, high + pad


def as_box(bounds, n_features):
    """``bounds`` as two arrays (n_features,), low < high."""
    try:
        low, high = (np.broadcast_to(np.asarray(b, float), n_features) for b in bounds)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"bounds must be (low, high), each a number or an array of {n_features}; got "
            f"{bounds!r}."
        ) from error
    if not (np.all(np.isfinite([low, high])) and np.all(low < high)):
        raise ValueError(f"bounds must be (low, high) with low < high; got {low}, {high}.")
    return low, high
