"""What a column of a table is as coordinates, and the way back from any real ones.

Every kind has a ``width``, the number of its coordinates, ``encode(column)``, which returns
them, (n, width), ``decode(block)``, which makes a column of the dtype of the data from any
such block, ``others(block)``, which yields what values next to encoded ones are, encoded,
and ``names(name)``. What values there are is kept as a column itself, in the
data's own dtype, so that a level comes back by its index, whatever it is.
"""

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from skgantk._inverse import nearest
from skgantk.preprocessing import _native

FEW = 20  # distinct numbers at most that are levels though they lie on a grid
REPEATED = 5  # times at least that a number is there on average, if numbers are levels
DECIMALS = 9  # at most that make a grid
GRID = 10  # distinct numbers at least whose common divisor is no accident
EXACT = 2**53  # integers up to here are exact in float64
WARNED = 100  # levels of a category beyond which there is a warning
DISTINCT, IDENTIFIED = 0.9, 20  # share and number of distinct labels beyond which: refused


@dataclass(frozen=True)
class Levels:
    """Values on a line, which come back from the nearest."""

    values: Any  # the column of distinct values
    grid: np.ndarray  # their coordinates
    position: Any  # value (hashable) ↦ coordinate; None: the coordinate is the number
    first: int | None = None  # from which numbers are counted that float64 has not

    width = 1

    def encode(self, column):
        if self.position is not None:
            return np.array(_looked_up(self.position, column), float)[:, None]
        return _coordinates(_numbers(column), self.first)[:, None]

    def decode(self, block):
        return _native.take(self.values, nearest(self.grid, block[:, 0]))

    def others(self, block):
        at = np.searchsorted(self.grid, block[:, 0])
        for step in (-1, 1):
            yield self.grid[np.clip(at + step, 0, len(self.grid) - 1)][:, None]

    def names(self, name):
        return [name]


@dataclass(frozen=True)
class OneHot:
    """Labels: the vertices of a simplex, which come back from the nearest."""

    values: Any
    position: dict

    @property
    def width(self):
        return len(self.position)

    def encode(self, column):
        return np.eye(self.width)[_looked_up(self.position, column)]

    def decode(self, block):
        return _native.take(self.values, block.argmax(axis=1))

    def others(self, block):
        for vertex in np.eye(self.width):
            yield np.broadcast_to(vertex, block.shape)

    def names(self, name):
        return [f"{name}_{level}" for level in self.position]


@dataclass(frozen=True)
class Constant:
    """One value, and no coordinate."""

    values: Any
    position: dict

    width = 0

    def encode(self, column):
        return np.zeros((len(_looked_up(self.position, column)), 0))

    def decode(self, block):
        return _native.take(self.values, np.zeros(len(block), int))

    def others(self, block):
        return iter(())

    def names(self, name):
        return []


@dataclass(frozen=True)
class Number:
    """Numbers or times between the least and the greatest, on a grid if they have one.

    The grid is (first + step k) / 10^decimals. Times, and integers that float64 has not
    exactly, have k for their coordinate.
    """

    values: Any  # a column of one value
    low: Any
    high: Any
    first: int
    step: int  # 0: no grid
    decimals: int
    counted: bool  # whether the coordinate is k
    dtype: np.dtype

    width = 1

    def encode(self, column):
        first = self.first if self.counted else None
        return _coordinates(_numbers(column), first, self.step)[:, None]

    def decode(self, block):
        return _native.build(self.numbers(block[:, 0]), _native.take(self.values, [0]))

    def others(self, block):
        width = 1 if self.counted else self.step / 10**self.decimals
        for step in (-width, width) if self.step else ():
            yield self.encode(self.decode(block + step))

    def numbers(self, x):
        """The numbers nearest to coordinates."""
        if not self.step:
            return np.clip(x, self.low, self.high).astype(self.dtype)
        scale = 10**self.decimals
        if not self.counted:  # clipped, or the product may overflow
            x = (np.clip(x, self.low, self.high) * scale - self.first) / self.step
        last = round(float(self.high) * scale) if self.decimals else int(self.high)
        most = (last - self.first) // self.step
        k = np.clip(np.rint(x), 0, most)
        if self.dtype.kind == "f":
            return ((self.first + self.step * k) / scale).astype(self.dtype)
        # Beyond 2^53 a float of most may be more.
        return np.array([self.first + self.step * min(int(i), most) for i in k], self.dtype)

    def names(self, name):
        return [name]


@dataclass(frozen=True)
class WithHoles:
    """A kind whose values may be missing: filled up, with an indicator coordinate."""

    kind: Any
    fill: float
    hole: Any  # a column of one missing value

    @property
    def width(self):
        return self.kind.width + 1

    def encode(self, column):
        gone = _native.missing(column)
        block = np.full((len(gone), self.width), self.fill)
        if not gone.all():  # or objects would not tell that they are numbers
            known = _native.take(column, np.flatnonzero(~gone))
            block[~gone, :-1] = self.kind.encode(known)
        block[:, -1] = gone
        return block

    def decode(self, block):
        known = self.kind.decode(block[:, :-1])
        order = np.where(block[:, -1] >= 0.5, len(block), np.arange(len(block)))
        return _native.take(_native.stack([known, self.hole]), order)

    def others(self, block):
        there = block[:, -1] < 0.5
        for other in self.kind.others(block[:, :-1]):
            result = block.copy()
            result[there, :-1] = other[there]
            yield result

    def names(self, name):
        return [*self.kind.names(name), f"missingindicator_{name}"]


def _numbers(column):
    """The numbers of a column, all of which are there and finite."""
    if _native.missing(column).any():
        raise ValueError("it has missing values, and had none in the fit.")
    numbers = _native.numbers(column)
    if numbers is None:
        raise ValueError("it has no numbers, and had in the fit.")
    _check_finite(numbers)
    return numbers


def _check_finite(numbers):
    if not np.all(np.isfinite(numbers.astype(float))):
        raise ValueError("it contains infinity. Replace it, or leave such rows out.")


def _coordinates(numbers, first, step=1):
    """Numbers as float64, or how many steps from the first they are."""
    if first is None:
        return numbers.astype(float)
    return np.array([(int(number) - first) / step for number in numbers], float)


def _looked_up(position, column):
    """Indices of the values of a column; a missing one is None."""
    labels, gone = _native.labels(column), _native.missing(column)
    keys = [None if hole else label for label, hole in zip(labels, gone)]
    unknown = {key for key in keys if key not in position}
    if unknown:
        raise ValueError(
            f"it has {sorted(map(repr, unknown))[:5]}, which the data of the fit do not "
            "have."
        )
    return [position[key] for key in keys]


@contextmanager
def named(name):
    """Say which column an error is about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"Column {name!r}: {error}") from error


def number_kind(kind):
    """The kind of the numbers or times that a column has, None of labels."""
    kind = getattr(kind, "kind", kind)
    return None if hasattr(kind, "position") and kind.position is not None else kind


def coordinate(kind, value):
    """The coordinate of a number or time, whether the data have it or not."""
    numeric = number_kind(kind)
    counted = numeric.first if getattr(numeric, "counted", True) else None
    if counted is None:
        return _as_float(numeric, value)
    number = _native.numbers(_native.column([value], _native.take(numeric.values, [0])))
    return float(_coordinates(number, counted, getattr(numeric, "step", 1))[0])


def of_values(kind):
    """Which coordinates (width,) tell values apart, and not that one is missing."""
    if isinstance(kind, WithHoles):
        return np.append(of_values(kind.kind), False)
    if None not in (getattr(kind, "position", None) or ()):
        return np.ones(kind.width, bool)
    return np.arange(kind.width) < (kind.width - 1)  # a missing one is the last level


def ends(kind):
    """Coordinates of the least and the greatest number or time of the data."""
    kind = number_kind(kind)
    if hasattr(kind, "grid"):
        return kind.grid[[0, -1]]
    first = kind.first if kind.counted else None
    return _coordinates(np.array([kind.low, kind.high], object), first, kind.step or 1)


def typed(kind, column):
    """A column without missing values, in the dtype of the data if it has numbers."""
    if number_kind(kind) is None:
        return column
    like = _native.take(number_kind(kind).values, [0])
    if _native.alike(column, like):
        return column
    values = column if isinstance(column, np.ndarray) else column.to_list()
    made = _native.column(values, like)
    before, after = map(_native.numbers, (column, made))
    if not _native.is_time(like) and (before is None or not np.array_equal(before, after)):
        raise ValueError(
            f"it is {like.dtype} in the data, which has not all of {values[:5]}."
        )
    return made


def _as_float(kind, value):
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"it has numbers, got {value!r}.") from None
    grid = getattr(kind, "grid", None)
    if grid is None:
        return float(np.asarray(value, kind.dtype)) if kind.dtype.kind == "f" else value
    level = grid[np.argmin(np.abs(grid - value))]  # which may be of single precision
    return float(level) if abs(level - value) <= 1e-6 * abs(level) else value


def encoded(kind, value):
    """One value, which may be missing, as coordinates (width,)."""
    gone = _native.is_missing(value)
    if isinstance(kind, WithHoles):
        known = np.full(1, kind.fill) if gone else encoded(kind.kind, value)
        return np.append(known, float(gone))
    if number_kind(kind) is not None:
        if gone:
            raise ValueError("no value is missing in the data.")
        return np.array([coordinate(kind, value)])
    key = None if gone else value
    if key not in kind.position:
        raise ValueError(f"the data have no {value!r}, but {list(kind.position)[:10]}.")
    levels = _native.take(kind.values, [kind.position[key]])
    return kind.encode(levels)[0]


def kind_of(column, categorical):
    """The kind of a column, found from its dtype and values.

    ``categorical``: a category even if its values are numbers or all distinct.
    """
    gone = _native.missing(column)
    known = _native.take(column, np.flatnonzero(~gone))
    numbers = None if categorical or not len(known) else _native.numbers(known)
    if numbers is not None:
        _check_finite(numbers)
    if numbers is None or len(np.unique(numbers)) < 2:
        return _labelled(column, gone, categorical or numbers is not None)
    kind = _numbered(known, numbers)
    if not gone.any():
        return kind
    fill = float(np.median(kind.encode(known)))
    hole = _native.take(column, [int(np.argmax(gone))])
    return WithHoles(kind, fill, hole)


def _labelled(column, gone, allowed):
    """A category, in which a missing value is one more level."""
    labels = _native.labels(column)
    first = {}
    for i, (label, hole) in enumerate(zip(labels, gone)):
        first.setdefault(None if hole else label, i)
    n_known, n_labels = int(np.sum(~gone)), len(first) - (None in first)
    if not allowed and n_labels > max(IDENTIFIED, DISTINCT * n_known):
        raise ValueError(
            f"{n_labels} of its {n_known} values are distinct: identifiers or free text, "
            "of which there is nothing to learn. Drop it, or name it in "
            "categorical_features."
        )
    keys = _in_order(column, first)
    values = _native.take(column, [first[key] for key in keys])
    position = {key: i for i, key in enumerate(keys)}
    if len(keys) == 1:
        return Constant(values, position)
    if len(keys) == 2:
        return Levels(values, np.arange(2.0), position)
    return OneHot(values, position)


def _in_order(column, keys):
    """Sorted where they can be; a missing one last."""
    known = [key for key in keys if key is not None]
    try:
        known = sorted(known)
    except TypeError:
        known = sorted(known, key=lambda key: (type(key).__name__, repr(key)))
    return [*known, *([None] if None in keys else [])]


def _numbered(known, numbers):
    """Levels, or numbers with the grid that they are on."""
    distinct, first = np.unique(numbers, return_index=True)
    repeated = REPEATED * len(distinct) <= len(numbers)
    first_, step, decimals = _grid(distinct, _native.durations(known))
    times = _native.is_time(known)
    whole = distinct.dtype.kind != "f"
    large = whole and max(abs(int(distinct[0])), abs(int(distinct[-1]))) > EXACT
    counted = times or large
    if numbers.dtype.kind == "b" or (repeated and (len(distinct) <= FEW or not step)):
        origin = first_ if counted else None
        grid = _coordinates(distinct, origin)
        return Levels(_native.take(known, first), grid, None, origin)
    return Number(
        values=_native.take(known, [0]),
        low=distinct[0],
        high=distinct[-1],
        first=first_,
        step=step,
        decimals=decimals,
        counted=counted,
        dtype=distinct.dtype,
    )


def _grid(distinct, steps):
    """The grid (first, step, decimals) on which sorted numbers lie; step 0: on none.

    ``steps``: those that a few numbers may have, in falling order.
    """
    whole, decimals = _whole(distinct)
    if whole is None:
        return 0, 0, 0
    first = int(whole[0])
    step = math.gcd(*(int(k) - first for k in whole))
    if len(whole) < GRID:
        step = next(natural for natural in steps if step % natural == 0)
    return first, step, decimals


def _whole(numbers):
    """Integers that are the numbers times 10^decimals, or None."""
    if numbers.dtype.kind != "f":
        return numbers, 0
    most = 2 / np.finfo(numbers.dtype).eps  # whole numbers up to here are exact
    exact = numbers.astype(float)
    for decimals in range(DECIMALS + 1):
        scaled = np.rint(exact * 10**decimals)
        if np.abs(scaled).max() > most:
            break
        if np.array_equal((scaled / 10**decimals).astype(numbers.dtype), numbers):
            return scaled.astype(np.int64), decimals
    return None, 0
