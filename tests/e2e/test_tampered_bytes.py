# SPDX-License-Identifier: Apache-2.0
"""Any one byte of any entry, changed in the file itself, is found, and the entry is named."""

import random
import shutil
import sqlite3
from contextlib import closing

import pytest

from ledger.chain.home import find_home
from ledger.chain.pins import load_pin
from ledger.chain.policy import load_policy
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.chain.verify import verify

ENTRIES = 600
ORIGIN = "acme.example/dc1"


@pytest.fixture
def closed(site, table):
    """A ledger of some hundred entries, all of it in the one file."""
    site.write("rows.csv", table(ENTRIES - 1))
    site.good("import", "rows.csv")
    with closing(sqlite3.connect(site.ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(site.ledger, site.folder / "good.db")
    return site


def entries_of(path):
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT bytes FROM entry ORDER BY seq")]


def places_of(data, whole):
    """Find where an entry lies in the file; entries are short enough to lie in one piece."""
    at = whole.find(data)
    return None if at < 0 or whole.find(data, at + 1) >= 0 else at


def change(site, at, value):
    data = bytearray((site.folder / "good.db").read_bytes())
    assert data[at] != value
    data[at] = value
    site.ledger.write_bytes(bytes(data))


def judge(site):
    home = find_home({"TRACE_HOME": str(site.home)})
    with closing(SqliteStorage(site.ledger, writable=False)) as storage, storage.snapshot() as view:
        return verify(view, origin=ORIGIN, policy=load_policy(home, ORIGIN), pin=load_pin(home, ORIGIN))


def test_one_byte_anywhere(closed):
    whole, entries = (closed.folder / "good.db").read_bytes(), entries_of(closed.folder / "good.db")
    assert len(entries) == ENTRIES
    draw = random.Random(2026)
    seqs = [0, 1, 255, 256, 257, ENTRIES - 2, ENTRIES - 1, *draw.sample(range(2, ENTRIES - 2), 33)]
    told = 0
    for number, seq in enumerate(seqs):
        start = places_of(entries[seq], whole)
        assert start is not None
        # First byte, last byte, in the link, in the number, and anywhere.
        offset = [0, len(entries[seq]) - 1, 12, 85, draw.randrange(len(entries[seq]))][number % 5]
        change(closed, start + offset, whole[start + offset] ^ draw.choice([1, 2, 32, 128, 255]))
        verdict = judge(closed)
        assert (verdict.word, verdict.first_bad_seq) == ("tampered", seq), (seq, offset)
        if number % 14 == 0:
            ran = closed.run("verify", "--json")
            assert (ran.code, ran.answer["verdict"], ran.answer["first_bad_seq"]) == (3, "tampered", seq)
            plain = closed.run("verify")
            assert plain.code == 3
            assert "TAMPERED" in plain.out
            assert str(seq) in plain.out
            told += 1
    assert told == 3
    shutil.copy(closed.folder / "good.db", closed.ledger)
    assert judge(closed).word == "ok"


def test_predictions_refuse_what_does_not_hold(closed):
    entries, whole = entries_of(closed.folder / "good.db"), (closed.folder / "good.db").read_bytes()
    start = places_of(entries[300], whole)
    change(closed, start + entries[300].index(b"BOX-299"), ord("Q"))
    for command in ("forecast", "bottlenecks"):
        ran = closed.run(command, "--json")
        assert (ran.code, ran.answer["verdict"], ran.answer["first_bad_seq"]) == (3, "tampered", 300)
    plain = closed.run("forecast")
    assert (plain.code, plain.out) == (3, "")
    assert "300" in plain.err
