"""Draw a table for people: aligned columns, a head, no box; as wide as it must be."""

from __future__ import annotations

from collections.abc import Sequence

from trace_cli.formats.answer import safe


def draw_table(head: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()) -> str:
    """Lay rows out in columns.

    Args:
        head: Names of the columns.
        rows: Cells; None is drawn as nothing.
        right: Columns that are aligned to the right (numbers).
    """
    from rich.cells import cell_len

    cells = [[safe("" if cell is None else str(cell)) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(head, *cells, strict=True)]
    lines = [list(head), ["-" * width for width in widths], *cells]
    drawn = []
    for line in lines:
        parts = []
        for at, (cell, width) in enumerate(zip(line, widths, strict=True)):
            space = " " * (width - cell_len(cell))
            parts.append(space + cell if at in right else cell + space)
        drawn.append("  ".join(parts).rstrip())
    return "\n".join(drawn)
