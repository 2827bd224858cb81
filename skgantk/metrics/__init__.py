"""Distances between clouds of points and between tables; what to look for in samples."""

from skgantk.metrics._closest_record import closest_record_distance
from skgantk.metrics._column_shapes import column_shapes
from skgantk.metrics._energy import energy_distance
from skgantk.metrics._image import average_max_ssim, frechet_distance
from skgantk.metrics._impossible_values import impossible_values
from skgantk.metrics._mmd import mmd, mmd_test
from skgantk.metrics._pair_trends import pair_trends
from skgantk.metrics._repeated_rows import repeated_rows
from skgantk.metrics._sample_scorer import make_sample_scorer
from skgantk.metrics._samples import copying_score, mode_coverage
from skgantk.metrics._scorers import (
    neg_energy_scorer,
    neg_mmd_scorer,
    neg_wasserstein_scorer,
)
from skgantk.metrics._sinkhorn import sinkhorn_divergence
from skgantk.metrics._table_coverage import table_coverage
from skgantk.metrics._table_report import TableReport, table_report
from skgantk.metrics._table_scorers import (
    neg_table_wasserstein_scorer,
    neg_two_sample_auc_scorer,
    pair_trends_scorer,
    train_on_synthetic_scorer,
)
from skgantk.metrics._table_wasserstein import table_wasserstein_distance
from skgantk.metrics._train_on_synthetic import train_on_synthetic_score
from skgantk.metrics._two_sample import two_sample_auc
from skgantk.metrics._wasserstein import wasserstein_distance

__all__ = [
    "TableReport",
    "average_max_ssim",
    "closest_record_distance",
    "column_shapes",
    "copying_score",
    "energy_distance",
    "frechet_distance",
    "impossible_values",
    "make_sample_scorer",
    "mmd",
    "mmd_test",
    "mode_coverage",
    "neg_energy_scorer",
    "neg_mmd_scorer",
    "neg_table_wasserstein_scorer",
    "neg_two_sample_auc_scorer",
    "neg_wasserstein_scorer",
    "pair_trends",
    "pair_trends_scorer",
    "repeated_rows",
    "sinkhorn_divergence",
    "table_coverage",
    "table_report",
    "table_wasserstein_distance",
    "train_on_synthetic_score",
    "train_on_synthetic_scorer",
    "two_sample_auc",
    "wasserstein_distance",
]
