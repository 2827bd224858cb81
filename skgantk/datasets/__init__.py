"""Data sets of the two papers, made or loaded."""

from skgantk.datasets._images import (
    load_images,
    make_letter,
    sample_image,
)
from skgantk.datasets._points import (
    make_eight_gaussians,
    make_grid_gaussians,
    make_lines,
)

__all__ = [
    "load_images",
    "make_eight_gaussians",
    "make_grid_gaussians",
    "make_letter",
    "make_lines",
    "sample_image",
]
