"""What is asked of the rows of a table: values and ranges of its columns.

Conditions are on coordinates of `TableEncoder`, where a value is a point and a range an
interval. Rows that fulfil them are data of their own, as those of a class are. Where there
are too few, rows drawn without a condition that fulfil it join them; where even these are
too few, the nearest are moved onto it, by (G1) of `skgantk._given`.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from skgantk import _given
from skgantk.preprocessing import _columns, _native

FEWEST = 5  # rows at least, of a condition or a class, with a generator of their own
MOVED = 30  # rows of which some, or all, are moved onto what is asked
DRAWN = 10, 5000  # rows drawn for each of the data, and at most, to find some that fulfil


@dataclass(frozen=True)
class Between:
    """Numbers or times of an interval."""

    low: float
    high: float

    def holds(self, block):
        x, gone = block[:, 0], block[:, 1:]
        return (self.low <= x) & (x <= self.high) & np.all(gone < 0.5, axis=1)

    def nearest(self, block):
        result = np.zeros_like(block)  # that it is missing, too
        result[:, 0] = np.clip(block[:, 0], self.low, self.high)
        return result

    def drawn(self, block, rng):
        """The nearest, but for rows of beyond, which would all be at an end, any."""
        result = self.nearest(block)
        ends = np.clip([self.low, self.high], block[:, 0].min(), block[:, 0].max())
        beyond = ~self.holds(block)
        result[beyond, 0] = rng.uniform(*ends, beyond.sum())
        return self.nearest(result)


@dataclass(frozen=True)
class AnyOf:
    """Values, (k, width)."""

    values: np.ndarray

    def holds(self, block):
        return np.any(np.all(block[:, None] == self.values, axis=2), axis=1)

    def nearest(self, block):
        if not block.shape[1]:
            return block
        return self.values[np.argmin(cdist(block, self.values), axis=1)]

    def drawn(self, block, rng):
        return self.nearest(block)


def conditions(blocks, names, given):
    """Pairs of the number of a block and its condition, of a mapping of names."""
    result = []
    for key, value in given.items():
        if key not in names:
            raise ValueError(f"given has the column {key!r}, and those are {names}.")
        k = names.index(key)
        with _columns.named(key):
            result.append((k, _condition(blocks[k].kind, value)))
    return result


def _condition(kind, value):
    if isinstance(value, tuple):
        return _interval(kind, value)
    several = np.iterable(value) and not isinstance(value, (str, bytes))
    values = list(value) if several else [value]
    if not values:
        raise ValueError("an empty list is fulfilled by no row.")
    return AnyOf(np.stack([_columns.encoded(kind, v) for v in values]))


def _interval(kind, value):
    if len(value) != 2:
        raise ValueError(f"a range is a pair (low, high), got {value!r}.")
    if _columns.number_kind(kind) is None:
        raise ValueError("it has labels, of which there are no ranges: list some.")
    low, high = (
        side if end is None else _columns.coordinate(kind, end)
        for end, side in zip(value, (-np.inf, np.inf))
    )
    if not low <= high:
        raise ValueError(f"the range {value!r} is empty.")
    return Between(low, high)


def snapped(blocks, asked, Z):
    """Z with the nearest values that fulfil what is asked, or are next to it on a grid."""
    Z = Z.copy()
    for k, condition in asked:
        columns, kind = blocks[k].columns, blocks[k].kind
        Z[:, columns] = kind.encode(kind.decode(condition.nearest(Z[:, columns])))
    return Z


def holding(blocks, asked, Z):
    """Which rows of Z, encoded, fulfil all that is asked."""
    holds = np.ones(len(Z), bool)
    for k, condition in asked:
        holds &= condition.holds(Z[:, blocks[k].columns])
    return holds


def target(blocks, asked, Z, draw, rng):
    """Rows of Z (n, d) that fulfil what is asked, or such as would: data for a generator.

    Where fewer than `FEWEST` do, those of ``draw(size, rng)`` join them, or they are the
    `MOVED` nearest, moved. Returns what is asked of their samples, too: the nearest values
    that may be, in the place of those that may not.
    """
    fulfil = Z[holding(blocks, asked, Z)]
    if len(fulfil) >= FEWEST:
        return fulfil, asked
    drawn = draw(min(DRAWN[0] * len(Z), DRAWN[1]), rng)
    joined = np.vstack([fulfil, drawn[holding(blocks, asked, drawn)]])
    if len(joined) >= FEWEST:
        _warn_of_few(fulfil, Z, "drawn rows that do are taken for more")
        return joined, asked
    _warn_of_few(fulfil, Z, f"the {min(MOVED, len(Z))} nearest are moved onto it, a guess")
    return _moved(blocks, asked, Z, rng)


def _warn_of_few(fulfil, Z, remedy):
    warnings.warn(
        f"{len(fulfil)} of the {len(Z)} rows of the data fulfil what is given, too few "
        f"to learn from: {remedy}.",
        UserWarning,
        stacklevel=4,
    )


def _moved(blocks, asked, Z, rng):
    """The `MOVED` nearest rows, moved, and what can be asked of their samples."""
    onto, drawn, coordinates = Z.copy(), Z.copy(), np.zeros(Z.shape[1], bool)
    for k, condition in asked:
        columns = blocks[k].columns
        coordinates[columns] = True
        onto[:, columns] = condition.nearest(Z[:, columns])
        drawn[:, columns] = condition.drawn(Z[:, columns], rng)
    onto, drawn = (np.hstack([b.decoded(A) for b in blocks]) for A in (onto, drawn))
    asked = list(asked)
    for i, (k, condition) in enumerate(asked):
        asked[i] = k, _possible(blocks[k], condition, onto)
    spread = np.ptp(Z, axis=0)
    off = (onto - Z) / np.where(spread > 0, spread, 1)
    order = rng.permutation(len(Z))
    near = order[np.argsort(np.sum(off[order] ** 2, axis=1), kind="stable")[:MOVED]]
    possible = holding(blocks, asked, drawn)  # on the grid, which may round it off
    onto = np.where(possible[:, None], drawn, onto)
    moved = _given.moved(Z, near, onto[near], coordinates)
    return np.hstack([block.decoded(moved) for block in blocks]), asked


def _possible(block, condition, onto):
    """A condition, or with a warning its nearest values, where none may be."""
    values = np.unique(onto[:, block.columns], axis=0)
    if condition.holds(values).any():
        return condition
    nearest = _native.labels(block.kind.decode(values[:1]))[0]
    warnings.warn(
        f"Column {block.name!r}: the data have nothing such as is given, and its values "
        f"go no nearer than {nearest}, which rows will have.",
        UserWarning,
        stacklevel=5,
    )
    return AnyOf(values)
