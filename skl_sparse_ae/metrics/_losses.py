"""The loss of any fitted estimator."""

from .._network._activations import OUT_ACTIVATIONS
from .._network._losses import make_loss
from .._reading._codes import check_rows
from .._rows._missing import has_missing
from .._sparse_autoencoder import SparseAutoencoder


def check_input(estimator, X):
    """Return the input of a fitted estimator as a checked ndarray or CSR array.

    Entries may be missing where an autoencoder takes such rows.
    """
    takes_missing = isinstance(estimator, SparseAutoencoder) and hasattr(
        estimator, "mean_"
    )
    return check_rows(X, "X", "allow-nan" if takes_missing else True)


def rows_and_loss(estimator, X):
    """Return the checked input of a fitted estimator, and its loss.

    Parameters
    ----------
    estimator : object
        Other estimators than autoencoders have the squared error.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Entries may be missing where the autoencoder takes such rows.

    Returns
    -------
    rows : ndarray or csr_array of shape (n_samples, n_features)
    loss : Loss
    """
    name, output = "squared_error", "identity"
    if isinstance(estimator, SparseAutoencoder):
        name, output = estimator.loss_, estimator.out_activation_
    rows = check_input(estimator, X)
    loss = make_loss(name, OUT_ACTIVATIONS[output]())
    return rows, loss.skipping_missing(has_missing(rows))
