"""Docstrings of all public objects are complete and in numpydoc's format."""

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
# begin on the first or the second line (GL01, GL02). Extended summaries (ES01), "See
# Also" (SA01) and the examples of methods (EX01) are optional.
IGNORED = {"RT02", "GL01", "GL02", "ES01", "SA01", "EX01"}


def public_objects():
    """Return all objects in an ``__all__``, each under its first name only."""
    objects = {}
    for module in MODULES:
        for name in import_module(module).__all__:
            value = getattr(import_module(module), name)
            if callable(value) and value not in objects.values():
                objects[f"{module}.{name}"] = value
    return objects


def own_methods(cls):
    """Names of the public methods of a class that no base class has described."""
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
    # Users receive results, and do not construct them: these describe attributes only.
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
