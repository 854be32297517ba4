"""The spread of a lot as SVG: tiers of things from left to right, and where they ended. No scripts, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from trace_cli.formats.markup import inert

_WIDTH, _HEIGHT = 200, 44
_COLUMN, _ROW, _MARGIN = 260, 58, 16
_LETTERS: Final = 26
_INK: Final = "currentColor"
_FILLS: Final = {
    "lot": ("#1d4ed8", 0.2),
    "thing": ("#64748b", 0.12),
    "open": ("#c2410c", 0.35),
    "gone": ("#64748b", 0),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its column, what stands in it (two lines), and how it looks.

    `look` is `lot`, `thing`, `open` (goods that can still be stopped) or `gone`.
    """

    column: int
    title: str
    line: str
    look: str


def spread_picture(boxes: Sequence[Box], arrows: Sequence[tuple[int, int, str]], *, title: str) -> str:
    """Draw boxes in columns, joined by arrows.

    Args:
        boxes: In the order in which they stand in their columns.
        arrows: (from, to, what goes along), by positions in `boxes`.
        title: What the picture shows, for those who do not see it.

    Returns:
        An ``<svg>`` element.
    """
    rows: dict[int, int] = {}
    spots: list[tuple[int, int]] = []
    for box in boxes:
        row = rows.get(box.column, 0)
        rows[box.column] = row + 1
        spots.append((_MARGIN + box.column * _COLUMN, _MARGIN + row * _ROW))
    width = 2 * _MARGIN + max(rows, default=0) * _COLUMN + _WIDTH
    height = 2 * _MARGIN + max(rows.values(), default=1) * _ROW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'style="max-width:100%;height:auto"><title>{inert(title)}</title>'
    ]
    for source, target, what in arrows:
        (left, top), (right, bottom) = spots[source], spots[target]
        x1, y1, x2, y2 = left + _WIDTH, top + _HEIGHT // 2, right, bottom + _HEIGHT // 2
        bend = (x1 + x2) // 2 if x2 > x1 else x1 + 40
        told = f"{boxes[source].title} to {boxes[target].title}" + (f": {what}" if what else "")
        parts.append(
            f'<path d="M{x1} {y1} C{bend} {y1} {bend} {y2} {x2} {y2}" fill="none" stroke="{_INK}" '
            f'stroke-opacity=".45" stroke-width="1.6"><title>{inert(told)}</title></path>'
        )
    parts += [_draw(box, *spot) for box, spot in zip(boxes, spots, strict=True)]
    return "".join([*parts, "</svg>"])


def _draw(box: Box, x: int, y: int) -> str:
    fill, opacity = _FILLS[box.look]
    middle = x + _WIDTH // 2
    place = f'x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5"'
    return (
        f"<g><title>{inert(box.title)}: {inert(box.line)}</title>"
        f'<rect {place} style="fill:Canvas"/><rect {place} fill="{fill}" '
        f'fill-opacity="{opacity}" stroke="{_INK}" stroke-width="{2 if box.look == "open" else 1}"/>'
        f'<text x="{middle}" y="{y + 18}" text-anchor="middle" font-size="12" font-weight="600" fill="{_INK}">'
        f"{inert(_cut(box.title))}</text>"
        f'<text x="{middle}" y="{y + 34}" text-anchor="middle" font-size="11" fill="{_INK}">'
        f"{inert(_cut(box.line))}</text></g>"
    )


def _cut(text: str) -> str:
    half = (_LETTERS - 3) // 2
    return text if len(text) <= _LETTERS else f"{text[:half]}...{text[-half:]}"
