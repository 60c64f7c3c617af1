"""`warm_start`: training continues, or another network is refused."""

import pytest

from .short_fits import make_short, short


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_warm_start_continues_from_the_last_fit(solver, X):
    parameters = {"solver": solver, "learning_rate_init": 0.01, "batch_size": 200}
    autoencoder = make_short(warm_start=True, max_iter=100, **parameters).fit(X)
    before = autoencoder.objective(X)
    autoencoder.set_params(max_iter=1).fit(X)
    assert autoencoder.loss_curve_[0] <= 1.01 * before
    cold = make_short(max_iter=1, **parameters).fit(X)
    assert cold.loss_curve_[0] > 1.1 * before


@short
@pytest.mark.parametrize(
    "changed",
    [{"n_components": 5}, {"tied_weights": True}, {"activation": "tanh"}],
    ids=str,
)
def test_warm_start_refuses_another_network(changed, X):
    autoencoder = make_short(warm_start=True).fit(X)
    message = f"last fit, and {next(iter(changed))} had another value"
    with pytest.raises(ValueError, match=message):
        autoencoder.set_params(**changed).fit(X)


@short
def test_warm_start_refuses_swapped_numbers_of_features_and_components(X):
    autoencoder = make_short(7, warm_start=True).fit(X[:, :5])
    with pytest.raises(ValueError, match="n_features and n_components had another"):
        autoencoder.set_params(n_components=5).fit(X[:, :7])
