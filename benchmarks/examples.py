"""Seconds of each example, run by itself without further data.

    python benchmarks/examples.py                  # all, some minutes
    python benchmarks/examples.py plot_denoising   # some

Seconds are of work by the processor with one thread for linear algebra, which other
work on the machine hardly changes. They are kept in examples.json, from which pages.py
writes the documentation's table. For POSIX. Needs `pip install ".[examples,dask]"`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from reporting import machine, table

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
RESULTS = Path(__file__).with_suffix(".json")


def measure(path):
    """Seconds of an example and its processes, imports included."""
    # Without the folder of further data.
    ours = {"SKL_SPARSE_AE_DATA": "", "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    environment = {**os.environ, **ours}
    before = work_of_children()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, path],
            check=True,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
    return work_of_children() - before


def work_of_children():
    """Seconds that processes have worked which this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def saved():
    """What was measured so far, without examples that are no longer there."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"seconds": {}}
    seconds = results["seconds"]
    there = {name: seconds[name] for name in names() if name in seconds}
    return {**results, "seconds": there}


def names():
    """All examples."""
    return sorted(path.stem for path in EXAMPLES.glob("*.py"))


def text():
    """The table of the documentation."""
    results = saved()
    rows = [(name, f"{seconds:.0f}") for name, seconds in results["seconds"].items()]
    return (
        table(["example", "seconds"], rows)
        + f"\n\nMeasured on {results['date']}, on {results['machine']}."
    )


def main():
    """Measure, and keep what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(names()))
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names()):
        parser.error(f"{', '.join(sorted(unknown))}: no example")
    for name in arguments.names or names():
        results = saved()
        seconds = measure(EXAMPLES / f"{name}.py")
        print(name, f"{seconds:.0f}", flush=True)
        results["seconds"][name] = round(seconds, 1)
        results |= {"date": f"{date.today()}", "machine": machine()}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
