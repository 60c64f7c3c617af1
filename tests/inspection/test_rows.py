import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.decomposition import PCA, MiniBatchDictionaryLearning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skl_sparse_ae.inspection import top_activating

from .estimators import CONTAINERS, IDENTITY, fitted


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("container", CONTAINERS)
def test_top_activating_by_hand(container):
    code = [
        [0.5, 0.0, 0.0],
        [2.0, 0.0, -1.0],
        [0.5, 0.0, 3.0],
        [1.0, 0.0, 0.0],
        [0.5, 0.0, 0.0],
    ]
    top = top_activating(IDENTITY, container(code), n=3)
    # Rows 0, 2 and 4 are equal, and the first is taken; 5 pads the indices.
    assert_array_equal(top.indices, [[1, 3, 0], [5, 5, 5], [2, 1, 5]])
    assert_array_equal(top.activations, [[2, 1, 0.5], [0, 0, 0], [3, -1, 0]])


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("n", [1, 7, 80])
def test_top_activating_is_the_beginning_of_the_sorted_code(n, container, rng):
    # Few distinct values, so that there are many ties.
    code = rng.randint(1, 6, size=(60, 4)) / 2
    top = top_activating(IDENTITY, container(code), n=n)
    order = np.argsort(-code, axis=0, kind="stable").T[:, :n]
    assert_array_equal(top.indices[:, :60], order)
    assert_array_equal(
        top.activations[:, :60], np.take_along_axis(code.T, order, axis=1)
    )
    assert top.indices.shape == top.activations.shape == (4, n)
    assert (top.indices[:, 60:] == 60).all()


def test_entries_that_a_sparse_code_repeats_or_stores_as_zeros():
    # Row 0: unit 0 is 1 + 1, unit 1 is a stored zero; row 1: 3 and 1.
    code = sparse.csr_array(
        ([1.0, 1.0, 0.0, 3.0, 1.0], [0, 0, 1, 0, 1], [0, 3, 5]), shape=(2, 2)
    )
    top = top_activating(IDENTITY, code, n=2)
    assert_array_equal(top.indices, [[1, 0], [1, 2]])
    assert_array_equal(top.activations, [[3, 2], [1, 0]])


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize(
    "estimator",
    [PCA(5), MiniBatchDictionaryLearning(5, max_iter=1, transform_algorithm="omp")],
)
def test_top_activating_of_other_transformers(estimator, digits):
    code = estimator.fit(digits).transform(digits[:200])
    top = top_activating(estimator, digits[:200], n=2)
    assert_array_equal(top.indices[:, 0], code.argmax(axis=0))
    assert_allclose(top.activations[:, 1], np.sort(code, axis=0)[-2])


def test_top_activating_takes_pipelines_and_data_frames(digits):
    frame = pd.DataFrame(digits).add_prefix("pixel")
    autoencoder = fitted(digits)
    pipeline = make_pipeline(MinMaxScaler(), autoencoder).set_output(transform="pandas")
    top = top_activating(pipeline.fit(frame), frame, n=3)
    code = pipeline.transform(frame).to_numpy()
    assert_array_equal(top.indices[:, 0], code.argmax(axis=0))


def test_top_activating_keeps_float32(digits):
    X = digits.astype(np.float32)
    assert top_activating(fitted(X), X).activations.dtype == np.float32
