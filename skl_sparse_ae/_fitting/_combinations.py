"""Checks of parameters against each other, before anything is computed."""

from sklearn.base import clone

from .._network._activations import ACTIVATIONS
from .._network._losses import out_activation_of
from .._penalties import Penalty, make_penalty
from ._default_weights import check_decay
from ._widths import matryoshka_widths


def check_combinations(settings, n_features):
    """Raise ValueError if parameters do not go with each other.

    `partial_fit` reads some of them in its first call only, but a later call must not
    pass over what would be an error there.

    Parameters
    ----------
    settings : SparseAutoencoder
        With parameters that are valid each by itself.
    n_features : int
        Number of columns of X.
    """
    convolution = settings._convolution_of(n_features)
    n_inputs = n_features if convolution is None else convolution.patch_size
    out_activation_of(settings.loss, settings.out_activation)
    check_decay(settings.alpha)
    matryoshka_widths(settings, settings.n_components or n_inputs)
    _check_masking(settings)
    _check_penalty(settings)


def _check_masking(settings):
    if settings.corruption == "masking" and settings.corruption_level >= 1:
        raise ValueError(
            f"corruption_level={settings.corruption_level} with corruption='masking' "
            "is a probability and must be below 1."
        )


def _check_penalty(settings):
    if isinstance(settings.penalty, Penalty):
        penalty = clone(settings.penalty)
        penalty._validate_params()
    else:
        beta = 1.0 if settings.beta == "scale" else settings.beta
        penalty = make_penalty(settings.penalty, beta=beta)
    activation = settings.activation
    if activation == "auto":
        activation = penalty.default_activation
    penalty.check(ACTIVATIONS[activation]())
