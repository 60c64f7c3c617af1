from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectFromModel, SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import make_scorer, recall_score
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


@pytest.mark.parametrize("n_units", [0, 6, [1, 6], [1.5], [], [[1, 2]]])
def test_numbers_that_are_not_possible(n_units):
    with pytest.raises(ValueError, match="n_units"):
        sparse_probing(IDENTITY, np.eye(5), [0, 1, 0, 1, 0], n_units=n_units)


@pytest.mark.parametrize(
    ("n_components", "expected"),
    [(1, [1]), (4, [1, 2]), (5, [1, 2, 5]), (12, [1, 2, 5, 10])],
)
def test_numbers_that_are_not_given_are_possible(n_components, expected, rng):
    code, y = rng.normal(size=(30, n_components)), np.arange(30) % 2
    result = sparse_probing(IDENTITY, code, y, cv=2)
    assert_array_equal(result.n_units, expected)


LABELS = {
    "int": [1, 2],
    "str": ["a", "b"],
    "bool": [False, True],
    "float": [1.0, 2.0],
    "date": [date(2020, 1, 1), date(2020, 1, 2)],
    "bytes": [b"a", b"b"],
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_any_kind(name, rng):
    y = rng.randint(2, size=60)
    code = rng.normal(size=(60, 4)) + y[:, None] * [0, 1, 2, 0]
    expected = sparse_probing(IDENTITY, code, y, n_units=[1, 3])
    labels = np.empty(60, dtype=object)
    labels[:] = [LABELS[name][i] for i in y]
    result = sparse_probing(IDENTITY, code, labels, n_units=[1, 3])
    assert_array_equal(result.scores, expected.scores)


def test_names_of_classes_reach_the_scorer(rng):
    y = np.array(["no", "yes"])[rng.randint(2, size=60)]
    code = (y == "yes")[:, None] + rng.normal(size=(60, 1))
    scorer = make_scorer(recall_score, pos_label="yes")
    for labels in (y, y.astype(object)):
        result = sparse_probing(IDENTITY, code, labels, n_units=1, scoring=scorer)
        assert 0.5 < result.mean_scores[0] < 1


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([None, 0, 1, 1, 0], "1 missing label.s., the first in row 0"),
        ([0, 1, np.nan, np.nan, 1], "2 missing label.s., the first in row 2"),
        ([0.5, 0.1, 0.2, 0.1, 0.7], "y is continuous.* pass a regressor as probe"),
        ([1, 1, 1, 1, 1], "only one class"),
        (["a", "b", 1, "a", 2], "cannot be sorted"),
        ([[0, 1]] * 5, "1d array"),
        ([0, 1], "inconsistent numbers of samples"),
        ([], "inconsistent numbers of samples"),
        (None, "1d array"),
    ],
    ids=str,
)
def test_targets_that_are_refused(y, message):
    if y is not None and (None in y or "a" in y):
        y = np.array(y, dtype=object)
    with pytest.raises(ValueError, match=message):
        sparse_probing(IDENTITY, np.eye(5), y, n_units=1, cv=2)


def test_a_regressor_takes_no_missing_numbers(rng):
    y = np.array([1.5, np.nan, 2.0, np.inf])
    for rows, message in (([0, 1, 2], "1 missing"), ([0, 2, 3], "infinite")):
        with pytest.raises(ValueError, match=message):
            sparse_probing(IDENTITY, np.eye(3), y[rows], n_units=1, probe=Ridge())


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


@pytest.mark.filterwarnings("ignore")
def test_parts_without_a_score_are_an_error(rng):
    # The training part without the only row of the second class has one class.
    X = rng.uniform(size=(30, 4))
    with pytest.raises(ValueError, match="no score on some test parts"):
        sparse_probing(PCA(2).fit(X), X, np.arange(30) == 0, n_units=1)
