"""What all displays promise."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skgantk import inspection
from skgantk.metrics import table_report

RNG = np.random.default_rng(0)
POINTS, STEPS = RNG.normal(size=(2, 9, 2))
DATA = {
    "DiracFieldDisplay": {"points": POINTS, "steps": STEPS, "n_features": 5},
    "DiscriminatorDisplay": {
        "ticks": [np.arange(4.0), np.arange(-2.0, 2.0)],
        "response": RNG.normal(size=(4, 4)),
        "real": POINTS,
        "fake": STEPS,
        "arrow_points": POINTS,
        "arrow_steps": STEPS,
    },
    "FlowDisplay": {
        "trajectories": RNG.normal(size=(4, 9, 2)),
        "steps": np.arange(4),
        "X": POINTS,
    },
    "ImageGridDisplay": {"images": RNG.uniform(size=(5, 3, 4))},
    "LossCurveDisplay": {"steps": np.arange(3), "loss_curve": np.array([1.0, 0.1, 0.01])},
    "SearchDisplay": {
        "param_name": "lam",
        "values": [1.0, 2.0],
        "mean_scores": np.arange(2.0),
        "std_scores": np.ones(2),
    },
    "TableReportDisplay": {"report": table_report(POINTS, STEPS, random_state=0)},
}
over_displays = pytest.mark.parametrize("name", DATA)


def made(name):
    return getattr(inspection, name)(**DATA[name])


def test_all_are_here():
    assert sorted(DATA) == inspection.__all__


@over_displays
def test_data_are_stored_as_attributes_and_survive_pickling(name):
    display = pickle.loads(pickle.dumps(made(name)))
    for key, value in DATA[name].items():
        assert_array_equal(getattr(display, key), value)
    assert display.plot() is display


@over_displays
def test_plot_draws_on_the_axes_given_or_on_new_ones(name):
    from matplotlib import pyplot

    display = made(name)
    assert not hasattr(display, "ax_")
    assert display.plot() is display
    assert display.figure_ is display.ax_.figure
    figure, ax = pyplot.subplots()
    assert display.plot(ax=ax) is display
    assert display.ax_ is ax
    assert display.figure_ is figure
    figure.draw_without_rendering()


@over_displays
def test_labels_of_the_caller_are_kept(name):
    from matplotlib import pyplot

    ax = pyplot.subplots()[1]
    ax.set(xlabel="mine", ylabel="too")
    made(name).plot(ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mine", "too")


def test_matplotlib_is_imported_by_plot_alone():
    code = f"""
import pickle, sys
import numpy as np
from skgantk import inspection
from skgantk.metrics import table_report
display = pickle.loads({pickle.dumps(made("LossCurveDisplay"))!r})
assert "matplotlib" not in sys.modules
display.plot()
assert "matplotlib" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@over_displays
def test_without_matplotlib_plot_names_the_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=rf"{name}.plot needs .* 'skgantk\[plot\]'"):
        made(name).plot()
