"""Each example runs by itself, without further data."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
NEEDS = {
    "dask_cluster": ["distributed"],
    "plot_larger_than_memory": ["matplotlib", "rich"],
    "grid_search_sparsity": [],
}


def is_runnable(path):
    """Whether the optional libraries that an example needs are installed."""
    return all(map(find_spec, NEEDS.get(path.stem, ["matplotlib", "pandas"])))


def run(path, folder):
    """Run an example in an empty folder, in another interpreter."""
    environment = {
        # Examples that would use further data from a folder do without.
        **{**os.environ, "SKL_SPARSE_AE_DATA": "", "MPLBACKEND": "agg"},
        # Two run at a time. More threads than cores would wait for each other.
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, path],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory):
    """Folders and running processes of the selected examples, by path.

    None where pytest-xdist runs tests side by side: each of its workers would start all
    examples, and waits for some.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        yield {}
        return
    selected = {
        item.callspec.params["path"]
        for item in request.session.items
        if item.parent is request.node
    }
    pool = ThreadPoolExecutor(2)
    try:
        folders = {
            path: tmp_path_factory.mktemp(path.stem)
            for path in EXAMPLES
            if path in selected and is_runnable(path)
        }
        yield {
            path: (folder, pool.submit(run, path, folder))
            for path, folder in folders.items()
        }
    finally:
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path, runs, tmp_path):
    if not is_runnable(path):
        pytest.skip('needs pip install "skl-sparse-ae[examples,dask]"')
    if path in runs:
        folder, process = runs[path]
        result = process.result()
    else:
        folder, result = tmp_path, run(path, tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout
    assert not any(folder.iterdir())
