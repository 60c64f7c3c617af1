"""Names with characters that cannot be seen or drawn."""

import re

# Control characters other than a tab and the end of a line, marks of direction, which
# reorder what stands beside them, and surrogates, which no file or font can contain.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def visible(text):
    """Return a text with characters that cannot be seen as in Python's code."""

    def shown(match):
        return match.group().encode("unicode_escape").decode()

    return INVISIBLE.sub(shown, text)
