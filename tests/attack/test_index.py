# SPDX-License-Identifier: Apache-2.0
"""D01, D02, B05: the derived tables edited, damaged, dropped. Answers come from the log; the fault is named."""

import pytest

OBJ = "https://acme.example/obj/"
THING = f"(SELECT id FROM d_thing WHERE uri = '{OBJ}BOX-07')"
OWN = [seq for seq in range(1, 301) if seq % 40 == 7]

# What is done to the index, and whether the history of BOX-07 must name it (else only `index check` does).
EDITS = {
    "a mention deleted": (f"DELETE FROM d_mention WHERE thing = {THING} AND seq = 47", True),
    "all mentions deleted": (f"DELETE FROM d_mention WHERE thing = {THING}", True),
    "the thing deleted": (f"DELETE FROM d_thing WHERE uri = '{OBJ}BOX-07'", True),
    "the thing renamed": (f"UPDATE d_thing SET uri = '{OBJ}BOX-0x' WHERE uri = '{OBJ}BOX-07'", True),
    "a mention invented": (
        f"INSERT INTO d_mention SELECT id, 50, 1, 0, 0 FROM d_thing WHERE uri = '{OBJ}BOX-07'",
        True,
    ),
    "a mention of entry 0": (
        f"INSERT INTO d_mention SELECT id, 0, 1, 0, 0 FROM d_thing WHERE uri = '{OBJ}BOX-07'",
        True,
    ),
    "a mention beyond": (
        f"INSERT INTO d_mention SELECT id, 9999, 1, 0, 0 FROM d_thing WHERE uri = '{OBJ}BOX-07'",
        True,
    ),
    "a mention below": (
        f"INSERT INTO d_mention SELECT id, -1, 1, 0, 0 FROM d_thing WHERE uri = '{OBJ}BOX-07'",
        True,
    ),
    "a mention moved": (f"UPDATE d_mention SET seq = 48 WHERE thing = {THING} AND seq = 47", True),
    "all mentions shifted": ("UPDATE d_mention SET seq = seq + 1000", True),
    "covers too little": ("UPDATE d_meta SET value = 300", True),
    "covers too much": ("UPDATE d_meta SET value = 10000", True),
    "covers nothing": ("DELETE FROM d_meta", True),
    "an identity deleted": ("DELETE FROM d_ident WHERE seq = 47", False),
    "an identity moved": ("UPDATE d_ident SET seq = 48 WHERE seq = 47", False),
    "a kind invented": ("INSERT INTO d_kind VALUES ('decision', 47)", False),
    "a kind deleted": ("DELETE FROM d_kind", False),
    "a table dropped": ("DROP TABLE d_mention", True),
    "a trigger laid": ("CREATE TRIGGER t AFTER INSERT ON d_mention BEGIN DELETE FROM attachment; END", True),
    "an index laid": ("CREATE INDEX i ON d_mention(seq)", True),
    "a column added": ("ALTER TABLE d_mention ADD COLUMN x TEXT", True),
    "a view in its place": (
        "ALTER TABLE d_mention RENAME TO d_real; CREATE VIEW d_mention AS SELECT * FROM d_real WHERE seq > 50",
        True,
    ),
    "everything dropped": (
        "; ".join(f"DROP TABLE d_{name}" for name in ("meta", "thing", "mention", "ident", "kind")),
        True,
    ),
}


def tell(trace, item="BOX-07"):
    ran = trace("history", item, "--json")
    return ran, [event["seq"] for event in ran.answer["events"]]


@pytest.mark.parametrize("edit", EDITS, ids=[f"D01 {name}" for name in EDITS])
def test_d01_b05_an_edited_index_is_named_and_not_believed(site, trace, judge, edit):
    statements, named = EDITS[edit]
    site.sql(*statements.split("; ")) if "TRIGGER" not in statements else site.sql(statements)
    before = site.digest
    ran, seqs = tell(trace)
    assert (ran.code, seqs) == (0, OWN)
    assert bool(ran.answer["warnings"]) is named
    assert ("mend: trace index rebuild" in ran.err) is named
    assert judge().answer["verdict"] == "ok"  # the log is what it was
    checked = trace("index", "check", "--json")
    assert (checked.code, checked.answer["verdict"]) == (3, "tampered")
    assert checked.answer["differences"]
    assert site.digest == before  # asking changes nothing
    assert trace("index", "rebuild").code == 0
    assert trace("index", "check").code == 0
    ran, seqs = tell(trace)
    assert (ran.code, seqs, ran.answer["warnings"], ran.err) == (0, OWN, [], "")


@pytest.mark.parametrize(
    "edit", ["everything dropped", "covers too little", "a trigger laid", "a view in its place"]
)
def test_b05_recording_makes_an_unusable_index_anew(site, trace, edit):
    statements = EDITS[edit][0]
    site.sql(*statements.split("; ")) if "TRIGGER" not in statements else site.sql(statements)
    recorded = trace("record", "BOX-07", "--step", "inspecting")
    assert recorded.code == 0
    assert "making it anew from 301 entries" in recorded.err
    assert tell(trace)[1] == [*OWN, 301]
    assert trace("index", "check").code == 0
    assert site.sql("SELECT count(*) FROM attachment") == [(30,)]
    assert trace("record", "BOX-07", "--step", "inspecting").err == ""


def test_d01_rows_laid_in_advance_stop_nobody(site, trace):
    site.sql(
        f"INSERT INTO d_mention SELECT id, 301, 1, 0, 0 FROM d_thing WHERE uri = '{OBJ}BOX-07'",
        "INSERT INTO d_kind VALUES ('erase', 302)",
    )
    assert trace("record", "BOX-07", "--step", "inspecting").code == 0
    assert trace("erase", 20, "--field", "contact", "--reason", "test").code == 0
    assert trace("index", "check").code == 0


def test_d01_an_index_that_calls_news_known_keeps_no_event_out(site, trace, tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text(
        "time,step,item,event_id\n2026-03-05T00:00:00Z,holding,BOX-07,urn:uuid:00000000-0000-4000-8000-999999999999\n"
    )
    from ledger.custody.identity import ident_of

    ident = ident_of("urn:uuid:00000000-0000-4000-8000-999999999999", False).hex()
    site.sql(f"INSERT INTO d_ident(ident, seq, imported) VALUES (x'{ident}', 5, 1)")
    refused = trace("import", table)
    assert refused.code == 3
    assert "index is wrong" in refused.err
    assert trace("index", "rebuild").code == 0
    assert trace("import", table).code == 0
    assert len(site.entries()) == 302


@pytest.mark.parametrize("statement", ["DELETE FROM d_ident", "UPDATE d_ident SET seq = 48 WHERE seq = 47"])
def test_d01_an_event_is_found_by_its_id_all_the_same(site, trace, statement):
    site.sql(statement)
    shown = trace("show", "urn:uuid:00000000-0000-4000-8000-000000000047", "--json")
    assert (shown.code, shown.answer["seq"]) == (0, 47)
    assert "warning" in shown.err


def test_d01_a_false_index_finds_nothing_that_is_not_there(site, trace):
    site.sql(
        f"INSERT INTO d_thing(uri, place) VALUES ('{OBJ}GHOST', 0)",
        f"INSERT INTO d_mention SELECT id, 5, 1, 0, 0 FROM d_thing WHERE uri = '{OBJ}GHOST'",
    )
    ran = trace("history", "GHOST", "--json")
    assert ran.code == 4
    assert "the index is wrong: entry 5" in ran.err


def test_d02_damaged_pages_of_the_index_change_no_answer(site, trace, judge):
    names = ("d_meta", "d_thing", "d_mention", "d_ident", "d_kind")
    rows = site.sql(f"SELECT rootpage FROM sqlite_schema WHERE name IN {names} AND rootpage > 0")
    data = bytearray(site.path.read_bytes())
    for (page,) in rows:
        data[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    site.path.write_bytes(data)
    ran, seqs = tell(trace)
    assert (ran.code, seqs) == (0, OWN)
    assert "cannot be read" in ran.answer["warnings"][0]
    assert judge().answer["verdict"] == "ok"
    assert trace("index", "check").code == 3
    assert trace("index", "rebuild").code == 0
    assert trace("index", "check").code == 0
    assert judge().answer["verdict"] == "ok"
    assert trace("record", "BOX-07", "--step", "inspecting").code == 0
    assert tell(trace)[1] == [*OWN, 301]


@pytest.mark.parametrize("seed", range(12))
def test_d01_no_edit_of_any_row_changes_an_answer(site, trace, seed):
    import random

    rng = random.Random(seed)
    table, column = rng.choice(
        [("d_mention", "seq"), ("d_mention", "thing"), ("d_thing", "uri"), ("d_ident", "seq"), ("d_kind", "seq")]
    )
    value = f"'{OBJ}OTHER'" if column == "uri" else rng.choice([0, 1, 46, 48, 300, 10**9])
    site.sql(
        f"UPDATE OR IGNORE {table} SET {column} = {value} "
        f"WHERE ({table}.{column}) IN (SELECT {column} FROM {table} ORDER BY random() LIMIT 3)"
    )
    for box in ("BOX-06", "BOX-07", "BOX-08"):
        ran, seqs = tell(trace, box)
        assert (ran.code, seqs) == (0, [seq for seq in range(1, 301) if seq % 40 == int(box[-2:])])


def test_d01_in_a_large_log_a_part_chosen_by_chance_is_searched(site, trace, monkeypatch):
    """What the index leaves out is then found sooner or later, and at once by `index check`."""
    monkeypatch.setattr("ledger.custody.index.lookup.PROBED", 100)
    site.sql(f"DELETE FROM d_mention WHERE thing = {THING} AND seq = 127")
    answers = [tell(trace) for _ in range(25)]
    named = [ran for ran, seqs in answers if seqs == OWN and ran.answer["warnings"]]
    assert named
    assert all(seqs == OWN or not ran.answer["warnings"] for ran, seqs in answers)
    assert trace("index", "check").code == 3
