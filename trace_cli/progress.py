"""Progress on stderr for whatever lasts: a line that redraws itself on a terminal, one line a tenth elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_PATIENCE = 0.3
_INTERVAL = 0.1
_BAR = 30
_PART = 1.0


class Progress:
    """Shows how far a work is, once it has lasted for 300 ms.

    Args:
        what: What is going on, in one word or two.
        quiet: Show nothing.
    """

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        self._what = what
        self._quiet = quiet
        self._begun = self._shown = time.monotonic()
        self._tenth = 0
        self._drawn = False
        self._terminal = sys.stderr.isatty()
        self._started, self._counted = self._begun, 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn and self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def step(self, done: int, total: int | None = None, what: str | None = None) -> None:
        """Say how much is done, of how much if that is known."""
        present = time.monotonic()
        if self._quiet or present - self._begun < _PATIENCE or present - self._shown < _INTERVAL:
            return
        name = what or self._what
        share = f" {min(100, 100 * done // total)} %" if total else ""
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{name}: {done:,}{share}")
        else:
            tenth = 10 * done // total if total else (done.bit_length() if done else 0)
            if tenth == self._tenth:
                return
            self._tenth = tenth
            sys.stderr.write(f"{name}: {done:,}{share}\n")
        sys.stderr.flush()
        self._drawn, self._shown = True, present

    def bar(self, done: int, total: int) -> None:
        """Draw how much of a counted work is done, with the time left; on a terminal only, if it lasts."""
        present = time.monotonic()
        if done <= self._counted:
            self._started = present
        self._counted = done
        patient = present - self._started < _PATIENCE or present - self._shown < _INTERVAL
        if self._quiet or not self._terminal or patient or not 0 < done < total:
            return
        full = done * _BAR // total
        left = (present - self._started) / done * (total - done)
        line, rest = ("━", "─") if (sys.stderr.encoding or "").lower().startswith("utf") else ("#", "-")
        sys.stderr.write(
            f"\r\x1b[K{line * full}{rest * (_BAR - full)} {100 * done // total:3d} %  {done:,} of {total:,}"
            f"  about {_span(left)} left"
        )
        sys.stderr.flush()
        self._drawn, self._shown = True, present

    def count(self, done: int, total: int) -> None:
        """Say after each of few long parts how many are done, with the time left; `say` names them before."""
        present = time.monotonic()
        if self._quiet or not 0 < done < total or present - self._shown < _PART:
            return
        left = (present - self._started) / done * (total - done)
        line = f"{done} of {total} done, about {_span(left)} left"
        sys.stderr.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
        sys.stderr.flush()
        self._drawn, self._shown = self._drawn or self._terminal, present

    def say(self, what: str) -> None:
        """Name a stage that has no count, such as a model that is fitted."""
        self._started = self._shown = time.monotonic()
        self._counted = 0
        if self._quiet:
            return
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{what} ...")
            sys.stderr.flush()
            self._drawn = True
        else:
            sys.stderr.write(f"{what} ...\n")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
