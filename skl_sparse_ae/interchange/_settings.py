"""Fitted estimators as arrays and JSON, and back again with every value checked.

The JSON holds constructor parameters and fitted attributes by their own names. A
penalty object is its name in the registry and its parameters: names are looked up,
nothing is evaluated.
"""

import json
from numbers import Integral, Real

import numpy as np

from .._arrays._array_api import to_numpy
from .._network._activations import ACTIVATIONS, OUT_ACTIVATIONS
from .._penalties._base import Penalty
from .._penalties._registry import PENALTIES
from .._sklearn import Interval, StrOptions, validate_parameter_constraints
from .._sparse_autoencoder import SparseAutoencoder, check_autoencoder
from .._version import __version__
from ._files import checked_array

#: Rises when older versions could not read what is written any more.
FORMAT = 1


SHAPES = {
    "components_": ("n_components", "n_features"),
    "encoder_coef_": ("n_features", "n_components"),
    "encoder_intercept_": ("n_components",),
    "decoder_intercept_": ("n_features",),
    "mean_activation_": ("n_components",),
}


CONSTRAINTS = {
    "activation_": [StrOptions(set(ACTIVATIONS))],
    "out_activation_": [StrOptions(set(OUT_ACTIVATIONS))],
    "tied_weights_": ["boolean"],
    "penalty_": [dict],
    "alpha_": [Interval(Real, 0, None, closed="left")],
    "beta_": [Interval(Real, 0, None, closed="left")],
    "n_iter_": [Interval(Integral, 0, None, closed="left")],
    "loss_curve_": [list],
    "loss_terms_": [list],
    "validation_scores_": [list],
    "best_validation_score_": [Real],
    "feature_names_in_": [list],
}


# Not every fit has them, and other libraries' files do not tell them.
OPTIONAL = {
    "mean_activation_",
    "n_iter_",
    "loss_curve_",
    "loss_terms_",
    "validation_scores_",
    "best_validation_score_",
    "feature_names_in_",
}


# What penalties learn: a number, or one for each unit.
LEARNED = ("threshold_", "unit_")


def to_arrays_and_json(estimator):
    """A fitted estimator's arrays by name, and its settings as a string."""
    check_autoencoder(estimator)
    present = vars(estimator)
    arrays = {name: to_numpy(present[name]) for name in SHAPES if name in present}
    learned = vars(estimator.penalty_)
    for name in LEARNED:
        if name in learned:
            arrays[f"penalty_.{name}"] = np.asarray(learned[name])
    settings = {
        "format": FORMAT,
        "version": __version__,
        "parameters": estimator.get_params(deep=False),
        "attributes": {name: present[name] for name in CONSTRAINTS if name in present},
    }
    return arrays, json.dumps(settings, default=_as_json, indent=1)


def _as_json(value):
    """What JSON has no notion of: penalties, and NumPy's numbers and arrays."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    for name, cls in PENALTIES.items():
        if type(value) is cls:
            return {"name": name, "parameters": value.get_params()}
    if isinstance(value, Penalty):
        raise TypeError(
            f"penalty={value!r} is not one of skl_sparse_ae's own, which a file can "
            "name. joblib and skops save estimators with any penalty."
        )
    raise TypeError(
        f"The parameter {value!r} cannot be written as JSON. If it is random_state, "
        "use set_params(random_state=None), or an int."
    )


def from_arrays_and_json(arrays, text):
    """The estimator that `to_arrays_and_json` was given."""
    settings = _with_keys(
        "The settings",
        json.loads(text),
        {"format", "version", "parameters", "attributes"},
    )
    if settings["format"] != FORMAT:
        raise ValueError(
            f"The settings have format={settings['format']!r}, from version "
            f"{settings['version']!r} of skl_sparse_ae; version {__version__} reads "
            f"format={FORMAT}."
        )
    parameters = settings["parameters"]
    if isinstance(parameters, dict) and isinstance(parameters.get("penalty"), dict):
        parameters["penalty"] = _penalty(parameters["penalty"])
    estimator = _make(SparseAutoencoder, parameters)
    attributes = _checked_attributes(settings["attributes"])
    arrays, learned = _checked_arrays(arrays)
    for name, value in learned.items():
        setattr(attributes["penalty_"], name, value if value.ndim else value.item())
    attributes |= arrays
    _check_consistency(attributes)
    for name, value in attributes.items():
        setattr(estimator, name, value)
    return estimator


def _with_keys(what, values, keys, optional=frozenset()):
    """A JSON object whose keys are `keys`, of which some are `optional`."""
    if not isinstance(values, dict):
        raise ValueError(f"{what} must be a JSON object, and are {values!r}.")
    missing, unknown = set(keys) - set(optional) - set(values), set(values) - set(keys)
    if missing or unknown:
        raise ValueError(
            f"{what} have unknown names {sorted(unknown)} and lack {sorted(missing)}."
        )
    return values


def _make(cls, parameters):
    """An object with checked parameters; those not given keep their default."""
    names = set(cls._get_param_names())
    _with_keys(f"The parameters of {cls.__name__}", parameters, names, optional=names)
    made = cls(**parameters)
    made._validate_params()
    return made


def _penalty(settings):
    _with_keys("The settings of the penalty", settings, {"name", "parameters"})
    for name, cls in PENALTIES.items():
        if name == settings["name"]:
            return _make(cls, settings["parameters"])
    raise ValueError(
        f"The penalty is called {settings['name']!r}, which is none of "
        f"{list(PENALTIES)}."
    )


def _checked_attributes(attributes):
    _with_keys("The fitted attributes", attributes, CONSTRAINTS, optional=OPTIONAL)
    validate_parameter_constraints(CONSTRAINTS, attributes, "the settings")
    penalty = _penalty(attributes["penalty_"])
    penalty.check(ACTIVATIONS[attributes["activation_"]]())
    attributes = {**attributes, "penalty_": penalty}
    for name in ("loss_curve_", "validation_scores_"):
        if name in attributes:
            attributes[name] = [float(value) for value in attributes[name]]
    if "loss_terms_" in attributes:
        terms = attributes["loss_terms_"]
        attributes["loss_terms_"] = [
            (float(r), float(d), float(s)) for r, d, s in terms
        ]
    if "feature_names_in_" in attributes:
        names = [str(name) for name in attributes["feature_names_in_"]]
        attributes["feature_names_in_"] = np.array(names, dtype=object)
    return attributes


def _checked_arrays(arrays):
    """The fitted arrays by name, and what the penalty has learned."""
    learned = {f"penalty_.{name}": name for name in LEARNED}
    _with_keys("The tensors", arrays, {*SHAPES, *learned}, {*OPTIONAL, *learned})
    components = arrays["components_"]
    if components.ndim != 2:
        raise ValueError(f"components_ has the shape {components.shape}, of no matrix.")
    sizes = dict(zip(("n_components", "n_features"), components.shape, strict=True))
    checked, of_penalty = {"n_features_in_": sizes["n_features"]}, {}
    for name, array in arrays.items():
        if name in learned:
            # One number, or one for each unit.
            shape = (sizes["n_components"],) if array.ndim else ()
            of_penalty[learned[name]] = checked_array(array, name, shape, array.dtype)
        else:
            shape = tuple(sizes[size] for size in SHAPES[name])
            checked[name] = checked_array(array, name, shape, components.dtype)
    return checked, of_penalty


def _check_consistency(attributes):
    n_features = attributes["n_features_in_"]
    n_names = len(attributes.get("feature_names_in_", range(n_features)))
    if n_names != n_features:
        raise ValueError(
            f"feature_names_in_ has {n_names} names for {n_features} features."
        )
    tied = attributes["components_"], attributes["encoder_coef_"].T
    if attributes["tied_weights_"] and not np.array_equal(*tied):
        raise ValueError(
            "tied_weights_=True, but components_ is not the transpose of encoder_coef_."
        )
