r"""Rows of which some coordinates are given.

The conditional law of the others is that of rows near to what is given, moved onto it. With
s such a row, g what is given and B the regression of free coordinates on given ones, a new
row has

    x_free = s_free + Bᵀ(g - s_given),   B = Σ_gg⁻¹ Σ_gf,                          (G1)

which for a Gaussian law is right whatever s, and for others the more so the nearer s is
(Beaumont, Zhang and Balding 2002). Σ is shrunk (Ledoit and Wolf 2004), so that there may be
more coordinates than rows.

Points whose given coordinates stand still while a discriminator moves the others end
further from that law than (G1), where they may start: it tells clouds apart, and what a row
of its own is given is a detail of it.
"""

import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.covariance import ledoit_wolf
from sklearn.preprocessing import StandardScaler

from skgantk.preprocessing import _columns, _native

NEAREST = 5  # rows of the pool among which one is drawn, unless told otherwise
SPARE = 5  # rows of the pool for each of those of which the same is given
RIDGE = 1e-3  # of a coordinate's variance, which no other explains
CHUNK = 2**23  # distances at a time


def pool_size(given):
    """Rows that a pool should have, so that (m, d) rows ``given`` find others."""
    return SPARE * max(Counter(as_bytes(given)).values(), default=1)


def completed(pool, given, rng, barred=None, nearest=NEAREST):
    """Rows ``given`` (m, d), whose NaN are filled by (G1) from rows of ``pool`` (N, d).

    Each is drawn among the ``nearest``; those of which the same is given get different
    ones, if there are enough. ``barred`` is for each the row that may not fill it, or -1.
    """
    if not np.isnan(given).any():
        return np.array(given, float)
    scaler = StandardScaler().fit(pool)
    P, A = scaler.transform(pool), scaler.transform(given)
    covariance, result = _covariance(P), np.array(given, float)
    free, pattern = np.unique(np.isnan(A), axis=0, return_inverse=True)
    for k in np.flatnonzero(free.any(axis=1)):
        rows, f, g = pattern.ravel() == k, free[k], ~free[k]
        own = None if barred is None else barred[rows]
        source = _sources(P[:, g], A[rows][:, g], rng, own, nearest)
        filled = A[rows]
        off = filled[:, g] - P[source][:, g]
        filled[:, f] = P[source][:, f] + off @ _regression(covariance, g)
        result[np.ix_(rows, f)] = scaler.inverse_transform(filled)[:, f]
    return result


def moved(Z, near, onto, given):
    """Rows ``near`` of Z with the coordinates ``given`` of ``onto``, the others by (G1)."""
    scaler = StandardScaler().fit(Z)
    B = _regression(_covariance(scaler.transform(Z)), given)
    off = (scaler.transform(onto) - scaler.transform(Z[near]))[:, given]
    result = onto.copy()
    result[:, ~given] = Z[near][:, ~given] + (off @ B) * scaler.scale_[~given]
    return result


def _covariance(P):
    """Of rows of variance 1."""
    return ledoit_wolf(P)[0] + RIDGE * np.eye(P.shape[1])


def _regression(covariance, given):
    """B of (G1)."""
    return np.linalg.solve(covariance[given][:, given], covariance[given][:, ~given])


def _sources(P, A, rng, barred, nearest):
    """For each row of A one of the nearest rows of P, for equal ones different ones."""
    groups = {}
    for i, row in enumerate(as_bytes(A) if barred is None else range(len(A))):
        groups.setdefault(row, []).append(i)
    groups, source = list(groups.values()), np.empty(len(A), int)
    step = max(CHUNK // len(P), 1)
    for start in range(0, len(groups), step):
        chunk = groups[start : start + step]
        first = [group[0] for group in chunk]
        distance = cdist(A[first], P) if P.shape[1] else np.zeros((len(first), len(P)))
        if barred is not None and len(P) > 1:
            known = np.flatnonzero(barred[first] >= 0)
            distance[known, barred[first][known]] = np.inf
        for group, row in zip(chunk, distance):
            n = min(max(nearest, len(group)), np.sum(row < np.inf))
            near = np.flatnonzero(row <= np.partition(row, n - 1)[n - 1])  # ties too
            source[group] = np.resize(rng.permutation(near), len(group))
    return source


def as_bytes(rows):
    """Rows as objects that are equal where these are, NaN included."""
    return [row.tobytes() for row in np.asarray(rows, float) + 0.0]


@dataclass(frozen=True)
class Cells:
    """Cells of a table that are given."""

    coordinates: np.ndarray  # (m, d), NaN where they are free
    columns: list  # blocks of which some are
    numbers: list  # of those: block, rows, and what is there, natively

    def restored(self, columns):
        """Decoded columns with what is given, where decoding might have rounded it."""
        columns = list(columns)
        for k, rows, known in self.numbers:
            order = np.arange(len(columns[k]))
            order[rows] = len(order) + np.arange(len(rows))
            columns[k] = _native.take(_native.stack([columns[k], known]), order)
        return columns


def cells(blocks, names, table, stacklevel):
    """The `Cells` of a table with some of the columns, in which free ones are missing.

    ``names`` are those of the blocks; an array has the first of them.
    """
    has = _native.names(table) if not isinstance(table, np.ndarray) else names
    given = dict(zip(has, _native.series(table)))
    unknown = [name for name in given if name not in names]
    if unknown:
        raise ValueError(f"given has the columns {unknown}, and those are {names}.")
    coordinates = np.full((table.shape[0], blocks[-1].columns.stop), np.nan)
    columns, numbers = [], []
    for k, (block, name) in enumerate(zip(blocks, names)):
        rows = np.flatnonzero(~_native.missing(given[name])) if name in given else ()
        if not len(rows):
            continue
        columns.append(k)
        with _columns.named(block.name):
            known = _columns.typed(block.kind, _native.take(given[name], rows))
            coordinates[rows, block.columns] = block.kind.encode(known)
        if _columns.number_kind(block.kind) is not None:
            numbers.append((k, rows, known))
            _warn_of_range(block, known, stacklevel + 1)
    return Cells(coordinates, columns, numbers)


def _warn_of_range(block, known, stacklevel):
    low, high = _columns.ends(block.kind)
    x = block.kind.encode(known)[:, 0]
    beyond = np.maximum(low - x, x - high)
    worst = int(np.argmax(beyond))
    if beyond[worst] > 0:
        value = _native.labels(_native.take(known, [worst]))[0]
        end = np.full((1, block.kind.width), 0.0)
        end[0, 0] = np.clip(x[worst], low, high)
        nearest = _native.labels(block.kind.decode(end))[0]
        warnings.warn(
            f"Column {block.name!r}: {value} is given, and the data end at {nearest}. The "
            "rest of such rows is extrapolated.",
            UserWarning,
            stacklevel=stacklevel + 1,
        )
