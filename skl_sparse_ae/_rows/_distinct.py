"""The number of distinct rows.

A repeated row tells no more than one of twice the weight. What depends on the number
of rows therefore counts distinct ones.
"""

from scipy import sparse


def count_distinct(row_blocks, enough):
    """Count the distinct rows, up to a number.

    Parameters
    ----------
    row_blocks : iterable of ndarray or CSR array of shape (n_rows, n_features)
    enough : int
        Counting ends when there are as many.

    Returns
    -------
    n_distinct : int
        At most `enough`.
    """
    found = set()
    for block in row_blocks:
        for content in _contents(block):
            found.add(hash(content))
            if len(found) >= enough:
                return enough
    return len(found)


def _contents(block):
    """Iterate over the content of rows, as bytes."""
    if not sparse.issparse(block):
        return (row.tobytes() for row in block)
    block = sparse.csr_array(block)
    ends = zip(block.indptr[:-1], block.indptr[1:], strict=True)
    return (block.indices[a:b].tobytes() + block.data[a:b].tobytes() for a, b in ends)
