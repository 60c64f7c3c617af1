"""Sparsity penalties, their base class and their registry.

A new penalty is one file in this folder and one line in `_registry`. It is imported
here only if its class is public.
"""

from ._base import Penalty
from ._batch_topk import BatchTopK
from ._check import check_penalty
from ._contractive import Contractive
from ._jumprelu import JumpReLU
from ._kl import KL
from ._l1 import L1
from ._none import NoPenalty
from ._registry import PENALTIES, is_built_in, make_penalty
from ._topk import TopK
from ._winner_take_all import WinnerTakeAll

__all__ = [
    "KL",
    "L1",
    "PENALTIES",
    "BatchTopK",
    "Contractive",
    "JumpReLU",
    "NoPenalty",
    "Penalty",
    "TopK",
    "WinnerTakeAll",
    "check_penalty",
    "is_built_in",
    "make_penalty",
]

# Files of joblib and skops contain the module and the name of a class. All registered
# classes are attributes of this module, so that files can be loaded wherever a class is
# defined in this folder.
for _cls in (Penalty, *PENALTIES.values()):
    _cls.__module__ = __name__
    globals()[_cls.__name__] = _cls
