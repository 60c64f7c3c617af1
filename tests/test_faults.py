"""A few rounds of `tests.faults`; `python -m tests.faults` runs as many as wanted."""

import threading

import pytest

pytest.importorskip("resource", reason="faults are those of POSIX systems")
pytest.importorskip("safetensors")

from . import faults  # after the checks


@pytest.mark.parametrize("fault", faults.FAULTS)
def test_faults_lose_nothing(fault):
    n_threads = threading.active_count()
    n_rounds = 3 if fault in ("kill", "shrink") else 25
    struck = [faults.run(fault, seed) for seed in range(n_rounds)]
    assert any(struck)
    assert threading.active_count() <= n_threads + 1
