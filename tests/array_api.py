"""Run scripts in SciPy's array API mode."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run_in_array_api_mode(script):
    """Return what a script prints and its errors; skip without array-api-strict."""
    pytest.importorskip("array_api_strict")
    pytest.importorskip("scipy", "1.14", reason="earlier ones have no such mode")
    # In another process, since SciPy sets its mode when it is imported.
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        cwd=Path(__file__).parents[1],  # for imports of the tests' own modules
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout, run.stderr
