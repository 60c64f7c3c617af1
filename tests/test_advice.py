"""Messages on parameters and arguments that are not allowed say what to do."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skl_sparse_ae import KL, BatchTopK, SparseAutoencoder, TopK

PARAMETERS = [
    ({"penalty": TopK(rho=5)}, "rho is k / n_components"),
    ({"penalty": BatchTopK(rho=5), "solver": "adam"}, "rho is k / n_components"),
    ({"penalty": "topk", "rho": 5}, "rho is k / n_components"),
    ({"penalty": "KL"}, "Did you mean 'kl'"),
    ({"penalty": "top_k"}, "Did you mean 'topk'"),
    ({"penalty": KL}, r"Pass an object, such as KL\(\)"),
    ({"activation": "ReLU"}, "Did you mean 'relu'"),
    ({"activation": "sigmoid"}, "Did you mean 'logistic'"),
    ({"out_activation": "linear"}, "Did you mean 'identity'"),
    ({"solver": "l-bfgs"}, "Did you mean 'lbfgs'"),
    ({"n_components": (64, 32)}, "one hidden layer; a pipeline of several"),
    ({"n_components": [64, 32]}, "one hidden layer; a pipeline of several"),
]


@pytest.mark.parametrize(("parameters", "advice"), PARAMETERS, ids=str)
def test_parameters(parameters, advice, digits):
    with pytest.raises(ValueError, match=f"The '.*' parameter of .*{advice}"):
        SparseAutoencoder(**parameters).fit(digits)


def test_no_advice_where_nothing_is_similar(digits):
    with pytest.raises(ValueError, match="Got 'something' instead.$"):
        SparseAutoencoder(penalty="something").fit(digits)
    with pytest.raises(ValueError, match="Got -1 instead.$"):
        SparseAutoencoder(-1).fit(digits)


@pytest.mark.parametrize("penalty", ["topk", None])
def test_parameters_of_a_penalty_that_is_no_object(penalty, digits):
    autoencoder = SparseAutoencoder(4, penalty=penalty)
    with pytest.raises(ValueError, match=f"penalty__rho .* penalty is {penalty!r}"):
        autoencoder.set_params(penalty__rho=0.2)
    with pytest.raises(ValueError, match=f"penalty__rho .* penalty is {penalty!r}"):
        GridSearchCV(autoencoder, {"penalty__rho": [0.1]}, cv=2).fit(digits)
    autoencoder.set_params(penalty=TopK(), penalty__rho=0.2)
    assert autoencoder.penalty.rho == 0.2
    autoencoder.set_params(penalty=KL(), rho=0.3)
    with pytest.raises(ValueError, match="Invalid parameter 'start_rho'"):
        autoencoder.set_params(penalty__start_rho=0.2)
    with pytest.raises(ValueError, match="Invalid parameter 'unknown'"):
        autoencoder.set_params(unknown__rho=0.2)


METHODS = ["fit", "partial_fit", "transform", "score", "objective"]


@pytest.mark.parametrize("method", METHODS)
def test_columns_that_are_no_numbers_are_named(method):
    pandas = pytest.importorskip("pandas")
    numbers = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "b c": [4.0, 6.0, 5.0]})
    autoencoder = SparseAutoencoder(2, random_state=0).fit(numbers)
    for column in (["x", "y", "z"], pandas.Categorical(["x", "y", "x"])):
        with pytest.raises(ValueError, match="Column 'b c' of X has 'x', .*Encoder"):
            getattr(autoencoder, method)(numbers.assign(**{"b c": column}))
    dates = numbers.assign(**{"b c": pandas.to_datetime(["2020-01-01"] * 3)})
    with pytest.raises(TypeError, match="Column 'b c' of X has .*2020.* days since"):
        getattr(autoencoder, method)(dates)
    autoencoder.fit(numbers.to_numpy())
    for rows in ([["1", "x"], ["2", "3"]], np.array([[1, "x"], [2, 3]], dtype=object)):
        with pytest.raises(ValueError, match="Column 1 of X has 'x', which is no num"):
            getattr(autoencoder, method)(rows)


@pytest.mark.parametrize("method", METHODS)
def test_rows_that_are_no_vectors(method, digits):
    autoencoder = SparseAutoencoder(2, random_state=0, max_iter=50).fit(digits)
    with pytest.raises(ValueError, match=r"dim 3.*X.reshape\(len\(X\), -1\)"):
        getattr(autoencoder, method)(digits.reshape(-1, 8, 8))


def test_missing_values_are_not_told_as_texts():
    for value in (np.nan, None):
        X = np.array([[1.0, 2.0], [value, 3.0]], dtype=object)
        with pytest.raises(ValueError, match="Input X contains NaN"):
            SparseAutoencoder(2).fit(X)


@pytest.mark.parametrize("method", ["fit", "partial_fit", "score", "objective"])
@pytest.mark.parametrize(
    "weight", [[], 2.0, np.array(2.0), [1, 2], np.ones((30, 1)), "balanced"], ids=str
)
def test_weights_that_are_not_one_for_each_row(weight, method, digits):
    X = digits[:30]
    autoencoder = SparseAutoencoder(2, random_state=0).partial_fit(X)
    with pytest.raises(ValueError, match=r"sample_weight.shape == .*expected \(30,\)"):
        getattr(autoencoder, method)(X, sample_weight=weight)


def test_a_validation_fraction_that_leaves_nothing(digits):
    autoencoder = SparseAutoencoder(2, early_stopping=True, validation_fraction=0.9)
    with pytest.raises(ValueError, match="validation_fraction=0.9 of n_samples=5"):
        autoencoder.fit(digits[:5])
