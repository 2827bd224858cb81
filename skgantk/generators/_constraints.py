"""Rules that the rows of a table keep, on frames or arrays as users see them.

`TableEncoder` keeps what a table says of single columns, such as whole or positive numbers.
Rules of several are kept by leaving out the rows that break them; a column that is a
function of others is computed.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import narwhals as nw
import numpy as np

from skgantk.preprocessing import _native

OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
FORMS = (
    "A constraint is a callable of a table that says which rows are right; "
    f"(column, comparison, column or value), a comparison being one of {list(OPERATORS)}; "
    '([columns], "unique"); or (column, callable of a table that computes it).'
)
CLOSE = 1e-6  # relative, as what is computed may be rounded in the data
ROUNDING = 1e-9  # of the greatest, where what is computed is a difference


@dataclass(frozen=True)
class Rule:
    """What a function of a table says."""

    given: Any
    holds: Callable  # table ↦ (n,) bool


@dataclass(frozen=True)
class Comparison:
    """A column beside another one, or a value; a missing one breaks no rule."""

    given: Any
    left: int
    right: int | None  # a column, or the value of ``given``

    def holds(self, table):
        """Which rows keep it."""
        columns, (_, word, value) = _native.series(table), self.given
        gone = _native.missing(columns[self.left])
        if self.right is not None:
            gone = gone | _native.missing(columns[self.right])
        known = np.flatnonzero(~gone)
        left = _native.take(columns[self.left], known)
        if self.right is not None:
            value = _native.take(columns[self.right], known)
        elif isinstance(value, str) and _native.is_time(left):
            value = _native.column([value], left)[0]
        result = gone.copy()
        result[known] = np.asarray(OPERATORS[word](left, value), bool)
        return result


@dataclass(frozen=True)
class Unique:
    """Columns, by their positions, in which no two rows have the same."""

    given: Any
    columns: list

    def holds(self, table):
        """Which rows have what none before them has."""
        series, seen = _native.series(table), set()
        first = np.empty(table.shape[0], bool)
        for i, row in enumerate(zip(*(_hashable(series[k]) for k in self.columns))):
            first[i] = row not in seen
            seen.add(row)
        return first


@dataclass(frozen=True)
class Computed:
    """A column, by its position, and the function that makes it."""

    given: Any
    column: int

    def values(self, table):
        """The column, as those of the data are."""
        like = _native.series(table)[self.column]
        values = self.given[1](table)
        if nw.dependencies.is_into_series(values):
            values = nw.from_native(values, series_only=True).to_list()
        values = list(values)
        if len(values) != len(like):
            raise ValueError(
                f"The constraint {self.given!r} computes {len(values)} values for "
                f"{len(like)} rows."
            )
        return _native.column(_whole(values, like), like)

    def holds(self, table):
        """Where the column is what is computed, but for rounding."""
        there, made = _native.series(table)[self.column], self.values(table)
        gone = _native.missing(there)
        known = np.flatnonzero(~gone & ~_native.missing(made))
        result = gone & _native.missing(made)
        a, b = (_native.take(column, known) for column in (there, made))
        numbers = [_native.numbers(column) for column in (a, b)] if len(known) else [None]
        if any(n is None or n.dtype.kind != "f" for n in numbers):
            result[known] = [x == y for x, y in zip(*map(_native.labels, (a, b)))]
        else:
            rounding = ROUNDING * np.abs(numbers[0]).max()
            result[known] = np.isclose(*numbers, rtol=CLOSE, atol=rounding)
        return result


def _whole(values, like):
    """Values for a column of integers, where they are such but for rounding."""
    known = _native.take(like, np.flatnonzero(~_native.missing(like)))
    numbers = _native.numbers(known) if len(known) else None
    if numbers is None or numbers.dtype.kind not in "iu" or _native.is_time(like):
        return values
    return [
        round(v) if isinstance(v, Real) and abs(v - np.rint(v)) <= CLOSE * abs(v) else v
        for v in values
    ]


def parsed(constraints, table):
    """The rules of constraints, and their `Computed`, all of which the table keeps.

    Raises
    ------
    ValueError
        If one is of no known form, or some row breaks it.
    """
    names = None if _native.is_array(table) else list(_native.names(table))
    made = [_parsed(given, names, table.shape[1]) for given in constraints]
    for rule in made:
        broken = np.flatnonzero(~_checked(rule, table))
        if len(broken):
            raise ValueError(
                f"The constraint {rule.given!r} is broken by {len(broken)} of "
                f"{table.shape[0]} rows of the data, such as row {broken[0]}. Mend or drop "
                "these rows, or the constraint."
            )
    computed = [rule for rule in made if isinstance(rule, Computed)]
    return [rule for rule in made if not isinstance(rule, Computed)], computed


def keeping(rules, table):
    """Which rows of a table keep all rules."""
    holds = np.ones(table.shape[0], bool)
    for rule in rules:
        holds &= _checked(rule, table)
    return holds


def _checked(rule, table):
    holds = np.asarray(rule.holds(table))
    if holds.shape != (table.shape[0],) or holds.dtype.kind not in "bO":
        raise ValueError(
            f"The constraint {rule.given!r} must say of each of {table.shape[0]} rows "
            f"whether it is right; got {holds.dtype} of shape {holds.shape}."
        )
    return holds.astype(bool)


def _parsed(given, names, n_columns):
    def at(key):
        if names is None and isinstance(key, Integral) and 0 <= key < n_columns:
            return int(key)
        if names is not None and key in names:
            return names.index(key)
        have = f"those are {names}" if names else f"X has {n_columns}"
        raise ValueError(f"The constraint {given!r} has the column {key!r}, and {have}.")

    if callable(given):
        return Rule(given, given)
    match given:
        case (key, str(word), other) if word in OPERATORS:
            named = names is not None and isinstance(other, str) and other in names
            return Comparison(given, at(key), at(other) if named else None)
        case ([*keys], "unique"):
            return Unique(given, [at(key) for key in keys])
        case (key, function) if callable(function):
            return Computed(given, at(key))
    raise ValueError(f"{FORMS} Got {given!r}.")


def _hashable(column):
    """Its values, a missing one as None."""
    gone = _native.missing(column)
    return [None if hole else v for v, hole in zip(_native.labels(column), gone)]
