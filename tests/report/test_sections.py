import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.report import html_report

from .estimators import Given, fit
from .pages import parse, table_of

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_the_fraction_explained_stands_beside_that_of_pca(topk, X, monkeypatch):
    # Computed in several blocks of rows.
    monkeypatch.setattr("skl_sparse_ae._arrays._blocks.BLOCK_BYTES", 10_000)
    rows = table_of(parse(html_report(topk, X, image_shape=(8, 8))))
    explained = PCA().fit(X).explained_variance_ratio_.cumsum()
    assert rows == [
        ["SparseAutoencoder", "20", "3", f"{topk.score(X):.3f}"],
        ["PCA", "20", "20", f"{explained[19]:.3f}"],
        ["PCA", "3", "3", f"{explained[2]:.3f}"],
    ]


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.coo_matrix])
def test_as_many_components_as_columns_explain_all(container, X):
    X = container(X[:, :30])
    autoencoder = fit(X, "kl", n_components=40)
    rows = table_of(parse(html_report(autoencoder, X)))
    assert rows[0] == ["SparseAutoencoder", "40", "40", f"{autoencoder.score(X):.3f}"]
    assert rows[1:] == [["PCA", "30", "30", "1.000"]]


def test_pca_can_be_left_out(topk, X):
    rows = table_of(parse(html_report(topk, X, image_shape=(8, 8), pca=False)))
    assert [row[0] for row in rows] == ["SparseAutoencoder"]


def test_scores_of_a_pipeline_are_those_of_its_last_step(pipeline, cancer, names):
    rows = table_of(parse(names))
    assert rows[0][-1] == f"{pipeline.score(cancer[0]):.3f}"
    scaled = StandardScaler().fit_transform(cancer[0])
    pca = PCA(15).fit(scaled)
    assert rows[1][-1] == f"{pca.explained_variance_ratio_.sum():.3f}"


def test_rows_without_variance():
    X = np.ones((10, 3))
    autoencoder = SparseAutoencoder(2, random_state=0, max_iter=5).fit(X)
    rows = table_of(parse(html_report(autoencoder, X)))
    assert [row[0] for row in rows] == ["SparseAutoencoder"]


def test_parameters_and_fitted_attributes(images, topk):
    settings = parse(images).one("section", id="settings")
    outcomes, parameters = settings.all("dl")
    shown = {
        dt.text: dd
        for dt, dd in zip(parameters.all("dt"), parameters.all("dd"), strict=True)
    }
    assert {name: dd.text for name, dd in shown.items()} == {
        name: repr(value) for name, value in topk.get_params().items()
    }
    changed = {name for name, dd in shown.items() if dd.all("strong")}
    assert changed == {"n_components", "penalty", "tol", "random_state"}
    values = {
        dt.text: dd.text
        for dt, dd in zip(outcomes.all("dt"), outcomes.all("dd"), strict=True)
    }
    expected = {
        "activation_": "relu",
        "alpha_": ", ".join(f"{alpha:.3g}" for alpha in topk.alpha_),
        "beta_": f"{topk.beta_:.3g}",
        "n_features_in_": "64",
        "n_iter_": str(topk.n_iter_),
    }
    assert expected.items() <= values.items()
    # Only numbers and strings are shown.
    assert not {"components_", "loss_curve_", "penalty_"} & set(values)


@pytest.mark.parametrize(
    ("params", "marked"),
    [
        ({"penalty": "topk"}, [0, 1]),
        ({"penalty": "kl"}, [2]),
        ({"penalty": "kl", "activation": "tanh"}, [2]),
        ({"penalty": "l1"}, []),
    ],
)
@pytest.mark.filterwarnings("ignore:The given value of rho")
def test_rho_is_marked_where_it_is_the_target(params, marked, X):
    autoencoder = fit(X, rho=0.15, **params)
    section = parse(html_report(autoencoder, X)).one("section", id="sparsity")
    figures = section.all("figure")
    assert [i for i, f in enumerate(figures) if f.all("line", class_="mark")] == marked
    assert [i for i, f in enumerate(figures) if "rho = 0.15" in f.text] == marked
    # With tanh, activations are mapped to the scale of rho.
    assert ("mapped to (0, 1)" in figures[2].text) == ("activation" in params)
    low = float(
        re.search(r"from (\S+) to", figures[2].one("svg").attrs["aria-label"])[1]
    )
    assert low > 0


def test_training_ends_where_the_curve_does(images, topk):
    section = parse(images).one("section", id="training")
    assert f"to {topk.loss_curve_[-1]:.3g}" in section.text
    assert f"{topk.n_iter_} iterations" in section.text
    names = "reconstruction", "decay", "sparsity"
    for name, term in zip(names, topk.loss_terms_[-1], strict=True):
        assert f"{name}, at last {term:.3g}" in section.text


def test_a_loss_curve_without_terms(X):
    class Curve(Given):
        loss_curve_ = [3.0, 2.0, 1.5]

    page = parse(html_report(Curve().fit(), X[:, 10:12]))
    assert "Objective J, from 3 to 1.5, over 3 iterations" in page.text
    assert not page.one("section", id="training").all("polygon")


def nullable(X):
    return pd.DataFrame(X).astype("Float64")


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, nullable])
def test_rows_with_missing_entries(container, X):
    X = X.copy()
    X[::3, 20:30] = np.nan
    autoencoder = fit(X, missing_values=np.nan)
    report = html_report(autoencoder, container(X), image_shape=(8, 8))
    explained = f"{autoencoder.score(X):.3f}"
    assert table_of(parse(report)) == [["SparseAutoencoder", "20", "3", explained]]
