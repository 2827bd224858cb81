"""Infinite-width GANs as scikit-learn estimators."""

from skgantk import (
    datasets,
    discriminators,
    generators,
    inspection,
    kernels,
    losses,
    metrics,
    model_selection,
    pipeline,
    preprocessing,
)
from skgantk._compilation import cache_compilations
from skgantk._version import __version__

__all__ = [
    "__version__",
    "cache_compilations",
    "datasets",
    "discriminators",
    "generators",
    "inspection",
    "kernels",
    "losses",
    "metrics",
    "model_selection",
    "pipeline",
    "preprocessing",
]
