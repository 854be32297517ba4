"""A history that runs on into bands of what is expected, as SVG: no scripts, no fonts, no network.

Colours and sizes of text are left to the style of the page (`PICTURE_STYLE`), so that the picture is read as well
on a phone, on paper and in the dark. Periods lie side by side; each says its value to whoever points at it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trace_cli.formats.chart import figure, nice_scale, tick_text
from trace_cli.formats.markup import inert

WIDTH: Final = 720
_HEIGHT: Final = 270
_TOP, _BOTTOM = 26, 236
_LABELS: Final = 258
_DOTS: Final = 40

PICTURE_STYLE: Final = """
.bands { display: block; width: 100%; height: auto; }
.bands text { font: 12px system-ui, sans-serif; fill: var(--soft); font-variant-numeric: tabular-nums;
  paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.bands .grid { stroke: var(--rule); stroke-width: 1; }
.bands .now { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 4; }
.bands .past { fill: none; stroke: var(--ink); stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.bands .dot { fill: var(--ink); }
.bands .band { fill: var(--accent); fill-opacity: .2; }
.bands .middle { fill: none; stroke: var(--accent); stroke-width: 2.4; stroke-linejoin: round; }
.bands .touch { fill: transparent; }
.bands .touch:hover { fill: var(--ink); fill-opacity: .07; }
@media (max-width: 560px) { .bands text { font-size: 22px; } .bands .past { stroke-width: 2.6; }
  .bands .middle { stroke-width: 4; } }
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One period ahead: its label, its quantiles, ascending, and what is expected in the middle."""

    label: str
    quantiles: tuple[float, ...]
    middle: float


def draw_bands(history: Sequence[tuple[str, float]], ahead: Sequence[Step], *, title: str, unit: str) -> str:
    """Draw one series.

    Args:
        history: label and value of each period, oldest first.
        ahead: the periods that follow, one at least.
        title: what the picture shows, for those who cannot see it.
        unit: of the values.

    Returns:
        An ``<svg>`` element of the class ``bands``.
    """
    values = [value for _, value in history] + [value for one in ahead for value in (*one.quantiles, one.middle)]
    scale = _Scale(min(values), max(values), len(history) + len(ahead))
    parts = [
        f'<svg class="bands" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_HEIGHT}" role="img">'
        f"<title>{inert(title)}</title>"
    ]
    for value, name in scale.ticks():
        y = scale.y(value)
        shown = f"{name} {unit}" if value == scale.top else name
        parts.append(
            f'<line class="grid" x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>'
            f'<text x="0" y="{_two(y - 5)}">{inert(shown)}</text>'
        )
    start = len(history)
    parts += [f'<path class="band" d="{_area(scale, start, *pair)}"/>' for pair in _pairs(ahead)]
    if history:
        edge = scale.left(start)
        parts.append(f'<line class="now" x1="{edge}" x2="{edge}" y1="{_TOP - 14}" y2="{_BOTTOM}"/>')
        points = [(scale.middle(at), scale.y(value)) for at, (_, value) in enumerate(history)]
        parts.append(f'<path class="past" d="M{" ".join(f"{x} {y}" for x, y in points)}"/>')
        if len(points) <= _DOTS:
            parts += [f'<circle class="dot" cx="{x}" cy="{y}" r="2.2"/>' for x, y in points]
    parts.append(f'<path class="middle" d="{_steps(scale, start, [one.middle for one in ahead])}"/>')
    parts += _touches(scale, history, ahead, unit)
    parts += _labels(scale, history, ahead)
    return "".join([*parts, "</svg>"])


class _Scale:
    """From periods and values to places in the picture."""

    def __init__(self, low: float, high: float, periods: int) -> None:
        self._step, count = nice_scale(max(high, 0.0, -low / 2))
        self._low = 0.0 if low >= 0 else -self._step * math.ceil(-low / self._step)
        self.top = self._step * count
        self._width = WIDTH / max(periods, 1)

    def ticks(self) -> list[tuple[float, str]]:
        """Give the values with a line and their names, lowest first."""
        count = round((self.top - self._low) / self._step)
        values = [self._low + at * self._step for at in range(count)] + [self.top]
        return [(value, tick_text(value, self._step)) for value in values]

    def y(self, value: float) -> float:
        """Place a value."""
        share = (value - self._low) / (self.top - self._low)
        return _two(_BOTTOM - share * (_BOTTOM - _TOP))

    def left(self, period: int) -> float:
        """Place the beginning of a period."""
        return _two(period * self._width)

    def middle(self, period: int) -> float:
        """Place the middle of a period."""
        return _two((period + 0.5) * self._width)


def _pairs(ahead: Sequence[Step]) -> list[tuple[list[float], list[float]]]:
    """Pair the quantiles from outside in: the lower and the upper ends of each band."""
    count = len(ahead[0].quantiles)
    return [
        ([one.quantiles[at] for one in ahead], [one.quantiles[count - 1 - at] for one in ahead])
        for at in range(count // 2)
    ]


def _area(scale: _Scale, start: int, low: Sequence[float], high: Sequence[float]) -> str:
    upper, lower = _outline(scale, start, high), _outline(scale, start, low)[::-1]
    return f"M{' '.join(f'{x} {y}' for x, y in upper + lower)}Z"


def _steps(scale: _Scale, start: int, values: Sequence[float]) -> str:
    return f"M{' '.join(f'{x} {y}' for x, y in _outline(scale, start, values))}"


def _outline(scale: _Scale, start: int, values: Sequence[float]) -> list[tuple[float, float]]:
    """Go through the middles of the periods, flat at both ends, so that one period is seen too."""
    inner = [(scale.middle(start + at), scale.y(value)) for at, value in enumerate(values)]
    ends = scale.left(start), scale.left(start + len(values))
    return [(ends[0], inner[0][1]), *inner, (ends[1], inner[-1][1])]


def _touches(scale: _Scale, history: Sequence[tuple[str, float]], ahead: Sequence[Step], unit: str) -> list[str]:
    """Lay a field over each period, which says its numbers."""
    words = [f"{label}: {_value(value)} {unit}" for label, value in history]
    for one in ahead:
        band = f", {_value(one.quantiles[0])} to {_value(one.quantiles[-1])}" if len(one.quantiles) > 1 else ""
        words.append(f"{one.label}: {_value(one.middle)}{band} {unit}")
    width = _two(scale.left(1))
    return [
        f'<rect class="touch" x="{scale.left(at)}" y="{_TOP - 14}" width="{width}" height="{_BOTTOM - _TOP + 14}">'
        f"<title>{inert(text)}</title></rect>"
        for at, text in enumerate(words)
    ]


def _labels(scale: _Scale, history: Sequence[tuple[str, float]], ahead: Sequence[Step]) -> list[str]:
    """Write the first period, the first ahead where there is room, and the last."""
    first = history[0][0] if history else ahead[0].label
    found = [(0.0, "start", first)]
    edge, last = scale.left(len(history)), ahead[-1].label
    if history and WIDTH * 0.35 < edge < WIDTH * 0.62:
        found.append((edge, "start" if edge < WIDTH / 2 else "middle", ahead[0].label))
    if len(history) + len(ahead) > 1:
        found.append((WIDTH, "end", last))
    return [
        f'<text x="{x:g}" y="{_LABELS}" text-anchor="{anchor}">{inert(label)}</text>' for x, anchor, label in found
    ]


def _value(value: float) -> str:
    size = abs(value)
    return figure(value, 0 if size >= 100 else 1 if size >= 10 else 2)


def _two(value: float) -> float:
    return round(value, 2)
