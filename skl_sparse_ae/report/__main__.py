"""Write a report on a default fit to a table in a file, from the command line.

``python -m skl_sparse_ae.report X.csv`` writes X.html. The first line of the file has
the names of the columns. Columns of numbers are standardised; empty fields in them are
missing entries, true and false are 1 and 0. Columns of text and those that count the
rows are left out; the first of them without repetitions names the rows.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .._sparse_autoencoder import SparseAutoencoder
from ._report import html_report
from ._table_file import read_table


def main(path):
    """Fit the default estimator and write the report beside the file.

    Returns
    -------
    page : Path
        The file of the report.
    left_out : list of str
        What is said of each column that is no column of numbers.
    """
    names, columns, left_out, row_labels = read_table(path)
    X = np.column_stack(columns)
    if np.array_equal(X, np.broadcast_to(X[0], X.shape)):
        raise ValueError(
            "all rows have the same numbers, which leaves nothing to learn"
        )
    missing_values = np.nan if np.isnan(X).any() else None
    autoencoder = SparseAutoencoder(missing_values=missing_values, random_state=0)
    pipeline = make_pipeline(StandardScaler(), autoencoder).fit(X)
    report = html_report(
        pipeline, X, feature_names=names, row_labels=row_labels, random_state=0
    )
    page = path.with_suffix(".html")
    report.save(page)
    return page, left_out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m skl_sparse_ae.report",
        description="Write a page about the units of a default fit to a table, X.html.",
    )
    parser.add_argument(
        "path",
        metavar="X.csv",
        type=Path,
        help="numbers, with the names of the columns in the first line",
    )
    path = parser.parse_args().path
    try:
        page, left_out = main(path)
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: {error}")
    print(*left_out, sep="\n", file=sys.stderr, end="\n" if left_out else "")
    print(page)
