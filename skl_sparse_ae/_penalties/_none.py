"""No penalty."""

from ._base import Penalty


class NoPenalty(Penalty):
    """No sparsity term: a plain autoencoder."""

    default_activation = "logistic"
    has_term = False
