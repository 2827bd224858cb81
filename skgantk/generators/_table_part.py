"""A generator of rows of a table, from the scaling of coordinates to their calibration."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from skgantk._samplers import ask, draw, seeded
from skgantk.generators import _calibration
from skgantk.generators._base import BaseGenerator


@dataclass(frozen=True)
class Part:
    """A generator of coordinates, of which those that vary are scaled to variance 1."""

    generator: Any
    scaler: StandardScaler
    varying: np.ndarray
    constant: np.ndarray
    blocks: list
    maps: list
    repeats: Any = None

    @property
    def width(self):
        return len(self.varying)

    def draw(self, n_samples, rng, fresh=False):
        points = self.raw(n_samples, rng, fresh)
        rows = self.rows(points)
        return rows if self.repeats is None else self.repeats.replaced(rows, points, rng)

    def raw(self, n_samples, rng, fresh=False):
        Z = np.tile(self.constant, (n_samples, 1))
        if self.generator is None:
            return Z
        # Rows of the package's generators are in random order, one whole cloud after the
        # other: each is nearer to the data than as many of several.
        own = isinstance(self.generator, BaseGenerator)
        samples = (ask if own else draw)(self.generator, n_samples, rng, fresh)[0]
        Z[:, self.varying] = self.scaler.inverse_transform(samples)
        return Z

    def rows(self, points):
        """What rows points become, encoded."""
        Z = _calibration.calibrated(self.maps, points)
        return np.hstack([block.decoded(Z) for block in self.blocks])


def fitted_part(generator, Z, blocks, calibrate, repeats, rng):
    """A clone of the generator, fitted to rows Z (n, d), as a `Part`.

    ``repeats(rows, Z)`` makes a `Repeats` of samples as decoded.
    """
    varying = np.ptp(Z, axis=0) > 0
    if not varying.any():  # one class of several
        return Part(None, None, varying, Z[0], blocks, [])
    scaler = StandardScaler().fit(Z[:, varying])
    fitted = seeded(generator, rng).fit(scaler.transform(Z[:, varying]))
    part = Part(fitted, scaler, varying, Z[0], blocks, [])
    if not calibrate:
        return part
    points = part.raw(len(Z), rng)
    part = replace(part, maps=_calibration.calibration(blocks, points, Z, rng))
    return replace(part, repeats=repeats(part.rows(points), Z))
