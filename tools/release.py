"""Build the source archive and the wheel, check what is in them, and try the wheel.

    python tools/release.py dist

needs the package `build`, and git to know which files belong to the project. It ends
with an error where a file is missing, where version numbers differ, or where the wheel
does not work in a fresh environment.
"""

import argparse
import hashlib
import re
import runpy
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Tracked files that are not for those who install or package the library.
NOT_IN_ARCHIVE = (".ci/", ".github/", ".gitignore")
#: What a user would do first. It runs outside of the repository.
TRIAL = """
import sys
from pathlib import Path
import skl_sparse_ae
from sklearn.datasets import load_digits
from skl_sparse_ae.report import html_report

X = load_digits().data[:200]
model = skl_sparse_ae.SparseAutoencoder(8, tol=0.05, random_state=0).fit(X)
html_report(model, X).save("report.html")
home = Path(skl_sparse_ae.__file__).resolve()
assert home.is_relative_to(Path(sys.prefix).resolve()), home
print(skl_sparse_ae.__version__)
"""


def version():
    """Version of the library in this copy."""
    path = ROOT / "skl_sparse_ae" / "_version.py"
    return runpy.run_path(str(path))["__version__"]


def check_versions():
    """Raise ValueError unless all files name the version of the library."""
    for path, pattern in [
        ("CITATION.cff", r"^version: (.+)$"),
        ("packaging/conda-forge/meta.yaml", r'set version = "(.+)"'),
    ]:
        found = re.search(pattern, (ROOT / path).read_text(), flags=re.MULTILINE)[1]
        if found != version():
            raise ValueError(f"{path} says {found}, and the library is {version()}.")


def build(folder):
    """Build into a folder; return the paths of the source archive and the wheel.

    The wheel is built from the archive, which shows that this is complete.
    """
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    stem = f"skl_sparse_ae-{version()}"
    return folder / f"{stem}.tar.gz", folder / f"{stem}-py3-none-any.whl"


def tracked_files():
    """Paths of the files of the project, relative to its root."""
    paths = _output("git", "-C", str(ROOT), "ls-files").splitlines()
    return [path for path in paths if (ROOT / path).exists()]


def missing(archive, wheel, tracked):
    """Return tracked files that the archive or the wheel lacks, and those it adds."""
    with tarfile.open(archive) as tar:
        in_archive = {name.partition("/")[2] for name in tar.getnames()}
    with zipfile.ZipFile(wheel) as zipped:
        in_wheel = {name for name in zipped.namelist() if ".dist-info/" not in name}
    kept = {path for path in tracked if not path.startswith(NOT_IN_ARCHIVE)}
    package = {path for path in tracked if path.startswith("skl_sparse_ae/")}
    return sorted((kept - in_archive) | (package ^ in_wheel))


def try_wheel(wheel, *, libraries=None):
    """Install the wheel in a fresh environment and fit a model; return its version.

    Parameters
    ----------
    wheel : Path
    libraries : str or None
        Folder of installed libraries to use. None installs what the wheel requires.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        scripts = "Scripts" if sys.platform == "win32" else "bin"
        python = str(Path(folder, scripts, "python"))
        command = [python, "-I", "-m", "pip", "install", "--quiet", str(wheel)]
        _output(*command, *([] if libraries is None else ["--no-deps"]))
        if libraries is not None:
            where = "import sysconfig; print(sysconfig.get_path('purelib'))"
            Path(_output(python, "-I", "-c", where), "libraries.pth").write_text(
                libraries
            )
        return _output(python, "-I", "-c", TRIAL, cwd=folder)


def _output(*command, cwd=None):
    run = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, cwd=cwd
    )
    return run.stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the files are written")
    folder = parser.parse_args().folder
    check_versions()
    archive, wheel = build(folder)
    lacking = missing(archive, wheel, tracked_files())
    if lacking:
        sys.exit("Missing from the files, or not tracked: " + ", ".join(lacking))
    print(f"A fresh environment runs version {try_wheel(wheel)}.")
    for path in (archive, wheel):
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path)


if __name__ == "__main__":
    main()
