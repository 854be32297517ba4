"""Draw charts in plain text: a history that runs on into a band of what is expected, and bars.

The same values always give the same characters. Where a terminal knows only ASCII, other characters stand for
the same shapes::

    line  ─ │ ╭ ╮ ╰ ╯     - | + + + +
    middle of the band  ━     =
    band  ░     :
    bar   █     #
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_ASCII: Final = str.maketrans("─│╭╮╰╯━░┊┤█▏▎▍▌▋▊▉", "-|++++=:!|#       ")
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_ROWS: Final = 12
_LONGEST: Final = 1e13
_MOST_TICKS: Final = 5
_WIDEST_PERIOD: Final = 4


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is expected of one period: the band from `low` to `high`, and its `middle`."""

    label: str
    low: float
    middle: float
    high: float


def figure(value: float, decimals: int) -> str:
    """Write a number with thousands apart; one too long to be read, in powers of ten."""
    return f"{value:,.{decimals}f}" if abs(value) < _LONGEST else f"{value:.3e}"


def is_rich() -> bool:
    """Tell whether stdout can show more than ASCII."""
    try:
        "━░╭█".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def draw_bar(share: float, width: int, *, rich: bool) -> str:
    """Draw a share of one as a bar of at most `width` characters."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    bar = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
    return bar if rich else bar.translate(_ASCII).rstrip()


def draw_chart(
    history: Sequence[tuple[str, float]], ahead: Sequence[Ahead], *, rich: bool, width: int = 80
) -> list[str]:
    """Draw a history and the band of what is expected after it, on an axis that begins at zero.

    Args:
        history: label and value of each period, oldest first.
        ahead: what is expected of the periods that follow; those that do not fit are left out, last first.
        rich: Draw with more than ASCII.
        width: of every line at most [characters].

    Returns:
        Lines, without blanks at their ends.
    """
    values = [value for _, value in history] + [value for one in ahead for value in (one.high, one.middle)]
    step, ticks = nice_scale(max(values, default=0.0))
    height = ticks * max(1, _ROWS // ticks)
    names = {tick * height // ticks: tick_text(tick * step, step) for tick in range(ticks + 1)}
    margin = max(map(len, names.values())) + 1
    room = width - margin - 2
    history = history[-room:]
    ahead = ahead[: max(0, room - len(history))]
    period = max(1, min(_WIDEST_PERIOD, room // max(1, len(history) + len(ahead))))
    canvas = _Canvas(height, period, step * ticks)
    canvas.draw_history([value for _, value in history])
    canvas.draw_ahead(ahead)
    lines = [
        f"{names.get(row, ''):>{margin - 1}} {'┤' if row in names else '│'}{canvas.line(row)}".rstrip()
        for row in range(height, -1, -1)
    ]
    labels = [(0, history[0][0])] if history else []
    if ahead:
        start = len(history) * period + 1
        labels.append((start, ahead[0].label))
        end = start + len(ahead) * period
        labels.append((end - len(ahead[-1].label), ahead[-1].label))
    lines.append((" " * (margin + 1) + _label_line(labels, room)).rstrip())
    return lines if rich else [line.translate(_ASCII) for line in lines]


class _Canvas:
    """Rows of characters; row 0 is the lowest."""

    def __init__(self, height: int, period: int, top: float) -> None:
        self._height, self._period, self._top = height, period, top
        self._rows: list[dict[int, str]] = [{} for _ in range(height + 1)]
        self._column = 0

    def line(self, row: int) -> str:
        """Give a row."""
        cells = self._rows[row]
        return "".join(cells.get(column, " ") for column in range(max(cells, default=-1) + 1))

    def draw_history(self, values: Sequence[float]) -> None:
        """Draw a line that steps from period to period."""
        before: int | None = None
        for value in values:
            row = self._row(value)
            for column in range(self._column, self._column + self._period):
                self._rows[row][column] = "─"
            if before is not None and before != row:
                up = row > before
                self._rows[before][self._column] = "╯" if up else "╮"
                self._rows[row][self._column] = "╭" if up else "╰"
                for between in range(min(before, row) + 1, max(before, row)):
                    self._rows[between][self._column] = "│"
            before = row
            self._column += self._period

    def draw_ahead(self, ahead: Sequence[Ahead]) -> None:
        """Draw a dividing line, the band and its middle."""
        if self._column and ahead:
            for cells in self._rows:
                cells[self._column] = "┊"
            self._column += 1
        for one in ahead:
            for column in range(self._column, self._column + self._period):
                for row in range(self._row(one.low), self._row(one.high) + 1):
                    self._rows[row][column] = "░"
                self._rows[self._row(one.middle)][column] = "━"
            self._column += self._period

    def _row(self, value: float) -> int:
        return max(0, min(self._height, math.floor(value / self._top * self._height + 0.5)))


def nice_scale(largest: float) -> tuple[float, int]:
    """Choose a step of 1, 2, 2.5 or 5 times a power of ten, and how many of them reach the largest value."""
    if not largest > 0:
        return 1.0, 1
    power = 10.0 ** (math.floor(math.log10(largest)) - 1)
    steps = [factor * scale * power for scale in (1, 10) for factor in (1.0, 2.0, 2.5, 5.0)]
    step = next((step for step in steps if largest <= step * _MOST_TICKS), 100 * power)
    return step, math.ceil(largest / step)


def tick_text(value: float, step: float) -> str:
    """Write the value of a tick with as many decimals as its step has."""
    decimals = next((count for count in range(7) if math.isclose(step, round(step, count))), 7)
    return figure(value, decimals)


def _label_line(labels: Sequence[tuple[int, str]], width: int) -> str:
    """Write labels under their columns, a little to the right where they would touch, or not where that fails."""
    line = ""
    for column, label in labels:
        start = max(0, min(column, width - len(label)), len(line) + 2 if line else 0)
        if start + len(label) <= width:
            line = line.ljust(start) + label
    return line
