# SPDX-License-Identifier: Apache-2.0
"""Ledgers to measure on: made events, fresh sites, and one grown ledger that several questions share."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.measure import run_child
from ledger.chain.keys import create_key, load_key
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Prepared, Recorder

DOMAIN = "acme.example"
ORIGIN = f"{DOMAIN}/bench"
BUSY = f"https://{DOMAIN}/obj/BUSY"
BUSY_MENTIONS = 1000
BATCH = 20_000
PRIVACY = make_policy()


def now() -> datetime:
    """Give the present moment."""
    return datetime.now(UTC)


def minute(number: int) -> str:
    """Write the minute of that number in a year of months of 28 days."""
    month, day, hour = number // 40320 % 12 + 1, number // 1440 % 28 + 1, number // 60 % 24
    return f"2026-{month:02d}-{day:02d}T{hour:02d}:{number % 60:02d}:00"


def event(number: int, of: int) -> dict[str, Any]:
    """Make event `number` of a history: four events an item, forty places, one item with a thousand events."""
    busy = number % max(1, of // BUSY_MENTIONS) == 0
    raw = sha256(number.to_bytes(8, "big")).hexdigest()
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-8{raw[17:20]}-{raw[20:32]}",
        "eventTime": f"{minute(number)}Z",
        "eventTimeZoneOffset": "+00:00",
        "bizStep": "receiving",
        "disposition": "in_progress",
        "action": "OBSERVE",
        "epcList": [BUSY if busy else f"https://{DOMAIN}/obj/PALLET-{number // 4:07d}"],
        "readPoint": {"id": f"https://{DOMAIN}/loc/DOCK-{number % 40}"},
        "bizTransactionList": [{"bizTransaction": f"https://{DOMAIN}/bt/PO-{number // 50}"}],
    }


def prepare(recorder: Recorder, numbers: range, of: int) -> list[Prepared]:
    """Make events ready to be recorded."""
    return [recorder.prepare(event(number, of), by="bench", via="imported") for number in numbers]


def slices(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Cut a list into batches."""
    return [items[at : at + size] for at in range(0, len(items), size)]


def bare_table(path: Path) -> sqlite3.Connection:
    """Open a plain table in a new file, as durable as a ledger is: WAL, synchronous FULL."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE plain(seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT")
    return connection


class Bench:
    """A room on disk, and the number of entries to measure with."""

    def __init__(self, room: Path, entries: int) -> None:
        self.room = room
        self.entries = entries
        self._made = 0
        # The home lies in the room, so nothing of the person's own is read or written.
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("TRACE_", "PYTHON"))}
        self.environ = keep | {"TRACE_HOME": str(room / "home"), "XDG_CONFIG_HOME": str(room)}

    def fresh(self, name: str) -> Path:
        """Name a folder that is not there yet."""
        self._made += 1
        return self.room / f"{name}-{self._made}"

    def recorder(self, *, hybrid: bool = False) -> Recorder:
        """Begin a ledger with its index, in a home of its own."""
        folder = self.fresh("ledger")
        folder.mkdir()
        key = create_key(folder / "home", ORIGIN, hybrid=hybrid)
        return Recorder.create(folder / "ledger.db", key, PRIVACY, clock=now, home=folder / "home", by="bench")

    def log(self) -> Log:
        """Begin a ledger that has no index."""
        folder = self.fresh("log")
        folder.mkdir()
        key = create_key(folder / "home", ORIGIN)
        return Log.create(SqliteStorage.create(folder / "ledger.db"), key, now, folder / "home", "bench")

    def trace(self, *arguments: str | Path, folder: Path) -> tuple[list[str | Path], dict[str, str], Path]:
        """Say how `trace` is run as a process, for `run_child`."""
        return [Path(sys.executable).with_name("trace"), *arguments], self.environ, folder

    @cached_property
    def grown(self) -> tuple[Path, Policy]:
        """Give a ledger of `entries` events with its index, and the policy to believe it by."""
        folder = self.fresh("grown")
        run_child(*self.trace("init", folder, "--org", DOMAIN, "--site", "bench", folder=self.room))
        home = self.room / "home"
        key = load_key(home, ORIGIN)
        recorder = Recorder(Log(SqliteStorage(folder / "ledger.db", writable=True), key, now, home), PRIVACY)
        for start in range(0, self.entries, BATCH):
            recorder.record(prepare(recorder, range(start, min(start + BATCH, self.entries)), self.entries))
        recorder.log.close()
        return folder, Policy((key.verifier,))
