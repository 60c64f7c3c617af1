"""Full-batch fits end at stationary points of J, whatever the search knew of it."""

import numpy as np
import pytest
from scipy import sparse

from skl_sparse_ae import KL, L1, Contractive, SparseAutoencoder

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NAMES = [
    "encoder_coef_",
    "encoder_intercept_",
    "components_",
    "decoder_intercept_",
]


def slopes(autoencoder, X, weights, rng, step=1e-5):
    """Slopes of `objective` along random directions of each array, by differences."""
    start = [getattr(autoencoder, name) for name in NAMES]

    def value(shift, directions):
        for name, array, direction in zip(NAMES, start, directions, strict=True):
            setattr(autoencoder, name, array + shift * direction)
        return autoencoder.objective(X, sample_weight=weights)

    found = []
    for name in NAMES * 5:
        directions = [rng.normal(size=array.shape) for array in start]
        directions = [
            direction * (other == name)
            for direction, other in zip(directions, NAMES, strict=True)
        ]
        found.append((value(step, directions) - value(-step, directions)) / (2 * step))
    return np.abs(found)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    "parameters",
    [
        {"penalty": KL(0.1, 0.3)},
        {"penalty": L1(0.05), "activation": "logistic"},
        {"penalty": L1(0.05, scale_invariant=False), "activation": "logistic"},
        {"penalty": Contractive(0.1)},
        {"penalty": None},
        {"penalty": KL(0.1, 0.3), "out_activation": "logistic"},
    ],
    ids=str,
)
def test_the_gradient_of_all_parameters_vanishes(parameters, container, digits, rng):
    X, weights = container(digits[:150, 10:40]), rng.rand(150)

    def fit(max_iter):
        return SparseAutoencoder(
            5, alpha=0.01, tol=0, max_iter=max_iter, random_state=0, **parameters
        ).fit(X, sample_weight=weights)

    begun, ended = (slopes(fit(n), X, weights, rng) for n in (2, 1000))
    assert ended.max() < 1e-3 * begun.max()
    assert ended.max() < 1e-4
