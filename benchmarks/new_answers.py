# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.new_answers [--most 1000000]``: what an answer costs against the number of events.

For each size: the first answer, which verifies and reads everything; then 1,000 events are recorded, and a new
answer reads these. CPU seconds of the whole process, beside the growth from size to size: at most ten for ten
times the events is linear or better. ``--eta`` asks for arrivals too; most of that is fitting, of 40,000 legs.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.measure import run_child
from benchmarks.site import BATCH, DOMAIN, ORIGIN, PRIVACY, Bench, now
from ledger.chain.keys import load_key
from ledger.chain.log import Log
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.recorder import Recorder

SIZES = (10_000, 100_000, 1_000_000)
NEW = 1_000
_START = datetime(2024, 6, 1, tzinfo=UTC)
_HOURS = 2 * 365 * 24


def make_events(count: int) -> list[dict[str, Any]]:
    """Make journeys of two legs between sixty places over two years, in order of time."""
    dice = random.Random(count)
    told: list[tuple[float, int, str, int, int | None]] = []
    for item in range(count // 4 + 1):
        first, second, third = dice.sample(range(60), 3)
        there = dice.uniform(0, _HOURS)
        arrived = there + (10 + abs(first - second) / 3) * dice.lognormvariate(0, 0.3)
        left = arrived + dice.expovariate(1 / 30)
        ended = left + (10 + abs(second - third) / 3) * dice.lognormvariate(0, 0.3)
        told += [(there, item, "shipping", first, second), (arrived, item, "receiving", second, None)]
        told += [(left, item, "shipping", second, third), (ended, item, "receiving", third, None)]
    told.sort(key=lambda one: one[:3])
    return [_event(number, *one) for number, one in enumerate(told[:count])]


def _event(number: int, hours: float, item: int, step: str, place: int, to: int | None) -> dict[str, Any]:
    raw = sha256(number.to_bytes(8, "big")).hexdigest()
    body: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-8{raw[17:20]}-{raw[20:32]}",
        "eventTime": _stamp(hours),
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": step,
        "epcList": [f"https://{DOMAIN}/obj/BOX-{item:07d}"],
        "readPoint": {"id": f"https://{DOMAIN}/loc/P{place:02d}"},
        "trace:product": f"https://{DOMAIN}/class/SKU{item % 40}",
    }
    if to is not None:
        target = {"type": "location", "destination": f"https://{DOMAIN}/loc/P{to:02d}"}
        body |= {"destinationList": [target], "trace:promised": _stamp(hours + 30)}
    return body


def _stamp(hours: float) -> str:
    return f"{_START + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def record(folder: Path, home: Path, events: Iterator[dict[str, Any]], count: int) -> None:
    """Record the next events in a ledger."""
    log = Log(SqliteStorage(folder / "ledger.db", writable=True), load_key(home, ORIGIN), now, home)
    recorder = Recorder(log, PRIVACY)
    for start in range(0, count, BATCH):
        part = islice(events, min(BATCH, count - start))
        recorder.record([recorder.prepare(event, by="bench", via="imported") for event in part])
    log.close()


def measure(size: int, command: str) -> dict[str, float]:
    """Give CPU seconds of the first answer, of one after `NEW` events, and of reading that history whole again."""
    with tempfile.TemporaryDirectory() as room:
        bench = Bench(Path(room), size)
        folder, home = bench.fresh("ledger"), Path(room) / "home"
        run_child(*bench.trace("init", folder, "--org", DOMAIN, "--site", "bench", folder=bench.room))
        events = iter(make_events(size + 2 * NEW))
        record(folder, home, events, size)
        asked = (command, "--json", "--no-record")
        spent = {"first": run_child(*bench.trace(*asked, folder=folder))}
        record(folder, home, events, NEW)
        spent["after 1,000 events"] = run_child(*bench.trace(*asked, folder=folder))
        spent["read whole (--full)"] = run_child(*bench.trace(*asked, "--full", folder=folder))
    return spent


def main(arguments: list[str]) -> int:
    """Measure and print."""
    most = int(arguments[arguments.index("--most") + 1]) if "--most" in arguments else SIZES[-1]
    for command in ["bottlenecks", *(["eta"] if "--eta" in arguments else [])]:
        before: dict[str, float] = {}
        for size in (one for one in SIZES if one <= most):
            for name, spent in measure(size, command).items():
                growth = f"{spent / before[name]:.1f} x" if name in before else ""
                before[name] = spent
                print(f"{command:<12} {size:>9,} events  {name:<20} {spent:8.2f} s CPU  {growth}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
