"""Small charts as SVG, which take their colours from the page's style sheet."""

import numpy as np

from ._text import escaped, number

# Size in SVG coordinates, which CSS scales, and the margins around the plot.
WIDTH, HEIGHT = 300, 130
LEFT, RIGHT, BOTTOM, TOP = 44, 10, 22, 8
# Maximum numbers of bars of a histogram and of points of a curve.
MAX_BARS = 40
MAX_POINTS = 300


class Axis:
    """Axis of a chart, which maps numbers to coordinates.

    Parameters
    ----------
    low, high : float
        The numbers at its ends.
    start, stop : float
        The coordinates of its ends.
    whole : bool
        Whether the numbers are integers.
    log : bool
        Whether the axis is logarithmic.
    """

    def __init__(self, low, high, start, stop, *, whole=False, log=False):
        self.low, self.high = low, high
        self.start, self.stop = start, stop
        self.whole, self.log = whole, log

    def __call__(self, values):
        """Coordinates of numbers."""
        scale = np.log if self.log else np.asarray
        low, high = scale(self.low), scale(self.high)
        shares = (scale(values) - low) / ((high - low) or 1.0)
        return self.start + shares * (self.stop - self.start)

    def ticks(self):
        """Round numbers within the axis; powers of 10 if it is logarithmic."""
        if self.log:
            low, high = np.log10([self.low, self.high])
            return 10.0 ** np.arange(np.ceil(low), np.floor(high) + 1)
        third = ((self.high - self.low) or 1.0) / 3
        power = 10.0 ** np.floor(np.log10(third))
        step = power * next((m for m in (5, 2) if m * power <= third), 1)
        if self.whole:
            step = max(step, 1.0)
        multiples = np.arange(np.ceil(self.low / step), np.floor(self.high / step) + 1)
        # Turns -0.0 into 0.0.
        return step * multiples + 0.0


def histogram(values, label, mark=None):
    """Histogram of values as SVG.

    Parameters
    ----------
    values : ndarray of shape (n,)
    label : str
        Description of the values, for screen readers.
    mark : float or None
        Value at which to draw a line.
    """
    counts, edges = np.histogram(values, _bin_edges(values, mark))
    x = Axis(edges[0], edges[-1], LEFT, WIDTH - RIGHT, whole=values.dtype.kind in "iu")
    y = Axis(0, counts.max(), HEIGHT - BOTTOM, TOP, whole=True)
    sides, tops = x(edges), y(counts)
    bars = "".join(
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left - 0.5, 0.5):.1f}"'
        f' height="{y.start - top:.1f}"/>'
        for left, right, top, count in zip(sides, sides[1:], tops, counts, strict=False)
        if count
    )
    line = ""
    if mark is not None:
        at = f"{float(x(mark)):.1f}"
        line = f'<line class="mark" x1="{at}" x2="{at}" y1="{TOP}" y2="{y.start}"/>'
    label += f": from {number(values.min())} to {number(values.max())}"
    return _svg(label, _frame(x, y) + f'<g class="bars">{bars}</g>' + line)


def _bin_edges(values, mark):
    """Edges of bins of equal width, also for values that are all the same."""
    points = values if mark is None else np.append(values, mark)
    low, high = points.min(), points.max()
    if values.dtype.kind in "iu":
        low, high = np.floor(low), np.ceil(high)
        # Integers per bin; a whole number, so that all bins have the same.
        step = np.ceil((high - low + 1) / MAX_BARS)
        return np.arange(max(0, low - step), high + 2 * step + 1, step) - 0.5
    if low == high:
        margin = 0.05 * (abs(low) or 1.0)
        return np.linspace(low - margin, low + margin, 4)
    return np.linspace(low, high, MAX_BARS + 1)


def areas(curves, total, label):
    """Stacked areas of curves, and their sum, over iterations 1, 2, 3, ... as SVG.

    The axis of the iterations is logarithmic.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (n,)
        By the CSS class of the area. May be empty.
    total : ndarray of shape (n,)
        Sum of the curves.
    label : str
        Description of the curves, for screen readers.
    """
    n = len(total)
    shown = np.unique(np.rint(np.geomspace(1, n, MAX_POINTS)).astype(int)) - 1
    x = Axis(1, max(n, 2), LEFT, WIDTH - RIGHT, log=True)
    y = Axis(0, max(0, *total), HEIGHT - BOTTOM, TOP)
    across = x(shown + 1)
    floor, shapes = np.zeros(len(shown)), []
    for name, curve in curves.items():
        ceiling = floor + curve[shown]
        outline = _points([*across, *across[::-1]], y([*ceiling, *floor[::-1]]))
        shapes.append(f'<polygon class="{name}" points="{outline}"/>')
        floor = ceiling
    line = _points(across, y(total[shown]))
    shapes.append(f'<polyline class="total" points="{line}"/>')
    return _svg(label, _frame(x, y) + "".join(shapes))


def _points(across, up):
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, up, strict=True))


def _frame(x, y):
    """Lines of both axes, with their ticks."""
    bottom, left = y.start, x.start
    parts = [f'<path class="axes" d="M{left} {TOP}V{bottom}H{x.stop}"/>']
    for tick, at in zip(x.ticks(), x(x.ticks()), strict=True):
        place = f'x="{at:.1f}" y="{bottom + 15}" text-anchor="middle"'
        parts.append(f"<text {place}>{tick:.6g}</text>")
    for tick, at in zip(y.ticks(), y(y.ticks()), strict=True):
        place = f'x="{left - 5}" y="{at + 4:.1f}" text-anchor="end"'
        parts.append(f"<text {place}>{tick:.6g}</text>")
    return "".join(parts)


def _svg(text, content):
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escaped(text)}">'
        f"{content}</svg>"
    )
