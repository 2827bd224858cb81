"""AM-SSIM against scikit-image; the Fréchet distance against closed forms and sqrtm."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import sqrtm
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from skgantk.metrics import _image, average_max_ssim, frechet_distance

RNG = np.random.default_rng(0)
SHAPES = [(11, 11), (12, 30), (16, 13, 1), (14, 17, 3)]


def smooth(n, shape):
    """Images like natural ones, in [0, 1]: noise with correlated pixels."""
    noise = RNG.normal(size=(n, *shape))
    blurred = gaussian_filter(noise, 2.0, axes=(1, 2))
    return (blurred - blurred.min()) / np.ptp(blurred)


def by_scikit_image(images, training_images, data_range):
    channel_axis = -1 if images.ndim == 4 else None
    best = [
        max(
            structural_similarity(
                x,
                y,
                data_range=data_range,
                channel_axis=channel_axis,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
            )
            for y in training_images
        )
        for x in images
    ]
    return np.mean(best)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_is_scikit_image_s_ssim(shape):
    training_images = smooth(6, shape)
    noisy = training_images[:3] + 0.05 * RNG.normal(size=(3, *shape))
    images = np.concatenate([noisy, smooth(2, shape)])
    score = average_max_ssim(images, training_images, data_range=1.0)
    assert_allclose(score, by_scikit_image(images, training_images, 1.0), atol=1e-10)
    assert 0 < score < 1


def test_bytes_flattened_images_and_floats_are_the_same():
    images, training_images = (np.round(255 * smooth(n, (15, 12))) for n in (3, 5))
    expected = by_scikit_image(
        *(A.astype(np.uint8) for A in (images, training_images)), 255
    )
    for A, B in [
        (images, training_images),
        (images.astype(np.uint8), training_images.astype(np.uint8)),
        (images.astype(np.float32), training_images.tolist()),
    ]:
        assert_allclose(average_max_ssim(A, B, data_range=255), expected, atol=1e-10)
    flat = images.reshape(3, -1), training_images.reshape(5, -1)
    for scale, data_range in [
        (1.0, 255),
        (1 / 255, 1.0),
        (1e150, 255e150),
        (1e-150, 255e-150),
    ]:
        score = average_max_ssim(*(scale * A for A in flat), (15, 12), data_range)
        assert_allclose(score, expected, atol=1e-10)


def test_the_range_is_that_of_the_training_images():
    images, training_images = smooth(3, (12, 12)), 7 * smooth(4, (12, 12)) - 2
    expected = average_max_ssim(images, training_images, data_range=np.ptp(training_images))
    assert average_max_ssim(images, training_images) == expected


def test_blocks_do_not_change_it(monkeypatch):
    images, training_images = smooth(3, (12, 14, 2)), smooth(7, (12, 14, 2))
    expected = average_max_ssim(images, training_images)
    for block in (1, 3 * 12 * 14 * 2 * 8):
        monkeypatch.setattr(_image, "BLOCK", block)
        assert_allclose(average_max_ssim(images, training_images), expected, rtol=1e-14)


def test_copies_have_one_and_fresh_images_less():
    training_images, fresh = smooth(20, (20, 20)), smooth(20, (20, 20))
    assert_allclose(average_max_ssim(training_images[::2], training_images), 1, rtol=1e-12)
    half = np.concatenate([training_images[:20], fresh])
    alone = average_max_ssim(fresh, training_images)
    assert alone < 0.7
    assert_allclose(average_max_ssim(half, training_images), (1 + alone) / 2, rtol=1e-12)


def test_constant_images_are_compared_by_their_level():
    black, white = np.zeros((1, 11, 11)), np.ones((1, 11, 11))
    assert average_max_ssim(black, black, data_range=1.0) == 1
    # (0 + C1) C2 / ((1 + C1) C2)
    assert_allclose(average_max_ssim(black, white, data_range=1.0), 1e-4 / (1 + 1e-4))
    with pytest.raises(ValueError, match="constant, which gives no data_range"):
        average_max_ssim(black, white)


IMAGES = np.random.default_rng(1).uniform(size=(4, 12, 13))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((IMAGES, IMAGES[:, :11]), r"shape \(11, 13\).*\(4, 12, 13\) and \(4, 11, 13\)"),
        ((IMAGES, IMAGES, (13, 12)), r"shape \(13, 12\), or be flattened from it"),
        ((IMAGES.reshape(4, -1), IMAGES.reshape(4, -1), (12, 12)), r"shape \(12, 12\)"),
        ((IMAGES.reshape(4, -1), IMAGES.reshape(4, -1)), "need their image_shape"),
        ((IMAGES, IMAGES, (12, 13.0)), r"must be \(height, width\) .*got \(12, 13.0\)"),
        ((IMAGES, IMAGES, (156,)), r"got \(156,\)"),
        ((IMAGES[:, :10], IMAGES[:, :10]), r"at least .* window, 11 by 11; got \(10, 13\)"),
        ((IMAGES[0], IMAGES), r"shape \(12, 13\)"),
        ((IMAGES[:0], IMAGES), r"Found array with 0 sample\(s\)"),
        ((IMAGES, np.where(IMAGES > 0.9, np.nan, IMAGES)), "training_images contains NaN"),
        ((np.where(IMAGES > 0.9, np.inf, IMAGES), IMAGES), "images contains infinity"),
        ((IMAGES + 1j, IMAGES), "Complex data not supported"),
    ],
)
def test_what_are_no_such_images_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        average_max_ssim(*arguments)


def gaussian(n, d):
    """n points whose mean and covariance are random."""
    return RNG.normal(size=(n, d)) @ RNG.normal(size=(d, d)) + RNG.normal(size=d)


def by_sqrtm(X, Y):
    C, D = np.cov(X.T), np.cov(Y.T)
    means = np.sum((X.mean(axis=0) - Y.mean(axis=0)) ** 2)
    return means + np.trace(C + D - 2 * sqrtm(C @ D).real)


@pytest.mark.parametrize(("n", "m", "d"), [(50, 40, 2), (90, 200, 30), (31, 31, 30)])
def test_it_is_the_formula_with_the_root_of_a_matrix(n, m, d):
    X, Y = gaussian(n, d), gaussian(m, d)
    assert_allclose(frechet_distance(X, Y), by_sqrtm(X, Y), rtol=1e-6)


def test_covariances_that_commute_have_a_closed_form():
    X = np.random.default_rng(2).normal(size=(40, 3))
    scales, shift = np.array([1.0, 3.0, 0.0]), np.array([0.0, -2.0, 5.0])
    rotation = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    axes = np.linalg.eigh(np.cov(X.T))[1]
    variances = np.var(X @ axes, axis=0, ddof=1)
    Z = X @ axes
    Y = (Z - Z.mean(axis=0)) * scales + Z.mean(axis=0) + shift
    expected = shift @ shift + np.sum(variances * (1 - scales) ** 2)
    assert_allclose(frechet_distance(Z @ rotation, Y @ rotation), expected, rtol=1e-12)


@pytest.mark.parametrize(("n", "m", "d"), [(5, 8, 400), (2, 50, 3), (2, 2, 1)])
def test_fewer_samples_than_features(n, m, d):
    """Against the same distance in the subspace that the samples span."""
    X, Y = RNG.normal(size=(n, d)), 3 + RNG.normal(size=(m, d))
    expected = by_sqrtm_of_span(X, Y)
    assert_allclose(frechet_distance(X, Y), expected, rtol=1e-6)
    assert_allclose(frechet_distance(Y, X), frechet_distance(X, Y), rtol=1e-12)


def by_sqrtm_of_span(X, Y):
    """By the eigenvalues of Σ₁Σ₂, of which few are not zero."""
    C, D = np.atleast_2d(np.cov(X.T)), np.atleast_2d(np.cov(Y.T))
    values = np.sort(np.linalg.eigvals(C @ D).real)[::-1][: len(X) - 1]
    means = np.sum((X.mean(axis=0) - Y.mean(axis=0)) ** 2)
    return means + np.trace(C + D) - 2 * np.sqrt(values.clip(0)).sum()


@pytest.mark.parametrize("d", [1, 5, 60])
def test_a_sample_has_no_distance_to_itself_and_its_norm_to_a_shift(d):
    X = gaussian(20, d)
    assert 0 <= frechet_distance(X, X[::-1]) < 1e-12 * np.sum(X**2)
    assert_allclose(frechet_distance(X, X + 2.0), 4 * d, rtol=1e-10)
    assert_allclose(frechet_distance(1e8 * X, 1e8 * X + 2e8), 4e16 * d, rtol=1e-10)
    assert frechet_distance(np.repeat(X[:1], 3, axis=0), np.repeat(X[:1], 3, axis=0)) == 0


def test_features_are_taken_first():
    X, Y = (list(map(str, RNG.integers(9, size=30))) for _ in range(2))

    def features(words):
        return np.array([[float(word), float(word) ** 2] for word in words])

    expected = frechet_distance(features(X), features(Y))
    assert frechet_distance(X, Y, features=features) == expected
    with pytest.raises(ValueError, match="Expected 2D array"):
        frechet_distance(X, Y, features=lambda words: features(words)[:, 0])


def test_a_covariance_needs_two_samples():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        frechet_distance([[1.0]], [[1.0], [2.0]])


def test_variances_of_values_far_from_0_are_not_lost():
    """Beyond a million ranges from 0 light is the same; contrast and structure count."""
    images, training_images = np.round(RNG.uniform(size=(2, 3, 16, 16)) * 2**20) / 2**20
    scores = [
        average_max_ssim(images + shift, training_images + shift, data_range=1.0)
        for shift in (1e6, 1e9)
    ]
    assert_allclose(*scores, rtol=1e-8)
    assert 0 < scores[0] < 0.5


def test_a_distance_that_is_lost_in_rounding_is_said():
    X, Y = RNG.normal(size=(2, 60, 3))
    X[:9, 1] = Y[:9, 1] = 999999999
    with pytest.warns(RuntimeWarning, match="lost in rounding") as caught:
        frechet_distance(X, Y)
    assert caught[0].filename == __file__
