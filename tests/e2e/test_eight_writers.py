# SPDX-License-Identifier: Apache-2.0
"""Eight processes append to one ledger at once: one chain, nothing is lost and nothing doubled."""

import subprocess
import sys

import pytest

WRITERS, COUNT = 8, 15

SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ledger.chain.keys import load_key
from ledger.chain.log import Log
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder

path, home, origin, mark, count = sys.argv[1:]
key = load_key(Path(home), origin)
log = Log(SqliteStorage(Path(path), writable=True), key, lambda: datetime.now(UTC), Path(home))
recorder = Recorder(log, make_policy())
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    appended = recorder.record_other("note", {"mark": mark, "number": number}, by=mark, via="typed")
    print(appended.first, flush=True)
if log.pin_fault:
    sys.exit(log.pin_fault)
log.close()
"""


@pytest.mark.slow
def test_eight_writers_at_once(site):
    marks = [f"writer-{number}" for number in range(WRITERS)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, site.ledger, site.home, "acme.example/dc1", mark, str(COUNT)],
            cwd=site.folder,
            env=site.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for mark in marks
    ]
    assert [process.stdout.readline() for process in running] == ["ready\n"] * WRITERS
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate() for process in running]
    assert [(process.returncode, err) for process, (_, err) in zip(running, told, strict=True)] == [
        (0, "")
    ] * WRITERS
    acknowledged = {mark: [int(line) for line in out.split()] for mark, (out, _) in zip(marks, told, strict=True)}

    verdict = site.good("verify", "--json").answer
    assert (verdict["verdict"], verdict["size"]) == ("ok", 1 + WRITERS * COUNT)
    assert sorted(seq for seqs in acknowledged.values() for seq in seqs) == list(range(1, 1 + WRITERS * COUNT))
    for mark, seqs in acknowledged.items():
        assert seqs == sorted(seqs)
        assert own_entries(site, mark) == [(seq, number) for number, seq in enumerate(seqs)]
    # None had the ledger to itself.
    assert any(seqs[-1] - seqs[0] >= COUNT for seqs in acknowledged.values())


def own_entries(site, mark):
    """Read what one writer recorded, as (seq, its own number), from the file itself."""
    import sqlite3
    from contextlib import closing

    from ledger.chain.entry import parse_entry

    with closing(sqlite3.connect(f"file:{site.ledger}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT bytes FROM entry ORDER BY seq").fetchall()
    entries = [parse_entry(data) for (data,) in rows]
    return [(entry.seq, int(entry.body["number"])) for entry in entries if entry.by == mark]
