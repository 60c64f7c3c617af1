"""What to do about parameters that are not allowed, beside scikit-learn's messages."""

import re
from difflib import get_close_matches
from numbers import Real

from ._sklearn import InvalidParameterError, StrOptions

#: Names that other libraries have, and those of this one.
OTHER_NAMES = {
    "sigmoid": "logistic",
    "linear": "identity",
    "l-bfgs": "lbfgs",
    "sgd": "adam",
    "k-sparse": "topk",
    "lasso": "l1",
    "mse": "squared_error",
    "cross_entropy": "log_loss",
    "binary_crossentropy": "log_loss",
    "bernoulli": "log_loss",
}


class Advising:
    """Mixin of objects with parameters, in front of BaseEstimator."""

    def _validate_params(self):
        try:
            super()._validate_params()
        except InvalidParameterError as error:
            name = re.search("'(.*?)' parameter", str(error)).group(1)
            advice = _advice(name, getattr(self, name), self._parameter_constraints)
            raise InvalidParameterError(f"{error}{advice}") from error

    def set_params(self, **params):
        for name in params:
            outer, _, inner = name.partition("__")
            value = params.get(outer, getattr(self, outer, None))
            if inner and hasattr(self, outer) and not hasattr(value, "set_params"):
                raise ValueError(
                    f"{name} is a parameter of an object, and {outer} is {value!r}. "
                    f"Set {outer} to an object first, or {inner} of "
                    f"{type(self).__name__} itself if there is one."
                )
        return super().set_params(**params)


def _advice(name, value, constraints):
    """Return a sentence on what to do about a value, or an empty string."""
    if name == "rho" and isinstance(value, Real) and value in range(1, 10**6):
        return " For k active units on each row, rho is k / n_components."
    if name == "n_components" and isinstance(value, list | tuple):
        return (
            " An autoencoder has one hidden layer; a pipeline of several has more, "
            "such as make_pipeline(SparseAutoencoder(64), SparseAutoencoder(32))."
        )
    if isinstance(value, type):
        return f" Pass an object, such as {value.__name__}()."
    if isinstance(value, str):
        for constraint in constraints[name]:
            if isinstance(constraint, StrOptions):
                return _similar(value.lower(), constraint.options)
    return ""


def _similar(value, options):
    value = OTHER_NAMES.get(value, value)
    found = get_close_matches(value, sorted(options), n=1)
    return f" Did you mean {found[0]!r}?" if found else ""
