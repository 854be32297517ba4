# SPDX-License-Identifier: Apache-2.0
"""How fast do ready events go in? Against `executemany` of the same entry bytes, in batches of the same size."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Result, Spent, best_cpu, in_turn
from benchmarks.site import Bench, bare_table, prepare, slices
from ledger.chain.entry import entry_bytes
from ledger.chain.hashing import ZERO_HASH, leaf_hash

ROUNDS = 5


def measure(bench: Bench) -> Iterator[Result]:
    """Append events to a chain without index, to a ledger with all indexes, and to a plain table."""
    count = min(100_000, bench.entries)
    maker = bench.recorder()
    ready = prepare(maker, range(count), count)
    maker.log.close()
    drafts = [item.draft for item in ready]
    rows: list[bytes] = []
    leaf = ZERO_HASH
    for seq, draft in enumerate(drafts, 1):
        rows.append(entry_bytes(leaf, seq, draft, "2026-03-01T08:15:00.123Z"))
        leaf = leaf_hash(rows[-1])

    for size in (2_000, 20_000):

        def chain(size: int = size) -> None:
            log = bench.log()
            for batch in slices(drafts, size):
                log.append(batch)
            log.close()

        def indexed(size: int = size) -> None:
            recorder = bench.recorder()
            for batch in slices(ready, size):
                recorder.record(batch)
            recorder.log.close()

        def bare(size: int = size) -> None:
            connection = bare_table(bench.fresh("plain"))
            numbered = list(enumerate(rows))
            for batch in slices(numbered, size):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO plain VALUES (?, ?)", batch)
                connection.execute("COMMIT")
            connection.close()

        alone, full, plain = in_turn(ROUNDS, chain, indexed, bare)
        limit = f"{_rate(count, plain)}  executemany, WAL FULL, same batches; best CPU of {ROUNDS}"
        for name, spent, budget in (("chain alone", alone, 0.5), ("with all indexes", full, 0.2)):
            ratio = best_cpu(plain) / best_cpu(spent)
            yield Result(
                f"import of ready events, {name}, by {size:,}",
                _rate(count, spent),
                limit,
                ratio,
                budget,
                at_least=True,
            )


def _rate(count: int, spent: list[Spent]) -> str:
    """Write the rate by CPU time, and beside it the one by the wall clock, which the disk helps to equal out."""
    return f"{count / best_cpu(spent):,.0f}/s ({count / min(one.wall for one in spent):,.0f} wall)"
