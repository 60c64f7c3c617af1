"""Fitted estimators saved and loaded by skops, which never unpickles."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skl_sparse_ae import KL, BatchTopK, Contractive, SparseAutoencoder, TopK
from skl_sparse_ae._penalties import PENALTIES

skops_io = pytest.importorskip("skops.io", reason="needs skops")

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:beta='adaptive' should make",
)

CASES = {
    **{str(name): {"penalty": name} for name in PENALTIES},
    "l1 adaptive": {"penalty": "l1", "beta": "adaptive"},
    "topk soft": {"penalty": TopK(0.2, transform_factor=2, transform_soft=True)},
    "batch_topk object": {"penalty": BatchTopK(0.2)},
    "contractive object": {"penalty": Contractive(0.01)},
    "no penalty, identity": {"penalty": None, "activation": "identity"},
    "tanh": {"penalty": KL(0.2, 0.1), "activation": "tanh"},
    "tied": {"tied_weights": True},
    "logistic output": {"out_activation": "logistic"},
    "denoising": {"corruption": "masking", "random_state": np.random.RandomState(1)},
    "early stopping": {"early_stopping": True},
}


def names_of(*classes):
    return sorted(f"{cls.__module__}.{cls.__name__}" for cls in classes)


def assert_same(one, other, X):
    assert_array_equal(one.transform(X), other.transform(X))
    assert one.score(X) == other.score(X)
    assert one.objective(X) == other.objective(X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "trained_by", [["fit"], ["partial_fit"], ["fit", "partial_fit"]]
)
@pytest.mark.parametrize("parameters", CASES.values(), ids=CASES)
def test_loads_with_two_trusted_classes_to_the_same_bits(
    parameters, trained_by, dtype, digits
):
    X = digits[:200].astype(dtype)
    parameters = {"max_iter": 3, "random_state": 0, **parameters}
    autoencoder = SparseAutoencoder(10, solver="adam", **parameters)
    for method in trained_by:
        getattr(autoencoder, method)(X)
    saved = skops_io.dumps(autoencoder)
    classes = [SparseAutoencoder, type(autoencoder.penalty_)]
    assert skops_io.get_untrusted_types(data=saved) == names_of(*classes)
    loaded = skops_io.loads(saved, trusted=classes)
    assert_same(loaded, autoencoder, X)
    assert loaded.transform(X).dtype == dtype
    for _ in range(2):  # the second call shows that the state has been restored
        assert_same(loaded.partial_fit(X), autoencoder.partial_fit(X), X)


def test_loads_inside_a_pipeline(digits, tmp_path):
    y = np.arange(200) % 2
    pipeline = make_pipeline(
        MinMaxScaler(),
        SparseAutoencoder(10, max_iter=3, random_state=0),
        LogisticRegression(),
    )
    pipeline.fit(digits[:200], y)
    path = tmp_path / "pipeline.skops"
    skops_io.dump(pipeline, path)
    assert skops_io.get_untrusted_types(file=path) == names_of(SparseAutoencoder, KL)
    loaded = skops_io.load(path, trusted=[SparseAutoencoder, KL])
    expected = pipeline.predict_proba(digits)
    assert_array_equal(loaded.predict_proba(digits), expected)


def test_nothing_is_loaded_that_is_not_trusted(digits):
    saved = skops_io.dumps(SparseAutoencoder(4, max_iter=3).fit(digits[:100]))
    with pytest.raises(TypeError, match=r"skl_sparse_ae\._penalties\.KL"):
        skops_io.loads(saved, trusted=[SparseAutoencoder])


def test_names_of_columns_and_the_output_container_are_kept(digits):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(digits[:100]).add_prefix("pixel")
    autoencoder = SparseAutoencoder(4, max_iter=3).set_output(transform="pandas")
    saved = skops_io.dumps(autoencoder.fit(frame))
    loaded = skops_io.loads(saved, trusted=[SparseAutoencoder, KL])
    pandas.testing.assert_frame_equal(
        loaded.transform(frame), autoencoder.transform(frame)
    )
