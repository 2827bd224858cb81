"""The way of the samples, kept by a callback: there is no parameter for it."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skgantk.generators import GANTKSynthesizer
from skgantk.kernels import NTK

pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")

X = np.random.default_rng(0).normal(size=(24, 2))
X.flags.writeable = False


class Snapshots:
    """Keeps the samples of the start and of every check."""

    def __init__(self):
        self.samples, self.steps = [], []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.parent is None:
            self.keep(estimator)

    def on_fit_task_end(self, estimator, context):
        if context.parent is not None:
            self.keep(estimator)

    def keep(self, estimator):
        self.samples.append(estimator.samples_)
        self.steps.append(estimator.n_iter_)


def made(**params):
    params = {"max_iter": 20, "check_every": 5, "random_state": 0, **params}
    return GANTKSynthesizer(NTK(depth=1), **params)


def test_samples_of_the_start_and_of_every_check():
    kept = Snapshots()
    g = made().set_callbacks(kept).fit(X)
    assert kept.steps == g.loss_iter_ == [0, 5, 10, 15, 20]
    still = made(max_iter=1, learning_rate=1e-300).fit(X)
    assert_array_equal(kept.samples[0], still.samples_)
    assert_array_equal(kept.samples[-1], g.samples_)
    moved = [np.abs(b - a).max() for a, b in zip(kept.samples, kept.samples[1:])]
    assert min(moved) > 0
    assert_array_equal(g.samples_, made().fit(X).samples_)  # as without


def test_samples_between_are_those_of_shorter_fits():
    """Where what a step does hangs on its number alone."""
    params = {"decay": False, "continuation": False}
    kept = Snapshots()
    made(**params).set_callbacks(kept).fit(X)
    for samples, steps in zip(kept.samples[1:], kept.steps[1:]):
        assert_array_equal(samples, made(max_iter=steps, **params).fit(X).samples_)


def test_a_fit_that_goes_on_begins_where_it_was():
    kept = Snapshots()
    g = made(warm_start=True, decay=False, continuation=False).set_callbacks(kept)
    g.fit(X).set_params(max_iter=30).fit(X)
    assert kept.steps == [0, 5, 10, 15, 20, 20, 25, 30]
    assert_array_equal(kept.samples[5], kept.samples[4])
