"""Docstrings of everything public are complete, in numpydoc's form."""

import dataclasses
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import skl_sparse_ae

MODULES = [
    "skl_sparse_ae",
    *(
        f"skl_sparse_ae.{module.name}"
        for module in pkgutil.iter_modules(skl_sparse_ae.__path__)
        if not module.name.startswith("_")
    ),
]
# As in scikit-learn's own test, return values may have a name (RT02), and a summary may
# begin on the first line or the second (GL01, GL02); extended summaries, "See Also"
# and, for methods, examples are for where they help.
IGNORED = {"RT02", "GL01", "GL02", "ES01", "SA01", "EX01"}


def public_objects():
    """Everything in an ``__all__``, once, by the shortest name that it has."""
    objects = {}
    for module in MODULES:
        for name in import_module(module).__all__:
            value = getattr(import_module(module), name)
            if callable(value) and value not in objects.values():
                objects[f"{module}.{name}"] = value
    return objects


def own_methods(cls):
    """Names of the public methods of a class that inherit no description."""
    for name, value in vars(cls).items():
        is_method = inspect.isfunction(value) or isinstance(value, classmethod)
        described_before = any(hasattr(base, name) for base in cls.__mro__[1:])
        if is_method and not name.startswith("_") and not described_before:
            yield name


OBJECTS = public_objects()
NAMES = [
    *OBJECTS,
    *(
        f"{name}.{method}"
        for name, value in OBJECTS.items()
        if inspect.isclass(value)
        for method in own_methods(value)
    ),
]


@pytest.mark.parametrize("name", NAMES)
def test_numpydoc_finds_nothing_missing(name):
    validate = pytest.importorskip("numpydoc.validate").validate
    ignored = set(IGNORED)
    # What users receive, and do not make, has attributes described and no parameters.
    if dataclasses.is_dataclass(OBJECTS.get(name)):
        ignored.add("PR01")
    errors = [error for error in validate(name)["errors"] if error[0] not in ignored]
    assert errors == []


@pytest.mark.parametrize("name", OBJECTS)
def test_everything_public_has_an_example(name):
    lines = inspect.getdoc(OBJECTS[name]).splitlines()
    assert "Examples" in lines
    assert any(line.lstrip().startswith(">>> ") for line in lines)


@pytest.mark.parametrize("name", OBJECTS)
def test_everything_public_is_in_the_reference(name):
    reference = (Path(__file__).parents[1] / "doc" / "api.rst").read_text().split()
    assert name.removeprefix("skl_sparse_ae.") in reference
