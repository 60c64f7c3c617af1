"""Registry of the penalties: the names that the parameter `penalty` accepts.

The parameter constraints of the estimator, the parametrised tests and the table of
penalties in the documentation are derived from it.
"""

from ._base import Penalty
from ._batch_topk import BatchTopK
from ._contractive import Contractive
from ._jumprelu import JumpReLU
from ._kl import KL
from ._l1 import L1
from ._none import NoPenalty
from ._topk import TopK
from ._winner_take_all import WinnerTakeAll

PENALTIES = {
    "kl": KL,
    "l1": L1,
    "topk": TopK,
    "batch_topk": BatchTopK,
    "jumprelu": JumpReLU,
    "winner_take_all": WinnerTakeAll,
    "contractive": Contractive,
    None: NoPenalty,
}


def is_built_in(penalty):
    """Return whether a penalty, given by name or as an object, is in the registry."""
    return not isinstance(penalty, Penalty) or type(penalty) in PENALTIES.values()


def make_penalty(name, **parameters):
    """Return a penalty object, given its name in the registry.

    Parameters
    ----------
    name : str or None
        A key of `PENALTIES`.
    **parameters : dict
        Values of parameters. Those that the penalty does not have are ignored.

    Returns
    -------
    penalty : Penalty
    """
    cls = PENALTIES[name]
    if parameters.get("beta") == "adaptive" and not cls.has_target:
        raise ValueError(
            "beta='adaptive' is for penalty='l1' and 'jumprelu'; "
            f"penalty={name!r} has no level that is reached by its weight, or takes it "
            "from rho."
        )
    names = set(cls._get_param_names()) & set(parameters)
    return cls(**{key: parameters[key] for key in names})
