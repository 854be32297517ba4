"""Cut what a scanner types into scans, by line ends and by time; pure, so that every case can be tried.

A scanner is a keyboard that types a burst: its bytes are less than `BURST_GAP` apart, and CR, LF or both end it.
People are slower. Nothing is ever dropped, changed or joined: the raw bytes of what is cut, in order, with the
line ends, are what came in. The rules:

1. Only CR and LF end a scan; every other byte is data. An empty line is nothing.
2. Bytes that come within `BURST_GAP` of those before are one run; a run of at least `MIN_BURST` bytes is a burst.
   A burst and what comes within `HOLE` of it are one: a busy computer delays keys, and no scanner is that quick.
3. A line of one run is scanned; one of several short runs, or ended by hand after a short one, is typed.
4. A burst that is followed by silence of `SILENCE` without a line end is cut there: the scanner sends no Enter.
5. A burst and something else in one line are two scans that ran together, or one with a hole. They are cut apart
   and neither counts: `glued`. So does a line that begins within `DOUBT` after a cut by rule 4.
6. Ctrl-C ends the session when it stands alone: followed by `BURST_GAP` of silence, and not at the end of a burst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

BURST_GAP: Final = 0.05
HOLE: Final = 0.1
SILENCE: Final = 0.3
DOUBT: Final = 0.5
MIN_BURST: Final = 4
MAX_BYTES: Final = 1 << 20

INTERRUPT: Final = b"\x03"
_ERASERS: Final = frozenset(b"\x08\x7f")
_LINE_ENDS: Final = re.compile(rb"[\r\n]+")

Entry = Literal["scanned", "typed"]
End = Literal["line", "silence", "glued", "closed", "interrupt"]


@dataclass(frozen=True, slots=True)
class Read:
    """One scan, or one typed line: its bytes as they came, and how it ended.

    `line` ended with CR or LF; `silence` did not, though nothing came any more; `glued` ran into another; `closed`
    was cut by the end of the input; `interrupt` is Ctrl-C alone.
    """

    raw: bytes
    entry: Entry
    end: End


class Splitter:
    """Cuts bytes with their times of arrival into `Read`s."""

    def __init__(self, *, suffix: bool = True, empty_lines: bool = False) -> None:
        self._suffix = suffix
        self._empty_lines = empty_lines
        self._runs: list[bytearray] = []
        self._near: list[bool] = []
        self._last = float("-inf")
        self._doubted = float("-inf")

    @property
    def pending(self) -> bytes:
        """Give what has no end yet."""
        return b"".join(self._runs)

    @property
    def is_bursting(self) -> bool:
        """Tell whether a burst is pending, as far as can be told now."""
        return any(_is_burst(run) for run in self._runs)

    def deadline(self) -> float | None:
        """Say when `tick` is due; None: nothing is waited for."""
        if not self._runs:
            return None
        if _is_interrupt(self._runs[-1]):
            return self._last + BURST_GAP
        return self._last + SILENCE if self.is_bursting else None

    def feed(self, data: bytes, at: float) -> Iterator[Read]:
        """Take bytes that came together at a time [s]; give what they complete."""
        yield from self.tick(at)
        fresh = at - self._last >= BURST_GAP
        near = fresh and at - self._last < HOLE
        self._last = at
        start = 0
        for match in _LINE_ENDS.finditer(data):
            self._add(data[start : match.start()], fresh=fresh, near=near)
            yield from self._line(at, by_hand=fresh and not match.start())
            start, fresh = match.end(), True
        self._add(data[start:], fresh=fresh, near=near)
        if sum(map(len, self._runs)) > MAX_BYTES:
            yield from self._cut("silence")

    def tick(self, at: float) -> Iterator[Read]:
        """Say that time has passed; give what silence completes."""
        due = self.deadline()
        if due is None or at < due:
            return
        if _is_interrupt(self._runs[-1]):
            typed = b"".join(self._runs)
            self._runs.clear()
            self._near.clear()
            yield Read(typed, "typed", "interrupt")
        elif self._suffix:
            self._doubted = self._last
            yield from self._cut("silence")
        else:
            yield from self._line(self._last)

    def close(self) -> Iterator[Read]:
        """Say that nothing comes any more."""
        yield from self._cut("closed")

    def _add(self, data: bytes, *, fresh: bool, near: bool) -> None:
        if not data:
            return
        if fresh or not self._runs:
            self._runs.append(bytearray())
            self._near.append(near)
        self._runs[-1] += data

    def _line(self, at: float, *, by_hand: bool = False) -> Iterator[Read]:
        pieces, entry = self._pieces(by_hand=by_hand)
        if not pieces and self._empty_lines:
            yield Read(b"", "typed", "line")
        if not pieces:
            return
        begun_in_doubt = self._suffix and at - self._doubted < DOUBT and entry == "scanned"
        self._doubted = float("-inf")
        end: End = "glued" if len(pieces) > 1 or begun_in_doubt else "line"
        for piece in pieces:
            yield Read(piece, entry, end)

    def _cut(self, end: End) -> Iterator[Read]:
        pieces, entry = self._pieces()
        for piece in pieces:
            yield Read(piece, entry, "glued" if len(pieces) > 1 else end)

    def _pieces(self, *, by_hand: bool = False) -> tuple[list[bytes], Entry]:
        """Bring typed runs together, leave bursts apart (5)."""
        runs = _mend_holes(self._runs, self._near)
        self._runs, self._near = [], []
        if not any(_is_burst(run) for run in runs) and (len(runs) > 1 or by_hand):
            return [b"".join(runs)][: len(runs)], "typed"
        pieces: list[bytearray] = []
        joined = False
        for run in runs:
            burst = _is_burst(run)
            if pieces and not burst and joined:
                pieces[-1] += run
            else:
                pieces.append(bytearray(run))
            joined = not burst
        return [bytes(piece) for piece in pieces], "scanned"


def _mend_holes(runs: list[bytearray], near: list[bool]) -> list[bytearray]:
    """Bring together the runs of one burst that came late: no scanner reads two codes within `HOLE`."""
    mended: list[bytearray] = []
    for run, is_near in zip(runs, near, strict=True):
        if mended and is_near and (_is_burst(mended[-1]) or _is_burst(run)):
            mended[-1] += run
        else:
            mended.append(run)
    return mended


def _is_burst(run: bytes | bytearray) -> bool:
    return len(run) >= MIN_BURST and not _ERASERS.issuperset(run) and not _is_interrupt(run)


def _is_interrupt(run: bytes | bytearray) -> bool:
    return not run.strip(INTERRUPT)


def edit(raw: bytes) -> bytes:
    """Apply the editing keys of a typed line: Backspace takes a character away, Ctrl-U all of them."""
    kept = ""
    for char in raw.decode("utf-8", "surrogateescape"):
        if char in "\x08\x7f":
            kept = kept[:-1]
        elif char == "\x15":
            kept = ""
        else:
            kept += char
    return kept.encode("utf-8", "surrogateescape")
