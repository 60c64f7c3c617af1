"""What each unit writes into the columns of the first layer of a pipeline."""

import numpy as np

from .._arrays._array_api import converter_to, to_numpy
from .._penalties import is_built_in
from .._penalties._contractive import Contractive
from .._reading._pipelines import last_step, stack_of


def unit_weights(estimator):
    """Weights of each unit of a fitted estimator over the columns of the first layer.

    Of a single layer, `components_`. Of a stack, row j is the change of the
    reconstruction, by ``inverse_transform`` through all layers, when the activation of
    unit j rises by 1 from its mean, and the others stay at theirs. With identity
    outputs this is the product of the layers' `components_`, whatever the means are.

    Parameters
    ----------
    estimator : object
        With `components_`, or a pipeline that ends with such.

    Returns
    -------
    weights : ndarray of shape (n_components, n_features)
    """
    stack, fitted = stack_of(estimator), last_step(estimator)
    components = to_numpy(fitted.components_)
    if stack is fitted:
        return components
    to_library = converter_to(fitted.components_)
    base = _mean_code(fitted, components)
    codes = np.concatenate([base, base + np.eye(len(components), dtype=base.dtype)])
    rows = to_numpy(stack.inverse_transform(to_library(codes)))
    return rows[1:] - rows[0]


def _mean_code(fitted, components):
    """Mean activations as a row; zeros where the estimator does not know them.

    Those of PCA and other linear decoders do not matter.
    """
    knows = (
        getattr(fitted, "activation_", None) in ("logistic", "relu")
        and is_built_in(fitted.penalty_)
        and not isinstance(fitted.penalty_, Contractive)
    )
    means = fitted.mean_activation_ if knows else np.zeros(len(components))
    return to_numpy(means).astype(components.dtype)[np.newaxis]
