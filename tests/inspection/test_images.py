import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from skgantk.inspection import ImageGridDisplay
from skgantk.inspection._images import _mosaic

RNG = np.random.default_rng(0)
TRAIN = RNG.uniform(size=(20, 6))
IMAGES = TRAIN[[3, 7, 7, 0, 11]] + 1e-3 * RNG.normal(size=(5, 6))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (1, 2, 3)])
def test_data(shape):
    display = ImageGridDisplay.from_samples(IMAGES, shape, TRAIN)
    squeezed = shape[:2] if shape[-1] == 1 else shape
    assert_array_equal(display.images, IMAGES.reshape(5, *squeezed))
    assert_array_equal(display.nearest_index, [3, 7, 7, 0, 11])
    assert_array_equal(display.nearest, TRAIN[[3, 7, 7, 0, 11]].reshape(5, *squeezed))
    display = ImageGridDisplay.from_samples(IMAGES, shape)
    assert display.nearest is display.nearest_index is None


def test_a_generator_is_drawn_from():
    density = KernelDensity(bandwidth=1e-3).fit(TRAIN)
    display = ImageGridDisplay.from_estimator(
        density, (2, 3), TRAIN, n_samples=4, random_state=1
    )
    samples = density.sample(4, random_state=1)
    assert_array_equal(display.images, samples.reshape(4, 2, 3))
    assert_allclose(display.nearest, display.images, atol=0.01)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_any_numbers_are_drawn_as_floats_are(dtype):
    """Below the range of values too, where bytes would wrap."""
    images = np.arange(0, 240, 8).reshape(5, 6)
    drawn = [
        ImageGridDisplay.from_samples(A, (2, 3), A[::-1], value_range=(100, 200))
        for A in (images.astype(dtype), images.astype(float))
    ]
    assert_allclose(*(np.asarray(d.plot().image_.get_array()) for d in drawn))


def test_samplers_of_pairs_are_drawn_from():
    """Its ``sample`` takes no random_state and returns components with the images."""
    mixture = GaussianMixture(random_state=3).fit(np.eye(6))
    display = ImageGridDisplay.from_estimator(mixture, (2, 3), n_samples=4, random_state=3)
    assert_array_equal(display.images.reshape(4, 6), mixture.sample(4)[0])


def test_every_image_is_in_the_mosaic_once_and_the_rest_is_empty():
    images = np.arange(2, 2 + 5 * 6, dtype=float).reshape(5, 2, 3)
    picture, centres = _mosaic([images], 3)
    for i, image in enumerate(images):
        top, left = i // 3 * 3, i % 3 * 4
        assert_array_equal(picture[top : top + 2, left : left + 3], image)
    assert picture.shape == (5, 11)
    assert np.sum(np.isnan(picture)) == picture.size - images.size
    assert centres == [0.5, 3.5]


def test_samples_stand_above_their_nearest():
    display = ImageGridDisplay.from_samples(
        IMAGES, (2, 3), TRAIN, value_range=np.array([0, 1])
    )
    picture, n_columns = np.asarray(display.image_.get_array()), 4  # of ten, in two rows
    assert picture.shape == (2 * (2 + 1 + 2) + 3, n_columns * 4 - 1)
    for i in range(5):
        top, left = i // n_columns * 8, i % n_columns * 4
        above = picture[top : top + 2, left : left + 3]
        below = picture[top + 3 : top + 5, left : left + 3]
        assert_allclose(above, np.clip(display.images[i], 0, 1))
        assert_allclose(below, display.nearest[i])
    names = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert names == ["sample", "nearest"] * 2


def test_colours_and_ranges():
    colours = 255 * RNG.uniform(size=(3, 12))
    display = ImageGridDisplay.from_samples(colours, (2, 2, 3), n_columns=1)
    picture = np.asarray(display.image_.get_array())
    assert picture.shape == (8, 2, 3)
    scaled = (colours - colours.min()) / np.ptp(colours)
    assert_allclose(picture[:2], scaled[0].reshape(2, 2, 3), atol=1e-12)
    constant = ImageGridDisplay.from_samples(np.ones((2, 4)), (2, 2), value_range=(1, 1))
    assert np.all(np.isfinite(constant.image_.get_array()))
    # Of the training images by default, beyond which samples are cut off.
    display = ImageGridDisplay.from_samples(3 * IMAGES, (2, 3), TRAIN, n_columns=5)
    picture = np.asarray(display.image_.get_array())
    assert np.nanmax(picture) == 1
    assert np.sum(picture[:2] == 1) > 1


def test_plot_on_given_axes():
    first = ImageGridDisplay.from_samples(IMAGES, (2, 3))
    second = ImageGridDisplay.from_samples(
        IMAGES, (2, 3), ax=first.ax_, image_kw={"cmap": "cividis"}
    )
    assert second.ax_ is first.ax_
    assert second.image_.get_cmap().name == "cividis"


def test_bad_input():
    with pytest.raises(ValueError, match=r"\(2, 2\) has 4 entries, but images has shape"):
        ImageGridDisplay.from_samples(IMAGES, (2, 2))
    with pytest.raises(ValueError, match=r"X_train has shape \(20, 4\)"):
        ImageGridDisplay.from_samples(IMAGES, (2, 3), TRAIN[:, :4])
    for shape in [(6,), (1, 3, 2), (1, 1, 2, 3)]:
        with pytest.raises(ValueError, match="image_shape must be"):
            ImageGridDisplay.from_samples(IMAGES, shape)
    with pytest.raises(ValueError, match="NaN"):
        ImageGridDisplay.from_samples(np.full((1, 6), np.nan), (2, 3))
    with pytest.raises(ValueError, match="'n_columns' parameter"):
        ImageGridDisplay.from_samples(IMAGES, (2, 3), n_columns=0)
    with pytest.raises(ValueError, match="'n_samples' parameter"):
        ImageGridDisplay.from_estimator(KernelDensity().fit(TRAIN), (2, 3), n_samples=0)


@pytest.mark.parametrize("scale", [255.0, 1 / 255])
def test_images_of_two_scales_are_warned_of(scale):
    with pytest.warns(UserWarning, match="values from .* Scale both alike"):
        ImageGridDisplay.from_samples(IMAGES, (2, 3), scale * TRAIN)
    ImageGridDisplay.from_samples(IMAGES, (2, 3), scale * TRAIN, value_range=(0, 1))


def test_images_that_are_not_flattened():
    images = IMAGES.reshape(5, 3, 2, 1)
    with pytest.raises(ValueError, match=r"images\.reshape\(len\(images\), -1\)"):
        ImageGridDisplay.from_samples(images, (3, 2))
    with pytest.raises(ValueError, match=r"X_train\.transpose\(0, 2, 3, 1\)"):
        ImageGridDisplay.from_samples(IMAGES, (3, 2), images.transpose(0, 3, 1, 2))
