"""Formatting of numbers, names and values as text of the page."""

import re
from html import escape

# Maximum number of characters of a name or value.
MAX_LENGTH = 80
# Control characters other than a tab and the end of a line, marks of direction, which
# reorder what stands beside them, and surrogates, which no file can contain.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def escaped(text):
    """Text for HTML; characters that cannot be seen are shown as in Python's code."""

    def shown(match):
        return match.group().encode("unicode_escape").decode()

    return escape(INVISIBLE.sub(shown, text))


def short(value):
    """A value as one line of limited length, escaped for HTML."""
    text = " ".join(str(value).split())
    if len(text) > MAX_LENGTH:
        text = text[: MAX_LENGTH - 1] + "…"
    return escaped(text)


def number(value):
    """A number with three significant digits."""
    return f"{value:.3g}"


def percent(share):
    """A fraction in percent, with three significant digits."""
    return f"{100 * share:.3g} %"


def facts(pairs, css_class):
    """A description list of names and values, both given as HTML."""
    items = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs
    )
    return f'<dl class="{css_class}">{items}</dl>'
