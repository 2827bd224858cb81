"""Ways to make new rows of a table in parts: a module, which any worker can import."""

import joblib
import numpy as np
import pandas as pd

from skgantk.generators import GANTKSynthesizer, TableSynthesizer

DAY = np.timedelta64(1, "D")
REGIONS = np.array(["north", "east", "south", "west"])


def table(number, n):
    """Part of this number, of n rows; all are of one law."""
    rng = np.random.default_rng([0, number])
    member = rng.random(n) < 0.4
    age = np.clip(rng.normal(np.where(member, 48, 35), 12), 18, 95).round()
    income = np.exp(rng.normal(10 + 0.01 * age, 0.4)).round(2)
    region = (4 * rng.random(n) ** (1 + member)).astype(int)
    visits = rng.poisson(np.where(member, 6, 2))
    columns = {
        "age": age,
        "income": np.where(rng.random(n) < 0.1, np.nan, income),
        "region": REGIONS[region],
        "member": member,
        "visits": visits,
        "spent": (visits * rng.gamma(2, 20, n)).round(2),
        "since": np.datetime64("2015-01-01", "us") + rng.integers(0, 3650, n) * DAY,
    }
    return pd.DataFrame(columns)


def new_rows(part, seed):
    return TableSynthesizer(random_state=seed).fit(part).sample(len(part), seed)


def of_partition(part, partition_info=None):
    return new_rows(part, partition_info["number"])


def of_number(number, n):
    return new_rows(table(number, n), number)


def by_dask(n_parts, n, workers, threads=1):
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    size = {"n_workers": workers, "threads_per_worker": threads}
    with LocalCluster(**size, dashboard_address=None) as cluster, Client(cluster):
        frame = dd.from_map(table, range(n_parts), n=n, meta=table(0, 0))
        made = frame.map_partitions(of_partition, meta=frame._meta)
        return made.compute().reset_index(drop=True)


def by_threads(n_parts, n, threads):
    return by_dask(n_parts, n, 1, threads)


def by_joblib(n_parts, n, workers):
    parts = joblib.Parallel(n_jobs=workers)(
        joblib.delayed(of_number)(k, n) for k in range(n_parts)
    )
    return pd.concat(parts, ignore_index=True)


def by_one(n_parts, n, _):
    return pd.concat([of_number(k, n) for k in range(n_parts)], ignore_index=True)


def by_sample(n_parts, n, workers):
    synthesizer = TableSynthesizer(GANTKSynthesizer(n_jobs=workers), random_state=0)
    return synthesizer.fit(table(0, n)).sample(n_parts * n, 0)


WAYS = {
    "dask": by_dask,
    "threads": by_threads,
    "joblib": by_joblib,
    "one": by_one,
    "sample": by_sample,
}
