import inspect
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._network._activations import ACTIVATIONS, OUT_ACTIVATIONS

from .. import numeric

# The functions themselves, not in place.
FORMULAS = {
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0),
    "identity": lambda z: z,
}


def applied(activation, z):
    a = z.copy()
    activation.apply(a)
    return a


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_a_formula_to_compare_with(name):
    assert name in FORMULAS, (
        f"There is no formula for the activation {name!r}. Add it to FORMULAS in this "
        "file."
    )


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_apply_is_the_formula_in_the_dtype_given(name, dtype):
    z = np.linspace(-8, 8, 101, dtype=dtype)
    a = applied(ACTIVATIONS[name](), z)
    assert a.dtype == dtype
    assert_allclose(a, FORMULAS[name](z), atol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_multiply_derivative_agrees_with_differences(name, rng):
    activation = ACTIVATIONS[name]()
    # Without points near zero, where relu is not differentiable.
    z = np.concatenate([np.linspace(-4, -0.1, 20), np.linspace(0.1, 4, 20)])
    gradient = rng.normal(size=z.shape)
    expected = gradient * numeric.derivative(lambda z: applied(activation, z), z)
    activation.multiply_derivative(applied(activation, z), gradient)
    assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivative_and_its_slope_agree_with_differences(name):
    activation = ACTIVATIONS[name]()
    z = np.concatenate([np.linspace(-4, -0.1, 20), np.linspace(0.1, 4, 20)])
    a = applied(activation, z)
    expected = numeric.derivative(lambda z: applied(activation, z), z)
    assert_allclose(activation.derivative(a), expected, rtol=1e-6, atol=1e-9)
    a = a[np.abs(a) > 0.01]  # the derivative of relu is not continuous at zero
    slope = numeric.derivative(activation.derivative, a, step=1e-6)
    assert_allclose(activation.derivative_slope(a), slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["logistic", "tanh"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bounded_activations_saturate_without_overflow(name, dtype):
    activation = ACTIVATIONS[name]()
    z = np.array([-np.finfo(dtype).max, np.finfo(dtype).max], dtype=dtype)
    with np.errstate(all="raise"):
        assert_array_equal(applied(activation, z), activation.range)


def test_small_activations_have_all_digits_of_double_precision():
    z = np.linspace(-500, 0, 1001)
    assert_allclose(applied(ACTIVATIONS["logistic"](), z), expit(z), rtol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_range_holds_every_value(name):
    activation = ACTIVATIONS[name]()
    low, high = activation.range
    a = applied(activation, np.linspace(-50, 50, 1001))
    assert low <= a.min()
    assert a.max() <= high


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_inverse_undoes_apply(name):
    activation = ACTIVATIONS[name]()
    z = np.linspace(0.1, 3, 30)
    assert_allclose(activation.inverse(applied(activation, z)), z)


def test_outputs_are_activations_too():
    assert set(OUT_ACTIVATIONS) == {"identity", "logistic", "exponential"}
    both = set(OUT_ACTIVATIONS) & set(ACTIVATIONS)
    assert both == {"identity", "logistic"}
    assert all(ACTIVATIONS[name] is OUT_ACTIVATIONS[name] for name in both)


@pytest.mark.parametrize(
    ("parameter", "names"),
    [
        ("activation", {"auto", *ACTIVATIONS}),
        ("out_activation", {"auto", *OUT_ACTIVATIONS}),
    ],
)
def test_the_estimators_docstring_mentions_every_activation(parameter, names):
    doc = inspect.getdoc(SparseAutoencoder)
    (choices,) = re.findall(rf"^{parameter} : {{(.*?)}}", doc, flags=re.MULTILINE)
    assert set(re.findall(r'"(\w+)"', choices)) == names


@pytest.mark.parametrize(("name", "at_zero"), [("relu", 0), ("identity", 1)])
def test_slopes_of_units_at_zero(name, at_zero):
    activation, a = ACTIVATIONS[name](), np.array([0.0, 2.0])
    assert activation.derivative(a).tolist() == [at_zero, 1]
    assert activation.derivative_slope(a).tolist() == [0, 0]
