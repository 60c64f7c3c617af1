import pytest
from sklearn.decomposition import PCA, MiniBatchDictionaryLearning
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.report import html_report

from .estimators import fit
from .pages import Tree

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_the_same_arguments_give_the_same_page(images, topk, X, target, tmp_path):
    again = html_report(topk, X, target, image_shape=(8, 8), random_state=0)
    assert again.html == images.html
    images.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes().decode() == images.html
    assert repr(images) == "HTMLReport(title='SparseAutoencoder: 20 units')"


def test_notebooks_show_it_in_a_frame(images):
    frame = Tree(images._repr_html_()).root.one("iframe")
    assert frame.attrs["srcdoc"] == images.html
    assert frame.attrs["sandbox"] == "allow-scripts"
    assert frame.attrs["title"] == images.title


@pytest.mark.parametrize("image_shape", [None, (8, 8)])
def test_pages_of_many_units_are_not_large(image_shape, X, target):
    sizes = [
        len(
            html_report(fit(X, n_components=n), X, target, image_shape=image_shape).html
        )
        for n in (20, 220)
    ]
    # With 2000 units, a few megabytes.
    assert sizes[0] < 80_000
    assert (sizes[1] - sizes[0]) / 200 < 3000


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"image_shape": (8, 9)}, r"image_shape=\(8, 9\) is for 72 features"),
        ({"row_labels": ["a"]}, "row_labels has 1 entries, but X has 300 rows"),
        ({"y": [0, 1]}, "inconsistent numbers of samples"),
        ({"feature_names": ["a"]}, r"feature_names has shape \(1,\)"),
        ({"threshold": [1.0, 2.0]}, r"threshold has shape \(2,\)"),
        ({"threshold": "median"}, "'threshold' parameter"),
        ({"n_top_rows": 0}, "'n_top_rows' parameter"),
        ({"n_top_features": 0}, "'n_top_features' parameter"),
        ({"title": 3}, "'title' parameter"),
    ],
)
def test_bad_parameters_are_named(params, match, topk, X):
    with pytest.raises(ValueError, match=match):
        html_report(topk, X, **params)


def test_pictures_of_rows_must_be_of_the_same_size(X):
    narrow = make_pipeline(PCA(16), fit(X[:, :16], n_components=3)).fit(X)
    with pytest.raises(ValueError, match=r"image_shape=\(4, 4\) is for 16 features"):
        html_report(narrow, X, image_shape=(4, 4))


@pytest.mark.parametrize("estimator", [SparseAutoencoder(), MLPRegressor(), PCA()])
def test_estimators_without_units_are_refused(estimator, X):
    with pytest.raises((NotFittedError, ValueError)):
        html_report(estimator, X)


def test_codes_that_are_not_of_the_units_are_refused(X):
    split = MiniBatchDictionaryLearning(3, max_iter=2, split_sign=True).fit(X)
    with pytest.raises(ValueError, match=r"6 columns, and components_ 3.*split_sign"):
        html_report(split, X)
