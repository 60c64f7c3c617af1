"""Markdown tables, their places in pages, files of results, and the system."""

import json
import os
import platform
import sys
from datetime import date
from pathlib import Path

import numpy as np
import scipy
import sklearn
from threadpoolctl import threadpool_info


def circumstances():
    """How, and on which system, the figures of a document were obtained."""
    command = " ".join(
        ["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]
    )
    return f"""\
Written by `{command}`, {date.today()}, on {machine()}.
Times are those of one run on a machine with other work, and vary."""


def machine():
    """The processor and the versions that figures depend on."""
    return (
        f"{os.cpu_count()} cores ({processor()}), Python {platform.python_version()}, "
        f"NumPy {np.__version__} ({blas()}), SciPy {scipy.__version__}, "
        f"scikit-learn {sklearn.__version__}"
    )


def blas():
    """NumPy's BLAS and the kernels that it has chosen for the processor.

    The variable OPENBLAS_CORETYPE may choose others, of half the speed.
    """
    for library in threadpool_info():
        if library["user_api"] == "blas" and "scipy.libs" not in library["filepath"]:
            names = map(library.get, ("internal_api", "version", "architecture"))
            return " ".join(filter(None, names))
    return "an unknown BLAS"


def processor():
    """Name of the processor, if the system provides it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor() or platform.machine()


def keep(path, section, results):
    """Put the results of a section into a file, with the day and the machine.

    Results of the same names are replaced, others stay.
    """
    saved = json.loads(path.read_text()) if path.exists() else {}
    before = saved.get(section, {}).get("results", {})
    saved[section] = {
        "date": f"{date.today()}",
        "machine": machine(),
        "results": before | results,
    }
    path.write_text(json.dumps(saved, indent=1) + "\n")


def measured(saved):
    """When and on what results were measured."""
    return f"Measured on {saved['date']}, on {saved['machine']}."


def table(header, rows):
    """A Markdown table; the first column is left-aligned, the others right."""
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def begin(name):
    """The line of a page below which a benchmark's text stands."""
    return f"<!-- by benchmarks/{name} -->"


END = "<!-- end -->"


def inserted(page, name, text):
    """A page with the text in its place, between the two comments."""
    before, line, rest = page.partition(begin(name))
    if not line:
        raise ValueError(f"the page has no line {begin(name)}")
    _, _, after = rest.partition(END)
    return f"{before}{line}\n{text}\n{END}{after}"
