import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skgantk.datasets import load_images, make_letter, sample_image

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="needs the data of ../shared")


def test_points_follow_the_darkness():
    image = np.ones((20, 40))
    image[2, 5], image[15, 30] = 0.0, 0.5  # twice as dark above left
    X = sample_image(image, 6000, random_state=0)
    upper = X[:, 1] > 0
    assert abs(upper.mean() - 2 / 3) < 5 * np.sqrt(2 / 9 / 6000)
    # the centre of a pixel, row 0 on top; noise of 1/40
    assert_allclose(X[upper].mean(axis=0), [2 * 5.5 / 40 - 1, 1 - 2 * 2.5 / 20], atol=3e-3)
    assert_allclose(X[upper].std(axis=0), 1 / 40, rtol=0.06)


@pytest.mark.parametrize("letter", ["A", "B"])
def test_letters(letter):
    image = make_letter(letter)
    assert image.shape == (64, 64)
    assert image.min() == 0
    assert image.max() == 1
    assert 0.1 < (1 - image).mean() < 0.4
    # upright: A is symmetric about the middle, B has its stem at the left
    flipped = image[:, ::-1]
    assert np.allclose(image, flipped) == (letter == "A")
    if letter == "B":
        assert (1 - image[:, :32]).sum() > (1 - image[:, 32:]).sum()
    finer = make_letter(letter, size=256)
    assert_allclose((1 - finer).mean(), (1 - image).mean(), rtol=0.05)


def test_integer_and_colour_images():
    image = make_letter("A", size=16)
    integers = np.round(255 * image).astype(np.uint8)
    colours = np.stack([integers] * 3, axis=2)
    X = sample_image(integers, 50, random_state=0)
    assert_array_equal(sample_image(colours, 50, random_state=0), X)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.ones((4, 4)), "white"),
        (np.ones(4), "shape"),
        (np.full((4, 4), 2.0), "lie in"),
        (np.full((4, 4), np.nan), "lie in"),
    ],
)
def test_bad_images(image, message):
    with pytest.raises(ValueError, match=message):
        sample_image(image)


def test_missing_matplotlib_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.image", None)
    with pytest.raises(ImportError, match=r"skgantk\[plot\]"):
        sample_image("letter.png")


@needs_data
def test_image_file():
    X = sample_image(DATA / "A.png", 300, random_state=0)
    assert X.shape == (300, 2)
    assert np.all(np.abs(X) < 1.2)


def saved(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_images_are_padded_and_scaled(tmp_path):
    images = np.zeros((3, 4, 5), np.uint8)
    images[1] = 255
    path = saved(tmp_path / "a.npz", images=images, labels=np.arange(3))
    X, labels = load_images(path, size=7)
    assert X.dtype == np.float32
    assert_array_equal(labels, [0, 1, 2])
    assert_array_equal(X[0], -1)
    white = X[1].reshape(7, 7) == 1
    assert_array_equal(white[1:5, 1:6], True)
    assert white.sum() == 20
    assert load_images(path, size=None)[0].shape == (3, 20)


def test_draw_of_images(tmp_path):
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1)
    path = saved(tmp_path / "a.npz", images=images)
    X, labels = load_images(path, 4, size=None, random_state=0)
    assert labels is None
    assert len(np.unique(X)) == 4
    assert_array_equal(X, load_images(path, 4, size=None, random_state=0)[0])
    with pytest.raises(ValueError, match="10 images"):
        load_images(path, 11)


def test_bad_files(tmp_path):
    with pytest.raises(ValueError, match="no array 'images'"):
        load_images(saved(tmp_path / "a.npz", x=np.ones(3)))
    with pytest.raises(ValueError, match="must be integers of shape"):
        load_images(saved(tmp_path / "b.npz", images=np.ones((3, 4, 4))))
    with pytest.raises(ValueError, match="less than"):
        load_images(saved(tmp_path / "c.npz", images=np.ones((3, 4, 4), int)), size=2)


@needs_data
def test_mnist():
    X, labels = load_images(DATA / "mnist_10k.npz", 256, random_state=0)
    assert X.shape == (256, 1024)
    assert set(labels) <= set(range(10))
    assert X.min() == -1
    assert X.max() == 1
