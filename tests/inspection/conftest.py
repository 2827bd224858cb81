"""Pictures are drawn into memory and closed."""

import pytest


@pytest.fixture(autouse=True)
def _close_figures(hasty_compilation):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")
