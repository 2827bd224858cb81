"""Choosing hyperparameters."""

from skgantk.model_selection._geometric import GeometricSearchCV
from skgantk.model_selection._lambda import search_lambda

__all__ = ["GeometricSearchCV", "search_lambda"]
