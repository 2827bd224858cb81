"""Lists of parameters for tests that come in many combinations."""

import itertools

import pytest


def thinned(names, biases, kernels, always):
    """All combinations; slow but for the last bias and kernel, and the names ``always``."""
    params = []
    for name, bias, kernel in itertools.product(names, biases, kernels):
        usual = name in always or (bias, kernel) == (biases[-1], kernels[0])
        marks = [] if usual else [pytest.mark.slow]
        params.append(pytest.param(name, bias, kernel, marks=marks))
    return params
