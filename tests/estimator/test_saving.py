"""Pickles and joblib files."""

import io
import pickle
import pickletools

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from skl_sparse_ae._penalties._registry import PENALTIES

from .short_fits import make_short, short


@short
@pytest.mark.parametrize("fitted_by", ["fit", "partial_fit"])
def test_training_continues_identically_after_pickling(fitted_by, X):
    autoencoder = getattr(make_short(solver="adam"), fitted_by)(X)
    copy = pickle.loads(pickle.dumps(autoencoder))
    assert_array_equal(copy.transform(X), autoencoder.transform(X))
    autoencoder.partial_fit(X)
    copy.partial_fit(X)
    assert_array_equal(copy.transform(X), autoencoder.transform(X))


@short
def test_adaptive_beta_continues_identically_after_pickling(X):
    autoencoder = make_short(penalty="l1", beta="adaptive").partial_fit(X)
    copy = pickle.loads(pickle.dumps(autoencoder))
    betas = [[a.partial_fit(X).beta_ for _ in range(3)] for a in (autoencoder, copy)]
    assert betas[0] == betas[1]
    assert len(set(betas[0])) == 3


@short
def test_an_estimator_loaded_as_a_memory_map_can_be_trained_further(X, tmp_path):
    autoencoder = make_short(solver="adam").partial_fit(X)
    joblib.dump(autoencoder, tmp_path / "autoencoder.joblib")
    mapped = joblib.load(tmp_path / "autoencoder.joblib", mmap_mode="r")
    assert not mapped.components_.flags.writeable
    assert_array_equal(mapped.transform(X), autoencoder.transform(X))
    mapped.partial_fit(X)
    assert_array_equal(mapped.transform(X), autoencoder.partial_fit(X).transform(X))


@short
@pytest.mark.parametrize("penalty", PENALTIES)
def test_pickles_contain_only_public_classes(penalty, X):
    # Private classes can then be changed or moved, and old pickles still load.
    autoencoder = make_short(penalty=penalty, solver="adam").fit(X).partial_fit(X)
    modules, classes = set(), {type(autoencoder), type(autoencoder.penalty_)}
    for code, argument, _ in pickletools.genops(pickle.dumps(autoencoder, protocol=0)):
        if code.name == "GLOBAL" and argument.startswith("skl_sparse_ae"):
            modules.add(argument)
    assert modules == {f"{cls.__module__} {cls.__name__}" for cls in classes}


def test_pickle_holds_no_training_rows(X):
    def size(rows):
        buffer = io.BytesIO()
        with pytest.warns(ConvergenceWarning):
            pickle.dump(make_short().fit(rows), buffer)
        return len(buffer.getvalue())

    assert size(np.tile(X, (10, 1))) < 1.01 * size(X)
