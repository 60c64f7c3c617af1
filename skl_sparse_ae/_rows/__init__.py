"""Rows of X with their weights, in memory, on a device or in a Dask array.

`check_rows` makes one `Rows` object of X and sample_weight, of a subclass for each
place where rows can be. All code that works on rows receives this object.
"""

from ._base import Rows
from ._validation import check_code, check_rows

__all__ = ["Rows", "check_code", "check_rows"]
