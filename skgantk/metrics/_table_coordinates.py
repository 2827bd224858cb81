"""Rows of tables as points, between which distances mean something."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class _OfNumbers:
    """Units of the standard deviation; missing values one beside the median."""

    centre: float
    unit: float
    holes: bool

    def __call__(self, values):
        gone = np.isnan(values)
        scaled = np.where(gone, 0, (values - self.centre) / self.unit)
        return np.column_stack([scaled, gone]) if self.holes else scaled[:, None]

    def variance(self, values):
        """The total variance of the coordinates of values."""
        return self(values).var(axis=0).sum()


@dataclass(frozen=True)
class _OfLevels:
    """One coordinate for each code that occurs."""

    codes: np.ndarray

    def __call__(self, values):
        return (values[:, None] == self.codes).astype(float)

    def variance(self, values):
        """The total variance of the coordinates of values: Σ p (1 - p), p their shares."""
        shares = np.unique(values, return_counts=True)[1] / len(values)
        return shares @ (1 - shares)


def coordinates(real, *others):
    """Tables as matrices (n_rows, d) of the coordinates of `coordinate_map`."""
    encode = coordinate_map(real, *others)
    return [encode(table) for table in (real, *others)]


def coordinate_map(real, *others):
    """The map of such tables to matrices, in which each column of ``real`` has variance 1.

    These are `TableEncoder`'s coordinates, each column of the table divided by its standard
    deviation, so that units have no part in distances. Levels of any of the tables have
    their coordinate. A missing number stands where the median is, one standard deviation
    beside it. A column that is constant in ``real`` has variance 1 over all tables.
    """
    maps = [_fitted(*columns) for columns in zip(*(t.columns for t in (real, *others)))]

    def encode(table):
        blocks = [
            block(column.values) / weight
            for (block, weight), column in zip(maps, table.columns)
        ]
        return np.hstack(blocks)

    return encode


def _fitted(real, *others):
    """Coordinates of a column, and the root of their variance."""
    stacked = np.concatenate([column.values for column in (real, *others)])
    if real.numeric:
        block = _of_numbers(real.values, stacked)
    else:
        block = _OfLevels(np.unique(stacked))
    for values in (real.values, stacked):
        variance = block.variance(values)
        if variance > 0:
            return block, np.sqrt(variance)
    return block, 1.0


def _of_numbers(real, stacked):
    gone = np.isnan(stacked)
    for known in (real[~np.isnan(real)], stacked[~gone]):
        if len(known) and np.ptp(known) > 0:
            centre = np.median(known)
            power = np.ldexp(1.0, np.frexp(np.abs(known - centre).max())[1])
            # In this unit no square overflows.
            return _OfNumbers(centre, power * np.std((known - centre) / power), gone.any())
    return _OfNumbers(known[0] if len(known) else 0.0, 1.0, gone.any())
