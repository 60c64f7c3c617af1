"""Measures of a dictionary."""

import numpy as np
from sklearn.utils import check_array

from .._arrays._array_api import to_numpy
from .._arrays._norms import unit_rows


def mutual_coherence(components):
    """Largest absolute cosine between two different atoms of a dictionary [1]_.

    Parameters
    ----------
    components : array-like of shape (n_components, n_features)
        Dictionary, such as `components_` of a fitted estimator. Its rows are the atoms.

    Returns
    -------
    coherence : float
        From 0, for orthogonal atoms, to 1, if two atoms are multiples of each other.
        Atoms of length zero are orthogonal to all others; a single atom has
        coherence 0.

    References
    ----------
    .. [1] D. L. Donoho, M. Elad, "Optimally sparse representation in general
       (nonorthogonal) dictionaries via l1 minimization", PNAS 100, 2003.

    Examples
    --------
    >>> from skl_sparse_ae import metrics
    >>> metrics.mutual_coherence([[1, 0], [0, 2], [-3, 4]])
    0.8
    """
    components = to_numpy(check_array(components, input_name="components"))
    atoms = unit_rows(components.astype(np.float64))
    cosines = np.abs(atoms @ atoms.T)
    np.fill_diagonal(cosines, 0)
    return min(1.0, float(cosines.max()))
