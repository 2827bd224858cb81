"""Values and derivatives of the losses, and what an object of them is."""

import pickle
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone

from skgantk.discriminators import FiniteWidthDiscriminator, NTKGANDiscriminator
from skgantk.generators import NeuralGenerator, ParticleFlowGenerator
from skgantk.losses import IPM, LSGAN, Hinge, Loss, VanillaGAN

TARGETS = LSGAN(real=2.0, fake=-0.5, generator=0.75)
LOSSES = [IPM(), LSGAN(), TARGETS, VanillaGAN(), Hinge()]
FUNCTIONS = ["a", "b", "c"]
# Nine points, none of them near the kinks of the hinge loss at ±1
POINTS = np.array([-7.0, -2.5, -1.2, -0.6, 0.0, 0.3, 0.8, 1.7, 6.0])
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)


class Huber(Loss):
    """No derivatives of its own, and an attribute."""

    def __init__(self, scale):
        self.scale = scale

    def a(self, f):
        return -self.scale * jnp.sqrt(1 + (f / self.scale) ** 2)

    def b(self, f):
        return jnp.tanh(f)

    def c(self, f):
        return self.a(f) * f


class Marked(Huber):
    """A derivative that no other function would give."""

    def da(self, f):
        return 0 * f + 123.0


class OnlyFake(Loss):
    def a(self, f):
        return -f


def central_difference(function, f, h=1e-5):
    return (np.asarray(function(f + h)) - np.asarray(function(f - h))) / (2 * h)


def ascent_direction(loss, f, real):
    """∇L(f) = ρ₁a'(f) - ρ₂b'(f) on real or on fake points."""
    return np.asarray(-2 * loss.db(f) if real else 2 * loss.da(f))


def table(loss, f):
    """a, b and c of reference.md, section 2, in numpy."""
    if isinstance(loss, IPM):
        return -f, -f, -f
    if isinstance(loss, LSGAN):
        return -((f - loss.fake) ** 2), (f - loss.real) ** 2, (f - loss.generator) ** 2
    if isinstance(loss, VanillaGAN):
        return np.log1p(-expit(f)), -np.log(expit(f)), -np.log(expit(f))
    return np.minimum(0, -1 - f), -np.minimum(0, f - 1), -f


def gradient_table(loss, f, real):
    """∇L(f) of the same table, the hinge's from the definition of min."""
    if isinstance(loss, IPM):
        return np.full_like(f, 2 if real else -2)
    if isinstance(loss, LSGAN):
        return 4 * ((loss.real if real else loss.fake) - f)
    if isinstance(loss, VanillaGAN):
        return (2 if real else 0) - 2 * expit(f)
    return 2.0 * (f < 1) if real else -2.0 * (f > -1)


@each_loss
def test_values(loss):
    with jax.enable_x64(True):
        for name, expected in zip(FUNCTIONS, table(loss, POINTS)):
            value = getattr(loss, name)(POINTS)
            np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("loss", [*LOSSES, Huber(1.5)], ids=repr)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_against_central_differences(loss, name):
    with jax.enable_x64(True):
        slope = getattr(loss, "d" + name)(POINTS)
        expected = central_difference(getattr(loss, name), POINTS)
    np.testing.assert_allclose(slope, expected, rtol=1e-8, atol=1e-9)


@each_loss
@pytest.mark.parametrize("real", [True, False], ids=["real", "fake"])
def test_ascent_direction_against_its_closed_form(loss, real):
    with jax.enable_x64(True):
        direction = ascent_direction(loss, POINTS, real)
    expected = gradient_table(loss, POINTS, real)
    np.testing.assert_allclose(direction, expected, rtol=1e-14, atol=1e-15)


@each_loss
def test_derivative_of_the_generators_term(loss):
    slopes = {
        LSGAN: 2 * (POINTS - getattr(loss, "generator", 0)),
        VanillaGAN: -expit(-POINTS),
    }
    with jax.enable_x64(True):
        slope = loss.dc(POINTS)
    expected = slopes.get(type(loss), np.full_like(POINTS, -1))
    np.testing.assert_allclose(slope, expected, rtol=1e-14)


@each_loss
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_values_are_finite(loss, dtype):
    f = np.array([-1e4, 1e4], dtype)
    with jax.enable_x64(True):
        for name in FUNCTIONS:
            assert np.all(np.isfinite(getattr(loss, name)(f)))
            assert np.all(np.isfinite(getattr(loss, "d" + name)(f)))


def test_extreme_values_of_the_cross_entropy():
    f = np.array([-1e4, 1e4])
    with jax.enable_x64(True):
        loss = VanillaGAN()
        np.testing.assert_array_equal(loss.a(f), [0, -1e4])
        np.testing.assert_array_equal(loss.b(f), [1e4, 0])
        np.testing.assert_array_equal(ascent_direction(loss, f, real=True), [2, 0])
        np.testing.assert_array_equal(ascent_direction(loss, f, real=False), [0, -2])
        tail = -loss.db(np.array([40.0, 700.0]))  # 1 - σ(f), no digits lost
    np.testing.assert_allclose(tail, np.exp([-40.0, -700.0]), rtol=1e-13)


def test_kinks_of_the_hinge_are_on_the_side_that_pulls():
    below, above = np.nextafter([-1.0, 1.0], -2), np.nextafter([-1.0, 1.0], 2)
    with jax.enable_x64(True):
        for f, da, db in [
            (below, [0, -1], [-1, -1]),
            (np.array([-1.0, 1.0]), [-1, -1], [-1, -1]),
            (above, [-1, -1], [-1, 0]),
        ]:
            np.testing.assert_array_equal(Hinge().da(f), da)
            np.testing.assert_array_equal(Hinge().db(f), db)


@pytest.mark.parametrize("name", ["a", "b", "c", "da", "db", "dc"])
@each_loss
def test_dtype_is_kept(loss, name):
    with jax.enable_x64(True):
        for dtype in ("float32", "float64"):
            for f in (POINTS.astype(dtype), jnp.asarray(POINTS, dtype)):
                assert getattr(loss, name)(f).dtype == dtype


def test_numpy_targets_keep_the_dtype():
    loss = LSGAN(*np.array([1.0, -1.0, 0.0]))
    with jax.enable_x64(True):
        assert loss.da(POINTS.astype("float32")).dtype == "float32"


def test_derivatives_of_numbers_and_integers():
    with jax.enable_x64(True):
        assert LSGAN().dc(3) == 6
        assert IPM().da(2) == -1
        np.testing.assert_array_equal(LSGAN().da(np.array([0, 1])), [-2, -4])


def test_own_derivatives_win():
    f = np.float32([0.5, 2.0])
    np.testing.assert_array_equal(Marked(1.0).da(f), [123, 123])
    np.testing.assert_array_equal(Marked(1.0).db(f), Huber(1.0).db(f))


def test_overridden_function_changes_the_derivative():
    class Saturating(VanillaGAN):
        def c(self, f):
            return self.a(f)

    with jax.enable_x64(True):
        np.testing.assert_allclose(Saturating().dc(POINTS), -expit(POINTS), rtol=1e-14)
        np.testing.assert_array_equal(Saturating().db(POINTS), VanillaGAN().db(POINTS))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (IPM(), Hinge()),
        (LSGAN(), LSGAN(generator=0.5)),
        (LSGAN(), TARGETS),
        (Huber(1.0), Huber(2.0)),
        (Huber(1.0), Marked(1.0)),
        (IPM(), "IPM()"),
    ],
    ids=repr,
)
def test_different_losses(one, other):
    assert one != other
    assert other != one
    assert len({one, other}) == 2


@pytest.mark.parametrize("loss", [*LOSSES, Huber(1.5)], ids=repr)
def test_equal_losses_and_pickles(loss):
    twin = type(loss)(**vars(loss))
    for copy in (twin, pickle.loads(pickle.dumps(loss))):
        assert copy is not loss
        assert copy == loss
        assert hash(copy) == hash(loss)
        assert repr(copy) == repr(loss)


def test_order_of_attributes_does_not_matter():
    one, other = Huber(1.0), Huber(1.0)
    one.x, one.y = 1, 2
    other.y, other.x = 2, 1
    assert one == other
    assert hash(one) == hash(other)


def test_attributes_must_be_hashable():
    with pytest.raises(TypeError, match="hashable"):
        hash(Huber([1.0]))


def test_equal_losses_are_compiled_once():
    traces = []

    @partial(jax.jit, static_argnums=0)
    def slope(loss, f):
        traces.append(loss)
        return loss.dc(f)

    values = [float(slope(LSGAN(generator=g), 1.0)) for g in (0.0, 0, 0.5, 0.0)]
    assert values == [2, 2, 1, 2]
    assert len(traces) == 2


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (IPM(), "IPM()"),
        (LSGAN(), "LSGAN(real=1.0, fake=-1.0, generator=0.0)"),
        (Huber(1.5), "Huber(scale=1.5)"),
    ],
)
def test_repr(loss, text):
    assert repr(loss) == text
    assert eval(text) == loss


@pytest.mark.parametrize("name", ["a", "b", "c", "da", "db", "dc"])
def test_undefined_functions(name):
    with pytest.raises(NotImplementedError, match=rf"Loss defines no method {name[-1]}"):
        getattr(Loss(), name)(0.0)


def test_undefined_functions_of_a_subclass():
    assert float(OnlyFake().da(0.0)) == -1
    with pytest.raises(NotImplementedError, match=r"OnlyFake defines no method b\(f\)"):
        OnlyFake().db(0.0)


def test_thresholds():
    assert [loss.threshold for loss in LOSSES] == [0, 0, 0.75, 0, 0]
    assert LSGAN(real=1, fake=0).threshold == 0.5


@pytest.mark.parametrize(("real", "fake"), [(1, 1), (-1, 1), (float("nan"), 0)])
def test_targets_out_of_order(real, fake):
    with pytest.raises(ValueError, match=f"got real={real} and fake={fake}"):
        LSGAN(real, fake)


class NoGenerator(OnlyFake):
    def b(self, f):
        return -f


class InNumPy(VanillaGAN):
    def a(self, f):
        return -np.exp(f)


class WithIf(VanillaGAN):
    def b(self, f):
        return f if f > 0 else -f


class OfAll(VanillaGAN):
    def c(self, f):
        return jnp.sum(f)


BROKEN = [
    (NoGenerator(), NotImplementedError, r"NoGenerator defines no method c\(f\)"),
    (InNumPy(), TypeError, r"InNumPy\.a\(f\) must be written in jax\.numpy"),
    (WithIf(), TypeError, r"WithIf\.b\(f\) must be written in jax\.numpy.* jnp\.where"),
    (OfAll(), TypeError, r"OfAll\.c\(f\) and its derivative must have the shape of f"),
    (Marked([1]), TypeError, "must be hashable"),
]


@pytest.mark.parametrize(("loss", "error", "message"), BROKEN)
@pytest.mark.parametrize("Generator", [ParticleFlowGenerator, NeuralGenerator])
@pytest.mark.parametrize(
    "discriminator",
    [NTKGANDiscriminator(), FiniteWidthDiscriminator()],
    ids=lambda d: type(d).__name__,
)
def test_what_cannot_be_trained_is_refused_before_any_work(
    loss, error, message, Generator, discriminator, monkeypatch
):
    def worked(*args):
        raise AssertionError

    monkeypatch.setattr(Generator, "_reset", worked)
    generator = Generator(clone(discriminator).set_params(loss=loss))
    with pytest.raises(error, match=message):
        generator.fit(POINTS[:, None])


def test_a_discriminator_needs_no_generator():
    labels = np.arange(9) > 4
    discriminator = NTKGANDiscriminator(loss=NoGenerator(), training_time=0.1)
    assert discriminator.fit(POINTS[:, None], labels).loss_ > 0
    with pytest.raises(TypeError, match=r"must be written in jax\.numpy"):
        discriminator.set_params(loss=InNumPy()).fit(POINTS[:, None], labels)
