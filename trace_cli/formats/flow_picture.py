"""Two pictures of operations as SVG: the flow map and the heat strips. No scripts, no fonts, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from trace_cli.formats.markup import inert

_BOX_HEIGHT, _LETTER, _LONGEST_NAME = 34, 8, 20
_GAP_ACROSS, _GAP_DOWN, _BESIDE, _MARGIN = 80, 50, 14, 16
_STRIP_WIDTH, _STRIP_HEIGHT, _CELL_HEIGHT, _WIDEST_CELL = 364, 36, 15, 40
_PHONE: Final = 560
"""A picture up to this width [px] is shrunk to a narrow screen; a wider one is scrolled there."""

_MOST_NUMBERED: Final = 16
_INK: Final = "currentColor"
_BACK, _TIP, _SWEEPS = 44, 8, 6
_ARROW: Final = (
    '<defs><marker id="to" viewBox="0 0 8 10" refX="1" refY="5" markerWidth="8" markerHeight="10" '
    f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L8 5 L0 10 z" fill="{_INK}"/></marker></defs>'
)
_HOT: Final = "#c2410c"


@dataclass(frozen=True)
class _Layout:
    """Where boxes stand, all of one width; in layers from left to right, or from top to bottom."""

    box: int
    down: bool
    spot: Mapping[str, tuple[int, int]]
    width: int
    height: int


def flow_map(flows: Sequence[tuple[str, str, int]], heat: Mapping[str, float]) -> str:
    """Draw places in the order in which goods pass them, with arrows as wide as the flow.

    Layers run from left to right or from top to bottom, whichever is narrower, so that it can be read on a phone.

    Args:
        flows: (origin, destination, how many).
        heat: of each place, 0 to 1, such as the probability of an alarm.

    Returns:
        An ``<svg>`` element.
    """
    layout = _lay_out(flows)
    most = max((count for _, _, count in flows), default=1)
    parts = [
        _open(layout.width, layout.height, "Flow map: places in the order of the flow, arrows as wide as it"),
        _ARROW,
    ]
    numbers = []
    for origin, destination, count in flows:
        path, (x, y) = _way(layout, layout.spot[origin], layout.spot[destination])
        parts.append(
            f'<path d="{path}" fill="none" stroke="{_INK}" '
            f'stroke-opacity=".35" stroke-width="{1 + 9 * count / most:.1f}" marker-end="url(#to)">'
            f"<title>{inert(origin)} to {inert(destination)}: {count:,}</title></path>"
        )
        numbers.append(
            f'<text x="{x}" y="{y}" text-anchor="middle" font-size="11" fill="{_INK}" stroke="Canvas" '
            f'stroke-width="3" paint-order="stroke">{count:,}</text>'
        )
    for place, (x, y) in sorted(layout.spot.items()):
        share = min(max(heat.get(place, 0.0), 0.0), 1.0)
        parts.append(
            f'<rect x="{x}" y="{y}" width="{layout.box}" height="{_BOX_HEIGHT}" rx="5" fill="Canvas"/>'
            f'<rect x="{x}" y="{y}" width="{layout.box}" height="{_BOX_HEIGHT}" rx="5" fill="{_HOT}" '
            f'fill-opacity="{0.06 + 0.6 * share:.2f}" stroke="{_INK}"/>'
            f'<text x="{x + layout.box // 2}" y="{y + 22}" text-anchor="middle" font-size="12" fill="{_INK}">'
            f"{inert(_cut(place, _LONGEST_NAME))}<title>{inert(place)}</title></text>"
        )
    if len(flows) <= _MOST_NUMBERED:
        parts += numbers
    return "".join([*parts, "</svg>"])


def _lay_out(flows: Sequence[tuple[str, str, int]]) -> _Layout:
    layers = _layers(flows)
    depth = max(layers.values(), default=0) + 1
    ranks = [sorted(place for place, layer in layers.items() if layer == at) for at in range(depth)]
    _untangle(ranks, flows)
    longest = max((min(len(place), _LONGEST_NAME) for place in layers), default=8)
    box = max(longest * _LETTER + 16, 64)
    most = max(map(len, ranks), default=1)
    across = depth * box + (depth - 1) * _GAP_ACROSS
    beside = most * box + (most - 1) * _BESIDE
    down = beside < across
    spot = {}
    for at, rank in enumerate(ranks):
        for row, place in enumerate(rank):
            if down:
                shift = (beside - len(rank) * box - (len(rank) - 1) * _BESIDE) // 2
                x, y = shift + row * (box + _BESIDE), at * (_BOX_HEIGHT + _GAP_DOWN)
            else:
                x, y = at * (box + _GAP_ACROSS), row * (_BOX_HEIGHT + 22)
            spot[place] = (_MARGIN + x, _MARGIN + y)
    back = any(layers[origin] >= layers[destination] for origin, destination, _ in flows)
    if down:
        height = depth * _BOX_HEIGHT + (depth - 1) * _GAP_DOWN
        return _Layout(box, down, spot, beside + 2 * _MARGIN + (_BACK if back else 0), height + 2 * _MARGIN)
    height = most * (_BOX_HEIGHT + 22) + 2 * _MARGIN + (_BACK // 2 if back else 0)
    return _Layout(box, down, spot, across + 2 * _MARGIN, height)


def busiest(flows: Sequence[tuple[str, str, int]], places: int) -> list[tuple[str, str, int]]:
    """Take the busiest flows between so many places that a picture of them can be read.

    Args:
        flows: the busiest first.
        places: how many at most.
    """
    shown: set[str] = set()
    taken = []
    for flow in flows:
        if len(shown | {flow[0], flow[1]}) <= places:
            shown |= {flow[0], flow[1]}
            taken.append(flow)
    return taken


def figure(title: str, words: str, picture: str) -> str:
    """Put a heading and a sentence above a picture."""
    return f"<h2>{inert(title)}</h2><p>{inert(words)}</p>{picture}"


def heat_strips(rows: Sequence[tuple[str, Sequence[float]]], labels: Sequence[str]) -> str:
    """Draw a strip for each place, darker where more hours were waited in a period, the last one at the right.

    Args:
        rows: (place, hours of each period).
        labels: of the periods.

    Returns:
        An ``<svg>`` element, as wide as a phone.
    """
    most = max((value for _, values in rows for value in values), default=0.0) or 1.0
    cell = min(_STRIP_WIDTH / max(len(labels), 1), _WIDEST_CELL)
    parts = [_open(_STRIP_WIDTH, len(rows) * _STRIP_HEIGHT + 18, "Queue hours of each place and period")]
    for at, (place, values) in enumerate(rows):
        y = at * _STRIP_HEIGHT
        last = f"{values[-1]:,.0f} h" if values else ""
        parts.append(
            f'<text x="0" y="{y + 12}" font-size="12" fill="{_INK}">{inert(_cut(place, 36))}'
            f"<title>{inert(place)}</title></text>"
            f'<text x="{cell * len(values):.1f}" y="{y + 12}" text-anchor="end" font-size="12" fill="{_INK}">'
            f"{last}</text>"
        )
        for column, (label, value) in enumerate(zip(labels, values, strict=True)):
            parts.append(
                f'<rect x="{column * cell:.1f}" y="{y + 16}" width="{cell - 1:.1f}" '
                f'height="{_CELL_HEIGHT}" fill="{_HOT}" fill-opacity="{0.04 + 0.96 * value / most:.2f}">'
                f"<title>{inert(place)}, {inert(label)}: {value:,.0f} h</title></rect>"
            )
    if labels:
        y = len(rows) * _STRIP_HEIGHT + 12
        ends = ((0.0, "start", labels[0]), (cell * len(labels), "end", labels[-1]))
        parts += [
            f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" font-size="11" fill="{_INK}">{inert(label)}</text>'
            for x, anchor, label in (ends if len(labels) > 1 else ends[:1])
        ]
    return "".join([*parts, "</svg>"])


def _way(layout: _Layout, start: tuple[int, int], end: tuple[int, int]) -> tuple[str, tuple[int, int]]:
    """Lead an arrow to a box of a later layer, or round the boxes to another; with the middle of it."""
    (left, top), (right, bottom) = start, end
    box, half = layout.box, _BOX_HEIGHT // 2
    if layout.down and bottom > top:
        x1, y1, x2, y2 = left + box // 2, top + _BOX_HEIGHT, right + box // 2, bottom - _TIP
        bend = (y1 + y2) // 2
        return f"M{x1} {y1} C{x1} {bend} {x2} {bend} {x2} {y2}", ((x1 + x2) // 2, bend + 4)
    if layout.down:
        x1, y1, x2, y2 = left + box, top + half, right + box, bottom + half
        far = max(x1, x2) + _BACK
        return f"M{x1} {y1} C{far} {y1} {far} {y2} {x2 + _TIP} {y2}", (far - _BACK // 4, (y1 + y2) // 2 + 4)
    if right > left:
        x1, y1, x2, y2 = left + box, top + half, right - _TIP, bottom + half
        bend = (x1 + x2) // 2
        return f"M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}", (bend, (y1 + y2) // 2 + 4)
    x1, y1, x2, y2 = left + box * 2 // 3, top + _BOX_HEIGHT, right + box // 3, bottom + _BOX_HEIGHT
    low = max(y1, y2) + _BACK * 3 // 4
    return f"M{x1} {y1} C{x1} {y1 + _BACK} {x2} {y2 + _BACK} {x2} {y2 + _TIP}", ((x1 + x2) // 2, low)


def _untangle(columns: list[list[str]], flows: Sequence[tuple[str, str, int]]) -> None:
    """Order each column by where what it is linked to stands, to and fro (the barycentre rule)."""
    linked: dict[str, list[tuple[str, int]]] = {}
    for origin, destination, count in flows:
        linked.setdefault(origin, []).append((destination, count))
        linked.setdefault(destination, []).append((origin, count))
    for _ in range(_SWEEPS):
        for column in columns:
            place = {name: row / len(one) for one in columns for row, name in enumerate(one)}
            middle = {
                name: sum(place[other] * count for other, count in linked[name])
                / sum(count for _, count in linked[name])
                for name in column
            }
            column.sort(key=middle.__getitem__)


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
    size = "width:100%;" if width <= _PHONE else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'style="{size}max-width:min({round(width * 1.4)}px,100%);height:auto"><title>{inert(title)}</title>'
    )


def _cut(name: str, width: int) -> str:
    half = (width - 3) // 2
    return name if len(name) <= width else f"{name[:half]}...{name[-half:]}"
