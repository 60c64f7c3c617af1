"""Columns that are lost beside others of a larger unit, and tables without such."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._fitting._column_scales import lost_columns
from skl_sparse_ae._fitting._fitted import fitted_parameters
from skl_sparse_ae._fitting._problem import make_problem
from skl_sparse_ae.metrics import mean_squared_error_per_feature

from ..rows.test_rows import KINDS

N_SENSORS = 20


def sensors(rng):
    """Seven sensors of a large unit and 13 of a small one; none tells of another."""
    units = np.append(np.full(7, 100.0), np.full(13, 1.0))
    return 50 + rng.normal(size=(400, N_SENSORS)) * rng.permutation(units)


def indicators_and_income(rng):
    income = np.floor(np.exp(10 + rng.normal(size=600)))
    return np.column_stack([np.eye(8)[rng.randint(8, size=600)], income])


def messages_of_fit(X, n_components=16, **parameters):
    autoencoder = SparseAutoencoder(n_components, random_state=0, **parameters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        autoencoder.fit(X)
    messages = [str(warning.message) for warning in caught]
    return autoencoder, [text for text in messages if "columns that vary" in text]


@pytest.mark.parametrize("penalty", ["kl", "l1", "topk", None])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, np.float32])
def test_unscaled_sensors_are_counted(container, penalty, rng):
    X = sensors(rng)
    autoencoder, messages = messages_of_fit(container(X), 60, penalty=penalty)
    assert autoencoder.score(container(X)) > 0.95
    (message,) = messages
    assert message.startswith("7 of the 20 columns that vary have 100.0% of the")
    assert "13 others are reconstructed by less than half" in message
    assert "StandardScaler or MinMaxScaler" in message


@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_the_numbers_are_those_of_the_public_functions(load):
    X = load().data[:400]
    autoencoder, (message,) = messages_of_fit(X)
    variances = X.var(axis=0)
    held = np.sort(variances)[::-1].cumsum() / variances.sum()
    X_hat = autoencoder.inverse_transform(autoencoder.transform(X))
    unexplained = mean_squared_error_per_feature(X, X_hat) / variances
    n_dominant = np.flatnonzero(held > 0.99)[0] + 1
    assert f"{n_dominant} of the {X.shape[1]} columns" in message
    assert f" {held[n_dominant - 1]:.1%} of the variance" in message
    assert f", and {(unexplained > 0.5).sum()} others are" in message
    assert f"the score of {autoencoder.score(X):.3f} does" in message


def test_indicators_beside_an_income(rng):
    _, (message,) = messages_of_fit(indicators_and_income(rng))
    assert "1 of the 9 columns" in message
    assert ", and 8 others are" in message


def test_constant_columns_are_not_counted(rng):
    X = np.column_stack([sensors(rng), np.full((400, 5), 0.1)])
    _, (message,) = messages_of_fit(X)
    assert message.startswith("7 of the 20 columns")


def test_centred_tables_and_ordered_ones_are_no_principal_components(rng):
    X = sensors(rng)
    ordered = X[:, np.argsort(-X.var(axis=0))]
    for table in (X - X.mean(axis=0), ordered):
        assert len(messages_of_fit(table)[1]) == 1
    assert messages_of_fit(ordered - ordered.mean(axis=0))[1] == []


@pytest.mark.parametrize("make", KINDS)
def test_rows_of_every_kind_and_their_weights(make, rng):
    X = 5 + rng.normal(size=(100, 4)) * [1, 300, 1, 1]
    X[-1] = [5, 5e5, 5, 5]
    weights = np.append(rng.uniform(0.5, 1, size=99), 0)
    settings = SparseAutoencoder(3, max_iter=30, random_state=0)
    autoencoder, _ = messages_of_fit(X[:-1], 3)
    problem = make_problem(settings, make(X, weights).of_positive_weight())
    theta = problem.network.layout.flatten(fitted_parameters(autoencoder))
    found = lost_columns(problem, theta)
    assert (found.n_varying, found.n_dominant, found.n_lost) == (4, 1, 3)
    expected = autoencoder.score(X[:-1], sample_weight=weights[:-1])
    assert found.score == pytest.approx(expected)


def standardised(rng):
    return StandardScaler().fit_transform(load_wine().data)


def scores_of_smooth_curves(rng):
    """Principal components of spectra: two hold nearly all of the variance."""
    peaks = np.exp(-((np.linspace(0, 1, 60) - np.array([[0.3], [0.7]])) ** 2) / 0.02)
    curves = rng.uniform(size=(300, 2)) @ peaks + 1e-3 * rng.normal(size=(300, 60))
    return PCA(30, random_state=0).fit_transform(curves)


def smooth_curves(rng):
    """The share of each curve at the ends is tiny, and yet told by the others."""
    peaks = np.exp(-((np.linspace(0, 1, 60) - np.array([[0.4], [0.6]])) ** 2) / 0.005)
    return rng.uniform(size=(300, 2)) @ peaks


def mostly_large_units(rng):
    return 50 + rng.normal(size=(300, 20)) * np.repeat([100.0, 1.0], [12, 8])


def images_with_a_rare_border(rng):
    """Ten pixels in the middle, and thirty that are on in one image of 400."""
    border = 0.2 * np.eye(400)[:, :30]
    return np.column_stack([rng.uniform(size=(400, 10)), border])


def counts_of_words(rng):
    """Frequencies by Zipf's law, stop words included."""
    frequencies = 200 / np.arange(1, 401)
    return rng.poisson(frequencies * np.exp(rng.normal(size=(500, 1)) / 2))


@pytest.mark.parametrize(
    "make",
    [
        standardised,
        lambda rng: load_iris().data,
        lambda rng: PCA().fit_transform(standardised(rng)),
        lambda rng: PCA(whiten=True).fit_transform(load_wine().data),
        scores_of_smooth_curves,
        smooth_curves,
        mostly_large_units,
        images_with_a_rare_border,
        counts_of_words,
        lambda rng: sparse.csr_array(counts_of_words(rng)),
        lambda rng: np.eye(8)[rng.randint(8, size=300)],
    ],
    ids=[
        "standardised",
        "one unit",
        "components",
        "whitened components",
        "components of curves",
        "curves",
        "mostly large units",
        "rare border",
        "words",
        "words in CSR",
        "indicators",
    ],
)
def test_unequal_variances_alone_are_silent(make, rng):
    assert messages_of_fit(make(rng))[1] == []


def test_a_low_score_hides_nothing(rng):
    X = sensors(rng)
    autoencoder, messages = messages_of_fit(X, 2)
    assert autoencoder.score(X) < 0.9
    assert messages == []


@pytest.mark.parametrize("n_components", [16, 100])
@pytest.mark.parametrize("scale", [1, 16])
def test_pixels_and_codes_of_pixels_are_silent(n_components, scale, digits):
    autoencoder, messages = messages_of_fit(scale * digits, n_components)
    assert messages == []
    assert messages_of_fit(autoencoder.transform(scale * digits))[1] == []


def test_enough_units_and_iterations_lose_no_column(rng):
    X = sensors(rng)
    parameters = {"penalty": None, "activation": "identity", "alpha": 0, "tol": 1e-9}
    autoencoder, messages = messages_of_fit(X, 20, **parameters)
    errors = ((X - autoencoder.inverse_transform(autoencoder.transform(X))) ** 2).mean(
        0
    )
    assert (errors < 0.1 * X.var(axis=0)).all()
    assert messages == []
