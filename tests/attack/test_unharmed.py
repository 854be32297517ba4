# SPDX-License-Identifier: Apache-2.0
"""B01 to B08: what honest people do to a file raises no alarm; it is byte for byte the same history."""

import sqlite3
from contextlib import closing

import pytest

from ledger.chain.storage.sqlite import SqliteStorage

HARMLESS = {
    "B01 VACUUM": ("VACUUM",),
    "B01 VACUUM with 512-byte pages": ("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 512", "VACUUM"),
    "B01 VACUUM with 64 KiB pages": ("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 65536", "VACUUM"),
    "B01 auto-vacuum": ("PRAGMA auto_vacuum = FULL", "VACUUM"),
    "B01 incremental vacuum": ("PRAGMA auto_vacuum = INCREMENTAL", "VACUUM", "PRAGMA incremental_vacuum"),
    "B01 ANALYZE": ("ANALYZE",),
    "B01 REINDEX": ("REINDEX",),
    "B04 WAL checkpointed": ("PRAGMA wal_checkpoint(TRUNCATE)",),
    "B04 DELETE journal": ("PRAGMA journal_mode = DELETE",),
    "B04 PERSIST journal": ("PRAGMA journal_mode = PERSIST",),
    "B07 extra tables": (
        "CREATE TABLE mine(a, b)",
        "INSERT INTO mine VALUES (1, 2)",
        "CREATE INDEX mine_a ON mine(a)",
        "CREATE VIEW both AS SELECT * FROM mine JOIN entry ON a = seq",
        "CREATE TRIGGER own AFTER INSERT ON mine BEGIN DELETE FROM mine WHERE a = 7; END",
        "CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT UNIQUE) STRICT",
    ),
    "B07 a search table": ("CREATE VIRTUAL TABLE words USING fts5(word)", "INSERT INTO words VALUES ('lettuce')"),
    "B07 a table whose name resembles ours": ("CREATE TABLE entry2(a)", "CREATE TABLE my_entry(seq, bytes)"),
}


def see_it_is_well(site, trace, judge):
    verdict = judge()
    assert (verdict.code, verdict.answer["verdict"], verdict.answer["findings"]) == (0, "ok", [])
    assert verdict.answer["anchor"]["kind"] == "pinned"
    ran = trace("history", "BOX-07", "--json")
    assert (ran.code, len(ran.answer["events"]), ran.answer["warnings"]) == (0, 8, [])
    assert trace("record", "BOX-07", "--step", "inspecting").code == 0
    assert judge().answer["size"] == 302
    assert trace("erase", 20, "--field", "contact", "--reason", "test").code == 0
    assert judge().answer["size"] == 303


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_raises_no_alarm(site, trace, judge, name):
    site.sql(*HARMLESS[name])
    see_it_is_well(site, trace, judge)


@pytest.mark.parametrize("way", ["backup API", "VACUUM INTO"])
def test_b02_a_copy_made_by_sqlite(site, trace, judge, way, tmp_path):
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(site.path)) as source:
        if way == "VACUUM INTO":
            source.execute("VACUUM INTO ?", (str(copy),))
        else:
            with closing(sqlite3.connect(copy)) as target:
                source.backup(target)
    copy.replace(site.path)
    see_it_is_well(site, trace, judge)


def test_b03_dumped_to_text_and_loaded(site, trace, judge):
    with closing(sqlite3.connect(site.path)) as source:
        text = "\n".join(source.iterdump())
        marks = [source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    site.path.unlink()
    with closing(sqlite3.connect(site.path)) as fresh:
        fresh.executescript(text)
        fresh.execute(f"PRAGMA application_id = {marks[0]}")
        fresh.execute(f"PRAGMA user_version = {marks[1]}")
    see_it_is_well(site, trace, judge)


def test_b04_a_wal_that_nobody_has_checkpointed(site, trace, judge):
    store = SqliteStorage(site.path, writable=False)
    with store.snapshot():
        assert trace("record", "BOX-07", "--step", "inspecting").code == 0
        assert (site.folder / "ledger.db-wal").stat().st_size
        assert judge().answer["size"] == 302
    store.close()
    assert judge().answer["size"] == 302


def test_b05_derived_tables_dropped_and_made_anew(site, trace, judge):
    site.sql(*(f"DROP TABLE d_{name}" for name in ("meta", "thing", "mention", "ident", "kind")))
    assert judge().code == 0
    assert trace("index", "rebuild").code == 0
    see_it_is_well(site, trace, judge)


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_b06_another_text_encoding(site, trace, judge, encoding):
    """As a database made on another system, or by another program, may have it."""
    with closing(sqlite3.connect(site.path)) as source:
        text = "\n".join(source.iterdump())
        marks = [source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    site.path.unlink()
    with closing(sqlite3.connect(site.path)) as fresh:
        fresh.execute(f"PRAGMA encoding = '{encoding}'")
        fresh.executescript(text)
        fresh.execute(f"PRAGMA application_id = {marks[0]}")
        fresh.execute(f"PRAGMA user_version = {marks[1]}")
    see_it_is_well(site, trace, judge)


def test_b08_copied_byte_for_byte_elsewhere(site, trace, tmp_path):
    for name in ("ledger.db", "a copy.bak", "no suffix"):
        path = tmp_path / name
        path.write_bytes(site.path.read_bytes())
        ran = trace("verify", path, "--json")
        assert (ran.code, ran.answer["verdict"]) == (0, "ok")
