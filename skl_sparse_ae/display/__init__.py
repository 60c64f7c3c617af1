"""Plots of fitted estimators, in the style of scikit-learn's displays.

`from_estimator` creates and draws a display; its method `plot` draws it again, in other
Axes or in another style. Displays use only public attributes and methods, so
scikit-learn's decompositions can be drawn next to a sparse autoencoder.

Drawing requires matplotlib: ``pip install "skl-sparse-ae[plot]"``.
"""

from ._activation_density import ActivationDensityDisplay
from ._loss_curve import LossCurveDisplay
from ._mean_activation import MeanActivationDisplay
from ._reconstructions import ReconstructionDisplay
from ._row_losses import RowLossDisplay
from ._sparsity_curve import SparsityCurveDisplay
from ._unit_features import UnitFeatureDisplay
from ._unit_images import UnitImageDisplay

__all__ = [
    "ActivationDensityDisplay",
    "LossCurveDisplay",
    "MeanActivationDisplay",
    "ReconstructionDisplay",
    "RowLossDisplay",
    "SparsityCurveDisplay",
    "UnitFeatureDisplay",
    "UnitImageDisplay",
]
