"""Warnings about parameters that were given and have no effect."""

import warnings

import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skl_sparse_ae import KL, SparseAutoencoder
from skl_sparse_ae._fitting import _unused

from .short_fits import make_short, short

pytestmark = short


@pytest.fixture(autouse=True)
def _nothing_reported(monkeypatch):
    monkeypatch.setattr(_unused, "_reported", set())


def messages_of(call):
    """The messages on parameters without effect, and the file that they point to."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [
        (str(warning.message), warning.filename)
        for warning in caught
        if "has no effect" in str(warning.message)
    ]


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"penalty": None, "rho": 0.3}, "rho has no effect: penalty=None does not"),
        ({"penalty": None, "beta": 0.3}, "beta has no effect: penalty=None does not"),
        ({"penalty": "contractive", "rho": 0.3}, "rho .*'contractive' does not use it"),
        ({"penalty": "l1", "rho": 0.3}, "rho .*'l1' uses it with beta='adaptive' only"),
        ({"penalty": KL(), "rho": 0.3}, "rho .* is a KL object, which has its own"),
        ({"penalty": KL(), "beta": 0.3}, "beta .* is a KL object, which has its own"),
        ({"corruption_level": 0.1}, "corruption_level .* corruption is None"),
        ({"missing_fill": "mean"}, "missing_fill .* missing_values is None"),
    ],
    ids=str,
)
def test_a_parameter_without_effect_is_named(method, parameters, expected, X):
    fit = getattr(make_short(**parameters), method)
    with pytest.warns(UserWarning, match=expected) as caught:
        fit(X)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"penalty": None},
        {"penalty": KL(rho=0.3, beta=2.0)},
        {"penalty": "kl", "rho": 0.3, "beta": 2.0},
        {"penalty": "topk", "rho": 0.3, "beta": 0.0},
        {"penalty": "l1", "rho": 0.3, "beta": "adaptive"},
        {"penalty": "contractive", "beta": 2.0},
        {"corruption": "masking", "corruption_level": 0.1},
        {"batch_size": 10, "learning_rate_init": 0.1, "validation_fraction": 0.5},
    ],
    ids=str,
)
def test_defaults_and_parameters_that_are_used_are_silent(parameters, X):
    autoencoder = make_short(**parameters)
    assert messages_of(lambda: autoencoder.fit(X)) == []
    assert messages_of(lambda: clone(autoencoder)) == []


def test_a_grid_search_says_each_thing_once(X):
    pipeline = make_pipeline(SparseAutoencoder(3, max_iter=2))
    grid = {
        "sparseautoencoder__penalty": [None, "kl", "contractive"],
        "sparseautoencoder__rho": [0.1, 0.2, 0.3],
    }
    found = messages_of(lambda: GridSearchCV(pipeline, grid, cv=3).fit(X))
    assert len(found) == 2
    assert {"penalty=None" in message for message, _ in found} == {True, False}


def test_each_line_of_code_is_told(X):
    autoencoder = make_short(penalty=None, rho=0.3)
    assert len(messages_of(lambda: autoencoder.fit(X))) == 1
    assert len(messages_of(lambda: autoencoder.fit(X))) == 1
    repeated = messages_of(lambda: [autoencoder.fit(X) for _ in range(3)])
    assert len(repeated) == 1
