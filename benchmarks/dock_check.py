# SPDX-License-Identifier: Apache-2.0
"""How long does somebody with a box in hand wait for a verdict, once, and line by line?"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.measure import Result, ms, run_child
from benchmarks.site import Bench

ROUNDS = 9
LIMIT = 12
CODES = 100_000
RATE = 5000.0


def measure(bench: Bench) -> Iterator[Result]:
    """Compare one check with `python -c pass`, and many with the rate that a line of scanners needs."""
    folder, _ = bench.grown
    nothing, taken = [], []
    for _ in range(ROUNDS):
        nothing.append(run_child([sys.executable, "-c", "pass"], bench.environ, folder))
        taken.append(run_child(*bench.trace("check", "PALLET-0000700", folder=folder)))
    floor, least = min(nothing), min(taken)
    yield Result(
        f"trace check CODE, {bench.entries:,} events",
        ms(least),
        f"{ms(floor)}  python -c pass",
        least / floor,
        LIMIT,
    )
    known = bench.entries // 4
    lines = "".join(f"PALLET-{number * 7919 % known:07d}\n" for number in range(CODES))
    command, environ, where = bench.trace("check", "-", folder=folder)
    begin = time.perf_counter()
    said = subprocess.run(
        list(map(str, command)), env=environ, cwd=where, input=lines, text=True, check=True, capture_output=True
    ).stdout
    spent = time.perf_counter() - begin
    assert said.count("\n") == CODES
    rate = CODES / spent
    yield Result(f"trace check -, {CODES:,} codes", f"{rate:,.0f}/s", f"{RATE:,.0f}/s", rate / RATE, 1, True)
