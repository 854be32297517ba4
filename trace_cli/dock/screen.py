"""What a worker sees and hears: one line a scan, a word and a sign, never colour alone, a bell when refused."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Final, Literal

from trace_cli.formats.answer import safe

Word = Literal["OK", "DONE", "AGAIN", "EXTRA", "UNDONE", "REFUSED", "SUSPECT", "ASK", "NOTE"]
Sound = Literal["none", "errors", "all"]

# The sign, the colour (SGR), and whether it is bad news.
_LOOK: Final[dict[str, tuple[str, str, bool]]] = {
    "OK": ("+", "1;32", False),
    "DONE": ("+", "1;32", False),
    "AGAIN": ("=", "1;36", False),
    "EXTRA": ("*", "30;43", True),
    "UNDONE": ("-", "1;35", False),
    "REFUSED": ("!", "1;37;41", True),
    "SUSPECT": ("%", "30;43", True),
    "ASK": ("?", "30;43", True),
    "NOTE": (" ", "", False),
}
_BAND: Final = frozenset({"EXTRA", "REFUSED", "SUSPECT", "ASK"})
# Of verdicts; those that are not here call for a look.
_VERDICT: Final = {"consistent": "32", "unknown": "2"}
_LOOK_AT: Final = "33"


class Screen:
    """Writes to a terminal; when it is gone, `gone` says so and nothing is raised."""

    def __init__(self, *, sound: Sound = "errors", colour: bool | None = None) -> None:
        self.gone = False
        self._sound = sound
        allowed = "NO_COLOR" not in os.environ and os.environ.get("TERM", "dumb") != "dumb"
        self._colour = allowed and sys.stdout.isatty() if colour is None else colour
        self._cursor = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._status = ""

    def tell(self, word: Word, what: str, why: str = "", verdict: str = "") -> None:
        """Write the line of one scan; the verdict stands in its reasons, and is coloured there."""
        sign, colour, bad = _LOOK[word]
        head = f"{sign} {word:<8}" if word != "NOTE" else ""
        text = self._fit(head, safe(what), safe(why))
        if self._colour and colour:
            text = self._band(text, colour) if word in _BAND else self._paint(text, head, colour, verdict)
        rings = (bad and self._sound != "none") or (self._sound == "all" and word == "OK")
        self._write(self._clear() + text + "\n" + ("\a" if rings else "") + self._status)

    def lines(self, text: str) -> None:
        """Write lines that are about no scan."""
        self._write(self._clear() + safe(text) + "\n" + self._status)

    def status(self, text: str, typed: bytes = b"") -> None:
        """Redraw the last line: where we are, and what is being typed."""
        if not self._cursor:
            return
        shown = safe(f"{text} > " + typed.decode("utf-8", "replace"))
        fresh = shown[-(self._width() - 1) :]
        if fresh != self._status:
            clear = self._clear()
            self._status = fresh
            self._write(clear + fresh)

    def end(self) -> None:
        """Take the last line away."""
        clear = self._clear()
        self._status = ""
        self._write(clear)

    def _fit(self, head: str, what: str, why: str) -> str:
        """Put what was scanned and why on one line; where that is too long, why on lines of its own."""
        line = f"{head}{what}" + (f"   {why}" if why else "")
        if not self._cursor or len(line) < self._width():
            return line
        import textwrap

        indent = " " * len(head)
        below = textwrap.wrap(why, self._width() - 1, initial_indent=indent, subsequent_indent=indent)
        return "\n".join([f"{head}{what}", *below])

    def _band(self, text: str, colour: str) -> str:
        width = self._width() - 1
        return "\n".join(f"\x1b[{colour}m{line.ljust(width)}\x1b[0m" for line in text.split("\n"))

    def _paint(self, text: str, head: str, colour: str, verdict: str) -> str:
        body = text[len(head) :]
        before, found, after = body.rpartition(verdict) if verdict else (body, "", "")
        shown = f"{before}\x1b[{_VERDICT.get(verdict, _LOOK_AT)}m{found}\x1b[0m{after}" if found else body
        return f"\x1b[{colour}m{head}\x1b[0m{shown}"

    def _width(self) -> int:
        return shutil.get_terminal_size().columns

    def _clear(self) -> str:
        return "\r\x1b[K" if self._cursor and self._status else ""

    def _write(self, text: str) -> None:
        if self.gone:
            return
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            # The terminal is gone. What is left in the buffer must not fail once more when the process ends.
            self.gone = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
