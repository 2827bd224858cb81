"""The benchmarks keep running."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
# One for every run; the rest is marked slow.
QUICK = {"kernel_speed.py"}
SCRIPTS = [
    pytest.param(path, id=path.name, marks=[] if path.name in QUICK else pytest.mark.slow)
    for path in sorted(FOLDER.glob("[a-z]*.py"))
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_quick_form_prints_its_table(script):
    result = subprocess.run(
        [sys.executable, script, "--quick"], capture_output=True, text=True, check=True
    )
    assert len(result.stdout.splitlines()) > 2
    assert "nan" not in result.stdout
