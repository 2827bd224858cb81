"""The marginals of samples, mapped onto those of data, column by column.

The joint distribution of a generator's points is right before its marginals are: many
zeros, few levels and far tails are smeared. The map that moves a column least to the data's
marginal, that of optimal transport, is known: on a line it rises from order statistics to
order statistics, to the vertices of a simplex it is a nearest vertex with handicaps
(Aurenhammer, Hoffmann and Aronov 1998). Both are learnt from a sample and hold for any
further point.
"""

from typing import NamedTuple

import numpy as np
import ot
from scipy.sparse.csgraph import floyd_warshall


class Quantiles(NamedTuple):
    """A rising map of the line."""

    knots: np.ndarray
    values: np.ndarray

    def __call__(self, block):
        return np.interp(block[:, 0], self.knots, self.values)[:, None]


class Handicaps(NamedTuple):
    """x ↦ the vertex k of the greatest x_k + handicap_k."""

    handicaps: np.ndarray

    def __call__(self, block):
        return np.eye(len(self.handicaps))[np.argmax(block + self.handicaps, axis=1)]


class Holes(NamedTuple):
    """Of numbers and the indicator, last, that they are missing."""

    number: Quantiles
    indicator: Quantiles

    def __call__(self, block):
        return np.hstack([self.number(block[:, :1]), self.indicator(block[:, 1:])])


def quantiles(sample, data, rng):
    """The `Quantiles` from a sample (n,) to data (m,).

    The ith of a sample goes to the quantile of a random level between i/n and (i + 1)/n:
    values lie between the data's and spread as they do, where those of levels (i + ½)/n
    would be the data again, or means of neighbours, which spread less.
    """
    levels = (np.arange(len(sample)) + rng.uniform(size=len(sample))) / len(sample)
    return Quantiles(np.sort(sample), np.quantile(data, levels))


def handicaps(sample, data):
    r"""The `Handicaps` by which the sample (n, k) has the shares of the data's vertices.

    With the vertex k(i) that optimal transport gives to point i, handicaps h keep it if
    h_l - h_k ≤ D_kl = min {x_ik - x_il : k(i) = k}. Solutions are the distances from or to
    any vertex in the graph of D; their mean leaves the most room.
    """
    n, counts = len(sample), np.sum(data, axis=0)
    there = np.flatnonzero(counts)
    x = np.ascontiguousarray(sample[:, there])
    plan = ot.emd(np.full(n, 1 / n), counts[there] / np.sum(counts), -x)
    # Rounding must not make a cycle negative, nor a tie no edge at all.
    slack = 1e-9 * np.max(np.abs(x))
    D = np.zeros((len(there), len(there)))
    for vertex, share in enumerate(plan.T):
        own = x[share > 0.5 / n]
        D[vertex] = np.min(own[:, [vertex]] - own, axis=0) + slack
    distance = floyd_warshall(D)
    result = np.full(len(counts), -np.inf)  # a vertex that the data have not
    result[there] = (distance.mean(axis=0) - distance.mean(axis=1)) / 2
    return Handicaps(result)


def calibration(blocks, sample, data, rng):
    """Pairs of columns and their maps, of coordinates of `TableEncoder`.

    Parameters
    ----------
    blocks : list of Block
        What the coordinates of each column are.
    sample, data : (n, d) and (m, d) arrays
    rng : RandomState
    """
    maps = []
    for block in blocks:
        columns = block.columns
        ours, theirs = sample[:, columns], data[:, columns]
        if hasattr(block.kind, "hole"):
            maps.append((columns, holes(ours, theirs, rng)))
        elif ours.shape[1] == 1:
            maps.append((columns, quantiles(ours[:, 0], theirs[:, 0], rng)))
        elif ours.shape[1] > 1:
            maps.append((columns, handicaps(ours, theirs)))
    return maps


def calibrated(maps, Z):
    """Z with its columns mapped."""
    Z = Z.copy()
    for columns, move in maps:
        Z[:, columns] = move(Z[:, columns])
    return Z


def holes(sample, data, rng):
    """The `Holes` from a sample (n, 2) to data (m, 2)."""
    indicator = quantiles(sample[:, 1], data[:, 1], rng)
    known = [
        block[gone < 0.5, :1]
        for block, gone in ((sample, indicator(sample[:, 1:])[:, 0]), (data, data[:, 1]))
    ]
    if not len(known[1]):  # nor of samples: they may all be the same
        return Holes(Quantiles(sample[:1, 0], data[:1, 0]), indicator)
    ours = known[0] if len(known[0]) else sample  # whose share is rounded to none
    return Holes(quantiles(ours[:, 0], known[1][:, 0], rng), indicator)
