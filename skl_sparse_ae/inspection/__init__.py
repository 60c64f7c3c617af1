"""Interpretation of the units of a fitted estimator.

For each unit: the rows that activate it most, the classes that are frequent among the
rows on which it is active, what it tells about a target, the features with the largest
weights, and the effect on a reconstruction of switching it off or amplifying it. The
functions use only `transform`, `inverse_transform` and `components_`. They work with
PCA, NMF and dictionary learning as well, with pipelines that end with one of these, and
with fitted parameter searches over any of them.
"""

from ._features import top_features
from ._labels import label_enrichment
from ._probing import sparse_probing
from ._ranking import rank_units
from ._rows import top_activating
from ._steering import steer

__all__ = [
    "label_enrichment",
    "rank_units",
    "sparse_probing",
    "steer",
    "top_activating",
    "top_features",
]
