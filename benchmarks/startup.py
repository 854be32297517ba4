# SPDX-License-Identifier: Apache-2.0
"""How long does a person wait for a command to begin? CPU of a process, against one that does nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.measure import Result, ms, run_child
from benchmarks.site import DOMAIN, Bench

ROUNDS = 15


def measure(bench: Bench) -> Iterator[Result]:
    """Compare `trace --help`, `--version`, and one scan with its commit, with `python -c pass`."""
    folder = bench.fresh("site")
    run_child(*bench.trace("init", folder, "--org", DOMAIN, "--site", "desk", folder=bench.room))
    scan = ("scan", "PALLET-{round}", "--step", "receiving", "--place", "DOCK-3")
    asked: dict[str, tuple[tuple[str, ...], float | None]] = {
        "trace --help": (("--help",), 9),
        "trace scan CODE, with commit": (scan, 12),
        "trace verify, small ledger": (("verify",), None),
        "trace --version": (("--version",), None),
    }
    nothing: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(ROUNDS):
        nothing.append(run_child([sys.executable, "-c", "pass"], bench.environ, folder))
        for name, (arguments, _) in asked.items():
            words = [word.format(round=number) for word in arguments]
            taken[name].append(run_child(*bench.trace(*words, folder=folder)))
    floor = min(nothing)
    for name, (_, budget) in asked.items():
        least = min(taken[name])
        yield Result(name, ms(least), f"{ms(floor)}  python -c pass, least of {ROUNDS}", least / floor, budget)
