"""Measures of codes, reconstructions and dictionaries.

The functions take arrays, the true one first, like those of :mod:`sklearn.metrics`:
rows `X`, their reconstruction `X_hat` (the output of `inverse_transform`), their code
`A` (the output of `transform`) and a dictionary `components`. They work with PCA, NMF
and dictionary learning as well. A code in CSR format is never made dense. Two functions
take an estimator instead: :func:`pipeline_score`, the score of stacked autoencoders,
and :func:`loss_per_entry`, the loss of each entry of X.

Where the true features are known, as in rows that
:func:`skl_sparse_ae.datasets.make_sparse_features` generates, other functions compare a
dictionary with the true one, or a code with the true activations `codes`.

`threshold` defines which activations count as active:

- None, the default: all that are not zero. Suited to rectified units, top-k codes and
  dictionary learning.
- A number, or an array with one number for each unit: those above it.
- "mean": those above the unit's own mean over the rows. Suited to logistic and tanh
  units, which are never zero and would all be active by default. A unit is dead in
  this sense if it is constant.

No default suits all codes, since an array does not tell the kind of its units. Fixed
thresholds are misleading for logistic units: with a mean activation near 0.1,
most of them never reach 0.5, where their pre-activation becomes positive, although they
distinguish rows well.

Examples
--------
>>> from sklearn.datasets import load_digits
>>> from skl_sparse_ae import SparseAutoencoder, metrics
>>> X = load_digits().data / 16
>>> autoencoder = SparseAutoencoder(32, penalty="topk", rho=0.1, random_state=0)
>>> A = autoencoder.fit_transform(X)
>>> X_hat = autoencoder.inverse_transform(A)
>>> bool(metrics.variance_explained(X, X_hat) > 0.7)
True
>>> int(metrics.n_active_units(A).max())
3
"""

from ._activity import (
    activation_density,
    always_on_units,
    dead_units,
    mean_activation,
    n_active_units,
)
from ._detection import absorption_rate, feature_detection, n_split_units, relative_l0
from ._dictionary import decoder_projection, mutual_coherence
from ._pipelines import loss_per_entry, pipeline_score
from ._reconstruction import (
    mean_squared_error_per_feature,
    relative_reconstruction_bias,
    variance_explained,
)
from ._recovery import (
    mean_matched_correlation,
    mean_matched_cosine,
    mean_max_cosine,
    uniqueness,
)
from ._sparsity import hoyer_sparsity

__all__ = [
    "absorption_rate",
    "activation_density",
    "always_on_units",
    "dead_units",
    "decoder_projection",
    "feature_detection",
    "hoyer_sparsity",
    "loss_per_entry",
    "mean_activation",
    "mean_matched_correlation",
    "mean_matched_cosine",
    "mean_max_cosine",
    "mean_squared_error_per_feature",
    "mutual_coherence",
    "n_active_units",
    "n_split_units",
    "pipeline_score",
    "relative_l0",
    "relative_reconstruction_bias",
    "uniqueness",
    "variance_explained",
]
