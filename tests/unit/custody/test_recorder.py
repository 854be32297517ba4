# SPDX-License-Identifier: Apache-2.0
"""What is a duplicate, what the index says, and that nothing is half-recorded."""

from contextlib import closing

import pytest

from ledger.chain.errors import Refused
from ledger.chain.log import Log
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.chain.verify import verify
from ledger.custody.index import read as index
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder

OBJ = "https://acme.example/obj/"


def test_seqs_follow_the_order_given(make_recorder, record, obj):
    recorder = make_recorder()
    first = record(recorder, obj(1, 0, "A"), obj(2, 1, "B"))
    second = record(recorder, obj(3, 2, "C"))
    assert (first.seqs, first.count, second.seqs) == ((1, 2), 2, (3,))
    assert (first.appended.first, second.appended.head.size) == (1, 4)


def test_duplicates_inside_one_commit(make_recorder, record, obj):
    outcome = record(make_recorder(), obj(1, 0, "A"), obj(2, 0, "B"), obj(1, 0, "A"), obj(3, 0, "C"))
    assert outcome.seqs == (1, 2, None, 3)
    assert [(found.position, found.seq, found.event_id) for found in outcome.duplicates] == [(2, 1, "urn:uuid:1")]


def test_duplicates_across_commits(make_recorder, record, obj):
    recorder = make_recorder()
    record(recorder, obj(1, 0, "A"))
    mixed = record(recorder, obj(1, 0, "A"), obj(2, 0, "B"))
    assert mixed.seqs == (None, 2)
    again = record(recorder, obj(1, 0, "A"), obj(2, 0, "B"))
    assert (again.appended, again.count, again.seqs) == (None, 0, (None, None))
    assert recorder.log.size == 3


def test_a_correction_is_no_duplicate_of_what_it_corrects(make_recorder, record, obj):
    recorder = make_recorder()
    withdrawn = obj(1, 0, "A") | {"errorDeclaration": {"declarationTime": "2026-03-02T00:00:00Z"}}
    assert record(recorder, obj(1, 0, "A"), withdrawn, withdrawn).seqs == (1, 2, None)


def test_a_second_writer_sees_the_duplicates_of_the_first(
    make_recorder, record, obj, tmp_path, site_key, make_clock
):
    one = make_recorder()
    storage = SqliteStorage(tmp_path / "ledger.db", writable=True)
    two = Recorder(Log(storage, site_key, make_clock(), None), make_policy())
    record(one, obj(1, 0, "A"))
    assert record(two, obj(1, 0, "A"), obj(2, 0, "A")).seqs == (None, 2)
    assert record(one, obj(2, 0, "A"), obj(3, 0, "A")).seqs == (None, 3)
    two.log.close()


def test_the_index(make_recorder, record, obj, pack, looking):
    recorder = make_recorder()
    record(
        recorder,
        obj(1, 0, "A", "B", readPoint={"id": "https://acme.example/loc/P"}),
        pack(2, 1, "PAL", "A"),
        obj(3, 2, "PAL", bizLocation={"id": "https://acme.example/loc/Q"}),
    )
    with looking() as (view, _):
        connection = view.connection
        assert index.covered_size(connection) == 4
        assert index.mentions_of(connection, OBJ + "A") == [1, 2]
        assert index.mentions_of(connection, OBJ + "PAL") == [2, 3]
        assert index.mentions_of(connection, OBJ + "Z") == []
        assert index.is_known(connection, OBJ + "B")
        assert not index.is_known(connection, "https://acme.example/loc/P")
        assert index.ending_with(connection, "/A") == [OBJ + "A"]
        assert index.ending_with(connection, "/P") == []
        assert index.seqs_of_kind(connection, "key") == [0]
        places = connection.execute("SELECT uri FROM d_thing WHERE place = 1 ORDER BY uri").fetchall()
        assert places == [("https://acme.example/loc/P",), ("https://acme.example/loc/Q",)]


def test_other_entries_are_indexed_by_kind(make_recorder, record, obj, looking):
    recorder = make_recorder()
    recorder.record_other("decision", {"command": "forecast"}, by="x", via="typed")
    record(recorder, obj(1, 0, "A"))
    with looking() as (view, reader):
        assert index.seqs_of_kind(view.connection, "decision") == [1]
        assert index.covered_size(view.connection) == 3
        assert reader.entry(1).body == {"command": "forecast"}


def test_a_commit_that_fails_leaves_nothing_and_spoils_nothing(make_recorder, record, obj, looking, policy):
    recorder = make_recorder()
    record(recorder, obj(1, 0, "A"))
    before = recorder.log.size

    def fail():
        raise RuntimeError("the clock stopped")

    clock, recorder.log._clock = recorder.log._clock, fail
    with pytest.raises(RuntimeError):
        record(recorder, obj(2, 0, "NEW"))
    recorder.log._clock = clock
    real = recorder._index.write_size
    recorder._index.write_size = lambda *_: fail()
    with pytest.raises(RuntimeError):
        record(recorder, obj(2, 0, "NEW"))
    recorder._index.write_size = real
    assert recorder.log.size == before
    assert record(recorder, obj(2, 0, "NEW"), obj(3, 0, "NEW")).seqs == (2, 3)
    with looking() as (view, _):
        assert index.mentions_of(view.connection, OBJ + "NEW") == [2, 3]
        assert verify(view, origin=None, policy=policy, pin=None).word == "ok"


def test_reserved_keys_are_refused_at_any_depth(make_recorder, record, obj):
    recorder = make_recorder()
    for extra in ({"_commit": "00" * 32}, {"own:x": [{"_commit": "00" * 32}]}):
        with pytest.raises(Refused, match="reserved"):
            record(recorder, obj(1, 0, "A") | extra)
    assert recorder.log.size == 1


def test_a_ledger_is_begun_once(make_recorder, tmp_path):
    make_recorder()
    with pytest.raises(Refused, match="there is a file already"):
        make_recorder()
    with closing(SqliteStorage(tmp_path / "ledger.db", writable=False)) as storage, storage.snapshot() as view:
        assert view.entry(1) is None
