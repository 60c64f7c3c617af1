"""Write a report on a default fit to a file of numbers, from the command line.

``python -m skl_sparse_ae.report X.csv`` writes X.html. The first line of the file has
the names of the columns, which are standardised.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .._sparse_autoencoder import SparseAutoencoder
from ._report import html_report


def main(path):
    """Fit the default estimator, write the report beside the file, return its path."""
    with path.open(encoding="utf-8-sig") as file:
        first = file.readline()
        form = {"delimiter": max(",;\t", key=first.count), "quotechar": '"'}
        names = next(csv.reader([first], **form), [])
        if names and all(map(_is_number, names)):
            raise ValueError("The first line has numbers.")
        X = np.loadtxt(file, ndmin=2, comments=None, **form)
    pipeline = make_pipeline(StandardScaler(), SparseAutoencoder(random_state=0))
    report = html_report(pipeline.fit(X), X, feature_names=names, random_state=0)
    report.save(path.with_suffix(".html"))
    return path.with_suffix(".html")


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m skl_sparse_ae.report X.csv")
    try:
        print(main(Path(sys.argv[1])))
    except (OSError, ValueError) as error:
        sys.exit(
            f"{error}\n{sys.argv[1]} must have the names of the columns in its first "
            "line and numbers in all others, without empty fields. Leave out columns "
            "of text."
        )
