"""New rows of tables, points and images, by GANs of infinite width in scikit-learn.

Their discriminators are trained exactly, by neural tangent kernels; generators, kernels and
what judges samples are estimators and functions as scikit-learn has them.
"""

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
