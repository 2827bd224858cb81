"""Validation that all metrics share."""

import numpy as np
from sklearn.utils import check_array

LARGEST = 1e150  # above it squared distances overflow


def check_clouds(*, min_samples=1, **clouds):
    """Return clouds of points in float64: two-dimensional, finite, of one width.

    Parameters
    ----------
    min_samples : int, default=1
        How many points each cloud needs.
    **clouds : array-like of shape (n_samples, n_features)
        By the names that the messages use.

    Returns
    -------
    arrays : list of ndarray

    Raises
    ------
    ValueError
        If an array is not such a cloud, or the widths differ.
    """
    arrays = [
        check_array(A, dtype=np.float64, ensure_min_samples=min_samples, input_name=name)
        for name, A in clouds.items()
    ]
    widths = [A.shape[1] for A in arrays]
    if len(set(widths)) > 1:
        raise ValueError(
            f"{_listed(clouds)} must have the same number of features; got "
            f"{_listed(map(str, widths))}."
        )
    if max(np.abs(A).max() for A in arrays) > LARGEST:
        raise ValueError(
            f"A coordinate in {_listed(clouds)} exceeds {LARGEST:g}: its square overflows. "
            "Scale the data."
        )
    return arrays


def _listed(words):
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last
