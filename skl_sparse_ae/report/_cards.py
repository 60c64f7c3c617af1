"""Cards of the units: their weights, activity, rows and classes."""

import numpy as np

from ._text import facts, number, percent, short

# Classes with an adjusted p-value below SIGNIFICANCE are named, at most MAX_CLASSES.
MAX_CLASSES = 3
SIGNIFICANCE = 0.05
# Data attributes of a card that units can be sorted by, and their texts.
KEYS = {
    "density": "Density",
    "mean": "Mean activation",
    "largest": "Largest activation",
    "enrichment": "Enrichment of a class",
    "correlation": "Correlation with y",
}


def orders(measured):
    """Orders of the units: a dict of "key up" or "key down" to its text."""
    texts = {"unit up": "Number of the unit"}
    for key, text in KEYS.items():
        needed = {
            "enrichment": measured.enrichment,
            "correlation": measured.correlations,
        }
        if needed.get(key, measured) is None:
            continue
        texts[f"{key} down"] = f"{text}, largest first"
        texts[f"{key} up"] = f"{text}, smallest first"
    return texts


def queries(measured):
    """Searches that have a button: a dict of the query to the text of the button."""
    counts = {"dead": measured.dead.sum(), "always on": measured.always_on.sum()}
    return {name: f"{count} {name}" for name, count in counts.items() if count}


def card(unit, measured, weights, rows):
    """HTML of a unit's card.

    The script of the page searches and sorts by the data attributes of the cards only.

    Parameters
    ----------
    unit : int
    measured : Measurements
    weights : UnitPictures or UnitFeatures
    rows : RowPictures or RowLines
    """
    states = _states(unit, measured)
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
    if measured.correlations is not None:
        numbers["correlation"] = measured.correlations.spearman[unit]
        classes = _correlation(measured.correlations, unit)
    names = [f"unit {unit}", *states, *weights.names(unit), *labels, *rows.names(unit)]
    text = "\n".join(names)
    data = "".join(f' data-{key}="{value:.6g}"' for key, value in numbers.items())
    badges = "".join(f'<span class="badge">{state}</span>' for state in states)
    return (
        f'<li class="unit" id="unit-{unit}"{data} data-text="{text}">'
        f"<h3>Unit {unit}{badges}</h3>{_summary(numbers)}"
        f'<div class="body">{weights.html(unit)}{rows.html(unit)}</div>{classes}</li>'
    )


def _states(unit, measured):
    masks = {"dead": measured.dead, "always on": measured.always_on}
    return [name for name, mask in masks.items() if mask[unit]]


def _summary(numbers):
    return facts(
        [
            ("density", percent(numbers["density"])),
            ("mean activation", number(numbers["mean"])),
            ("largest", number(numbers["largest"])),
        ],
        "numbers",
    )


def enriched_classes(enrichment, unit):
    """Classes that are significantly enriched where a unit is active.

    Parameters
    ----------
    enrichment : Bunch
        Result of :func:`~skl_sparse_ae.inspection.label_enrichment`.
    unit : int

    Returns
    -------
    classes : list of (label, enrichment, share of the unit's rows)
        By decreasing enrichment.
    """
    ratios = enrichment.enrichment[unit]
    is_significant = enrichment.adjusted_pvalues[unit] < SIGNIFICANCE
    order = [i for i in np.argsort(-ratios, kind="stable") if is_significant[i]]
    shares = enrichment.counts[unit] / max(1, enrichment.n_active[unit])
    return [(enrichment.classes[i], ratios[i], shares[i]) for i in order[:MAX_CLASSES]]


def _classes(enriched):
    if not enriched:
        return '<p class="caption classes">No class is more frequent than elsewhere</p>'
    lines = "".join(
        f"<li><span>class {short(label)}</span><b>{number(ratio)} times as frequent,"
        f" {percent(share)} of its active rows</b></li>"
        for label, ratio, share in enriched
    )
    return (
        '<p class="caption classes">Classes where it is active</p>'
        f'<ul class="lines">{lines}</ul>'
    )


def _correlation(correlations, unit):
    """How the activation of a unit goes with a numeric target."""
    if correlations.adjusted_pvalues[unit] >= SIGNIFICANCE:
        return '<p class="caption classes">No correlation with y beyond chance</p>'
    lines = "".join(
        f"<li><span>{name}</span><b>{values[unit]:.2f}</b></li>"
        for name, values in (
            ("of ranks (Spearman)", correlations.spearman),
            ("of activations (Pearson)", correlations.pearson),
        )
    )
    return (
        '<p class="caption classes">Correlation with y</p>'
        f'<ul class="lines">{lines}</ul>'
    )
