"""Data that the tests of this folder share."""

import pytest


@pytest.fixture
def X(digits):
    return digits[:200]
