"""Pages of other estimators, and rows in other types of arrays."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.decomposition import (
    NMF,
    PCA,
    LatentDirichletAllocation,
    MiniBatchDictionaryLearning,
    TruncatedSVD,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import pipeline_score
from skl_sparse_ae.report import html_report

from ..array_api import run_in_array_api_mode
from .estimators import fit
from .pages import cards_of, lines, parse, picture_of, table_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    "estimator",
    [
        PCA(5),
        NMF(5, max_iter=300),
        MiniBatchDictionaryLearning(5, max_iter=5, random_state=0),
        TruncatedSVD(5),
        LatentDirichletAllocation(5, max_iter=2, random_state=0),
        SparseAutoencoder(5, penalty=None, activation="identity", tol=0.1),
        make_pipeline(MinMaxScaler(), PCA(5)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_other_estimators_have_pages(estimator, X, target):
    report = html_report(estimator.fit(X), X, target, image_shape=(8, 8))
    page = parse(report)
    assert len(page.all("li", class_="unit")) == 5
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    assert report.title == f"{type(last).__name__}: 5 units"
    assert bool(page.all("section", id="training")) == hasattr(last, "loss_curve_")
    codes = {row[0] for row in table_of(page)}
    explains = hasattr(last, "inverse_transform")
    assert codes == ({type(last).__name__, "PCA"} if explains else {"PCA"})


def test_a_stack_is_described_in_the_columns_of_its_first_layer(X, target):
    first, second = (SparseAutoencoder(n, tol=0.1, random_state=0) for n in (16, 5))
    frame = pd.DataFrame(X).add_prefix("pixel")
    stack = make_pipeline(MinMaxScaler(), first, second).fit(frame)
    page = parse(html_report(stack, frame, target))
    weights = second.components_ @ first.components_
    for card, row in zip(page.all("li", class_="unit"), weights, strict=True):
        features = lines(card.all("ol", class_="lines")[0])
        assert features[0][0] == f"pixel{np.abs(row).argmax()}"
    scores = {row[0]: float(row[-1]) for row in table_of(page)}
    assert scores["SparseAutoencoder"] == round(pipeline_score(stack, frame), 3)
    assert abs(stack.score(frame) - scores["SparseAutoencoder"]) > 0.01
    pictures = parse(html_report(stack, frame, image_shape=(8, 8)))
    shown = pictures.all(class_="picture")[2]
    pixels = picture_of(pictures, shown, ".picture") - 128
    image = weights[2].reshape(8, 8)
    assert np.corrcoef(pixels.ravel(), image.ravel())[0, 1] > 0.99


def test_sparse_codes_and_data_frames_by_configuration(X):
    autoencoder = fit(X, sparse_output=True)
    dense = html_report(fit(X), X, random_state=0)
    page = html_report(autoencoder, sparse.csr_matrix(X), random_state=0)
    assert page.html.count("data-density") == 20
    for ours, theirs in zip(cards_of(page), cards_of(dense), strict=True):
        assert ours.attrs == theirs.attrs
    frame = pd.DataFrame(X).add_prefix("pixel")
    scaled = make_pipeline(MinMaxScaler(), fit(X))
    with sklearn.config_context(transform_output="pandas"):
        cards = cards_of(html_report(scaled.fit(frame), frame))
    assert all("pixel" in card.attrs["data-text"] for card in cards)


SCRIPT = """
import array_api_strict as xp
import sklearn
from sklearn.datasets import load_digits
from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.metrics import pipeline_score
from skl_sparse_ae.report import html_report

X, y = load_digits(return_X_y=True)
sklearn.set_config(array_api_dispatch=True)

def page(X, y):
    ae = SparseAutoencoder(6, penalty="topk", tol=0.1, random_state=0).fit(X)
    return html_report(ae, X, y, image_shape=(8, 8), random_state=0).html

assert page(X, y) == page(xp.asarray(X), xp.asarray(y))
print("compared")
"""


def test_arrays_of_other_libraries():
    output, errors = run_in_array_api_mode(SCRIPT)
    assert output == "compared\n", errors


def test_missing_entries_are_left_out_of_the_variance_explained(X):
    gappy = np.where(np.random.RandomState(0).uniform(size=X.shape) < 0.1, np.nan, X)
    autoencoder = fit(gappy, missing_values=np.nan)
    rows = sparse.csr_array(gappy)
    for missing, image_shape in ((gappy, None), (gappy, (8, 8)), (rows, None)):
        page = parse(html_report(autoencoder, missing, image_shape=image_shape))
        (line,) = table_of(page)
        # PCA, which has no place for missing entries, has no line.
        assert line[0] == "SparseAutoencoder"
        assert float(line[-1]) == pytest.approx(autoencoder.score(gappy), abs=6e-4)
