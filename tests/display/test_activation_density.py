import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_sparse_ae.display import ActivationDensityDisplay

from .estimators import Given

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_densities_by_hand():
    rows = np.array([[0.0, 3.0], [0.0, -4.0], [1.0, 2.0], [0.0, 0.5]])
    display = ActivationDensityDisplay.from_estimator(Given().fit(), rows, n_bins=4)
    assert_array_equal(display.edges, [0, 1, 2, 3, 4])
    assert_array_equal(display.units, [1, 0])
    assert_array_equal(display.means, [9.5 / 4, 0.25])
    assert_array_equal(display.density.T, [[0.25, 0, 0.25, 0.5], [0.75, 0.25, 0, 0]])
    shown = display.mesh_.get_array()
    assert_array_equal(shown.filled(0), display.density)
    assert_array_equal(display.means_.get_data().values, display.means)
    assert display.colorbar_.ax.get_ylabel() == "Fraction of the rows"
    assert display.line_ is None


def test_densities_are_of_all_rows_and_rho_is_marked(autoencoder, X):
    display = ActivationDensityDisplay.from_estimator(autoencoder, X, n_units=5)
    assert display.density.shape == (40, 5)
    assert_allclose(display.density.sum(axis=0), 1)
    assert display.rho == autoencoder.penalty_.rho
    assert_array_equal(display.line_.get_ydata(), [display.rho] * 2)
    expected = np.sort(autoencoder.mean_activation_)[::-1][:5]
    assert_allclose(display.means, expected)


def test_columns_are_at_the_ranks_of_the_units():
    rows = np.array([[0.0, 3.0, 1.0], [1.0, 3.0, 1.0]])
    display = ActivationDensityDisplay.from_estimator(Given(np.eye(3)).fit(), rows)
    assert_array_equal(display.units, [1, 2, 0])
    sides = display.mesh_.get_coordinates()[0, :, 0]
    assert_array_equal(sides, [0.5, 1.5, 2.5, 3.5])
    assert_array_equal(display.means_.get_data().edges, sides)
    assert display.ax_.get_xlim() == (0.5, 3.5)
    assert display.ax_.get_xlabel() == "Rank of the unit by mean activation"
    ticks = [tick for tick in display.ax_.get_xticks() if 0.5 < tick < 3.5]
    assert_array_equal(ticks, [1, 2, 3])


def test_densities_of_units_that_are_never_active():
    display = ActivationDensityDisplay.from_estimator(Given().fit(), np.zeros((3, 2)))
    assert_array_equal(display.density[0], 1)
    assert_array_equal(display.density[1:], 0)
