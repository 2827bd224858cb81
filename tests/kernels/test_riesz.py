"""Powers of the distance: against SciPy's distances, and where they have no meaning."""

import numpy as np
import pytest
from _cases import slow_but
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import kernels as sk
from sklearn.utils._param_validation import InvalidParameterError

from skgantk.discriminators import (
    DriftingDiscriminator,
    DrMMDDiscriminator,
    KALEDiscriminator,
    NTKGANDiscriminator,
    NTKIPMDiscriminator,
    NTKLSGANDiscriminator,
    stack_samples,
)
from skgantk.generators import (
    ConditionalSampler,
    GANTKSynthesizer,
    NeuralGenerator,
    ParticleFlowGenerator,
)
from skgantk.kernels import (
    NTK,
    RBF,
    NystroemKernel,
    Riesz,
    as_core,
    kernel_gradient,
    kernel_sum,
)
from skgantk.metrics import energy_distance, mmd, mmd_test
from skgantk.model_selection import search_lambda

pytestmark = pytest.mark.usefixtures("hasty_compilation")

EXPONENTS = [0.1, 0.5, 1.0, 1.5, 1.9]


def clouds(n, m, d, scale=1.0, seed=0):
    """X (n, d) and Y (m, d), of which some are equal and some of Y are there twice."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    k = min(n, m) // 4
    Y[:k], Y[-k:] = X[:k], X[:k]
    return scale * X, scale * Y, rng.normal(size=m)


def slopes(exponent, X, Y, coef):
    """-r Σ_j c_j ‖z‖^(r-2) z, z = x - y_j, one x at a time."""
    rows = []
    for x in X:
        z = x - Y
        r = np.linalg.norm(z, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(r > 0, exponent * r ** (exponent - 2.0), 0)
        rows.append(-(coef * factor) @ z)
    return np.array(rows)


# Values and gradients


@pytest.mark.parametrize("d", slow_but([1, 40], [1, 2, 5, 40]))
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_gram_sum_and_gradient(exponent, d):
    X, Y, coef = clouds(50, 60, d)
    K = -(cdist(X, Y) ** exponent)
    kernel = Riesz(exponent)
    # 40 features are compared by products, in which equal points are equal to rounding.
    assert_allclose(kernel(X, Y), K, rtol=1e-13)
    assert_array_equal(kernel.diag(X), np.zeros(50))
    assert_allclose(kernel_sum(kernel, X, Y, coef), K @ coef, rtol=0, atol=1e-12)
    expected = slopes(exponent, X, Y, coef)
    found = kernel_gradient(kernel, X, Y, coef)
    assert_allclose(found, expected, rtol=0, atol=1e-12 * abs(expected).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-8, 1e8])
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_any_scale(exponent, scale, dtype):
    X, Y, coef = (a.astype(dtype) for a in clouds(500, 60, 2, scale))
    double = [a.astype(float) for a in (X, Y, coef)]
    kernel, rtol = Riesz(exponent), 1e-12 if dtype == "float64" else 2e-5
    K = -(cdist(*double[:2]) ** exponent)
    values = kernel_sum(kernel, X, Y, coef)
    assert values.dtype == dtype
    assert_allclose(values, K @ double[2], rtol=0, atol=rtol * abs(K).max())
    expected = slopes(exponent, *double)
    found = kernel_gradient(kernel, X, Y, coef)
    assert_allclose(found, expected, rtol=0, atol=rtol * abs(expected).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_finite_and_right_down_to_the_least_distances(exponent, dtype):
    least = np.finfo(dtype).tiny ** 0.5
    distances = (least * 10.0 ** np.arange(-3, 15, 3)).astype(dtype)
    X = np.zeros((1, 1), dtype)
    for z in distances:
        found = kernel_gradient(Riesz(exponent), X, np.full((1, 1), z), np.ones(1, dtype))
        assert np.isfinite(found).all()
        if z > 2 * least:  # its square does not underflow
            expected = exponent * float(z) ** (exponent - 1)
            assert_allclose(found, [[expected]], rtol=1e-4)


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_coincident_points_have_the_mean_of_the_slopes(exponent):
    X = np.tile([[0.3, -0.7]], (5, 1))
    assert_array_equal(kernel_gradient(Riesz(exponent), X, X, np.ones(5)), 0 * X)


def test_the_root_is_the_power():
    X, Y, coef = clouds(50, 60, 3)
    power = Riesz(1.0, exponent_bounds=(0.5, 1.5))
    assert_allclose(Riesz()(X, Y), power(X, Y), rtol=1e-14)
    found = kernel_gradient(Riesz(), X, Y, coef)
    assert_allclose(found, kernel_gradient(power, X, Y, coef), rtol=1e-12)


def test_gradient_in_the_exponent():
    X = clouds(20, 20, 2)[0]
    r = cdist(X, X)
    _, gradient = Riesz(0.8, exponent_bounds=(0.1, 1.9))(X, eval_gradient=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(r > 0, -0.8 * r**0.8 * np.log(r), 0)
    assert_allclose(gradient[..., 0], expected, rtol=1e-12, atol=1e-14)


# What it measures


@pytest.mark.parametrize("d", slow_but([1, 30], [1, 2, 30]))
def test_mmd_is_the_energy_distance(d):
    X, Y, _ = clouds(50, 60, d)
    expected = energy_distance(X, Y)
    assert_allclose(mmd(X, Y, Riesz()), expected, rtol=1e-12)
    critic = NTKIPMDiscriminator(Riesz(), training_time=2.0).fit(*stack_samples(X, Y))
    assert_allclose(critic.loss_, 2 * expected, rtol=1e-12)
    norm = NTKIPMDiscriminator(Riesz(), training_time="unit_norm")
    assert_allclose(norm.fit(*stack_samples(X, Y)).loss_, expected**0.5, rtol=1e-12)


def test_weights_are_repetitions():
    X, Y, _ = clouds(20, 30, 2)
    times = np.random.default_rng(1).integers(1, 4, size=50)
    points, y = stack_samples(X, Y)
    critic = NTKIPMDiscriminator(Riesz()).fit(points, y, sample_weight=times)
    repeated = np.repeat(X, times[:20], axis=0), np.repeat(Y, times[20:], axis=0)
    assert_allclose(critic.loss_, energy_distance(*repeated), rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_unit_norm_of_equal_clouds_is_zero(exponent, scale):
    """k(x, x) = 0 is no bound of the other entries, by which rounding is judged."""
    X = clouds(50, 60, 3, scale)[0]
    points, y = stack_samples(X, X[np.random.default_rng(0).permutation(50)])
    critic = NTKIPMDiscriminator(Riesz(exponent), training_time="unit_norm").fit(points, y)
    assert_array_equal(critic.decision_function(X), np.zeros(50))


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_training_at_any_scale_does_not_warn(scale, recwarn):
    X, Y, _ = clouds(500, 600, 2, scale)
    permuted = X[np.random.default_rng(0).permutation(500)]
    for points, y in (stack_samples(X, Y), stack_samples(X, permuted)):
        NTKIPMDiscriminator(Riesz()).fit(points, y)
        NTKIPMDiscriminator(Riesz()).fit(points.astype("float32"), y)
    assert not recwarn.list


def test_differences_lost_in_rounding_are_refused():
    """Which k(x, x) = 0 is no measure of. Many features are compared by products."""
    X, Y, _ = clouds(50, 60, 40)
    with pytest.raises(ValueError, match="lost in the rounding of the kernel"):
        mmd(1e14 + X, 1e14 + Y, Riesz())
    assert_allclose(
        mmd(1e10 + X[:, :2], 1e10 + Y[:, :2], Riesz()),
        energy_distance(X[:, :2], Y[:, :2]),
        rtol=1e-4,
    )


def test_unbiased_mmd_and_test():
    X, Y, _ = clouds(50, 60, 2)
    K, L, M = (-cdist(*pair) for pair in ((X, X), (Y, Y), (X, Y)))
    expected = K.sum() / (50 * 49) + L.sum() / (60 * 59) - 2 * M.mean()
    assert_allclose(mmd(X, Y, Riesz(), biased=False), expected, rtol=1e-12)
    assert mmd_test(X, Y + 1, Riesz(), random_state=0).pvalue < 0.05


def test_a_flow_descends_it():
    X = np.random.default_rng(0).normal(size=(60, 2))
    start = 10 + np.random.default_rng(1).normal(size=(60, 2))
    for exponent in (0.8, 1.0, 1.5):
        flow = ParticleFlowGenerator(
            NTKIPMDiscriminator(Riesz(exponent)), init=start, max_iter=300, random_state=0
        ).fit(X)
        before, after = (energy_distance(A, X) for A in (start, flow.particles_))
        assert after < 1e-3 * before


@pytest.mark.parametrize("carry_over", [True, 1000])
def test_carry_over_without_projections(carry_over):
    X = np.random.default_rng(0).normal(size=(20, 2))
    flow = ParticleFlowGenerator(
        NTKIPMDiscriminator(Riesz()), max_iter=3, carry_over=carry_over, random_state=0
    ).fit(X)
    assert flow.carry_over_error_ == 0
    assert np.isfinite(flow.particles_).all()


# What it is not


POINTS, LABELS = stack_samples(*np.random.default_rng(0).normal(size=(2, 10, 2)))
NOT_DEFINITE = {
    "power": Riesz(1.5),
    "sliced": Riesz(n_directions=3),
    "multiple": 2.0 * Riesz(),
    "sum": NTK(depth=1) + Riesz(),
    "noise": Riesz() + sk.WhiteKernel(),
}


def flow(kernel, discriminator=None, **params):
    critic = NTKIPMDiscriminator(kernel) if discriminator is None else discriminator
    return ParticleFlowGenerator(critic, max_iter=4, **params)


USES = {
    "lsgan": lambda k: NTKLSGANDiscriminator(k).fit(POINTS, LABELS),
    "lsgan limit": lambda k: NTKLSGANDiscriminator(k, np.inf).fit(POINTS, LABELS),
    "vanilla": lambda k: NTKGANDiscriminator(k).fit(POINTS, LABELS),
    "ipm by an ODE": lambda k: NTKGANDiscriminator(k, "ipm").fit(POINTS, LABELS),
    "hinge": lambda k: NTKGANDiscriminator(k, "hinge").fit(POINTS, LABELS),
    "lambert": lambda k: NTKGANDiscriminator(k, solver="lambert").fit(POINTS, LABELS),
    "drmmd": lambda k: DrMMDDiscriminator(k).fit(POINTS, LABELS),
    "kale": lambda k: KALEDiscriminator(k).fit(POINTS, LABELS),
    "flow": lambda k: flow(k, NTKLSGANDiscriminator(k)).fit(POINTS),
    "generator_kernel": lambda k: flow(NTK(), generator_kernel=k).fit(POINTS),
    "carry_over": lambda k: flow(k, carry_over=60).fit(POINTS),
    "gantk": lambda k: GANTKSynthesizer(k).fit(POINTS),
    "classes": lambda k: ConditionalSampler(GANTKSynthesizer(k)).fit(POINTS, LABELS),
    "network": lambda k: NeuralGenerator("gantk", kernel=k).fit(POINTS),
    "lambda": lambda k: search_lambda(POINTS, kernel=k),
    "landmarks": lambda k: NystroemKernel.from_samples(k, POINTS, 5),
    "nystroem": lambda k: NystroemKernel(k, POINTS)(POINTS),
    "nystroem sum": lambda k: kernel_sum(NystroemKernel(k, POINTS), POINTS, POINTS, LABELS),
}


@pytest.mark.parametrize("kernel", NOT_DEFINITE.values(), ids=NOT_DEFINITE.keys())
@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_what_takes_gram_matrices_apart_refuses_it(use, kernel):
    message = r"needs a positive definite kernel, and .*Riesz\(.*Use it in NTKIPM.*NTK\(\)"
    with pytest.raises(ValueError, match=message):
        use(kernel)


def test_others_refuse_it_too():
    with pytest.raises(ValueError, match="is not a density"):
        DriftingDiscriminator(Riesz()).fit(POINTS, LABELS)
    with pytest.raises(ValueError, match="this kernel is none"):
        NTKIPMDiscriminator(Riesz(), initial="nngp").fit(POINTS, LABELS)


NO_KERNELS = [
    Riesz() * RBF(),
    sk.Matern() * Riesz(n_directions=3),
    Riesz() * Riesz(0.5),
    Riesz() * sk.ConstantKernel(-1.0),
    Riesz() ** 2,
    (2.0 * Riesz() + RBF()) ** 0.5,
    (Riesz() + 1.0) * NTK(),
]


@pytest.mark.parametrize("kernel", NO_KERNELS)
def test_products_and_powers_are_refused(kernel):
    X, Y, coef = clouds(5, 6, 2)
    uses = [
        lambda: as_core(kernel),
        lambda: as_core(NTK() + kernel),
        lambda: kernel_sum(kernel, X, Y, coef),
        lambda: mmd(X, Y, kernel),
        lambda: NTKIPMDiscriminator(kernel).fit(POINTS, LABELS),
    ]
    for use in uses:
        with pytest.raises(ValueError, match=r"Riesz.* is no kernel: .*exponent of Riesz"):
            use()


@pytest.mark.parametrize(
    ("params", "allowed"),
    [
        ({"exponent": 0}, r"range \(0.0, 2.0\)"),
        ({"exponent": 2.0}, r"range \(0.0, 2.0\)"),
        ({"exponent": np.nan}, r"range \(0.0, 2.0\)"),
        ({"exponent": "1"}, r"range \(0.0, 2.0\)"),
        ({"exponent_bounds": "free"}, "'fixed'"),
        ({"n_directions": 0}, r"range \[1, inf\) or None"),
        ({"n_directions": 2.0}, r"range \[1, inf\) or None"),
        ({"n_directions": 2, "random_state": None}, r"range \[0, 4294967295\]"),
        ({"n_directions": 2, "random_state": -1}, r"range \[0, 4294967295\]"),
    ],
)
def test_parameters_out_of_range(params, allowed):
    with pytest.raises(InvalidParameterError, match=f"of Riesz must be .*{allowed}"):
        Riesz(**params)(POINTS)


@pytest.mark.parametrize("params", [{"exponent": 1.5}, {"exponent_bounds": (0.5, 1.5)}])
def test_directions_are_for_distances(params):
    with pytest.raises(ValueError, match=r"takes exponent=1 .*Leave n_directions at None"):
        Riesz(n_directions=10, **params)(POINTS)


def test_repr():
    assert repr(Riesz(1.5)) == "Riesz(exponent=1.5)"
    assert repr(Riesz(n_directions=8)) == "Riesz(exponent=1, n_directions=8)"
