"""Two pictures of operations as SVG: the flow map and the heat strips. No scripts, no fonts, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from trace_cli.formats.markup import inert

_BOX_WIDTH, _BOX_HEIGHT = 150, 34
_COLUMN, _ROW, _MARGIN = 230, 56, 16
_CELL_WIDTH, _CELL_HEIGHT, _LABEL = 22, 20, 190
_INK: Final = "currentColor"
_BACK, _TIP, _SWEEPS = 44, 8, 6
_ARROW: Final = (
    '<defs><marker id="to" viewBox="0 0 8 10" refX="1" refY="5" markerWidth="8" markerHeight="10" '
    f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L8 5 L0 10 z" fill="{_INK}"/></marker></defs>'
)
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
    _untangle(columns, flows)
    for at, column in enumerate(columns):
        for row, place in enumerate(column):
            spot[place] = (_MARGIN + at * _COLUMN, _MARGIN + row * _ROW)
    width = _MARGIN * 2 + (depth - 1) * _COLUMN + _BOX_WIDTH
    height = _MARGIN * 2 + max(map(len, columns), default=1) * _ROW
    if any(layers[origin] >= layers[destination] for origin, destination, _ in flows):
        height += _BACK // 2
    most = max((count for _, _, count in flows), default=1)
    parts = [_open(width, height, "Flow map: places from left to right, arrows as wide as the flow"), _ARROW]
    for origin, destination, count in flows:
        parts.append(
            f'<path d="{_way(spot[origin], spot[destination])}" fill="none" stroke="{_INK}" '
            f'stroke-opacity=".35" stroke-width="{1 + 9 * count / most:.1f}" marker-end="url(#to)">'
            f"<title>{inert(origin)} to {inert(destination)}: {count}</title></path>"
        )
    for place, (x, y) in sorted(spot.items()):
        share = min(max(heat.get(place, 0.0), 0.0), 1.0)
        parts.append(
            f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="5" fill="Canvas"/>'
            f'<rect x="{x}" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="5" fill="{_HOT}" '
            f'fill-opacity="{0.06 + 0.6 * share:.2f}" stroke="{_INK}"/>'
            f'<text x="{x + _BOX_WIDTH // 2}" y="{y + 22}" text-anchor="middle" font-size="12" fill="{_INK}">'
            f"{inert(_cut(place, 20))}<title>{inert(place)}</title></text>"
        )
    return "".join([*parts, "</svg>"])


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
        parts.append(f'<text x="0" y="{y + 14}" font-size="12" fill="{_INK}">{inert(_cut(place, 26))}</text>')
        for column, (label, value) in enumerate(zip(labels, values, strict=True)):
            parts.append(
                f'<rect x="{_LABEL + column * _CELL_WIDTH}" y="{y}" width="{_CELL_WIDTH - 2}" '
                f'height="{_CELL_HEIGHT - 3}" fill="{_HOT}" fill-opacity="{0.04 + 0.96 * value / most:.2f}">'
                f"<title>{inert(place)}, {inert(label)}: {value:,.0f} h</title></rect>"
            )
    if labels:
        y = len(rows) * _CELL_HEIGHT + 18
        ends = ((_LABEL, "start", labels[0]), (width - _MARGIN, "end", labels[-1]))
        parts += [
            f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="11" fill="{_INK}">{inert(label)}</text>'
            for x, anchor, label in ends
        ]
    return "".join([*parts, "</svg>"])


def _way(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Lead an arrow from a box to one further right, or below the boxes to one that is not."""
    (left, top), (right, bottom) = start, end
    if right > left:
        x1, y1, x2, y2 = left + _BOX_WIDTH, top + _BOX_HEIGHT // 2, right - _TIP, bottom + _BOX_HEIGHT // 2
        bend = (x1 + x2) // 2
        return f"M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}"
    x1, y1, x2, y2 = left + _BOX_WIDTH * 2 // 3, top + _BOX_HEIGHT, right + _BOX_WIDTH // 3, bottom + _BOX_HEIGHT
    return f"M{x1} {y1} C{x1} {y1 + _BACK} {x2} {y2 + _BACK} {x2} {y2 + _TIP}"


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
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'style="max-width:100%;height:auto"><title>{inert(title)}</title>'
    )


def _cut(name: str, width: int) -> str:
    half = (width - 3) // 2
    return name if len(name) <= width else f"{name[:half]}...{name[-half:]}"
