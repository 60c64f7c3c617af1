"""Formatting of numbers, names and values as text of the page."""

from html import escape

from .._reading._visible import visible

# Maximum number of characters of a name or value.
MAX_LENGTH = 80


def escaped(text):
    """Text for HTML; characters that cannot be seen are shown as in Python's code."""
    return escape(visible(text))


def short(value):
    """A value as one line of limited length, escaped for HTML."""
    text = " ".join(str(value).split())
    if len(text) > MAX_LENGTH:
        text = text[: MAX_LENGTH - 1] + "…"
    return escaped(text)


def number(value):
    """A number with three significant digits."""
    return f"{value + 0:.3g}"  # without the sign of a zero


def percent(share):
    """A fraction in percent, with three significant digits."""
    return f"{100 * share:.3g} %"


def facts(pairs, css_class):
    """A description list of names and values, both given as HTML."""
    items = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs
    )
    return f'<dl class="{css_class}">{items}</dl>'
