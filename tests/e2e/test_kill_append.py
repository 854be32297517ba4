# SPDX-License-Identifier: Apache-2.0
"""Killed while it appends one record after the other, a ledger holds each one that was acknowledged."""

import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from ledger.chain.entry import parse_entry
from ledger.chain.pins import load_pin
from ledger.chain.policy import load_policy
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.chain.verify import verify

KILLS = 60
ORIGIN = "acme.example/dc1"

SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.chain.keys import load_key
from ledger.chain.log import Log
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder

path, home, origin, mark = sys.argv[1:]
key = load_key(Path(home), origin)
log = Log(SqliteStorage(Path(path), writable=True), key, lambda: datetime.now(UTC), Path(home))
recorder = Recorder(log, make_policy())
while True:
    appended = recorder.record_other("note", {"mark": mark}, by="dock-3", via="typed")
    print(appended.first, flush=True)
"""


def append_until_killed(site, mark, draw):
    """Give the numbers that were acknowledged: read before the kill, or still in the pipe after it."""
    running = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, site.ledger, site.home, ORIGIN, mark],
        cwd=site.folder,
        env=site.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    lines = [running.stdout.readline() for _ in range(draw.randrange(1, 12))]
    for _ in range(draw.randrange(60_000)):
        pass
    running.kill()
    rest, err = running.communicate()
    assert (running.returncode, err) == (-signal.SIGKILL, b"")
    # A line is one write of a few bytes to a pipe: whole or not there.
    return [int(line) for line in (*lines, *rest.splitlines())]


def stored(site):
    with closing(sqlite3.connect(site.ledger, timeout=30)) as connection:
        rows = connection.execute("SELECT seq, bytes FROM entry ORDER BY seq").fetchall()
    return [(seq, parse_entry(data)) for seq, data in rows]


@pytest.mark.slow
def test_sixty_kills_between_single_records(site):
    policy = load_policy(site.home, ORIGIN)
    size = 1
    unacknowledged = 0
    for seed in range(KILLS):
        mark = f"run-{seed}"
        acknowledged = append_until_killed(site, mark, random.Random(seed))
        assert acknowledged == list(range(size, size + len(acknowledged)))
        pin = load_pin(site.home, ORIGIN)
        with closing(SqliteStorage(site.ledger, writable=False)) as storage, storage.snapshot() as view:
            verdict = verify(view, origin=ORIGIN, policy=policy, pin=pin)
        assert verdict.word == "ok"
        more = verdict.size - size - len(acknowledged)
        assert more in (0, 1)
        # The pin follows the commit and comes before the acknowledgement.
        assert size + len(acknowledged) <= pin.head.size <= verdict.size
        entries = stored(site)
        assert [seq for seq, _ in entries] == list(range(verdict.size))
        assert {entry.body["mark"] for _, entry in entries[size:]} == {mark}
        unacknowledged += more
        size = verdict.size
    answer = site.good("verify", "--json").answer
    assert (answer["verdict"], answer["size"]) == ("ok", size)
    assert unacknowledged < KILLS
