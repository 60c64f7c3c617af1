"""The code and the table of penalties in README."""

import re
from pathlib import Path

from skl_sparse_ae._penalties._registry import PENALTIES

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_the_code_runs_and_finds_good_features(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    names = {}
    exec(code, names)
    assert names["search"].best_score_ > 0.9
    assert "sparseautoencoder__rho" in capsys.readouterr().out


def test_every_penalty_is_in_the_table():
    rows = set(re.findall(r"^\| `(.+?)` \|", README, flags=re.MULTILINE))
    assert rows - {"penalty"} == {f'"{name}"' if name else "None" for name in PENALTIES}
