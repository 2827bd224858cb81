"""Shapes and windows of a convolutional network: static, and known before tracing."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from skgantk._numerics.elementwise import stored_backwards


class Axis(NamedTuple):
    """How a filter moves along one axis of a map."""

    size: int  # of the map
    filter: int
    stride: int
    padding: str

    @property
    def outputs(self):
        """Size of the next map."""
        if self.padding == "SAME":
            return -(-self.size // self.stride)
        return max(0, (self.size - self.filter) // self.stride + 1)

    @property
    def before(self):
        """Padding in front; an odd pixel goes behind, as everywhere since TensorFlow."""
        return max(0, self._span - self.size) // 2 if self.padding == "SAME" else 0

    @property
    def behind(self):
        return max(0, self._span - self.size - self.before)

    @property
    def _span(self):
        return (self.outputs - 1) * self.stride + self.filter

    def entry(self, a):
        """The slice of the padded axis that entry ``a`` of the filter sees."""
        return slice(a, a + (self.outputs - 1) * self.stride + 1, self.stride)

    def means(self):
        """The matrix (outputs, size) of means over windows, padding being 0."""
        first = np.arange(self.outputs)[:, None] * self.stride - self.before
        offset = np.arange(self.size) - first
        return ((offset >= 0) & (offset < self.filter)) / self.filter


def entries(axes, maps):
    """What each entry of a filter sees of maps (height, width, ...), in order."""
    rows, columns = axes
    around = [(axis.before, axis.behind) for axis in axes]
    maps = jnp.pad(maps, around + [(0, 0)] * (maps.ndim - 2))
    return [
        maps[rows.entry(a), columns.entry(b)]
        for a in range(rows.filter)
        for b in range(columns.filter)
    ]


def seen(axes, maps):
    """What a filter sees of maps (height, width, channels), in one row for each place."""
    return jnp.concatenate(entries(axes, stored_backwards(maps)), axis=-1)


@dataclass(frozen=True)
class Architecture:
    """Convolutions with one filter, a flattening, ``n_dense`` hidden dense layers and an
    output.

    Parameters
    ----------
    image_shape : (height, width, channels)
    n_convolutions : int
    filter_shape, strides : (rows, columns)
    padding : "SAME" or "VALID"
    n_dense : int
    """

    image_shape: tuple
    n_convolutions: int
    filter_shape: tuple
    strides: tuple
    padding: str
    n_dense: int

    @property
    def convolutions(self):
        """Two `Axis` for every convolution."""
        layers, shape = [], self.image_shape[:2]
        for _ in range(self.n_convolutions):
            filters = zip(shape, self.filter_shape, self.strides)
            layers.append([Axis(*numbers, self.padding) for numbers in filters])
            shape = tuple(axis.outputs for axis in layers[-1])
        return layers

    @property
    def map_shapes(self):
        """(height, width) after every convolution."""
        return [tuple(axis.outputs for axis in axes) for axes in self.convolutions]

    @property
    def windows(self):
        """What follows an activation: matrices of means along the axes, or None for a dense
        layer on what has been flattened already.
        """
        _, *convolutions = self.convolutions
        height, width = self.map_shapes[-1]
        flatten = [Axis(height, height, 1, "VALID"), Axis(width, width, 1, "VALID")]
        windows = [[axis.means() for axis in axes] for axes in [*convolutions, flatten]]
        return [*windows, *[None] * self.n_dense]

    def patches(self, X):
        """What the first filter sees of flattened images (n, d): (K, height, width, n)."""
        self.check_width(X.shape[1])
        # Images last: the kernels' loops run over them.
        images = X.T.reshape(*self.image_shape, -1)
        stacked = jnp.stack(entries(self.convolutions[0], images))
        stacked = jnp.moveaxis(stacked, 3, 1)  # channels beside entries
        return stacked.reshape(-1, *stacked.shape[2:])

    def check_width(self, n_features):
        """Raise ValueError unless rows of ``n_features`` are images of our shape."""
        if n_features != math.prod(self.image_shape):
            raise ValueError(
                f"image_shape={self.image_shape} has {math.prod(self.image_shape)} "
                f"entries, but X has {n_features} features. Give image_shape as "
                "(height, width, channels) of the flattened images."
            )

    def check_maps(self):
        """Raise ValueError if a convolution leaves no pixel."""
        for layer, shape in enumerate(self.map_shapes, start=1):
            if 0 in shape:
                raise ValueError(
                    f"Convolution {layer} of {self.n_convolutions} leaves no pixel of "
                    f"images of {self.image_shape[0]} × {self.image_shape[1]}: with "
                    f'padding="VALID" filters of {self.filter_shape} do not fit. Use '
                    'padding="SAME", fewer convolutions or smaller filters.'
                )
