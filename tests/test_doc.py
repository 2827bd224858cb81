"""What pages owe the code: equations, commands that exist, notes of what has changed."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for folder in ("", "how_to/", "user_guide/")
    for path in ROOT.glob(f"doc/{folder}*.rst")
)


def test_equations_that_the_code_cites_stand_in_the_guide():
    code = "".join(path.read_text() for path in ROOT.glob("skgantk/**/*.py"))
    guide = "".join(path.read_text() for path in PAGES)
    cited = set(re.findall(r"\(([A-Z]\d)\)", code))
    labels = re.findall(r"^\.\. _([A-Z]\d):$", guide, re.MULTILINE)
    assert cited
    assert cited == set(labels)
    assert sorted(labels) == sorted(re.findall(r"\\tag\{([A-Z]\d)\}", guide))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_commands_that_a_page_names_exist(page):
    commands = re.findall(r"python ([\w/]+\.py)", page.read_text())
    assert all((ROOT / command).exists() for command in commands)


@pytest.mark.parametrize(
    ("page", "pattern"),
    [
        ("README.md", r"^    make (\w+)"),
        ("CONTRIBUTING.md", r"^    make (\w+)"),
        ("doc/contributing.rst", r"^``make (\w+)``$"),
        (".github/workflows/ci.yml", r"target: \[?(\w+)"),
    ],
)
def test_targets_of_make_that_are_named_exist(page, pattern):
    named = re.findall(pattern, (ROOT / page).read_text(), re.MULTILINE)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(named) > 3
    assert set(named) <= set(targets)


def test_notes_of_changes_are_of_an_area():
    """Others are left out without a word."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]
    areas = {kind["name"].lower() for kind in settings["type"]}
    notes = [path for path in ROOT.glob("changes/*") if path.name != "README.rst"]
    assert {path.suffix for path in notes} <= {".rst"}
    assert {Path(path.stem).suffix[1:] for path in notes} <= areas
