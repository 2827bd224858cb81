import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.gaussian_process.kernels import RBF as AnisotropicRBF

from skgantk.discriminators import NTKIPMDiscriminator, NTKLSGANDiscriminator
from skgantk.inspection import DiracFieldDisplay
from skgantk.kernels import NTK, RBF

over_dimensions = pytest.mark.parametrize("n_features", [2, 5])


def drawn(discriminator, n_features=2, **params):
    params = {"grid_resolution": 4, **params}
    return DiracFieldDisplay.from_discriminator(discriminator, n_features, **params)


@over_dimensions
def test_field_of_the_gaussian_kernel(n_features):
    """c(f(x)) = τ (k(x, x') - k(x, y)), x' = x held: the step is τ (y - x) k(x, y)/d."""
    display = drawn(NTKIPMDiscriminator(RBF(), training_time=3.0), n_features)
    gap = [1.0, 0.0] - display.points
    square = np.sum(gap**2, axis=1, keepdims=True)
    expected = 3 * gap / n_features * np.exp(-square / (2 * n_features))
    assert_allclose(display.steps, expected, rtol=1e-10)


@over_dimensions
def test_any_other_plane_has_the_same_field(n_features):
    """The field in Span{x, y} of a pair that is turned at random."""
    discriminator = NTKLSGANDiscriminator(NTK(depth=1))
    display = drawn(discriminator, n_features)
    normal = np.random.default_rng(0).normal(size=(n_features, n_features))
    plane = np.linalg.qr(normal)[0][:2]  # orthonormal
    for point, step in zip(display.points[::5], display.steps[::5]):
        pair = np.stack([point, [1.0, 0.0]]) @ plane
        trained = discriminator.fit(pair, [0, 1])
        force = trained.generator_gradient(pair[:1])[0]
        assert_allclose(plane @ -force, step, rtol=1e-9)
        assert_allclose(step @ plane, -force, rtol=1e-9, atol=1e-12)


def test_the_prototype_is_left_alone():
    discriminator = NTKIPMDiscriminator(RBF())
    drawn(discriminator)
    assert not hasattr(discriminator, "X_fit_")


def test_artists():
    display = drawn(NTKIPMDiscriminator(RBF()), bounds=((0, 1), (2, 3)))
    arrows = display.arrows_
    assert_array_equal(arrows.XY, display.points)
    length = np.linalg.norm(display.steps, axis=1)
    assert_allclose(length[:, None] * np.column_stack([arrows.U, arrows.V]), display.steps)
    assert_array_equal(arrows.get_array(), length)
    assert (arrows.norm.vmin, arrows.norm.vmax) == (0, length.max())
    assert arrows.scale == pytest.approx(1 / (0.8 * 0.5))  # of a step of the grid
    assert display.colorbar_.ax.get_ylabel() == "length of step"
    assert_array_equal(display.real_.get_offsets(), [[1.0, 0.0]])
    low, high = display.points.min(axis=0), display.points.max(axis=0)
    assert_allclose([*low, *high], [0.25, 1.25, 1.75, 2.75])
    assert display.ax_.get_aspect() == 1
    assert display.ax_.get_xlabel() == "along y"
    other = DiracFieldDisplay(points=display.points, steps=display.steps)
    assert other.plot(ax=display.ax_, arrow_kw={"color": "red"}).ax_ is display.ax_
    assert_array_equal(other.arrows_.get_facecolor(), [[1, 0, 0, 1]])
    assert other.colorbar_ is None
    assert other.plot(colorbar=False).colorbar_ is None


def test_one_point_without_a_force():
    discriminator = NTKIPMDiscriminator(RBF())
    bounds = (0.5, -0.5), (1.5, 0.5)  # around y
    display = drawn(discriminator, bounds=bounds, grid_resolution=1)
    assert_array_equal(display.steps, [[0.0, 0.0]])
    display.figure_.draw_without_rendering()


def test_bad_input():
    with pytest.raises(ValueError, match="'n_features' parameter"):
        drawn(NTKIPMDiscriminator(), 1)
    with pytest.raises(ValueError, match="with low < high"):
        drawn(NTKIPMDiscriminator(), bounds=((0, 0), (0, 1)))
    stretched = NTKIPMDiscriminator(AnisotropicRBF([1.0, 1.0, 1.1]))
    with pytest.raises(ValueError, match="moves a fake point out of the plane"):
        drawn(stretched, 3, grid_resolution=1)
