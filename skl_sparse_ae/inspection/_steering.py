"""Reconstructions with the activations of some units changed."""

from numbers import Real

import numpy as np
from scipy import sparse

from .._arrays._array_api import converter_to
from .._reading._codes import check_rows
from .._sklearn import HasMethods, validate_params


@validate_params(
    {
        "estimator": [HasMethods(["transform", "inverse_transform"])],
        "factor": ["array-like", Real, None],
        "value": ["array-like", Real, None],
    },
    prefer_skip_nested_validation=True,
)
def steer(estimator, X, units, *, factor=None, value=None):
    """Reconstruct rows with the activations of some units changed.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `transform` and `inverse_transform`: a
        :class:`SparseAutoencoder`, PCA, NMF, a pipeline of such.

    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, or any other input of `transform`.

    units : int, array-like of int or of bool, or slice
        The units to change: indices, or a mask of shape (n_components,).

    factor : float or array-like of shape (n_units,), default=None
        Factor by which their activations are multiplied on each row.

    value : float or array-like of shape (n_units,), default=None
        Value that replaces their activations, the same on all rows [1]_. Exactly one of
        `factor` and `value` must be given.

    Returns
    -------
    X_hat : ndarray of shape (n_samples, n_features)
        The reconstruction from the changed code. The other units are unchanged; a
        penalty that selects units, such as top-k, does not select again.

    Raises
    ------
    ValueError
        If a unit does not exist, or if not exactly one of `factor` and `value` is
        given.

    Notes
    -----
    - ``factor=0`` switches units off: 0 is the lowest activation of rectified and
      logistic units (of tanh units with "kl" it is -1: use ``value=-1``). The
      difference to the unchanged reconstruction is the contribution of the units.
    - ``value=metrics.mean_activation(A)[units]``, with the code A of many rows, keeps
      the units active but independent of the row.
    - ``factor=1`` changes nothing: ``X + steer(..., factor=2) - steer(..., factor=1)``
      applies the change to the rows themselves and preserves the part of them that the
      estimator does not reconstruct.

    References
    ----------
    .. [1] A. Templeton et al., "Scaling Monosemanticity: Extracting Interpretable
       Features from Claude 3 Sonnet", Transformer Circuits Thread, 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.inspection import steer
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(32, penalty="topk", random_state=0).fit(X)
    >>> unit = autoencoder.transform(X[:1]).argmax()
    >>> off, on = (steer(autoencoder, X[:1], unit, factor=f) for f in (0, 1))
    >>> written = autoencoder.transform(X[:1])[0, unit] * autoencoder.components_[unit]
    >>> bool(np.allclose(on - off, written))
    True
    """
    if (factor is None) == (value is None):
        raise ValueError(
            f"Exactly one of factor={factor} and value={value} must be given: factor "
            "multiplies activations, value replaces them."
        )
    code = estimator.transform(X)
    to_library, code = converter_to(code), check_rows(code, "the code of X")
    units = _unit_indices(units, code.shape[1])
    scale, shift = np.ones(code.shape[1]), np.zeros(code.shape[1])
    if value is None:
        scale[units] = _check_setting(factor, units, "factor")
    else:
        scale[units], shift[units] = 0, _check_setting(value, units, "value")
    return estimator.inverse_transform(to_library(_affine(code, scale, shift)))


def _unit_indices(units, n_components):
    """Indices of units given as indices, a mask or a slice."""
    try:
        chosen = units if isinstance(units, slice) else np.asarray(units)
        return np.atleast_1d(np.arange(n_components)[chosen])
    except IndexError as error:
        raise ValueError(
            f"units={units} must be indices below n_components={n_components} or a "
            "mask of that length."
        ) from error


def _check_setting(setting, units, name):
    """Validate a factor or value for all units or for each of them."""
    setting = np.asarray(setting, dtype=np.float64)
    if setting.ndim and setting.shape != units.shape:
        raise ValueError(
            f"{name} has shape {setting.shape}, but must be a number or have one for "
            f"each of the {len(units)} units."
        )
    return setting


def _affine(code, scale, shift):
    """``code * scale + shift`` in the dtype and format of the code."""
    scale, shift = scale.astype(code.dtype), shift.astype(code.dtype)
    if not sparse.issparse(code):
        return code * scale + shift
    ones = np.ones((code.shape[0], 1), code.dtype)
    shifts = sparse.csr_array(ones) @ sparse.csr_array(shift[np.newaxis])
    return code @ sparse.dia_array((scale[np.newaxis], [0]), [len(scale)] * 2) + shifts
