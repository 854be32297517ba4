"""A terminal whose every byte reaches us, and that is given back as it was, however the session ends.

Off: line editing (a line of 4,096 bytes would be cut), echo, signals (FS kills, Ctrl-C is a byte inside a burst),
flow control (XOFF hangs), every translation of CR and LF, and the eighth bit's stripping. A thread reads, so that
what is typed while an event is being committed is taken at once, with the time at which it came.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, Final, Literal

from trace_cli.dock.reader import INTERRUPT, Read, Splitter

_READ: Final = 65536
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

Why = Literal["closed", "signal", "interrupt", "idle"]


@dataclass(frozen=True, slots=True)
class Ended:
    """The input has ended: the terminal was closed, a signal or Ctrl-C came, or nothing was for too long."""

    why: Why
    signal: int = 0


@dataclass(frozen=True, slots=True)
class _Chunk:
    data: bytes
    at: float


def raw_mode(mode: list[Any]) -> list[Any]:
    """Give the settings under which no byte is eaten or changed; output stays as it is."""
    iflag, oflag, cflag, lflag, *rest = mode
    iflag &= ~(
        termios.BRKINT | termios.IGNBRK | termios.PARMRK | termios.INPCK | termios.ISTRIP
        | termios.INLCR | termios.IGNCR | termios.ICRNL | termios.IXON | termios.IXOFF | termios.IXANY
    )  # fmt: skip
    lflag &= ~(termios.ICANON | termios.ECHO | termios.ECHONL | termios.ISIG | termios.IEXTEN)
    cflag = (cflag & ~(termios.CSIZE | termios.PARENB)) | termios.CS8
    speeds, characters = rest[:-1], list(rest[-1])
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    return [iflag, oflag, cflag, lflag, *speeds, characters]


class Terminal:
    """The input of a session, open; made by `open_terminal`."""

    def __init__(self, handle: int, *, suffix: bool, empty_lines: bool = False) -> None:
        self._handle = handle
        self._splitter = Splitter(suffix=suffix, empty_lines=empty_lines)
        self._queue: SimpleQueue[_Chunk | Ended] = SimpleQueue()
        self._ready: list[Read] = []
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._ended: Ended | None = None
        self.bursts: list[tuple[float, bytes]] | None = None

    @property
    def pending(self) -> bytes:
        """Give what was typed and has no end yet; nothing while it may be a burst."""
        return b"" if self._splitter.is_bursting else self._splitter.pending.replace(INTERRUPT, b"")

    def rest(self) -> list[Read]:
        """Give what came and was not asked for, when no more is taken."""
        found, self._ready = self._ready, []
        while not self._queue.empty():
            chunk = self._queue.get()
            if isinstance(chunk, _Chunk):
                found += self._splitter.feed(chunk.data, chunk.at)
        return [*found, *self._splitter.close()]

    def next(self, timeout: float | None = None) -> Read | Ended | None:
        """Wait for the next scan or line.

        Args:
            timeout: How long at most, without any byte coming [s]; None: for ever.

        Returns:
            It; None when bytes came that complete nothing yet, so that they may be shown; `Ended`.
        """
        if self._ready:
            return self._ready.pop(0)
        if self._ended is not None:
            return self._ended
        due = self._splitter.deadline()
        wait = None if due is None else max(0.0, due - time.monotonic())
        try:
            found = self._queue.get(timeout=timeout if wait is None else wait)
        except Empty:
            if due is None:
                return Ended("idle")
            self._ready += self._splitter.tick(time.monotonic())
        else:
            if isinstance(found, _Chunk):
                if self.bursts is not None:
                    self.bursts.append((found.at, found.data))
                self._ready += self._splitter.feed(found.data, found.at)
            else:
                self._ready += self._splitter.close()
                self._ended = found
        if self._ready:
            first = self._ready.pop(0)
            if first.end == "interrupt":
                self._ended = Ended("interrupt")
                return self._ended
            return first
        return self._ended

    def _listen(self) -> None:
        while True:
            readable, _, _ = select.select([self._handle, self._wake], [], [])
            if self._wake in readable:
                return
            try:
                data = os.read(self._handle, _READ)
            except OSError:  # EIO: the terminal is gone
                data = b""
            if not data:
                self._queue.put(Ended("closed"))
                return
            self._queue.put(_Chunk(data, time.monotonic()))

    def _start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Read no more; may be called twice."""
        if self._thread.is_alive():
            os.write(self._waker, b".")
            self._thread.join()

    def _close(self) -> None:
        self.stop()
        os.close(self._wake)
        os.close(self._waker)

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self._queue.put(Ended("signal", number))


@contextmanager
def open_terminal(handle: int, *, suffix: bool = True, empty_lines: bool = False) -> Iterator[Terminal]:
    """Listen to a terminal (or a pipe); give it back as it was, whatever happens.

    Args:
        handle: The file descriptor.
        suffix: The scanner sends CR or LF after each scan; without, silence ends a scan.
        empty_lines: An empty line is an answer, too.
    """
    terminal = Terminal(handle, suffix=suffix, empty_lines=empty_lines)
    before = termios.tcgetattr(handle) if os.isatty(handle) else None
    handlers = {number: signal.signal(number, terminal._signalled) for number in _SIGNALS}
    try:
        if before is not None:
            termios.tcsetattr(handle, termios.TCSADRAIN, raw_mode(before))
        terminal._start()
        try:
            yield terminal
        finally:
            terminal._close()
    finally:
        if before is not None:
            _give_back(handle, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _give_back(handle: int, before: list[Any]) -> None:
    # What a scanner sent after the end is thrown away here: the next program to read it would be a shell.
    try:
        termios.tcsetattr(handle, termios.TCSAFLUSH, before)
    except termios.error:
        # The terminal is gone, so there is nothing to give back.
        return
