"""``sample(fresh=True)``: samples that no call before has given."""

import numpy as np
import pandas as pd
import pytest
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler

from skgantk.generators import (
    ConditionalSampler,
    GANTKSynthesizer,
    ImageSynthesizer,
    ParticleFlowGenerator,
    TableSynthesizer,
)
from skgantk.pipeline import make_sampling_pipeline

N = 12
X = np.random.default_rng(0).normal(size=(N, 3))
GENERATORS = {
    "synthesizer": GANTKSynthesizer(max_iter=3, random_state=0),
    "flow": ParticleFlowGenerator(max_iter=3, random_state=0),
    "images": ImageSynthesizer(max_iter=3, random_state=0),
    "table": TableSynthesizer(GANTKSynthesizer(max_iter=3), random_state=0),
}


@pytest.fixture(scope="module", params=GENERATORS)
def fitted(request):
    if request.param == "images":
        return GENERATORS["images"].fit(np.random.default_rng(0).uniform(size=(N, 3, 2)))
    data = pd.DataFrame(X, columns=list("abc")) if request.param == "table" else X
    return GENERATORS[request.param].fit(data)


def rows(samples):
    return {row.tobytes() for row in np.asarray(samples).reshape(len(samples), -1)}


def test_calls_overlap_but_where_they_are_fresh(fitted):
    old, again = (rows(fitted.sample(N, random_state=seed)) for seed in (0, 1))
    assert old == again
    new, newer = (rows(fitted.sample(N, random_state=s, fresh=True)) for s in (0, 1))
    assert len(old | new | newer) == 3 * N


def test_any_number_is_drawn_and_the_seed_decides(fitted):
    for n in (1, N, 2 * N + 1):
        some = fitted.sample(n, random_state=0, fresh=True)
        assert len(rows(some)) == n
        assert rows(some) == rows(fitted.sample(n, random_state=0, fresh=True))


def test_fresh_ones_are_those_that_follow_the_ones_of_the_fit():
    for name in ("synthesizer", "flow"):
        generator = GENERATORS[name].fit(X)
        both = generator.sample(2 * N, random_state=0)
        fresh = generator.sample(N, random_state=0, fresh=True)
        np.testing.assert_allclose(fresh, both[N:], rtol=1e-6)


@pytest.mark.parametrize("name", ["synthesizer", "flow", "table"])
def test_what_is_given_is_completed_from_fresh_ones(name):
    given = np.full((N, 3), np.nan)
    given[:, 0] = X[:, 0]
    generator = GENERATORS[name].fit(X)
    old, new = (
        generator.sample(N, random_state=0, given=given, fresh=fresh)
        for fresh in (False, True)
    )
    for some in (old, new):
        np.testing.assert_array_equal(some[:, 0], X[:, 0])
    assert np.all(old[:, 1:] != new[:, 1:])


@pytest.mark.filterwarnings("ignore:The samples are further")
@pytest.mark.parametrize("name", ["synthesizer", "flow"])
def test_points_given_as_start_have_none(name):
    generator = type(GENERATORS[name])(init=X + 1.0, max_iter=2).fit(X)
    assert generator.sample(N).shape == X.shape
    for wanted in ({"n_samples": N + 1}, {"n_samples": 1, "fresh": True}):
        with pytest.raises(ValueError, match=f"the {N} points of the fit and no more"):
            generator.sample(**wanted)


@pytest.mark.parametrize("wrapper", ["pipeline", "classes", "table", "table of both"])
def test_what_is_around_a_generator_passes_it_on(wrapper):
    synthesizer = GANTKSynthesizer(max_iter=3)
    pipeline = make_sampling_pipeline(StandardScaler(), synthesizer)
    around = {
        "pipeline": pipeline,
        "classes": ConditionalSampler(synthesizer, random_state=0),
        "table": TableSynthesizer(synthesizer, random_state=0),
        "table of both": TableSynthesizer(pipeline, random_state=0),
    }[wrapper].fit(X, np.zeros(N, int) if wrapper == "classes" else None)

    def drawn(seed, **options):
        samples = around.sample(N, random_state=seed, **options)
        return rows(samples[0] if wrapper == "classes" else samples)

    assert drawn(0) == drawn(1)
    assert len(drawn(0) | drawn(0, fresh=True) | drawn(1, fresh=True)) == 3 * N


def test_generators_that_keep_none_are_always_fresh():
    synthesizer = TableSynthesizer(GaussianMixture(2, random_state=0), random_state=0).fit(
        X
    )
    some, fresh = (
        synthesizer.sample(N, random_state=0, fresh=fresh) for fresh in (False, True)
    )
    np.testing.assert_array_equal(some, fresh)
