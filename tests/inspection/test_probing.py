import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.feature_selection import SelectFromModel, SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.inspection import sparse_probing

from .estimators import CONTAINERS, IDENTITY


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("container", CONTAINERS)
def test_one_unit_knows_the_target(rng, container):
    y = rng.randint(2, size=80)
    code = np.maximum(rng.normal(size=(80, 5)), 0)
    code[:, 3], code[:, 1] = y, 0
    result = sparse_probing(IDENTITY, container(code), y, n_units=[1, 5])
    assert_array_equal(result.n_units, [1, 5])
    assert result.mean_scores[0] == 1


def test_all_units_are_the_probe_alone(rng):
    code, y = rng.normal(size=(60, 4)), rng.normal(size=60)
    cv, scaled = KFold(3), Ridge(alpha=0)
    result = sparse_probing(IDENTITY, code, y, n_units=4, probe=scaled, cv=cv)
    # Least squares does not depend on the scale of the units.
    assert_allclose(result.scores[0], cross_val_score(scaled, code, y, cv=cv))


def test_units_are_selected_without_the_test_part(rng):
    # Selected on all rows, the best of many units of noise would predict better than
    # chance.
    code, y = rng.normal(size=(60, 3000)), np.arange(60) % 2
    result = sparse_probing(IDENTITY, code, y, n_units=20)
    assert result.mean_scores[0] < 0.7
    cheating = code[:, np.argsort(f_classif(code, y)[0])[-20:]]
    assert cross_val_score(LogisticRegression(), cheating, y).mean() > 0.9


@pytest.mark.parametrize("n_units", [0, 6, [1, 6]])
def test_numbers_that_are_not_possible(n_units):
    with pytest.raises(ValueError, match="n_units"):
        sparse_probing(IDENTITY, np.eye(5), [0, 1, 0, 1, 0], n_units=n_units)


@pytest.mark.parametrize(
    "selector",
    [
        SelectKBest(f_classif, k=3),
        SelectFromModel(
            LogisticRegression(max_iter=2000), max_features=3, threshold=-np.inf
        ),
    ],
)
def test_scikit_learns_selectors_keep_the_names_of_units(digits, selector):
    y = digits[:, 20] > digits[:, 20].mean()
    autoencoder = SparseAutoencoder(16, penalty="l1", tol=0.1, random_state=0)
    pipeline = make_pipeline(autoencoder, selector).fit(digits, y)
    names = pipeline.get_feature_names_out()
    assert len(names) == 3
    assert set(names) <= set(autoencoder.get_feature_names_out())
    code = pipeline[0].transform(digits)
    indices = [int(name.removeprefix("sparseautoencoder")) for name in names]
    assert_array_equal(pipeline.transform(digits), code[:, indices])
