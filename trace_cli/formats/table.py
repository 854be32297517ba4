"""Draw a table for people: aligned columns, a head, no box; on a terminal never wider than it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from trace_cli.formats.answer import safe

_GAP: Final = "  "
_LEAST: Final = 20  # no column is made narrower than this: times and short codes stay whole
_BREAKS: Final = frozenset(" -/:,;)].")


def draw_table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: Sequence[int] = (),
    width: int | None = None,
    indent: str = "",
    titles: Mapping[int, str] | None = None,
) -> str:
    """Lay rows out in columns.

    What is wider than the terminal is narrowed there: columns in which nothing stands are left out, long texts go
    on in the next line, and where even that is too wide each row becomes a block of lines. In a pipe and in a file
    every row is one line.

    Args:
        head: Names of the columns.
        rows: Cells; None is drawn as nothing.
        right: Columns that are aligned to the right (numbers).
        width: At most so many characters a line; None: those of the terminal, and any number where there is none.
        indent: What each line of a row begins with.
        titles: Lines that stand above a row, by its number: a table in groups.
    """
    cells = [[safe("" if cell is None else str(cell)) for cell in row] for row in rows]
    limit = (terminal_width() if width is None else width) or sys.maxsize
    widths = _widths(head, cells)
    if _total(widths) + len(indent) > limit:
        kept = [at for at in range(len(head)) if any(row[at] for row in cells)] or list(range(len(head)))
        head, cells = [head[at] for at in kept], [[row[at] for at in kept] for row in cells]
        right = [kept.index(at) for at in right if at in kept]
        narrowed = _narrowed(_widths(head, cells), head, right, limit - len(indent))
        if narrowed is None:
            return _blocks(head, cells, limit, indent, titles or {})
        widths = narrowed
    lines = _row(list(head), widths, (), indent) + _row(["-" * one for one in widths], widths, (), indent)
    for number, row in enumerate(cells):
        lines += [safe(titles[number])] if titles and number in titles else []
        lines += _row(row, widths, right, indent)
    return "\n".join(lines)


def terminal_width() -> int | None:
    """Tell how many characters a line of the terminal has; None: what is written goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _widths(head: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    return [max(map(cell_len, column)) for column in zip(head, *cells, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _narrowed(widths: list[int], head: Sequence[str], right: Sequence[int], limit: int) -> list[int] | None:
    """Narrow the widest text, a character at a time, until all fits; None: it cannot."""
    least = [one if at in right else min(one, max(_LEAST, len(head[at]))) for at, one in enumerate(widths)]
    found = list(widths)
    while _total(found) > limit:
        at = max(range(len(found)), key=lambda one: found[one] - least[one])
        if found[at] <= least[at]:
            return None
        found[at] -= 1
    return found


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[int], indent: str) -> list[str]:
    from itertools import zip_longest

    from rich.cells import cell_len

    lines = []
    for parts in zip_longest(
        *(fold(cell, width) for cell, width in zip(cells, widths, strict=True)), fillvalue=""
    ):
        drawn = []
        for at, (part, width) in enumerate(zip(parts, widths, strict=True)):
            space = " " * (width - cell_len(part))
            drawn.append(space + part if at in right else part + space)
        lines.append((indent + _GAP.join(drawn)).rstrip())
    return lines


def _blocks(
    head: Sequence[str], cells: Sequence[Sequence[str]], limit: int, indent: str, titles: Mapping[int, str]
) -> str:
    """Draw each row as lines of a name and a value, for a terminal that is too narrow for columns."""
    names = max(map(len, head))
    room = max(2, limit - len(indent) - names - len(_GAP))
    blocks = []
    for at, row in enumerate(cells):
        lines = [safe(titles[at])] if at in titles else []
        for name, cell in zip(head, row, strict=True):
            for number, part in enumerate(fold(cell, room) if cell else ()):
                lines.append(f"{indent}{name if number == 0 else '':<{names}}{_GAP}{part}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def fold(text: str, width: int) -> list[str]:
    """Cut a text into lines of a width, behind a space or a mark where there is one in the second half."""
    from rich.cells import cell_len, chop_cells

    lines = []
    while cell_len(text) > width:
        piece = chop_cells(text, width)[0] or text[:1]
        cut = next(
            (at + 1 for at in range(len(piece) - 1, len(piece) // 2, -1) if piece[at] in _BREAKS), len(piece)
        )
        lines.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*lines, text]
