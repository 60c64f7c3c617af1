"""The registry of penalties: the values that the parameter `penalty` may have."""

from ._base import Penalty
from ._batch_topk import BatchTopK
from ._contractive import Contractive
from ._kl import KL
from ._l1 import L1
from ._none import NoPenalty
from ._topk import TopK

PENALTIES = {
    "kl": KL,
    "l1": L1,
    "topk": TopK,
    "batch_topk": BatchTopK,
    "contractive": Contractive,
    None: NoPenalty,
}


def is_built_in(penalty):
    """Whether a penalty is one of these, given as a name or as an object."""
    return not isinstance(penalty, Penalty) or type(penalty) in PENALTIES.values()


def make_penalty(name, **parameters):
    """A penalty object from its name, with those of `parameters` that it has."""
    cls = PENALTIES[name]
    if parameters.get("beta") == "adaptive" and cls is not L1:
        raise ValueError(
            f"beta='adaptive' is for penalty='l1'; penalty={name!r} has no level that "
            "is reached by its weight, or takes it from rho."
        )
    names = set(cls._get_param_names()) & set(parameters)
    return cls(**{key: parameters[key] for key in names})
