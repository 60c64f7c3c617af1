"""The .pyi files describe what is public, and a type checker understands them."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import skl_sparse_ae

from .test_docstrings import MODULES

PACKAGE = Path(skl_sparse_ae.__file__).parent
STUBS = {
    name: path
    for name in MODULES
    for stem in [PACKAGE.joinpath(*name.split(".")[1:])]
    for path in (stem / "__init__.pyi", stem.with_suffix(".pyi"))
    if path.exists()
}


def described(node):
    """Parameters of a function in a stub: pairs of a name and the default's code."""
    args = node.args
    first = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(first) - len(args.defaults)) + args.defaults
    pairs = list(zip(first, defaults, strict=True))
    stars = [(f"*{args.vararg.arg}", None)] if args.vararg else []
    if args.kwonlyargs and not stars:
        stars = [("*", None)]
    found = [(arg.arg, default) for arg, default in pairs] + stars
    found += [
        (arg.arg, default)
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
    ]
    found += [(f"**{args.kwarg.arg}", None)] if args.kwarg else []
    return [(name, None if d is None else ast.unparse(d)) for name, d in found]


def actual(function):
    """The same of a function of the library."""
    found, is_keyword_only = [], False
    for name, parameter in inspect.signature(function).parameters.items():
        kind, default = parameter.kind, parameter.default
        if kind == parameter.KEYWORD_ONLY and not is_keyword_only:
            found.append(("*", None))
            is_keyword_only = True
        prefix = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
        shown = None if default is parameter.empty else repr(default)
        found.append((prefix.get(kind, "") + name, shown))
    return found


def definitions(body):
    """Classes and functions by name."""
    kinds = ast.ClassDef | ast.FunctionDef
    return {node.name: node for node in body if isinstance(node, kinds)}


def own_functions(cls):
    """Public methods of a class, and its constructor, without those of base classes."""
    for name, value in vars(cls).items():
        function = getattr(value, "__func__", value)
        is_constructor = name == "__init__" and not hasattr(cls, "__dataclass_fields__")
        if inspect.isfunction(function) and (is_constructor or name[0] != "_"):
            yield name, function


def test_every_public_module_has_a_stub():
    assert set(STUBS) == set(MODULES)


@pytest.mark.parametrize("name", STUBS)
def test_stubs_have_the_signatures_of_the_code(name):
    module, tree = import_module(name), ast.parse(STUBS[name].read_text())
    found = definitions(tree.body)
    imported = {
        alias.asname
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for public in set(module.__all__) - imported:
        value, node = getattr(module, public), found[public]
        if inspect.isclass(value):
            bases = [found[base.id] for base in node.bases if base.id in found]
            functions = definitions(each for c in [*bases, node] for each in c.body)
            for method, function in own_functions(value):
                assert described(functions[method]) == actual(function), method
        else:
            assert described(node) == actual(value), public
    assert (
        next(
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
        )
        == module.__all__
    )


def test_a_type_checker_understands_the_public_names(tmp_path):
    pytest.importorskip("mypy")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path)],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
