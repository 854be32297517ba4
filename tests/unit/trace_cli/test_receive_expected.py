# SPDX-License-Identifier: Apache-2.0
"""`receive --expect`: what a sender declares in EPCIS 1.2 (DSCSA) against what is in hand."""

import json
import os
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.custody.exchange.delivery import Delivery
from trace_cli.capture import Circumstances
from trace_cli.context import find_site, now
from trace_cli.dock.book import Book
from trace_cli.dock.declared import DeclaredList, read_declared_list, read_expected
from trace_cli.dock.journal import begin
from trace_cli.dock.reader import Read
from trace_cli.dock.screen import Screen
from trace_cli.dock.session import Session
from trace_cli.errors import CommandError

PALLET = "urn:epc:id:sscc:9521234.1000000001"
CASES = ["urn:epc:id:sgtin:9521234.110000.C1", "urn:epc:id:sgtin:9521234.110000.C2"]
UNITS = [f"urn:epc:id:sgtin:9521234.010000.U{number}" for number in range(1, 7)]
GTIN = "09521234100003"
ORDER = "urn:epcglobal:cbv:bt:9521234000006:"


def event(kind, inner, time="2026-03-01T08:00:00Z"):
    return (
        f"<{kind}><eventTime>{time}</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>{inner}</{kind}>"
    )


def epcs(uris, tag="epcList"):
    return f"<{tag}>{''.join(f'<epc>{uri}</epc>' for uri in uris)}</{tag}>"


def made(uris, lot="A123", expiry="2049-03-27"):
    ilmd = (
        f"<extension><ilmd><m:lotNumber>{lot}</m:lotNumber><m:itemExpirationDate>{expiry}</m:itemExpirationDate>"
    )
    step = "<bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>"
    return event("ObjectEvent", f"{epcs(uris)}<action>ADD</action>{step}{ilmd}</ilmd></extension>")


def packed(parent, children, time="2026-03-01T09:00:00Z", action="ADD"):
    step = "<bizStep>urn:epcglobal:cbv:bizstep:packing</bizStep>"
    inner = f"<parentID>{parent}</parentID>{epcs(children, 'childEPCs')}<action>{action}</action>{step}"
    return event("AggregationEvent", inner, time)


def shipped(uris, time="2026-03-02T08:00:00Z", to="urn:epc:id:sgln:9521234.00002.0", order="PO-1"):
    step = "<action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>"
    type_ = "urn:epcglobal:cbv:btt:po"
    terms = (
        f'<bizTransactionList><bizTransaction type="{type_}">{ORDER}{order}</bizTransaction></bizTransactionList>'
    )
    place = (
        f'<destinationList><destination type="urn:epcglobal:cbv:sdt:location">{to}</destination></destinationList>'
    )
    return event("ObjectEvent", f"{epcs(uris)}{step}{terms}<extension>{place}</extension>", time)


def document(*events, head=""):
    begin = f'<?xml version="1.0"?>{head}<e:EPCISDocument'
    names = 'xmlns:e="urn:epcglobal:epcis:xsd:1" xmlns:m="urn:epcglobal:cbv:mda" xmlns:us="http://epcis.gs1us.org/hc/ns"'
    statement = "<us:dscsaTransactionStatement><us:affirmTransactionStatement>true</us:affirmTransactionStatement>"
    statement += "<us:legalNotice>complied</us:legalNotice></us:dscsaTransactionStatement>"
    return (
        f'{begin} {names} schemaVersion="1.2" creationDate="2026-03-02T09:00:00Z">'
        f"<EPCISHeader>{statement}</EPCISHeader><EPCISBody><EventList>{''.join(events)}</EventList></EPCISBody>"
        "</e:EPCISDocument>"
    )


def whole():
    return document(
        made(UNITS),
        made(CASES),
        packed(CASES[0], UNITS[:3]),
        packed(CASES[1], UNITS[3:]),
        packed(PALLET, CASES, "2026-03-01T10:00:00Z"),
        shipped([PALLET]),
    )


@pytest.fixture
def announced(ledger_of, tmp_path):
    ledger_of()
    file = tmp_path / "shipment.xml"
    file.write_text(whole(), encoding="utf-8")
    return file


@pytest.fixture
def receive(trace, announced):
    def run(*things, file=announced, more=("--json",)):
        return trace("receive", *things, "--place", "DOCK-3", "--expect", file, *more)

    return run


def unit(number, lot="A123", expiry="490327"):
    return f"(01){GTIN}(17){expiry}(10){lot}(21)U{number}"


def test_a_pallet_stands_for_what_the_sender_put_inside(receive, trace):
    answer = receive(PALLET).answer
    assert (answer["schema"], len(answer["recorded"])) == ("trace.receive/1", 1)
    assert (len(answer["matched"]), len(answer["inferred"]), answer["missing"]) == (1, 6, [])
    expected = answer["expected"]
    assert (expected["verified"], expected["units"], expected["documents"]) == (False, 6, [f"{ORDER}PO-1"])
    assert expected["statement"]["affirmTransactionStatement"] == "true"
    body = trace("show", answer["recorded"][0]["seq"], "--json").answer["body"]
    assert body["trace:expected"] == expected["sha256"]
    told = receive(PALLET, more=("--anyway", "again, for the words")).out
    assert "not verified" in told
    assert "affirmed by the sender" in told


def test_cases_and_units_count_too_and_what_is_missing_is_told_by_the_largest_container(receive):
    answer = receive(unit(1), CASES[1]).answer
    assert len(answer["inferred"]) == 3
    assert [one["item"].rsplit("/", 1)[-1] for one in answer["missing"]] == ["U2", "U3"]
    answer = receive(unit(2), unit(3)).answer
    assert [(one["item"].rsplit("/", 1)[-1], one["quantity"]) for one in answer["missing"]] == [
        ("U1", 1),
        ("C2", 3),
    ]


@pytest.mark.parametrize(
    ("things", "key", "words"),
    [
        ([unit(1), unit(9)], "unexpected", "(21)U9 is not expected"),
        (["BOX-77"], "unexpected", "BOX-77 is not expected"),
        ([unit(1, lot="B999")], "differs", "the label states lot B999, declared is A123"),
        ([unit(1, expiry="490427")], "differs", "the label states expiry 2049-04-27, declared is 2049-03-27"),
        ([unit(1), unit(1)], "duplicates", "(21)U1 comes twice"),
    ],
)
def test_what_does_not_fit_keeps_all_of_it_out(receive, trace, things, key, words):
    ran = receive(*things)
    assert ran.code == 5
    assert len(ran.answer[key]) == 1
    assert ran.answer["recorded"] == []
    assert words in ran.answer["error"]["message"]
    assert trace("verify", "--json").answer["size"] == 1
    ran = receive(*things, more=("--json", "--anyway", "the sender was asked"))
    body = trace("show", ran.answer["recorded"][0]["seq"], "--json").answer["body"]
    assert len(body["epcList"]) == len(set(things))
    assert body["trace:anyway"] == "the sender was asked"


def test_a_document_that_is_shown_again_brings_nothing_in_twice(receive):
    assert receive(CASES[0]).code == 0
    again = receive(CASES[0])
    assert again.code == 5
    assert "received here already" in again.answer["error"]["message"]
    assert receive(CASES[1]).code == 0


def test_of_several_shipments_the_newest_to_its_destination_counts(tmp_path):
    file = tmp_path / "history.xml"
    gone = packed(PALLET, CASES, "2026-03-03T08:00:00Z", "DELETE")
    onward = shipped([CASES[1]], "2026-03-04T08:00:00Z", "urn:epc:id:sgln:9521234.00003.0", "PO-2")
    file.write_text(whole().replace("</EventList>", f"{gone}{onward}</EventList>"), encoding="utf-8")
    found = read_declared_list(file)
    assert (len(found.expected), found.delivery.documents) == (3, [f"{ORDER}PO-2"])
    assert [uri.rsplit("/", 1)[-1] for uri, _ in found.missing()] == ["C2"]


def test_one_unit_in_two_cases_is_told(receive, tmp_path):
    file = tmp_path / "twice.xml"
    file.write_text(
        whole().replace("</EventList>", f"{packed(CASES[1], UNITS[:1])}</EventList>"), encoding="utf-8"
    )
    ran = receive(unit(1), file=file)
    assert ran.code == 5
    assert len(ran.answer["duplicates"]) == 1


@pytest.mark.parametrize(
    "text",
    [
        document(packed(PALLET, UNITS), head='<!DOCTYPE x [<!ENTITY a "aaaa">]>'),
        document(shipped([PALLET])).replace("</EventList>", ""),
        document().replace("<EventList></EventList>", "<EventList/>"),
        "no xml at all",
        "",
    ],
)
def test_what_is_no_document_is_refused(receive, tmp_path, text):
    file = tmp_path / "bad.xml"
    file.write_text(text, encoding="utf-8")
    assert receive(PALLET, file=file).code == 5


def test_what_is_no_file_is_refused(receive, tmp_path):
    os.mkfifo(tmp_path / "pipe.xml")
    assert receive(PALLET, file=tmp_path / "pipe.xml").code == 5
    assert receive(PALLET, file=tmp_path / "absent.xml").code == 4


def test_names_of_the_document_do_nothing_to_the_terminal(receive, tmp_path):
    file = tmp_path / "names.xml"
    evil = "PO&#x9b;2J&#x202e;"
    text = whole().replace(":PO-1<", f":{evil}<").replace(">complied<", ">&#x9b;31m<")
    file.write_text(text, encoding="utf-8")
    told = receive(PALLET, file=file, more=())
    assert told.code == 0
    assert not {char for char in told.out + told.err if not (char.isprintable() or char == "\n")}


def test_containers_in_a_circle_end(tmp_path, receive):
    file = tmp_path / "circle.xml"
    file.write_text(
        document(packed(CASES[0], [CASES[1]]), packed(CASES[1], [CASES[0]]), shipped(CASES)), encoding="utf-8"
    )
    assert receive(CASES[0], file=file).code in (0, 5)
    deep = [f"urn:epc:id:sgtin:9521234.110000.D{number}" for number in range(80)]
    events = [packed(above, [below]) for above, below in pairwise(deep)]
    file.write_text(document(*events, shipped(deep[:1])), encoding="utf-8")
    ran = receive(CASES[0], file=file)
    assert (ran.code, "deep" in ran.answer["error"]["message"]) == (5, True)


def test_what_is_counted_is_what_a_plain_count_gives(tmp_path):
    """Scans and undone scans in any order against a count from scratch."""
    import random

    file = tmp_path / "shipment.xml"
    file.write_text(whole(), encoding="utf-8")
    draw = random.Random(7)
    found = read_declared_list(file)
    things = [*found.expected, *found.delivery.inside, "https://acme.example/obj/X"]
    come: list[str] = []
    for _ in range(400):
        uri = draw.choice(things)
        if uri in come and draw.random() < 0.6:
            come.remove(uri)
            found.add(uri, None, Decimal(-1))
        elif uri not in come:
            place = found.add(uri, None, Decimal(1))
            come.append(uri)
            assert place == ("extra" if uri.endswith("/X") else "listed")
        covered = {unit for one in come for unit in found.delivery.units_in(one)} & set(found.expected)
        assert found.progress() == (len(covered), 6)
        assert found.is_complete() == (len(covered) == 6)
        assert sum(amount for _, amount in found.missing()) == 6 - len(covered)
        assert set(found.inferred()) == covered - set(come)
        assert [uri for uri, _ in found.extras()] == [one for one in come if one.endswith("/X")]


def test_a_list_that_declares_nothing_differs_from_nothing():
    assert DeclaredList({}, delivery=Delivery()).differs("urn:x", "L", None) is None


def test_published_example(trace, ledger_of):
    data = os.environ.get("TRACE_TEST_DATA") or str(Path(__file__).parents[4] / "shared" / "data")
    file = Path(data) / "traceability/epcis-documents/1.2/XML/Capture/Documents/GS1_US_Pharma_Example_2_2_1_1.xml"
    if not file.is_file():
        pytest.skip(f"the published example is not there: {file}")
    ledger_of()
    pallet = "urn:epc:id:sscc:030001.41234567890"
    answer = json.loads(trace("receive", pallet, "--place", "DOCK-3", "--expect", file, "--json").out)
    assert (len(answer["inferred"]), answer["missing"], answer["expected"]["units"]) == (12, [], 12)
    assert len(answer["expected"]["documents"]) == 2


def test_an_unreadable_list_says_so(tmp_path):
    (tmp_path / "folder.xml").mkdir()
    with pytest.raises(CommandError, match="cannot be read"):
        read_declared_list(tmp_path / "folder.xml")


def test_a_session_counts_by_what_the_sender_declares(announced, trace, capsys):
    from contextlib import ExitStack

    with ExitStack() as stack:
        site = find_site(None)
        recorder = stack.enter_context(site.recording())
        journal = begin(site.settings.folder, now(), first_seq=recorder.log.size, step="receiving")
        stack.callback(journal.close)
        said = Circumstances(step="receiving", place="DOCK-3")
        book = Book(site, recorder, journal.name)
        session = Session(book, journal, Screen(colour=False), said, "jo", lambda: 0.0)
        session.packing = read_expected(announced, site.codes)

        def scan(code):
            return session.take(Read(code.encode(), "scanned", "line"))

        good = f"]d201{GTIN}1749032710A123\x1d21U1"
        assert scan(good).word == "OK"
        wrong = scan(good.replace("A123", "B999").replace("U1", "U2"))
        assert (wrong.word, wrong.judged.verdict) == ("SUSPECT", "mismatch")
        assert "the label states lot B999, the sender declares A123" in capsys.readouterr().out
        assert scan("BOX-1").word == "EXTRA"
        assert session.packing.progress() == (2, 6)
        assert [amount for _, amount in session.packing.missing()] == [1, 3]
        case = read_declared_list(announced).delivery.inside
        scan("01" + next(uri for uri in case if uri.endswith("/C2")).split("/")[4] + "21C2")
        scan(good.replace("U1", "U3"))
        assert session.packing.is_complete()
        assert "the packing list is complete" in capsys.readouterr().out
