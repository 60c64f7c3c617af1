"""Rows of a table: where they are, their weights, and the ways to go through them.

`check_rows` turns what a caller passes as X and sample_weight into one `Rows` object,
of a class for each place where rows can be. Everyone after it receives that object.
"""

from ._base import Rows
from ._validation import check_code, check_rows

__all__ = ["Rows", "check_code", "check_rows"]
