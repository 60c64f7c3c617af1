"""Sections of the page on the estimator: scores, sparsity, training, settings."""

import inspect
from numbers import Integral, Real

import numpy as np

from .._reading._pipelines import last_step
from ..display._reading import target_rho
from ._charts import areas, histogram
from ._maps import is_convolutional
from ._text import facts, number, short

TERMS = ("reconstruction", "decay", "sparsity")


def section(heading, *content):
    """HTML of a section of the page; the content is given as HTML."""
    name = heading.lower()
    return (
        f'<section id="{name}" aria-labelledby="{name}-heading">\n'
        f'<h2 id="{name}-heading">{heading}</h2>\n'
        + "\n".join(content)
        + "\n</section>"
    )


def scores(estimator, measured):
    """Section on the variance explained, compared with PCA."""
    lines = []
    if measured.variance_explained is not None:
        name = short(type(last_step(estimator)).__name__)
        score = measured.variance_explained
        lines.append((name, measured.n_columns, number(measured.n_nonzero), score))
    for n, score in sorted(measured.pca_scores.items(), reverse=True):
        lines.append(("PCA", n, n, score))
    if not lines:
        return ""
    body = "\n".join(
        f'<tr><th scope="row">{name}</th><td>{n}</td><td>{n_nonzero}</td>'
        f"<td>{score:.3f}</td></tr>"
        for name, n, n_nonzero, score in lines
    )
    columns = ["Code", "Columns", "Not zero on a row", "Explained"]
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    table = (
        "<table>\n<caption>Fraction of variance explained</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody>\n</table>"
    )
    return section("Scores", table)


def sparsity(estimator, measured):
    """Section on the activity of the units."""
    n_active, n_components = measured.n_active, len(measured.density)
    summary = facts(
        [
            ("Active units per row", f"{number(n_active.mean())} of {n_components}"),
            ("Fewest and most", f"{n_active.min()} to {n_active.max()}"),
            ("Dead units", measured.dead.sum()),
            ("Always on", measured.always_on.sum()),
            ("Hoyer sparsity", number(measured.hoyer_sparsity)),
        ],
        "facts",
    )
    has_maps = is_convolutional(last_step(estimator))
    activation = "largest activation in an image" if has_maps else "activation"
    explanation = (
        f'<p class="caption">A unit is active where its {activation} '
        f"{measured.active_where}. Dead: on no row. Always on: on every row. Hoyer "
        "sparsity: 0 if all units are equally active on a row, 1 if one alone is.</p>"
    )
    fraction, level = (target_rho(estimator, name) for name in ("frequency", "mean"))
    if has_maps:
        # rho is about all positions, and these are the largest activations.
        fraction = level = None
    means, quantity = measured.mean_activation, "their mean activation"
    if level is not None and last_step(estimator).activation_ == "tanh":
        # As in the "kl" penalty and in MeanActivationDisplay.
        means, quantity = (means + 1) / 2, quantity + ", mapped to (0, 1)"
    per_row = None if fraction is None else fraction * n_components
    charts = [
        _histogram("Rows by their number of active units", n_active, fraction, per_row),
        _histogram(
            "Units by the fraction of the rows on which they are active",
            measured.density,
            fraction,
            fraction,
        ),
        _histogram(f"Units by {quantity}", means, level, level),
    ]
    figures = f'<div class="charts">{"".join(charts)}</div>'
    return section("Sparsity", summary, explanation, figures)


def _histogram(caption, values, rho, mark):
    """A figure of a histogram, with a line at `mark`; `rho` is named in the caption."""
    key = ""
    if rho is not None:
        key = f'<span class="key rho">rho = {number(rho)}</span>'
    return _figure(histogram(values, caption, mark), caption + key)


def _figure(chart, caption):
    return f"<figure>{chart}<figcaption>{caption}</figcaption></figure>"


def training(estimator):
    """Section on the loss curve and its terms; empty if there is no loss curve."""
    fitted = last_step(estimator)
    total = np.asarray(getattr(fitted, "loss_curve_", []), dtype=float)
    if len(total) == 0:
        return ""
    terms = np.asarray(getattr(fitted, "loss_terms_", []), dtype=float)
    curves = dict(zip(TERMS, terms.T, strict=True)) if len(terms) else {}
    label = f"Objective J, from {number(total[0])} to {number(total[-1])}"
    keys = "".join(
        f'<span class="key {name}">{name}, at last {number(curve[-1])}</span>'
        for name, curve in curves.items()
    )
    chart = areas(curves, total, f"{label} in {len(total)} iterations")
    figure = _figure(chart, f"{label}, over {len(total)} iterations{keys}")
    explanation = ""
    if curves:
        explanation = (
            '<p class="caption">Training minimises J, the sum of the error of '
            "reconstruction, the decay of weights and the penalty on the code.</p>"
        )
    return section("Training", explanation, f'<div class="charts">{figure}</div>')


def settings(estimator):
    """Section on the parameters of the last step and its fitted attributes.

    Parameters that differ from their defaults are bold. Of the fitted attributes, only
    numbers and strings are shown.
    """
    fitted = last_step(estimator)
    defaults = inspect.signature(type(fitted)).parameters
    parameters = []
    for name, value in fitted.get_params(deep=False).items():
        shown = short(repr(value))
        if repr(value) != repr(defaults[name].default):
            shown = f"<strong>{shown}</strong>"
        parameters.append((short(name), shown))
    outcomes = [
        (short(name), _outcome(value))
        for name, value in sorted(vars(fitted).items())
        if name.endswith("_") and not name.startswith("_")
        if isinstance(value, Real | str | tuple)
    ]
    return section(
        "Settings",
        '<p class="caption">After fit</p>',
        facts(outcomes, "settings"),
        "<details><summary>All parameters; bold where they are not the default"
        f"</summary>{facts(parameters, 'settings')}</details>",
    )


def _outcome(value):
    """A fitted attribute: a number, a string or a tuple of numbers."""
    if isinstance(value, tuple):
        return ", ".join(map(number, value))
    return short(value) if isinstance(value, Integral | str) else number(value)
