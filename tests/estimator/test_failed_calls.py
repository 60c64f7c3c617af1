"""Calls that fail or are interrupted: they change nothing."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.utils import check_random_state

from skl_sparse_ae import KL, SparseAutoencoder
from skl_sparse_ae._fitting import _fitted, _partial_fit

from ..interrupts import interrupted_everywhere
from .short_fits import make_short, short

FAILING = [
    {"sample_weight": [-1.0] * 20},
    {"sample_weight": [1.0] * 7},
    {"learning_rate_init": 1e300},
]


def state_of(estimator):
    """All attributes, and what they contain that calls may change in place."""
    stream = vars(estimator).get("_stream", {"rng": check_random_state(0)})
    return dict(vars(estimator)), stream["rng"].get_state(legacy=False)["state"]["pos"]


@short
@pytest.mark.parametrize("failing", FAILING, ids=str)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("is_fitted", [False, True])
def test_a_call_that_fails_changes_nothing(is_fitted, method, failing, X):
    weight = failing.get("sample_weight")
    rate = failing.get("learning_rate_init", 0.003)
    autoencoder = make_short(
        solver="adam", activation="identity", penalty="l1", batch_size=10
    )
    if is_fitted:
        autoencoder.partial_fit(X)
    autoencoder.set_params(learning_rate_init=rate)
    before = state_of(autoencoder)
    rows = X[:20] if method == "partial_fit" and is_fitted else X[:20, :5]
    with pytest.raises(ValueError, match="sample_weight|diverged"):
        getattr(autoencoder, method)(rows, sample_weight=weight)
    assert state_of(autoencoder) == before


@short
def test_a_refit_keeps_nothing_of_the_last_fit(X):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=[f"pixel{i}" for i in range(X.shape[1])])
    autoencoder = make_short(early_stopping=True).fit(frame).partial_fit(frame)
    assert not hasattr(autoencoder, "validation_scores_")
    assert list(autoencoder.feature_names_in_) == list(frame)
    autoencoder.set_params(early_stopping=False).fit(X)
    assert set(vars(autoencoder)) == set(vars(make_short().fit(X)))


@short
@pytest.mark.parametrize("seed", [0, np.random.RandomState(0)], ids=["int", "instance"])
@pytest.mark.parametrize("is_fitted", [False, True])
def test_partial_fit_interrupted_at_any_line(is_fitted, seed, X):
    autoencoder = make_short(random_state=seed)
    if is_fitted:
        autoencoder.partial_fit(X)
    random_state = vars(autoencoder).get("_stream", {"rng": seed})["rng"]
    before, n_interrupts = dict(vars(autoencoder)), 0
    random_before = check_random_state(random_state).get_state()[1:3]
    calls = interrupted_everywhere(
        lambda: autoencoder.partial_fit(X), _fitted, _partial_fit
    )
    for _ in calls:
        assert vars(autoencoder) == before
        random_now = check_random_state(random_state).get_state()[1:3]
        assert_array_equal(random_now[0], random_before[0])
        assert random_now[1] == random_before[1]
        n_interrupts += 1
    assert n_interrupts > 20
    assert autoencoder.n_iter_ == 1 + is_fitted


@short
def test_fit_interrupted_at_any_line(X):
    autoencoder = make_short(max_iter=1).fit(X)
    before, n_interrupts = dict(vars(autoencoder)), 0
    calls = interrupted_everywhere(lambda: autoencoder.fit(X[:, :5]), _fitted)
    for _ in calls:
        kept = {k: v for k, v in vars(autoencoder).items() if "callback" not in k}
        assert kept == before
        n_interrupts += 1
    assert n_interrupts > 10
    assert autoencoder.transform(X[:, :5]).shape == (200, 8)


@short
@pytest.mark.parametrize(
    "invalid",
    [
        {"learning_rate_init": -1},
        {"batch_size": 0},
        {"corruption": "masking", "corruption_level": 1.0},
        {"engine": "gpu"},
        {"penalty": "L1"},
    ],
    ids=str,
)
def test_partial_fit_validates_parameters_that_were_set_after_a_fit(invalid, X):
    autoencoder = make_short().partial_fit(X).set_params(**invalid)
    with pytest.raises(ValueError, match=list(invalid)[-1]):
        autoencoder.partial_fit(X)
    assert autoencoder.n_iter_ == 1


@short
@pytest.mark.parametrize("method", ["transform", "inverse_transform", "score"])
@pytest.mark.parametrize(
    "invalid", [{"engine": "gpu"}, {"sparse_output": "no"}], ids=str
)
def test_methods_validate_the_parameters_that_they_read(invalid, method, X):
    autoencoder = make_short(X.shape[1]).fit(X).set_params(**invalid)
    with pytest.raises(ValueError, match=next(iter(invalid))):
        getattr(autoencoder, method)(X)


FIRST_ROWS = {
    "one row": lambda X: X[:1],
    "equal rows": lambda X: np.repeat(X[:1], 5, axis=0),
    "zeros": lambda X: 0 * X[:5],
}


@pytest.mark.parametrize("name", FIRST_ROWS)
def test_a_stream_begins_with_rows_that_have_a_variance(name, X):
    rows = FIRST_ROWS[name](X)
    autoencoder = make_short()
    with pytest.raises(ValueError, match="first call of partial_fit .* no variance"):
        autoencoder.partial_fit(rows)
    assert not hasattr(autoencoder, "n_features_in_")
    expected = make_short().partial_fit(X).components_
    assert_array_equal(autoencoder.partial_fit(X).components_, expected)
    autoencoder.partial_fit(rows)  # later it may be anything


@pytest.mark.parametrize("name", FIRST_ROWS)
def test_a_stream_after_a_fit_without_variance_takes_its_own_scale(name, digits):
    rows = FIRST_ROWS[name](digits)
    autoencoder = SparseAutoencoder(8, random_state=0).fit(rows)
    assert len(autoencoder.loss_curve_) == len(autoencoder.loss_terms_) == 1
    for chunk in np.array_split(digits, 20):
        autoencoder.partial_fit(chunk)
    expected = SparseAutoencoder(8, random_state=0)
    for chunk in np.array_split(digits, 20):
        expected.partial_fit(chunk)
    assert_array_equal(autoencoder.components_, expected.components_)
    assert autoencoder.alpha_ == expected.alpha_
    assert min(autoencoder.alpha_) > 0


@short
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alpha": (-1, 0)}, r"alpha=\(-1, 0\)"),
        ({"matryoshka_widths": [2, 1]}, r"matryoshka_widths=\[2, 1\]"),
        ({"loss": "poisson", "out_activation": "identity"}, "needs out_activation"),
        ({"penalty": KL(rho=2.0)}, "'rho' parameter of KL"),
        ({"penalty": "kl", "activation": "relu"}, "is unbounded"),
        ({"penalty": "kl", "beta": "adaptive"}, "beta='adaptive'"),
        ({"corruption": "masking", "corruption_level": 1.5}, "must be below 1"),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_pairs_of_parameters_are_validated_in_each_call(method, parameters, message, X):
    fresh = make_short(**parameters)
    with pytest.raises(ValueError, match=message):
        getattr(fresh, method)(X)
    autoencoder = make_short().partial_fit(X)
    autoencoder.set_params(**parameters)
    before = state_of(autoencoder)
    with pytest.raises(ValueError, match=message):
        getattr(autoencoder, method)(X)
    assert state_of(autoencoder) == before
