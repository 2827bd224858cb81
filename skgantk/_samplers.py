"""How `SamplingPipeline`, `ConditionalSampler` and scorers draw from any sampler."""

from copy import copy
from inspect import signature

from sklearn.utils import check_random_state, shuffle


def ask(sampler, n_samples, random_state):
    """The tuple (X, ...) that ``sampler.sample`` gives, whoever takes ``random_state``.

    scikit-learn's KernelDensity and this package's generators take it in ``sample``; its
    GaussianMixture draws from its own parameter, and gives pairs like ConditionalSampler.
    """
    if "random_state" in signature(sampler.sample).parameters:
        samples = sampler.sample(n_samples, random_state=random_state)
    else:
        if hasattr(sampler, "random_state"):
            sampler = copy(sampler)
            sampler.random_state = random_state
        samples = sampler.sample(n_samples)
    return samples if isinstance(samples, tuple) else (samples,)


def draw(sampler, n_samples, random_state):
    """What `ask` gives, in random order.

    GaussianMixture's samples come by component, a generator's beyond the fitted ones after
    these: some of the rows would be no sample of the whole.
    """
    rng = check_random_state(random_state)
    drawn = ask(sampler, n_samples, rng)
    shuffled = shuffle(*drawn, random_state=rng)
    return tuple(shuffled) if len(drawn) > 1 else (shuffled,)
