# SPDX-License-Identifier: Apache-2.0
"""What the tests of the custody room share: a ledger in a folder of its own, and events in a few words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.history import make_event
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder

BASE = "https://acme.example"


@pytest.fixture
def at() -> Callable[[float], str]:
    """Write the moment some hours after the beginning, as an eventTime."""

    def make(hours: float) -> str:
        moment = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hours)
        return moment.replace(tzinfo=None).isoformat() + "+00:00"

    return make


@pytest.fixture
def body(at) -> Callable[..., dict[str, Any]]:
    """Make the body of an event; things in upper case are plain codes of acme.example."""

    def make(kind: str, number: int, hours: float, **fields: Any) -> dict[str, Any]:
        found = {"type": f"{kind}Event", "eventID": f"urn:uuid:{number}", "eventTime": at(hours)}
        found |= {"eventTimeZoneOffset": "+00:00", "bizStep": "holding", "action": "OBSERVE"}
        return found | fields

    return make


@pytest.fixture
def obj(body) -> Callable[..., dict[str, Any]]:
    def make(number: int, hours: float, *items: str, **fields: Any) -> dict[str, Any]:
        return body("Object", number, hours, epcList=[f"{BASE}/obj/{item}" for item in items], **fields)

    return make


@pytest.fixture
def pack(body) -> Callable[..., dict[str, Any]]:
    def make(
        number: int, hours: float, container: str, *items: str, action="ADD", **fields: Any
    ) -> dict[str, Any]:
        found = body("Aggregation", number, hours, parentID=f"{BASE}/obj/{container}", action=action, **fields)
        found["bizStep"] = {"ADD": "packing", "DELETE": "unpacking"}.get(action, "inspecting")
        return found | ({"childEPCs": [f"{BASE}/obj/{item}" for item in items]} if items else {})

    return make


@pytest.fixture
def events() -> Callable[..., list[Any]]:
    """Make events of a history: entry numbers count from 1, everything is imported."""

    def make(*bodies: dict[str, Any]) -> list[Any]:
        rec = "2030-01-01T00:00:00.000Z"
        return [make_event(seq, found, rec, "imported") for seq, found in enumerate(bodies, 1)]

    return make


@pytest.fixture
def make_recorder(tmp_path, site_key, make_clock) -> Iterator[Callable[..., Recorder]]:
    """Begin ledgers in files of this test."""
    opened = []

    def make(*private: str, name: str = "ledger.db") -> Recorder:
        clock, home = make_clock(), tmp_path / "home"
        path = tmp_path / name
        recorder = Recorder.create(
            path, site_key, make_policy(private), clock=clock, home=home / name, by="dock-3"
        )
        opened.append(recorder)
        return recorder

    yield make
    for recorder in opened:
        recorder.log.close()


@pytest.fixture
def record() -> Callable[..., Any]:
    """Record bodies in one commit."""

    def commit(recorder: Recorder, *bodies: dict[str, Any], via: str = "imported") -> Any:
        return recorder.record([recorder.prepare(found, by="dock-3", via=via) for found in bodies])

    return commit


@pytest.fixture
def looking(tmp_path, site_key, policy) -> Callable[..., Any]:
    """Open the ledger of this test for reading: the view, and a reader that proves."""

    @contextmanager
    def look(path: Path = tmp_path / "ledger.db") -> Iterator[Any]:
        storage = SqliteStorage(path, writable=False)
        try:
            with storage.snapshot() as view:
                yield view, AuthenticReader(view, origin=site_key.origin, policy=policy)
        finally:
            storage.close()

    return look
