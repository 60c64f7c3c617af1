"""scikit-learn's estimator checks of `ConvSparseAutoencoder`.

The checks' tables have any number of columns. They are taken as images of one line of
pixels.
"""

import pytest
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from skl_sparse_ae import ConvSparseAutoencoder

from .test_scikit_learn import FURTHER_CHECKS, IN_ARRAY_API_MODE, pytestmark

SHORT = {"max_iter": 15, "kernel_size": (1, 2)}
# All images of a check are in one mini-batch, and their patches are not: weights are
# then equivalent to repeated rows in the mean only.
IN_ONE_BATCH = {**SHORT, "train_on": "images"}


class LineAutoencoder(ConvSparseAutoencoder):
    """Convolutional autoencoder of images that are a line of pixels."""

    def _image_shape_of(self, n_features):
        return 1, n_features, 1


ESTIMATORS = [
    LineAutoencoder(3, **SHORT),
    LineAutoencoder(3, penalty="l1", **SHORT),
    LineAutoencoder(3, **IN_ONE_BATCH),
    LineAutoencoder(3, solver="adam", **IN_ONE_BATCH),
    LineAutoencoder(
        3, penalty="l1", padding="valid", **{**IN_ONE_BATCH, "kernel_size": 1}
    ),
    LineAutoencoder(3, penalty="topk", pooling="max", **IN_ONE_BATCH),
    LineAutoencoder(3, tied_weights=True, stride=2, pooling="mean", **SHORT),
]
__all__ = ["pytestmark"]


@pytest.mark.skipif(IN_ARRAY_API_MODE, reason="is run without the array API mode")
@parametrize_with_checks(ESTIMATORS)
def test_estimator(estimator, check):
    check(estimator)


@pytest.mark.skipif(IN_ARRAY_API_MODE, reason="is run without the array API mode")
@pytest.mark.parametrize("check", FURTHER_CHECKS)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_further_checks(estimator, check):
    getattr(estimator_checks, check)(type(estimator).__name__, estimator)
