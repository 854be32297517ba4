"""Two pictures of operations as SVG: the flow map and the heat strips. No scripts, no fonts, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from trace_cli.formats.answer import safe

_BOX_WIDTH, _BOX_HEIGHT = 150, 34
_COLUMN, _ROW, _MARGIN = 230, 56, 16
_CELL_WIDTH, _CELL_HEIGHT, _LABEL = 22, 20, 190
_INK: Final = "currentColor"
_HOT: Final = "#c2410c"


def flow_map(flows: Sequence[tuple[str, str, int]], heat: Mapping[str, float]) -> str:
    """Draw places in the order in which goods pass them, with arrows as wide as the flow.

    Args:
        flows: (origin, destination, how many).
        heat: of each place, 0 to 1, such as the probability of an alarm.

    Returns:
        An ``<svg>`` element.
    """
    layers = _layers(flows)
    spot: dict[str, tuple[int, int]] = {}
    depth = max(layers.values(), default=0) + 1
    columns = [sorted(place for place, layer in layers.items() if layer == at) for at in range(depth)]
    for at, column in enumerate(columns):
        for row, place in enumerate(column):
            spot[place] = (_MARGIN + at * _COLUMN, _MARGIN + row * _ROW)
    width = _MARGIN * 2 + (depth - 1) * _COLUMN + _BOX_WIDTH
    height = _MARGIN * 2 + max(map(len, columns), default=1) * _ROW
    most = max((count for _, _, count in flows), default=1)
    parts = [_open(width, height, "Flow map: places from left to right, arrows as wide as the flow")]
    for origin, destination, count in flows:
        (left, top), (right, bottom) = spot[origin], spot[destination]
        x1, y1, x2, y2 = left + _BOX_WIDTH, top + _BOX_HEIGHT // 2, right, bottom + _BOX_HEIGHT // 2
        bend = (x1 + x2) // 2 if x2 > x1 else x1 + 40
        parts.append(
            f'<path d="M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}" fill="none" stroke="{_INK}" '
            f'stroke-opacity=".35" stroke-width="{1 + 9 * count / most:.1f}">'
            f"<title>{_text(origin)} to {_text(destination)}: {count}</title></path>"
        )
    for place, (x, y) in sorted(spot.items()):
        share = min(max(heat.get(place, 0.0), 0.0), 1.0)
        parts.append(
            f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="5" fill="{_HOT}" '
            f'fill-opacity="{0.06 + 0.6 * share:.2f}" stroke="{_INK}"/>'
            f'<text x="{x + _BOX_WIDTH // 2}" y="{y + 22}" text-anchor="middle" font-size="12" fill="{_INK}">'
            f"{_text(_cut(place, 20))}<title>{_text(place)}</title></text>"
        )
    return "".join([*parts, "</svg>"])


def heat_strips(rows: Sequence[tuple[str, Sequence[float]]], labels: Sequence[str]) -> str:
    """Draw a strip for each place, darker where more hours were waited in a period.

    Args:
        rows: (place, value of each period).
        labels: of the periods.

    Returns:
        An ``<svg>`` element.
    """
    most = max((value for _, values in rows for value in values), default=0.0) or 1.0
    width = _LABEL + len(labels) * _CELL_WIDTH + _MARGIN
    parts = [_open(width, (len(rows) + 1) * _CELL_HEIGHT + _MARGIN, "Queue hours of each place and period")]
    for at, (place, values) in enumerate(rows):
        y = at * _CELL_HEIGHT + 4
        parts.append(f'<text x="0" y="{y + 14}" font-size="12" fill="{_INK}">{_text(_cut(place, 26))}</text>')
        for column, (label, value) in enumerate(zip(labels, values, strict=True)):
            parts.append(
                f'<rect x="{_LABEL + column * _CELL_WIDTH}" y="{y}" width="{_CELL_WIDTH - 2}" '
                f'height="{_CELL_HEIGHT - 3}" fill="{_HOT}" fill-opacity="{0.04 + 0.96 * value / most:.2f}">'
                f"<title>{_text(place)}, {_text(label)}: {value:,.0f} h</title></rect>"
            )
    if labels:
        y = len(rows) * _CELL_HEIGHT + 18
        ends = ((_LABEL, "start", labels[0]), (width - _MARGIN, "end", labels[-1]))
        parts += [
            f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="11" fill="{_INK}">{_text(label)}</text>'
            for x, anchor, label in ends
        ]
    return "".join([*parts, "</svg>"])


def _layers(flows: Sequence[tuple[str, str, int]]) -> dict[str, int]:
    """Put each place one column right of what flows into it; of a circle, the least flow is passed over."""
    places = sorted({place for origin, destination, _ in flows for place in (origin, destination)})
    layer = dict.fromkeys(places, 0)
    taken: dict[str, set[str]] = {place: set() for place in places}
    for origin, destination, _ in sorted(flows, key=lambda flow: (-flow[2], flow[0], flow[1])):
        if origin != destination and not _reaches(taken, destination, origin):
            taken[origin].add(destination)
    for _ in places:
        moved = False
        for origin, ways in taken.items():
            for destination in ways:
                if layer[destination] <= layer[origin]:
                    layer[destination], moved = layer[origin] + 1, True
        if not moved:
            break
    return layer


def _reaches(ways: Mapping[str, set[str]], start: str, goal: str) -> bool:
    seen, ahead = {start}, [start]
    while ahead:
        place = ahead.pop()
        if place == goal:
            return True
        ahead += [one for one in ways[place] if one not in seen]
        seen |= ways[place]
    return False


def _open(width: int, height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'style="max-width:100%;height:auto"><title>{_text(title)}</title>'
    )


def _cut(name: str, width: int) -> str:
    half = (width - 3) // 2
    return name if len(name) <= width else f"{name[:half]}...{name[-half:]}"


def _text(text: str) -> str:
    return escape(safe(text))
