"""Tables of people with every kind of column."""

import numpy as np
import pandas as pd


def people(n=60, seed=0):
    """A pandas frame of n rows: numbers, labels, times, missing values."""
    rng = np.random.default_rng(seed)
    height = rng.normal(170, 10, n).round(1)
    return pd.DataFrame(
        {
            "height": height,
            "weight": np.where(rng.random(n) < 0.2, np.nan, height - rng.normal(100, 5, n)),
            "children": rng.poisson(1.0, n),
            "size": np.select([height > 175, height > 165], ["L", "M"], "S"),
            "home": pd.Series(rng.choice(["own", "rent", None], n), dtype=object),
            "member": rng.random(n) < 0.3,
            "since": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 900, n), "D"),
        }
    )
