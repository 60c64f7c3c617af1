"""Columns of numbers in a file of comma-separated values."""

import csv

import numpy as np

#: Fields of missing entries, without spaces around and in small letters.
MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}
TRUTH = {"true": 1.0, "false": 0.0}


def read_table(path):
    """Names and numbers of columns, what is said of the others, names of rows."""
    lines, delimiter = _read_lines(path)
    header, *rows = lines or [[]]
    # Spreadsheets write semicolons where the comma is the decimal point.
    point = "," if delimiter == ";" else "."
    for i, row in enumerate(rows):
        if len(row) != len(header):
            raise ValueError(
                f"Row {i} has {len(row)} fields, but there are {len(header)} names "
                "in the first line."
            )
    if not any(as_numbers([name])[1] for name in header):
        raise ValueError(
            "The first line has no names of columns. Add a line with them, separated "
            "as the rows are."
        )
    names, columns, left_out, row_labels = [], [], [], None
    for name, *fields in zip(header, *rows, strict=True):
        numbers, reason = as_numbers(fields, point)
        if reason is None and counts_rows(numbers):
            reason = "it counts the rows"
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
    """The fields of each line that is not empty, and what separates them."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=first.count)
            lines = csv.reader(file, delimiter=delimiter)
            return [line for line in lines if line], delimiter
    except UnicodeDecodeError as error:
        raise ValueError(
            "The file is not in UTF-8. Save it in this encoding: spreadsheets call it "
            "'CSV UTF-8'."
        ) from error


def as_numbers(fields, point="."):
    """A column as an array with NaN for missing entries, or why it is none."""
    numbers = np.full(len(fields), np.nan)
    for i, field in enumerate(fields):
        word = field.strip().lower()
        if word in MISSING:
            continue
        try:
            numbers[i] = (
                TRUTH[word] if word in TRUTH else float(word.replace(point, "."))
            )
        except ValueError:
            return None, f"{field!r} is no number"
    return numbers, "it is empty" if np.isnan(numbers).all() else None


def counts_rows(numbers):
    """Whether each number is one more than the one before, as of an index."""
    return len(numbers) > 2 and bool(np.all(np.diff(numbers) == 1))
