"""Draw barcodes: modules in, SVG out; the text under a code is text, so that it can be read and selected.

A symbol is rows of modules, `1` dark; a linear one has a single row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Symbol = tuple[str, ...]
_MODULE: Final = 3
_BAR_HEIGHT: Final = 60
_TEXT: Final = 18
_CHARACTER: Final = 9
_MARGIN: Final = 6


@dataclass(frozen=True, slots=True)
class Picture:
    """A symbol with the lines of text under it."""

    symbol: Symbol
    text: tuple[str, ...]


def qr_symbol(content: str) -> Symbol:
    """Make a QR code (ISO/IEC 18004, error correction M)."""
    import segno

    matrix = segno.make_qr(content, encoding="utf-8").matrix
    return tuple("".join("1" if module else "0" for module in row) for row in matrix)


def draw(picture: Picture, *, x: int = 0, y: int = 0) -> tuple[str, int, int]:
    """Draw one picture; give its SVG, its width and its height [pixels], quiet zone and text included."""
    symbol, linear = picture.symbol, len(picture.symbol) == 1
    quiet = 10 if linear else 4
    height = _BAR_HEIGHT if linear else len(symbol) * _MODULE
    inner = (len(symbol[0]) + 2 * quiet) * _MODULE
    width = max([inner, *(len(line) * _CHARACTER + 2 * _MARGIN for line in picture.text)])
    x += (width - inner) // 2
    bars = []
    for row, modules in enumerate(symbol):
        for start, length in _runs(modules):
            left, top = x + (quiet + start) * _MODULE, y + quiet * _MODULE + row * _MODULE
            bars.append(f"M{left} {top}h{length * _MODULE}v{height if linear else _MODULE}h-{length * _MODULE}z")
    below = y + quiet * _MODULE + height + _TEXT
    lines = "".join(
        f'<text x="{x + inner // 2}" y="{below + number * _TEXT}" text-anchor="middle">{escape(line)}</text>'
        for number, line in enumerate(picture.text)
    )
    drawn = f'<path d="{"".join(bars)}"/>{lines}'
    return drawn, width, 2 * quiet * _MODULE + height + _TEXT * len(picture.text)


def page(pictures: Sequence[Picture], *, columns: int = 1, title: str = "") -> str:
    """Draw pictures in a grid, as one SVG without anything from outside."""
    drawn, sizes = [], [draw(picture)[1:] for picture in pictures]
    cell_width = max(width for width, _ in sizes) + (24 if len(pictures) > 1 else 0)
    top = _TEXT + 12 if title else 0
    rows = [sizes[start : start + columns] for start in range(0, len(sizes), columns)]
    head = f'<text x="12" y="{_TEXT}">{escape(title)}</text>' if title else ""
    for number, row in enumerate(rows):
        for column in range(len(row)):
            picture = pictures[number * columns + column]
            shift = (cell_width - draw(picture)[1]) // 2
            drawn.append(draw(picture, x=column * cell_width + shift, y=top)[0])
        top += max(height for _, height in row)
    width = cell_width * min(columns, len(pictures))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top}" viewBox="0 0 {width} {top}" '
        f'font-family="monospace" font-size="15"><rect width="100%" height="100%" fill="#fff"/>{head}'
        f"{''.join(drawn)}</svg>\n"
    )


def _runs(modules: str) -> list[tuple[int, int]]:
    """List the dark runs of a row as (start, length)."""
    found: list[tuple[int, int]] = []
    at = modules.find("1")
    while at >= 0:
        end = modules.find("0", at)
        end = len(modules) if end < 0 else end
        found.append((at, end - at))
        at = modules.find("1", end)
    return found
