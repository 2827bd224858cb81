"""Metrics of images: near-copies by structural similarity, and the FID's distance."""

import warnings
from numbers import Integral, Real

import numpy as np
from scipy.linalg import qr, svdvals
from scipy.ndimage import gaussian_filter1d  # type: ignore[attr-defined]
from sklearn.utils import check_array, gen_batches
from sklearn.utils._param_validation import Interval, validate_params

from skgantk._numerics.distances import in_units
from skgantk._numerics.precision import numpy_defaults
from skgantk.metrics._checks import check_clouds

SIGMA, K1, K2 = 1.5, 0.01, 0.03  # as in the SSIM paper
RADIUS = 5  # of the window, which is cut off at 3.5 standard deviations
ROUNDING = 1e-15  # of the Fréchet distance, relative to the sum of all variances
BLOCK = 2**21  # bytes of products of images at a time: few enough for the cache


@validate_params(
    {
        "image_shape": [tuple, list, None],
        "data_range": [Interval(Real, 0, None, closed="neither"), None],
    },
    prefer_skip_nested_validation=True,
)
@numpy_defaults
def average_max_ssim(images, training_images, image_shape=None, data_range=None):
    r"""AM-SSIM: how like to training images generated images are, on average.

    It is the mean over generated images x of the greatest structural similarity (SSIM,
    [1]_ Eq. 13) with a training image y; each SSIM is the mean over the positions of a
    Gaussian window (standard deviation 1.5, K₁ = 0.01, K₂ = 0.03) of

    .. math::

        \frac{(2 \mu_x \mu_y + C_1) (2 \sigma_{xy} + C_2)}
             {(\mu_x^2 + \mu_y^2 + C_1) (\sigma_x^2 + \sigma_y^2 + C_2)},
        \quad C_i = (K_i L)^2,

    L the range of the data. A generator that copies its training images has 1 ([2]_
    Appendix C); held-out images show what fresh ones have.

    Parameters
    ----------
    images : array-like of shape (n_images, ...)
        Generated images: (n_images, height, width), or with channels last, or flattened.
    training_images : array-like of shape (n_training_images, ...)
        Training images of the same shape.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of flattened images. Of colours the
        SSIM is the mean over the channels.
    data_range : float, default=None
        The range L of possible values, such as 1 or 255; by default the difference of
        the greatest and the least in ``training_images``.

    Returns
    -------
    score : float
        In [-1, 1]; lower with fewer near-copies.

    Raises
    ------
    ValueError
        If an input is not finite, an image has not ``image_shape`` or is smaller than the
        window (11×11), or constant training images have no range.
    InvalidParameterError
        If ``data_range`` is not positive.

    See Also
    --------
    copying_score : The same question, of any points and by distances.

    Notes
    -----
    An SSIM is that of scikit-image's ``structural_similarity(x, y, data_range=L,
    gaussian_weights=True, sigma=1.5, use_sample_covariance=False)``. Here means and
    variances are computed once for each image, and the pairs in blocks.

    References
    ----------
    .. [1] Wang et al., "Image quality assessment: from error visibility to structural
       similarity", IEEE Transactions on Image Processing 2004.
    .. [2] Zhang, Chou and Wu, "Generative adversarial method based on neural tangent
       kernels", 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skgantk.metrics import average_max_ssim
    >>> training_images = np.random.default_rng(0).uniform(size=(5, 16, 16))
    >>> round(average_max_ssim(training_images[:2], training_images), 6)
    1.0
    >>> average_max_ssim(1 - training_images[:2], training_images) < 0.2
    True
    """
    images, training_images = _as_images(images, training_images, image_shape)
    if data_range is None:
        data_range = np.ptp(training_images)
        if data_range == 0:
            raise ValueError(
                "The training images are constant, which gives no data_range: pass it."
            )
    # Similarities depend on the values in units of their range only; variances do not
    # depend on where 0 is, and would be lost in the squares of values far from it.
    centre = training_images.mean()
    images, training_images = ((A - centre) / data_range for A in (images, training_images))
    window = _Window(images.shape[-2:])
    known = _moments(window, training_images)
    best = [
        _greatest_ssim(window, x, training_images, known, centre / data_range)
        for x in images
    ]
    return float(np.mean(best))


class _Window:
    """The Gaussian window at every position inside of images (..., height, width)."""

    def __init__(self, shape):
        # Rows and columns are filtered by matrices, those that the filter itself is.
        self.rows, self.columns = (
            gaussian_filter1d(np.eye(n), SIGMA, axis=0, radius=RADIUS)[RADIUS:-RADIUS]
            for n in shape
        )

    def __call__(self, images):
        return self.rows @ (images @ self.columns.T)


def _moments(window, images):
    mean = window(images)
    return mean, window(images**2) - mean**2


def _greatest_ssim(window, x, images, moments, centre):
    mean, variance = _moments(window, x)
    greatest = -np.inf
    for block in gen_batches(len(images), max(1, BLOCK // x.nbytes)):
        means, variances = (moment[block] for moment in moments)
        covariance = window(x * images[block]) - mean * means
        light, lights = mean + centre, means + centre
        similarity = (2 * light * lights + K1**2) * (2 * covariance + K2**2)
        similarity /= (light**2 + lights**2 + K1**2) * (variance + variances + K2**2)
        greatest = max(greatest, similarity.mean(axis=(1, 2, 3)).max())
    return greatest


def _as_images(images, training_images, image_shape):
    """Both as (n, channels, height, width)."""
    arrays = [
        check_array(A, dtype=np.float64, allow_nd=True, input_name=name)
        for name, A in [("images", images), ("training_images", training_images)]
    ]
    if image_shape is None:
        if arrays[1].ndim == 2:
            raise ValueError(
                "Flattened images need their image_shape, such as image_shape=(28, 28)."
            )
        image_shape = arrays[1].shape[1:]
    image_shape = tuple(image_shape)
    sizes = all(isinstance(size, Integral) for size in image_shape)
    if not sizes or len(image_shape) not in (2, 3) or min(image_shape) < 1:
        raise ValueError(
            "The shape of an image must be (height, width) or (height, width, channels), "
            f"got {image_shape}."
        )
    for A in arrays:
        if A.shape[1:] not in (image_shape, (np.prod(image_shape),)):
            raise ValueError(
                f"The images must have the shape {image_shape}, or be flattened from it; "
                f"got arrays of shapes {arrays[0].shape} and {arrays[1].shape}."
            )
    if min(image_shape[:2]) <= 2 * RADIUS:
        raise ValueError(
            f"An image must have at least the size of the window, {2 * RADIUS + 1} by "
            f"{2 * RADIUS + 1}; got {image_shape}."
        )
    height, width, channels = (*image_shape, 1)[:3]
    arrays = [A.reshape(len(A), height, width, channels) for A in arrays]
    return [np.ascontiguousarray(np.moveaxis(A, -1, 1)) for A in arrays]


@validate_params({"features": [callable, None]}, prefer_skip_nested_validation=True)
@numpy_defaults
def frechet_distance(X, Y, features=None):
    """Squared Fréchet distance of two samples, taken for Gaussians; with Inception the FID.

    Of the means and covariances of the samples, or of their features, it is ([1]_ Eq. 6)::

        |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½)

    which is also the squared Wasserstein distance W₂² of these Gaussians.

    Parameters
    ----------
    X : array-like of shape (n_samples_X, n_features)
        The first sample; with ``features`` anything that it takes.
    Y : array-like of shape (n_samples_Y, n_features)
        The second.
    features : callable, default=None
        Makes an array (n_samples, n_features) of a sample; by default the sample itself.

    Returns
    -------
    distance : float
        Not negative.

    Raises
    ------
    ValueError
        If the features are not finite, their widths differ, or there are fewer than two
        samples.
    InvalidParameterError
        If ``features`` cannot be called.

    Warns
    -----
    RuntimeWarning
        If the distance is less than rounding, because the variances of the features, or
        of a few points, are too unlike.

    See Also
    --------
    wasserstein_distance : Of the samples themselves.

    Notes
    -----
    No square root of a matrix is taken: with centred samples A and B, scaled so that
    Σ₁ = AᵀA and Σ₂ = BᵀB, the trace of (Σ₁Σ₂)^½ is the sum of the singular values of ABᵀ.
    This is exact for singular covariances too, hence for fewer samples than features.

    The FID of images takes the 2048 features before the last layer of an Inception v3
    network, for example torchvision's (published figures use another set of weights)::

        import torch
        from torchvision.models import Inception_V3_Weights, inception_v3

        weights = Inception_V3_Weights.IMAGENET1K_V1
        network = inception_v3(weights=weights).eval()
        network.fc = torch.nn.Identity()

        def inception(images):  # (n, 3, height, width) in [0, 1]
            with torch.no_grad():
                return network(weights.transforms()(torch.as_tensor(images))).numpy()

        fid = frechet_distance(generated, images, features=inception)

    It falls with the number of samples, so compare at equal numbers.

    References
    ----------
    .. [1] Heusel et al., "GANs trained by a two time-scale update rule converge to a local
       Nash equilibrium", NeurIPS 2017.

    Examples
    --------
    >>> from skgantk.metrics import frechet_distance
    >>> round(frechet_distance([[0.0], [2.0]], [[3.0], [5.0]]), 6)
    9.0
    >>> round(frechet_distance([[0.0], [2.0]], [[0.0], [4.0]]), 6)
    3.0
    """
    if features is not None:
        X, Y = features(X), features(Y)
    X, Y = check_clouds(min_samples=2, X=X, Y=Y)
    (X, Y), unit = in_units(X, Y)
    centre = X.mean(axis=0)  # beside which means of the rest keep their digits
    X, Y = X - centre, Y - centre
    A, B = _root_of_covariance(X), _root_of_covariance(Y)
    means = np.sum((X.mean(axis=0) - Y.mean(axis=0)) ** 2)
    total = np.sum(A**2) + np.sum(B**2)
    covariances = total - 2 * svdvals(A @ B.T).sum()
    distance = float(means + max(covariances, 0.0))
    _warn_of_rounding(distance, total, X, Y)
    return unit * (unit * distance)


def _warn_of_rounding(distance, total, X, Y):
    """Warn where rounding is more than the usual spread of a feature, and all there is."""
    usual = np.diff(np.quantile(np.concatenate([X, Y]), [0.25, 0.75], axis=0), axis=0)
    rounding = 100 * ROUNDING * total
    if distance < rounding and np.any((0 < usual) & (usual**2 < rounding)):
        warnings.warn(
            "The Fréchet distance is lost in rounding, 1e-15 of the sum of all variances: "
            "some features or points are very much larger than others. Standardise the "
            "features (StandardScaler); take away values that stand for missing ones.",
            RuntimeWarning,
            stacklevel=5,
        )


def _root_of_covariance(X):
    """A matrix A of at most as many rows as columns whose AᵀA is the covariance."""
    A = (X - X.mean(axis=0)) / np.sqrt(len(X) - 1)
    return qr(A, mode="r")[0][: A.shape[1]] if len(A) > A.shape[1] else A
