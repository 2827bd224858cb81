"""The examples run, and warn of nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = [pytest.param(p, id=p.name) for p in sorted(ROOT.glob("examples/plot_*.py"))]


@pytest.mark.slow  # and every one runs when the gallery is built
@pytest.mark.parametrize("example", EXAMPLES)
def test_example_runs_without_a_warning(example, tmp_path):
    # Pictures go to out/ of the working directory, windows nowhere.
    environment = os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": str(ROOT)}
    environment.pop("DISPLAY", None)  # with one, Agg warns that it shows no windows
    result = subprocess.run(
        [sys.executable, "-W", "error", example],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
