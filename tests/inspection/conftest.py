"""Fixtures of the tests of inspection."""

import pytest

from skl_sparse_ae._reading import _codes


@pytest.fixture(params=[2**26, 200], ids=["one block", "many blocks"])
def block_bytes(request, monkeypatch):
    monkeypatch.setattr(_codes, "CODE_BYTES", request.param)
