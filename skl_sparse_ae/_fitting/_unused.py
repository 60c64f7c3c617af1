"""The warning about parameters that were given and have no effect.

Only those are named of which a user expects an effect on the result: the sparsity and
the noise. Parameters of a solver, such as `batch_size`, and of early stopping are
silently ignored where another solver is used, as those of scikit-learn's neural
networks are: with ``solver="auto"`` they are settings for the case that it is chosen.
"""

import inspect
import sys
import warnings

from .._penalties import PENALTIES, Penalty

# The caller of `fit`, counted from `_warn_once`: between them are `warn_about_unused`,
# the function that trains, `fit` and scikit-learn's wrapper of it.
CALLER = 5
_reported = set()


def warn_about_unused(settings):
    """Warn about values other than the default that the fit does not read.

    Parameters
    ----------
    settings : SparseAutoencoder
    """
    defaults = inspect.signature(type(settings)).parameters
    for name, reason in _unused(settings).items():
        if getattr(settings, name) != defaults[name].default:
            _warn_once(f"The given value of {name} has no effect: {reason}.")


def _unused(settings):
    """Return the parameters that are not read, each with the reason."""
    unused = {}
    penalty = settings.penalty
    if isinstance(penalty, Penalty):
        reason = f"penalty is a {type(penalty).__name__} object, which has its own"
        unused |= {"rho": reason, "beta": reason}
    else:
        cls = PENALTIES[penalty]
        names = cls._get_param_names()
        reason = f"penalty={penalty!r} does not use it"
        unused |= {name: reason for name in ("rho", "beta") if name not in names}
        adaptive = ("adaptive", "scale") if cls.scale_is_adaptive else ("adaptive",)
        if cls.has_target and settings.beta not in adaptive:
            unused["rho"] = f"penalty={penalty!r} uses it with beta='adaptive' only"
    if settings.corruption is None:
        unused["corruption_level"] = "corruption is None"
    if settings.missing_values is None and not settings._takes_images:
        unused["missing_fill"] = "missing_values is None"
    if settings._takes_images and settings.pooling is None:
        unused["pool_size"] = "pooling is None"
    return unused


def _warn_once(message):
    """Warn once for each line of code that calls `fit`.

    Python would do the same if libraries did not reset its memory of warnings, and a
    grid search over penalties would warn in most of its fits. Messages do not name the
    value, so that they are the same for all values of a grid.
    """
    caller = sys._getframe(CALLER)
    place = message, caller.f_code.co_filename, caller.f_lineno
    if place not in _reported:
        _reported.add(place)
        warnings.warn(message, UserWarning, stacklevel=CALLER + 1)
