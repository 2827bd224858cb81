import pickle

import equinox as eqx
import jax
import numpy as np
import optax
import pytest
import sklearn
from _cases import slow_but
from jax.flatten_util import ravel_pytree
from jax.tree_util import Partial
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import expm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.gaussian_process import kernels as sk
from sklearn.utils._param_validation import InvalidParameterError

from skgantk._numerics import memory
from skgantk._numerics.sizes import rung
from skgantk.datasets import make_eight_gaussians
from skgantk.discriminators import (
    FiniteWidthDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
    stack_samples,
)
from skgantk.generators import NeuralGenerator, _neural, _neural_core
from skgantk.generators._base import to_numpy
from skgantk.generators._network_classes import ImageNetwork
from skgantk.generators._neural_core import Readout
from skgantk.kernels import NTK, RBF
from skgantk.metrics import energy_distance, mode_coverage

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 2)) * [1.0, 0.5] + [3.0, -1.0]
X.flags.writeable = False
KERNEL = NTK(depth=1)
IPM = NTKIPMDiscriminator(KERNEL)


MANY = RNG.normal(size=(128, 2)) * [1.0, 0.5] + [3.0, -1.0]


def made(discriminator=IPM, **params):
    params = {"max_iter": 6, "check_every": 2, "random_state": 0, **params}
    return NeuralGenerator(discriminator, **{"hidden_layer_sizes": (8,), **params})


LEARNS = {"hidden_layer_sizes": (32,), "learning_rate": 0.02, "check_every": 100}


@pytest.fixture(scope="module")
def fitted():
    return made(max_iter=200, **LEARNS).fit(MANY)


# The gradient, against a loss that is written anew and differentiated numerically

SETTING = {
    "standardize": False,
    "optimizer": "gradient",
    "decay": False,
    "activation": "tanh",
    "max_iter": 1,
    "check_every": 1,
}


def step_of(discriminator, rate, **params):
    """θ before and after one step, as arrays; θ ↦ the samples of the step; its data."""
    g = made(discriminator, **{**SETTING, "learning_rate": rate, **params})
    seen, check = [], g._check

    def record(training, state, *data):
        seen.append((training, to_numpy(state.parameters)))
        return check(training, state, *data)

    g._check = record
    g.fit(X)
    training = seen[0][0]
    with jax.enable_x64(True):
        (before, unravel), (after, _) = (ravel_pytree(theta) for _, theta in seen)
        z, real = training.batch(0)

    def samples(theta):
        with jax.enable_x64(True):
            return np.asarray(training.generate(unravel(theta), z))

    return np.asarray(before), np.asarray(after), samples, np.asarray(real)


def assert_descends(loss, before, after, rate):
    gradient = (before - after) / rate
    for seed in range(3):
        direction = np.random.default_rng(seed).normal(size=before.shape)
        h = 1e-6 * direction  # across cusps of f, where the error is of first order
        expected = (loss(before + h) - loss(before - h)) / 2e-6
        assert_allclose(gradient @ direction, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "discriminator",
    [
        pytest.param(NTKIPMDiscriminator(RBF()), marks=pytest.mark.slow),
        NTKLSGANDiscriminator(KERNEL, training_time=3.0),
        pytest.param(
            FiniteWidthDiscriminator((4,), "erf", random_state=0), marks=pytest.mark.slow
        ),
    ],
    ids=["ipm", "lsgan", "finite"],
)
@pytest.mark.parametrize(
    "batch",
    [pytest.param({}, marks=pytest.mark.slow), {"batch_size": 7}],
    ids=["all", "batch"],
)
def test_step_descends_the_loss_of_the_discriminator_held_fixed(discriminator, batch):
    """[F22] Eq. 3."""
    before, after, samples, real = step_of(discriminator, 1e-2, **batch)
    fixed = clone(discriminator).fit(*stack_samples(real=real, fake=samples(before)))

    def loss(theta):
        return np.mean(fixed.generator_loss(samples(theta)))

    assert_descends(loss, before, after, 1e-2)


@pytest.mark.parametrize(
    "bounds",
    [
        *(pytest.param(bounds, marks=pytest.mark.slow) for bounds in (None, (-4, 8))),
        ([0, -np.inf], [np.inf, 1]),
    ],
    ids=str,
)
def test_step_descends_the_objective_of_ga_ntk(bounds):
    """[Z21] Eq. 4, kernel and exponential differentiated, at the λ of the first step."""
    first = 3 / np.mean(KERNEL.diag(X))
    params = {"lam": 5 * first, "kernel": KERNEL, "bounds": bounds}
    before, after, samples, real = step_of("gantk", 1e-2, **params)

    def loss(theta):
        S = np.concatenate([real, samples(theta)])
        y = np.arange(len(S)) < len(real)
        return np.mean((1 - (y - expm(-first * KERNEL(S)) @ y)) ** 2)

    assert_descends(loss, before, after, 1e-2)


# The fit


def test_noise_becomes_data(fitted):
    assert fitted.loss_curve_[-1] < 0.2 * fitted.loss_curve_[0]
    start = made(max_iter=1, **{**LEARNS, "learning_rate": 1e-9}).fit(MANY)
    assert fitted.score(MANY) > 0.3 * start.score(MANY)
    assert len(fitted.loss_curve_) == 3
    assert fitted.n_iter_ == 200
    assert_allclose(fitted.score(MANY), -energy_distance(fitted.samples_, MANY))
    assert not jax.config.jax_enable_x64


@pytest.mark.slow
def test_a_sharp_ga_ntk_leaves_no_mode_behind():
    """At λ from the start, half of the eight modes stay empty."""
    angle = 2 * np.pi * np.arange(8) / 8
    X = make_eight_gaussians(500, random_state=0)[0].astype("float32")
    Z = NeuralGenerator("gantk", epsilon=0.01, random_state=0).fit(X).sample(500, 0)
    centres = 5 * np.column_stack([np.cos(angle), np.sin(angle)])
    assert mode_coverage(Z, centres, radius=1.5).n_covered == 8


def test_ga_ntk_objective_falls():
    g = made("gantk", kernel=KERNEL, max_iter=200, batch_size=32, **LEARNS).fit(MANY)
    start, least = g.loss_curve_[0], 0.25  # D = 1/2 everywhere
    assert g.loss_curve_[-1] - least < 0.7 * (start - least)
    assert g.lam_ > 0
    assert g.kernel_ == KERNEL
    assert not hasattr(g, "discriminator_")


def test_loss_and_discriminator_are_those_of_samples_and_data(fitted):
    fake, real = (fitted._scaled(points) for points in (fitted.samples_, MANY))
    d = clone(IPM).fit(*stack_samples(real=real, fake=fake))
    assert_allclose(fitted.loss_curve_[-1], d.loss_, rtol=1e-8)
    values = fitted.discriminator_.decision_function(fake)
    assert_allclose(values, d.decision_function(fake), rtol=1e-6, atol=1e-12)


CRITIC = FiniteWidthDiscriminator(
    (8,), learning_rate=0.01, max_iter=5, antisymmetric=False, warm_start=True,
    random_state=0,
)  # fmt: skip
WGAN = clone(CRITIC).set_params(weight_clip=0.5, optimizer="adam")
WGAN_GP = clone(CRITIC).set_params(
    hidden_layer_sizes=(32,), gradient_penalty=10.0, optimizer="adam", learning_rate=0.03
)


@pytest.mark.parametrize(
    "critic",
    [WGAN, pytest.param(WGAN_GP, marks=pytest.mark.slow)],
    ids=["clip", "penalty"],
)
def test_wgan(critic):
    params = {**LEARNS, "learning_rate": 0.003}
    g = made(critic, max_iter=300, **params).fit(MANY)
    start = made(critic, max_iter=1, **params).fit(MANY)
    assert g.score(MANY) > 0.5 * start.score(MANY)
    f = g.discriminator_
    if critic.weight_clip:
        largest = max(np.abs(w).max() / len(w) ** 0.5 for w in f.network_.weights)
        assert_allclose(largest, 0.5)
    else:
        slope = np.linalg.norm(f.gradient(g._scaled(MANY)), axis=1)
        assert_allclose(slope.mean(), 1, atol=0.1)


def test_seeds_and_checks():
    params = {"batch_size": 5}
    g = made(**params).fit(X)
    assert_array_equal(made(**params).fit(X).samples_, g.samples_)
    assert_array_equal(made(check_every=4, **params).fit(X).samples_, g.samples_)
    assert np.any(made(random_state=1, **params).fit(X).samples_ != g.samples_)


RESUMED = {
    "plain": {},
    "batches": {"batch_size": 5, "optimizer": "momentum", "early_stopping": True},
    "memory": {"discriminator": WGAN},
    "gantk": {"discriminator": "gantk", "kernel": KERNEL, "lam": 2.0},
}


@pytest.mark.parametrize("name", slow_but(["batches", "gantk"], RESUMED))
def test_interrupted_and_resumed_is_uninterrupted(name, monkeypatch):
    params = RESUMED[name]
    expected = made(**params).fit(X)
    g, advance, calls = made(warm_start=True, **params), _neural.advance, []

    def interrupt(*args):
        calls.append(0)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return advance(*args)

    monkeypatch.setattr(_neural, "advance", interrupt)
    with pytest.raises(KeyboardInterrupt):
        g.fit(X)
    monkeypatch.undo()
    assert g.loss_curve_ == expected.loss_curve_[:2]
    assert g.sample(3).shape == (3, 2)
    g = pickle.loads(pickle.dumps(g)).fit(X)
    assert_array_equal(g.samples_, expected.samples_)
    assert_array_equal(g.sample(4, random_state=0), expected.sample(4, random_state=0))
    assert g.loss_curve_ == expected.loss_curve_
    assert g.n_iter_ == expected.n_iter_


def test_warm_start_goes_on_to_a_greater_max_iter():
    g = made(warm_start=True, decay=False).fit(X)
    g.set_params(max_iter=9).fit(X)
    assert g.n_iter_ == 9
    assert_array_equal(g.samples_, made(max_iter=9, decay=False).fit(X).samples_)
    assert g.fit(X).n_iter_ == 9  # nothing is left to do


def test_early_stopping_keeps_the_network_nearest_to_held_out_points():
    params = {"early_stopping": True, "n_iter_no_change": 2, "check_every": 5}
    g = made(learning_rate=0.1, max_iter=2000, **params).fit(X)
    best = int(np.argmin(g.validation_curve_))
    assert g.n_iter_ == 5 * best < 2000
    assert len(g.validation_curve_) == best + 3
    assert_allclose(g.transform(g._z), g.samples_)


@pytest.mark.parametrize("rate", [1e6, 1e300])
def test_divergence_is_stopped(rate):
    with pytest.warns(ConvergenceWarning, match="learning_rate below"):
        g = made(learning_rate=rate).fit(X)
    assert np.all(np.isfinite(g.samples_))
    assert g.n_iter_ < 6


def test_callbacks():
    pytest.importorskip("sklearn.callback")
    seen = []

    class Record:
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            if context.task_name == "check":
                seen.append(fitted_estimator.n_iter_)

    made().set_callbacks(Record()).fit(X)
    assert seen == [2, 4, 6]


def test_progress_bar(capsys):
    made(verbose=1).fit(X)
    shown = capsys.readouterr().err
    assert "NeuralGenerator: compiling" in shown
    assert "NeuralGenerator: 100%" in shown


# Samples


def test_samples(fitted):
    some = fitted.sample(5, random_state=0)
    assert_array_equal(some, fitted.sample(5, random_state=0))
    assert np.any(fitted.sample(5) != fitted.sample(5))  # fresh, for all the integer seed
    assert fitted.sample().shape == (1, 2)
    assert len(np.unique(fitted.sample(5000), axis=0)) == 5000
    z = np.random.RandomState(0).normal(size=(5, 2))
    assert_array_equal(fitted.transform(z), some)
    u = np.array([fitted.network_(row) for row in z])
    assert_allclose(MANY.mean(axis=0) + MANY.std(axis=0) * u, some, rtol=1e-4)


def test_float32_is_kept_and_close():
    narrow, wide = (made().fit(X.astype(dtype)) for dtype in (np.float32, np.float64))
    assert narrow.samples_.dtype == narrow.sample(3).dtype == np.float32
    assert {leaf.dtype for leaf in jax.tree.leaves(narrow.network_)} == {np.dtype("f4")}
    assert wide.sample(3).dtype == np.float64
    assert_allclose(narrow.loss_curve_[0], wide.loss_curve_[0], rtol=1e-4)


@pytest.mark.parametrize("standardize", [True, False])
def test_bounds_hold(standardize):
    low, high = np.array([2.4, -1.3]), np.array([3.1, np.inf])
    params = {"max_iter": 50, "check_every": 50, "standardize": standardize}
    g = made(bounds=(low, high), **params).fit(np.clip(X, low, high))
    some = g.sample(300, random_state=0)
    assert np.all((some >= low) & (some <= high))
    assert np.ptp(some[:, 0]) > 0.1
    high = np.array([3.0, np.inf])
    g = made(bounds=([-np.inf, -np.inf], high), **params).fit(np.minimum(X, high))
    assert g.sample(300)[:, 0].max() <= 3.0


@pytest.mark.parametrize(
    "params",
    slow_but([{"image_shape": (6, 6)}], [{}, {"image_shape": (6, 6)}]),
    ids=["dense", "image"],
)
def test_samples_are_made_in_blocks(params):
    """Of any size, with the same result to rounding; working_memory bounds them."""
    images = RNG.uniform(size=(8, 36))
    g = made(**params).fit(images)
    z = np.random.default_rng(1).normal(size=(50, 16))
    with jax.enable_x64(True):
        parameters, constants = _neural.split(g.network_, z.dtype)
        rows = _neural_core.rows_at_once(parameters, constants, z)
    assert rows == rung(50)
    whole = g.transform(z)
    with sklearn.config_context(working_memory=0.02), jax.enable_x64(True):
        few = _neural_core.rows_at_once(parameters, constants, z)
        assert few < 50
        assert_allclose(g.transform(z), whole, rtol=1e-12, atol=1e-13)


def test_latent_space():
    g = made(n_latent=5).fit(X)
    assert g.transform(np.zeros((3, 5))).shape == (3, 2)
    with pytest.raises(ValueError, match=r"X has 2 features, .* expecting 5 .*n_latent"):
        g.transform(X)
    assert made().fit(X)._z.shape == (16, 2)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_scales_without_standardisation(scale):
    g = made(standardize=False, max_iter=1).fit(scale * X)
    spread = np.abs(g.samples_ - scale * X.mean(axis=0)).mean() / scale
    assert 0.1 < spread < 10


@pytest.mark.parametrize(
    "discriminator",
    [pytest.param(IPM, marks=pytest.mark.slow), "gantk"],
    ids=["ipm", "gantk"],
)
def test_data_without_spread(discriminator):
    g = made(discriminator, kernel=KERNEL, max_iter=2).fit(np.full((4, 2), 3.0))
    assert np.all(np.isfinite(g.sample(3)))
    one = made(discriminator, kernel=KERNEL, max_iter=2).fit(X[:1])
    assert one.sample(3).shape == (3, 2)


# Networks


@pytest.mark.parametrize(
    "shape",
    [
        (5, 9, 1),
        *(
            pytest.param(shape, marks=pytest.mark.slow)
            for shape in ((1, 1, 1), (28, 28, 1), (32, 32, 3))
        ),
    ],
    ids=str,
)
def test_images(shape):
    network = ImageNetwork(6, shape, "relu", jax.random.key(0))
    z = np.random.default_rng(0).normal(size=(64, 6)).astype("f4")
    images = np.asarray(jax.jit(jax.vmap(network))(z))
    assert images.shape == (64, np.prod(shape))
    assert 0.2 < images.std() < 3


@pytest.mark.parametrize("shape", [(20, 12, 3), (9, 9, 1)], ids=str)
def test_an_image_network_is_its_convolutions(shape):
    """By equinox, channels first, and with pixels spread by slices."""
    network = ImageNetwork(6, shape, "relu", jax.random.key(0))
    z = np.random.default_rng(0).normal(size=6).astype("f4")
    height, width = (-(-size // 2 ** len(network.convolutions)) for size in shape[:2])
    x = np.asarray(network.dense(z)).reshape(-1, height, width)
    for convolution in network.convolutions:
        y = np.asarray(convolution(np.maximum(x, 0)))
        x = np.empty((len(y) // 4, 2 * y.shape[1], 2 * y.shape[2]), "f4")
        for i, j in np.ndindex(2, 2):
            x[:, i::2, j::2] = y[2 * i + j :: 4]
    expected = x[:, : shape[0], : shape[1]].transpose(1, 2, 0).ravel()
    np.testing.assert_allclose(network(z), expected, rtol=1e-5, atol=1e-5)


def test_pixels_are_neighbours():
    """Each convolution's channels become 2 × 2 pixels at their own place."""
    network = ImageNetwork(6, (28, 28, 2), "relu", jax.random.key(0))
    evaluate = eqx.filter_jit(lambda network, z: network(z))

    def image(dense):
        changed = eqx.tree_at(lambda n: n.dense.bias, network, dense)
        return np.asarray(evaluate(changed, np.zeros(6, "f4"))).reshape(28, 28, 2)

    bias = np.ones_like(network.dense.bias).reshape(-1, 7, 7)
    moved = bias.copy()
    moved[:, 2, 5] += 1  # of the 7 × 7 map: the pixels about (8...12, 20...24)
    rows, columns = np.nonzero(np.any(image(moved.ravel()) != image(bias.ravel()), axis=2))
    assert (rows.min(), rows.max()) == (2, 17)
    assert (columns.min(), columns.max()) == (14, 27)


def test_image_generator():
    images = RNG.uniform(size=(8, 36))
    images[:, 0] = 0  # a side of the box
    g = made(image_shape=(6, 6), bounds=(0, 1), standardize=False, max_iter=2).fit(images)
    assert isinstance(g.network_, ImageNetwork)
    assert g.sample(3).shape == (3, 36)
    with pytest.raises(ValueError, match=r"\(6, 5\) has 30 entries, but X has 36"):
        made(image_shape=(6, 5)).fit(images)
    with pytest.raises(ValueError, match="integers of at least 1"):
        made(image_shape=(36,)).fit(images)


def linear(n_latent, n_features, key):
    return eqx.nn.Linear(n_latent, n_features, key=key)


def test_network_of_ones_own():
    g = made(network=linear, n_latent=3).fit(X)
    assert isinstance(g.network_, eqx.nn.Linear)
    Z = np.eye(3)
    middle = g.transform((Z[:1] + Z[1:2]) / 2)
    assert_allclose(middle[0], g.transform(Z)[:2].mean(axis=0))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (lambda n, d, key: np.tanh, "callable pytree with arrays"),
        (lambda n, d, key: linear(n, d + 1, key), r"one sample \(2,\)"),
        (lambda n, d, key: Partial(np.add, np.ones(2), np.arange(2)), "must be hashable"),
    ],
)
def test_networks_that_do_not_fit(network, message):
    with pytest.raises(ValueError, match=message):
        made(network=network).fit(X)


# Bad input


def assert_refused(generator, error, message, X=X):
    """Fitting fails and adds, removes and replaces no attribute."""
    before = vars(generator).copy()
    with pytest.raises(error, match=message):
        generator.fit(X)
    assert vars(generator).keys() == before.keys()
    assert all(vars(generator)[name] is value for name, value in before.items())


POSITIVE = r"a float in the range \(0.0, inf"
COUNT = r"an int in the range \[1, inf\)"
RANGES = [
    (
        "discriminator",
        ["ipm", IPM.__class__, 3],
        r"NTKIPMDiscriminator\(\).*'gantk' or None",
    ),
    ("n_latent", [0, 1.5], COUNT + " or None"),
    ("hidden_layer_sizes", [3, None], "array-like"),
    ("activation", ["selu", None], "a str among .*'relu'"),
    ("image_shape", [28, "28"], "'tuple', .*'list' or None"),
    ("network", [3], "a callable or None"),
    ("kernel", ["rbf"], "Kernel' or None"),
    ("lam", [0, -1.0, np.nan, None, "foo"], POSITIVE + ".*'auto'"),
    ("epsilon", [0, 0.5, None], r"a float in the range \(0.0, 0.5\)"),
    ("standardize", ["no", None], "bool"),
    ("bounds", [3, "box"], "tuple"),
    (
        "optimizer",
        ["newton", None],
        "a str among .* or .* 'init' and 'update'",
    ),
    ("learning_rate", [0, -1, np.nan, None, "auto"], POSITIVE),
    ("decay", [0.5], "bool"),
    ("max_iter", [0, 1.5, None], COUNT),
    ("batch_size", [0, 1.5, None, "foo"], COUNT + ".*'auto'"),
    ("validation_fraction", [0, 1, None], r"a float in the range \(0.0, 1.0\)"),
    ("check_every", [0, None], COUNT),
    ("random_state", ["foo", -1], "RandomState"),
]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [(name, value, allowed) for name, values, allowed in RANGES for value in values],
)
def test_parameters_out_of_range(name, value, allowed):
    message = f"The '{name}' parameter of NeuralGenerator must be .*({allowed}).* Got"
    assert_refused(made(**{name: value}), InvalidParameterError, message)


def test_all_parameters_are_checked():
    assert set(NeuralGenerator._parameter_constraints) == set(made().get_params(deep=False))


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"hidden_layer_sizes": (4, 0)}, ValueError, "hidden_layer_sizes must be"),
        ({"bounds": (1, 0)}, ValueError, "low < high"),
        ({"bounds": ([0, 0, 0], 1)}, ValueError, "bounds must be"),
        (
            {"discriminator": NTKIPMDiscriminator(training_time=-1)},
            ValueError,
            "training_t",
        ),
        ({"discriminator": "gantk", "kernel": sk.ConstantKernel(0.0)}, ValueError, "is 0"),
    ],
)
def test_parameters_that_do_not_fit_the_data(params, error, message):
    assert_refused(made(**params), error, message)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.where(X > 4, np.nan, X), "contains NaN"),
        (X * np.where(X > 4, np.inf, 1), "contains infinity"),
        (X[:, 0], "Expected 2D array, got 1D array"),
        (X[:0], r"0 sample\(s\)"),
        (X + 0j, "Complex data not supported"),
        (X * 1e200, "overflows or underflows"),
    ],
)
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_points(fitted, warm, points, message):
    g = made(warm_start=True, standardize=False).fit(X) if warm else made()
    assert_refused(g, ValueError, message, points)


def test_not_fitted():
    for method, args in [("sample", ()), ("score", (X,)), ("transform", (X,))]:
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            getattr(made(), method)(*args)


@pytest.mark.parametrize("n_samples", [0, -1, 1.5, "1", None])
def test_number_of_samples(fitted, n_samples):
    with pytest.raises(ValueError, match="n_samples must be an integer of at least 1"):
        fitted.sample(n_samples)


def test_a_gram_matrix_beyond_memory(monkeypatch):
    monkeypatch.setattr(memory, "_physical_memory", lambda: 6 * 32**2 * 8 - 1)
    message = "32 × 32 Gram matrix .* Choose a smaller batch_size"
    assert_refused(made("gantk", lam=1.0), MemoryError, message)


def test_an_optimiser_of_optax():
    g = made(optimizer=optax.sgd(1.0), learning_rate=0.01).fit(X)
    expected = made(optimizer="gradient", learning_rate=0.01).fit(X)
    assert_allclose(g.samples_, expected.samples_)


@pytest.mark.parametrize(
    "bounds",
    [None, (0, 10), (0, np.inf), (-np.inf, 10), ([0, -np.inf], [np.inf, np.inf])],
    ids=str,
)
def test_read_out_begins_at_the_mean(bounds):
    centre = np.array([2.0, 4.0])
    box = bounds and np.stack([np.broadcast_to(b, 2) for b in bounds]).astype(float)
    with jax.enable_x64(True):
        readout = Readout(box, centre, 0.5)
        assert_allclose(readout(np.zeros(2)), centre)
        low, high = (np.asarray(readout(np.full(2, u))) for u in (-40.0, 40.0))
    if box is not None:
        assert np.all((low >= box[0]) & (high <= box[1]))
    assert np.all(high - low > 1)
