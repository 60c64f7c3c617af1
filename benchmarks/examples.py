"""Seconds of each example, run by itself without further data.

    python benchmarks/examples.py                  # all, a few minutes
    python benchmarks/examples.py plot_denoising   # some

Needs `pip install ".[examples,dask]"`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reporting import circumstances, table

EXAMPLES = Path(__file__).parents[1] / "examples"


def measure(path):
    """Seconds of an example, imports included."""
    # Without the folder of further data.
    environment = {**os.environ, "SKL_SPARSE_AE_DATA": "", "MPLBACKEND": "agg"}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, path],
            check=True,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
    return time.perf_counter() - start


def main():
    """Print the table."""
    names = sorted(path.stem for path in EXAMPLES.glob("*.py"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(names))
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names):
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(names)}")
    rows = []
    for name in arguments.names or names:
        seconds = measure(EXAMPLES / f"{name}.py")
        rows.append((name, f"{seconds:.0f}"))
        print(*rows[-1], file=sys.stderr, flush=True)
    print(circumstances(), table(["example", "seconds"], rows), sep="\n\n")


if __name__ == "__main__":
    main()
