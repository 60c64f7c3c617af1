"""Estimators that several test files share."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Given(TransformerMixin, BaseEstimator):
    """An estimator whose code is its input, and whose weights are given."""

    def __init__(self, components=((1.0, 0.0), (0.0, 1.0))):
        self.components = components

    def fit(self, X=None, y=None):
        self.components_ = np.array(self.components)
        self.n_features_in_ = self.components_.shape[1]
        return self

    def transform(self, X):
        return X

    def inverse_transform(self, X):
        return X


def name_of(estimator):
    return type(estimator).__name__
