"""Part 2 of gpu.py: pairs per second of kernel sums and their gradients, and the floor.

The floor is the greatest of three times of a pair: of its elementwise operations (FLOPS of
kernel_speed.py, which leave out divisions and roots), of its operations in products of
matrices in float64 beyond 16 features, and of the maps of pairs that such products read
and write; at speeds that are measured first.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import sklearn
from _common import peer_kernel
from _gpu_report import clock
from kernel_speed import FLOPS, peak_flops

from skgantk._numerics import operators
from skgantk._numerics.geometry import DIRECT_FEATURES, matmul
from skgantk.kernels import NTK, ConvNTK, as_core

OPERATORS = {"sum": operators.product, "gradient": operators.gradient}
COMPILED = {"sum": operators._sum, "gradient": operators._gradient}
# Pairs per second that an H100 should reach, 10⁵ × 10⁵ points, float32 and float64.
PREDICTED = {
    ("sum", 2): (1e11, 2.5e10),
    ("gradient", 2): (6e10, 1.5e10),
    ("sum", 30): (8e10, 2e10),
    ("gradient", 30): (3.5e10, 1e10),
    ("sum", 784): (2.5e10, 1e10),
    ("gradient", 784): (1.3e10, 7e9),
}
DTYPES = "float32", "float64"
SIZES = 1000, 10_000, 100_000, 1_000_000  # the first is that of the quick form
# Rows and columns of tiles; None is what the package takes by itself. XLA 0.11.2 compiles
# (65536, 4096), 2²⁸ pairs, for more than three minutes.
TILES = [
    None,
    (1024, 1024),
    (2048, 4096),
    (8192, 4096),
    (2048, 16384),
    (32768, 256),
    (32768, 1024),
]
SMALL_TILES = [None, (64, 512)]


def ceilings(report, quick):
    """What this machine does at best, measured: operations and bytes per second."""
    found = {}
    size, terms = (2**15, 64) if quick else (2**23, 512)
    side, numbers = (256, 2**20) if quick else (8192, 2**28)
    expected = {"elementwise": (5.5e13, 2.8e13), "product": (4.5e13, 5.5e13)}

    def elementwise(dtype):
        with jax.enable_x64(True):
            return peak_flops(dtype, size, terms)

    def product(dtype):
        with jax.enable_x64(True):
            a = jax.random.normal(jax.random.key(0), (side, side), dtype)
            f = jax.jit(matmul)
            jax.block_until_ready(f(a, a))
            return 2 * side**3 / clock(lambda: f(a, a))

    def copy():
        a, f = jnp.ones(numbers, jnp.float32), jax.jit(lambda a: a + 1)
        jax.block_until_ready(f(a))
        return 2 * 4 * numbers / clock(lambda: f(a))

    def keep(key, measure, predicted, unit):
        found[key] = measure()
        return speed(found[key], unit, report.expected(f"{predicted:.1e}"))

    for name, measure in (("elementwise", elementwise), ("product", product)):
        for dtype, predicted in zip(DTYPES, expected[name]):
            label = f"{dtype} ceiling: {name} operations"
            args = (name, dtype), partial(measure, dtype), predicted, "operations"
            report.row(label, partial(keep, *args))
    label = "ceiling: a copy, read and written"
    report.row(label, partial(keep, "copy", copy, 2.8e12, "bytes"))
    return found


def floor(found, operator, d, dtype):
    """Seconds that a pair takes at least, 0 where the ceilings are not known."""
    products = 0  # matrix products over d features, in float64: see `geometry`
    if d > DIRECT_FEATURES:
        products = (1 if dtype == "float32" else 3) + (operator == "gradient")
    gram_or_gradient = "gram" if operator == "sum" else operator
    times = [
        FLOPS[gram_or_gradient, dtype] / found.get(("elementwise", dtype), np.inf),
        2 * products * d / found.get(("product", "float64"), np.inf),
        2 * 8 * products / found.get("copy", np.inf),
    ]
    return max(times)


def speed(rate, unit, rest=""):
    """A text, and the figure."""
    return f"{rate:9.2e} {unit}/s{rest}", {f"speed, {unit}/s": rate}


class Sums:
    """Rows of the table; rates of those before tell how many points to take."""

    def __init__(self, report, found, seconds, rates):
        self.report, self.found, self.seconds = report, found, seconds
        self.rates, self.share = rates, 0.1  # of the floor, a guess at first

    def rows_for(self, operator, d, dtype, n):
        """As many of n rows as should take the seconds there are for it."""
        floor_ = floor(self.found, operator, d, dtype)
        guess = self.share / floor_ if floor_ else 1e8
        rate = self.rates.get((operator, d, dtype), guess)
        return int(min(n, max(1024, self.seconds * rate / n // 1024 * 1024)))

    def points(self, d, dtype, n):
        rng = np.random.default_rng(0)
        X = rng.uniform(-1, 1, (n, d)) if d > 30 else 3 * rng.normal(size=(n, d))
        return jnp.asarray(X.astype(dtype)), jnp.asarray(rng.normal(size=n).astype(dtype))

    def measure(self, operator, d, dtype, n, tile=None):
        """Pairs per second."""
        core = as_core(NTK())
        with jax.enable_x64(True):
            Y, coef = self.points(d, dtype, n)
            X = Y[: self.rows_for(operator, d, dtype, n)]
            function = partial(OPERATORS[operator], core, X, Y, coef)
            if tile is not None:
                function = partial(COMPILED[operator], core, X, Y, coef, tile)
            jax.block_until_ready(function())
            return len(X), len(X) * n / clock(function, self.seconds)

    def row(self, operator, d, dtype, n):
        def text():
            rows, rate = self.measure(operator, d, dtype, n)
            self.rates[operator, d, dtype] = rate
            share = rate * floor(self.found, operator, d, dtype)
            if (operator, d, dtype) == ("sum", 2, "float32") and share:
                self.share = share
            predicted = PREDICTED[operator, d][DTYPES.index(dtype)]
            expected = self.report.expected(f"{predicted:.1e}")
            rest = f", {share:4.0%} of the floor's, {rows} rows{expected}"
            return speed(rate, "pairs", rest)

        self.report.row(f"{dtype} NTK {operator}, d = {d}, {n} points", text)

    def tiles(self, operator, n, shapes):
        """The best shape of a tile."""
        rates = {}

        def text(shape):
            rates[shape] = self.measure(operator, 2, "float32", n, shape)[1]
            return speed(rates[shape], "pairs")

        rows = self.rows_for(operator, 2, "float32", n)
        own = operators.tile_shape(rows, n, 4)
        for shape in shapes:
            name = f"{own} (its own)" if shape is None else str(shape)
            self.report.row(f"float32 tile of the {operator}: {name}", partial(text, shape))
        if rates:
            best = max(rates, key=rates.get)
            gain = rates[best] / rates[None] if None in rates else np.inf
            self.report.line(f"  best: {best or own}, {gain:.2f} times its own")


def peer(report, n):
    """neural-tangents' Gram matrix times c, and the gradient of it; n × n at once."""

    def text(operator, predicted):
        kernel_fn = peer_kernel()
        rng = np.random.default_rng(0)
        X, coef = 3 * rng.normal(size=(n, 2)), rng.normal(size=n)
        X, coef = (jnp.asarray(a, jnp.float32) for a in (X, coef))

        def product(X, Y, coef):
            return jnp.matmul(kernel_fn(X, Y, "ntk"), coef, precision="highest")

        f = jax.jit(product)
        if operator == "gradient":
            f = jax.jit(jax.grad(lambda X, Y, coef: jnp.sum(product(X, Y, coef))))
        jax.block_until_ready(f(X, X, coef))
        rate = n * n / clock(lambda: f(X, X, coef))
        return speed(rate, "pairs", report.expected(f"{predicted:.1e}"))

    for operator, predicted in (("sum", 9e9), ("gradient", 3e9)):
        label = f"float32 neural-tangents {operator}, d = 2, {n} points"
        report.row(label, partial(text, operator, predicted))


def images(report, quick):
    """A Gram matrix of `ConvNTK` by ``working_memory``, which decides on its tiles."""
    n, shape = (4, (8, 8)) if quick else (512, (28, 28))
    kernel = ConvNTK(shape) if quick else ConvNTK.mnist()
    X = np.random.default_rng(0).uniform(size=(n, shape[0] * shape[1]))
    X = jnp.asarray(X.astype(np.float32))

    def text(memory):
        with sklearn.config_context(working_memory=memory), jax.enable_x64(True):
            core = as_core(kernel)
            tile = operators.tile_of(core, n, n, X.dtype)
            jax.block_until_ready(operators.gram(core, X))
            seconds = clock(lambda: operators.gram(core, X))
        rest = f" in tiles of {tile}{report.expected('3.0e+07')}"
        return speed(n * n / seconds, "pairs", rest)

    for memory in (1024,) if quick else (1024, 256, 4096):
        label = f"float32 ConvNTK Gram matrix, {n} images, {memory} MiB"
        report.row(label, partial(text, memory))


def run(report, quick, rates):
    """Ceilings, and sums, whose rates are kept in ``rates``."""
    found = ceilings(report, quick)
    sums = Sums(report, found, 0.05 if quick else 0.3, rates)
    sizes = SIZES[:1] if quick else SIZES[1:]
    for n in sizes:
        for operator in OPERATORS:
            sums.row(operator, 2, "float32", n)
    for operator in ("gradient",) if quick else OPERATORS:
        sums.tiles(operator, sizes[len(sizes) // 2], SMALL_TILES if quick else TILES)
    peer(report, 100 if quick else 10_000)
    images(report, quick)
    # From what tells most to what tells least, should time run out.
    for n in [*sizes[1:], sizes[0]]:
        for dtype in DTYPES:
            for d in (2, 30, 784):
                for operator in OPERATORS:
                    done = (d, dtype) == (2, "float32")
                    if not done and not (quick and d + (dtype == "float64") > 30):
                        sums.row(operator, d, dtype, n)
