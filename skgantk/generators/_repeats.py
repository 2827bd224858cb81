"""Rows of the data among samples, no more often than among fresh rows.

Where columns have few values, the nearest row that a point near a datum can decode to is
that datum. How many of fresh rows are rows of the data is known from the data alone: the
share of what they have not is estimated by that of their rows that are there once (Good
1953, after Turing). Beyond that, a repeated row goes to what is nearest to its point among
rows that the data have not and that differ in one column.

A label does not make another row: where each class has its samples, a row of one class is
no new one of another, and would contradict the data.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np


class Repeats(NamedTuple):
    """Which of samples are rows of the data, and where those too many go."""

    blocks: list  # columns of the table, as of `TableEncoder`, that make a row
    weights: np.ndarray  # of squared distances by coordinate; 0: always the same
    known: frozenset  # the data's rows
    kept: float  # probability that a row of the data stays

    def replaced(self, rows, points, rng):
        """Rows (n, d) as decoded from points (n, d), of which those too many are others."""
        repeated = ~self._new(rows)
        chosen = np.flatnonzero(repeated & (rng.uniform(size=len(rows)) >= self.kept))
        result = rows.copy()
        if len(chosen):
            result[chosen] = self._others(rows[chosen], points[chosen])
        return result

    def _others(self, rows, points):
        best, result = np.full(len(rows), np.inf), rows.copy()
        for block in self.blocks:
            weights = self.weights[block.columns]
            now, x = rows[:, block.columns], points[:, block.columns]
            for other in block.kind.others(now):
                candidates = rows.copy()
                candidates[:, block.columns] = other
                cost = ((x - other) ** 2 - (x - now) ** 2) @ weights
                possible = ~np.any((other != now) & (weights == 0), axis=1)
                nearer = self._new(candidates) & possible & (cost < best)
                best[nearer], result[nearer] = cost[nearer], candidates[nearer]
        return result

    def _new(self, rows):
        return np.array([row not in self.known for row in _bytes(rows, self.blocks)], bool)


def counted(blocks, table):
    """How often a table (n, d) has each row."""
    return Counter(_bytes(table, blocks))


def repeats(blocks, counts, rows, data):
    """The `Repeats` of samples as decoded (n, d) and data (m, d), of a table's counts."""
    fresh = np.mean([counts[row] > 1 for row in _bytes(data, blocks)])
    ours = np.mean([row in counts for row in _bytes(rows, blocks)])
    variance = np.var(data, axis=0)
    weights = np.divide(1, variance, out=np.zeros_like(variance), where=variance > 0)
    kept = min(1.0, fresh / ours) if ours else 1.0
    return Repeats(blocks, weights, frozenset(counts), kept)


def _bytes(rows, blocks):
    """Rows as objects that are equal where these columns, the first, are; -0 is 0."""
    return [row.tobytes() for row in rows[:, : blocks[-1].columns.stop] + 0.0]
