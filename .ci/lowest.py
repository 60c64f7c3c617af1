"""Print the lowest versions that pyproject.toml declares, as pip's requirements.

Those of all required libraries, and of the few others that the tests cannot do without.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What runs the tests, and what these import at their top. The tests of all other
#: extras are skipped.
ALSO = {"hypothesis", "pandas", "polars", "pytest", "pytest-xdist"}


def lowest():
    """The pins: a dict of the names of libraries to their lowest versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    others = extras["tests"] + extras["examples"]
    pins = dict(
        re.fullmatch(r"(.+)>=(.+)", r).groups() for r in project["dependencies"]
    )
    for requirement in others:
        name, _, version = requirement.partition(">=")
        if name in ALSO:
            pins[name] = version
    return pins


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in lowest().items()))
