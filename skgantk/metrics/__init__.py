"""Distances between clouds of points, and what to look for in generated samples."""

from skgantk.metrics._energy import energy_distance
from skgantk.metrics._image import average_max_ssim, frechet_distance
from skgantk.metrics._mmd import mmd, mmd_test
from skgantk.metrics._samples import copying_score, mode_coverage
from skgantk.metrics._scorers import (
    neg_energy_scorer,
    neg_mmd_scorer,
    neg_wasserstein_scorer,
)
from skgantk.metrics._sinkhorn import sinkhorn_divergence
from skgantk.metrics._wasserstein import wasserstein_distance

__all__ = [
    "average_max_ssim",
    "copying_score",
    "energy_distance",
    "frechet_distance",
    "mmd",
    "mmd_test",
    "mode_coverage",
    "neg_energy_scorer",
    "neg_mmd_scorer",
    "neg_wasserstein_scorer",
    "sinkhorn_divergence",
    "wasserstein_distance",
]
