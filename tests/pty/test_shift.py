# SPDX-License-Identifier: Apache-2.0
"""A receiving shift, played from recorded bursts into tmux, with a power cut in the middle; every screen is kept.

After a change that is meant: `TRACE_GOLDEN=write pytest tests/pty/test_shift.py`, then look at `git diff`.
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOLDEN = ROOT / "tests" / "golden" / "shift"
RECORDING = ROOT / "docs" / "receiving.svg"
COLUMNS, ROWS = 100, 30
SHOWN_IN_README = ("place", "refused", "undo", "after-the-power-cut", "why")
WRITE = os.environ.get("TRACE_GOLDEN") == "write"
SESSION = ("scan", "--step", "receiving", "--badge", "--expect", "packing-list.csv")


def stages():
    """Reads the recorded bursts as (stage, bursts)."""
    found = []
    for line in (HERE / "bursts" / "receiving-shift.txt").read_text(encoding="ascii").splitlines()[1:]:
        if line.startswith("# "):
            found.append((line[2:].replace(" ", "-"), []))
        else:
            found[-1][1].append(bytes.fromhex(line.partition("\t")[2]))
    return found


class Tmux:
    """A terminal that can be looked at."""

    def __init__(self, folder, env):
        self.base = ["tmux", "-L", f"trace-{os.getpid()}-{time.monotonic_ns()}", "-f", "/dev/null"]
        self.env, self.folder = env, folder

    def call(self, *words):
        ran = subprocess.run(
            [*self.base, *words], env=self.env, capture_output=True, text=True, check=True, timeout=60
        )
        return ran.stdout

    def start(self, *program):
        self.call("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-c", str(self.folder), "sleep", "600")
        self.call("set-option", "-g", "remain-on-exit", "on")
        self.call("set-option", "-g", "remain-on-exit-format", "")  # its text comes late, and scrolls the screen
        self.call("set-option", "-g", "status", "off")
        self.again(*program)

    def again(self, *program):
        """Run a program in the pane, in place of what is there, on a clear screen."""
        self.call("respawn-pane", "-k", "-c", str(self.folder), *program)

    def screen(self, *, colours=False):
        text = self.call("capture-pane", "-p", *(["-e"] if colours else []))
        text = re.sub(r"\d{8}-\d{6}-\d+", "20260301-060000-1", text)
        text = re.sub(r"Pane is dead \(.*", "", text)
        return "\n".join(line.rstrip() for line in text.split("\n")).rstrip() + "\n"

    def pid(self):
        return int(self.call("display-message", "-p", "#{pane_pid}"))

    def cut_power(self):
        """Kill the program, and wait until it is gone: while it lives, the session is its."""
        os.kill(self.pid(), signal.SIGKILL)
        end = time.monotonic() + 60
        while self.call("display-message", "-p", "#{pane_dead}").strip() != "1":
            assert time.monotonic() < end
            time.sleep(0.01)

    def send(self, data):
        self.call("send-keys", "-H", *(f"{byte:02x}" for byte in data))


@pytest.fixture
def tmux(place):
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed (apt-get install tmux); .ci/run installs it")
    shutil.copy(HERE / "bursts" / "packing-list.csv", place / "site")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRACE_", "XDG_", "PYTHON", "TMUX")) and name not in ("COLUMNS", "LINES")
    }
    home = {"TRACE_HOME": str(place / "home"), "HOME": str(place / "home"), "PYTHONPATH": str(ROOT)}
    terminal = Tmux(place / "site", kept | home | {"LC_ALL": "C.UTF-8", "TZ": "UTC"})
    yield terminal
    subprocess.run([*terminal.base, "kill-server"], check=False, capture_output=True)


def settle(terminal, name):
    """Waits until the screen is the one that was kept; where one is being written, until it no longer changes."""
    path, end, before = GOLDEN / f"{name}.txt", time.monotonic() + 120, None
    while time.monotonic() < end:
        shown = terminal.screen()
        if WRITE:
            if shown == before and shown.strip():
                path.write_text(shown, encoding="utf-8")
                return shown
            before = shown
            time.sleep(1.0)
        elif path.is_file() and shown == path.read_text(encoding="utf-8"):
            return shown
        time.sleep(0.05)
    assert terminal.screen() == path.read_text(encoding="utf-8")
    raise AssertionError(name)


def run(place, *arguments):
    env = os.environ | {"TRACE_HOME": str(place / "home"), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "trace_cli", *arguments]
    return subprocess.run(words, cwd=place / "site", env=env, capture_output=True, text=True, check=True).stdout


def draw_svg(screens):
    spec = importlib.util.spec_from_file_location("screen_svg", HERE / "screen_svg.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.draw(screens, columns=COLUMNS)


@pytest.mark.slow
def test_a_receiving_shift(tmux, place):
    program = (sys.executable, "-m", "trace_cli", *SESSION)
    coloured = {}
    tmux.start(*program)
    settle(tmux, "start")
    for name, bursts in stages():
        for burst in bursts:
            tmux.send(burst)
        settle(tmux, name)
        coloured[name] = tmux.screen(colours=True)
        if name == "before-the-power-cut":
            tmux.cut_power()
            tmux.again(*program)
            settle(tmux, "power-is-back")
    summary = (GOLDEN / "why.txt").read_text(encoding="utf-8")
    assert "54 recorded, 1 undone, 3 refused, " in summary
    assert "53 of 55 expected, 2 missing, 1 not expected" in summary
    assert '"verdict": "ok"' in run(place, "verify", "--json").replace('":"', '": "')
    log = run(place, "log", "-n", "100", "--json")
    assert log.count('"seq"') >= 57
    svg = draw_svg([coloured[name] for name in SHOWN_IN_README])
    if WRITE:
        RECORDING.write_text(svg, encoding="utf-8")
    assert svg == RECORDING.read_text(encoding="utf-8")
    assert len(svg) < 40_000
