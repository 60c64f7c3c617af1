"""Data of the tests of all formats."""

import pytest


@pytest.fixture
def X(digits):
    return digits[:200]
