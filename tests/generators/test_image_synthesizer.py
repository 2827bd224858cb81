"""New images come back as what was given, and are those of a GANTKSynthesizer."""

import pickle

import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.generators import (
    ConditionalSampler,
    GANTKSynthesizer,
    ImageSynthesizer,
    _images,
)
from skgantk.generators._images import GROUP, convolutional
from skgantk.kernels import RBF, ConvNTK

GREY, COLOUR, LARGE = (6, 6), (6, 6, 3), (8, 8, 3)


def images(shape=GREY, dtype=np.uint8, n=12):
    """Bright rectangles on a dark ground."""
    rng = np.random.default_rng(0)
    X = np.zeros((n, *shape))
    for image in X:
        top, left = rng.integers(0, 3, 2)
        image[top : top + 3, left : left + 2] = rng.uniform(0.3, 1)
    X.flat[0], X.flat[-1] = 0, 1
    limits = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    return (min(limits.max, 255) * X if limits else X).astype(dtype)


def made(**params):
    return ImageSynthesizer(**{"max_iter": 2, "random_state": 0, **params})


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int8, np.int64, bool, np.float16, np.float32, np.float64]
)
@pytest.mark.parametrize("shape", [GREY, (*GREY, 1), COLOUR])
def test_images_come_back_in_the_shape_the_dtype_and_the_range_of_those_given(shape, dtype):
    X = images(shape, dtype)
    synthesizer = made().fit(X)
    assert synthesizer.samples_.shape == X.shape
    assert synthesizer.image_shape_ == (*shape, 1)[:3]
    assert synthesizer.value_range_ == (X.min(), X.max())
    for n in (3, 12, 15):
        new = synthesizer.sample(n, random_state=0)
        assert new.shape == (n, *shape)
        assert new.dtype == X.dtype
        assert X.min() <= new.min() <= new.max() <= X.max()


@pytest.mark.parametrize("shape", [GREY, COLOUR])
def test_flattened_images_are_the_same(shape):
    X = images(shape)
    flat = X.reshape(len(X), -1)
    synthesizer = made(image_shape=shape).fit(flat)
    assert synthesizer.samples_.shape == flat.shape
    assert synthesizer.image_shape_ == (*shape, 1)[:3]
    assert_array_equal(synthesizer.samples_.reshape(X.shape), made().fit(X).samples_)
    assert_array_equal(
        synthesizer.samples_, made(image_shape=shape).fit(X).samples_.reshape(flat.shape)
    )


def test_rows_without_a_shape_are_square_and_grey():
    X = images()
    assert made().fit(X.reshape(len(X), -1)).image_shape_ == (6, 6, 1)
    rows = images(COLOUR).reshape(12, -1)
    # A kernel that need not know takes any.
    assert made(kernel="dense").fit(rows).image_shape_ is None
    for kernel, width in [("auto", 108), ("convolutional", 108), ("convolutional", 5)]:
        with pytest.raises(ValueError, match=f"Rows of {width} numbers are no square"):
            made(kernel=kernel).fit(rows[:, :width])


KERNELS = [
    (made(), GREY, None),
    (made(kernel="dense"), COLOUR, None),
    (made(), LARGE, ConvNTK.cifar10(image_shape=LARGE, n_convolutions=1)),
    (made(), COLOUR, None),
    (made(kernel=RBF(), epsilon=0.1, batch_size=64), GREY, RBF()),
]


@pytest.mark.parametrize(
    ("synthesizer", "shape", "kernel"),
    slow_but([case for case in KERNELS if LARGE not in case], KERNELS),
)
def test_it_is_a_synthesizer_of_rows_that_are_scaled_by_hand(synthesizer, shape, kernel):
    X = images(shape)
    grouped = isinstance(kernel, ConvNTK)
    by_hand = GANTKSynthesizer(
        kernel,
        epsilon=synthesizer.epsilon,
        standardize=False,
        max_iter=2,
        bounds=(0, 1),
        batch_size=GROUP if grouped else synthesizer.batch_size,
        random_state=0,
    ).fit((X / 255).astype(np.float32).reshape(len(X), -1))
    rounded = np.rint(255 * by_hand.samples_.astype(float)).astype(np.uint8)
    assert_array_equal(synthesizer.fit(X).samples_, rounded.reshape(X.shape))
    assert synthesizer.generator_.kernel_ == by_hand.kernel_
    assert synthesizer.generator_.batch_size == by_hand.batch_size


@pytest.mark.parametrize(
    ("shape", "preset"),
    [
        ((28, 28, 1), ConvNTK.mnist()),
        ((32, 32, 3), ConvNTK.cifar10()),
        ((64, 64, 3), ConvNTK.celeba()),
        ((16, 48, 4), ConvNTK.cifar10(image_shape=(16, 48, 4), n_convolutions=2)),
        ((2, 3, 3), ConvNTK.cifar10(image_shape=(2, 3, 3), n_convolutions=1)),
    ],
)
def test_depth_is_that_of_the_presets(shape, preset):
    assert convolutional(shape) == preset


def test_values_may_have_any_scale():
    """Of powers of two nothing is rounded."""
    X = images(dtype=np.float64)
    expected = made().fit(X).samples_
    for scale, shift in [(2.0**40, 0), (2.0**-40, 0), (2, -1)]:
        other = made().fit(scale * X + shift)
        assert_array_equal(other.samples_, scale * expected + shift)
    wide = made().fit(X * 2.0**900).samples_
    assert_array_equal(wide, 2.0**900 * expected)


def test_pixels_that_are_constant_stay_so():
    X = images()
    X[:, [0, -1]] = X[:, :, [0, -1]] = 0
    new = made(max_iter=20).fit(X).samples_
    assert not np.any(new[:, [0, -1]])
    assert not np.any(new[:, :, [0, -1]])


def test_seeds():
    X = images()
    first, again = (made().fit(X) for _ in range(2))
    assert_array_equal(first.samples_, again.samples_)
    assert np.any(made(random_state=1).fit(X).samples_ != first.samples_)
    assert_array_equal(first.sample(5, random_state=1), again.sample(5, random_state=1))
    assert np.any(first.sample(12) != first.sample(12))


def test_score_is_better_for_images_that_are_like_it():
    X = images()
    synthesizer = made(max_iter=50).fit(X)
    assert synthesizer.score(X) > synthesizer.score(255 - X)
    assert synthesizer.score(X) == synthesizer.score(X.reshape(len(X), -1))
    with pytest.raises(ValueError, match="have the shape"):
        synthesizer.score(X.reshape(len(X), 4, 9))


def test_with_labels_in_a_conditional_sampler():
    X = images(n=24).reshape(24, -1)
    y = np.repeat(["left", "right"], 12)
    conditional = ConditionalSampler(made(), random_state=0).fit(X, y)
    new, labels = conditional.sample(y=["right", "left", "left"])
    assert new.shape == (3, 36)
    assert new.dtype == np.uint8
    assert labels.tolist() == ["right", "left", "left"]


def test_clone_and_pickle():
    synthesizer = made(kernel=RBF(), image_shape=GREY).fit(images())
    assert clone(synthesizer).get_params()["image_shape"] == GREY
    kept = pickle.loads(pickle.dumps(synthesizer))
    assert_array_equal(kept.samples_, synthesizer.samples_)
    assert_array_equal(
        kept.sample(15, random_state=0), synthesizer.sample(15, random_state=0)
    )


def holes():
    X = images(dtype=float)
    X[0, 0, 0] = np.nan
    return X


BAD = {
    "NaN": (holes(), {}, "NaN"),
    "complex": (images(dtype=float) + 1j, {}, "Complex"),
    "1-D": (np.arange(9.0), {}, "Expected 2D array"),
    "5-D": (np.zeros((2, 2, 2, 2, 2)), {}, r"\(n_images, height, width\)"),
    "none": (np.zeros((0, 6, 6)), {}, "0 sample"),
    "sizes": ([np.zeros((4, 4)), np.zeros((5, 5))], {}, "not all of one size"),
    "one": (images(n=1), {}, r"the same \(n_samples=1\)"),
    "constant": (np.ones((5, 4, 4)), {}, r"the same \(n_samples=5\)"),
    "channels first": (images((3, 6, 6)), {}, r"channels first.*transpose\(0, 2, 3, 1\)"),
    "one in colour": (images((12, 3)), {}, "one image in colour"),
    "other shape": (images(), {"image_shape": (5, 5)}, r"\(5, 5\) has 25 .*\(6, 6\)"),
    "other width": (images()[:, 0], {"image_shape": (2, 2)}, r"\(2, 2\) has 4 .*\(6,\)"),
    "no shape": (images(), {"image_shape": (36,)}, "positive integers"),
    "negative": (images(), {"image_shape": (-6, 6)}, "positive integers"),
    "huge": (images(dtype=float) * 1e301, {}, "cannot be scaled"),
    "inexact": (images().astype(np.int64) * 2**50, {}, "cannot be scaled"),
}


@pytest.mark.parametrize(("X", "params", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_and_leaves_it_as_it_was(X, params, message):
    synthesizer = made().fit(images())
    synthesizer.set_params(**params)
    before = vars(synthesizer).copy()
    with pytest.raises(ValueError, match=message):
        synthesizer.fit(X)
    assert vars(synthesizer).keys() == before.keys()
    assert all(vars(synthesizer)[name] is value for name, value in before.items())
    assert synthesizer.sample(2).shape == (2, 6, 6)


def test_what_looks_wrong_may_be_said_to_be_right():
    for shape in [(3, 2, 6), (12, 3)]:
        synthesizer = made(image_shape=shape).fit(images().reshape(12, *shape))
        assert synthesizer.image_shape_ == (*shape, 1)[:3]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("kernel", ["ntk", None, RBF]),
        ("image_shape", [36, "auto"]),
        ("epsilon", [0, 0.5, None]),
        ("max_iter", [0, 1.5]),
        ("batch_size", [0, "all"]),
    ],
)
def test_parameters_are_checked(name, values):
    for value in values:
        with pytest.raises(InvalidParameterError, match=f"The '{name}' parameter"):
            made(**{name: value}).fit(images())


def test_hours_are_told_before_they_are_spent(monkeypatch):
    monkeypatch.setattr(_images, "PACE", 1e6)
    with pytest.warns(UserWarning, match=r"12 images with a conv.* hours .*2 steps"):
        made(kernel="convolutional").fit(images(LARGE))
    made().fit(images())


def test_interrupted_fit_leaves_it_as_it_was(monkeypatch):
    synthesizer, fresh = made().fit(images()), made()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(GANTKSynthesizer, "_check", interrupted)
    samples = synthesizer.samples_
    for estimator in (synthesizer, fresh):
        with pytest.raises(KeyboardInterrupt):
            estimator.fit(images(COLOUR))
    assert synthesizer.samples_ is samples
    with pytest.raises(NotFittedError):
        fresh.sample()
