"""Rules that the rows of a table keep, on frames or arrays as users see them.

`TableEncoder` keeps what a table says of single columns, such as whole or positive numbers.
Rules of several are kept by leaving out the rows that break them; a column that is a
function of others is computed.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
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


@dataclass(frozen=True)
class Rule:
    """What rows keep or break."""

    given: Any
    holds: Callable  # table ↦ (n,) bool


@dataclass(frozen=True)
class Computed:
    """A column, by its position, and the function that makes it."""

    given: Any
    column: int
    function: Callable

    def values(self, table):
        """The column, as those of the data are."""
        like = _native.series(table)[self.column]
        values = self.function(table)
        if nw.dependencies.is_into_series(values):
            values = nw.from_native(values, series_only=True).to_list()
        values = list(values)
        if len(values) != len(like):
            raise ValueError(
                f"The constraint {self.given!r} computes {len(values)} values for "
                f"{len(like)} rows."
            )
        return _native.column(values, like)

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
            result[known] = np.isclose(*numbers, rtol=CLOSE, atol=0)
        return result


def parsed(constraints, table):
    """The `Rule`s and `Computed`s of constraints, all of which the table keeps.

    Raises
    ------
    ValueError
        If one is of no known form, or some row breaks it.
    """
    names = None if _native.is_array(table) else list(_native.names(table))
    made = [_parsed(given, names, table.shape[1]) for given in constraints or ()]
    for rule in made:
        broken = np.flatnonzero(~_checked(rule, table))
        if len(broken):
            raise ValueError(
                f"The constraint {rule.given!r} is broken by {len(broken)} of "
                f"{table.shape[0]} rows of the data, such as row {broken[0]}. Mend or drop "
                "these rows, or the constraint."
            )
    rules = [rule for rule in made if isinstance(rule, Rule)]
    return rules, [rule for rule in made if isinstance(rule, Computed)]


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
            right = at(other) if named else None
            return Rule(given, _comparison(at(key), OPERATORS[word], right, other))
        case ([*keys], "unique"):
            columns = [at(key) for key in keys]
            return Rule(given, lambda table: _first_of_all(table, columns))
        case (key, function) if callable(function):
            return Computed(given, at(key), function)
    raise ValueError(f"{FORMS} Got {given!r}.")


def _comparison(left, compare, right, value):
    """Whether columns, or a column and a value, compare; a missing one breaks no rule."""

    def holds(table):
        columns = _native.series(table)
        sides = [columns[left], value if right is None else columns[right]]
        gone = _native.missing(sides[0])
        if right is not None:
            gone = gone | _native.missing(sides[1])
            sides[1] = _native.take(sides[1], np.flatnonzero(~gone))
        elif isinstance(value, str) and isinstance(sides[0].dtype, _native.TIMES):
            sides[1] = np.datetime64(value).item()
        known = compare(_native.take(sides[0], np.flatnonzero(~gone)), sides[1])
        result = gone.copy()
        result[~gone] = np.asarray(known, bool)
        return result

    return holds


def _first_of_all(table, columns):
    """Where no row before has the same in these columns."""
    series, seen = _native.series(table), set()
    first = np.empty(table.shape[0], bool)
    for i, row in enumerate(zip(*(_hashable(series[k]) for k in columns))):
        first[i] = row not in seen
        seen.add(row)
    return first


def _hashable(column):
    """Its values, a missing one as None."""
    gone = _native.missing(column)
    return [None if hole else v for v, hole in zip(_native.labels(column), gone)]
