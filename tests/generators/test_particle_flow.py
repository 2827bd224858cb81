import pickle

import jax
import numpy as np
import pandas as pd
import pytest
from _cases import slow_but
from _reference.losses import Explosive
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skgantk._numerics import memory, operators
from skgantk._numerics.distances import nearest
from skgantk.datasets import make_grid_gaussians
from skgantk.discriminators import (
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
    _gan,
    stack_samples,
)
from skgantk.generators import ParticleFlowGenerator, _particle_flow
from skgantk.kernels import NTK, RBF
from skgantk.metrics import copying_score, energy_distance

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 2)) + [3.0, 0.0]
START = RNG.normal(size=(12, 2))
KERNEL = NTK(depth=1)
IPM = NTKIPMDiscriminator(KERNEL)
X.flags.writeable = START.flags.writeable = False


def flow(discriminator=IPM, **params):
    params = {"learning_rate": 0.05, "max_iter": 6, "random_state": 0, **params}
    return ParticleFlowGenerator(discriminator, **{"init": START, **params})


def by_hand(discriminator, steps, rate, passengers=None):
    """Train, move, train again, with the public discriminators."""
    particles = START.copy()
    for _ in range(steps):
        d = clone(discriminator).fit(*stack_samples(real=X, fake=particles))
        if passengers is not None:
            passengers = passengers - rate * d.generator_gradient(passengers)
        particles = particles - rate * d.generator_gradient(particles)
    return particles, passengers


@pytest.mark.parametrize(
    "discriminator",
    [
        IPM,
        NTKLSGANDiscriminator(KERNEL, training_time=2.0),
        NTKGANDiscriminator(RBF(), solver="lambert"),
        *(
            pytest.param(d, marks=pytest.mark.slow)
            for d in (
                NTKIPMDiscriminator(RBF(), training_time="unit_norm"),
                NTKLSGANDiscriminator(KERNEL, training_time=np.inf),
                NTKGANDiscriminator(RBF()),
                NTKGANDiscriminator(RBF(), "hinge", 3.0),
                NTKLSGANDiscriminator(KERNEL, initial="nngp", random_state=0),
            )
        ),
    ],
    ids=str,
)
def test_steps_are_those_of_the_discriminator(discriminator):
    g = flow(discriminator, max_iter=3).fit(X)
    expected, _ = by_hand(discriminator, 3, 0.05)
    assert_allclose(g.particles_, expected, rtol=1e-6)
    d = clone(discriminator).fit(*stack_samples(real=X, fake=g.particles_))
    values = g.discriminator_.decision_function(START)
    assert_allclose(values, d.decision_function(START), rtol=1e-5, atol=1e-7)
    assert_allclose(g.discriminator_.loss_, d.loss_, rtol=1e-5, atol=1e-9)
    of_real = g.discriminator_.y_fit_ == d.classes_[1]
    assert_array_equal(g.discriminator_.X_fit_[of_real], X)
    assert_array_equal(g.discriminator_.X_fit_[~of_real], g.particles_)


def test_mmd_never_increases_with_small_steps():
    g = flow(max_iter=300, check_every=5).fit(X)
    assert np.all(np.diff(g.loss_curve_) < 0)
    d = NTKIPMDiscriminator(KERNEL).fit(*stack_samples(real=X, fake=g.particles_))
    assert_allclose(g.loss_curve_[-1], d.loss_, rtol=1e-9)


OPTIMIZERS = "gradient", "momentum", "adam"
RANDOM = {"batch_size": 5, "noise": 0.1, "optimizer": "momentum", "decay": True}
over_variants = pytest.mark.parametrize("params", [{}, RANDOM], ids=["plain", "random"])


@over_variants
def test_seeded_runs_and_checks_do_not_change_the_bits(params):
    g = flow(**params).fit(X)
    assert_array_equal(flow(**params).fit(X).particles_, g.particles_)
    assert_array_equal(flow(check_every=4, **params).fit(X).particles_, g.particles_)
    if params:
        other = flow(**{**params, "random_state": 1}).fit(X)
        assert np.any(other.particles_ != g.particles_)


@over_variants
def test_interrupted_and_resumed_is_uninterrupted(params, monkeypatch):
    expected = flow(check_every=2, **params).fit(X)
    g = flow(check_every=2, warm_start=True, **params)
    check, calls = g._check, []

    def interrupt(*args):
        if len(calls) == 2:  # after the start and the first check
            raise KeyboardInterrupt
        calls.append(0)
        return check(*args)

    monkeypatch.setattr(g, "_check", interrupt)
    with pytest.raises(KeyboardInterrupt):
        g.fit(X)
    monkeypatch.undo()
    assert g.n_iter_ == 2
    assert g.sample(3).shape == (3, 2)
    g.discriminator_.decision_function(START)
    g = pickle.loads(pickle.dumps(g)).fit(X)
    assert_array_equal(g.particles_, expected.particles_)
    assert g.loss_curve_ == expected.loss_curve_
    assert g.loss_iter_ == expected.loss_iter_ == [0, 2, 4, 6]
    new = START + 0.5
    assert_array_equal(g.transform(new), expected.transform(new))


def test_warm_start_goes_on_to_a_greater_max_iter():
    g = flow(warm_start=True).fit(X)
    g.set_params(max_iter=9).fit(X)
    assert g.n_iter_ == 9
    assert_array_equal(g.particles_, flow(max_iter=9).fit(X).particles_)
    assert g.fit(X).n_iter_ == 9  # nothing is left to do


@pytest.mark.parametrize("optimizer", ["gradient", "adam"])
def test_a_step_that_was_given_may_become_automatic(optimizer):
    g = flow(warm_start=True).fit(X)
    g.set_params(learning_rate="auto", optimizer=optimizer, max_iter=9).fit(X)
    expected = flow(learning_rate="auto", optimizer=optimizer, max_iter=9).fit(X)
    assert g.learning_rate_ == expected.learning_rate_


def test_transform_carries_points_along():
    g = flow().fit(X)
    new = START[::-1] + 0.3
    assert_allclose(g.transform(new), by_hand(IPM, 6, 0.05, new)[1], rtol=1e-9)
    assert_array_equal(g.transform(START), g.particles_)
    both = g.transform(np.concatenate([START[:4], new[:8]]))
    assert_array_equal(both[:4], g.particles_[:4])


def test_sample():
    g = flow(init="normal").fit(X)
    some = g.sample(5, random_state=0)
    assert_array_equal(some, g.sample(5, random_state=0))
    assert np.any(g.sample(5) != g.sample(5))  # fresh, for all the integer seed
    rows = {row.tobytes() for row in g.particles_}
    assert {row.tobytes() for row in g.sample(12)} == rows
    more = g.sample(24, random_state=0)
    assert more.shape == (24, 2)
    assert len(np.unique(more, axis=0)) == 24
    with pytest.raises(ValueError, match="init is an array"):
        flow().fit(X).sample(13)
    with pytest.raises(ValueError, match="n_samples"):
        g.sample(0)


def test_early_stopping_keeps_the_last_particles_that_are_no_copies():
    A, _ = make_grid_gaussians(60, random_state=0)
    early = {"early_stopping": True, "n_iter_no_change": 2, "check_every": 1}
    g = flow(max_iter=400, init="normal", learning_rate="auto", **early).fit(A)
    held_out = g._split(A)[1]
    assert 0 < g.n_iter_ == len(g.validation_curve_) - 3  # two more checks, and the start
    distance = energy_distance(g.particles_, held_out)
    assert distance == g.validation_curve_[g.n_iter_]
    assert distance < 1.5 * min(g.validation_curve_)
    assert_allclose(g.transform(g._start), g.particles_)
    learnt = g._split(A)[0]
    assert copying_score(g.particles_, learnt, held_out) >= 0.6
    g.set_params(early_stopping=False, max_iter=g.n_iter_ + 1).fit(learnt)
    assert copying_score(g.particles_, learnt, held_out) < 0.6


def test_tolerance_stops():
    g = flow(max_iter=1000, check_every=1)
    curve = g.fit(X).loss_curve_
    tol = np.nextafter(curve[5], np.inf)
    assert g.set_params(tol=tol).fit(X).n_iter_ == 5


@pytest.mark.parametrize("optimizer", slow_but(["gradient"], OPTIMIZERS))
@pytest.mark.parametrize(("n", "d"), slow_but([(400, 6)], [(400, 6), (900, 2)]))
def test_automatic_step_is_stable_where_noise_is_like_the_data(optimizer, n, d):
    """Of Gaussian data nothing but the draw is left to move, and the force is small."""
    A = np.random.default_rng(0).normal(size=(n, d))
    params = {"learning_rate": "auto", "init": "gaussian", "max_iter": 60}
    g = flow(optimizer=optimizer, check_every=5, **params).fit(A)  # warns of running away
    assert np.max(g.loss_curve_) == g.loss_curve_[0]
    assert g.loss_curve_[-1] < g.loss_curve_[0] / 2


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_automatic_step_moves_a_share_of_the_spread(optimizer):
    params = {"optimizer": optimizer, "max_iter": 1, "init": "gaussian"}
    g = flow(learning_rate="auto", **params).fit(X)
    moved = np.sqrt(np.mean((g.particles_ - g._start) ** 2))
    spread = np.sqrt(np.mean((X - X.mean(axis=0)) ** 2))
    assert_allclose(moved, _particle_flow.FIRST_MOVE[optimizer] * spread, rtol=1e-6)


@pytest.mark.parametrize("rate", [1e6, 1e300])
def test_divergence_is_stopped(rate):
    with pytest.warns(ConvergenceWarning, match="learning_rate below"):
        g = flow(NTKLSGANDiscriminator(KERNEL), learning_rate=rate, max_iter=50).fit(X)
    assert np.all(np.isfinite(g.particles_))
    assert g.n_iter_ < 50


def test_a_discriminator_that_does_not_converge_is_told_of_once(monkeypatch):
    monkeypatch.setattr(_gan, "ImplicitTrainer", _gan.ExplicitTrainer)  # compiles faster
    discriminator = NTKGANDiscriminator(KERNEL, Explosive(), training_time=100.0)
    g = flow(discriminator, learning_rate=1e-9, check_every=1, max_iter=2)
    with pytest.warns(ConvergenceWarning, match="Shorten its training_time") as record:
        g.fit(X)
    assert [warning.filename for warning in record] == [__file__]
    assert np.isfinite(g.particles_).all()
    g.set_params(discriminator=IPM).fit(X)  # no warning


def test_bounds_hold():
    low, high = [2.4, -0.5], 3.1
    inside = np.clip(X, low, high)
    bounds = {"bounds": (low, high), "init": "gaussian"}
    g = flow(max_iter=50, learning_rate=1.0, **bounds).fit(inside)
    assert np.all((g.particles_ >= low) & (g.particles_ <= high))
    assert np.any(g.particles_ == low)


def test_snapshots():
    g = flow(n_snapshots=4, check_every=1).fit(X)
    assert_array_equal(g.snapshot_iter_, [0, 2, 4, 6])
    assert_array_equal(g.snapshots_[0], START)
    assert_array_equal(g.snapshots_[-1], g.particles_)
    assert_array_equal(g.snapshots_[1], flow(max_iter=2).fit(X).particles_)
    assert not hasattr(g.set_params(n_snapshots=0).fit(X), "snapshots_")


@pytest.mark.parametrize("n_snapshots", [1, 2, 3, 6, 7, 9, 40])
@pytest.mark.parametrize("check_every", [1, 4])
def test_as_many_snapshots_as_asked_for(n_snapshots, check_every):
    """From the first check to the last, also where that is no multiple of the others."""
    g = flow(max_iter=6, check_every=check_every, n_snapshots=n_snapshots).fit(X)
    assert len(g.snapshots_) == min(n_snapshots, len(g.loss_iter_))
    assert set(g.snapshot_iter_) <= set(g.loss_iter_)
    assert g.snapshot_iter_[0] == 0
    assert n_snapshots == 1 or g.snapshot_iter_[-1] == 6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_marginals_are_independent_features_distributed_as_those_of_the_data(dtype, scale):
    rng = np.random.default_rng(0)
    x = rng.normal(size=500)
    x[0] = 80.0
    data = np.column_stack([x, x, rng.integers(5, size=500) == 0, np.full(500, 7.0)])
    data = (scale * data).astype(dtype)
    params = {"init": "marginals", "max_iter": 1}
    Z = flow(n_particles=1200, **params).fit(data)._start
    assert Z.dtype == dtype
    assert set(np.unique(Z[:, 2])) == set(np.unique(data[:, 2]))
    assert_array_equal(Z[:, 3], data[0, 3])
    assert 0.9 < np.sum(Z[:, 0] > 70 * scale) / 2.4 < 1.3
    inner = Z[np.all(Z[:, :2] < 70 * scale, axis=1), :2]
    assert abs(np.corrcoef(inner.T)[0, 1]) < 0.1
    assert stats.ks_2samp(Z[:, 0], data[:, 0]).statistic < 0.06


def test_a_flow_that_stops_early_ends_in_a_snapshot():
    g = flow(max_iter=6, check_every=1, n_snapshots=2, tol=1e9).fit(X)
    assert_array_equal(g.snapshot_iter_, [0, 1])


@pytest.mark.parametrize("optimizer", ["adam", "gradient"])
def test_scales_change_nothing(optimizer):
    """A homogeneous kernel, whose forces grow with the data, from 1e-8 on."""
    d = NTKIPMDiscriminator(NTK(depth=1, bias_std=0))
    params = {"learning_rate": "auto", "optimizer": optimizer, "init": "gaussian"}
    expected = flow(d, **params).fit(X).particles_
    for scale in (2.0**27, 2.0**-27):
        particles = flow(d, **params).fit(scale * X).particles_
        assert_allclose(particles / scale, expected, rtol=1e-6)


@pytest.mark.parametrize("optimizer", ["adam", "gradient", "momentum"])
def test_a_flow_that_begins_near_its_data_stays_near(optimizer):
    near = X + 0.1 * np.random.default_rng(0).normal(size=X.shape)
    params = {"learning_rate": "auto", "init": near, "optimizer": optimizer}
    for max_iter in (1, 10, 300):
        g = flow(max_iter=max_iter, **params).fit(X)
        distance = np.median(nearest(g.particles_, X)[0])
        assert distance <= 1.05 * np.median(nearest(near, X)[0])


def test_adams_step_is_as_much_less_as_the_force_is():
    noise = np.random.default_rng(0).normal(size=X.shape)
    params = {"learning_rate": "auto", "optimizer": "adam", "max_iter": 1}
    starts = [*(X + far * noise for far in (0.001, 0.01, 0.1)), "gaussian"]
    rates = [flow(init=start, **params).fit(X).learning_rate_ for start in starts]
    assert np.all(np.diff(rates) > 0)
    assert rates[0] < 0.3 * rates[-1]


@pytest.mark.parametrize("start", ["uniform", "normal"])
def test_the_step_does_not_hang_on_the_start(start):
    """Where points are pulled alike at first, it would be too short for what follows."""
    params = {"learning_rate": "auto", "max_iter": 1, "bounds": (-9, 9)}
    usual = flow(init="gaussian", **params).fit(X).learning_rate_
    far = flow(init=start, **params).fit(X)
    moved = np.sqrt(np.mean((far.particles_ - far._start) ** 2))
    gap = np.sqrt(np.mean((far._start.mean(axis=0) - X.mean(axis=0)) ** 2))
    if far.learning_rate_ < usual * (1 - 1e-6):
        assert moved <= gap * (1 + 1e-6)
        assert moved > 0.1 * np.sqrt(np.mean((X - X.mean(axis=0)) ** 2))
    else:
        assert_allclose(far.learning_rate_, usual, rtol=1e-6)


def test_constant_step_ends_in_an_oscillation_that_a_decaying_one_avoids():
    """The cusp of the kernel: the pull does not vanish as a particle arrives."""
    ends = [flow(max_iter=3000, learning_rate=0.5, decay=d).fit(X) for d in (False, True)]
    constant, decaying = (g.loss_curve_[-1] for g in ends)
    assert decaying < 1e-3 * constant


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_that_of_the_data(dtype):
    data = X.astype(dtype)
    g = flow(init="gaussian").fit(data)
    assert g.particles_.dtype == dtype
    assert g.transform(START).dtype == dtype
    assert g.discriminator_.dual_coef_.dtype == dtype


def test_start():
    g = flow(init="gaussian", n_particles=4000, max_iter=1, learning_rate=1e-9).fit(X)
    assert_allclose(g.particles_.mean(axis=0), X.mean(axis=0), atol=0.1)
    assert_allclose(g.particles_.std(axis=0), X.std(axis=0), rtol=0.1)
    drawn = flow(init=lambda n, rng: rng.uniform(size=(n, 2)), max_iter=1).fit(X)
    assert np.all((drawn._start >= 0) & (drawn._start <= 1))


def test_score_and_search():
    g = flow(init="gaussian", n_particles=12)
    search = GridSearchCV(g, {"learning_rate": [1e-6, 0.5]}, cv=2).fit(X)
    assert search.best_params_ == {"learning_rate": 0.5}
    assert search.best_estimator_.score(X) == -energy_distance(
        search.best_estimator_.particles_, X
    )


def test_search_over_starts():
    """Names and arrays; a uniform start is drawn in the range of each split."""
    g = flow(init="uniform", learning_rate=1e-9, max_iter=1)
    search = GridSearchCV(g, {"init": ["uniform", START]}, cv=2).fit(X)
    assert search.best_params_ == {"init": "uniform"}
    particles = search.best_estimator_.particles_
    assert np.all((particles > X.min(axis=0) - 1e-6) & (particles < X.max(axis=0) + 1e-6))


def test_callbacks_see_every_check_and_may_stop():
    callback_module = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")

    class Stop:
        seen = 0

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            if context.task_name == "check":
                self.seen += 1
                fitted_estimator.sample(2)
                return self.seen == 2
            return False

    stop = Stop()
    assert isinstance(stop, callback_module.FitCallback)
    g = flow(check_every=1).set_callbacks(stop).fit(X)
    assert (stop.seen, g.n_iter_) == (2, 2)


def test_progress_bar(capsys):
    flow(verbose=1).fit(X)
    shown = capsys.readouterr().err
    assert "ParticleFlowGenerator: compiling" in shown
    assert "loss=" in shown


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"init": START[:, :1]}, "init must give points of shape"),
        ({"init": lambda n, rng: np.full((n, 2), np.nan)}, "init contains NaN"),
        ({"bounds": (1, 0)}, "low < high"),
        ({"bounds": ([0, 0, 0], 1)}, "bounds must be"),
        ({"learning_rate": 0}, "'learning_rate' parameter"),
        ({"max_iter": 0}, "'max_iter' parameter"),
        ({"optimizer": "newton"}, "'optimizer' parameter"),
        ({"discriminator": RBF()}, "'discriminator' parameter"),
        ({"discriminator": "lsgan"}, r"written as .*NTKLSGANDiscriminator\(\).* or None"),
        ({"discriminator": NTKIPMDiscriminator}, r"NTKIPMDiscriminator\(\)"),
        ({"discriminator": NTKIPMDiscriminator(training_time=-1)}, "'training_time'"),
        ({"n_particles": 5}, "init must give points of shape"),
    ],
)
def test_bad_parameters_leave_the_estimator_as_it_was(params, message):
    g = flow().fit(X)
    g.set_params(**params)
    before = {k: id(v) for k, v in vars(g).items()}
    with pytest.raises(ValueError, match=message):
        g.fit(X)
    assert {k: id(v) for k, v in vars(g).items()} == before


BAD_POINTS = {
    "nan": (np.where(X == X[0], np.nan, X), "contains NaN"),
    "inf": (np.where(X == X[0], np.inf, X), "contains infinity"),
    "1d": (X[:, 0], "Expected 2D array, got 1D array"),
    "empty": (X[:0], r"0 sample\(s\)"),
    "complex": (X + 0j, "Complex data not supported"),
    "object": (np.full((3, 2), "a", object), "could not convert string to float: 'a'"),
}


@pytest.mark.parametrize("warm_start", [False, True])
def test_bad_points(warm_start):
    g = flow(warm_start=warm_start, max_iter=2).fit(X)
    before = vars(g).copy()
    for points, message in BAD_POINTS.values():
        for use in (flow().fit, g.fit, g.score, g.transform):
            with pytest.raises(ValueError, match=message):
                use(points)
    for use in (g.score, g.transform, *([g.fit] if warm_start else [])):
        with pytest.raises(ValueError, match=r"X has 4 features, but .* expecting 2"):
            use(np.column_stack([X, X]))
    assert vars(g).keys() == before.keys()
    assert all(vars(g)[name] is value for name, value in before.items())


def test_equal_points_and_one_sample():
    same = np.ones((12, 2))
    g = flow(init="gaussian", learning_rate="auto").fit(same)
    assert_array_equal(g.particles_, same)
    assert np.all(np.isfinite(flow(max_iter=2).fit(X[:1]).particles_))


def test_particles_that_nothing_moves_stay():
    """Adam's steps have a size of their own, on rounding too."""
    same = np.tile([[1.76405235, 0.40015721]], (6, 1))  # whose mean is not exact
    adam = {"init": "gaussian", "learning_rate": "auto", "optimizer": "adam"}
    g = flow(carry_over=True, **adam).fit(same)
    assert_allclose(g.particles_, same, rtol=1e-12)


def test_a_discriminator_that_overflows_is_refused():
    points = (1e18 * X).astype(np.float32)
    g = flow(NTKLSGANDiscriminator(KERNEL), init="gaussian")
    with pytest.raises(ValueError, match=r"overflowed float32. Scale the data"):
        g.fit(points)
    assert not hasattr(g, "loss_curve_")


def test_points_that_overflow_are_warned_of():
    g = flow(max_iter=2).fit(X.astype(np.float32))
    with pytest.warns(RuntimeWarning, match="flow overflows float32.*Scale") as record:
        g.transform(np.array([[3e38, 3e38]], np.float32))
    assert [warning.filename for warning in record] == [__file__]


def test_a_new_name_is_no_news_to_sample():
    frame = pd.DataFrame(X, columns=["a", "b"])
    assert flow(init="gaussian").fit(frame).sample(20).shape == (20, 2)


def test_early_stopping_keeps_its_discriminator_when_it_goes_on():
    """Though the flow comes no nearer to what is held out."""
    early = {"early_stopping": True, "check_every": 1, "init": "gaussian"}
    g = flow(learning_rate=1e-9, warm_start=True, **early).fit(X)
    kept, values = g.n_iter_, g.discriminator_.decision_function(X)
    g.set_params(learning_rate=30.0, max_iter=9, n_iter_no_change=1).fit(X)
    assert g.n_iter_ == kept
    assert_array_equal(g.discriminator_.decision_function(X), values)


def test_a_gram_matrix_beyond_memory(monkeypatch):
    def allocated(*args):
        raise AssertionError

    monkeypatch.setattr(operators, "_gram", allocated)
    monkeypatch.setattr(memory, "_physical_memory", lambda: 4 * 32**2 * 8 - 1)
    wide = np.hstack([X[:16], X[:16]])  # not compiled before
    with pytest.raises(MemoryError, match=r"32 × 32 Gram matrix .* needs .* GiB"):
        flow(NTKLSGANDiscriminator(KERNEL, np.inf), init="gaussian").fit(wide)


def test_global_flags_stay():
    flow().fit(X)
    assert not jax.config.jax_enable_x64
