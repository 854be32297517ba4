# SPDX-License-Identifier: Apache-2.0
"""How long do trace back and trace forward take? Against fixed limits for each node, and `python -c pass`."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.graph import Case, Made
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

ROUNDS, COLD_ROUNDS = 5, 3
FIXED, EACH = 0.020, 0.00012
SHELL_FIXED, SHELL_STARTS = 0.170, 12
MEMORY = 80  # MB


def grow(bench: Bench, made: Made) -> tuple[Path, Policy]:
    """Record the made history in a fresh ledger."""
    folder = bench.fresh("graph")
    run_child(*bench.trace("init", folder, "--org", DOMAIN, "--site", "bench", folder=bench.room))
    home = bench.room / "home"
    key = load_key(home, ORIGIN)
    recorder = Recorder(Log(SqliteStorage(folder / "ledger.db", writable=True), key, now, home), PRIVACY)
    batch: list[Prepared] = []
    for event in made.events():
        batch.append(recorder.prepare(event, by="bench", via="imported"))
        if len(batch) == BATCH:
            recorder.record(batch)
            batch = []
    if batch:
        recorder.record(batch)
    recorder.log.close()
    return folder, Policy((key.verifier,))


def limit_of(start: float) -> float:
    """Say how long a cold answer may take where an empty Python takes so long [s]."""
    return SHELL_STARTS * start + SHELL_FIXED


def measure(bench: Bench) -> Iterator[Result]:
    """Trace each case: in this process, then cold from the shell; compare with the truth."""
    made = Made(bench.entries if bench.entries in (20_000, 1_000_000) else 100_000)
    folder, policy = grow(bench, made)
    storage = SqliteStorage(folder / "ledger.db", writable=False)
    for case in made.cases():
        yield _in_process(storage, policy, case)
        yield from _from_shell(bench, folder, case)
    storage.close()


def _in_process(storage: SqliteStorage, policy: Policy, case: Case) -> Result:
    """Ask with nothing remembered from one round to the next but what the process itself keeps."""
    spent, read = [], 0
    for _ in range(ROUNDS):
        with storage.snapshot() as view:
            gc.collect()

            def work(view=view) -> None:  # type: ignore[no-untyped-def]
                nonlocal read
                reader = AuthenticReader(view, origin=ORIGIN, policy=policy)
                answer = make_answer(trace(Lookup(view, reader), case.item, case.direction))
                assert {node.uri for node in answer.nodes} == case.expected
                assert answer.complete, answer.gaps[:3]
                read = len(answer.graph.source.records)

            spent.append(spend(work))
    nodes = len(case.expected)
    limit = FIXED + EACH * nodes
    cpu = median_of([one.cpu for one in spent])
    return Result(
        f"{case.name}, trace {case.direction}: {nodes:,} nodes, {read:,} events proven",
        ms(cpu),
        f"{ms(limit)}  20 ms + 0.12 ms a node",
        cpu / limit,
        1 if case.is_usual else None,
    )


def _from_shell(bench: Bench, folder: Path, case: Case) -> Iterator[Result]:
    command, environ, room = bench.trace(
        case.direction, case.item, "--json", "--ledger", folder, folder=bench.room
    )
    said = subprocess.run(list(map(str, command)), env=environ, check=True, capture_output=True)
    assert {node["id"] for node in json.loads(said.stdout)["nodes"]} == case.expected
    empty = [sys.executable, "-c", "pass"]
    ours, starts = [], []
    for _ in range(COLD_ROUNDS):  # in turn
        starts.append(median_of([run_child(empty, environ, room) for _ in range(3)]))
        ours.append(run_child(command, environ, room))
    cpu, limit = median_of(ours), limit_of(median_of(starts))
    yield Result(
        f"{case.name}, trace {case.direction} from the shell",
        ms(cpu),
        f"{ms(limit)}  12 x pass + 170 ms",
        cpu / limit,
        1 if case.is_usual else None,
    )
    memory = peak_memory(command, environ, room)
    yield Result("  its memory", f"{memory:.0f} MB", f"{MEMORY} MB", memory / MEMORY, 1)
