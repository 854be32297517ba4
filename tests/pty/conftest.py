# SPDX-License-Identifier: Apache-2.0
"""The real program on a real pseudo-terminal: bytes in as a scanner sends them, and the terminal looked at."""

import fcntl
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "trace_cli")
PATIENCE = 60.0
LAST = b"<the last of it>"


def _env(home: Path) -> dict[str, str]:
    ours = ("TRACE_", "XDG_", "PYTHON", "COLUMNS", "LINES")  # the size is that of the terminal
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "TRACE_HOME": str(home),
        "HOME": str(home),
        "TRACE_BY": "jo",
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


class Dock:
    """One run of the program on a pseudo-terminal of its own."""

    def __init__(self, folder: Path, home: Path, *arguments: str) -> None:
        self.folder, self.env = folder, _env(home)
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=folder,
            env=self.env,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.shown = b""
        self._listening = True
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def ready(self) -> "Dock":
        """Wait until the terminal is in raw mode: from now on every byte is the program's."""
        self.until(lambda: not termios.tcgetattr(self.slave)[3] & termios.ICANON)
        return self

    def send(self, *chunks: bytes, gap: float = 0.0) -> None:
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[os.write(self.master, view[:1024]) :]
            if gap:
                self.pause(gap)

    def pause(self, seconds: float) -> None:
        """Let time pass since the program took what was sent; before that there is no pause for it."""
        time.sleep(0.005)  # the kernel hands bytes on from one end to the other by a thread of its own
        self.until(lambda: not any(fcntl.ioctl(self.slave, termios.FIONREAD, bytes(4))))
        time.sleep(seconds)

    def type(self, text: str) -> None:
        """Type as fingers do."""
        self.send(*(char.encode() for char in text), gap=0.08)

    def wait_for(self, text: str, times: int = 1) -> str:
        self.until(lambda: self.shown.count(text.encode()) >= times)
        return self.shown.decode()

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, self.shown.decode(errors="replace")
            time.sleep(0.005)

    def end(self) -> int:
        """Wait until the program has ended and all that it wrote is shown."""
        code = self.process.wait(PATIENCE)
        os.write(self.slave, LAST)  # comes behind everything
        self.until(lambda: LAST in self.shown)
        self.shown = self.shown.replace(LAST, b"")
        assert b"Traceback" not in self.shown
        return code

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.process.pid, number)

    def hang_up(self) -> None:
        """Close the terminal, as when its window is closed."""
        self._stop_reading()
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1

    @property
    def is_restored(self) -> bool:
        return termios.tcgetattr(self.slave) == self.before

    @property
    def lines(self) -> list[dict[str, Any]]:
        whole = self.shown[: self.shown.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]

    @property
    def raws(self) -> list[bytes]:
        return [bytes.fromhex(line["raw_hex"]) for line in self.lines]

    def run(self, *arguments: str) -> Any:
        """Run another command in the same place and give its JSON answer."""
        ran = subprocess.run(
            [*PROGRAM, *arguments, "--json"], cwd=self.folder, env=self.env, capture_output=True, check=True
        )
        return json.loads(ran.stdout)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
            self.process.wait()
        self._stop_reading()
        if self.slave >= 0:
            os.close(self.slave)
            os.close(self.master)

    def _stop_reading(self) -> None:
        self._listening = False
        self._reader.join()

    def _drain(self) -> None:
        while self._listening:
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.shown += data


@pytest.fixture(scope="session")
def empty_site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dock")
    (folder / "site").mkdir()
    subprocess.run(
        [*PROGRAM, "init", "site", "--org", "acme.example", "--site", "dc1"],
        cwd=folder,
        env=_env(folder / "home"),
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def place(empty_site, tmp_path) -> Path:
    """A folder with a fresh ledger in `site`, and its `home`."""
    shutil.copytree(empty_site, tmp_path / "at")
    return tmp_path / "at"


@pytest.fixture
def dock(place) -> Iterator[Callable[..., Dock]]:
    """Starts sessions; the words are those of `trace scan`."""
    started: list[Dock] = []

    def start(*words: str) -> Dock:
        begun = Dock(place / "site", place / "home", *(words or ("scan", *SESSION)))
        started.append(begun)
        return begun

    yield start
    for one in started:
        one.close()


SESSION = ("--step", "receiving", "--place", "DOCK-3")
