"""How `SamplingPipeline`, `ConditionalSampler` and scorers seed and draw from samplers."""

from copy import copy
from inspect import signature

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from skgantk._frames import rows_at


def seeded(sampler, rng):
    """A clone whose every random_state is an integer drawn from rng."""
    sampler = clone(sampler)
    names = [n for n in sorted(sampler.get_params()) if n.split("__")[-1] == "random_state"]
    seeds = rng.randint(np.iinfo(np.int32).max, size=len(names))
    return sampler.set_params(**dict(zip(names, seeds.tolist())))


def ask(sampler, n_samples, random_state, fresh=False):
    """The tuple (X, ...) that ``sampler.sample`` gives, whoever takes ``random_state``.

    scikit-learn's KernelDensity and this package's generators take it in ``sample``; its
    GaussianMixture draws from its own parameter, and gives pairs like ConditionalSampler.
    ``fresh`` is passed on to what would give the points of its fit.
    """
    parameters = signature(sampler.sample).parameters
    options = {"fresh": True} if fresh and "fresh" in parameters else {}
    if "random_state" in parameters:
        samples = sampler.sample(n_samples, random_state=random_state, **options)
    else:
        if hasattr(sampler, "random_state"):
            sampler = copy(sampler)
            sampler.random_state = random_state
        samples = sampler.sample(n_samples)
    return samples if isinstance(samples, tuple) else (samples,)


def draw(sampler, n_samples, random_state, fresh=False):
    """What `ask` gives, in random order.

    GaussianMixture's samples come by component, a generator's beyond the fitted ones after
    these: some of the rows would be no sample of the whole.
    """
    rng = check_random_state(random_state)
    drawn = ask(sampler, n_samples, rng, fresh)
    order = rng.permutation(len(drawn[0]))
    return tuple(rows_at(part, order) for part in drawn)
