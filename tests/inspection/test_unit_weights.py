"""Units of a second layer, back in the columns of the first one."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, Normalizer, StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.inspection import top_features
from skl_sparse_ae.inspection._unit_weights import unit_weights


def layer(n_components, **parameters):
    return SparseAutoencoder(n_components, tol=0.1, random_state=0, **parameters)


def test_of_linear_decoders_it_is_the_product(digits):
    first, between, second = layer(30), StandardScaler(), layer(6)
    stack = make_pipeline(MaxAbsScaler(), first, between, second).fit(digits)
    expected = second.components_ * between.scale_ @ first.components_
    assert_allclose(unit_weights(stack), expected, atol=1e-12)
    assert_array_equal(unit_weights(stack[:2]), first.components_)
    assert_array_equal(unit_weights(second), second.components_)


def test_pca_in_front_is_a_layer(digits):
    pca, autoencoder = PCA(10, whiten=True, random_state=0), layer(6)
    stack = make_pipeline(pca, autoencoder).fit(digits)
    directions = np.sqrt(pca.explained_variance_)[:, np.newaxis] * pca.components_
    assert_allclose(unit_weights(stack), autoencoder.components_ @ directions)


@pytest.mark.parametrize("penalty", ["kl", "contractive"])
def test_with_logistic_outputs_it_is_the_change_from_the_mean(penalty, digits):
    first = layer(20, out_activation="logistic")
    second = layer(4, penalty=penalty)
    stack = make_pipeline(first, second).fit(digits)

    def pixels(code):
        middle = code @ second.components_ + second.decoder_intercept_
        return expit(middle @ first.components_ + first.decoder_intercept_)

    mean = second.transform(first.transform(digits)).mean(axis=0)
    if penalty == "contractive":  # its mean_activation_ is of squared slopes
        mean = np.zeros(4)
    expected = [pixels(mean + unit) - pixels(mean) for unit in np.eye(4)]
    assert_allclose(unit_weights(stack), expected, atol=1e-10)


def test_top_features_of_a_second_layer_are_columns(digits):
    frame = pd.DataFrame(digits).add_prefix("pixel ")
    first, second = layer(12), layer(5)
    for front in ([], [StandardScaler()]):
        stack = make_pipeline(*front, first, second).fit(frame)
        top = top_features(stack, n=3)
        largest = np.abs(second.components_ @ first.components_).argmax(axis=1)
        assert_array_equal(top.indices[:, 0], largest)
        assert_array_equal(top.names[:, 0], frame.columns[largest])


def test_a_step_without_a_way_back_is_refused(digits):
    stack = make_pipeline(layer(12), Normalizer(), layer(5)).fit(digits)
    with pytest.raises(ValueError, match="Normalizer has no inverse_transform"):
        top_features(stack)
    assert top_features(stack[-1]).names.shape == (5, 10)
