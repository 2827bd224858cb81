"""Displays: what discriminators, flows, images, searches and tables look like."""

from skgantk.inspection._dirac_field import DiracFieldDisplay
from skgantk.inspection._discriminator import DiscriminatorDisplay
from skgantk.inspection._flow import FlowDisplay
from skgantk.inspection._images import ImageGridDisplay
from skgantk.inspection._loss_curve import LossCurveDisplay
from skgantk.inspection._search import SearchDisplay
from skgantk.inspection._table_report import TableReportDisplay

__all__ = [
    "DiracFieldDisplay",
    "DiscriminatorDisplay",
    "FlowDisplay",
    "ImageGridDisplay",
    "LossCurveDisplay",
    "SearchDisplay",
    "TableReportDisplay",
]
