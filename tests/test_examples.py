"""Each example runs, by itself and without further data."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
NEEDS = {
    "dask_cluster": ["distributed"],
    "plot_larger_than_memory": ["matplotlib", "rich"],
    "grid_search_sparsity": [],
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path, tmp_path):
    for module in NEEDS.get(path.stem, ["matplotlib", "pandas"]):
        reason = 'needs pip install "skl-sparse-ae[examples,dask]"'
        pytest.importorskip(module, reason=reason)
    # Some take further data from a folder, and do without.
    environment = {**os.environ, "SKL_SPARSE_AE_DATA": "", "MPLBACKEND": "agg"}
    run = subprocess.run(
        [sys.executable, path],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout
    assert not any(tmp_path.iterdir())
