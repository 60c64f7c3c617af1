"""The script that builds a release: the files that it builds are complete and work."""

import importlib.util
import re
import shutil
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import skl_sparse_ae

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def release():
    spec = importlib.util.spec_from_file_location("release", ROOT / "tools/release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def built(release, tmp_path_factory):
    # The folder `build` of an installation can be imported, too.
    try:
        metadata.distribution("build")
    except metadata.PackageNotFoundError:
        pytest.skip("needs the package build")
    return release.build(tmp_path_factory.mktemp("dist"))


def test_all_files_name_the_same_version(release, monkeypatch):
    release.check_versions()
    monkeypatch.setattr(release, "version", lambda: "0.0.99")
    with pytest.raises(ValueError, match=r"CITATION.cff says .*0\.0\.99"):
        release.check_versions()


def test_nothing_is_missing_from_the_files(release, built):
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("needs a git repository, which knows the project's files")
    assert release.missing(*built, release.tracked_files()) == []
    tracked = [*release.tracked_files(), "doc/new.md", "skl_sparse_ae/new.py"]
    found = release.missing(*built, tracked)
    assert found == ["doc/new.md", "skl_sparse_ae/new.py"]


def test_the_wheel_works_where_it_is_installed_alone(release, built):
    libraries = sysconfig.get_path("purelib")
    found = release.try_wheel(built[1], libraries=libraries)
    assert found == skl_sparse_ae.__version__


def test_the_wheel_says_what_it_is(built):
    with zipfile.ZipFile(built[1]) as wheel:
        (path,) = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
        described = wheel.read(path).decode()
        assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())
    assert "License-Expression: BSD-3-Clause" in described
    assert "Requires-Python: >=3.11" in described
    assert "Typing :: Typed" in described


def test_the_recipe_requires_what_the_wheel_requires():
    pyproject = (ROOT / "pyproject.toml").read_text()
    (block,) = re.findall(r"^dependencies = \[(.*?)^\]", pyproject, re.M | re.S)
    recipe = (ROOT / "packaging/conda-forge/meta.yaml").read_text()
    run = recipe[recipe.index("  run:") : recipe.index("test:")]
    required = re.findall(r"- ([\w-]+) (>=[\d.]+)", run)
    assert [name + lowest for name, lowest in required] == re.findall(r'"(.+)"', block)
