# SPDX-License-Identifier: Apache-2.0
"""How long does a daily check take? 1,000 new entries on a grown ledger, against a fixed budget of CPU time."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Result, median_of, ms, spend
from benchmarks.site import ORIGIN, Bench
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.keys import load_key
from ledger.chain.policy import Policy
from ledger.chain.proof import range_root
from ledger.chain.quick import verify_quick
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteStorage

NEW = 1000
DAYS = 30
BUDGET = 0.010


def measure(bench: Bench) -> Iterator[Result]:
    """Verify quickly on each day of a month, each time with another part of the old."""
    folder, policy = bench.grown
    storage = SqliteStorage(folder / "ledger.db", writable=False)
    with storage.snapshot() as view:
        reader = AuthenticReader(view, origin=ORIGIN, policy=policy)
        seen = reader.size - NEW
        root = range_root(reader.tile, 0, seen)
    signers = load_key(bench.room / "home", ORIGIN).signers
    pin = parse_checkpoint(sign_checkpoint(Checkpoint(ORIGIN, seen, root), signers))
    spent = sorted(spend(lambda day=day: _quick(storage, policy, pin, day)).cpu for day in range(DAYS))
    storage.close()
    yield Result(
        f"quick verify of {NEW:,} new on {seen:,} entries",
        f"{ms(median_of(spent))} CPU, at most {ms(spent[-1])}",
        f"{ms(BUDGET)}  fixed; the middle of {DAYS} days",
        median_of(spent) / BUDGET,
        1,
    )


def _quick(storage: SqliteStorage, policy: Policy, pin: SignedCheckpoint, day: int) -> None:
    with storage.snapshot() as view:
        found = verify_quick(view, origin=ORIGIN, policy=policy, pin=pin, day=day)
    assert found.verdict.word == "ok"
    assert not found.full_because
