import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.decomposition import NMF, PCA
from sklearn.pipeline import make_pipeline

from skl_sparse_ae import (
    SparseAutoencoder,
    match_components,
    stability_curve,
    stability_report,
)
from skl_sparse_ae.datasets import make_sparse_features
from skl_sparse_ae.stability import _shuffle_columns


def test_a_shuffled_and_rescaled_dictionary_is_matched_with_itself(rng):
    reference = rng.normal(size=(8, 5))
    order = rng.permutation(8)
    indices, cosines = match_components(3 * reference[order], reference)
    assert_array_equal(order[indices], np.arange(8))
    assert_allclose(cosines, 1)


def test_opposite_signs_match_when_signs_mean_nothing():
    a = np.eye(2)
    assert_allclose(match_components(-a, a)[1], [0, 0])
    assert_allclose(match_components(-a, a, absolute=True)[1], [1, 1])


def test_the_matching_is_one_to_one_and_best_in_sum():
    # Both rows of the reference are nearest to the first row of the other.
    reference = np.array([[1.0, 0.0], [0.8, 0.6]])
    components = np.array([[0.9, 0.1], [0.0, 1.0]])
    indices, cosines = match_components(components, reference)
    assert_array_equal(indices, [0, 1])
    assert_allclose(cosines, [0.9 / np.hypot(0.9, 0.1), 0.6])


def test_units_of_no_length_match_nothing():
    indices, cosines = match_components(np.zeros((2, 3)), np.ones((2, 3)))
    assert_array_equal(np.sort(indices), [0, 1])
    assert_array_equal(cosines, 0)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3, 3\)"):
        match_components(np.ones((2, 3)), np.ones((3, 3)))


def independent_sources(rng, n_rows=600):
    """Rows that are sums of few of eight orthogonal components."""
    return (rng.uniform(size=(n_rows, 8)) < 0.15) * rng.uniform(1, 2, (n_rows, 8))


def test_units_that_are_in_the_data_are_found_again(rng):
    X = independent_sources(rng)
    autoencoder = SparseAutoencoder(8, penalty="l1", activation="relu", tol=1e-4)
    report = stability_report(autoencoder, X, n_fits=3, random_state=0)
    assert np.median(report.unit_cosines) > 0.95
    assert report.cosines.shape == (3, 8)
    assert_allclose(report.unit_cosines, report.cosines[:2].mean(axis=0))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_units_of_noise_agree_as_by_chance(rng):
    # Many rows, since few of them have structure by chance, which the fits would share.
    X = rng.normal(size=(20_000, 20))
    report = stability_report(
        SparseAutoencoder(10, max_iter=50), X, n_fits=3, random_state=0
    )
    difference = report.cosines.mean() - report.chance_cosines.mean()
    assert abs(difference) < 0.15


def test_the_report_is_reproducible_and_prints(digits):
    reports = [
        stability_report(
            SparseAutoencoder(6, max_iter=30, tol=0.05),
            digits[:300],
            n_fits=2,
            random_state=1,
            n_jobs=n_jobs,
        )
        for n_jobs in (1, 2)
    ]
    assert_allclose(reports[0].cosines, reports[1].cosines, rtol=1e-6)
    assert "2 fits of 6 units" in str(reports[0])
    assert "median cosine" in str(reports[0])


def test_pca_is_the_same_each_time(digits):
    report = stability_report(PCA(5), digits, n_fits=2, absolute=True, random_state=0)
    assert_allclose(report.cosines, 1)


def test_one_fit_cannot_be_compared(digits):
    with pytest.raises(ValueError, match="n_fits=1"):
        stability_report(SparseAutoencoder(2), digits, n_fits=1)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_shuffled_columns_keep_their_values(container, rng):
    X = rng.uniform(size=(40, 3)) * (rng.uniform(size=(40, 3)) > 0.5)
    shuffled = _shuffle_columns(container(X), rng)
    dense = shuffled.toarray() if sparse.issparse(shuffled) else shuffled
    assert_allclose(np.sort(dense, axis=0), np.sort(X, axis=0))
    assert not np.array_equal(dense, X)


def test_curve_is_made_of_reports(digits):
    estimator = NMF(4, init="random", max_iter=20, tol=0.1)
    values = [3, 5]
    curve = stability_curve(
        estimator, digits, values, param_name="n_components", n_fits=2, random_state=0
    )
    for n_components, report, stability, chance in zip(
        values, curve.reports, curve.stabilities, curve.chances, strict=True
    ):
        alone = stability_report(
            NMF(n_components, init="random", max_iter=20, tol=0.1),
            digits,
            n_fits=2,
            random_state=0,
        )
        assert_allclose(report.cosines, alone.cosines)
        assert_allclose(stability, alone.cosines.mean())
        assert_allclose(chance, alone.chance_cosines.mean())
    assert curve.best_value == values[np.argmax(curve.stabilities)]
    assert estimator.n_components == 4
    with pytest.raises(ValueError, match="at least one value"):
        stability_curve(estimator, digits, [])


def test_units_are_most_stable_at_the_true_sparsity():
    n = 24
    X, *_ = make_sparse_features(
        2000, n, 48, n_active=4, correlation=0.3, orthogonal=True, random_state=0
    )
    autoencoder = SparseAutoencoder(n, penalty="batch_topk", tol=0.01)
    values = [k / n for k in (1, 4, 10)]
    curve = stability_curve(autoencoder, X, values, n_fits=2, random_state=0)
    assert curve.best_value == 4 / n
    scores = [report.estimators[0].score(X) for report in curve.reports]
    # Variance explained does not tell that the last value is wrong.
    assert scores[2] > scores[0] + 0.2


@pytest.mark.parametrize("n_fits", [0, 2.5, "2"])
def test_numbers_of_fits_are_whole(n_fits, digits):
    with pytest.raises(ValueError, match="n_fits=.* must be a whole number"):
        stability_report(SparseAutoencoder(2), digits, n_fits=n_fits)


@pytest.mark.parametrize("values", [0.1, None, "0.1", ()])
def test_values_are_a_list(values, digits):
    with pytest.raises(ValueError, match="values=.* must be a list"):
        stability_curve(SparseAutoencoder(2), digits, values)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_values_of_any_sequence_and_what_is_refused(rng):
    pandas = pytest.importorskip("pandas")
    X = rng.normal(size=(20, 4))
    autoencoder = SparseAutoencoder(3, penalty="topk", max_iter=2)
    values = pandas.Series([0.3, 0.6], index=[5, 6])
    curve = stability_curve(autoencoder, X, values, n_fits=2, random_state=0)
    assert curve.best_value in (0.3, 0.6)
    assert_array_equal(curve.values, [0.3, 0.6])
    with pytest.raises(ValueError, match="must be a list"):
        stability_curve(autoencoder, X, {0.3: 1}, n_fits=2)
    with pytest.raises(ValueError, match="param_name='k' is no parameter"):
        stability_curve(autoencoder, X, [1], param_name="k", n_fits=2)
    with pytest.raises(TypeError, match="Pipeline has no parameter random_state"):
        stability_report(make_pipeline(autoencoder), X, n_fits=2)
    with pytest.raises(TypeError, match="KMeans has no components_"):
        stability_report(KMeans(2), X, n_fits=2)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_rows_with_missing_entries(container, rng):
    X = rng.poisson(2.0, size=(30, 5)).astype(float)
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    autoencoder = SparseAutoencoder(3, missing_values=np.nan, max_iter=2)
    report = stability_report(autoencoder, container(X), n_fits=2, random_state=0)
    assert np.isfinite(report.cosines).all()
    with pytest.raises(ValueError, match="missing_values=np.nan"):
        stability_report(SparseAutoencoder(3), container(X), n_fits=2)
