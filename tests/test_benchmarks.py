"""The benchmarks keep running, and their results can be compared."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
DATA = Path(__file__).parents[2] / "shared" / "data"  # without it, tables may be empty
# One for every run; the rest is marked slow.
QUICK = {"kernel_speed.py"}
SCRIPTS = [
    pytest.param(path, id=path.name, marks=[] if path.name in QUICK else pytest.mark.slow)
    for path in sorted(FOLDER.glob("[a-z]*.py"))
    if path.name != "compare.py"
]
WITHOUT_JSON = {"figures.py", "figures_z21.py"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_quick_form_prints_its_table(script):
    path = FOLDER.parent / "out" / f"{script.stem}_quick.json"
    path.unlink(missing_ok=True)
    result = subprocess.run(
        [sys.executable, script, "--quick"], capture_output=True, text=True, check=True
    )
    assert len(result.stdout.splitlines()) > 2
    assert "nan" not in result.stdout
    if script.name not in WITHOUT_JSON:
        check_rows(json.loads(path.read_text("utf-8"))["rows"])


def check_rows(rows):
    assert rows or not DATA.exists()
    cases = [tuple(row["case"].items()) for row in rows]
    assert len(set(cases)) == len(cases)
    for row in rows:
        assert all(math.isfinite(value) for value in row["figures"].values())


def test_every_script_is_in_the_readme():
    text = (FOLDER / "README.md").read_text("utf-8")
    for path in FOLDER.glob("[a-z]*.py"):
        assert f"`{path.name}`" in text


@pytest.fixture
def results():
    return {
        "machine": {"device": "cpu", "JAX": "0.10.1", "date": "2026-01-01"},
        "arguments": {"quick": False},
        "rows": [
            {
                "case": {"data": data, "n": 100},
                "figures": {
                    **{"seconds": 2.0, "ours, s": 1e-5, "peak GiB": 1.0},
                    **{"modes": 20, "steps": 10},
                },
            }
            for data in ("iris", "wine")
        ],
    }


@pytest.fixture
def compare(tmp_path, results):
    """Of ``results`` as they are and as a function leaves them."""

    def run(change, *options):
        paths = tmp_path / "old.json", tmp_path / "new.json"
        paths[0].write_text(json.dumps(results))
        change(results)
        paths[1].write_text(json.dumps(results))
        command = [sys.executable, FOLDER / "compare.py", *paths, *options]
        run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
        return run.returncode, run.stdout.splitlines()

    return run


def test_compare_equal(compare):
    def change(results):
        results["machine"]["date"] = "2026-02-02"
        # Steps are neither better nor worse, and microseconds are noise.
        results["rows"][0]["figures"] |= {"seconds": 2.1, "steps": 100, "ours, s": 2e-5}

    assert compare(change) == (0, ["0 of 10 figures got worse by more than 10%."])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("seconds", 3.0, "seconds 2 -> 3, ratio 1.50"),
        ("peak GiB", 1.2, "peak GiB 1 -> 1.2, ratio 1.20"),
        ("modes", 15, "modes 20 -> 15, ratio 0.75"),
    ],
)
def test_compare_worse(compare, name, value, said):
    def change(results):
        results["rows"][1]["figures"][name] = value

    status, lines = compare(change)
    assert status == 1
    assert lines[0] == f"worse   wine, 100: {said}"
    assert lines[1] == "1 of 10 figures got worse by more than 10%."


def test_compare_better_or_within_the_share(compare):
    def change(results):
        results["rows"][0]["figures"] |= {"seconds": 1.0, "peak GiB": 1.4, "modes": 25}

    status, lines = compare(change, "--share", "0.45")
    assert status == 0
    assert lines[0] == "better  iris, 100: seconds 2 -> 1, ratio 0.50"
    assert len(lines) == 2


def test_compare_other_rows(compare):
    def change(results):
        results["rows"][0]["case"]["n"] = 200

    status, lines = compare(change)
    assert status == 0
    assert lines[:2] == ["missing iris, 100", "new     iris, 200"]


def test_compare_other_machine(compare):
    def change(results):
        results["machine"]["JAX"] = "0.11.0"
        results["arguments"]["quick"] = True

    status, lines = compare(change)
    assert status == 0
    assert lines[0] == "machine: JAX was 0.10.1, is 0.11.0"
    assert lines[1] == "arguments: quick was False, is True"
