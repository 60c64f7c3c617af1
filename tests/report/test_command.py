"""The command that writes a report on a file of numbers."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.report import html_report
from skl_sparse_ae.report.__main__ import main
from skl_sparse_ae.report._table_file import read_table


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
    page = main(path)[0].read_text()
    assert "30 rows of 2 features" in page
    assert ">a b</span>" in page
    assert ">c</span>" in page


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_text_names_rows_and_empty_fields_are_missing_entries(tmp_path, rng):
    X = np.round(rng.normal(size=(60, 3)), 3)
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    fields = np.where(np.isnan(X), rng.choice(["", " NA", "?"], X.shape), X.astype(str))
    lines = [f'tree {i},{",".join(row)},"oak, old",7' for i, row in enumerate(fields)]
    path = tmp_path / "trees.csv"
    path.write_text("\n".join(['name,a,b,"height, m",kind,constant', *lines, ""]))
    done = run(str(path))
    assert done.returncode == 0, done.stderr
    assert "Column 'name' is left out: 'tree 0' is no number." in done.stderr
    assert "Column 'kind' is left out: 'oak, old' is no number." in done.stderr
    constant = np.full((60, 1), 7.0)
    X = np.hstack([X, constant])
    pipeline = make_pipeline(
        StandardScaler(), SparseAutoencoder(missing_values=np.nan, random_state=0)
    )
    expected = html_report(
        pipeline.fit(X),
        X,
        feature_names=["a", "b", "height, m", "constant"],
        row_labels=[f"tree {i}" for i in range(60)],
        random_state=0,
    )
    assert path.with_suffix(".html").read_text() == expected.html


def test_a_counter_names_rows_and_decimal_commas_and_truth_are_numbers(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("id;height;is_old\n7;1,5;True\n8;-2;false\n9;;TRUE\n")
    names, columns, left_out, row_labels = read_table(path)
    assert names == ["height", "is_old"]
    np.testing.assert_array_equal(columns, [[1.5, -2, np.nan], [1, 0, 1]])
    assert left_out == ["Column 'id' is left out: it counts the rows."]
    assert row_labels == ["7", "8", "9"]


@pytest.mark.parametrize("numbers", ["1\n2", "1\n2\n4", "3\n2\n1", "1\n\n3"])
def test_other_columns_of_whole_numbers_are_features(numbers, tmp_path):
    path = tmp_path / "table.csv"
    rows = [f"{number},0.5" for number in numbers.split("\n")]
    path.write_text("\n".join(["n,a", *rows]))
    assert read_table(path)[0] == ["n", "a"]


def test_rows_that_do_not_differ_are_no_table(tmp_path):
    path = tmp_path / "table.csv"
    for rows in ("1,2", "1,2\n1,2"):
        path.write_text(f"a,b\n{rows}\n")
        with pytest.raises(ValueError, match="all rows have the same numbers"):
            main(path)
        assert not path.with_suffix(".html").exists()


def test_commas_between_columns_are_no_decimal_points(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('a,b\n"1,5",2\n"2,5",4\n')
    assert read_table(path)[2] == ["Column 'a' is left out: '1,5' is no number."]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("town\nYork\nYork\n", "There is no column of numbers. Column 'town' is left"),
        ("a,b\n,Leeds\n,York\n", "Column 'a' is left out: it is empty"),
        ("a,b\n1,2\n1\n", "Row 1 has 1 fields, but there are 2 names"),
        ("1,2\n3,4\n", "The first line has no names of columns"),
        ("a,b\n", "There is no column of numbers"),
        ("", "The first line has no names of columns"),
        ("a,b\n1,inf\n2,3\n", "infinity"),
        (None, "No such file"),
    ],
)
def test_what_is_no_table_of_numbers_is_named(text, message, tmp_path):
    path = tmp_path / "table.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises((ValueError, OSError), match=message):
        main(path)
    assert not path.with_suffix(".html").exists()


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_in_another_encoding_is_named(encoding, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("größe\n1\n2\n", encoding=encoding)
    with pytest.raises(ValueError, match="not in UTF-8. Save it"):
        main(path)


def test_the_command_says_what_is_wrong_with_a_file(tmp_path):
    done = run(str(tmp_path / "table.csv"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path / 'table.csv'}: ")
    assert "No such file" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_says_how_it_is_used():
    done = run("--help")
    assert done.returncode == 0
    assert "usage: python -m skl_sparse_ae.report [-h] X.csv" in done.stdout
    assert run().returncode == 2
