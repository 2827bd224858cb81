"""Choosing hyperparameters."""

from skgantk.model_selection._geometric import GeometricSearchCV

__all__ = ["GeometricSearchCV"]
