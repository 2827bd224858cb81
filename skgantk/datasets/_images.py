"""Points drawn from grey-scale images, and images as points."""

from itertools import pairwise
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params


@validate_params(
    {
        "image": "no_validation",
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def sample_image(image, n_samples=500, *, random_state=None):
    """Points drawn from a grey-scale image, more where it is darker.

    As in [1]_: a pixel is drawn with a probability proportional to its darkness, and
    Gaussian noise of standard deviation 1/(image size) is added.

    Parameters
    ----------
    image : array-like of shape (height, width) or path
        Grey values, dark is low: 0 to 1, or integers 0 to 255; or the path of an image
        file, read with matplotlib (the extra ``plot``).
    n_samples : int, default=500
        Number of points.
    random_state : int, RandomState instance or None, default=None
        Of the points.

    Returns
    -------
    X : ndarray of shape (n_samples, 2)
        Points of [-1, 1]², the second coordinate upwards.

    Raises
    ------
    ValueError
        If the image is not 2-D (after its colours are averaged), out of range or white.
    ImportError
        If a path is given and matplotlib is missing.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    >>> from skgantk.datasets import make_letter, sample_image
    >>> X = sample_image(make_letter("A"), 200, random_state=0)
    >>> X.shape
    (200, 2)
    """
    darkness = 1 - _grey(image)
    if not darkness.sum() > 0:
        raise ValueError("The image is white: no pixel has any darkness to draw from.")
    rng = check_random_state(random_state)
    chosen = rng.choice(
        darkness.size, size=n_samples, p=(darkness / darkness.sum()).ravel()
    )
    height, width = darkness.shape
    row, column = np.unravel_index(chosen, darkness.shape)
    X = np.column_stack([2 * (column + 0.5) / width - 1, 1 - 2 * (row + 0.5) / height])
    return X + rng.normal(size=X.shape) / max(height, width)


def _grey(image):
    if isinstance(image, str) or hasattr(image, "__fspath__"):
        image = _matplotlib("image").imread(image)
    image = np.asarray(image)
    image = image / 255 if image.dtype.kind in "iu" else image.astype(float)
    if image.ndim == 3:  # colours, without transparency
        image = image[..., :3].mean(axis=2) if image.shape[2] > 2 else image[..., 0]
    if image.ndim != 2:
        raise ValueError(
            f"An image must have the shape (height, width), got {image.shape}."
        )
    if not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            "Grey values must lie in [0, 1], or be integers up to 255; got values from "
            f"{image.min()} to {image.max()}."
        )
    return image


def _matplotlib(module):
    try:
        from importlib import import_module

        return import_module(f"matplotlib.{module}")
    except ImportError as error:
        raise ImportError(
            "Reading an image file needs matplotlib: pip install 'skgantk[plot]', or pass "
            "the image as an array."
        ) from error


def _arc(x, y, width, height):
    """A half ellipse to the right of (x, y)."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 33)
    return np.column_stack([x + width * np.cos(angle), y + height * np.sin(angle)])


# Strokes in [-1, 1]², the second coordinate upwards.
LETTERS = {
    "A": [[(-0.6, -0.75), (0, 0.75), (0.6, -0.75)], [(-0.36, -0.2), (0.36, -0.2)]],
    "B": [
        [(-0.45, -0.75), (-0.45, 0.75)],
        [(-0.45, 0.75), *_arc(0.05, 0.4, 0.4, 0.35)[::-1], (-0.45, 0.05)],
        [(-0.45, 0.05), *_arc(0.1, -0.35, 0.45, 0.4)[::-1], (-0.45, -0.75)],
    ],
}


@validate_params(
    {
        "letter": [StrOptions(set(LETTERS))],
        "size": [Interval(Integral, 8, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def make_letter(letter="A", *, size=64):
    """An image of a letter, black on white, for `sample_image`.

    Parameters
    ----------
    letter : {"A", "B"}, default="A"
        The letter.
    size : int, default=64
        Pixels along a side, at least 8.

    Returns
    -------
    image : ndarray of shape (size, size)
        Grey values from 0, black, to 1.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.

    Examples
    --------
    >>> from skgantk.datasets import make_letter
    >>> make_letter("B").shape
    (64, 64)
    """
    ticks = (np.arange(size) + 0.5) * 2 / size - 1
    x, y = np.meshgrid(ticks, -ticks)
    distance = np.full_like(x, np.inf)
    for stroke in LETTERS[letter]:
        stroke = np.array(stroke)
        for start, end in pairwise(stroke):
            distance = np.minimum(distance, _distance_to_segment(x, y, start, end))
    # from black to white over one pixel, at half of the stroke's width
    return np.clip((distance - 0.1) * size / 2 + 0.5, 0, 1)


def _distance_to_segment(x, y, start, end):
    along = end - start
    length = max(along @ along, 1e-30)
    t = np.clip(((x - start[0]) * along[0] + (y - start[1]) * along[1]) / length, 0, 1)
    return np.hypot(x - start[0] - t * along[0], y - start[1] - t * along[1])


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left"), None],
        "size": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def load_images(path, n_samples=None, *, size=32, random_state=None):
    """Images of an ``.npz`` file as points of [-1, 1]^(size²), padded as in [1]_.

    Parameters
    ----------
    path : path or file
        An ``.npz`` file with ``images`` (n, height, width) or (n, height, width,
        channels), integers up to 255, and perhaps ``labels`` (n,).
    n_samples : int, default=None
        Number of images, drawn without replacement; all in their order if None.
    size : int, default=32
        Side to which images are padded with 0, evenly around; None leaves them.
    random_state : int, RandomState instance or None, default=None
        Of the draw.

    Returns
    -------
    X : ndarray of shape (n_samples, size * size * channels), float32
        0 becomes -1 and 255 becomes 1.
    labels : ndarray of shape (n_samples,) or None
        None where the file has none.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the file has no ``images`` of that shape, they are larger than ``size``, or
        fewer than ``n_samples``.

    References
    ----------
    .. [1] Franceschi et al., "A neural tangent kernel perspective of GANs", ICML 2022.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from skgantk.datasets import load_images
    >>> file = io.BytesIO()
    >>> np.savez(file, images=np.full((3, 28, 28), 255, np.uint8))
    >>> _ = file.seek(0)
    >>> X, labels = load_images(file)
    >>> X.shape, float(X.min()), float(X.max())
    ((3, 1024), -1.0, 1.0)
    """
    with np.load(path) as data:
        if "images" not in data:
            raise ValueError(f"The file has no array 'images'; it has {sorted(data)}.")
        images = data["images"]
        labels = data["labels"] if "labels" in data else None
    if images.ndim not in (3, 4) or images.dtype.kind not in "iu":
        raise ValueError(
            "'images' must be integers of shape (n, height, width) or (n, height, width, "
            f"channels); got {images.dtype} of shape {images.shape}."
        )
    if n_samples is not None:
        if n_samples > len(images):
            raise ValueError(f"n_samples={n_samples}, but there are {len(images)} images.")
        rng = check_random_state(random_state)
        chosen = rng.choice(len(images), size=n_samples, replace=False)
        images = images[chosen]
        labels = None if labels is None else labels[chosen]
    if size is not None:
        images = _padded(images, size)
    X = images.reshape(len(images), -1).astype(np.float32)
    return X / np.float32(127.5) - 1, labels


def _padded(images, size):
    missing = [size - side for side in images.shape[1:3]]
    if min(missing) < 0:
        raise ValueError(
            f"size={size} is less than that of the images, {images.shape[1:3]}."
        )
    around = [(side // 2, side - side // 2) for side in missing]
    return np.pad(images, [(0, 0), *around, *[(0, 0)] * (images.ndim - 3)])
