"""What a registered penalty needs elsewhere, and what is derived from the registry."""

import importlib
import importlib.util
import inspect
import pickle
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

import skl_sparse_ae
from skl_sparse_ae import L1, Penalty, SparseAutoencoder, _penalties
from skl_sparse_ae._penalties import PENALTIES, is_built_in

ROOT = Path(__file__).parents[2]
NAMES = {repr(name).replace("'", '"') for name in PENALTIES}


def test_every_penalty_is_registered_once():
    """Classes whose names begin with an underscore are base classes."""
    found = set()
    for info in pkgutil.iter_modules(_penalties.__path__):
        module = importlib.import_module(f"{_penalties.__name__}.{info.name}")
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if issubclass(cls, Penalty) and not name.startswith("_"):
                found.add(cls)
    assert found - {Penalty} == set(PENALTIES.values())
    assert len(set(PENALTIES.values())) == len(PENALTIES)


@pytest.mark.parametrize("name", PENALTIES)
def test_the_estimator_accepts_the_name(name):
    SparseAutoencoder(penalty=name)._validate_params()


@pytest.mark.parametrize("cls", PENALTIES.values())
def test_objects_can_be_pickled(cls):
    """Also those of classes that are not public."""
    assert type(pickle.loads(pickle.dumps(cls()))) is cls


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:beta='adaptive' should make",
)
@pytest.mark.parametrize("name", PENALTIES)
def test_what_training_sets_is_declared(name, digits):
    """Files of `interchange` contain only the attributes that are declared."""
    autoencoder = SparseAutoencoder(5, penalty=name, max_iter=2, random_state=0)
    fitted = autoencoder.fit(digits[:100])
    learned = {a for a in vars(fitted.penalty_) if re.fullmatch(r"[^_].*_", a)}
    assert learned == set(PENALTIES[name]._learned_attributes)
    for attribute in learned:
        assert np.shape(getattr(fitted.penalty_, attribute)) in [(), (5,)]
        assert not hasattr(clone(fitted.penalty_), attribute)


def test_the_estimators_docstring_mentions_every_penalty():
    doc = inspect.getdoc(SparseAutoencoder)
    start = doc.index("\npenalty : ")
    section = doc[start : doc.index("\n\nrho : ", start)]
    choices, rest = re.fullmatch(
        r"penalty : \{(.*?)\}(.*)", section.strip(), flags=re.DOTALL
    ).groups()
    assert {*choices.split(", "), "None"} == NAMES
    described = set(re.findall(r'^ +- ("\w+"|None):', rest, flags=re.MULTILINE))
    assert described == NAMES


def test_the_readme_has_every_penalty_in_its_table():
    text = (ROOT / "README.md").read_text()
    section = text[text.index("## Which penalty") :]
    table = re.search(r"(?:^\|.*\n)+", section, flags=re.MULTILINE).group()
    rows = re.findall(r"^\| `(.+?)` \|", table, flags=re.MULTILINE)
    assert set(rows) - {"penalty"} == NAMES


def test_the_table_of_the_documentation():
    pytest.importorskip("sphinx")
    spec = importlib.util.spec_from_file_location(
        "registry_tables", ROOT / "doc" / "_ext" / "registry_tables.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    header, _, *rows = module.penalty_table().splitlines()
    assert header.count("|") == 7
    assert {re.match(r"\| `(.+?)` \|", row).group(1) for row in rows} == NAMES
    by_name = dict(zip(PENALTIES, rows, strict=True))
    for name, cls in PENALTIES.items():
        row = by_name[name]
        is_public = cls.__name__ in skl_sparse_ae.__all__
        assert is_public == (f"{{class}}`~skl_sparse_ae.{cls.__name__}`" in row)
        assert f'`"{cls.default_activation}"`' in row
    assert by_name["kl"].endswith('| `"logistic"` | yes | yes |')
    assert by_name["contractive"].endswith('| `"logistic"` | | yes |')
    assert by_name[None].endswith('| `"logistic"` | | |')


def test_what_is_built_in():
    class Own(L1):
        pass

    assert all(is_built_in(name) for name in PENALTIES)
    assert is_built_in(L1(0.1))
    assert not is_built_in(Own(0.1))
