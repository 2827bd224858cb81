"""What all figures of tables promise, and how they answer bad input."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from _reference.people import people
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.naive_bayes import GaussianNB
from sklearn.utils._param_validation import InvalidParameterError

from skgantk import metrics

REAL, SYNTHETIC = people(45, 0), people(40, 1)
# Of a function of real and synthetic rows: its value where these are the same.
PLAIN = {
    metrics.column_shapes: 1.0,
    metrics.pair_trends: 1.0,
    metrics.table_wasserstein_distance: 0.0,
    metrics.table_coverage: 1.0,
    metrics.repeated_rows: 1.0,
    metrics.closest_record_distance: 0.0,
    metrics.impossible_values: 0.0,
}
CLASSIFIER = GaussianNB()
FITTED = {
    "two_sample_auc": partial(metrics.two_sample_auc, estimator=CLASSIFIER, random_state=0),
    "train_on_synthetic_score": partial(
        metrics.train_on_synthetic_score, target="size", estimator=CLASSIFIER
    ),
}
FIGURES = {figure.__name__: figure for figure in PLAIN} | FITTED
over_plain = pytest.mark.parametrize("figure", PLAIN, ids=lambda f: f.__name__)
over_figures = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)


@over_plain
def test_same_tables_have_the_best_value(figure):
    assert figure(REAL, REAL) == PLAIN[figure]
    assert figure(REAL, REAL.sample(frac=1, random_state=0)) == PLAIN[figure]


@over_plain
def test_others_have_not(figure):
    """Of other people, in part unlike: someone is older than all, a member of nobody."""
    other = SYNTHETIC.assign(height=SYNTHETIC["height"] + 30.0)
    assert 0 <= figure(REAL, other) != PLAIN[figure]


@over_plain
def test_does_not_depend_on_the_order_of_rows_or_columns(figure):
    expected = figure(REAL, SYNTHETIC)
    rows = [table.sample(frac=1, random_state=1) for table in (REAL, SYNTHETIC)]
    assert_allclose(figure(*rows), expected, rtol=1e-12)
    columns = list(REAL.columns[::-1])
    assert_allclose(figure(REAL[columns], SYNTHETIC[columns]), expected, rtol=1e-12)
    assert_allclose(figure(REAL, SYNTHETIC[columns]), expected, rtol=1e-12)


@over_plain
def test_does_not_depend_on_units(figure):
    def elsewhere(table):
        return table.assign(
            weight=1024 * table["weight"], children=table["children"] + 2**40
        )

    actual = figure(elsewhere(REAL), elsewhere(SYNTHETIC))
    assert_allclose(actual, figure(REAL, SYNTHETIC), rtol=1e-9)


@over_figures
def test_every_library_gives_the_same(figure, convert):
    expected = figure(REAL, SYNTHETIC)
    assert figure(convert(REAL), convert(SYNTHETIC)) == expected
    assert figure(convert(REAL), SYNTHETIC) == expected  # frames of two libraries


@over_plain
def test_arrays_are_tables_too(figure):
    numbers = ["height", "weight", "children"]
    expected = figure(REAL[numbers], SYNTHETIC[numbers])
    arrays = [table[numbers].to_numpy() for table in (REAL, SYNTHETIC)]
    assert figure(*arrays) == expected
    assert figure(*(a.astype(object) for a in arrays)) == expected
    assert figure(*(a.tolist() for a in arrays)) == expected


@over_plain
def test_input_stays_as_it_is(figure):
    before = [table.copy() for table in (REAL, SYNTHETIC)]
    figure(REAL, SYNTHETIC)
    for table, copy in zip((REAL, SYNTHETIC), before):
        pd.testing.assert_frame_equal(table, copy)


@over_plain
def test_what_libraries_differ_in_is_no_difference(figure):
    """As rows are that were written to a file and read again."""
    other = REAL.assign(
        height=REAL["height"].astype(np.float32),
        children=REAL["children"].astype(float),
        size=pd.Categorical(REAL["size"], ["S", "L", "M"]),
        since=REAL["since"].astype("datetime64[ns]"),
    )
    assert figure(REAL, other) == PLAIN[figure]
    assert figure(other, REAL) == PLAIN[figure]


@pytest.mark.parametrize("value", [None, 7.0])
@over_plain
def test_columns_of_one_value_or_none(figure, value):
    real, synthetic = REAL.assign(one=value), SYNTHETIC.assign(one=value)
    assert np.isfinite(figure(real, synthetic))
    assert figure(real, real) == PLAIN[figure]
    unlike = figure(real, real.assign(one=8.0))
    nearest = figure in (metrics.table_wasserstein_distance, metrics.table_coverage)
    assert unlike != PLAIN[figure] or nearest


@over_plain
def test_one_row(figure):
    assert figure(REAL[:1], REAL[:1]) == PLAIN[figure]
    assert np.isfinite(figure(REAL[:1], SYNTHETIC))
    assert np.isfinite(figure(REAL, SYNTHETIC[:1]))


@over_plain
def test_settings_of_the_process(figure):
    expected = figure(REAL, SYNTHETIC)
    with np.errstate(all="raise"), config_context(working_memory=1e-3, assume_finite=True):
        assert_allclose(figure(REAL, SYNTHETIC), expected, rtol=1e-12)


# Bad input

NAMES = [f"n{i}" for i in range(50)]
BAD = {
    "a column is missing": (
        SYNTHETIC.drop(columns="size"),
        r"have the 7 columns of real; it has 6: \['size'\] are missing",
    ),
    "another name": (
        SYNTHETIC.rename(columns={"size": "Size"}),
        r"\['size'\] are missing and \['Size'\] are not in real",
    ),
    "a name twice": (
        SYNTHETIC.set_axis(["a", *"abcdef"], axis=1),
        r"names of synthetic are there twice: \['a'\]",
    ),
    "no rows": (SYNTHETIC[:0], "synthetic has 0 rows"),
    "no columns": (SYNTHETIC[[]], "synthetic has 40 rows and 0 columns"),
    "an array": (SYNTHETIC.to_numpy(), "real is a DataFrame and synthetic an array"),
    "infinity": (
        SYNTHETIC.assign(height=np.inf),
        "Column 'height': synthetic contains infinity",
    ),
    "labels for numbers": (
        SYNTHETIC.assign(height="tall"),
        "Column 'height': it has numbers in real, and labels in synthetic, such as 'tall'",
    ),
    "numbers for times": (
        SYNTHETIC.assign(since=1),
        "Column 'since': it has dates in real, and numbers in synthetic",
    ),
    "a time zone": (
        SYNTHETIC.assign(since=SYNTHETIC["since"].dt.tz_localize("UTC")),
        "dates in real, and dates in a time zone in synthetic",
    ),
    "lists": (SYNTHETIC.assign(home=[[i] for i in range(40)]), "values of type list"),
}


@pytest.mark.parametrize("fault", BAD)
@over_figures
def test_bad_tables_are_refused(figure, fault):
    synthetic, message = BAD[fault]
    with pytest.raises(ValueError, match=message):
        figure(REAL, synthetic)


@over_plain
def test_bad_arrays_are_refused(figure):
    with pytest.raises(ValueError, match=r"the 3 columns of real; it has 2"):
        figure(np.ones((4, 3)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="Expected 2D array"):
        figure(np.ones((4, 3)), np.ones(3))
    with pytest.raises(ValueError, match="synthetic contains infinity"):
        figure(np.ones((4, 3)), np.full((4, 3), np.inf))


@over_plain
def test_identifiers_are_refused_unless_they_are_said_to_be_labels(figure):
    real = pd.DataFrame({"name": NAMES, "x": range(50)})
    with pytest.raises(ValueError, match="'name': 50 of its 50 values are distinct"):
        figure(real, real)
    assert figure(real, real, categorical_features=["name"]) == PLAIN[figure]
    assert figure(real, real, categorical_features=[0]) == PLAIN[figure]


@over_plain
def test_many_levels_in_a_few_real_rows_are_no_identifiers(figure):
    levels = pd.DataFrame({"c": np.repeat(NAMES, 4), "x": np.arange(200)})
    assert np.isfinite(figure(levels[::7], levels))


@over_figures
def test_bad_parameters_are_refused(figure):
    with pytest.raises(InvalidParameterError, match="categorical_features"):
        figure(REAL, SYNTHETIC, categorical_features="all")
    with pytest.raises(ValueError, match=r"'no'.*, and the columns are"):
        figure(REAL, SYNTHETIC, categorical_features=["no"])
