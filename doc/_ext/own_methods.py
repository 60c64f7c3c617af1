"""The methods of the estimators, for the template of their pages.

Autosummary tells a template which methods a class has, and which of them it inherits,
but not from where: those of scikit-learn's base classes are described there.
"""

from inspect import getmembers, isfunction

from sklearn.base import BaseEstimator

import skl_sparse_ae
from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder


def own_methods(cls):
    """Names of the public methods that this library defines."""
    return [
        name
        for name, method in getmembers(cls, isfunction)
        if not name.startswith("_")
        and not hasattr(BaseEstimator, name)
        and method.__module__.startswith(skl_sparse_ae.__name__)
    ]


def hand_over(app, config):
    """Let templates have them, by the full name of the class."""
    config.autosummary_context["own_methods"] = {
        f"{skl_sparse_ae.__name__}.{cls.__name__}": own_methods(cls)
        for cls in (SparseAutoencoder, ConvSparseAutoencoder)
    }


def setup(app):
    app.connect("config-inited", hand_over)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
