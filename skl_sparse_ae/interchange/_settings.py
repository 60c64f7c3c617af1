"""Conversion of fitted estimators to arrays and JSON, and back with checks.

The JSON contains the parameters of the constructor and the fitted attributes by name. A
penalty object is represented by its name in the registry and its parameters, so that
reading evaluates no code.
"""

import json
from numbers import Integral, Real

import numpy as np

from .._arrays._array_api import to_numpy
from .._network._activations import ACTIVATIONS, OUT_ACTIVATIONS
from .._network._losses import LOSSES, out_activation_of
from .._penalties._base import Penalty
from .._penalties._registry import PENALTIES
from .._sklearn import Interval, StrOptions, validate_parameter_constraints
from .._sparse_autoencoder import SparseAutoencoder, check_autoencoder
from .._version import __version__
from ._files import check_array, parse_json

#: Version of the format. It increases when older versions of the package can no longer
#: read what is written.
FORMAT = 1
SHAPES = {
    "components_": ("n_components", "n_features"),
    "encoder_coef_": ("n_features", "n_components"),
    "encoder_intercept_": ("n_components",),
    "decoder_intercept_": ("n_features",),
    "mean_activation_": ("n_components",),
    "mean_": ("n_features",),
    "decay_directions_": ("n_directions", "n_features"),
}

CONSTRAINTS = {
    "activation_": [StrOptions(set(ACTIVATIONS))],
    "out_activation_": [StrOptions(set(OUT_ACTIVATIONS))],
    "loss_": [StrOptions(set(LOSSES))],
    "missing_fill_": [StrOptions({"mean", "reconstruction"})],
    "tied_weights_": ["boolean"],
    "matryoshka_widths_": [list, None],
    "penalty_": [dict],
    "alpha_": [list],
    "beta_": [Interval(Real, 0, None, closed="left")],
    "n_iter_": [Interval(Integral, 0, None, closed="left")],
    "loss_curve_": [list],
    "loss_terms_": [list],
    "validation_scores_": [list],
    "best_validation_score_": [Real],
    "feature_names_in_": [list],
}

# Attributes that some fits do not set, or that files of other libraries or of earlier
# versions do not contain.
OPTIONAL = {
    "loss_",
    "mean_",
    "decay_directions_",
    "missing_fill_",
    "matryoshka_widths_",
    "mean_activation_",
    "n_iter_",
    "loss_curve_",
    "loss_terms_",
    "validation_scores_",
    "best_validation_score_",
    "feature_names_in_",
}

# Attributes that training sets on penalties: a number, or one for each unit.
LEARNED = sorted({n for cls in PENALTIES.values() for n in cls._learned_attributes})


def to_arrays_and_json(estimator):
    """Convert a fitted estimator.

    Returns
    -------
    arrays : dict of str to ndarray
    text : str
        JSON with the parameters and the attributes that are not arrays.
    """
    check_autoencoder(estimator)
    present = vars(estimator)
    named = {name: present.get(name) for name in SHAPES}
    arrays = {name: to_numpy(a) for name, a in named.items() if a is not None}
    learned = vars(estimator.penalty_)
    for name in LEARNED:
        if name in learned:
            arrays[f"penalty_.{name}"] = np.asarray(learned[name])
    # Some lists are in no dictionary before they are read.
    names = [name for name in CONSTRAINTS if hasattr(estimator, name)]
    settings = {
        "format": FORMAT,
        "version": __version__,
        "parameters": _without_nan(estimator.get_params(deep=False)),
        "attributes": {name: getattr(estimator, name) for name in names},
    }
    return arrays, json.dumps(settings, default=_as_json, indent=1)


def _without_nan(parameters):
    """Return parameters with NaN by its name: JSON has no such number."""
    if parameters["missing_values"] is None:
        return parameters
    return {**parameters, "missing_values": "nan"}


def _as_json(value):
    """Return a JSON equivalent of penalties and of NumPy's numbers and arrays."""
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
    """Return the estimator that `to_arrays_and_json` converted.

    Raises
    ------
    ValueError
        If a name, a value or the shape of an array is not allowed.
    """
    settings = _check_keys(
        "The settings",
        parse_json(text, "The header"),
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
        parameters["penalty"] = _make_penalty(parameters["penalty"])
    if isinstance(parameters, dict) and isinstance(parameters.get("alpha"), list):
        parameters["alpha"] = tuple(parameters["alpha"])
    if isinstance(parameters, dict) and parameters.get("missing_values") == "nan":
        parameters["missing_values"] = np.nan
    estimator = _make(SparseAutoencoder, parameters)
    attributes = _check_attributes(settings["attributes"])
    arrays, learned = _check_arrays(arrays)
    for name, value in learned.items():
        setattr(attributes["penalty_"], name, value if value.ndim else value.item())
    attributes |= {"decay_directions_": None} | arrays
    _check_consistency(attributes)
    for name, value in attributes.items():
        setattr(estimator, name, value)
    return estimator


def _check_keys(what, values, keys, optional=frozenset()):
    """Return a JSON object after a check of its keys.

    Parameters
    ----------
    what : str
        What it contains, for error messages.
    values : dict
        The object. A ValueError is raised if it is anything else.
    keys : iterable of str
        The allowed keys.
    optional : iterable of str, default=()
        Those of `keys` that may be missing.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{what} must be a JSON object, and are {values!r}.")
    missing, unknown = set(keys) - set(optional) - set(values), set(values) - set(keys)
    if missing or unknown:
        raise ValueError(
            f"{what} have unknown names {sorted(unknown)} and lack {sorted(missing)}."
        )
    return values


def _make(cls, parameters):
    """Return an object of a class after a check of its parameters."""
    names = set(cls._get_param_names())
    _check_keys(f"The parameters of {cls.__name__}", parameters, names, optional=names)
    instance = cls(**parameters)
    instance._validate_params()
    return instance


def _make_penalty(settings):
    _check_keys("The settings of the penalty", settings, {"name", "parameters"})
    for name, cls in PENALTIES.items():
        if name == settings["name"]:
            return _make(cls, settings["parameters"])
    raise ValueError(
        f"The penalty is called {settings['name']!r}, which is none of "
        f"{list(PENALTIES)}."
    )


def _check_attributes(attributes):
    """Return fitted attributes as the estimator has them, after checks."""
    _check_keys("The fitted attributes", attributes, CONSTRAINTS, optional=OPTIONAL)
    validate_parameter_constraints(CONSTRAINTS, attributes, "the settings")
    penalty = _make_penalty(attributes["penalty_"])
    penalty.check(ACTIVATIONS[attributes["activation_"]]())
    loss = attributes.setdefault("loss_", "squared_error")
    out_activation_of(loss, attributes["out_activation_"])
    alpha = tuple(_numbers("alpha_", attributes["alpha_"], ()))
    if len(alpha) != 2 or not all(0 <= weight < np.inf for weight in alpha):
        raise ValueError(f"alpha_={alpha} must be two numbers that are not negative.")
    attributes = {**attributes, "penalty_": penalty, "alpha_": alpha}
    widths = attributes.get("matryoshka_widths_")
    if widths is not None:
        numbers = _numbers("matryoshka_widths_", widths, ())
        attributes["matryoshka_widths_"] = tuple(map(int, numbers))
    for name in ("loss_curve_", "validation_scores_"):
        if name in attributes:
            attributes[name] = _numbers(name, attributes[name], ())
    if "loss_terms_" in attributes:
        terms = _numbers("loss_terms_", attributes["loss_terms_"], (3,))
        attributes["loss_terms_"] = [tuple(term) for term in terms]
    if "feature_names_in_" in attributes:
        names = [str(name) for name in attributes["feature_names_in_"]]
        attributes["feature_names_in_"] = np.array(names, dtype=object)
    return attributes


def _numbers(name, values, shape):
    """Return a list of numbers, or of lists of this shape, after a check."""
    try:
        array = np.array(values, np.float64).reshape(-1, *shape)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a list of numbers. {error}") from error
    if len(array) != len(values):
        raise ValueError(f"{name} must have {shape} numbers in each entry.")
    return array.tolist()


def _check_arrays(arrays):
    """Check the arrays of a file.

    Returns
    -------
    checked : dict of str to ndarray
        Arrays of the estimator, by attribute.
    of_penalty : dict of str to ndarray
        Arrays of the penalty, by attribute.
    """
    learned = {f"penalty_.{name}": name for name in LEARNED}
    _check_keys("The tensors", arrays, {*SHAPES, *learned}, {*OPTIONAL, *learned})
    components = arrays["components_"]
    if components.ndim != 2:
        raise ValueError(f"components_ has the shape {components.shape}, of no matrix.")
    sizes = dict(zip(("n_components", "n_features"), components.shape, strict=True))
    sizes["n_directions"] = len(np.atleast_1d(arrays.get("decay_directions_", ())))
    checked, of_penalty = {"n_features_in_": sizes["n_features"]}, {}
    for name, array in arrays.items():
        if name in learned:
            shape = (sizes["n_components"],) if array.ndim else ()
            of_penalty[learned[name]] = check_array(array, name, shape, array.dtype)
        else:
            shape = tuple(sizes[size] for size in SHAPES[name])
            checked[name] = check_array(array, name, shape, components.dtype)
    return checked, of_penalty


def _check_consistency(attributes):
    """Raise ValueError if attributes contradict each other."""
    n_features = attributes["n_features_in_"]
    n_names = len(attributes.get("feature_names_in_", range(n_features)))
    if n_names != n_features:
        raise ValueError(
            f"feature_names_in_ has {n_names} names for {n_features} features."
        )
    widths = attributes.get("matryoshka_widths_") or (len(attributes["components_"]),)
    is_increasing = [0, *widths] == sorted({0, *widths})
    if not is_increasing or widths[-1] != len(attributes["components_"]):
        raise ValueError(
            f"matryoshka_widths_={widths} must increase to the number of units, "
            f"{len(attributes['components_'])}."
        )
    tied = attributes["components_"], attributes["encoder_coef_"].T
    if attributes["tied_weights_"] and not np.array_equal(*tied):
        raise ValueError(
            "tied_weights_=True, but components_ is not the transpose of encoder_coef_."
        )
    if attributes["tied_weights_"] and attributes["decay_directions_"] is not None:
        raise ValueError("tied_weights_=True, but there are decay_directions_.")
