"""ImageSynthesizer: new images, grey or in colour."""

import math
import warnings
from numbers import Integral

import jax
import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skgantk.discriminators._base import restored_on_error
from skgantk.generators._gantk import GANTKSynthesizer
from skgantk.kernels import ConvNTK

LAST = 4  # least side of the map after the last convolution: [Z21]'s have 4, and 7 on MNIST
# Images of a discriminator with a convolutional kernel, whose time is linear in n then. In
# smaller groups images are less good: 256 of MNIST have a Fréchet distance of 5.9 in groups
# of 64, of 4.6 in those of 128.
GROUP = 128
# Seconds of a step, on one core of an AMD EPYC (image_synthesizer.py), for each value of a
# pair of images in a group, with a convolutional kernel: 9e-9 for 28 × 28, 5e-9 for 32 × 32
# × 3, 1.1e-8 for 64 × 64 × 3.
PACE = 8e-9
LONG = 3600  # seconds of a fit from which on it is not begun without a word
CHANNELS = 1, 3, 4  # of grey images, of colour, and with transparency
EXTENT = 1e-300, 1e300  # of values, in which float64 has their differences and products
EXACT = 2.0**53  # integers beyond are not all there in float64


class ImageSynthesizer(BaseEstimator):
    """New images like those given, grey or in colour.

    A `GANTKSynthesizer` with what images ask for: pixels of one scale, a sharp
    discriminator, more steps, and a kernel for the kind of image. Images come back in the
    shape and the dtype of those given, in their range of values.

    Parameters
    ----------
    kernel : {"auto", "dense", "convolutional"} or Kernel, default="auto"
        What the discriminator is made of:

        - "dense": the fully connected network of [1]_;
        - "convolutional": a `ConvNTK` of [1]_'s kind with as many convolutions, of stride
          2, as leave a map of at least 4 × 4. Of up to 128 grey images it draws smooth
          strokes where "dense" is ragged; it takes longer, by a map for each pair of images
          in the place of a number;
        - "auto": "dense" for one channel and for images smaller than 8 × 8, else
          "convolutional", as in colour "dense" lays images over one another;
        - any other, for flattened images with values in [0, 1].
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of an image, for images that are
        flattened. If None, rows are square grey images.
    epsilon : float, default=0.01
        How sharp the discriminator is, as in `GANTKSynthesizer`. With more, images are
        more ragged; with less, nearer to those given.
    max_iter : int, default=300
        Number of steps.
    batch_size : int or "auto", default="auto"
        Images that one discriminator sees. "auto" is 128 with a `ConvNTK`, so that time is
        linear in the number of images, and else what it is in `GANTKSynthesizer`.
    verbose : bool or int, default=0
        Whether to show a progress bar with the current loss.
    random_state : int, RandomState instance or None, default=None
        Of the start and the batches.

    Attributes
    ----------
    samples_ : ndarray of the shape and dtype of X
        The new images, as many as were given.
    generator_ : GANTKSynthesizer
        What made them, fitted to images that are flattened, float32 and in [0, 1]. It has
        the loss, λ and the kernel.
    image_shape_ : tuple (height, width, channels)
        The shape of an image; None of rows that are no square images, with a kernel that
        need not know.
    value_range_ : tuple (low, high)
        The least and greatest value of X, in which those of new images are.
    n_features_in_ : int
        Number of pixels times that of channels.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where ``X`` had names that are all strings.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    ValueError
        If the images are not finite, are all the same, have the channels first, or have
        not ``image_shape``; if rows may be of colour images of unknown shape; if values are
        so far apart, or so near, that floats cannot hold them.
    MemoryError
        If the Gram matrix of one discriminator cannot fit; choose a ``batch_size``.

    Warns
    -----
    UserWarning
        If most of the new images are copies; before a fit that would take more than an
        hour on a core, by an estimate.

    See Also
    --------
    GANTKSynthesizer : The same for tables of numbers, with all its parameters.
    ConditionalSampler : With labels: one of these for each class, on flattened images.
    skgantk.inspection.ImageGridDisplay : New images above those nearest to them.
    skgantk.kernels.ConvNTK : The convolutional kernel.

    Notes
    -----
    Whatever is given, steps are computed in float32. Integers are rounded, and booleans
    too. Images that differ from others only by the scale of their values, or in what 0 is,
    give new images that differ by the same.

    References
    ----------
    .. [1] Zhang, Chou, Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skgantk.generators import ImageSynthesizer
    >>> images = load_digits().images[:100].astype("uint8")
    >>> synthesizer = ImageSynthesizer(max_iter=20, random_state=0).fit(images)
    >>> new = synthesizer.sample(10)
    >>> new.shape, new.dtype
    ((10, 8, 8), dtype('uint8'))
    """

    _parameter_constraints: dict = {
        "kernel": [StrOptions({"auto", "dense", "convolutional"}), Kernel],
        "image_shape": [tuple, list, None],
        **{
            name: GANTKSynthesizer._parameter_constraints[name]
            for name in ("epsilon", "max_iter", "batch_size", "verbose", "random_state")
        },
    }

    def __init__(
        self,
        kernel="auto",
        *,
        image_shape=None,
        epsilon=0.01,
        max_iter=300,
        batch_size="auto",
        verbose=0,
        random_state=None,
    ):
        self.kernel = kernel
        self.image_shape = image_shape
        self.epsilon = epsilon
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.verbose = verbose
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Make as many new images as there are in X.

        Parameters
        ----------
        X : array-like of shape (n, height, width), (n, height, width, channels) or \
                (n, n_features)
            The images: integers, such as 0 to 255, or floats of any range; channels last;
            as rows if they are flattened.
        y : None
            Ignored; `ConditionalSampler` has a synthesizer for each label.

        Returns
        -------
        self : object
            Fitted. A fit that fails or is interrupted leaves it as it was.
        """
        with restored_on_error(self):
            rows, self._shape = _as_rows(X)
            rows = validate_data(self, rows)
            self._dtype = rows.dtype
            self.image_shape_ = _checked_shape(self._shape, self.image_shape)
            self.value_range_ = _value_range(rows)
            self.generator_ = self._generator()
            self._warn_of_time(len(rows))
            self.generator_.fit(self._scaled(rows))
            self.samples_ = self._restored(self.generator_.samples_)
        return self

    def _generator(self):
        kernel, batch_size = self._kernel(), self.batch_size
        if batch_size == "auto" and isinstance(kernel, ConvNTK):
            batch_size = GROUP
        return GANTKSynthesizer(
            kernel,
            epsilon=self.epsilon,
            standardize=False,
            max_iter=self.max_iter,
            batch_size=batch_size,
            bounds=(0, 1),
            verbose=self.verbose,
            random_state=self.random_state,
        )

    def _warn_of_time(self, n):
        kernel, batch_size = self.generator_.kernel, self.generator_.batch_size
        seen = n if batch_size == "auto" else min(n, batch_size)
        seconds = PACE * n * seen * self.n_features_in_ * self.max_iter
        slow = isinstance(kernel, ConvNTK) and jax.default_backend() == "cpu"
        if slow and seconds > LONG:
            warnings.warn(
                f"{n} images with a convolutional kernel take some {seconds / 3600:.1f} "
                f"hours of one core for {self.max_iter} steps. verbose=1 shows how far it "
                'is; fewer or smaller images, or kernel="dense", take less.',
                UserWarning,
                stacklevel=4,
            )

    def _kernel(self):
        """The kernel; None is the fully connected one of `GANTKSynthesizer`."""
        if isinstance(self.kernel, Kernel):
            return self.kernel
        if self.kernel == "dense":
            return None
        chosen = self.kernel == "convolutional"
        shape, width = self.image_shape_, self.n_features_in_
        if shape is None and (chosen or width >= (2 * LAST) ** 2):
            raise ValueError(
                f"Rows of {width} numbers are no square grey images. Say what they are: "
                "image_shape=(height, width), or (height, width, channels) with the "
                'channels last; or take kernel="dense", which need not know.'
            )
        large = shape is not None and min(shape[:2]) >= 2 * LAST
        return convolutional(shape) if chosen or (large and shape[2] > 1) else None

    def _scaled(self, rows):
        low, high = self.value_range_
        return ((rows.astype(float) - low) / (high - low)).astype(np.float32)

    def _restored(self, Z):
        """Images of rows in [0, 1]."""
        low, high = self.value_range_
        values = low + Z.astype(float) * (high - low)
        if self._dtype.kind != "f":
            values = np.rint(values)
        values = np.clip(values, low, high).astype(self._dtype)
        return values.reshape(len(Z), *self._shape)

    def sample(self, n_samples=1, random_state=None, fresh=False):
        """Draw new images, at first those of the fit.

        Parameters
        ----------
        n_samples : int, default=1
            Up to the number of ``samples_`` they are drawn from those, without
            replacement, so that two calls overlap; more cost as long as a fit for every so
            many.
        random_state : int, RandomState instance or None, default=None
            Of the draw; None draws afresh at every call.
        fresh : bool, default=False
            Draw none of ``samples_``, so that images are others than those of any call with
            another ``random_state``, at the cost of a fit for every so many.

        Returns
        -------
        images : ndarray of shape (n_samples, ...)
            In the shape and dtype of the images of the fit.
        """
        check_is_fitted(self)
        return self._restored(self.generator_.sample(n_samples, random_state, fresh=fresh))

    def score(self, X, y=None):
        """Minus the energy distance of the new images to X; larger is better.

        Parameters
        ----------
        X : array-like of the shape of the images of the fit, or flattened
            Images to compare with; held out, if copying is not to be rewarded.
        y : None
            Ignored.

        Returns
        -------
        score : float
            Of values in units of the range of those of the fit.
        """
        check_is_fitted(self)
        rows, shape = _as_rows(X)
        rows = validate_data(self, rows, reset=False)
        _checked_shape(shape, self.image_shape_)
        return self.generator_.score(self._scaled(rows))


def convolutional(shape):
    """[Z21]'s convolutional kernel, for images (height, width, channels) of any size.

    Theirs for 28 × 28, 32 × 32 and 64 × 64 have 2, 3 and 4 convolutions.
    """
    depth = int(math.log2(max(min(shape[:2]) / LAST, 2)))
    preset = ConvNTK.mnist if shape[2] == 1 else ConvNTK.cifar10
    return preset(image_shape=shape, n_convolutions=depth)


def _as_rows(X):
    """Images as rows, and the shape that each was given in."""
    try:
        shape = np.shape(X)
    except ValueError as error:
        raise ValueError(
            f"The images of X are not all of one size. Bring them to one first. ({error})"
        ) from error
    if len(shape) > 4:
        raise ValueError(
            f"X has shape {shape}. Images have (n_images, height, width), (n_images, "
            "height, width, channels), or (n_images, n_features) if they are flattened."
        )
    if len(shape) > 2:
        X = np.asarray(X).reshape(shape[0], math.prod(shape[1:]))
    return X, tuple(shape[1:])


def _checked_shape(shape, image_shape):
    """(height, width, channels) of images of a shape, None of rows that may be anything.

    ``image_shape`` is what it should be, if that is known.
    """
    wanted = None if image_shape is None else _whole(image_shape)
    flat = len(shape) == 1
    if wanted is None:
        if not flat:
            _check_axes(shape)
            return _whole(shape)
        side = math.isqrt(shape[0])
        return (side, side, 1) if side * side == shape[0] else None
    if wanted != _whole(shape) if not flat else math.prod(wanted) != shape[0]:
        raise ValueError(
            f"image_shape={tuple(image_shape)} has {math.prod(wanted)} values, but the "
            f"images of X have the shape {shape}."
        )
    return wanted


def _whole(shape):
    """(height, width, channels) of a shape that may leave out the channel."""
    valid = all(isinstance(size, Integral) and size > 0 for size in shape)
    if not valid or len(shape) not in (2, 3):
        raise ValueError(
            "image_shape must be (height, width) or (height, width, channels), positive "
            f"integers; got {tuple(shape)}."
        )
    return tuple(int(size) for size in (*shape, 1)[:3])


def _check_axes(shape):
    """Raise where channels stand first, or a single image was given for many."""
    if len(shape) == 3 and shape[0] in CHANNELS and shape[2] not in CHANNELS:
        raise ValueError(
            f"Images of shape {shape} have their channels first, it seems: turn them, "
            "X.transpose(0, 2, 3, 1). If they have not, say so by image_shape."
        )
    if len(shape) == 2 and shape[1] in (3, 4) and shape[0] > shape[1]:
        raise ValueError(
            f"X is one image in colour, it seems, with {shape[1]} channels; give several, "
            f"(n_images, height, width, channels). If they are grey ones of shape {shape}, "
            "say so by image_shape."
        )


def _value_range(rows):
    """The least and the greatest value, between which there is something to learn."""
    if np.all(rows == rows[0]):
        raise ValueError(
            f"All images are the same (n_samples={len(rows)}): there is nothing to learn."
        )
    low, high = float(rows.min()), float(rows.max())
    whole = rows.dtype.kind in "iu"
    if not EXTENT[0] < high - low < EXTENT[1] or (whole and max(-low, high) > EXACT):
        raise ValueError(
            f"The values of X, from {low:.6g} to {high:.6g}, cannot be scaled in float64. "
            "Give them another unit."
        )
    return low, high
