"""Small changes to the code, each of which some test should notice.

    python -m tests.mutants --number 100 [--seed 0] [--only _solvers ...]

draws changes at random from the modules of `TESTS`, runs the tests of each module with
the changed code in a process of its own, and prints for each whether a test noticed
it. Some of those that are left change nothing that can be seen, or the time that a call
takes alone. It ends after `--seconds`, if given.
"""

import argparse
import ast
import copy
import importlib
import os
import random
import signal
import sys
import time
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skl_sparse_ae"
#: Files, and the tests that are run for them: those of the file's room, then the golden
#: table and what both solvers do with all penalties.
FURTHER = [
    "tests/golden/test_golden.py",
    "tests/estimator/test_learning.py",
    "tests/estimator/test_sample_weight.py",
    "tests/estimator/test_sparse_matrices.py",
]
OF_MISSING = ["tests/estimator/test_missing.py", "tests/rows/test_dask_fits.py"]
OF_MISSING += ["tests/estimator/test_reconstructed_entries.py"]
TESTS = {
    "_penalties/*.py": ["tests/penalties"],
    "_network/_activations.py": ["tests/network/test_activations.py"],
    "_network/_losses/*.py": [
        "tests/objective/test_losses.py",
        "tests/estimator/test_loss.py",
        "tests/estimator/test_score_samples.py",
    ],
    "_network/_reconstruction.py": OF_MISSING,
    "_network/_row_losses.py": ["tests/estimator/test_score_samples.py", *OF_MISSING],
    "_rows/_missing.py": ["tests/rows/test_missing.py", *OF_MISSING],
    "_fitting/_missing.py": OF_MISSING,
    "_fitting/_filling.py": OF_MISSING,
    "_fitting/_widths.py": ["tests/objective/test_nested.py"],
    "_fitting/_null_loss.py": [
        "tests/estimator/test_loss.py",
        "tests/estimator/test_missing.py",
        "tests/estimator/test_offsets.py",
    ],
    "_fitting/_early_stopping.py": [
        "tests/fitting/test_monitor.py",
        "tests/estimator/test_early_stopping.py",
        "tests/estimator/test_missing.py",
    ],
    "_solvers/*.py": ["tests/solvers"],
    "_objective/*.py": ["tests/objective"],
}
#: Tests that most likely notice a change, which are run first, by the file's name.
FIRST = {
    "_objective/_sparse.py": ["tests/objective/test_sparse_objective.py"],
    "_objective/_sparse_parts.py": ["tests/objective/test_sparse_objective.py"],
    "_objective/_nested.py": ["tests/objective/test_nested.py"],
    "_objective/_images.py": ["tests/objective/test_images.py"],
    "_objective/_image_range.py": ["tests/objective/test_images.py"],
    "_objective/_projected.py": ["tests/objective/test_projected.py"],
    "_objective/_decoder.py": ["tests/objective/test_projected.py"],
    "_objective/_row_passes.py": ["tests/objective/test_projected.py"],
    "_objective/_revival.py": ["tests/objective/test_revival.py"],
    "_objective/_base.py": ["tests/objective/test_objective.py"],
    "_objective/_dense.py": ["tests/objective/test_objective.py"],
    "_objective/_row_range.py": ["tests/objective/test_objective.py"],
    "_objective/_sums.py": ["tests/objective/test_objective.py"],
    "_penalties/_jumprelu.py": ["tests/penalties/test_jumprelu.py"],
}
#: These need other libraries, and other tests.
WITHOUT = ["_dask.py", "_dask_passes.py", "_device.py", "__init__.py"]
#: What takes long to import and is never changed.
LIBRARIES = ["numpy", "scipy.sparse", "scipy.optimize", "pytest", "joblib", "sklearn"]
LIBRARIES += ["sklearn.datasets", "sklearn.linear_model", "sklearn.callback"]
LIBRARIES += ["sklearn.model_selection", "sklearn.pipeline", "sklearn.decomposition"]
#: Of the processor, which other work on the machine does not use up, and of the clock.
SECONDS, WAITING = 300, 3000

SWAPPED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def changes_of(node):
    """Yield functions that change a node of the syntax tree in place."""
    match node:
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            if type(node.op) in SWAPPED:
                yield lambda n: setattr(n, "op", SWAPPED[type(n.op)]())
        case ast.Compare(ops=[op]) if type(op) in SWAPPED:
            yield lambda n: setattr(n, "ops", [SWAPPED[type(n.ops[0])]()])
        case ast.Constant(value=bool()):
            yield lambda n: setattr(n, "value", not n.value)
        case ast.Constant(value=int() | float()):
            yield lambda n: setattr(n, "value", n.value + 1)
        case ast.If() | ast.IfExp() | ast.While():
            yield lambda n: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test))
        case ast.UnaryOp(op=ast.USub()):
            yield lambda n: setattr(n, "op", ast.UAdd())


def mutants_of(path):
    """Return (index of the node, index of the change) of all changes of a file."""
    tree = ast.parse(path.read_text())
    return [
        (i, j)
        for i, node in enumerate(ast.walk(tree))
        for j, _ in enumerate(changes_of(node))
    ]


def changed(path, mutant):
    """Return the changed syntax tree, and a line that tells what was changed."""
    tree = ast.parse(path.read_text())
    node = list(ast.walk(tree))[mutant[0]]
    before = ast.unparse(_without_bodies(node))
    list(changes_of(node))[mutant[1]](node)
    after = ast.unparse(ast.fix_missing_locations(_without_bodies(node)))
    place = f"{path.relative_to(ROOT)}:{node.lineno}"
    return ast.fix_missing_locations(tree), f"{place}: {before}  ->  {after}"


def _without_bodies(node):
    node = copy.deepcopy(node)
    if isinstance(node, ast.If | ast.While):
        node.body, node.orelse = [ast.Pass()], []
    return node


class Changed(MetaPathFinder, Loader):
    """Imports one module from a changed syntax tree."""

    def __init__(self, path, tree):
        parts = path.relative_to(ROOT).with_suffix("").parts
        self.name, self.path, self.tree = ".".join(parts), path, tree

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        spec = ModuleSpec(name, self, origin=str(self.path))
        spec.has_location = True
        return spec

    def exec_module(self, module):
        exec(compile(self.tree, str(self.path), "exec"), vars(module))


def is_noticed(path, tree, tests):
    """Run tests in a child process; return whether one fails or takes too long."""
    child = os.fork()
    if child == 0:
        os.setsid()
        # Both end the process.
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        signal.alarm(WAITING)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        if tree is not None:
            sys.meta_path.insert(0, Changed(path, tree))
        import pytest

        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:cov"]
        os._exit(int(pytest.main([*options, *tests])))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def all_mutants(only):
    """Return (path, mutant, tests) of all changes of files with one of these parts."""
    found = []
    for pattern, tests in TESTS.items():
        for path in sorted(PACKAGE.glob(pattern)):
            is_meant = any(part in str(path) for part in only)
            if path.name not in WITHOUT and is_meant:
                found += [(path, mutant, tests) for mutant in mutants_of(path)]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=[""])
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    os.chdir(ROOT)
    for name in LIBRARIES:
        importlib.import_module(name)
    mutants = all_mutants(options.only)
    drawn = random.Random(options.seed).sample(
        mutants, min(options.number, len(mutants))
    )
    print(f"{len(drawn)} of {len(mutants)} changes", flush=True)
    end, n_run, n_noticed = time.monotonic() + options.seconds, 0, 0
    for path, mutant, tests in drawn:
        if time.monotonic() > end:
            break
        tree, text = changed(path, mutant)
        first = FIRST.get(f"{path.parent.name}/{path.name}", [])
        noticed = is_noticed(path, tree, first + tests) or is_noticed(
            path, tree, FURTHER
        )
        n_run, n_noticed = n_run + 1, n_noticed + noticed
        print("noticed" if noticed else "left   ", text, flush=True)
    print(f"{n_noticed} of {n_run} noticed")


if __name__ == "__main__":
    main()
