# SPDX-License-Identifier: Apache-2.0
"""Streams that are closed or full, and an interrupt at any moment: told in a line, nothing half done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRACE = [sys.executable, "-m", "trace_cli"]
FULL = Path("/dev/full")


@pytest.fixture
def place(tmp_path):
    env = {**os.environ, "TRACE_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), "TRACE_BY": "jo"}
    words = ["init", "--org", "acme.example", "--site", "dc1"]
    subprocess.run([*TRACE, *words], cwd=tmp_path, env=env, check=True, capture_output=True)
    return tmp_path, env


def shell(place, redirected):
    folder, env = place
    line = f'"{sys.executable}" -m trace_cli {redirected}'
    return subprocess.run(["sh", "-c", line], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("scan - --step receiving --place D <&-", 0),
        ("scan --step receiving --place D <&-", 2),
        ("scan BOX-1 --step receiving --place D <&- >&- 2>&-", 0),
        ("log >&-", 0),
        ("recall NOPE >&- 2>&-", 4),
    ],
)
def test_a_closed_stream_changes_nothing(place, words, code):
    ran = shell(place, words)
    assert ran.returncode == code, ran.stderr
    assert "AttributeError" not in ran.stderr
    assert shell(place, "verify").returncode == 0


def test_what_is_printed_without_stdout_does_not_go_into_the_ledger(place):
    folder, _ = place
    shell(place, "scan BOX-1 --step receiving --place D >&- 2>&-")
    assert b"OK  BOX-1" not in (folder / "ledger.db").read_bytes()
    assert "BOX-1" in shell(place, "log").stdout


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["log", "log --json", "recall NOPE --json", "--help", "doctor"])
def test_a_full_disk_under_stdout_is_told_as_that(place, words):
    ran = shell(place, f"{words} > /dev/full")
    assert ran.returncode == 1
    assert "cannot be written to standard output: No space left" in ran.stderr
    assert "--debug" not in ran.stderr


@pytest.mark.parametrize("wait", [0.05, 0.1, 0.2])
def test_an_interrupt_while_modules_are_loaded_is_no_traceback(place, wait):
    folder, env = place
    # The program says that it runs before it loads anything that takes time.
    begin = "from trace_cli.main import run; print('up', flush=True); run(['forecast'])"
    ran = subprocess.Popen(
        [sys.executable, "-c", begin],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert ran.stdout is not None
    assert ran.stdout.readline() == "up\n"
    from_here = time.monotonic()
    while time.monotonic() - from_here < wait and ran.poll() is None:
        time.sleep(0.005)
    ran.send_signal(signal.SIGINT)
    _, told = ran.communicate(timeout=60)
    assert ran.returncode in (4, 130)
    assert "Traceback" not in told
