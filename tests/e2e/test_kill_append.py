# SPDX-License-Identifier: Apache-2.0
"""Killed while it appends one record after the other, a ledger holds each one that was acknowledged."""

import os
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

KILLS = 180
ORIGIN = "acme.example/dc1"

# One process loads the program once and forks a writer for each line of its input: a kill costs no start-up.
# A writer opens the ledger itself: nothing of SQLite exists before the fork.
SCRIPT = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.chain.keys import load_key
from ledger.chain.log import Log
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder

path, home, origin = sys.argv[1:]

def write(mark):
    key = load_key(Path(home), origin)
    log = Log(SqliteStorage(Path(path), writable=True), key, lambda: datetime.now(UTC), Path(home))
    recorder = Recorder(log, make_policy())
    while True:
        appended = recorder.record_other("note", {"mark": mark}, by="dock-3", via="typed")
        os.write(1, b"%d\\n" % appended.first)

for mark in sys.stdin:
    child = os.fork()
    if not child:
        write(mark.strip())
    os.write(1, b"pid %d\\n" % child)
    os.write(1, b"ended %d\\n" % -os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture
def nursery(site):
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, site.ledger, site.home, ORIGIN],
        cwd=site.folder,
        env=site.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as running:
        yield running
        running.stdin.close()


def append_until_killed(nursery, mark, draw):
    """Give the numbers that were acknowledged: read before the kill, or still in the pipe after it."""
    nursery.stdin.write(f"{mark}\n".encode())
    acknowledged, child, wanted = [], 0, draw.randrange(0, 12)
    # A line is one write of a few bytes to a pipe: whole or not there.
    while not child or len(acknowledged) < wanted:
        word, *rest = nursery.stdout.readline().split()
        if word == b"pid":
            child = int(rest[0])
        else:
            acknowledged.append(int(word))
    for _ in range(draw.randrange(60_000)):
        pass
    os.kill(child, signal.SIGKILL)
    while (line := nursery.stdout.readline().split())[0] != b"ended":
        acknowledged.append(int(line[0]))
    assert line == [b"ended", b"9"]
    return acknowledged


def stored(site):
    with closing(sqlite3.connect(site.ledger, timeout=30)) as connection:
        rows = connection.execute("SELECT seq, bytes FROM entry ORDER BY seq").fetchall()
    return [(seq, parse_entry(data)) for seq, data in rows]


@pytest.mark.slow
def test_kills_at_random_moments_between_single_records(site, nursery):
    policy = load_policy(site.home, ORIGIN)
    size = 1
    unacknowledged = 0
    for seed in range(KILLS):
        mark = f"run-{seed}"
        acknowledged = append_until_killed(nursery, mark, random.Random(seed))
        assert acknowledged == list(range(size, size + len(acknowledged)))
        pin = load_pin(site.home, ORIGIN)
        with closing(SqliteStorage(site.ledger, writable=False)) as storage, storage.snapshot() as view:
            verdict = verify(view, origin=ORIGIN, policy=policy, pin=pin)
        assert verdict.word == "ok"
        more = verdict.size - size - len(acknowledged)
        assert more in (0, 1)
        # The pin follows the commit, so it may lag where the kill came between; it precedes the acknowledgement.
        assert (acknowledged[-1] + 1 if acknowledged else 0) <= pin.head.size <= verdict.size
        entries = stored(site)
        assert [seq for seq, _ in entries] == list(range(verdict.size))
        assert {entry.body["mark"] for _, entry in entries[size:]} <= {mark}
        unacknowledged += more
        size = verdict.size
    answer = site.good("verify", "--json").answer
    assert (answer["verdict"], answer["size"]) == ("ok", size)
    assert unacknowledged < KILLS
