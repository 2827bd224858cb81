"""How near samples are to data, in distances of data to one another."""

import numpy as np

from skgantk._numerics.distances import nearest

REACH = 1.2  # usual distances of neighbouring data, within which the penalty acts
COPY = 0.1  # usual distances to a training point; a sample nearer than this is a copy


def _neighbours(X):
    """Distances of distinct data to their nearest others, and how often each is there."""
    distinct, counts = np.unique(X, axis=0, return_counts=True)
    if len(distinct) < 2:
        return np.zeros(len(distinct)), counts
    # The first is the point itself.
    return nearest(distinct, distinct, k=2)[0], counts


def _usual(distance, counts):
    """Median distance of a datum to its nearest neighbour, which may equal it."""
    return float(np.median(np.repeat(np.where(counts > 1, 0, distance), counts)))


def closeness_among(X):
    """r of the penalty on copies, and the mean of (1 - distance/r)² of X in itself.

    A row that is there twice is no leave to copy it: both are of distinct rows, but for the
    usual distance where there is one.
    """
    distance, counts = _neighbours(X)
    reach = REACH * (_usual(distance, counts) or float(np.median(distance)))
    if reach == 0:
        return 0.0, 0.0
    return reach, float(np.mean(np.maximum(1 - distance / reach, 0) ** 2))


def share_of_copies(samples, X):
    """The share of samples that are much nearer to X than data are to one another."""
    spacing = _usual(*_neighbours(X))
    return float(np.mean(nearest(samples, X)[0] < COPY * spacing))
