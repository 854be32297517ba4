# SPDX-License-Identifier: Apache-2.0
import json
import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest

from ledger.chain.commitment import find_commitments, is_commitment
from ledger.chain.errors import Refused, Untrue
from ledger.custody.facts import read_facts
from ledger.custody.history import read_events
from ledger.custody.kinds.registry import KINDS
from ledger.custody.privacy import covers_any, make_policy, reveal, seal

EVENT = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:1",
    "eventTime": "2026-03-01T08:15:00Z",
    "bizStep": "shipping",
    "quantityList": [{"epcClass": "https://acme.example/class/A", "quantity": Decimal("4.5"), "uom": "KGM"}],
    "sourceList": [
        {"type": "location", "source": "https://acme.example/loc/DC"},
        {"type": "possessing_party", "source": "https://acme.example/party/SECRET-PARTY"},
        {"type": "urn:epcglobal:cbv:sdt:owning_party", "source": "https://acme.example/party/SECRET-OWNER"},
    ],
    "destinationList": [
        {
            "type": "https://ref.gs1.org/cbv/SDT-possessing_party",
            "destination": "https://acme.example/party/SECRET-BUYER",
        }
    ],
    "bizTransactionList": [{"bizTransaction": "https://acme.example/bt/SECRET-ORDER"}],
    "trace:party": "https://acme.example/party/SECRET-THIRD",
    "trace:quantity": 77123,
    "own:contact": {"name": "SECRET-NAME", "phones": ["SECRET-PHONE"]},
    "https://other.example/ns#Price": "SECRET-PRICE",
    "ilmd": {"other:Note": "SECRET-NOTE", "other:best_before": "2026-04-01"},
}


class Held:
    """A view of which only the attachments are asked for."""

    def __init__(self, attachments):
        self.held = {item.digest: item for item in attachments}

    def attachment(self, digest):
        return self.held.get(digest)


def test_contacts_prices_and_free_text_are_private_by_default():
    sealed, kept = seal(EVENT, make_policy())
    assert is_commitment(sealed["own:contact"])
    assert is_commitment(sealed["https://other.example/ns#Price"])
    assert is_commitment(sealed["ilmd"]["other:Note"])
    assert sealed["ilmd"]["other:best_before"] == "2026-04-01"
    assert sealed["trace:party"] == EVENT["trace:party"]
    assert len(kept) == 3


def test_parties_documents_and_quantities():
    sealed, kept = seal(EVENT, make_policy(["party", "document", "quantity"]))
    assert "SECRET" not in json.dumps(sealed, default=str)
    assert "77123" not in json.dumps(sealed, default=str)
    assert sealed["sourceList"][0] == EVENT["sourceList"][0]
    assert sealed["sourceList"][1]["type"] == "possessing_party"
    assert is_commitment(sealed["quantityList"][0]["quantity"])
    assert sealed["quantityList"][0]["epcClass"] == "https://acme.example/class/A"
    assert reveal(sealed, Held(kept)) == EVENT


@pytest.mark.parametrize(
    "name", ["temperature", "own:temperature", "TEMPERATURE", "https://x.example/ns#temperature"]
)
def test_a_field_is_meant_however_it_is_written(name):
    sealed, _ = seal({"own:Temperature": "4"}, make_policy([name]))
    assert is_commitment(sealed["own:Temperature"])


@pytest.mark.parametrize("name", ["trace:party", "Party"])
def test_standard_fields_too(name):
    sealed, _ = seal(EVENT, make_policy([name]))
    assert "SECRET-BUYER" not in json.dumps(sealed, default=str)


def test_what_is_made_public_is_public():
    policy = make_policy(["temperature"], ["own:contact", "temperature"])
    assert not covers_any({"own:contact": "x", "own:temperature": 1}, policy)
    assert covers_any({"own:phone": "x"}, policy)


@pytest.mark.parametrize(
    "name", ["type", "eventTime", "eventID", "recordTime", "action", "bizStep", "id", "parentID", "x:ACTION"]
)
def test_what_an_event_needs_can_never_be_private(name):
    with pytest.raises(Refused, match="can never be private"):
        make_policy([name])


def test_each_commitment_has_its_own_salt():
    _, kept = seal({"a": {"note": "x"}, "b": {"note": "x"}}, make_policy())
    assert len({item.digest for item in kept}) == len({item.salt for item in kept}) == 2
    assert all(len(item.salt) == 16 for item in kept)


def test_what_was_withheld_stays_a_commitment():
    sealed, kept = seal(EVENT, make_policy())
    shown = reveal(sealed, Held(kept[1:]))
    hidden = [key for key in ("own:contact", "https://other.example/ns#Price") if is_commitment(shown[key])]
    assert len(hidden) + is_commitment(shown["ilmd"]["other:Note"]) == 1


def test_a_forged_value_is_never_shown():
    sealed, kept = seal({"own:contact": "Ann"}, make_policy())
    held = Held(kept)
    (digest,) = held.held
    forged = type(kept[0])(digest, kept[0].salt, b'"Eve"')
    held.held[digest] = forged
    with pytest.raises(Untrue, match="private value was changed"):
        reveal(sealed, held)
    assert reveal(sealed, held, doubtful=True) == sealed


@pytest.mark.parametrize(
    "private",
    [
        ["epcList", "quantityList", "childEPCs"],
        ["sourceList", "destinationList", "readPoint"],
        ["party", "quantity"],
    ],
)
def test_facts_can_be_read_whatever_is_private(private):
    lists = {"epcList": ["a"], "childEPCs": ["b"], "readPoint": {"id": "p"}, "bizLocation": {"id": "p"}}
    for kind in KINDS:
        sealed, _ = seal(EVENT | lists | {"type": kind}, make_policy(private))
        facts = read_facts(sealed)
        assert all("_commit" not in mention.uri for mention in facts.mentions)
        assert facts.event_id == "urn:uuid:1"


def test_no_private_value_is_in_any_entry(make_recorder, record, looking, tmp_path, body):
    recorder = make_recorder("party", "document", "quantity")
    record(recorder, EVENT)
    recorder.log.close()
    with looking() as (view, reader):
        stored = [data for _, data in view.entries()]
        assert len(stored) == 2
        assert b"SECRET" not in b"".join(stored)
        assert b"77123" not in b"".join(stored)
        assert len(list(find_commitments(stored[1]))) == 10
        assert reveal(reader.entry(1).body, view) == EVENT
        (event,) = read_events(view, 2)
        assert "https://acme.example/party/SECRET-BUYER" in dict(event.facts.parties).values()
    # Once the values are withheld, nothing of them is left anywhere in the file, derived tables included.
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM attachment")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = (tmp_path / "ledger.db").read_bytes()
    assert b"SECRET" not in whole
    assert b"77123" not in whole


def test_names_may_be_in_the_plural_and_a_place_is_never_private():
    assert make_policy(["parties", "Documents"]).names >= {"party", "document", "biztransactionlist"}
    with pytest.raises(Refused, match="place"):
        make_policy(["place"])


def test_the_text_of_an_extension_and_a_context_are_no_fields_of_that_name():
    event = {"@context": [{"note": "https://x.example/"}], "ext:a": {"#text": "7", "unit": "KGM"}}
    assert seal(event, make_policy()) == (event, ())
    assert seal({"ext:note": {"#text": "7"}}, make_policy())[0]["ext:note"].keys() == {"_commit"}
