import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skl_sparse_ae._arrays import _blocks
from skl_sparse_ae._arrays._blocks import (
    blocks,
    pieces,
    rows_as_dense,
    split_evenly,
    strips,
)


def covered(slices):
    return np.concatenate([np.arange(s.start, s.stop) for s in slices])


@pytest.mark.parametrize("n_parts", [1, 2, 3, 10])
def test_split_evenly_covers_each_row_once(n_parts):
    parts = split_evenly(5, 27, n_parts)
    assert_array_equal(covered(parts), np.arange(5, 27))
    lengths = [part.stop - part.start for part in parts]
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("row_bytes", [1, 100, 10**9])
def test_blocks_cover_each_row_once_within_their_size(row_bytes):
    parts = blocks(3, 1000, row_bytes, block_bytes=1000)
    assert_array_equal(covered(parts), np.arange(3, 1000))
    most = max(part.stop - part.start for part in parts)
    assert most == 1 or most * row_bytes <= 1000


@pytest.mark.parametrize("shape", [(1, 1), (5000, 3), (7, 100_000), (3, 0), (0, 3)])
def test_strips_cover_each_row_once(shape):
    slices = strips(np.empty(shape))
    assert_array_equal(covered(slices) if slices else [], np.arange(shape[0]))


@pytest.mark.parametrize("n_shares", [1, 2, 5])
def test_pieces_cover_each_part_once_in_equal_shares(n_shares, monkeypatch):
    monkeypatch.setattr(_blocks, "PIECE", 7)
    parts = [slice(0, 50), slice(50, 53), slice(53, 100)]
    shares = pieces(parts, n_shares)
    assert_array_equal(covered([p for share in shares for _, p in share]), range(100))
    for share in shares:
        assert abs(len(covered([p for _, p in share])) - 100 / n_shares) <= 1
        for i, piece in share:
            assert parts[i].start <= piece.start < piece.stop <= parts[i].stop
            assert piece.stop - piece.start <= 7


def test_rows_as_dense_is_a_view_of_an_array_and_a_copy_of_csr():
    X = np.arange(12.0).reshape(4, 3)
    assert np.shares_memory(rows_as_dense(X, slice(1, 3)), X)
    assert_array_equal(rows_as_dense(sparse.csr_array(X), slice(1, 3)), X[1:3])
