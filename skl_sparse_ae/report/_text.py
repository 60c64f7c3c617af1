"""Numbers, names and values as text of the page."""

from html import escape

# Names and values are cut to so many characters.
MAX_LENGTH = 80


def short(value):
    """One line of limited length, escaped."""
    text = " ".join(str(value).split())
    if len(text) > MAX_LENGTH:
        text = text[: MAX_LENGTH - 1] + "…"
    return escape(text)


def number(value):
    """Three digits."""
    return f"{value:.3g}"


def percent(share):
    """A fraction in percent, with three digits."""
    return f"{100 * share:.3g} %"


def facts(pairs, css_class):
    """A description list of names and values, both HTML."""
    items = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs
    )
    return f'<dl class="{css_class}">{items}</dl>'
