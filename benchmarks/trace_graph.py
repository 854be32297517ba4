# SPDX-License-Identifier: Apache-2.0
"""How long do trace back and trace forward take? Against fixed limits for each node, and `python -c pass`."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from benchmarks.graph import TIERS, Truth, make_events
from benchmarks.measure import Result, median_of, ms, peak_memory, run_child, spend
from benchmarks.site import BATCH, DOMAIN, ORIGIN, PRIVACY, Bench, now
from ledger.chain.keys import load_key
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.index.lookup import Lookup
from ledger.custody.provenance.answer import make_answer
from ledger.custody.provenance.graph import trace
from ledger.custody.recorder import Prepared, Recorder

ROUNDS = 5
WANTED = 1000  # nodes
FIXED, EACH = 0.020, 0.00012
SHELL_FIXED, SHELL_STARTS = 0.170, 12


def grow(bench: Bench, count: int) -> tuple[Path, Policy, Truth]:
    """Record the made graph in a fresh ledger."""
    folder = bench.fresh("graph")
    run_child(*bench.trace("init", folder, "--org", DOMAIN, "--site", "bench", folder=bench.room))
    home = bench.room / "home"
    key = load_key(home, ORIGIN)
    recorder = Recorder(Log(SqliteStorage(folder / "ledger.db", writable=True), key, now, home), PRIVACY)
    truth = Truth()
    batch: list[Prepared] = []
    for event in make_events(count, truth):
        batch.append(recorder.prepare(event, by="bench", via="imported"))
        if len(batch) == BATCH:
            recorder.record(batch)
            batch = []
    if batch:
        recorder.record(batch)
    recorder.log.close()
    return folder, Policy((key.verifier,)), truth


def choose(truth: Truth, direction: Literal["back", "forward"]) -> str:
    """Choose the lot whose answer has nearest to the wanted number of nodes, among many."""
    if direction == "back":
        last = [lot for lot in truth.behind if f"/P{TIERS - 1}:" in lot]
        return min(last[:: max(1, len(last) // 50)], key=lambda lot: abs(len(truth.back(lot)) - WANTED))
    days = sorted({load[2] for load in truth.packed.values()})
    early = days[len(days) // 3]
    some = [lot for lot, load in truth.packed.items() if load[2] == early]
    return min(some[::3], key=lambda lot: abs(len(truth.forward(lot)) - WANTED))


def limit_of(start: float) -> float:
    """Say how long a cold answer may take where an empty Python takes so long [s]."""
    return SHELL_STARTS * start + SHELL_FIXED


def measure(bench: Bench) -> Iterator[Result]:
    """Trace both ways: in this process, then cold from the shell; compare with the truth."""
    count = bench.entries if bench.entries in (20_000, 1_000_000) else 100_000
    folder, policy, truth = grow(bench, count)
    storage = SqliteStorage(folder / "ledger.db", writable=False)
    starts = median_of([run_child([sys.executable, "-c", "pass"], bench.environ, bench.room) for _ in range(9)])
    wall_start = median_of([_wall([sys.executable, "-c", "pass"], bench) for _ in range(9)])
    for direction in ("back", "forward"):
        lot = choose(truth, direction)
        expected = truth.back(lot) if direction == "back" else truth.forward(lot)
        spent = []
        for _ in range(ROUNDS):
            with storage.snapshot() as view:
                gc.collect()

                def work(view=view, direction=direction, lot=lot, expected=expected) -> None:  # type: ignore[no-untyped-def]
                    reader = AuthenticReader(view, origin=ORIGIN, policy=policy)
                    answer = make_answer(trace(Lookup(view, reader), lot, direction))
                    assert {node.uri for node in answer.nodes} == expected
                    assert answer.complete, answer.gaps[:3]

                spent.append(spend(work))
        nodes = len(expected)
        limit = FIXED + EACH * nodes
        best = min(one.cpu for one in spent)
        yield Result(
            f"trace {direction}, {nodes:,} nodes of {count:,} events, in process",
            ms(best),
            f"{ms(limit)}  20 ms + 0.12 ms a node; median {ms(median_of([one.cpu for one in spent]))}",
            best / limit,
            1,
        )
        command, _, _ = bench.trace(direction, lot, "--json", "--ledger", folder, folder=bench.room)
        walls = [_wall(list(map(str, command)), bench) for _ in range(ROUNDS)]
        cpus = [run_child(command, bench.environ, bench.room) for _ in range(ROUNDS)]
        yield Result(
            f"trace {direction} from the shell, {nodes:,} nodes",
            f"{ms(median_of(cpus))} CPU ({ms(median_of(walls))} wall)",
            f"{ms(limit_of(starts))} CPU ({ms(limit_of(wall_start))} wall)  12 x python -c pass + 170 ms",
            median_of(cpus) / limit_of(starts),
            1,
        )
        said = subprocess.run(list(map(str, command)), env=bench.environ, check=True, capture_output=True)
        assert {node["id"] for node in json.loads(said.stdout)["nodes"]} == expected
        memory = peak_memory(command, bench.environ, bench.room)
        yield Result(f"memory of trace {direction}", f"{memory:.0f} MB", "80 MB  fixed", memory / 80, 1)
    storage.close()


def _wall(command: list[str], bench: Bench) -> float:
    return spend(lambda: subprocess.run(command, env=bench.environ, check=True, stdout=subprocess.DEVNULL)).wall
