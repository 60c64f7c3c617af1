"""The command that writes a report on a file of numbers."""

import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.datasets import load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.report import html_report
from skl_sparse_ae.report.__main__ import main


def write(path, names, rows, delimiter=","):
    lines = [names, *([f"{value!r}" for value in row] for row in rows)]
    path.write_text("\n".join(delimiter.join(line) for line in lines) + "\n")


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "skl_sparse_ae.report", *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_file_becomes_a_page(tmp_path):
    data = load_wine()
    X = data.data[:80]
    write(tmp_path / "wine.csv", data.feature_names, X.tolist())
    done = run(str(tmp_path / "wine.csv"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'wine.html'}\n"
    pipeline = make_pipeline(StandardScaler(), SparseAutoencoder(random_state=0))
    names = data.feature_names
    expected = html_report(pipeline.fit(X), X, feature_names=names, random_state=0)
    assert (tmp_path / "wine.html").read_text() == expected.html
    assert "malic_acid" in expected.html


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_files_of_other_programs_are_read(delimiter, tmp_path, rng):
    path = tmp_path / "table.csv"
    write(path, ["a b", '"c"'], rng.normal(size=(30, 2)).tolist(), delimiter)
    path.write_text("\ufeff" + path.read_text())
    page = main(path).read_text()
    assert "30 rows of 2 features" in page
    assert ">a b</span>" in page
    assert ">c</span>" in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,town\n1,2\n3,York\n", "'York' to float64 at row 1, column 2"),
        ("a,b\n1,\n", "'' to float64 at row 0, column 2"),
        ("a,b\n1,2\n1\n", "number of columns changed from 2 to 1"),
        ("a,b\n1,2\n1,nan\n", "contains NaN"),
        ("1,2\n3,4\n5,7\n", "The first line has numbers"),
        (None, "No such file"),
    ],
)
def test_what_is_no_table_of_numbers_is_named(text, message, tmp_path):
    path = tmp_path / "table.csv"
    if text is not None:
        path.write_text(text)
    done = run(str(path))
    assert done.returncode == 1
    assert message in done.stderr
    assert "Leave out columns of text" in done.stderr
    assert "Traceback" not in done.stderr
    assert not path.with_suffix(".html").exists()


def test_without_a_file_the_command_says_how_it_is_used():
    done = run()
    assert done.returncode == 1
    assert "Usage: python -m skl_sparse_ae.report X.csv" in done.stderr
