# SPDX-License-Identifier: Apache-2.0
"""What the tests of the tamper-evident log share: a clock, a site key, drafts and published vectors."""

import json
import os
import random
import signal
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from ledger.chain.commitment import commit
from ledger.chain.entry import Draft, draft
from ledger.chain.keys import SiteKey, create_key
from ledger.chain.policy import Policy

ORIGIN = "acme.example/dc1"
START = datetime(2026, 3, 1, 8, 15, tzinfo=UTC)
MEMORY = Path("/dev/shm")
ROOM = 3 << 30  # a run leaves some 1.3 GB

# Two processes on two cores: what a test may take of the clock says nothing of the code.
hypothesis.settings.register_profile("steady", deadline=None)
hypothesis.settings.load_profile("steady")


def _has_room(place: Path) -> bool:
    """Tell whether files may be kept and programs be run there."""
    if not (place.is_mount() and os.access(place, os.W_OK)):
        return False
    state = os.statvfs(place)
    return state.f_bavail * state.f_frsize > ROOM and not state.f_flag & os.ST_NOEXEC


def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of tests in memory where there is room for them, unless told where to keep them.

    The product waits for the disk at each commit, and the suite makes thousands of them. That it asks for that
    is tested where it matters (`tests/attack/test_faults.py`); a disk adds nothing to the other tests but time.
    """
    if config.option.basetemp is None and "TMPDIR" not in os.environ and _has_room(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # was chosen before this file was read


@pytest.fixture(scope="session", autouse=True)
def heed_interrupts() -> None:
    """Let children heed SIGINT; a suite that a shell runs in the background inherits that it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """Load a published set of test vectors, or skip when this checkout has none."""
    place = Path(os.environ.get("TRACE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "ledger"

    def load(name: str) -> Any:
        if not (place / name).is_file():
            pytest.skip(f"no published vectors: {name} is not in $TRACE_TEST_DATA/ledger")
        return json.loads((place / name).read_bytes())

    return load


@pytest.fixture(scope="session")
def make_clock() -> Callable[..., Callable[[], datetime]]:
    """Make a clock that goes on by some minutes each time it is read."""

    def make(start: datetime = START, minutes: int = 7) -> Callable[[], datetime]:
        moment = start

        def clock() -> datetime:
            nonlocal moment
            moment += timedelta(minutes=minutes)
            return moment

        return clock

    return make


@pytest.fixture(scope="session")
def make_key(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., SiteKey]:
    """Make the key of a site from a seed, in a home of its own."""

    def make(origin: str = ORIGIN, seed: int = 1) -> SiteKey:
        return create_key(tmp_path_factory.mktemp("home"), origin, random=random.Random(seed).randbytes)

    return make


@pytest.fixture(scope="session")
def site_key(make_key: Callable[..., SiteKey]) -> SiteKey:
    return make_key()


@pytest.fixture(scope="session")
def policy(site_key: SiteKey) -> Policy:
    return Policy((site_key.verifier,))


@pytest.fixture(scope="session")
def make_drafts() -> Callable[..., list[Draft]]:
    """Make drafts of events number `first` and on; each tenth has a private value."""

    def make(first: int, count: int, mark: str = "box") -> list[Draft]:
        found = []
        for number in range(first, first + count):
            body: dict[str, Any] = {"item": f"{mark}-{number}", "quantity": Decimal(number) / 10, "note": "é/ü"}
            held = ()
            if number % 10 == 0:
                salt = random.Random(f"{mark}{number}").randbytes
                body["contact"], attachment = commit({"name": f"N. N. {number}"}, random=salt)
                held = (attachment,)
            found.append(draft("event", body, by="dock-3", via="scanned", attachments=held))
        return found

    return make
