import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.decomposition import PCA

from skl_sparse_ae import KL, L1, SparseAutoencoder, TopK
from skl_sparse_ae.display import MeanActivationDisplay

from .estimators import Given

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_mean_activations_are_the_fitted_ones_or_those_of_other_rows(autoencoder, X):
    display = MeanActivationDisplay.from_estimator(autoencoder)
    assert_array_equal(display.values, autoencoder.mean_activation_)
    display = MeanActivationDisplay.from_estimator(autoencoder, X[:50])
    assert_allclose(display.values, autoencoder.transform(X[:50]).mean(axis=0))
    heights = [bar.get_height() for bar in display.bars_]
    assert sum(heights) == 7
    assert display.ax_.get_ylabel() == "Number of units"


def test_tanh_units_are_mapped_as_kl_does(X):
    autoencoder = SparseAutoencoder(4, activation="tanh", max_iter=5, random_state=0)
    display = MeanActivationDisplay.from_estimator(autoencoder.fit(X), X)
    assert_allclose(display.values, autoencoder.mean_activation_)


def test_frequencies_by_hand():
    rows = np.array([[0.0, -2.0], [0.5, 0.0], [0.0, 1.0], [0.0, 2.0]])
    for threshold, expected in [(0.0, [0.25, 0.75]), (0.5, [0.0, 0.75]), (1, [0, 0.5])]:
        display = MeanActivationDisplay.from_estimator(
            Given().fit(), rows, statistic="frequency", threshold=threshold
        )
        assert_array_equal(display.values, expected)


@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_frequencies_of_units_that_are_never_zero(activation, X):
    autoencoder = SparseAutoencoder(
        10, activation=activation, max_iter=20, random_state=0
    ).fit(X)

    def frequencies(**params):
        return MeanActivationDisplay.from_estimator(
            autoencoder, X, statistic="frequency", **params
        )

    code = autoencoder.transform(X)
    above = [np.count_nonzero(column > column.mean()) / 200 for column in code.T]
    for display in (frequencies(), frequencies(threshold="mean")):
        assert_allclose(display.values, above)
        xlabel = display.ax_.get_xlabel()
        assert xlabel == "Fraction of the rows on which a unit is above its mean"
    assert len(np.unique(above)) > 5
    assert_array_equal(frequencies(threshold=0.0).values, 1)


def test_frequencies_above_means_by_hand():
    # A constant unit is never above its mean.
    rows = np.array([[0.1, 0.3], [0.1, 0.9], [0.1, 0.1], [0.1, 0.3]])
    display = MeanActivationDisplay.from_estimator(
        Given().fit(), rows, statistic="frequency", threshold="mean"
    )
    assert_array_equal(display.values, [0, 0.25])


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_frequencies_of_topk_are_rho_on_average(container, X):
    autoencoder = SparseAutoencoder(
        20, penalty="topk", sparse_output=True, max_iter=5, random_state=0
    ).fit(container(X))
    display = MeanActivationDisplay.from_estimator(
        autoencoder, container(X), statistic="frequency"
    )
    assert_allclose(display.values.mean(), display.rho)
    assert display.rho == 3 / 20


@pytest.mark.parametrize(
    ("params", "statistic"),
    [
        ({"penalty": "kl", "rho": 0.2}, "mean"),
        ({"penalty": KL(rho=0.2)}, "mean"),
        ({"penalty": "topk", "rho": 0.2}, "frequency"),
        ({"penalty": TopK(rho=0.2)}, "frequency"),
        ({"penalty": "batch_topk", "rho": 0.2}, "frequency"),
        ({"penalty": "l1", "rho": 0.2, "beta": "adaptive"}, "frequency"),
        ({"penalty": L1(rho=0.2, beta="adaptive")}, "frequency"),
        ({"penalty": "l1", "rho": 0.2}, None),
        ({"penalty": L1(rho=0.2), "beta": "adaptive"}, None),
        ({"penalty": "contractive", "rho": 0.2}, None),
        ({"penalty": None, "rho": 0.2}, None),
    ],
)
@pytest.mark.filterwarnings("ignore:beta='adaptive' should make")
@pytest.mark.filterwarnings("ignore:The given value of")
def test_rho_is_marked_where_it_is_the_target_of_the_penalty(params, statistic, X):
    autoencoder = SparseAutoencoder(10, max_iter=2, random_state=0, **params).fit(X)
    for shown in ("mean", "frequency"):
        display = MeanActivationDisplay.from_estimator(autoencoder, X, statistic=shown)
        if shown == statistic:
            assert display.rho == 0.2
            assert_array_equal(display.line_.get_xdata(), [0.2, 0.2])
            labels = [t.get_text() for t in display.ax_.get_legend().get_texts()]
            assert "rho = 0.2" in labels
        else:
            assert display.rho is None
            assert display.line_ is None


def test_units_that_are_never_active_are_counted_where_they_cannot_be_drawn():
    values = np.array([0.0, 0.0, 0.01, 0.1, 1.0])
    display = MeanActivationDisplay(values=values).plot(bins=2, log_scale=True)
    assert [bar.get_height() for bar in display.bars_] == [1, 2]
    assert_allclose([bar.get_x() for bar in display.bars_], [0.01, 0.1])
    assert display.ax_.get_legend().get_texts()[0].get_text() == "3 units, and 2 at 0"
    display.plot(bins=2, log=True)
    assert [bar.get_height() for bar in display.bars_] == [4, 1]
    assert display.ax_.get_yscale() == "log"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, r"X=None: PCA\(.*\) has no mean_activation_"),
        ({"statistic": "frequency"}, "X=None: statistic='frequency' needs rows"),
        (
            {"X": np.ones((2, 64)), "statistic": "frequency", "threshold": "low"},
            "threshold='low' must be one of mean, auto",
        ),
        ({"statistic": "median"}, "statistic='median' must be one of mean, frequency"),
    ],
)
def test_invalid_parameters_of_activations(params, message, X):
    with pytest.raises(ValueError, match=message):
        MeanActivationDisplay.from_estimator(PCA(2).fit(X), **params)


@pytest.mark.parametrize("log_scale", [False, True])
@pytest.mark.parametrize("value", [1.0, 1e-300, 1e300, 0.1])
@pytest.mark.parametrize("step", [0, 1, 2])
def test_values_that_are_nearly_the_same(step, value, log_scale):
    values = np.array([value, value + step * np.spacing(value), value])
    display = MeanActivationDisplay(values=values)
    bars = display.plot(log_scale=log_scale).bars_
    assert sum(bar.get_height() for bar in bars) == 3
