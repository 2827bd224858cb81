"""New rows of a table too long for one fit, made in parts: time, memory, quality.

The table has numbers, labels, times and missing values, and is made in parts of ``--part``
rows by a seeded function, wherever they are wanted. A `TableSynthesizer` for each part
gives as many new rows, or (``sample``) one for the first part gives all, by further
problems of `GANTKSynthesizer`, which a pool of processes shares. ``dask`` has partitions of
a frame on workers of one thread each, ``threads`` on one worker of so many threads,
``joblib`` a pool of processes, ``one`` a loop. Each way runs in a process of its own.
Seconds are of the whole, from the start of workers through compilation to all new rows in
one frame; CPU seconds and peak memory are summed over the process and its workers, with
memory of libraries that they share in each. Quality is of rows drawn from all: the
Wasserstein distance of 1000 to as many fresh rows over that of fresh rows, 1 at best, and
the AUC of a forest that tells 2000 from fresh ones, ½ at best.
"""

import os
import threading
import time

from _common import Results, in_own_process, options
from _table_parts import WAYS, table
from joblib.externals.loky import get_reusable_executor

from skgantk.metrics import table_wasserstein_distance, two_sample_auc


class Watch(threading.Thread):
    """Peak memory and CPU seconds of this process and all below it, while it is open."""

    def __enter__(self):
        self._done, self._seconds, self.peak = threading.Event(), {}, 0
        self.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self.join()

    def run(self):
        import psutil

        me = psutil.Process()
        while not self._done.wait(0.2):
            total = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                    self._seconds[process.pid] = sum(process.cpu_times()[:2])
                except psutil.Error:  # it has ended since
                    continue
            self.peak = max(self.peak, total)

    @property
    def cpu_seconds(self):
        return sum(self._seconds.values())


def figures(way, n_parts, n, workers):
    with Watch() as watch:
        start = time.perf_counter()
        made = WAYS[way](n_parts, n, workers)
        seconds = time.perf_counter() - start
    # Or this process, at its end, waits until joblib's have been idle for five minutes.
    get_reusable_executor().shutdown()
    assert made.shape == (n_parts * n, table(0, 0).shape[1])
    speed = len(made) / seconds
    return seconds, watch.cpu_seconds, speed, watch.peak / 2**30, *quality(made, n_parts)


def quality(made, unused):
    """``unused`` and the next are numbers of parts that nothing was learnt from."""
    some = made.sample(min(2000, len(made)), random_state=0)
    fresh, others = (table(unused + k, 2000) for k in range(2))
    floor = table_wasserstein_distance(fresh[:1000], others[:1000])
    ratio = table_wasserstein_distance(fresh[:1000], some[:1000]) / floor
    return ratio, two_sample_auc(fresh, some, random_state=0)


def add_arguments(parser):
    parser.add_argument("--rows", type=int, default=10**6)
    parser.add_argument(
        "--part", type=int, nargs="*", default=[10_000], help="rows of each"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument(
        "--ways", nargs="*", choices=WAYS, default=["dask", "threads", "joblib"]
    )


if __name__ == "__main__":
    args = options(__doc__.partition("\n")[0], add_arguments)
    if args.quick:
        args.rows, args.part = 400, [200]
    results = Results(args)
    results.heads(
        {"rows": 9, "rows a part": 13, "way": 8, "workers": 8},
        {
            **{"seconds": ".1f", "CPU seconds": ".1f", "speed, rows/s": ".0f"},
            **{"peak GiB": ".2f", "W1 / of fresh rows": ".2f", "AUC": ".2f"},
        },
    )
    for n in args.part:
        n_parts = max(args.rows // n, 1)
        for way in args.ways:
            workers = 1 if way == "one" else args.workers
            found = in_own_process(figures, way, n_parts, n, workers)
            results.row(n_parts * n, n, way, workers, *found)
