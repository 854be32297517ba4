# SPDX-License-Identifier: Apache-2.0
"""D09 to D12: files made to mislead whoever opens them. Refused with exit code 6, never followed, never a hang."""

import os
import shutil

import pytest

HOSTILE = {
    "D09 the root page of another table": (
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'entry') "
        "WHERE name = 'checkpoint'",
    ),
    "D09 a table of the user on a page of ours": (
        "CREATE TABLE mine(a)",
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'entry') "
        "WHERE name = 'mine'",
    ),
    "D09 a root page that there is not": ("UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'tile'",),
    "D09 a schema that is no SQL": ("UPDATE sqlite_schema SET sql = 'nonsense' WHERE name = 'tile'",),
    "D09 a second table of one name": (
        "INSERT INTO sqlite_schema SELECT type, name, tbl_name, rootpage, sql "
        "FROM sqlite_schema WHERE name = 'tile'",
    ),
    "D09 a table renamed in the list only": ("UPDATE sqlite_schema SET name = 'Entry' WHERE name = 'entry'",),
    "D09 a trigger that deletes what is private": (
        "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM attachment; END",
    ),
    "D09 a trigger on the checkpoints": ("CREATE TRIGGER t BEFORE DELETE ON checkpoint BEGIN SELECT 1; END",),
    "D09 an index of somebody on our table": ("CREATE INDEX i ON entry(bytes)",),
    "D09 a unique index that stops appending": ("CREATE UNIQUE INDEX i ON checkpoint(note)",),
    "D09 a view in place of a table": (
        "ALTER TABLE entry RENAME TO d_hidden",
        "CREATE VIEW entry AS SELECT * FROM d_hidden",
    ),
    "D09 a virtual table in place of a table": (
        "DROP TABLE attachment",
        "CREATE VIRTUAL TABLE attachment USING fts5(a)",
    ),
    "D09 a looser table": ("UPDATE sqlite_schema SET sql = replace(sql, ' STRICT', '') WHERE name = 'entry'",),
    "D10 another program's file": ("PRAGMA application_id = 42",),
    "D10 no program's file": ("PRAGMA application_id = 0",),
    "D10 a future format": ("PRAGMA user_version = 2",),
    "D10 no format": ("PRAGMA user_version = 0",),
    "D10 a negative format": ("PRAGMA user_version = -1",),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_schemas_are_refused_and_left_alone(site, trace, judge, name):
    site.sql(*HOSTILE[name])
    ran = judge()
    assert ran.code == 6, ran.out
    assert ran.answer["error"]["message"]
    before = site.digest
    for arguments in (["record", "BOX-1", "--step", "holding"], ["history", "BOX-07"], ["index", "rebuild"]):
        told = trace(*arguments)
        assert (told.code, site.digest) == (6, before), arguments
        assert "mend: " in told.err
    if name == "D10 a future format":
        assert "upgrade" in told.err


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TRIGGER t AFTER INSERT ON d_mention BEGIN DELETE FROM attachment; END",),
        ("DROP TABLE d_kind", "CREATE VIEW d_kind AS SELECT 'key' AS kind, 0 AS seq"),
    ],
)
def test_d09_what_is_laid_on_the_index_never_runs(site, trace, judge, statements):
    site.sql(*statements)
    assert trace("record", "BOX-1", "--step", "holding").code == 0
    assert site.sql("SELECT count(*) FROM attachment") == [(30,)]
    assert site.sql("SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')") == [(0,)]
    assert judge().code == 0


@pytest.mark.parametrize("make", ["fifo", "link", "directory", "dangling"])
@pytest.mark.parametrize("suffix", ["-wal", "-journal", "-shm"])
def test_d11_what_lies_beside_the_file_leads_nowhere(site, trace, suffix, make, tmp_path):
    beside, elsewhere = site.folder / f"ledger.db{suffix}", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    if make == "fifo":
        os.mkfifo(beside)
    elif make == "directory":
        beside.mkdir()
    else:
        beside.symlink_to(elsewhere if make == "link" else tmp_path / "gone")
    for arguments in (["verify"], ["record", "BOX-1", "--step", "holding"]):
        assert trace(*arguments).code == 6
    assert elsewhere.read_bytes() == b"precious"
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("name", ["a?mode=memory", "b#c", "100%41", "file:x?mode=rwc", "d&immutable=1", "'; DROP"])
def test_d11_a_path_is_opened_literally(site, trace, tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    copy = folder / name
    shutil.copy(site.path, copy)
    before = sorted(path.name for path in tmp_path.iterdir())
    ran = trace("verify", copy, "--json")
    assert (ran.code, ran.answer["verdict"], ran.answer["size"]) == (0, "ok", 301)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_d11_a_linked_ledger_is_judged_as_what_it_leads_to(site, trace, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(site.path)
    assert trace("verify", link, "--json").answer["verdict"] == "ok"


@pytest.mark.parametrize("kind", ["empty", "text", "zeros", "directory", "fifo", "device", "nothing", "sqlite"])
def test_d12_what_is_no_ledger_is_refused_at_once(site, trace, tmp_path, kind):
    path = tmp_path / "other.db"
    if kind in ("empty", "text", "zeros"):
        path.write_bytes({"empty": b"", "text": b"Dear Sir,\n" * 2000, "zeros": bytes(8192)}[kind])
    elif kind == "directory":
        (path / "ledger.db").mkdir(parents=True)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path = "/dev/zero"
    elif kind == "sqlite":
        import sqlite3

        sqlite3.connect(path).execute("CREATE TABLE a(b)").connection.close()
    ran = trace("verify", path, "--json")
    assert ran.code == 6
    assert ran.answer["error"]["code"] == 6
