"""Infinite-width GANs as scikit-learn estimators."""

from skgantk import kernels
from skgantk._version import __version__

__all__ = ["__version__", "kernels"]
