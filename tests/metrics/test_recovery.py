from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity

from skl_sparse_ae import metrics
from skl_sparse_ae.datasets import make_sparse_features

from .containers import CONTAINERS

COSINES = [metrics.mean_max_cosine, metrics.mean_matched_cosine, metrics.uniqueness]


def test_all_is_found(rng):
    _, codes, dictionary = make_sparse_features(200, 6, 9, random_state=0)
    order, scale = rng.permutation(6), rng.uniform(0.1, 5, size=6)
    components, A = (scale[:, None] * dictionary)[order], codes[:, order] / scale[order]
    for measure in COSINES:
        assert_allclose(measure(dictionary, components), 1)
    assert_allclose(metrics.mean_matched_correlation(codes, A), 1)
    flipped = -components
    assert metrics.mean_matched_cosine(dictionary, flipped) < 0.9
    assert_allclose(metrics.mean_matched_cosine(dictionary, flipped, absolute=True), 1)
    assert_allclose(metrics.mean_matched_correlation(codes, -A, absolute=True), 1)


def test_matching_by_trying_all_permutations(rng):
    dictionary, components = rng.normal(size=(2, 4, 3))
    cosines = cosine_similarity(dictionary, components)
    expected = max(cosines[range(4), list(p)].mean() for p in permutations(range(4)))
    assert_allclose(metrics.mean_matched_cosine(dictionary, components), expected)
    assert_allclose(
        metrics.mean_max_cosine(dictionary, components), cosines.max(axis=1).mean()
    )
    codes, A = rng.normal(size=(2, 30, 4))
    r = np.corrcoef(codes.T, A.T)[:4, 4:]
    expected = max(r[range(4), list(p)].mean() for p in permutations(range(4)))
    assert_allclose(metrics.mean_matched_correlation(codes, A), expected)


def test_several_features_of_one_unit():
    dictionary, components = [[1, 0], [1, 0]], [[1, 0], [0, 1]]
    assert metrics.mean_max_cosine(dictionary, components) == 1
    assert metrics.mean_matched_cosine(dictionary, components) == 0.5


def test_uniqueness_by_hand():
    dictionary = np.eye(3)
    components = [[1, 0, 0], [2, 0.1, 0], [0, 0, 3], [0, 0, 0]]
    assert metrics.uniqueness(dictionary, components) == 0.5


@pytest.mark.parametrize("container", CONTAINERS)
def test_correlation_of_all_kinds_of_codes(container):
    codes = np.array([[0.0, 1, 4], [2, 0, 4], [0, 0, 4], [1, 3, 4]])
    # The constant third feature and the missing unit count as zero.
    value = metrics.mean_matched_correlation(
        container(codes), container(codes[:, 1::-1])
    )
    assert_allclose(value, 2 / 3)


def test_shapes_must_agree():
    for measure in COSINES:
        with pytest.raises(ValueError, match="same number of columns"):
            measure(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="same number of rows"):
        metrics.mean_matched_correlation(np.eye(2), sparse.csr_array(np.eye(3)))
