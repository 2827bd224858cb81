"""What a first call costs: import, compilation, and how many programs are compiled.

Each line is a fresh process, each figure the median of them. "import" is that of
skgantk after scikit-learn and JAX, "again" the same call once more, "one row fewer" the
same with another number of rows; "programs" are those compiled by the first and by the
latter call. "on disk" is the first call of a process that finds the programs of another
one by `skgantk.cache_compilations`. Cases of 20000 rows run when they are named. With
--checks: how long scikit-learn's checks take.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

CASES = {}


def by_itself(estimator):
    return estimator()


def around_a_density(sampler):
    from sklearn.neighbors import KernelDensity

    return sampler(KernelDensity())


def before_a_density(make_pipeline):
    from sklearn.neighbors import KernelDensity
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), KernelDensity())


# How each public estimator is made for scikit-learn's checks.
ESTIMATORS = {
    "NTKIPMDiscriminator": by_itself,
    "NTKLSGANDiscriminator": by_itself,
    "NTKGANDiscriminator": by_itself,
    "FiniteWidthDiscriminator": by_itself,
    "ParticleFlowGenerator": by_itself,
    "GANTKSynthesizer": by_itself,
    "NeuralGenerator": by_itself,
    "ConditionalSampler": around_a_density,
    "make_sampling_pipeline": before_a_density,
}


def case(function):
    CASES[function.__name__] = function
    return function


def iris(n):
    from sklearn.datasets import load_iris

    return load_iris().data[:n]


def two_clouds(n):
    import numpy as np

    labels = np.arange(n) % 2
    return np.random.default_rng(0).normal(size=(n, 2)) + labels[:, None], labels


def synthesis(n):
    import numpy as np

    from skgantk.generators import GANTKSynthesizer

    X = iris(n) if n <= 150 else np.random.default_rng(0).normal(size=(n, 8))
    return lambda: GANTKSynthesizer(random_state=0).fit(X)


@case
def synthesis_iris(fewer):
    return synthesis(150 - fewer)


@case
def synthesis_512(fewer):
    return synthesis(512 - fewer)


@case
def synthesis_5000(fewer):
    return synthesis(5000 - fewer)


@case
def synthesis_20000(fewer):
    return synthesis(20_000 - fewer)


def people(n):
    """A frame of 15 columns that depend on one another: 8 of numbers, holes in two."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    latent = rng.normal(size=(n, 4)) @ rng.normal(size=(4, 15))
    latent += rng.normal(size=(n, 15))
    frame = {f"number{i}": latent[:, i] for i in range(4)}
    frame |= {f"price{i}": np.exp(latent[:, i]).round(2) for i in (4, 5)}
    frame |= {f"count{i}": rng.poisson(np.exp(latent[:, i] / 3)) for i in (6, 7)}
    for i, levels in ((8, 2), (9, 5), (10, 8), (11, 12), (12, 20), (13, 40)):
        cuts = np.quantile(latent[:, i], np.linspace(0, 1, levels + 1)[1:-1])
        frame[f"kind{i}"] = [f"level{k}" for k in np.searchsorted(cuts, latent[:, i])]
    days = (100 * latent[:, 14]).astype(int)
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, "D")
    frame = pd.DataFrame(frame)
    for column in ("number0", "count6"):
        frame[column] = frame[column].mask(latent[:, 1] + rng.normal(size=n) > 3)
    return frame


def table(n):
    from skgantk.generators import TableSynthesizer

    frame = people(n)
    return lambda: TableSynthesizer(random_state=0).fit(frame)


def rows_of_table(n):
    fitted = table(n)()
    return lambda: fitted.sample(n, random_state=0)


@case
def table_200(fewer):
    return table(200 - fewer)


@case
def table_2000(fewer):
    return table(2000 - fewer)


@case
def table_20000(fewer):
    return table(20_000 - fewer)


@case
def rows_of_200(fewer):
    return rows_of_table(200 - fewer)


@case
def rows_of_2000(fewer):
    return rows_of_table(2000 - fewer)


@case
def rows_of_20000(fewer):
    return rows_of_table(20_000 - fewer)


@case
def flow_iris(fewer):
    from skgantk.generators import ParticleFlowGenerator

    X = iris(150 - fewer)
    return lambda: ParticleFlowGenerator(random_state=0).fit(X)


@case
def lsgan_200(fewer):
    from skgantk.discriminators import NTKLSGANDiscriminator

    X, y = two_clouds(200 - fewer)
    return lambda: NTKLSGANDiscriminator().fit(X, y)


@case
def ipm_200(fewer):
    from skgantk.discriminators import NTKIPMDiscriminator

    X, y = two_clouds(200 - fewer)
    return lambda: NTKIPMDiscriminator().fit(X, y)


@case
def kernel_iris(fewer):
    from skgantk.kernels import NTK

    X = iris(150 - fewer)
    return lambda: NTK()(X)


@case
def digits_by_class(fewer):
    from sklearn.datasets import load_digits

    from skgantk.generators import ConditionalSampler, GANTKSynthesizer

    X, y = load_digits(return_X_y=True)
    sampler = ConditionalSampler(GANTKSynthesizer(), random_state=0)
    return lambda: sampler.fit(X[fewer:] / 16, y[fewer:])


@case
def grid_search_iris(fewer):
    from sklearn.model_selection import GridSearchCV

    from skgantk.generators import GANTKSynthesizer

    grid = {"epsilon": [0.02, 0.05, 0.1, 0.2]}
    search = GridSearchCV(GANTKSynthesizer(random_state=0), grid, cv=3)
    X = iris(150 - fewer)
    return lambda: search.fit(X)


def measure(name, directory=""):
    """In this process: seconds and numbers of programs, of the calls of a case."""
    import jax
    import sklearn.base  # noqa: F401

    start = time.perf_counter()
    import skgantk

    result = {"import": time.perf_counter() - start}
    if directory:
        skgantk.cache_compilations(directory)
    programs = []

    def listener(event, duration, **kwargs):
        programs.append(event.endswith("/backend_compile_duration"))

    jax.monitoring.register_event_duration_secs_listener(listener)
    calls = {"first": 0} if directory else {"first": 0, "again": 0, "fewer": 1}
    for key, fewer in calls.items():
        call = CASES[name](fewer)
        programs.clear()
        start = time.perf_counter()
        call()
        result[key] = time.perf_counter() - start
        result[f"{key} programs"] = sum(programs)
    return result


def check(name):
    """In this process: seconds of scikit-learn's checks of an estimator, all defaults."""
    from sklearn.utils.estimator_checks import check_estimator

    from skgantk import discriminators, generators, pipeline

    makers = {**vars(discriminators), **vars(generators), **vars(pipeline)}
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    results = check_estimator(ESTIMATORS[name](makers[name]), on_fail=None)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "failed": sum(r["status"] == "failed" for r in results)}


def in_fresh_process(task, *args):
    command = [sys.executable, __file__, task, *args]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def medians(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def medians_of(name, repeats):
    """Figures of a case."""
    plain = medians([in_fresh_process("--measure", name) for _ in range(repeats)])
    with tempfile.TemporaryDirectory() as directory:
        in_fresh_process("--measure", name, directory)
        cached = medians(
            [in_fresh_process("--measure", name, directory) for _ in range(repeats)]
        )
    names = ("import", "first", "again", "fewer", "first programs", "fewer programs")
    return *(plain[name] for name in names), cached["first"]


def add_arguments(parser):
    parser.add_argument("cases", nargs="*", default=[])
    parser.add_argument("--checks", action="store_true", help="check_estimator too")
    parser.add_argument("--repeats", type=int, default=5, help="fresh processes")


if __name__ == "__main__":
    # Before anything of skgantk is imported.
    task = {"--measure": measure, "--check": check}.get("".join(sys.argv[1:2]))
    if task:
        print(json.dumps(task(*sys.argv[2:])))
        sys.exit()
    from _common import Results, options

    args = options(__doc__, add_arguments)
    results = Results(args)
    results.heads(
        {"case": 18},
        {
            **dict.fromkeys(("import, s", "first, s", "again, s"), ".2f"),
            "one row fewer, s": ".2f",
            **dict.fromkeys(("programs", "and then programs"), ".0f"),
            "on disk, s": ".2f",
        },
    )
    quick = [name for name in CASES if not name.endswith("20000")]
    for name in args.cases or (["kernel_iris"] if args.quick else quick):
        results.row(name, *medians_of(name, 1 if args.quick else args.repeats))
    if args.checks:
        print("\ncheck_estimator, all defaults; how many checks failed")
        results.heads({"estimator": 28}, {"seconds": ".1f", "failed": ".0f"})
        for name in ESTIMATORS:
            result = in_fresh_process("--check", name)
            results.row(name, result["seconds"], result["failed"])
