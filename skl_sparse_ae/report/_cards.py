"""A card for each unit: what it is, how active, on which rows, for which classes."""

import numpy as np

from ._text import facts, number, percent, short

# Classes are named that are enriched beyond chance, the most enriched first.
MAX_CLASSES = 3
SIGNIFICANCE = 0.05
# What units can be ordered by: names of their data attributes.
KEYS = {
    "density": "Density",
    "mean": "Mean activation",
    "largest": "Largest activation",
    "enrichment": "Enrichment of a class",
}


def orders(measured):
    """What units can be ordered by: texts under "key up" or "key down"."""
    texts = {"unit up": "Number of the unit"}
    for key, text in KEYS.items():
        if key == "enrichment" and measured.enrichment is None:
            continue
        texts[f"{key} down"] = f"{text}, largest first"
        texts[f"{key} up"] = f"{text}, smallest first"
    return texts


def queries(measured):
    """What to search for by a button: texts under queries."""
    counts = {"dead": measured.dead.sum(), "always on": measured.always_on.sum()}
    return {name: f"{count} {name}" for name, count in counts.items() if count}


def card(unit, measured, looks, rows):
    """The HTML of a unit's card.

    What the page searches and orders by is in attributes: its script reads nothing
    else.

    Parameters
    ----------
    unit : int
    measured : Measurements
    looks : UnitPictures or UnitFeatures
    rows : RowPictures or RowLines
    """
    states = [
        name
        for name, mask in [("dead", measured.dead), ("always on", measured.always_on)]
        if mask[unit]
    ]
    numbers = {
        "unit": unit,
        "density": measured.density[unit],
        "mean": measured.mean_activation[unit],
        "largest": measured.top.activations[unit, 0],
    }
    labels, classes = [], ""
    if measured.enrichment is not None:
        enriched = enriched_classes(measured.enrichment, unit)
        labels = [f"class {short(label)}" for label, _, _ in enriched]
        if enriched:
            numbers["enrichment"] = enriched[0][1]
        classes = _classes(enriched)
    names = [f"unit {unit}", *states, *looks.names(unit), *labels, *rows.names(unit)]
    text = "\n".join(names)
    data = "".join(f' data-{key}="{value:.6g}"' for key, value in numbers.items())
    badges = "".join(f'<span class="badge">{state}</span>' for state in states)
    summary = facts(
        [
            ("density", percent(numbers["density"])),
            ("mean activation", number(numbers["mean"])),
            ("largest", number(numbers["largest"])),
        ],
        "numbers",
    )
    return (
        f'<li class="unit" id="unit-{unit}"{data} data-text="{text}">'
        f"<h3>Unit {unit}{badges}</h3>{summary}"
        f'<div class="body">{looks.html(unit)}{rows.html(unit)}</div>{classes}</li>'
    )


def enriched_classes(enrichment, unit):
    """The classes that a unit is active on beyond chance, the most enriched first.

    Parameters
    ----------
    enrichment : Bunch
        As of :func:`~skl_sparse_ae.inspection.label_enrichment`.
    unit : int

    Returns
    -------
    classes : list of (label, enrichment, share of the unit's rows)
    """
    ratios = enrichment.enrichment[unit]
    beyond = enrichment.adjusted_pvalues[unit] < SIGNIFICANCE
    order = [i for i in np.argsort(-ratios, kind="stable") if beyond[i]]
    shares = enrichment.counts[unit] / max(1, enrichment.n_active[unit])
    return [(enrichment.classes[i], ratios[i], shares[i]) for i in order[:MAX_CLASSES]]


def _classes(enriched):
    if not enriched:
        return '<p class="caption classes">No class is more frequent than elsewhere</p>'
    lines = "".join(
        f"<li><span>class {short(label)}</span><b>{number(ratio)} times as frequent,"
        f" {percent(share)} of its rows</b></li>"
        for label, ratio, share in enriched
    )
    return (
        '<p class="caption classes">Classes where it is active</p>'
        f'<ul class="lines">{lines}</ul>'
    )
