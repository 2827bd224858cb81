"""Distances of points that are sums of squared differences, at any scale.

|x|² + |y|² - 2x·y, which brute-force searches use for speed, is off by about ε|x|², which
is more than the distance itself where points are far from the origin, or a single column
is large.
"""

import numpy as np
from scipy.spatial import KDTree
from sklearn.neighbors import NearestNeighbors

RTOL = 1e-9  # of a distance that is found through products


def in_units(*clouds):
    """Return clouds divided by a power of two near to their extent, and that unit.

    Distances are homogeneous and the division is exact. In the unit no square of a
    difference overflows, and none vanishes that matters beside the greatest. Columns that
    are constant over all clouds, and so in no difference, become 0.
    """
    low = np.min([A.min(axis=0) for A in clouds], axis=0)
    extent = np.max([A.max(axis=0) for A in clouds], axis=0) - low
    unit = float(np.ldexp(1.0, np.frexp(extent.max())[1] - 1)) if extent.any() else 1.0
    return [np.where(extent > 0, A, 0) / unit for A in clouds], unit


def nearest(X, Y, k=1):
    """Return the distance of each x to its k-th nearest y, to ``RTOL``, and its index."""
    (X, Y), unit = in_units(X.astype(float), Y.astype(float))
    centre = Y.mean(axis=0)
    A, B = X - centre, Y - centre
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(B)
    index = search.kneighbors(A, return_distance=False)[:, -1]
    distance = np.linalg.norm(X - Y[index], axis=1)
    # A squared distance found through products of d numbers is off by less than `error`.
    # That of the k-th nearest among such then is by twice as much: a tree, which takes
    # differences, decides where this is not negligible.
    radius = np.linalg.norm(A, axis=1) + np.linalg.norm(B, axis=1).max()
    error = (X.shape[1] + 4) * np.finfo(float).eps * radius**2
    unsure = RTOL * distance**2 < error
    if unsure.any():
        found = KDTree(Y).query(X[unsure], k=[k])
        distance[unsure], index[unsure] = (array[:, 0] for array in found)
    return unit * distance, index
