"""The page around its sections and cards: template, style, script, security policy."""

import base64
import hashlib
from importlib.resources import files
from string import Template

from ._text import escaped


def page(*, title, description, subtitle, sections, cards, orders, queries, sprites):
    """Assemble the HTML of the page.

    Parameters
    ----------
    title, description, subtitle : str
        Plain text.
    sections, cards : list of str
        HTML.
    orders : dict of str to str
        Orders of the units: "key up" or "key down", and its text.
    queries : dict of str to str
        Searches that have a button: the query, and the text of the button.
    sprites : dict of str to Sprite
        Pictures, by the CSS selector of the elements that show them.

    Returns
    -------
    html : str
    """
    script = _read("script.js")
    options = (
        f'<option value="{key}">{escaped(text)}</option>'
        for key, text in orders.items()
    )
    buttons = (
        f'<button type="button" data-query="{escaped(query)}">{escaped(text)}</button>'
        for query, text in queries.items()
    )
    return Template(_read("page.html")).substitute(
        policy=_security_policy(script),
        title=escaped(title),
        description=escaped(description),
        subtitle=escaped(subtitle),
        style=_read("style.css"),
        sprites="\n".join(s.rule(selector) for selector, s in sprites.items()),
        sections="\n".join(sections),
        orders="\n".join(options),
        queries="\n".join(buttons),
        n_units=len(cards),
        cards="\n".join(cards),
        script=script,
    )


def _security_policy(script):
    """A policy under which only this script runs and nothing is fetched."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )


def _read(name):
    return (files(__package__) / name).read_text(encoding="utf-8")
