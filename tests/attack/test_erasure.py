# SPDX-License-Identifier: Apache-2.0
"""X01 to X05: what was erased is gone, says why, and cannot come back unseen."""

import sqlite3
from contextlib import closing

import pytest

from ledger.chain.storage.sqlite import SqliteStorage

SEQ = 20  # an event with a contact
SECRET = b"Nora Nameless, +49 30 555-0020"
REASON = "asked by the person, request 114"


def leftovers(site, *needles):
    """Finds bytes in any file of the folder."""
    files = [path for path in site.folder.rglob("*") if path.is_file()]
    return [(path.name, needle) for path in files for needle in needles if needle in path.read_bytes()]


def held(site, seq=SEQ):
    digest = site.entries()[seq].split(b'{"_commit":"')[1][:64].decode()
    found = site.sql(f"SELECT hash, salt, data FROM attachment WHERE hash = x'{digest}'")
    return found[0] if found else None


def put(site, digest, salt, data):
    with closing(sqlite3.connect(site.path, isolation_level=None)) as connection:
        connection.execute("INSERT OR REPLACE INTO attachment VALUES (?, ?, ?)", (digest, salt, data))


@pytest.mark.parametrize("field", ["contact", "own:contact", "CONTACT"])
def test_x01_x05_an_erased_value_leaves_no_trace_and_changes_no_hash(site, trace, judge, field):
    before, (_, salt, _) = site.entries(), held(site)
    assert leftovers(site, SECRET, salt)
    done = trace("erase", SEQ, "--field", field, "--reason", REASON, "--json")
    assert (done.code, done.answer["seq"], done.answer["erased"], done.answer["clean"]) == (0, 301, 1, True)
    assert leftovers(site, SECRET, salt) == []
    assert site.entries()[:-1] == before
    verdict = judge()
    assert (verdict.code, verdict.answer["verdict"], verdict.answer["findings"]) == (0, "ok", [])
    shown = trace("show", SEQ)
    assert "withheld: own:contact, erased by auditor on" in shown.out
    assert REASON in shown.out
    (why,) = trace("show", SEQ, "--json").answer["withheld"]
    assert (why["field"], why["reason"], why["erase_seq"]) == ("own:contact", REASON, 301)
    assert "erased" in trace("log", "-n", 1).out
    assert trace("show", 30, "--json").answer["withheld"] == []
    assert trace("history", "BOX-20", "--json").code == 0
    assert trace("index", "check").code == 0


def test_x01_erasing_twice_says_when_it_was_done(site, trace):
    trace("erase", SEQ, "--field", "contact", "--reason", REASON)
    again = trace("erase", SEQ, "--field", "contact", "--reason", REASON, "--json")
    assert (again.code, again.answer["seq"], again.answer["erased_before"]) == (0, None, [301])
    assert len(site.entries()) == 302


@pytest.mark.parametrize(
    ("seq", "field", "line"),
    [
        (SEQ, "readPoint", '[private] fields = ["readpoint"]'),
        (SEQ, "epcList", '[private] fields = ["epclist"]'),
        (21, "contact", '[private] fields = ["contact"]'),
        (SEQ, "eventID", "never"),
        (0, "add", '[private] fields = ["add"]'),
    ],
)
def test_x01_what_was_not_private_cannot_be_erased(site, trace, seq, field, line):
    before = site.digest
    refused = trace("erase", seq, "--field", field, "--reason", REASON)
    assert (refused.code, site.digest) == (5, before)
    assert line in refused.err


def test_x01_an_erase_entry_itself_cannot_be_erased(site, trace):
    trace("erase", SEQ, "--field", "contact", "--reason", REASON)
    assert trace("erase", 301, "--field", "digests", "--reason", REASON).code == 5


def test_x01_a_reason_that_repeats_the_value_is_refused(site, trace):
    before = site.digest
    assert trace("erase", SEQ, "--field", "contact", "--reason", f"no {SECRET.decode()}!").code == 5
    assert trace("erase", SEQ, "--field", "contact", "--reason", " ").code == 2
    assert trace("erase", 999, "--field", "contact", "--reason", REASON).code == 4
    assert site.digest == before


@pytest.mark.parametrize("change", [b"", b"x"], ids=["restored", "changed"])
def test_x02_a_value_that_comes_back_is_tampering(site, trace, judge, change):
    digest, salt, data = held(site)
    trace("erase", SEQ, "--field", "contact", "--reason", REASON)
    put(site, digest, salt, data + change)
    verdict = judge()
    assert (verdict.code, verdict.answer["verdict"], verdict.answer["first_bad_seq"]) == (3, "tampered", SEQ)
    assert [found["kind"] for found in verdict.answer["findings"]] == ["attachment"]


def test_x03_the_salt_goes_with_the_value(site, trace):
    digest, salt, _ = held(site)
    assert len(salt) == 16
    trace("erase", SEQ, "--field", "contact", "--reason", REASON)
    assert held(site) is None
    assert digest.hex().encode() in site.entries()[-1]
    assert leftovers(site, salt) == []


def test_x04_a_value_that_went_without_an_erase_entry_is_missed(site, trace, judge):
    digest, _, _ = held(site, 30)
    trace("erase", SEQ, "--field", "contact", "--reason", REASON)
    site.sql(f"DELETE FROM attachment WHERE hash = x'{digest.hex()}'")
    verdict = judge()
    assert (verdict.code, verdict.answer["verdict"], verdict.answer["first_bad_seq"]) == (3, "tampered", 30)
    assert [found["kind"] for found in verdict.answer["findings"]] == ["missing attachment"]
    assert "no entry says why" in trace("show", 30).out


def test_x04_an_erase_entry_that_nobody_signed_excuses_nothing(site, trace, judge):
    digest, _, _ = held(site)
    forged = site.entries()[-1][:64] + (
        b',"_seq":301,"body":{"digests":[{"_commit":"%s"}],"field":"contact","reason":"x","seq":20},"by":"x",'
        b'"kind":"erase","rec":"2026-03-01T20:15:00.000Z","via":"typed"}' % digest.hex().encode()
    )
    site.sql(
        f"DELETE FROM attachment WHERE hash = x'{digest.hex()}'",
        f"INSERT INTO entry VALUES (301, x'{forged.hex()}')",
    )
    verdict = judge()
    assert (verdict.code, verdict.answer["verdict"]) == (3, "tampered")
    assert "unsigned" in {found["kind"] for found in verdict.answer["findings"]}


def test_x05_values_of_many_pages_and_sizes_leave_no_trace(site, trace):
    """Rows that moved when pages were split, and values that fill pages of their own."""
    secrets = [b"%05d-secret-" % number * (1 + number % 40 * 20) for number in range(120)]
    for at in range(0, 120, 10):
        arguments = ["record", "BOX-1", "--step", "holding"]
        for secret in secrets[at : at + 10]:
            # Each event has one contact, so ten events.
            trace(*arguments, "--field", f"contact={secret.decode()}")
    victims = range(301, 421, 7)
    for seq in victims:
        assert trace("erase", seq, "--field", "contact", "--reason", "test").code == 0
    gone = [secrets[seq - 301] for seq in victims]
    assert leftovers(site, *gone) == []
    assert trace("verify").code == 0


def test_x05_a_reader_that_stays_is_told_and_a_second_run_finishes(site, trace, monkeypatch):
    monkeypatch.setattr("ledger.chain.storage.sqlite.LOCK_WAIT", 0.2)
    reader = SqliteStorage(site.path, writable=False)
    trace("record", "BOX-1", "--step", "holding")  # something in the WAL that the reader looks at
    with reader.snapshot() as view:
        assert view.head()
        first = trace("erase", SEQ, "--field", "contact", "--reason", REASON)
        assert first.code == 0
        assert "warning: another process still reads" in first.err
    reader.close()
    again = trace("erase", SEQ, "--field", "contact", "--reason", REASON, "--json")
    assert (again.code, again.answer["clean"]) == (0, True)
    assert leftovers(site, SECRET) == []


def test_x01_a_quick_verification_after_an_erasure_is_ok_too(site, trace):
    trace("erase", SEQ, "--field", "contact", "--reason", REASON)
    ran = trace("verify", "--quick", "--json")
    assert (ran.code, ran.answer["verdict"], ran.answer["size"]) == (0, "ok", 302)


def test_x05_the_index_holds_nothing_of_what_is_private(site, trace):
    settings = site.folder / "trace.toml"
    settings.write_text(settings.read_text().replace("fields = []", 'fields = ["readPoint"]'))
    assert trace("record", "BOX-1", "--step", "holding", "--place", "SECRET-DOCK").code == 0
    assert site.sql("SELECT count(*) FROM d_thing WHERE uri LIKE '%SECRET%'") == [(0,)]
    assert trace("index", "check").code == 0
    assert trace("erase", 301, "--field", "readPoint", "--reason", "asked for").code == 0
    assert leftovers(site, b"SECRET-DOCK") == []
