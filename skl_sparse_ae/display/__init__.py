"""Pictures of fitted estimators, in the manner of scikit-learn's displays.

Each is made by `from_estimator`, and drawn again, elsewhere or in another style, by
`plot`. They need no more of an estimator than its public attributes and methods, so
that scikit-learn's own decompositions can be drawn beside a sparse autoencoder.

Drawing needs matplotlib: ``pip install "skl-sparse-ae[plot]"``.
"""

from ._activations import ActivationDensityDisplay, MeanActivationDisplay
from ._loss_curve import LossCurveDisplay
from ._reconstructions import ReconstructionDisplay
from ._sparsity_curve import SparsityCurveDisplay
from ._units import UnitFeatureDisplay, UnitImageDisplay

__all__ = [
    "ActivationDensityDisplay",
    "LossCurveDisplay",
    "MeanActivationDisplay",
    "ReconstructionDisplay",
    "SparsityCurveDisplay",
    "UnitFeatureDisplay",
    "UnitImageDisplay",
]
