"""New rows of any table are of its schema, of values that may occur, in its shares.

Hypothesis draws tables of every kind of column, dtype and library, with holes. There are 25
cases, the same in every run; ``SKGANTK_CASES=500`` for others, which `make slow` does.
"""

import os
from dataclasses import replace

import numpy as np
import pytest
from _reference.frames import LABELS, TIMES, Column, cells, may_occur, schema, tables
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom
from sklearn.base import BaseEstimator
from sklearn.neighbors import KernelDensity

from skgantk.generators import GANTKSynthesizer, TableSynthesizer

CASES = int(os.environ.get("SKGANTK_CASES", 25))
MANY = CASES > 25
QUICK = KernelDensity(bandwidth=0.3)
CHANCE = 1e-9 / 1e4  # that one comparison fails: of ten thousand, one in 10^9 times


def cases(share):
    """Run a test in so many for each of the cases."""
    return settings(
        max_examples=round(share * CASES),
        derandomize=not MANY,
        deadline=None,  # a case may have to wait for the compiler
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


def fitted(synthesizer, table, y=None):
    """The synthesizer, or None where there is nothing to learn, which it must say."""
    synthesizer.set_params(categorical_features=table.categorical, random_state=0)
    frame, refusal = table.frame, None
    columns = [*cells(frame), *([] if y is None else [y.tolist()])]
    if all(len(set(column)) == 1 for column in columns):
        refusal = "constant"
    if table.identifiers:
        refusal = "distinct: identifiers"
    if refusal is None:
        return synthesizer.fit(frame, y)
    with pytest.raises(ValueError, match=refusal):
        synthesizer.fit(frame, y)
    return None


def assert_may_occur(made, table, n):
    frame = table.frame
    assert schema(made) == schema(frame)
    for i, (new, old) in enumerate(zip(cells(made), cells(frame))):
        assert len(new) == n
        may_occur(new, old, table.columns[i], table.chosen(i))


@cases(1)
@given(
    table=tables(extreme=False),
    calibrate=st.booleans(),
    labels=st.sampled_from([None, None, 2, 5]),
    n=st.integers(1, 80),
)
def test_rows_are_of_the_kind_of_the_data(table, calibrate, labels, n):
    y = None if labels is None else np.arange(len(table.frame)) % labels
    y = None if y is None else np.array(list("abcde"))[y]
    synthesizer = fitted(TableSynthesizer(QUICK, calibrate=calibrate), table, y)
    assume(synthesizer is not None)
    for seed in (0, None):
        rows = synthesizer.sample(n, random_state=seed)
        if y is not None:
            rows, new = rows
            assert new.dtype == y.dtype
            assert set(new) <= set(y)
        assert_may_occur(rows, table, n)
    assert np.isfinite(synthesizer.score(table.frame, y))


@pytest.mark.filterwarnings("ignore:.*of the samples are copies:UserWarning")
@pytest.mark.filterwarnings("ignore:The samples are further:UserWarning")
@cases(0.04)
@given(table=tables(extreme=False), n=st.integers(1, 80))
def test_rows_of_the_synthesizer(table, n):
    """After three steps, which may be too few for good ones; that is told."""
    generator = GANTKSynthesizer(max_iter=3)
    synthesizer = fitted(TableSynthesizer(generator), table)
    assume(synthesizer is not None)
    assert_may_occur(synthesizer.sample(n, random_state=0), table, n)


class Cloud(BaseEstimator):
    """Points about the data, the same at every draw: those that calibration learns from."""

    def fit(self, X, y=None):
        self.points_ = X + np.random.default_rng(0).normal(size=X.shape)
        return self

    def sample(self, n_samples, random_state=None):
        return self.points_[:n_samples]


def without_repeats(table):
    """With a column in which no row is another: samples that repeat rows are changed."""
    assume(table.library != "numpy" or table.columns[0].kind not in TIMES)
    form = {"objects": "object", "pandas": "numpy", "numpy": "numpy"}.get(table.library)
    n = len(table.frame)
    values, none = np.random.default_rng(0).normal(size=n), np.zeros(n, bool)
    name = "more" if isinstance(table.columns[0].name, str) else 0
    more = Column(name, "float64", form or "arrow", None, values, none)
    chosen = table.categorical
    chosen = chosen if chosen == "from_dtype" else [*chosen, False]
    return replace(table, columns=[*table.columns, more], categorical=chosen)


def on_a_line(table):
    """Columns as their cells, and whether these are at least two values on a line."""
    for i, (column, values) in enumerate(zip(table.columns, cells(table.frame))):
        label = table.chosen(i) or column.kind in LABELS or column.form == "category"
        yield values, not label and len({*values, None}) > 2


@cases(0.5)
@given(table=tables(extreme=False).map(without_repeats))
def test_points_that_calibration_knows_have_the_shares_of_the_data(table):
    """Of categories exactly; of quantiles as far as a random level between two goes."""
    synthesizer = fitted(TableSynthesizer(Cloud()), table)
    assume(synthesizer is not None)
    rows = synthesizer.sample(len(table.frame))
    for new, (old, line) in zip(cells(rows), on_a_line(table)):
        if line:
            assert abs(new.count(None) - old.count(None)) <= 1
            new, old = (
                np.array([v for v in c if v is not None], float) for c in (new, old)
            )
            gaps = [np.mean(new <= v) - np.mean(old <= v) for v in old]
            assert np.max(np.abs(gaps)) <= 1 / len(new) + 1 / (len(old) - 1) + 1e-9
        else:
            error = 1 if len(set(old)) == 2 else 0  # two are on a line, too
            assert all(abs(new.count(level) - old.count(level)) <= error for level in old)


@pytest.mark.filterwarnings("ignore:Column .* has .* levels")
@cases(0.5)
@given(table=tables(extreme=False, least=300, most=400).map(without_repeats))
def test_fresh_rows_have_the_shares_of_the_data(table):
    """Of one of two levels, or of missing numbers.

    A coordinate beyond a threshold is one. If c of n rows are, the threshold lies between
    the (c - 1)th and the (c + 2)th greatest of n independent draws. The probability beyond
    the jth has the distribution Beta(j, n - j + 1), whatever that of the draws is, so that
    of m fresh ones beta-binomially many lie there.
    """
    smeared = KernelDensity(bandwidth=5.0)  # of shares far from those of the data
    synthesizer = fitted(TableSynthesizer(smeared), table)
    assume(synthesizer is not None)
    n, m = len(table.frame), 2000
    rows = synthesizer.sample(m, random_state=0)
    for new, (old, line) in zip(cells(rows), on_a_line(table)):
        two = set(old) if len(set(old)) == 2 else []
        for level in [None] if line else two:
            c, count = old.count(level), new.count(level)
            if c <= n - 2:
                assert betabinom.sf(count - 1, m, c + 2, n - c - 1) > CHANCE
            if c >= 2:
                assert betabinom.cdf(count, m, c - 1, n - c + 2) > CHANCE
