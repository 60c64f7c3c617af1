"""Sparsity penalties: one file each, their base class and their registry."""

from ._base import Penalty
from ._batch_topk import BatchTopK
from ._check import check_penalty
from ._contractive import Contractive
from ._kl import KL
from ._l1 import L1
from ._none import NoPenalty
from ._registry import PENALTIES, is_built_in, make_penalty
from ._topk import TopK

__all__ = [
    "KL",
    "L1",
    "PENALTIES",
    "BatchTopK",
    "Contractive",
    "NoPenalty",
    "Penalty",
    "TopK",
    "check_penalty",
    "is_built_in",
    "make_penalty",
]

# Files of joblib and skops name a class by its module: this one, whichever file of the
# folder it is in.
for _cls in (Penalty, *PENALTIES.values()):
    _cls.__module__ = __name__
