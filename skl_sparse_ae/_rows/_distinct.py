"""The number of distinct rows.

A repeated row tells no more than one of twice the weight. What depends on the number
of rows therefore counts distinct ones.
"""

from hashlib import blake2b

from scipy import sparse


def distinct_rows(row_blocks, enough):
    """Find the distinct rows, up to a number.

    Parameters
    ----------
    row_blocks : iterable of ndarray or CSR array of shape (n_rows, n_features)
    enough : int
        The search ends when there are as many.

    Returns
    -------
    digests : set of bytes
        One for each distinct row, the same ones in every process; at most `enough`.
    """
    found = set()
    for block in row_blocks:
        for content in _contents(block):
            found.add(blake2b(content, digest_size=8).digest())
            if len(found) >= enough:
                return found
    return found


def _contents(block):
    """Iterate over the content of rows, as bytes."""
    if not sparse.issparse(block):
        return (row.tobytes() for row in block)
    block = sparse.csr_array(block)
    ends = zip(block.indptr[:-1], block.indptr[1:], strict=True)
    return (block.indices[a:b].tobytes() + block.data[a:b].tobytes() for a, b in ends)
