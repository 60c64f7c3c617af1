"""The measured figures of README and the documentation, from the files.

    python benchmarks/pages.py             # writes the figures, and pictures
    python benchmarks/pages.py --check     # only says whether the pages have them

Each figure has one source, a JSON file beside this script, which the benchmark of the
same name has written. In the pages, what is generated stands between two comments.
Needs `pip install ".[plot]"`.
"""

import argparse
import json
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import alternatives
import convergence
import convolution
import defaults
import incomplete
import numpy as np
import published
import sparse_rows
from reporting import inserted, measured, table

import examples

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "doc" / "_static"
OURS = "SparseAutoencoder"
# Names that fit beside a point, and those that stand above it.
SHORT = {
    "MiniBatchDictionaryLearning": "dictionary\nlearning",
    "MLPRegressor(X, X)": "MLPRegressor",
}
ABOVE = (OURS, "NMF", "MLPRegressor(X, X)")
# Of the study with fewer components than the default.
N_COMPONENTS = (5, 10, 20, 50)
# What the default's number of units is called, where there are fewer columns.
ALL_UNITS = "100 units"
# Kinds of tables, by how the default compares on them.
GROUPS = {
    "images of digits": ("digits", "MNIST"),
    "faces and objects": ("ORL", "warp", "Yale", "COIL20"),
    "gene expression": (
        *("leukemia", "lymphoma", "lung_small", "colon", "TOX", "GLIOMA"),
        *("ALLAML", "Prostate", "nci9"),
    ),
    "counts of words": ("BASEHOCK", "RELATHE", "PCMAC"),
}


def texts():
    """Generated texts, by page and by the name of the place there."""
    study = defaults.saved_results
    logistic = study("logistic")
    default = having(logistic, "default")
    many, few = by_columns(default)
    speed = json.loads(convergence.RESULTS.read_text())
    peers = json.loads(alternatives.RESULTS.read_text())
    return {
        ("README.md", "pages.py"): in_short(default),
        ("doc/index.md", "pages.py"): in_short(default),
        ("doc/speed.md", "convergence.py"): convergence.text(speed),
        ("doc/speed.md", "pages.py"): in_time(many),
        ("doc/measurements.md", "examples.py"): examples.text(),
        ("doc/guide/images.md", "convolution.py"): convolution.text(),
        ("doc/published.md", "published.py"): published.text(
            "nature-patches", "ufldl-patches", "self-taught", "linear"
        ),
        ("doc/published.md", "published.py contractive"): published.text("contractive"),
        ("doc/large_data.md", "sparse_rows.py evaluation"): sparse_rows.text(
            sparse_rows.evaluation
        ),
        ("doc/large_data.md", "sparse_rows.py svd"): sparse_rows.text(sparse_rows.svd),
        **{
            ("doc/incomplete.md", name): text
            for name, text in incomplete.texts().items()
        },
        ("doc/guide/alternatives.md", "alternatives.py"): alternatives_table(peers),
        ("doc/guide/alternatives.md", "pages.py"): by_group(default),
        ("doc/guide/alternatives.md", "defaults.py"): relatives_table(logistic),
        ("doc/guide/defaults.md", "defaults.py"): rho_table(logistic),
        ("doc/defaults.md", "defaults.py"): against_pca(many, "default"),
        ("doc/defaults.md", "defaults.py, few columns"): against_pca(
            few, "default", ALL_UNITS
        ),
        ("doc/defaults.md", "defaults.py --labels"): labels_table(),
        ("doc/defaults.md", "defaults.py, times"): defaults.cost_table(default),
        ("doc/defaults.md", "defaults.py --classifier"): classifiers_table(default),
        ("doc/defaults.md", "defaults.py --components"): components_table(default),
        ("doc/defaults.md", "defaults.py --penalties"): penalties_tables(logistic),
        ("doc/defaults.md", "defaults.py, machine"): circumstances(defaults),
    }


def circumstances(benchmark):
    """When and on what a benchmark was run."""
    return measured(json.loads(benchmark.RESULTS.read_text()))


def having(compared, *kinds):
    """The data sets on which all of these features were measured."""
    return {
        name: (shape, results)
        for name, (shape, results) in compared.items()
        if all(kind in results for kind in kinds)
    }


def ratios(compared):
    """Times of default fits over PCA's, by data set."""
    return {
        name: np.median(r["default"][:, 1]) / np.median(r["PCA"][:, 1])
        for name, (_, r) in compared.items()
    }


def by_columns(compared):
    """Data sets that are not of the KEEL collection, and those that are."""
    few = {name: of for name, of in compared.items() if name in defaults.KEEL}
    many = {name: of for name, of in compared.items() if name not in few}
    return many, few


def in_short(compared):
    """The comparison with PCA in a few sentences."""
    many, few = by_columns(compared)
    some, alike, all_units = gains(many), gains(few), gains(few, ALL_UNITS)
    text = (
        "The accuracy of a linear classifier on the code, minus that on as many "
        f"principal components, is {some.mean:+.3f} on average over {some.number} "
        "tables, with default parameters. It is better by more than a standard error "
        f"on {some.better} tables, worse on {some.worse}. On {alike.number} more "
        "tables with few columns, the default's 100 units are better than all "
        f"principal components on {all_units.better}, worse on {all_units.worse} "
        f"({all_units.mean:+.3f} on average; with as many units as columns "
        f"{alike.mean:+.3f}, better on {alike.better}, worse on {alike.worse}). "
        f"{in_time(many)}"
    )
    return textwrap.fill(text, 96)


class Gains(NamedTuple):
    """Of accuracy over PCA's, on some data sets."""

    number: int
    mean: float
    better: int
    worse: int


def gains(compared, kind="default"):
    """Mean difference to PCA, and on how many data sets it is above its error."""
    means, errors = differences(compared, kind)
    better, worse = np.sum(means > errors), np.sum(means < -errors)
    return Gains(len(means), means.mean(), better, worse)


def differences(compared, kind="default"):
    """Differences to PCA, and their errors."""
    return np.transpose([defaults.difference(r, kind) for _, r in compared.values()])


def against_pca(compared, *kinds):
    """Differences to PCA, and how many there are."""
    return "\n\n".join(
        [defaults.accuracy_table(compared, kinds), defaults.summary(compared, kinds)]
    )


def in_time(compared):
    """How long a fit takes beside PCA's, in a sentence."""
    slower = sorted(ratios(compared).values())
    longest = max(shape[0] for shape, _ in compared.values())
    return (
        f"On tables of up to {longest} rows, a fit takes {slower[0]:.0f} to "
        f"{slower[-1]:.0f} times as long\nas PCA's (median {np.median(slower):.0f}), "
        "in processor time on one core."
    )


def by_group(compared):
    """The differences to PCA, for each kind of table."""
    lines = []
    for group, beginnings in GROUPS.items():
        members = {
            name: defaults.difference(results, "default")[0]
            for name, (_, results) in compared.items()
            if name.startswith(beginnings)
        }
        low, high = min(members, key=members.get), max(members, key=members.get)
        lines.append(
            f"- {group}: {np.mean([*members.values()]):+.3f} on average over "
            f"{len(members)}, from {members[low]:+.3f} ({low}) to "
            f"{members[high]:+.3f} ({high})"
        )
    return "\n".join(lines)


def alternatives_table(saved):
    """Accuracy and seconds of each alternative."""
    tables = saved["tables"]
    rows = []
    for kind in alternatives.CANDIDATES:
        cells = []
        for results in tables.values():
            accuracy, seconds = np.transpose(results[kind])
            cells += [f"{accuracy.mean():.3f}", f"{np.median(seconds):.2g}"]
        rows.append([kind, *cells])
    for i, n_epochs in enumerate(saved["epochs"]):
        if n_epochs in (10, 100, 500):
            folds = [np.array(r["PyTorch"])[:, i].T for r in tables.values()]
            cells = [(f"{a.mean():.3f}", f"{np.median(s):.2g}") for a, s in folds]
            rows.append([f"PyTorch, {n_epochs} epochs", *sum(cells, ())])
    header = ["features by"]
    for name in tables:
        header += [name, "seconds"]
    return f"{table(header, rows)}\n\n{circumstances(alternatives)}"


def relatives_table(logistic):
    """PCA's relatives in scikit-learn, where they were measured."""
    kinds = ["default", "NMF", "TruncatedSVD"]
    compared = having(logistic, "default", "TruncatedSVD")
    return defaults.accuracy_table(compared, kinds)


def rho_table(logistic):
    """What the rule for rho is worth."""
    kinds = ["default", "rho=0.1", "rho=0.02", "whitened"]
    return defaults.accuracy_table(having(logistic, *kinds), kinds)


def labels_table():
    """Accuracy from few labels."""
    kinds = ["raw columns", "PCA", "default"]
    rows = [
        [name, n_labels, *(f"{results[kind][:, 0].mean():.3f}" for kind in kinds)]
        for n_labels in (5, 20)
        for name, (_, results) in defaults.saved_results(
            defaults.Study(n_labels=n_labels).name
        ).items()
    ]
    return table(["data", "labels of each class", *kinds], rows)


def classifiers_table(default):
    """The difference to PCA by classifier, and its mean."""
    studies = {name: defaults.saved_results(name) for name in defaults.CLASSIFIERS}
    studies["logistic"] = default
    titles = ["logistic", "linear SVM", "5 neighbours", "boosting"]
    return differences_table(dict(zip(titles, studies.values(), strict=True)))


def components_table(default):
    """The difference to PCA by number of components, and its mean."""
    studies = {
        f"{n} components": defaults.saved_results(defaults.Study(n_components=n).name)
        for n in N_COMPONENTS
    }
    return differences_table(studies | {"up to 100": default})


def differences_table(studies):
    """The difference of the default to PCA in several studies, and its mean."""
    rows = []
    for name in next(iter(studies.values())):
        cells = []
        for compared in studies.values():
            gain = compared.get(name)
            mean_error = defaults.difference(gain[1], "default") if gain else None
            cells.append("{:+.3f} ± {:.3f}".format(*mean_error) if gain else "")
        rows.append([name, *cells])
    summaries = [
        defaults.summary(compared, ["default"]).replace("default", title, 1)
        for title, compared in studies.items()
    ]
    return "\n\n".join([table(["data", *studies], rows), "\n".join(summaries)])


def penalties_tables(logistic):
    """The difference of each penalty's default to PCA, and its mean."""
    compared = having(logistic, "default", *defaults.PENALTIES)
    kinds = ["raw columns", "default", *defaults.PENALTIES]
    return "\n\n".join(
        [
            defaults.accuracy_table(compared, kinds),
            defaults.summary(compared, defaults.PENALTIES),
        ]
    )


def draw_differences(compared, path):
    """Draw the differences of the default to PCA, with standard errors."""
    import matplotlib.pyplot as plt

    many, few = by_columns(compared)
    fig, axes = plt.subplots(1, 2, figsize=(11, 9.5), layout="constrained")
    draw_bars(axes[0], many, "default")
    order = draw_bars(axes[1], few, ALL_UNITS)
    alike = differences(few)[0][order]
    axes[1].plot(alike, np.arange(len(few)), "k.", label="as many units as columns")
    axes[1].legend(loc="lower right")
    axes[0].set_title("as many units as PCA has components")
    axes[1].set_title("few columns: the default's 100 units")
    for ax in axes:
        ax.set_xlabel("accuracy minus that of PCA")
    fig.savefig(path, dpi=100)


def draw_bars(ax, compared, kind):
    """Draw a bar for each data set, and return their order."""
    names, (means, errors) = list(compared), differences(compared, kind)
    order = np.argsort(means)
    colors = np.where(means < -errors, "tab:red", "tab:blue")[order]
    ax.barh(np.arange(len(names)), means[order], xerr=errors[order], color=colors)
    ax.set_yticks(np.arange(len(names)), [names[i] for i in order])
    ax.axvline(0, color="black", lw=0.8)
    ax.margins(y=0.01)
    return order


def draw_alternatives(saved, path):
    """Draw accuracy against seconds for the alternatives, PyTorch as a curve."""
    import matplotlib.pyplot as plt
    from matplotlib import ticker

    fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for ax, (name, results) in zip(axes, saved["tables"].items(), strict=True):
        for kind in alternatives.CANDIDATES:
            accuracy, seconds = np.transpose(results[kind])
            x, y = np.median(seconds), accuracy.mean()
            colour = "tab:blue" if kind == OURS else "0.35"
            ax.plot(x, y, "o", color=colour, markersize=9 if kind == OURS else 6)
            ax.annotate(
                SHORT.get(kind, kind),
                (x, y),
                xytext=(0, 7) if kind in ABOVE else (0, -7),
                textcoords="offset points",
                ha="center",
                va="bottom" if kind in ABOVE else "top",
                fontsize=9,
                color=colour,
                weight="bold" if kind == OURS else None,
            )
        accuracies, seconds = np.transpose(results["PyTorch"], (2, 1, 0))
        x, y = np.median(seconds, axis=1), accuracies.mean(axis=1)
        ax.plot(x, y, ".-", color="tab:orange", lw=1)
        ax.annotate(
            f"PyTorch,\n{saved['epochs'][0]} to {saved['epochs'][-1]}\nepochs",
            (x[-1], y[-1]),
            xytext=(6, -8),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=9,
            color="tab:orange",
        )
        ax.set(xscale="log", xlabel="seconds to fit, on one core", title=name)
        convergence.plain_numbers(ax.xaxis, ticker.LogLocator())
        ax.margins(0.16, 0.2)
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("accuracy of a linear classifier")
    # The same file from the same figures.
    with plt.rc_context({"svg.hashsalt": "alternatives"}):
        fig.savefig(path, metadata={"Date": None})


def main():
    """Write the pages, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    stale = []
    for (page, name), text in texts().items():
        path = ROOT / page
        before = path.read_text()
        after = inserted(before, name, text)
        if after != before:
            stale.append(f"{page}: {name}")
            if not arguments.check:
                path.write_text(after)
    print("\n".join(stale) or "All figures were there.")
    if arguments.check:
        sys.exit(bool(stale))
    draw_differences(
        having(defaults.saved_results("logistic"), "default"), STATIC / "defaults.png"
    )
    saved = json.loads(alternatives.RESULTS.read_text())
    draw_alternatives(saved, STATIC / "alternatives.svg")


if __name__ == "__main__":
    main()
