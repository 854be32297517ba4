# SPDX-License-Identifier: Apache-2.0
"""What does one event cost in an open session? Against a bare one-row commit of the same bytes, as durable."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Result, median_of, ms, spend
from benchmarks.site import Bench, bare_table, prepare

WALL_FACTOR = 1.3
OWN_CPU = 0.6e-3
HYBRID_CPU = 1.1e-3  # what a second signature, by ML-DSA-44, may add


def measure(bench: Bench) -> Iterator[Result]:
    """Record single events, and after each one commit as many bytes to a plain table on the same disk."""
    count = min(2000, bench.entries // 20)
    recorder = bench.recorder()
    ready = prepare(recorder, range(count), count)
    plain = bare_table(bench.fresh("plain"))
    ours_wall, ours_cpu, bare_wall, bare_cpu = [], [], [], []
    for number, item in enumerate(ready):
        size = len(item.draft.body) + 200
        ours = spend(lambda item=item: recorder.record([item]))  # type: ignore[misc]
        row = (number, bytes(size))
        bare = spend(lambda row=row: plain.execute("INSERT INTO plain VALUES (?, ?)", row))  # type: ignore[misc]
        ours_wall.append(ours.wall)
        ours_cpu.append(ours.cpu)
        bare_wall.append(bare.wall)
        bare_cpu.append(bare.cpu)
    recorder.log.close()
    plain.close()
    yield from _hybrid(bench, median_of(ours_cpu))
    wall, limit = median_of(ours_wall), median_of(bare_wall)
    yield Result(
        "event in a session, wall",
        ms(wall),
        f"{ms(limit)}  one-row commit, WAL FULL, median of {count}; and {ms(OWN_CPU)}",
        wall / limit,
        WALL_FACTOR + OWN_CPU / limit,
    )
    own, floor = median_of(ours_cpu), median_of(bare_cpu)
    yield Result(
        "event in a session, CPU",
        ms(own),
        f"{ms(floor)}  CPU of the same commits; and {ms(OWN_CPU)}",
        own / floor,
        1 + OWN_CPU / floor,
    )


def _hybrid(bench: Bench, plain: float) -> Iterator[Result]:
    """Record single events on a site that signs with Ed25519 and ML-DSA-44."""
    count = min(500, bench.entries // 20)
    recorder = bench.recorder(hybrid=True)
    spent = [
        spend(lambda item=item: recorder.record([item])).cpu  # type: ignore[misc]
        for item in prepare(recorder, range(count), count)
    ]
    recorder.log.close()
    yield Result(
        "hybrid event in a session, CPU",
        ms(median_of(spent)),
        f"{ms(plain)}  with Ed25519 alone; and {ms(HYBRID_CPU)}",
        median_of(spent) / plain,
        1 + HYBRID_CPU / plain,
    )
