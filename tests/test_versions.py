"""The lowest versions of libraries, where they are declared."""

import re
import runpy
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import skl_sparse_ae

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DECLARED = dict(re.split(">=", each) for each in PROJECT["project"]["dependencies"])


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)]


@pytest.mark.parametrize("name", DECLARED)
def test_what_is_installed_is_new_enough(name):
    assert numbers(metadata.version(name)) >= numbers(DECLARED[name])


def test_scikit_learn_takes_the_lowest_versions_of_the_others():
    # Otherwise they cannot be installed together.
    found = set()
    for requirement in metadata.requires("scikit-learn"):
        match = re.fullmatch(r"([\w-]+)\s*>=\s*([\d.]+)", requirement)
        if match and match[1] in DECLARED:
            assert numbers(DECLARED[match[1]]) >= numbers(match[2]), requirement
            found.add(match[1])
    assert found == {"joblib", "numpy", "scipy", "threadpoolctl"}


def test_the_lowest_versions_are_those_that_are_tested():
    script = ROOT / ".ci" / "lowest.py"
    if not script.exists():
        pytest.skip("is not part of the source archive")
    pins = runpy.run_path(str(script))["lowest"]()
    assert DECLARED.items() <= pins.items()
    assert "pytest" in pins


def test_versions_of_python_agree():
    lowest = re.fullmatch(r">=3\.(\d+)", PROJECT["project"]["requires-python"])[1]
    prefix = "Programming Language :: Python :: 3."
    listed = [
        int(each.removeprefix(prefix))
        for each in PROJECT["project"]["classifiers"]
        if each.startswith(prefix)
    ]
    assert listed == list(range(int(lowest), listed[-1] + 1))
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py3{lowest}"
    readme = (ROOT / "README.md").read_text()
    assert f"Python 3.{lowest} or newer" in readme


def test_the_shims_stay_small():
    lines = (Path(skl_sparse_ae.__file__).parent / "_sklearn.py").read_text()
    assert len(lines.splitlines()) < 80
