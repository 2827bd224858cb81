"""Generators are loops around kernels and discriminators, whose tests are of digits."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def _compile_in_haste(hasty_compilation):
    pass
