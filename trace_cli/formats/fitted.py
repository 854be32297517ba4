"""Tables that fit the width at hand: names are shortened, and columns left out that can be spared."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from trace_cli.formats.answer import safe
from trace_cli.formats.table import draw_table

WIDTH: Final = 80
"""Columns where nobody says how many there are: a pipe, a file."""

_NARROWEST, _WIDEST = 40, 120


def shown_width() -> int:
    """Tell how wide the result may be: `COLUMNS`, else the terminal, else `WIDTH`; within sense."""
    told = os.environ.get("COLUMNS", "")
    if told.isascii() and told.isdecimal():
        found = int(told)
    elif sys.stdout.isatty():
        found = os.get_terminal_size(sys.stdout.fileno()).columns
    else:
        found = WIDTH
    return min(max(found, _NARROWEST), _WIDEST)


def fit_name(name: str, width: int, *, end: bool = False) -> str:
    """Cut a name to a width: in its middle, or from its front where its end tells things apart."""
    if len(name) <= width:
        return name
    if width <= 6:
        return name[-width:] if end else name[:width]
    half = (width - 3) // 2
    return f"...{name[3 - width :]}" if end else f"{name[: width - 3 - half]}...{name[-half:]}"


def draw_fitted(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    names: Sequence[int] = (),
    least: int = 6,
    spare: Sequence[int] = (),
    ends: Sequence[int] = (),
    right: Sequence[int] = (),
) -> tuple[str, list[int]]:
    """Draw a table that fits a width, one line a row; `draw_table` folds cells instead, and keeps every column.

    Names are shortened, and where that is not enough columns are left out.

    Args:
        head: names of the columns.
        rows: cells.
        width: that there is.
        names: columns whose cells may be shortened, down to `least` characters.
        least: of a shortened cell.
        spare: columns that may be left out, the first of them first.
        ends: of `names`, those that are cut from the front.
        right: columns that are aligned to the right (numbers).

    Returns:
        The table, and the columns that are left in it.
    """
    cells = [[safe(cell) for cell in row] for row in rows]
    taken = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    left = list(range(len(head)))
    for gone in (None, *spare):
        if gone is not None:
            left.remove(gone)
        fixed = sum(taken[at] for at in left if at not in names) + 2 * (len(left) - 1)
        room = {at: taken[at] for at in left if at in names}
        while sum(room.values()) + fixed > width and room and max(room.values()) > least:
            longest = max(room, key=lambda at: room[at])
            room[longest] -= 1
        if sum(room.values()) + fixed <= width:
            break
    for row in cells:
        for at, most in room.items():
            row[at] = fit_name(row[at], most, end=at in ends)
    kept = [at for at, column in enumerate(left) if column in right]
    return draw_table([head[at] for at in left], [[row[at] for at in left] for row in cells], right=kept), left
