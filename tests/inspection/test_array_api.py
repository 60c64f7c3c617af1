from ..array_api import run_in_array_api_mode

SCRIPT = """
import array_api_strict as xp
import numpy as np
import sklearn
from sklearn.datasets import load_digits
from skl_sparse_ae import SparseAutoencoder, inspection, metrics, stability_report

data, y = load_digits(return_X_y=True)
sklearn.set_config(array_api_dispatch=True)

def measure(X, y):
    ae = SparseAutoencoder(6, penalty="topk", tol=0.1, random_state=0).fit(X)
    A = ae.transform(X)
    X_hat = ae.inverse_transform(A)
    yield metrics.variance_explained(X, X_hat, sample_weight=y)
    yield metrics.relative_reconstruction_bias(X, X_hat)
    yield metrics.activation_density(A, sample_weight=y)
    yield metrics.hoyer_sparsity(A)
    yield metrics.mutual_coherence(ae.components_)
    yield inspection.top_activating(ae, X).indices
    yield inspection.top_features(ae).weights
    yield inspection.label_enrichment(ae, X, y).counts
    steered = inspection.steer(ae, X, 2, factor=0)
    assert type(steered) is type(X)
    yield np.asarray(steered)
    ae.set_params(sparse_output=True).fit(X)
    yield np.asarray(ae.inverse_transform(ae.transform(X)))
    yield stability_report(ae, X, n_fits=2, random_state=0).chance_cosines

pairs = zip(measure(data, y), measure(xp.asarray(data), xp.asarray(y)), strict=True)
for ours, theirs in pairs:
    np.testing.assert_allclose(ours, theirs)
print("compared")
"""


def test_arrays_of_other_libraries():
    output, errors = run_in_array_api_mode(SCRIPT)
    assert output == "compared\n", errors
