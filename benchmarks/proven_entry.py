# SPDX-License-Identifier: Apache-2.0
"""What does a proof add to an answer? Against reading the same rows without asking whether they are true."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from benchmarks.measure import Result, median_of, ms, spend
from benchmarks.site import BUSY, ORIGIN, Bench
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteStorage, SqliteView
from ledger.custody.index.lookup import Lookup
from ledger.custody.index.read import mentions_of
from ledger.custody.item_history import item_history

ROUNDS = 9
SINGLES = 200
PROOF_LIMIT = 1e-3


def measure(bench: Bench) -> Iterator[Result]:
    """Prove single entries with fresh readers, then gather the history of an item of a thousand events."""
    folder, policy = bench.grown
    storage = SqliteStorage(folder / "ledger.db", writable=False)
    dice = random.Random(7)
    with storage.snapshot() as view:
        opened, proven = [], []
        for _ in range(SINGLES):
            seq = dice.randrange(bench.entries)
            reader = AuthenticReader(view, origin=ORIGIN, policy=policy)
            opened.append(spend(lambda: AuthenticReader(view, origin=ORIGIN, policy=policy)).cpu)
            proven.append(spend(lambda reader=reader, seq=seq: reader.entry(seq)).cpu)  # type: ignore[misc]
        yield Result(
            f"one entry proven of {bench.entries:,}",
            ms(median_of(proven)),
            f"{ms(PROOF_LIMIT)}  fixed; median of {SINGLES}, none of its tiles at hand",
            median_of(proven) / PROOF_LIMIT,
            1,
        )
        yield Result(
            "believing the head (signature, right edge)",
            ms(median_of(opened)),
            f"{ms(median_of(proven))}  one entry proven",
            median_of(opened) / median_of(proven),
        )
        seqs = mentions_of(view.connection, BUSY)
        ours, bare = [], []
        for _ in range(ROUNDS):
            bare.append(spend(lambda: _read_bare(view, seqs)).cpu)
            ours.append(spend(lambda: _ask(view, policy)).cpu)
        yield Result(
            f"history of an item, {len(seqs):,} events of {bench.entries:,}",
            ms(min(ours)),
            f"{ms(min(bare))}  the same rows read and given to json.loads, unproven",
            min(ours) / min(bare),
        )
    storage.close()


def _ask(view: SqliteView, policy: Policy) -> None:
    reader = AuthenticReader(view, origin=ORIGIN, policy=policy)
    assert item_history(Lookup(view, reader), BUSY).lines


def _read_bare(view: SqliteView, seqs: list[int]) -> None:
    for seq in seqs:
        json.loads(view.entry(seq) or b"")
