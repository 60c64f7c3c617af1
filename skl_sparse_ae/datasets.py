"""Generated rows whose features are known, to see whether a method finds them."""

from numbers import Integral, Real

import numpy as np
from scipy.special import ndtri
from sklearn.utils import check_array, check_random_state

from ._arrays._norms import unit_rows
from ._sklearn import Interval, validate_params

__all__ = ["make_sparse_features"]

_COUNT = [Interval(Integral, 1, None, closed="left")]
_SIZE = [Interval(Real, 0, None, closed="left"), "array-like"]


@validate_params(
    {
        "n_samples": _COUNT,
        "n_components": _COUNT,
        "n_features": _COUNT,
        "n_active": [Interval(Real, 0, None, closed="neither")],
        "frequencies": ["array-like", None],
        "correlation": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "parents": ["array-like", None],
        "magnitude": _SIZE,
        "magnitude_std": _SIZE,
        "noise": [Interval(Real, 0, None, closed="left")],
        "orthogonal": ["boolean"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_sparse_features(
    n_samples=1000,
    n_components=64,
    n_features=32,
    *,
    n_active=3,
    frequencies=None,
    correlation=0.0,
    parents=None,
    magnitude=1.0,
    magnitude_std=0.2,
    noise=0.0,
    orthogonal=False,
    random_state=None,
):
    """Generate rows as sparse sums of known, non-negative features.

    ``X = codes @ dictionary + noise``: the model of superposition [1]_, with what is
    known to mislead sparse autoencoders, correlated features and a hierarchy [2]_.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of rows.

    n_components : int, default=64
        Number of true features, the rows of `dictionary`.

    n_features : int, default=32
        Number of columns of X.

    n_active : float, default=3
        Number of features that are active in a row on average, where `frequencies` is
        None and there are no `parents`.

    frequencies : array-like of shape (n_components,), default=None
        Probability of each feature to be active; for a child, given that its parent
        is. None: ``n_active / n_components`` for all.

    correlation : float or array-like of shape (n_components, n_components), default=0
        Correlations of the normal variables that decide, by exceeding a threshold,
        which features are active (a Gaussian copula). A number: the same for all pairs.

    parents : array-like of int of shape (n_components,), default=None
        Index of the parent of each feature, -1 for those without. A child is active
        only where its parent is.

    magnitude : float or array-like of shape (n_components,), default=1
        Mean of the activations of each feature where it is active.

    magnitude_std : float or array-like of shape (n_components,), default=0.2
        Their standard deviation. They are absolute values of normal variables, so that
        both figures hold where this is small in comparison.

    noise : float, default=0
        Standard deviation of normal noise in each entry of X.

    orthogonal : bool, default=False
        Whether the features are orthogonal; ``n_components <= n_features`` is needed.
        Otherwise their directions are independent and uniform.

    random_state : int, RandomState instance or None, default=None
        Determines all random numbers. Pass an int for reproducible output.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The rows.

    codes : ndarray of shape (n_samples, n_components)
        The true activations, zero for features that are not active.

    dictionary : ndarray of shape (n_components, n_features)
        The true features, of length 1.

    Raises
    ------
    ValueError
        If a parameter has the wrong shape, frequencies are not within 0 and 1, the
        parents form a circle, or the correlations are no correlation matrix.

    See Also
    --------
    sklearn.datasets.make_sparse_coded_signal : The same number of active atoms, with
        signs, in each row.

    References
    ----------
    .. [1] L. Sharkey, D. Braun, B. Millidge, "Taking features out of superposition with
       sparse autoencoders", AI Alignment Forum, 2022.
    .. [2] D. Chanin et al., "A is for Absorption: Studying Feature Splitting and
       Absorption in Sparse Autoencoders", arXiv:2409.14507, 2024.

    Examples
    --------
    >>> from skl_sparse_ae.datasets import make_sparse_features
    >>> X, codes, dictionary = make_sparse_features(
    ...     500, n_components=3, n_features=8, frequencies=[0.4, 0.3, 0.5],
    ...     parents=[-1, -1, 0], random_state=0,
    ... )
    >>> X.shape, codes.shape, dictionary.shape
    ((500, 8), (500, 3), (3, 8))
    >>> bool((codes[codes[:, 2] > 0, 0] > 0).all())
    True
    """
    rng = check_random_state(random_state)
    if frequencies is None:
        frequencies = min(1.0, n_active / n_components)
    frequencies = _one_each(frequencies, n_components, "frequencies")
    if not ((frequencies >= 0) & (frequencies <= 1)).all():
        raise ValueError("frequencies must be within 0 and 1.")
    magnitude = _one_each(magnitude, n_components, "magnitude")
    spread = _one_each(magnitude_std, n_components, "magnitude_std")
    # Children come after their parents, so that a parent's own parent has been applied.
    order, parents = _from_the_roots(parents, n_components)
    dictionary = _directions(n_components, n_features, orthogonal, rng)
    normal = _correlated_normal(n_samples, n_components, correlation, rng)
    active = normal < ndtri(frequencies)
    for child in order:
        if parents[child] >= 0:
            active[:, child] &= active[:, parents[child]]
    sizes = np.abs(magnitude + spread * rng.standard_normal(active.shape))
    codes = np.where(active, sizes, 0.0)
    X = codes @ dictionary
    if noise:
        X += noise * rng.standard_normal(X.shape)
    return X, codes, dictionary


def _one_each(values, n_components, name):
    """One number for each feature, from one for all or an array."""
    values = np.asarray(values, dtype=np.float64)
    if values.shape not in [(), (n_components,)]:
        raise ValueError(
            f"{name} has shape {values.shape}, but must be a number or have one for "
            f"each of the {n_components} features."
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite.")
    return np.broadcast_to(values, (n_components,))


def _from_the_roots(parents, n_components):
    """The features in an order in which parents come first, and their parents."""
    if parents is None:
        parents = np.full(n_components, -1)
    parents = np.asarray(parents)
    if parents.shape != (n_components,) or parents.dtype.kind not in "iu":
        raise ValueError(
            f"parents must be {n_components} whole numbers, one for each feature."
        )
    if (parents < -1).any() or (parents >= n_components).any():
        raise ValueError("parents must be indices of features, or -1.")
    depth, ancestor = np.zeros(n_components, int), parents.copy()
    while (ancestor >= 0).any():
        if depth.max() >= n_components:
            raise ValueError("parents has a circle.")
        depth[ancestor >= 0] += 1
        ancestor = np.where(ancestor >= 0, parents[ancestor], -1)
    return np.argsort(depth, kind="stable"), parents


def _directions(n_components, n_features, orthogonal, rng):
    """Random rows of length 1."""
    if not orthogonal:
        return unit_rows(rng.standard_normal((n_components, n_features)))
    if n_components > n_features:
        raise ValueError(
            f"{n_components} features of {n_features} columns cannot be orthogonal."
        )
    q, r = np.linalg.qr(rng.standard_normal((n_features, n_components)))
    # The signs make the distribution uniform, whatever LAPACK's convention is.
    return (q * np.sign(np.diag(r))).T


def _correlated_normal(n_samples, n_components, correlation, rng):
    """Standard normal variables with given correlations, one row each."""
    own = rng.standard_normal((n_samples, n_components))
    if isinstance(correlation, Real):
        common = rng.standard_normal((n_samples, 1))
        return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
    correlation = check_array(correlation, input_name="correlation")
    if correlation.shape != (n_components, n_components):
        raise ValueError(
            f"correlation has shape {correlation.shape}, but must be a number or have "
            f"shape {n_components, n_components}."
        )
    values, vectors = np.linalg.eigh(correlation)
    is_matrix = np.allclose(correlation, correlation.T) and values[0] > -1e-8
    if not is_matrix or not np.allclose(np.diag(correlation), 1):
        raise ValueError(
            "correlation must be symmetric and positive semidefinite, with ones on the "
            "diagonal."
        )
    return own @ (vectors * np.sqrt(np.maximum(values, 0))).T
