"""The benchmarks keep running."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("script", sorted(FOLDER.glob("[a-z]*_*.py")), ids=lambda p: p.name)
def test_quick_form_prints_its_table(script):
    result = subprocess.run(
        [sys.executable, script, "--quick"], capture_output=True, text=True, check=True
    )
    assert len(result.stdout.splitlines()) > 3
    assert "nan" not in result.stdout
