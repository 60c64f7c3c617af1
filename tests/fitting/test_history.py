"""`loss_curve_` and `loss_terms_` of streams, whose calls copy neither."""

import pickle
from copy import copy, deepcopy

import numpy as np
import pytest

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae._fitting._history import extended, history_of
from skl_sparse_ae.interchange import load_safetensors, save_safetensors


@pytest.fixture
def X(rng):
    return rng.rand(20, 6)


def stream(X, n_calls=3):
    estimator = SparseAutoencoder(4, random_state=0)
    for _ in range(n_calls):
        estimator.partial_fit(X)
    return estimator


def values_of(history):
    values, length = history
    return values[:length]


def test_a_list_is_extended_without_a_copy():
    first = history_of([1.0, 2.0])
    second = extended(first, 3.0)
    assert second[0] is first[0]
    assert values_of(first) == [1.0, 2.0]
    assert values_of(second) == [1.0, 2.0, 3.0]


def test_histories_that_part_leave_each_other_alone():
    start = history_of([1.0])
    branches = [extended(start, 2.0), extended(start, 3.0), extended(start, 4.0)]
    branches = [extended(branch, 5.0) for branch in branches]
    assert values_of(start) == [1.0]
    assert [values_of(b)[1:] for b in branches] == [[2.0, 5.0], [3.0, 5.0], [4.0, 5.0]]


def test_a_value_that_another_thread_adds_first_is_not_taken():
    class Racing(list):
        def append(self, value):
            super().append(99.0)
            super().append(value)

    assert values_of(extended((Racing([1.0]), 1), 2.0)) == [1.0, 2.0]


def test_calls_leave_the_list_in_place(X):
    estimator = stream(X, 1)
    lists = []
    for _ in range(3):
        estimator.partial_fit(X)
        lists.append(vars(estimator)["_loss_curve"][0])
    assert lists[0] is lists[1] is lists[2]


def test_the_attributes_are_plain_lists_of_all_calls(X):
    estimator = stream(X)
    curve, terms = estimator.loss_curve_, estimator.loss_terms_
    assert type(curve) is type(terms) is list
    assert estimator.loss_curve_ is curve
    assert len(curve) == len(terms) == estimator.n_iter_ == 3
    np.testing.assert_allclose(np.sum(terms, axis=1), curve)
    read_at_each_call = SparseAutoencoder(4, random_state=0)
    for n_calls in (1, 2, 3):
        read_at_each_call.partial_fit(X)
        assert read_at_each_call.loss_curve_ == curve[:n_calls]
    # A list that somebody holds stays as it is.
    estimator.partial_fit(X)
    assert len(curve) == 3
    assert estimator.loss_curve_[:3] == curve


def test_a_list_that_was_changed_is_continued(X):
    estimator = stream(X)
    estimator.loss_curve_.clear()
    estimator.loss_terms_ = []
    estimator.partial_fit(X)
    assert len(estimator.loss_curve_) == len(estimator.loss_terms_) == 1


def test_a_stream_continues_the_lists_of_fit_and_fit_begins_anew(X):
    estimator = SparseAutoencoder(4, random_state=0).fit(X)
    curve = list(estimator.loss_curve_)
    estimator.partial_fit(X)
    assert estimator.loss_curve_[:-1] == curve
    assert estimator.fit(X).loss_curve_ == curve


@pytest.mark.parametrize(
    "duplicate", [copy, deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_copies_go_on_alone(duplicate, X):
    estimator = stream(X)
    curve = stream(X).loss_curve_
    other = duplicate(estimator)
    other.partial_fit(X)
    estimator.partial_fit(10 * X)
    other.partial_fit(X)
    assert estimator.loss_curve_[:3] == other.loss_curve_[:3] == curve
    assert (len(estimator.loss_curve_), len(other.loss_curve_)) == (4, 5)
    assert estimator.loss_curve_[3] != other.loss_curve_[3]


def test_lists_that_nobody_has_read_are_saved(X, tmp_path):
    pytest.importorskip("safetensors")
    estimator = stream(X)
    save_safetensors(estimator, tmp_path / "stream.safetensors")
    loaded = load_safetensors(tmp_path / "stream.safetensors")
    assert loaded.loss_curve_ == estimator.loss_curve_
    assert loaded.loss_terms_ == estimator.loss_terms_
    assert len(loaded.partial_fit(X).loss_curve_) == 4


def test_there_are_none_before_a_fit():
    assert not hasattr(SparseAutoencoder(4), "loss_curve_")
    with pytest.raises(AttributeError, match="no attribute 'loss_terms_'"):
        SparseAutoencoder(4).loss_terms_  # noqa: B018
