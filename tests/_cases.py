"""Which cases of a test are in the fast suite."""

import pytest


def slow_but(fast, cases):
    """The cases of a test, of which those that are not among the fast ones are slow.

    A case is the value of one parameter, or the tuple of those of several. The fast ones
    have one of every kind of thing; the others are repetitions with other kernels, sizes
    and types.
    """
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=[] if case in fast else pytest.mark.slow,
        )
        for case in cases
    ]
