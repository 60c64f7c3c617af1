"""The structure of the package: which room may import which, from the code itself."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import skl_sparse_ae

#: The rooms of the package, folders and files, from the top to the bottom. Imports
#: point down: a room may import those in lines below its own, not those beside it.
LAYERS = [
    ["__init__"],
    ["report"],
    ["display"],
    ["inspection"],
    ["datasets", "metrics", "stability", "interchange"],
    ["_conv_sparse_autoencoder"],
    ["_sparse_autoencoder"],
    ["_fitted_methods"],
    ["_fitting"],
    ["_solvers"],
    ["_objective"],
    ["_network"],
    ["_penalties"],
    ["_reading"],
    ["_rows"],
    ["_arrays"],
    ["_advice", "_optional", "_replacing"],
    ["_sklearn", "_version"],
]
LEVELS = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
#: Rooms that take what they need of scikit-learn from `_sklearn`.
WITHOUT_SKLEARN = ["_network", "_penalties", "_objective"]

PACKAGE = Path(skl_sparse_ae.__file__).parent
FILES = {path.relative_to(PACKAGE): path for path in sorted(PACKAGE.rglob("*.py"))}


def room_of(module):
    """The room of a module, a tuple of names without the package's."""
    return module[0] if module else "__init__"


def module_of(file):
    """A file as a tuple of names; a folder's ``__init__`` is the folder."""
    return tuple(name for name in file.with_suffix("").parts if name != "__init__")


def imports_of(file, text, modules):
    """The modules of the package that a file imports, also inside functions."""
    is_package = file.name == "__init__.py"
    folder = module_of(file) if is_package else module_of(file)[:-1]
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            targets = [tuple(alias.name.split(".")) for alias in node.names]
            found.update(t[1:] for t in targets if t[0] == "skl_sparse_ae")
        elif isinstance(node, ast.ImportFrom):
            start = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                base = folder[: len(folder) - node.level + 1] + start
            elif start[0] == "skl_sparse_ae":
                base = start[1:]
            else:
                continue
            for alias in node.names:
                inner = (*base, alias.name)
                found.add(inner if inner in modules else base)
    return found


def graph_of(texts):
    """For each module the modules that it imports; `texts` are those of the files."""
    modules = {module_of(file) for file in texts}
    return {
        module_of(file): imports_of(file, text, modules) for file, text in texts.items()
    }


def upward(graph):
    """Pairs of modules of which the first imports the second, which is not below it."""
    return [
        (module, target)
        for module, targets in graph.items()
        for target in targets
        if room_of(target) != room_of(module)
        and LEVELS[room_of(target)] <= LEVELS[room_of(module)]
    ]


@pytest.fixture(scope="module")
def graph():
    return graph_of({file: path.read_text() for file, path in FILES.items()})


def test_every_room_has_its_layer():
    assert {room_of(module_of(file)) for file in FILES} == set(LEVELS)


def test_imports_point_down(graph):
    assert upward(graph) == []


def test_there_is_no_circle(graph):
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("room", WITHOUT_SKLEARN)
def test_rooms_without_scikit_learn(room):
    for file, path in FILES.items():
        if file.parts[0] == room:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    assert not node.module.startswith("sklearn"), file
                elif isinstance(node, ast.Import):
                    assert all("sklearn" not in alias.name for alias in node.names)


def test_an_import_that_points_up_is_found():
    texts = {
        Path("_rows/_base.py"): "def f():\n    from .._fitting import _fit",
        Path("_fitting/__init__.py"): "",
        Path("_fitting/_fit.py"): "from skl_sparse_ae._rows._base import Rows",
        Path("metrics.py"): "from .stability import x",
        Path("stability.py"): "",
    }
    assert upward(graph_of(texts)) == [
        (("_rows", "_base"), ("_fitting", "_fit")),
        (("metrics",), ("stability",)),
    ]


def test_a_circle_is_found():
    texts = {
        Path("_rows/_a.py"): "from ._b import b",
        Path("_rows/_b.py"): "def f():\n    from ._a import a",
    }
    with pytest.raises(CycleError):
        TopologicalSorter(graph_of(texts)).prepare()
