"""Displays: what discriminators, flows, images and searches look like."""

from skgantk.inspection._dirac_field import DiracFieldDisplay
from skgantk.inspection._discriminator import DiscriminatorDisplay
from skgantk.inspection._flow import FlowDisplay
from skgantk.inspection._images import ImageGridDisplay
from skgantk.inspection._loss_curve import LossCurveDisplay
from skgantk.inspection._search import SearchDisplay

__all__ = [
    "DiracFieldDisplay",
    "DiscriminatorDisplay",
    "FlowDisplay",
    "ImageGridDisplay",
    "LossCurveDisplay",
    "SearchDisplay",
]
