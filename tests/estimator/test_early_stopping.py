"""`early_stopping` on held-out rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import train_test_split

from skl_sparse_ae import SparseAutoencoder

from .short_fits import make_short, short


@short
def test_early_stopping_returns_to_the_best_parameters(rng):
    # Few noisy rows of few factors and no decay: the fit overfits in few iterations.
    noise = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 20)) + rng.normal(size=20)
    noise += 0.5 * rng.normal(size=(60, 20))
    autoencoder = make_short(8, alpha=0, beta=0.0, early_stopping=True, tol=0.0)
    autoencoder.set_params(max_iter=500, n_iter_no_change=5).fit(noise)
    scores = autoencoder.validation_scores_
    assert autoencoder.n_iter_ == len(scores) < 500
    assert int(np.argmax(scores)) == len(scores) - 6
    assert autoencoder.best_validation_score_ == max(scores)
    # The split uses the first draw from random_state.
    _, held_out = train_test_split(noise, test_size=0.1, random_state=0)
    assert_allclose(autoencoder.score(held_out), max(scores))


def test_early_stopping_refuses_too_few_validation_rows(digits):
    autoencoder = SparseAutoencoder(4, early_stopping=True, random_state=0)
    with pytest.raises(ValueError, match="early_stopping=True.*n_samples=1"):
        autoencoder.fit(digits, sample_weight=np.arange(1797) == 3)
    with pytest.raises(ValueError, match="1 row.*larger validation_fraction"):
        autoencoder.fit(digits[:10])
    # Of two rows one is held out, and the other one left.
    with pytest.raises(ValueError, match="1 row.*larger validation_fraction"):
        autoencoder.fit(digits[:2])


def test_early_stopping_where_only_the_held_out_rows_vary():
    X = np.ones((20, 3))
    X[7] = 5.0
    n_fits = 0
    for seed in range(20):
        autoencoder = SparseAutoencoder(3, early_stopping=True, random_state=seed)
        autoencoder.set_params(validation_fraction=0.3)
        _, held_out = train_test_split(X, test_size=0.3, random_state=seed)
        if np.ptp(held_out) == 0:
            continue
        autoencoder.fit(X)
        assert autoencoder.validation_scores_ == [autoencoder.best_validation_score_]
        # The constant row is reconstructed; the score is that of its distance.
        errors, deviations = held_out - 1, held_out - held_out.mean(axis=0)
        expected = 1 - (errors**2).sum() / (deviations**2).sum()
        assert_allclose(autoencoder.score(held_out), expected, rtol=1e-6)
        n_fits += 1
    assert n_fits > 2


@short
@pytest.mark.parametrize("penalty", ["jumprelu", "l1"])
def test_the_best_score_is_that_of_a_code_as_sparse_as_asked_for(penalty, digits):
    # Until the weight of the penalty is found, codes are denser and scores higher.
    autoencoder = SparseAutoencoder(
        30, penalty=penalty, rho=0.1, beta="adaptive", solver="adam", random_state=0
    ).set_params(early_stopping=True, n_iter_no_change=3, tol=0.01)
    code = autoencoder.fit_transform(digits)
    assert 0.09 < (code != 0).mean() < 0.11
    assert autoencoder.best_validation_score_ in autoencoder.validation_scores_
    _, held_out = train_test_split(digits, test_size=0.1, random_state=0)
    score = autoencoder.score(held_out)
    assert_allclose(score, autoencoder.best_validation_score_, rtol=1e-6)


def test_early_stopping_and_an_adaptive_weight_need_adam(digits):
    autoencoder = SparseAutoencoder(5, penalty="l1", beta="adaptive")
    autoencoder.set_params(early_stopping=True)
    with pytest.raises(ValueError, match="beta='adaptive'.*Use solver='adam'"):
        autoencoder.fit(digits)


@short
def test_the_threshold_of_batch_topk_is_that_of_the_best_parameters(rng):
    # Few noisy rows, on which the score falls soon.
    X = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 20))
    X += 0.5 * rng.normal(size=(200, 20))
    autoencoder = SparseAutoencoder(
        40, penalty="batch_topk", rho=0.2, alpha=0, early_stopping=True, tol=0.0
    ).set_params(validation_fraction=0.5, batch_size=20, random_state=0)
    autoencoder.set_params(learning_rate_init=0.01).fit(X)
    best, scores = autoencoder.best_validation_score_, autoencoder.validation_scores_
    assert best == max(scores) > scores[-1]
    _, held_out = train_test_split(X, test_size=0.5, random_state=0)
    assert_allclose(autoencoder.score(held_out), best, rtol=1e-9)
