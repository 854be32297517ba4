# SPDX-License-Identifier: Apache-2.0
"""D01, D04: codes that come together are read ahead. Nothing is believed of it that would not be, one by one.

A log that is too large to be searched for what the index leaves out is taken for granted here, so that what was
read ahead is all that an answer rests on.
"""

import io
import json
import sys

import pytest

from ledger.custody.index.lookup import Lookup
from trace_cli.asking import asking

OBJ = "https://acme.example/obj/"
THING = f"(SELECT id FROM d_thing WHERE uri = '{OBJ}BOX-07')"
LAST = 287  # of the entries that name BOX-07; 299 names BOX-19, and holds nothing private
CODES = ("BOX-06", "BOX-07", "BOX-08")


@pytest.fixture
def answers(trace, monkeypatch):
    """Asks for some codes together, as of a large log; gives what is said, and what is warned of."""

    def ask(*codes):
        monkeypatch.setattr(Lookup.__init__, "__kwdefaults__", {"probed": 0})
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(codes).encode())))
        ran = trace("check", "-")
        assert ran.code == 0
        return [json.loads(line) for line in ran.out.splitlines()], ran.err

    return ask


def invented(seq):
    return f"INSERT INTO d_mention SELECT id, {seq}, 1, 0, 0 FROM d_thing WHERE uri = '{OBJ}BOX-07'"


LIES = {
    "of another thing's entry": invented(299),
    "of no event": invented(0),
    "beyond the log": invented(9999),
    "below the log": invented(-1),
    "in place of the last": f"UPDATE d_mention SET seq = 299 WHERE thing = {THING} AND seq = {LAST}",
    "as another thing": f"UPDATE d_thing SET uri = '{OBJ}BOX-x' WHERE uri = '{OBJ}BOX-07';"
    f"UPDATE d_thing SET uri = '{OBJ}BOX-07' WHERE uri = '{OBJ}BOX-19'",
}


@pytest.mark.parametrize("lie", LIES, ids=[f"D01 {name}" for name in LIES])
def test_d01_what_the_index_adds_is_no_evidence(site, answers, lie):
    honest, told = answers(*CODES)
    assert [one["seqs"] for one in honest] == [[286], [LAST], [288]]
    assert told == ""
    site.sql(*LIES[lie].split(";"))
    found, told = answers(*CODES)
    assert found == honest
    assert "the index is wrong" in told
    assert "mend: trace index rebuild" in told


@pytest.mark.parametrize("lie", LIES, ids=[f"D01 {name}" for name in LIES])
def test_d01_events_that_name_another_thing_are_not_handed_out(site, monkeypatch, lie):
    monkeypatch.setattr(Lookup.__init__, "__kwdefaults__", {"probed": 0})
    uris = [f"{OBJ}{code}" for code in CODES]

    def handed_out():
        with asking(None) as found:
            found.lookup.read_ahead(uris)
            return [found.lookup.events_ahead(uri) for uri in uris]

    honest = handed_out()
    assert [[event.seq for event in events] for events in honest] == [list(range(n, 301, 40)) for n in (6, 7, 8)]
    site.sql(*LIES[lie].split(";"))
    assert handed_out() == [honest[0], None, honest[2]]


@pytest.mark.parametrize("seq", [LAST, 47])
def test_d04_a_changed_entry_is_no_evidence(site, answers, seq):
    honest, _ = answers(*CODES)
    site.sql(f"UPDATE entry SET bytes = CAST(replace(bytes, 'holding', 'packing') AS BLOB) WHERE seq = {seq}")
    found, _ = answers(*CODES)
    assert (found[0], found[2]) == (honest[0], honest[2])
    assert (found[1]["verdict"], found[1]["seqs"]) == ("cannot_tell", [])
    assert f"entry {seq} " in found[1]["explanation"]


def test_d04_the_bytes_of_one_entry_do_not_pass_for_another(site, answers):
    site.sql(f"UPDATE entry SET bytes = (SELECT bytes FROM entry WHERE seq = 247) WHERE seq = {LAST}")
    found, _ = answers(*CODES)
    assert [one["verdict"] for one in found] == ["held", "cannot_tell", "held"]


def test_what_is_withdrawn_does_not_count(site, trace, answers):
    assert trace("correct", LAST, "--reason", "did_not_occur").code == 0
    found, _ = answers(*CODES)
    assert [one["seqs"] for one in found] == [[286], [247], [288]]


def test_private_values_are_read_from_where_they_are(site, answers, trace):
    """Each tenth event has a contact: BOX-10 is named by events with one alone."""
    alone = trace("check", "BOX-10", "--json").answer
    assert answers("BOX-10")[0] == [alone]
