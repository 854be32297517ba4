# SPDX-License-Identifier: Apache-2.0
"""How long from Enter to a durable OK in a session? The program on a pseudo-terminal, against bare commits."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

from benchmarks.measure import Result, ms, run_child
from benchmarks.site import DOMAIN, Bench, bare_table

SCANS = 600
WARM_UP = 50
FACTOR = 1.5
MORE = 2e-3
ENTRY_BYTES = 900


def measure(bench: Bench) -> Iterator[Result]:
    """Scan one code after the other, each with a bare commit of as many bytes to the same disk after it."""
    folder = bench.fresh("dock")
    run_child(*bench.trace("init", folder, "--org", DOMAIN, "--site", "dock", folder=bench.room))
    plain = bare_table(bench.fresh("plain"))
    master, slave = os.openpty()
    command = [sys.executable, "-m", "trace_cli", "scan", "--step", "receiving", "--place", "DOCK-3", "--json"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=bench.environ | {"PYTHONPATH": os.getcwd(), "TERM": "dumb"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    while termios.tcgetattr(slave)[3] & termios.ICANON:
        time.sleep(0.01)
    ours, bare = [], []
    for number in range(WARM_UP + SCANS):
        begun = time.perf_counter()
        os.write(master, b"PALLET-%05d\r" % number)
        said = b""
        while b"\n" not in said:
            said += os.read(master, 4096)
        ours.append(time.perf_counter() - begun)
        assert b'"status": "ok"' in said, said
        begun = time.perf_counter()
        plain.execute("INSERT INTO plain VALUES (?, ?)", (number, bytes(ENTRY_BYTES)))
        bare.append(time.perf_counter() - begun)
    os.write(master, b"TRACE:DONE\r")
    process.wait()
    os.close(master)
    os.close(slave)
    plain.close()
    slow, floor = (sorted(times[WARM_UP:])[int(SCANS * 0.99)] for times in (ours, bare))
    yield Result(
        "Enter to durable OK in a session, p99",
        ms(slow),
        f"{ms(floor)}  one-row commit, WAL FULL, p99 of {SCANS}; and {ms(MORE)}",
        slow / floor,
        FACTOR + MORE / floor,
    )
