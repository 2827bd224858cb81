"""Infinite-width GANs as scikit-learn estimators."""

from skgantk import discriminators, kernels, losses
from skgantk._version import __version__

__all__ = ["__version__", "discriminators", "kernels", "losses"]
