"""HTML report on a fitted estimator and its units.

A single file that needs neither network nor server: the variance explained compared
with PCA, the sparsity of the code, the loss curve, and a card for each unit. Cards can
be searched and sorted.

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
