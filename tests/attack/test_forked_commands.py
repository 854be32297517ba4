# SPDX-License-Identifier: Apache-2.0
"""Another history under the true key, longer than what was seen here: no command answers from it or adds to it.

A restored copy that went on elsewhere is the same as a thief with the key: `verify` told it, while every other
command answered, called itself pinned, and the first scan moved the pin over: the end of the evidence.
"""

import shutil
from pathlib import Path

import pytest

from ledger.chain.checkpoint import parse_checkpoint
from ledger.chain.keys import load_key
from ledger.chain.log import Log
from ledger.chain.pins import load_pin
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder
from tests.attack.conftest import event_of
from trace_cli.context import now

ORIGIN = "acme.example/dc1"
ANSWER = [
    "history BOX-07",
    "check BOX-07",
    "back BOX-07",
    "forward BOX-07",
    "recall BOX-07",
    "contents BOX-07",
    "log",
    "show 3",
    "query eventType=ObjectEvent",
    "case list",
    "place list",
    "prove 3 -o p.receipt",
    "passport BOX-07 -o p.html",
    "export epcis -o x.json",
    "decision list",
    "index check",
    "index rebuild",
    "checkpoint -o head.note",
    "anomalies --no-record",
    "watch --once --since 0",
]
RECORD = [
    "scan BOX-99 --step receiving --place D1",
    "suspect BOX-07 --reason odd",
    "hold BOX-07",
    "place add DOCK-0 --name X",
    "key rotate",
    "backup copy.db",
]


def grow(site, mark, count):
    """Record as a machine would that has the key and the file, and no pin."""
    store = SqliteStorage(site.path, writable=True)
    recorder = Recorder(Log(store, load_key(site.folder / "home", ORIGIN), now, None), make_policy())
    bodies = [
        event_of(5000 + n) | {"eventID": f"urn:uuid:0000000{mark}-0000-4000-8000-{n:012}"} for n in range(count)
    ]
    recorder.record([recorder.prepare(body, by="x", via="scanned") for body in bodies])
    store.close()


@pytest.fixture
def forked(site, trace):
    """The machine saw five entries that the file no longer has; nine others stand in their place."""
    backup = site.folder / "backup.db"
    shutil.copy(site.path, backup)
    grow(site, 1, 5)
    assert trace("verify").code == 0
    for suffix in ("-wal", "-shm"):
        Path(f"{site.path}{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, site.path)
    grow(site, 2, 9)
    return site


@pytest.mark.parametrize("command", ANSWER + RECORD)
def test_nothing_is_answered_nor_recorded(forked, trace, command):
    before, pin = forked.entries(), load_pin(forked.folder / "home", ORIGIN)
    ran = trace(*command.split())
    assert ran.code == 3, ran.out
    assert "pinned" not in ran.out
    assert forked.entries() == before
    assert load_pin(forked.folder / "home", ORIGIN) == pin


def test_the_evidence_is_there_afterwards(forked, trace):
    for command in RECORD:
        trace(*command.split())
    ran = trace("verify", "--json")
    assert (ran.code, ran.answer["verdict"]) == (3, "forked")


@pytest.mark.parametrize("pinned", [1, 2, 255, 256, 257, 300])
def test_a_pin_of_any_size_is_held_against_the_log(site, trace, pinned):
    """Honest logs pass wherever the pin stopped; the same pin with another root does not."""
    from ledger.chain.checkpoint import Checkpoint, sign_checkpoint
    from ledger.chain.hashing import leaf_hash
    from ledger.chain.pins import pin_path
    from ledger.chain.tree import Tree

    tree = Tree()
    tree.extend([leaf_hash(data) for data in site.entries()[:pinned]])
    key, path = load_key(site.folder / "home", ORIGIN), pin_path(site.folder / "home", ORIGIN)
    path.write_text(sign_checkpoint(Checkpoint(ORIGIN, pinned, tree.root()), key.signers))
    assert trace("history", "BOX-07").code == 0
    path.write_text(sign_checkpoint(Checkpoint(ORIGIN, pinned, bytes(32)), key.signers))
    assert trace("history", "BOX-07").code == 3
    assert trace("scan", "BOX-99", "--step", "receiving", "--place", "D1").code == 3
    assert parse_checkpoint(path.read_text()).head.root == bytes(32)
