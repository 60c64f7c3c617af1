"""Uses of the public names, which the type checker reads and nobody calls."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

from skl_sparse_ae import KL, ConvSparseAutoencoder, SparseAutoencoder, stability_report
from skl_sparse_ae.datasets import make_sparse_features
from skl_sparse_ae.metrics import dead_units, variance_explained
from skl_sparse_ae.report import HTMLReport, html_report
from skl_sparse_ae.stability import StabilityReport


def uses() -> None:
    X: NDArray[np.float64] = np.ones((3, 2))

    autoencoder = SparseAutoencoder(8, penalty=KL(0.1), solver="adam").fit(X)
    assert_type(autoencoder, SparseAutoencoder)
    assert_type(autoencoder.score(X), float)
    assert_type(autoencoder.score_samples(X), NDArray[Any])
    assert_type(autoencoder.components_, NDArray[Any])
    images = ConvSparseAutoencoder(image_shape=(2, 1), pooling="max").partial_fit(X)
    assert_type(images, ConvSparseAutoencoder)
    assert_type(images.output_shape_, tuple[int, int, int])
    assert_type(variance_explained(X, X), float)
    assert_type(dead_units(X, threshold="mean"), NDArray[Any])
    assert_type(stability_report(autoencoder, X), StabilityReport)
    assert_type(html_report(autoencoder, X, image_shape=(2, 1)), HTMLReport)
    assert_type(make_sparse_features(10)[2], NDArray[Any])

    # What is wrong is found: mypy reports an ignored line that has no error.
    SparseAutoencoder(8, solver="newton")  # type: ignore[arg-type]
    SparseAutoencoder(8, "kl")  # type: ignore[call-arg]
    SparseAutoencoder(8, unknown=1)  # type: ignore[call-arg]
    html_report(autoencoder, X, n_top_rows="all")  # type: ignore[arg-type]
