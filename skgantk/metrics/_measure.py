"""The difference of the empirical measures of two clouds."""

import numpy as np


def signed_weights(X, Y):
    """Weights of the points of X and Y, stacked, in the measure of X minus that of Y.

    Equal points are one, the first of them, and the others weigh 0. So what the clouds
    have in common weighs 0 exactly, and has no part in the rounding of sums, however far
    it is from the rest.
    """
    n, m = len(X), len(Y)
    places = {}
    rows = np.concatenate([X, Y]) + 0.0  # -0 is 0
    place = [places.setdefault(row.tobytes(), i) for i, row in enumerate(rows)]
    of_X, of_Y = (np.bincount(part, minlength=n + m) for part in (place[:n], place[n:]))
    return (of_X * m - of_Y * n) / (n * m)
