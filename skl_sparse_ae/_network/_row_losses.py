"""What is computed from rows and their reconstruction, block by block."""

from scipy import sparse

from .._arrays._array_api import namespace, zeros
from .._arrays._blocks import blocks, rows_as_dense

#: Size of the reconstructions in memory. On a device, short blocks would cost time.
BLOCK_BYTES = 2**26


def write_score_samples(network, parameters, view, X, out):
    """Write minus the loss of each row to `out`.

    Rows are reconstructed by blocks; of a sparse matrix, only a block is made dense.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    view : View
        What the encoder sees of the rows.
    X : array or CSR array of shape (n_rows, n_features)
    out : array of shape (n_rows, 1)

    Returns
    -------
    out : array of shape (n_rows, 1)
    """
    n_outputs = network.n_outputs
    row_bytes = 8 * (X.shape[1] + n_outputs)
    for rows in blocks(0, X.shape[0], row_bytes, BLOCK_BYTES):
        x, target = X[rows, :], out[rows, :]
        like = target if sparse.issparse(x) else x
        code = zeros((x.shape[0], n_outputs), like)
        network.encode(parameters, view(x), code)
        x = rows_as_dense(X, rows) if sparse.issparse(x) else x
        losses = network.losses(parameters, code, x, zeros(x.shape, like))
        target[...] = -namespace(losses).sum(losses, axis=1, keepdims=True)
    return out


def write_imputed(network, parameters, view, X, out):
    """Write rows to `out`, with their missing entries reconstructed.

    Parameters
    ----------
    network, parameters, view, X
        As for `write_score_samples`.
    out : array of shape (n_rows, n_features)

    Returns
    -------
    out : array of shape (n_rows, n_features)
    """
    row_bytes = 8 * (X.shape[1] + network.n_outputs)
    for rows in blocks(0, X.shape[0], row_bytes, BLOCK_BYTES):
        x, target = X[rows, :], out[rows, :]
        code = zeros((x.shape[0], network.n_outputs), target)
        network.encode(parameters, view(x), code)
        network.decode(parameters, code, target)
        x = rows_as_dense(X, rows) if sparse.issparse(x) else x
        xp = namespace(target)
        target[...] = xp.where(xp.isnan(x), target, x)
    return out
