"""A fitted estimator and its units as a page of HTML, to look through in a browser.

One file, which needs no network and no server: what the estimator explains beside PCA,
how sparse its code is, how training went, and a card for each unit, to search and sort.

Examples
--------
>>> from sklearn.datasets import load_digits
>>> from skl_sparse_ae import SparseAutoencoder
>>> from skl_sparse_ae.report import html_report
>>> X, y = load_digits(return_X_y=True)
>>> autoencoder = SparseAutoencoder(32, penalty="topk", random_state=0).fit(X)
>>> html_report(autoencoder, X, y, image_shape=(8, 8))
HTMLReport(title='SparseAutoencoder: 32 units')
"""

from ._report import HTMLReport, html_report

__all__ = ["HTMLReport", "html_report"]
