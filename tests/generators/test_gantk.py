import pickle
import warnings
from io import BytesIO
from itertools import product

import jax
import joblib
import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import expm
from scipy.spatial.distance import cdist, pdist
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skgantk.datasets import make_grid_gaussians
from skgantk.generators import GANTKSynthesizer, _synthesis
from skgantk.kernels import NTK, RBF
from skgantk.metrics import copying_score, energy_distance, wasserstein_distance
from skgantk.model_selection import search_lambda

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 2)) * [1.0, 0.5] + [3.0, -1.0]
X.flags.writeable = False
KERNEL = NTK(depth=1)


def made(**params):
    params = {"max_iter": 20, "check_every": 5, "random_state": 0, **params}
    return GANTKSynthesizer(**{"kernel": KERNEL, **params})


@pytest.fixture(scope="module")
def fitted():
    return made(max_iter=100, early_stopping=False).fit(X)


def standardised(Z):
    return (Z - X.mean(axis=0)) / X.std(axis=0)


def in_float64(**params):
    """A fit without standardising, and its samples in the units of X."""
    g = made(standardize=False, **params).fit(standardised(X))
    return g, X.mean(axis=0) + X.std(axis=0) * g.samples_


def objective(Z, lam):
    """The gap and the soft one, of standardised points."""
    K, n = KERNEL(standardised(np.concatenate([X, Z]))), len(X)
    y = np.repeat([1, -1], n)
    gap = np.mean(y * (y - expm(-lam * K) @ y))
    two_samples = 2 / n * (np.mean(np.diag(K)[:n]) - np.mean(K[:n, :n]))
    return gap + 0.1 * (y @ K @ y) / n**2 / two_samples


def squared_error(Z, lam):
    """[Z21] Eq. 4 over the number of points, of standardised ones."""
    S = standardised(np.concatenate([X, Z]))
    y = np.arange(len(S)) < len(X)
    return np.mean((1 - (y - expm(-lam * KERNEL(S)) @ y)) ** 2)


def penalty(Z):
    A, B = standardised(X), standardised(Z)
    own = np.sort(cdist(A, A), axis=1)[:, 1]
    reach = 1.2 * np.median(own)
    ours, data = (
        np.mean(np.maximum(1 - d / reach, 0) ** 2) for d in (cdist(B, A).min(axis=1), own)
    )
    return max(ours - data, 0)


# The fit


def test_noise_becomes_data(fitted):
    noise = X.mean(axis=0) + X.std(axis=0) * np.random.default_rng(1).normal(size=X.shape)
    with pytest.warns(UserWarning, match="are copies"):
        free = made(max_iter=100, similarity_penalty=0).fit(X)
    assert objective(free.samples_, free.lam_) < 0.1 * objective(noise, free.lam_)
    assert -fitted.score(X) < 0.3 * energy_distance(noise, X)
    # In float32 a quadrature is right to the square of its tolerance, and rounding of K
    # counts λ‖K‖ times.
    K = KERNEL(standardised(np.concatenate([X, fitted.samples_])))
    rounding = np.finfo(np.float32).eps / 2 * fitted.lam_ * np.linalg.norm(K, 2)
    for (g, Z), rtol in (
        ((fitted, fitted.samples_), _synthesis.GAP_TOLERANCE["float32"] ** 2 + rounding),
        (in_float64(max_iter=100, check_every=5), 1e-8),
    ):
        expected = objective(Z, g.lam_) + 0.5 * penalty(Z)
        assert_allclose(g.loss_curve_[-1], expected, rtol=rtol)
    assert len(fitted.loss_curve_) == 21
    assert fitted.n_iter_ == 100
    assert not jax.config.jax_enable_x64


def test_the_method_of_the_paper():
    """Its objective alone, at one λ, by plain gradient descent, finds the data."""
    paper = {"objective": "squared_error", "similarity_penalty": 0, "continuation": False}
    paper |= {"optimizer": "gradient", "init": "gaussian"}
    g, Z = in_float64(epsilon=0.05, max_iter=100, **paper)
    assert_allclose(g.loss_curve_[-1], squared_error(Z, g.lam_), rtol=1e-8)
    least = squared_error(X, g.lam_)
    assert g.loss_curve_[-1] - least < 0.3 * (g.loss_curve_[0] - least)


def test_samples_spread_as_data_do():
    A = np.random.default_rng(4).normal(size=(100, 2))
    Z = made(kernel=None, max_iter=60).fit(A).samples_
    assert_allclose(Z.std(axis=0), A.std(axis=0), rtol=0.1)


def test_samples_are_no_nearer_to_data_than_data_are():
    """Repeated rows are no leave to copy them."""
    rng = np.random.default_rng(5)
    distinct = rng.normal(size=(60, 2))
    own = np.sort(cdist(distinct, distinct), axis=1)[:, 1]
    for data in (distinct, distinct[np.arange(150) % 60]):
        Z = made(kernel=None, similarity_penalty=10, max_iter=60).fit(data).samples_
        near = cdist(Z, distinct).min(axis=1)
        assert 0.7 < np.median(near) / np.median(own) < 1.5


def test_lam_is_that_of_algorithm_1(fitted):
    still = {"max_iter": 1, "learning_rate": 1e-300, "init": "gaussian"}
    start = standardised(in_float64(**still)[1])
    lam = search_lambda(standardised(X), start, kernel=KERNEL, epsilon=0.02)
    assert_allclose(fitted.lam_, lam, rtol=1e-8)
    assert made(lam=3).fit(X).lam_ == 3.0


@pytest.mark.parametrize("start", ["uniform", "normal", X + 9, X])
def test_lam_and_step_do_not_hang_on_the_start(start):
    """Noise that is easily told would give a D, and a step, too weak for the data."""
    params = {"optimizer": "gradient", "max_iter": 1, "standardize": False}
    usual = made(**params).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # after one step
        other = made(init=start, bounds=(-20, 20), **params).fit(X)
    assert_allclose(other.lam_, usual.lam_, rtol=1e-8)
    moved = np.sqrt(np.mean((other.samples_ - other._start) ** 2))
    gap = np.sqrt(np.mean((other._start.mean(axis=0) - X.mean(axis=0)) ** 2))
    shorter = other.learning_rate_ < usual.learning_rate_ * (1 - 1e-6)
    if shorter:  # it ends at the mean of the data, or a tenth of their spread away
        spread = np.sqrt(np.mean((X - X.mean(axis=0)) ** 2))
        assert_allclose(moved, max(gap, 0.1 * spread), rtol=1e-3)
    else:
        assert_allclose(other.learning_rate_, usual.learning_rate_, rtol=1e-6)


SMOOTH = RBF(1.0), NTK(depth=1, activation="erf")
over_smooth_kernels = pytest.mark.parametrize(
    "kernel", slow_but(SMOOTH[:1], SMOOTH), ids=repr
)


@over_smooth_kernels
def test_lam_of_smooth_kernels_has_a_limit(kernel):
    """No λ, or one far beyond what can be computed, has the residual epsilon."""
    A, _ = make_grid_gaussians(50, random_state=0)
    g = made(kernel=kernel, max_iter=60).fit(A)
    still = {"max_iter": 1, "learning_rate": 1e-300, "init": "gaussian"}
    start = made(kernel=kernel, **still).fit(A).samples_
    scaled = (np.concatenate([A, start]) - A.mean(axis=0)) / A.std(axis=0)
    assert_allclose(g.lam_ * np.linalg.norm(kernel(scaled), 2), 1e6, rtol=1e-6)
    fresh, _ = make_grid_gaussians(1000, random_state=1)
    ours, data, noise = (
        wasserstein_distance(cloud, fresh, order=2) for cloud in (g.samples_, A, start)
    )
    assert ours < 1.15 * data < noise


def test_seeds_and_checks(fitted):
    g = made().fit(X)
    assert_array_equal(made(check_every=7).fit(X).samples_, g.samples_)
    assert np.any(made(random_state=1).fit(X).samples_ != g.samples_)


@over_smooth_kernels
def test_steps_have_the_digits_that_lam_needs(kernel):
    """Float32 would be wrong by a hundred times the loss, at the λ of a smooth kernel."""
    A, _ = make_grid_gaussians(50, random_state=0)
    scaled = (A - A.mean(axis=0)) / A.std(axis=0)
    params = {"kernel": kernel, "max_iter": 20}
    expected = made(standardize=False, **params).fit(scaled)
    actual = made(**params).fit(A)
    assert_allclose(actual.loss_curve_, expected.loss_curve_, rtol=1e-5)
    assert actual._problem.target.dtype == np.float64
    assert made(max_iter=1).fit(A)._problem.target.dtype == np.float32


def test_bounds_hold_exactly():
    low, high = np.array([2.4, -1.3]), 3.1
    inside = np.clip(X, low, high)
    g = made(bounds=(low, high), learning_rate=0.5).fit(inside)
    assert np.all((g.samples_ >= low) & (g.samples_ <= high))
    assert np.any(g.samples_ == low)
    more = g.sample(48, random_state=0)
    assert np.all((more >= low) & (more <= high))
    g.set_params(bounds=(low, np.inf))
    half_open = g.fit(np.maximum(X, low)).samples_
    assert np.all(half_open >= low)
    assert np.any(half_open > high)


def test_float32_is_kept_and_close():
    narrow, wide = (made().fit(X.astype(dtype)) for dtype in (np.float32, np.float64))
    assert narrow.samples_.dtype == np.float32
    assert narrow.sample(30).dtype == np.float32
    assert_allclose(narrow.lam_, wide.lam_, rtol=1e-4)
    assert_allclose(narrow.score(X), wide.score(X), rtol=0.02)


def test_integers():
    data = np.round(10 * X).astype(int)
    g = made().fit(data)
    assert g.samples_.dtype == np.float64
    assert_array_equal(g.samples_, made().fit(data.astype(float)).samples_)


BATCHES = {"batch_size": 10, "optimizer": "momentum", "early_stopping": True}


@pytest.mark.parametrize("params", [{}, BATCHES], ids=["plain", "batches"])
def test_interrupted_and_resumed_is_uninterrupted(params, monkeypatch):
    expected = made(**params).fit(X)
    g, advance, calls = made(warm_start=True, **params), _synthesis.advance, []

    def interrupt(synthesis, state, n_steps):
        if n_steps == 5:  # neither the automatic step's one nor that for the loss
            calls.append(0)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return advance(synthesis, state, n_steps)

    monkeypatch.setattr(_synthesis, "advance", interrupt)
    with pytest.raises(KeyboardInterrupt):
        g.fit(X)
    monkeypatch.undo()
    assert g.loss_curve_ == expected.loss_curve_[:3]
    assert int(g._state.step) == 10
    assert g.sample(3).shape == (3, 2)
    if not params:
        assert g.n_iter_ == 10
    g = pickle.loads(pickle.dumps(g)).fit(X)
    assert_array_equal(g.samples_, expected.samples_)
    assert g.loss_curve_ == expected.loss_curve_
    assert g.loss_iter_ == expected.loss_iter_
    assert len(g.loss_iter_) == len(g.loss_curve_)
    assert g.validation_curve_ == expected.validation_curve_
    assert g.n_iter_ == expected.n_iter_


@pytest.mark.parametrize("optimizer", slow_but(["momentum"], ["gradient", "momentum"]))
def test_another_optimizer_goes_on_from_the_points(optimizer):
    plain = {"lam": 5.0, "continuation": False, "decay": False}
    g = made(warm_start=True, max_iter=10, **plain).fit(X)
    after = made(optimizer=optimizer, init=g.samples_, max_iter=5, **plain)
    g.set_params(optimizer=optimizer, max_iter=15).fit(X)
    start = made(optimizer=optimizer, max_iter=1, **plain).fit(X)
    assert g.learning_rate_ == start.learning_rate_  # that of a fit from the noise
    after.set_params(learning_rate=g.learning_rate_).fit(X)
    assert_allclose(g.samples_, after.samples_, rtol=1e-9)
    assert_allclose(g.loss_curve_[2:], after.loss_curve_, rtol=1e-9)
    assert g.n_iter_ == 15


def test_a_step_that_was_given_may_become_automatic():
    g = made(warm_start=True, learning_rate=1e-6).fit(X)
    g.set_params(learning_rate="auto", max_iter=25).fit(X)
    assert g.learning_rate_ == made(max_iter=25).fit(X).learning_rate_


def test_interrupted_before_the_first_check(monkeypatch):
    g = made(warm_start=True)

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(_synthesis, "loss", interrupt)
    before = vars(g).copy()
    with pytest.raises(KeyboardInterrupt):
        g.fit(X)
    monkeypatch.undo()
    assert vars(g) == before
    assert_array_equal(g.fit(X).samples_, made().fit(X).samples_)


def test_callback_may_interrupt():
    pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")

    class Interrupt:
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            if context.task_name == "check":
                assert fitted_estimator.sample(2).shape == (2, 2)
                raise KeyboardInterrupt
            return False

    g = made(warm_start=True).set_callbacks(Interrupt())
    with pytest.raises(KeyboardInterrupt):
        g.fit(X)
    assert g.n_iter_ == 5
    assert_array_equal(g.set_callbacks().fit(X).samples_, made().fit(X).samples_)


def test_early_stopping_keeps_the_last_samples_that_are_no_copies():
    early = {"early_stopping": True, "n_iter_no_change": 3, "check_every": 2}
    g = made(init="normal", similarity_penalty=0, max_iter=500, **early).fit(X)
    kept = len(g.validation_curve_) - 4  # three more checks, and the start
    assert 0 < kept
    assert g.n_iter_ == 2 * kept
    learnt, held_out = g._split(g._scaled(X))
    assert len(held_out) == 5
    Z = g._scaled(g.samples_)
    assert_allclose(energy_distance(Z, held_out), g.validation_curve_[kept])
    assert copying_score(Z, learnt, held_out) >= 0.6


def test_early_stopping_without_copies_goes_on_to_the_end():
    with_penalty = {"early_stopping": True, "n_iter_no_change": 1, "max_iter": 40}
    assert made(similarity_penalty=10.0, **with_penalty).fit(X).n_iter_ == 40


@pytest.mark.parametrize("rate", [1e9, 1e300])
def test_divergence_is_stopped_and_survived(rate):
    g = made(learning_rate=rate, warm_start=True)
    with pytest.warns(ConvergenceWarning, match="learning_rate below") as record:
        g.fit(X)
    assert [warning.filename for warning in record] == [__file__]
    assert np.all(np.isfinite(g.samples_))
    assert g.n_iter_ < 20
    assert min(g.loss_curve_) > 0.2  # of real points
    g.set_params(learning_rate=0.05).fit(X)  # as it was told to
    assert g.learning_rate_ == 0.05
    assert g.n_iter_ == 20


def test_copies_are_warned_of():
    near = X + 1e-6 * RNG.normal(size=X.shape)
    params = {"init": near, "continuation": False, "learning_rate": 1e-6}
    with pytest.warns(UserWarning, match="100% of the samples are copies") as record:
        made(similarity_penalty=0, **params).fit(X)
    assert [warning.filename for warning in record] == [__file__]
    made().fit(X)  # warns not: warnings are errors


# Scales and degenerate data


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_scales_of_powers_of_two_change_no_bit(dtype):
    data = X.astype(dtype)
    samples = made().fit(data).samples_
    for scale in (2.0**27, 2.0**-27):
        assert_array_equal(made().fit(dtype(scale) * data).samples_, dtype(scale) * samples)


@pytest.mark.parametrize("scale", [1e8, 1e-8, [1e8, 1e-8]])
def test_huge_and_tiny_scales(scale):
    expected = made().fit(X).samples_
    assert_allclose(made().fit(scale * X).samples_, scale * expected, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_scales_beyond_floats(scale):
    with pytest.raises(ValueError, match="variance overflows or underflows; scale it"):
        made(init="uniform").fit(scale * X)


@pytest.mark.parametrize("scale", [1e30, 1e-30])
def test_scales_whose_square_is_beyond_float32(scale):
    expected = made().fit(X.astype(np.float32)).samples_
    samples = made().fit((scale * X).astype(np.float32)).samples_
    assert_allclose(samples / scale, expected, rtol=0.02)


@pytest.mark.parametrize(
    ("optimizer", "dtype"),
    slow_but(
        [("adam", np.float32), ("gradient", np.float64)],
        [("adam", np.float64), ("adam", np.float32), ("gradient", np.float64)],
    ),
)
def test_scales_left_as_they_are(optimizer, dtype):
    """The default kernel, and Adam, follow them."""
    # The penalty begins at a threshold, and what rounds across it goes another way.
    steps = 10 if dtype == np.float32 else 20
    params = {"standardize": False, "optimizer": optimizer, "max_iter": steps}
    data = X.astype(dtype)
    rtol = 1e-3 if dtype == np.float32 else 1e-6
    expected = made(kernel=None, **params).fit(data).samples_
    for scale in (2.0**27, 2.0**-27):
        samples = made(kernel=None, **params).fit(dtype(scale) * data).samples_
        error = samples / dtype(scale) - expected
        assert np.abs(error).max() <= rtol * expected.std()


def test_a_kernel_without_biases_dims_the_samples():
    """Homogeneous: the objective is least at 62 % of the data, not at the data."""
    for kernel in (NTK(depth=1, bias_std=0), NTK(depth=1, bias_std=1e-3)):
        with pytest.warns(UserWarning, match="dimmed to 62 %.*bias_std") as record:
            g = made(
                kernel=kernel,
                standardize=False,
                objective="squared_error",
                similarity_penalty=0,
                epsilon=0.05,
                max_iter=100,
            ).fit(X)
        assert [warning.filename for warning in record] == [__file__]
        ratio = np.linalg.norm(g.samples_, axis=1).mean()
        ratio /= np.linalg.norm(X, axis=1).mean()
        assert 0.5 < ratio < 0.8
    g = made(kernel=NTK(depth=1, bias_std=0), standardize=False, max_iter=100).fit(X)
    ratio = np.linalg.norm(g.samples_, axis=1).mean()
    assert_allclose(ratio / np.linalg.norm(X, axis=1).mean(), 1, atol=0.05)  # the gap not


def test_samples_that_end_far_from_the_data_are_warned_of():
    with pytest.warns(UserWarning, match="further from the data.*than Gaussian") as record:
        made(init=X + 100, learning_rate=1e-9).fit(X)
    assert [warning.filename for warning in record] == [__file__]


@pytest.mark.parametrize("constant", [0.1, 1e8 / 3])
def test_constant_columns_stay_constant(constant):
    g = made().fit(np.column_stack([X[:, 0], np.full(24, constant)]))
    assert_array_equal(g.samples_[:, 1], constant)
    assert len(np.unique(g.samples_[:, 0])) == 24
    assert_array_equal(g.sample(48)[:, 1], constant)


@pytest.mark.parametrize(
    ("optimizer", "name"),
    slow_but(
        [("adam", "equal"), ("gradient", "one")],
        product(["adam", "gradient"], ["equal", "one"]),
    ),
)
def test_data_without_spread(optimizer, name):
    """A mean of 0.1's is not 0.1. The kernel's gradient there has no length to go by."""
    data = {"equal": np.tile([0.1, 0.7], (24, 1)), "one": X[:1]}[name]
    g = made(optimizer=optimizer).fit(data)
    assert_array_equal(g.samples_, data)
    g = made(optimizer=optimizer, standardize=False).fit(data)
    assert_allclose(g.samples_, data, rtol=1e-14)


def test_repeated_rows():
    g = made().fit(X[np.arange(24) % 5])
    assert np.all(np.isfinite(g.samples_))


# Samples


def test_samples_are_drawn_without_replacement(fitted):
    some = fitted.sample(5, random_state=0)
    assert_array_equal(some, fitted.sample(5, random_state=0))
    assert np.any(fitted.sample(5) != fitted.sample(5))  # fresh, for all the integer seed
    rows = {row.tobytes() for row in fitted.samples_}
    assert {row.tobytes() for row in some} < rows
    assert {row.tobytes() for row in fitted.sample(24)} == rows
    with pytest.raises(ValueError, match="n_samples"):
        fitted.sample(0)


def test_more_samples_are_solved_for(fitted):
    more = fitted.sample(60, random_state=0)
    assert more.shape == (60, 2)
    assert pdist(more).min() > 1e-6  # the seed is that of the fit, and repeats nothing
    assert_array_equal(more, fitted.sample(60, random_state=0))
    assert np.any(more != fitted.sample(60))
    full = fitted.sample(72, random_state=0)
    assert_array_equal(full[:60], more)
    for problem in (full[24:48], full[48:]):  # is as good; the start is 0.04 to 0.14 away
        assert energy_distance(problem, X) < 0.02
    start = made(init=X + 0.5).fit(X)
    with pytest.raises(ValueError, match=r"24 points .* and no more: init is an array"):
        start.sample(25)
    drawn = made(init=lambda n, rng: rng.normal([3, -1], size=(n, 2))).fit(X)
    assert drawn.sample(25).shape == (25, 2)


def parallel_samples(synthesizer, backend):
    two_at_once = pickle.loads(pickle.dumps(synthesizer)).set_params(n_jobs=2)
    with joblib.parallel_config(backend):
        return two_at_once.sample(60, random_state=0)


def test_threads_give_what_one_gives(fitted):
    samples = parallel_samples(fitted, "threading")
    assert_array_equal(samples, fitted.sample(60, random_state=0))


@pytest.fixture
def unhurried():
    """Other processes do not compile in haste, and their programs round otherwise."""
    jax.config.update("jax_disable_most_optimizations", False)
    jax.clear_caches()
    yield
    jax.config.update("jax_disable_most_optimizations", True)
    jax.clear_caches()  # or what comes after would be compiled unlike `fitted`


@pytest.mark.slow
@pytest.mark.usefixtures("unhurried")
def test_processes_give_what_one_gives(fitted):
    samples = parallel_samples(fitted, "loky")
    assert_array_equal(samples, fitted.sample(60, random_state=0))


@pytest.mark.slow
@pytest.mark.usefixtures("unhurried")
def test_dask_gives_what_one_gives(fitted):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster),
    ):
        samples = parallel_samples(fitted, "dask")
    assert_array_equal(samples, fitted.sample(60, random_state=0))


def test_forks_are_refused(fitted):
    with pytest.raises(ValueError, match='"multiprocessing" back end forks'):
        parallel_samples(fitted, "multiprocessing")
    with (
        joblib.parallel_config("multiprocessing", n_jobs=2),
        pytest.raises(ValueError, match='"multiprocessing" back end forks'),
    ):
        fitted.sample(60)
    with joblib.parallel_config("multiprocessing"):
        assert fitted.sample(60).shape == (60, 2)  # no n_jobs: no fork


# Around


@pytest.mark.parametrize(
    "grid",
    [
        pytest.param({"epsilon": [0.4, 0.05]}, marks=pytest.mark.slow),
        {"kernel": [KERNEL, RBF(), RBF(9.0)]},
    ],
)
def test_grid_search(grid):
    search = GridSearchCV(made(max_iter=5), grid, cv=2).fit(X)
    scores = search.cv_results_["mean_test_score"]
    assert len(np.unique(scores)) == len(scores)
    assert np.all(np.isfinite(scores))
    best = search.best_estimator_
    assert search.score(X) == -energy_distance(best.samples_, X)


@pytest.mark.parametrize("through", [pickle, joblib])
def test_persistence(fitted, through):
    file = BytesIO()
    through.dump(fitted, file)
    file.seek(0)
    loaded = through.load(file)
    assert_array_equal(loaded.samples_, fitted.samples_)
    assert_array_equal(loaded.sample(30, random_state=0), fitted.sample(30, random_state=0))
    assert loaded.score(X) == fitted.score(X)


def test_clone(fitted):
    copy = clone(fitted)
    assert not hasattr(copy, "samples_")
    assert repr(copy) == repr(fitted)
    assert_array_equal(copy.fit(X).samples_, fitted.samples_)


def test_progress_bar(capsys):
    made(verbose=1).fit(X)
    shown = capsys.readouterr().err
    assert "GANTKSynthesizer: compiling" in shown
    assert "GANTKSynthesizer: 100%" in shown
