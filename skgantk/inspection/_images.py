"""ImageGridDisplay: images side by side, each with the training image nearest to it."""

import math
import warnings
from numbers import Integral

import numpy as np
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, validate_params

from skgantk._flat import check_flat
from skgantk._numerics.distances import nearest as nearest_point
from skgantk._samplers import ask
from skgantk.inspection._common import drawing_axes

APART = 10  # times the range of values of other images: those are of another scale
GAP = 0.05  # between images, in heights of one


class ImageGridDisplay:
    """A grid of images, each perhaps above the training image nearest to it.

    A generator that copies shows as pairs of equals ([1]_ Fig. 14-16). It is best made
    by `from_samples` or `from_estimator`; all parameters are stored as attributes.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width) or (n_images, height, width, 3)
        Grey or coloured images.
    nearest : ndarray of the shape of images, default=None
        A training image for each.
    nearest_index : ndarray of shape (n_images,), default=None
        Which ones they are.
    value_range : tuple (low, high), default=None
        Values that are drawn black and white; those of ``nearest``, or else of ``images``,
        if None. Values beyond are clipped.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
        All images in one.

    Raises
    ------
    InvalidParameterError
        If ``n_columns`` or ``n_samples`` is not a positive integer.
    ValueError
        If an image has not ``image_shape``, or that is not the shape of an image.
    ImportError
        By `plot`, without matplotlib (the extra ``plot``).

    Warns
    -----
    UserWarning
        By `plot`, if no ``value_range`` is given and ``images`` span less than a tenth, or
        more than ten times, of what ``nearest`` do: they are of two scales.

    See Also
    --------
    copying_score, average_max_ssim : Copying, as a number.

    Notes
    -----
    Nearest is what has the least Euclidean distance; [1]_ goes by structural similarity.

    References
    ----------
    .. [1] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from skgantk.inspection import ImageGridDisplay
    >>> digits = load_digits().data
    >>> display = ImageGridDisplay.from_samples(digits[:12], (8, 8), X_train=digits[12:])
    >>> display.nearest.shape
    (12, 8, 8)
    >>> plt.close(display.figure_)
    """

    def __init__(self, *, images, nearest=None, nearest_index=None, value_range=None):
        self.images = images
        self.nearest = nearest
        self.nearest_index = nearest_index
        self.value_range = value_range

    @classmethod
    def from_samples(
        cls,
        images,
        image_shape,
        X_train=None,
        *,
        value_range=None,
        ax=None,
        **plot_params,
    ):
        """Draw images.

        Parameters
        ----------
        images : array-like of shape (n_images, n_features)
            Flattened images, channels last.
        image_shape : tuple (height, width), (height, width, 1) or (height, width, 3)
            The shape of each.
        X_train : array-like of shape (n_training_images, n_features), default=None
            Training images, of which the one nearest to each image is drawn below it.
        value_range : tuple (low, high), default=None
            Values that are drawn black and white; those of the nearest training images,
            or else of the images, if None.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : ImageGridDisplay
        """
        check_flat(images, "ImageGridDisplay", "images")
        floats = [np.float64, np.float32]  # differences of bytes would wrap
        images = check_array(images, dtype=floats, input_name="images")
        shape = _checked_shape(image_shape, images, "images")
        index = nearest = None
        if X_train is not None:
            check_flat(X_train, "ImageGridDisplay", "X_train")
            X_train = check_array(X_train, dtype=floats, input_name="X_train")
            _checked_shape(image_shape, X_train, "X_train")
            index = nearest_point(images, X_train)[1]
            nearest = X_train[index].reshape(-1, *shape)
        display = cls(
            images=images.reshape(-1, *shape),
            nearest=nearest,
            nearest_index=index,
            value_range=value_range,
        )
        return display.plot(ax=ax, **plot_params)

    @classmethod
    @validate_params(
        {
            "generator": "no_validation",
            "n_samples": [Interval(Integral, 1, None, closed="left")],
        },
        prefer_skip_nested_validation=True,
    )
    def from_estimator(
        cls,
        generator,
        image_shape,
        X_train=None,
        *,
        n_samples=16,
        random_state=None,
        value_range=None,
        ax=None,
        **plot_params,
    ):
        """Draw what a generator draws.

        Parameters
        ----------
        generator : generator
            Fitted on flattened images, channels last, with ``sample``.
        image_shape : tuple (height, width), (height, width, 1) or (height, width, 3)
            The shape of each.
        X_train : array-like of shape (n_training_images, n_features), default=None
            Training images, of which the one nearest to each image is drawn below it.
        n_samples : int, default=16
            Number of images.
        random_state : int, RandomState instance or None, default=None
            Of the draw.
        value_range : tuple (low, high), default=None
            As in `from_samples`.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        **plot_params : dict
            Other parameters of `plot`.

        Returns
        -------
        display : ImageGridDisplay
        """
        images = ask(generator, n_samples, random_state)[0]
        return cls.from_samples(
            images, image_shape, X_train, value_range=value_range, ax=ax, **plot_params
        )

    @validate_params(
        {"n_columns": [Interval(Integral, 1, None, closed="left"), None]},
        prefer_skip_nested_validation=True,
    )
    def plot(self, ax=None, *, n_columns=None, image_kw=None):
        """Draw the stored images.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        n_columns : int, default=None
            Images in a row; as many as rows, or a few more, if None.
        image_kw : dict, default=None
            For the grid, `matplotlib.axes.Axes.imshow`.

        Returns
        -------
        display : ImageGridDisplay
        """
        ax = drawing_axes(self, ax)
        self.ax_, self.figure_ = ax, ax.figure
        groups = [self.images] if self.nearest is None else [self.images, self.nearest]
        given = self.value_range is not None
        low, high = self.value_range if given else (groups[-1].min(), groups[-1].max())
        if not given:
            _check_scales(groups)
        scaled = [np.clip((g - low) / ((high - low) or 1.0), 0, 1) for g in groups]
        n = len(self.images)
        columns = min(n_columns or math.ceil(math.sqrt(n * len(groups))), n)
        picture, centres = _mosaic(scaled, columns)
        self.image_ = ax.imshow(
            picture, **({"cmap": "gray", "vmin": 0, "vmax": 1} | (image_kw or {}))
        )
        ax.set(xticks=[], yticks=[])
        if self.nearest is not None:
            rows = len(centres) // 2
            ax.set_yticks(centres, ["sample", "nearest"] * rows)
            ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        return self


def _check_scales(groups):
    """Warn where images of [0, 1] are drawn beside such of [0, 255]."""
    ranges = [(group.min(), group.max()) for group in groups]
    spans = [float(high - low) for low, high in ranges]
    if max(spans) > APART * min(spans) > 0:
        of_images, of_nearest = (f"{low:.3g} to {high:.3g}" for low, high in ranges)
        warnings.warn(
            f"The images have values from {of_images}, the training images from "
            f"{of_nearest}: in one range, the one or the other can hardly be seen, and "
            "which is nearest says little. Scale both alike, or give value_range.",
            UserWarning,
            stacklevel=4,
        )


def _checked_shape(image_shape, X, name):
    """The shape of the stored images; a channel of its own is left out."""
    shape = tuple(image_shape)
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)):
        raise ValueError(
            "image_shape must be (height, width), (height, width, 1) or "
            f"(height, width, 3); got {shape}."
        )
    if X.shape[1] != math.prod(shape):
        raise ValueError(
            f"image_shape={shape} has {math.prod(shape)} entries, but {name} has shape "
            f"{X.shape}: it must be (n_images, {math.prod(shape)}), flattened."
        )
    return shape[:2] if len(shape) == 3 and shape[2] == 1 else shape


def _mosaic(groups, columns):
    """All images in one, nothing in between, and the heights of the centres of its rows.

    The images of the first group stand right above those of the second, if there is one.
    """
    n, height, width, *channels = groups[0].shape
    gap, rows = max(1, round(GAP * height)), math.ceil(n / columns)
    between = gap if len(groups) == 1 else 3 * gap  # pairs are seen to belong together
    pitch = len(groups) * (height + gap) - gap + between
    nothing = 1.0 if channels else np.nan  # white, or of no colour whatever the map
    shape = rows * pitch - between, columns * (width + gap) - gap, *channels
    picture = np.full(shape, nothing)
    centres = []
    for row in range(rows):
        for below, group in enumerate(groups):
            top = row * pitch + below * (height + gap)
            centres.append(top + (height - 1) / 2)
            for column, image in enumerate(group[row * columns : (row + 1) * columns]):
                left = column * (width + gap)
                picture[top : top + height, left : left + width] = image
    return picture, centres
