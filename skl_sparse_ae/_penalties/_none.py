"""The plain autoencoder."""

from ._base import Penalty


class NoPenalty(Penalty):
    """No sparsity term: the plain, undercomplete autoencoder."""

    default_activation = "logistic"
    has_term = False
