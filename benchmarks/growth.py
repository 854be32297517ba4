# SPDX-License-Identifier: Apache-2.0
"""What grows with the log? One append and one proof must not, a full verification must in step."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from math import log2
from pathlib import Path

from benchmarks.measure import Result, median_of, ms, spend
from benchmarks.site import BATCH, ORIGIN, Bench, now
from ledger.chain.entry import draft
from ledger.chain.keys import create_key, load_key
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.proof import prove_inclusion, verify_inclusion
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.chain.verify import verify

FIRST = 1_000
APPENDS = 60
PROOFS = 60
PROOF_LIMIT = 1e-3
# Caches and deeper B-trees make a larger file a little slower; what is not flat or linear would be far above.
SLACK = 1.6


def measure(bench: Bench) -> Iterator[Result]:
    """Grow one log tenfold at a time and measure at each size."""
    folder = bench.fresh("growth")
    folder.mkdir()
    key = create_key(folder / "home", ORIGIN)
    path = folder / "ledger.db"
    log = Log.create(SqliteStorage.create(path), key, now, folder / "home", "bench")
    log.close()
    sizes, size = [], FIRST
    while size <= max(bench.entries, FIRST):
        sizes.append(size)
        size *= 10
    rows = [_at(path, folder / "home", size) for size in sizes]
    (append, prove, check), size = rows[0], sizes[0]
    for (later_append, later_prove, later_check), later in zip(rows[1:], sizes[1:], strict=True):
        span = f"{size:,} to {later:,} entries"
        yield Result(f"one append, {span}", ms(later_append), f"{ms(append)}  flat", later_append / append, SLACK)
        # An inclusion proof has a hash for each level, each from a tile of 256.
        wanted = log2(later) / log2(size)
        yield Result(
            f"one proof, {span}",
            ms(later_prove),
            f"{ms(prove)}  log n: x {wanted:.2f}",
            later_prove / prove / wanted,
            SLACK,
        )
        yield Result(
            f"verify all, {span}",
            ms(later_check),
            f"{ms(check * later / size)}  linear",
            later_check / (check * later / size),
            SLACK,
        )
    yield Result(
        f"inclusion proof at {sizes[-1]:,}",
        ms(rows[-1][1]),
        f"{ms(PROOF_LIMIT)}  fixed; a fresh reader each time, built and checked",
        rows[-1][1] / PROOF_LIMIT,
        1,
    )


def _at(path: Path, home: Path, size: int) -> tuple[float, float, float]:
    """Grow to a size; give the CPU seconds of one append, one inclusion proof and one verification there."""
    key = load_key(home, ORIGIN)
    policy = Policy((key.verifier,))
    log = Log(SqliteStorage(path, writable=True), key, now, home)
    one = {"item": "PALLET", "step": "receiving", "place": "DOCK-3", "note": "x" * 120}
    while log.size < size - APPENDS:
        count = min(BATCH, size - APPENDS - log.size)
        log.append([draft("note", {**one, "n": log.size + n}, by="bench", via="imported") for n in range(count)])
    appends = []
    for n in range(APPENDS):
        item = draft("note", {**one, "n": n}, by="bench", via="imported")
        appends.append(spend(partial(log.append, [item])).cpu)
    log.close()
    storage = SqliteStorage(path, writable=False)
    dice = random.Random(size)
    proofs = []
    with storage.snapshot() as view:
        for _ in range(PROOFS):
            seq = dice.randrange(size)
            reader = AuthenticReader(view, origin=ORIGIN, policy=policy)
            proofs.append(spend(partial(_prove, reader, seq)).cpu)
        checked = min(
            spend(partial(verify, view, origin=ORIGIN, policy=policy, pin=None)).cpu
            for _ in range(3 if size < 1_000_000 else 1)
        )
    storage.close()
    return median_of(appends), median_of(proofs), checked


def _prove(reader: AuthenticReader, seq: int) -> None:
    proof = prove_inclusion(reader.tile, seq, reader.size)
    at = seq % 256 * 32
    assert verify_inclusion(seq, reader.size, reader.tile(0, seq // 256)[at : at + 32], proof, reader.head.root)
