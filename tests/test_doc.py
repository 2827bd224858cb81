"""What the guide owes the code: its equations, and commands that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("doc/*.rst"), *ROOT.glob("doc/user_guide/*.rst")])


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
