import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
)
from skgantk.inspection import DiscriminatorDisplay
from skgantk.kernels import RBF

RNG = np.random.default_rng(0)
PLANE = RNG.normal(size=(9, 2))
LABELS = np.array([1, 1, 1, 1, -1, -1, -1, -1, -1])
METHODS = ["generator_loss", "decision_function"]
over_methods = pytest.mark.parametrize("method", METHODS)


def made(X=PLANE, y=LABELS):
    return NTKLSGANDiscriminator(RBF()).fit(X, y)


def drawn(discriminator, *args, **params):
    return DiscriminatorDisplay.from_estimator(
        discriminator, *args, grid_resolution=7, **params
    )


class Linear(BaseEstimator):
    """A discriminator of the public contract alone."""

    def fit(self, X, y):
        self.n_features_in_, self.slope_ = X.shape[1], np.arange(1.0, X.shape[1] + 1)
        return self

    def decision_function(self, X):
        return X @ self.slope_

    def generator_loss(self, X):
        return self.decision_function(X) ** 2

    def generator_gradient(self, X):
        return 2 * self.decision_function(X)[:, None] * self.slope_


@over_methods
def test_the_plane_shows_what_the_discriminator_says(method):
    discriminator = made()
    display = drawn(discriminator, response_method=method)
    for i, row in enumerate(display.response):
        points = np.column_stack([display.ticks[0], np.full(7, display.ticks[1][i])])
        assert_allclose(row, getattr(discriminator, method)(points), rtol=1e-12)
    assert_array_equal(display.real, PLANE[:4])
    assert_array_equal(display.fake, PLANE[4:])
    assert_array_equal(display.arrow_points, PLANE[4:])
    assert_array_equal(display.arrow_steps, -discriminator.generator_gradient(PLANE[4:]))


def test_artists_of_the_plane():
    display = drawn(made())
    levels = display.surface_.levels
    assert levels[0] <= display.response.min() < display.response.max() <= levels[-1]
    assert len(levels) > 20
    assert_array_equal(
        np.array([display.arrows_.U, display.arrows_.V]).T, display.arrow_steps
    )
    assert_array_equal(display.arrows_.XY, display.fake)
    assert_array_equal(display.real_.get_offsets(), display.real)
    assert_array_equal(display.fake_.get_offsets(), display.fake)
    assert display.line_ is None
    assert display.colorbar_.ax.get_ylabel() == "c(f(x))"
    ax = display.ax_
    assert ax.get_aspect() == 1
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x₁", "x₂")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["real", "fake"]
    assert display.figure_ is ax.figure
    display.figure_.draw_without_rendering()
    legend = ax.get_legend().get_window_extent()
    assert legend.y1 < ax.xaxis.label.get_window_extent().y0  # it hides no point
    for (low, high), column in zip((ax.get_xlim(), ax.get_ylim()), PLANE.T):
        assert low < column.min() < column.max() < high


@over_methods
def test_the_line(method):
    discriminator = made(PLANE[:, :1])
    display = drawn(discriminator, response_method=method)
    x, values = display.line_.get_data()
    assert_array_equal(x, display.ticks[0])
    assert_array_equal(values, display.response)
    assert_array_equal(values, getattr(discriminator, method)(x[:, None]))
    assert_array_equal(display.arrows_.U, display.arrow_steps[:, 0])
    assert_array_equal(display.arrows_.V, 0)
    assert_array_equal(display.arrows_.XY[:, 0], display.fake[:, 0])
    assert_array_equal(display.real_.get_offsets()[:, 0], PLANE[:4, 0])
    assert display.surface_ is display.colorbar_ is None
    # The rows of points are at the bottom, whatever the values.
    low, high = display.ax_.get_ylim()
    assert low < values.min() - 0.1 * np.ptp(values)
    assert high < values.max() + np.ptp(values)


@pytest.mark.parametrize("width", [1, 2])
def test_arrows_are_of_a_sensible_length(width):
    """As long as a tenth of the picture at most, but for a few, however long the steps."""
    for scale in (1e-6, 1.0, 1e6):
        X = PLANE[:, :width] * scale
        for arrows, at_most in (("fake", 0.1), ("grid", 1 / 15)):
            display = drawn(Linear().fit(X, LABELS), X, LABELS, arrows=arrows)
            side = max(np.ptp(ticks) for ticks in display.ticks)
            length = np.linalg.norm(display.arrow_steps, axis=1) / display.arrows_.scale
            assert np.quantile(length, 0.9) <= at_most * 1.001 * side
            assert np.max(length) > 0.5 * at_most * side


def test_arrows_on_a_grid_or_none():
    discriminator = made()
    display = drawn(discriminator, arrows="grid", bounds=(-1, [2.0, 3.0]))
    assert display.arrow_points.shape == (225, 2)
    steps = -discriminator.generator_gradient(display.arrow_points)
    assert_array_equal(display.arrow_steps, steps)
    for points, ticks, high in zip(display.arrow_points.T, display.ticks, (2, 3)):
        assert (ticks[0], ticks[-1]) == (-1, high)
        assert -1 < points.min() < points.max() < high
    display = drawn(discriminator, arrows=None)
    assert display.arrows_ is display.arrow_points is display.arrow_steps is None


def test_many_points_have_arrows_on_some():
    X = RNG.normal(size=(300, 2))
    y = np.repeat([1, -1], [100, 200])
    display = drawn(Linear().fit(X, y), X, y)
    assert_array_equal(display.arrow_points, display.fake[::4])
    assert_array_equal(display.fake_.get_offsets(), X[100:])


def test_points_and_labels_of_ones_own():
    labels = np.where(LABELS > 0, "real", "fake")
    display = drawn(made(), PLANE[::-1] + 1, labels[::-1])
    assert_array_equal(display.real, PLANE[3::-1] + 1)
    assert_array_equal(display.fake, PLANE[:3:-1] + 1)


def test_any_discriminator_of_the_contract():
    linear = Linear().fit(PLANE, LABELS)
    display = drawn(linear, PLANE, LABELS)
    assert_array_equal(display.arrow_steps, -linear.generator_gradient(PLANE[4:]))
    with pytest.raises(ValueError, match="Linear keeps no X_fit_ and y_fit_: give X and y"):
        drawn(linear)
    network = FiniteWidthDiscriminator([8], random_state=0).fit(PLANE, LABELS)
    assert_array_equal(drawn(network, PLANE, LABELS).real, PLANE[:4])
    with pytest.raises(ValueError, match="give X and y"):
        drawn(network)


def test_a_second_display_adds_a_curve_and_repeats_no_legend():
    discriminator = made(PLANE[:, :1])
    first = drawn(discriminator)
    second = drawn(discriminator, response_method="decision_function", ax=first.ax_)
    assert second.ax_ is first.ax_
    assert second.ax_.get_lines() == [first.line_, second.line_]
    texts = [text.get_text() for text in first.ax_.get_legend().get_texts()]
    assert sorted(texts) == ["c(f(x))", "f(x)", "fake", "real"]


def test_contours_alone_have_no_legend():
    display = DiscriminatorDisplay(ticks=[np.arange(2.0)] * 2, response=np.eye(2)).plot()
    assert display.ax_.get_legend() is None
    assert display.real_ is display.fake_ is display.arrows_ is None


def test_keyword_arguments_of_artists():
    display = drawn(
        made(),
        colorbar=False,
        surface_kw={"levels": [-1.0, 0.0, 0.5, 2.0], "cmap": "cividis"},
        real_kw={"c": "k", "lw": 3},
        fake_kw={"s": 50},
        arrow_kw={"scale": 7.0, "color": "red"},
    )
    assert_array_equal(display.surface_.levels, [-1.0, 0.0, 0.5, 2.0])
    assert display.surface_.get_cmap().name == "cividis"
    assert_array_equal(display.real_.get_linewidths(), 3)
    assert_array_equal(display.fake_.get_sizes(), 50)
    assert display.arrows_.scale == 7
    assert display.colorbar_ is None
    line = drawn(made(PLANE[:, :1]), line_kw={"ls": ":", "label": "width 64"}).line_
    assert (line.get_linestyle(), line.get_label()) == (":", "width 64")


def test_float32_and_names_of_features():
    pandas = pytest.importorskip("pandas")
    X = PLANE.astype(np.float32)
    display = drawn(made(X))
    assert display.response.dtype == display.arrow_steps.dtype == np.float32
    frame = pandas.DataFrame(PLANE, columns=["height", "width"])
    display = drawn(made(frame), arrows="grid")  # without a warning
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("height", "width")
    assert_array_equal(display.response, drawn(made()).response)


def test_equal_points():
    """Of no extent, with a discriminator that is 0 where the classes coincide."""
    discriminator = NTKIPMDiscriminator(RBF()).fit(np.ones((2, 2)), [-1, 1])
    display = drawn(discriminator)
    assert_array_equal(display.response, 0)
    assert display.ax_.get_xlim() == (0, 2)


def test_bad_input():
    space = np.column_stack([PLANE, PLANE[:, 0]])
    with pytest.raises(
        ValueError, match="draws points of 1 or 2 features, and these have 3"
    ):
        drawn(made(space))
    with pytest.raises(NotFittedError, match="not fitted"):
        drawn(NTKIPMDiscriminator())
    discriminator = made()
    with pytest.raises(ValueError, match="X has 1 features, but the discriminator has 2"):
        drawn(discriminator, PLANE[:, :1], LABELS)
    with pytest.raises(ValueError, match="Give both X and y"):
        drawn(discriminator, PLANE)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        drawn(discriminator, PLANE, LABELS[:3])
    with pytest.raises(ValueError, match="y must have two labels"):
        drawn(discriminator, PLANE, np.ones(9))
    with pytest.raises(ValueError, match="'response_method' parameter"):
        drawn(discriminator, response_method="predict")
    with pytest.raises(ValueError, match="'arrows' parameter"):
        drawn(discriminator, arrows="real")
    with pytest.raises(ValueError, match="with low < high"):
        drawn(discriminator, bounds=(1, 0))
    with pytest.raises(ValueError, match="each a number or an array of 2"):
        drawn(discriminator, bounds=(0, [1, 2, 3]))
