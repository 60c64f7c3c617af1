"""The page around its sections and cards: template, style, script, what it may do."""

import base64
import hashlib
from html import escape
from importlib.resources import files
from string import Template


def page(*, title, description, subtitle, sections, cards, orders, queries, sprites):
    """The whole page.

    Parameters
    ----------
    title, description, subtitle : str
        Plain text.
    sections, cards : list of str
        HTML.
    orders : dict of str to str
        Texts of what units can be ordered by, under "key up" or "key down".
    queries : dict of str to str
        Texts of buttons, under what they search for.
    sprites : dict of str to Sprite
        Pictures, under the selectors of what shows them.
    """
    script = _read("script.js")
    # The only script that runs, whatever gets into the page, and nothing is fetched.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )
    options = (
        f'<option value="{key}">{escape(text)}</option>' for key, text in orders.items()
    )
    buttons = (
        f'<button type="button" data-query="{escape(query)}">{escape(text)}</button>'
        for query, text in queries.items()
    )
    return Template(_read("page.html")).substitute(
        policy=policy,
        title=escape(title),
        description=escape(description),
        subtitle=escape(subtitle),
        style=_read("style.css"),
        sprites="\n".join(s.rule(selector) for selector, s in sprites.items()),
        sections="\n".join(sections),
        orders="\n".join(options),
        queries="\n".join(buttons),
        n_units=len(cards),
        cards="\n".join(cards),
        script=script,
    )


def _read(name):
    return (files(__package__) / name).read_text(encoding="utf-8")
