"""Columns of numbers in a file of comma-separated values."""

import csv

import numpy as np

#: Fields of missing entries, without spaces around and in small letters.
MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}


def read_table(path):
    """Names and numbers of columns, what is said of the others, names of rows."""
    header, *rows = _read_lines(path) or [[]]
    for i, row in enumerate(rows):
        if len(row) != len(header):
            raise ValueError(
                f"Row {i} has {len(row)} fields, but there are {len(header)} names "
                "in the first line."
            )
    if not any(as_numbers([name])[1] for name in header):
        raise ValueError("The first line has no names of columns.")
    names, columns, left_out, row_labels = [], [], [], None
    for name, *fields in zip(header, *rows, strict=True):
        numbers, reason = as_numbers(fields)
        if reason is None:
            names.append(name)
            columns.append(numbers)
            continue
        left_out.append(f"Column {name!r} is left out: {reason}.")
        if row_labels is None and len(set(fields)) == len(fields):
            row_labels = fields
    if not columns:
        raise ValueError("There is no column of numbers. " + " ".join(left_out))
    return names, columns, left_out, row_labels


def _read_lines(path):
    """The fields of each line that is not empty."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            lines = csv.reader(file, delimiter=max(",;\t", key=first.count))
            return [line for line in lines if line]
    except UnicodeDecodeError as error:
        raise ValueError(
            "The file is not in UTF-8. Save it in this encoding: spreadsheets call it "
            "'CSV UTF-8'."
        ) from error


def as_numbers(fields):
    """A column as an array with NaN for missing entries, or why it is none."""
    numbers = np.full(len(fields), np.nan)
    for i, field in enumerate(fields):
        if field.strip().lower() in MISSING:
            continue
        try:
            numbers[i] = float(field)
        except ValueError:
            return None, f"{field!r} is no number"
    return numbers, "it is empty" if np.isnan(numbers).all() else None
