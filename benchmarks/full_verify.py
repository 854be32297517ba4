# SPDX-License-Identifier: Apache-2.0
"""How long does it take to verify everything? Against hashing the same bytes and nodes, which nobody can skip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

from benchmarks.measure import Result, best_cpu, in_turn, ms, peak_memory
from benchmarks.site import ORIGIN, Bench
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.chain.verify import verify

ROUNDS = 5
MEMORY = 80.0


def measure(bench: Bench) -> Iterator[Result]:
    """Verify a grown ledger in this process, then once with `trace verify` to see how much memory it needs."""
    folder, policy = bench.grown
    storage = SqliteStorage(folder / "ledger.db", writable=False)

    def ours() -> None:
        with storage.snapshot() as view:
            verdict = verify(view, origin=ORIGIN, policy=policy, pin=None)
        assert verdict.word == "ok", verdict

    with storage.snapshot() as view:
        held = [data for _, data in view.entries()]
    spent, hashing = in_turn(ROUNDS, ours, lambda: _hash_all(held))
    storage.close()
    count = len(held)
    yield Result(
        f"full verify of {count:,} entries",
        f"{ms(best_cpu(spent))}, {count / best_cpu(spent):,.0f}/s",
        f"{ms(best_cpu(hashing))}  hashlib over the same bytes and nodes, best of {ROUNDS}",
        best_cpu(spent) / best_cpu(hashing),
        2.4,
    )
    command, environ, _ = bench.trace("verify", folder=folder)
    peak = peak_memory(command, environ, folder)
    yield Result(
        f"memory of trace verify, {count:,} entries",
        f"{peak:.0f} MB",
        f"{MEMORY:.0f} MB  fixed; greatest resident set of the process",
        peak / MEMORY,
        1,
    )


def _hash_all(entries: Sequence[bytes]) -> bytes:
    level = [sha256(b"\x00" + data).digest() for data in entries]
    while len(level) > 1:
        pairs = iter(level)
        above = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]
