# SPDX-License-Identifier: Apache-2.0
"""Documents made to hurt: bombs, depth, great numbers, and ten thousand mutations."""

import json
import random
import time
import tracemalloc

import pytest

from ledger.custody.event_hash import event_hash
from ledger.custody.exchange.epcis_document import MAX_EVENT, Found
from ledger.custody.problems import Problem

HEAD = (
    '<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" xmlns:x="https://x.example/" schemaVersion="2.0" '
    'creationDate="2026-03-01T00:00:00Z"><EPCISBody><EventList>'
)
TAIL = "</EventList></EPCISBody></e:EPCISDocument>"
EVENT = (
    "<ObjectEvent><eventTime>2026-03-01T08:15:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
    "<epcList><epc>urn:x:1</epc></epcList><action>OBSERVE</action>{}</ObjectEvent>"
)
BOMB = (
    '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "&a;" * 10}">' for n in range(12))
    + "]>"
)


def doc(event, **more):
    body = {"epcisBody": {"eventList": [event]}}
    head = {
        "@context": [],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
    }
    return json.dumps(head | body | more)


SALE = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T08:15:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "epcList": ["urn:x:1"],
}


def refused(found):
    assert found
    assert isinstance(found[-1], Problem)
    return found[-1].reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "doctype",
    [
        BOMB,
        '<!DOCTYPE b SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE b [<!ENTITY a SYSTEM "http://127.0.0.1:1/x">]>',
        '<!DOCTYPE b [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
        '<!DOCTYPE b PUBLIC "-//x//y" "http://127.0.0.1:1/x.dtd">',
    ],
)
def test_no_document_type_and_no_entity(read, doctype, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>{doctype}{HEAD}{EVENT.format("<x:a>&a11;</x:a>")}{TAIL}'
    assert "document type declaration" in refused(read(text.encode(encoding)))


def test_an_entity_that_nobody_declares(read):
    assert "no XML" in refused(read(HEAD + EVENT.format("<x:a>&a;</x:a>") + TAIL))


@pytest.mark.parametrize("deep", [100, 100_000])
def test_depth(read, deep):
    assert "deeper" in refused(read(HEAD + EVENT.format("<x:a>" * deep + "</x:a>" * deep) + TAIL))
    assert "deeper" in refused(read(HEAD + "<x:a>" * deep))
    nested = "[" * deep + "]" * deep
    assert "deeper" in refused(read(doc(SALE | {"ext:a": 0}).replace('"ext:a": 0', f'"ext:a": {nested}')))
    objects = '{"a":' * deep + "1" + "}" * deep
    assert "deeper" in refused(read(doc(SALE | {"ext:a": 0}).replace('"ext:a": 0', f'"ext:a": {objects}')))


@pytest.mark.parametrize(
    "number", ["1e999999999", "-1E+999999999", "1" * 5000, "1." + "1" * 5000, "1e-999999999", "1" * 40]
)
def test_great_numbers(read, number):
    text = doc(SALE | {"quantityList": [{"epcClass": "urn:x:1", "quantity": 17171717}]})
    found = read(text.replace("17171717", number))
    assert "number" in refused(found) or "range" in refused(found) or number.startswith("-")
    quantity = f"<epcClass>urn:x:1</epcClass><quantity>{number}</quantity>"
    quantity = f"<quantityList><quantityElement>{quantity}</quantityElement></quantityList>"
    found = read(HEAD + EVENT.format(quantity) + TAIL)
    assert refused(found)
    assert len(found[-1].reason) < 400


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none(read, word):
    assert "no JSON number" in refused(read(doc(SALE | {"ext:a": 17171717}).replace("17171717", word)))


def test_great_numbers_as_text_are_text():
    event = SALE | {"@context": [{"ext": "https://x.example/"}], "ext:a": "1e999999999", "ext:b": "9" * 10_000}
    assert event_hash(event).startswith("ni:///")


def test_a_great_event_is_refused_while_it_grows(read):
    piece = "<x:a>" + "b" * 1_000_000 + "</x:a>"
    assert f"{MAX_EVENT:,}" in refused(read(HEAD + EVENT.format(piece * 17) + TAIL))
    assert len(read(HEAD + EVENT.format(piece) * 20 + TAIL)) == 20


def test_many_small_pieces_take_no_time(read):
    begun = time.process_time()
    pieces = "".join(f'<x:a xmlns:x="urn:n{number}">b<!-- -->c</x:a>' for number in range(60_000))
    read(HEAD + EVENT.format(pieces) + TAIL)
    read(HEAD + EVENT.format("<x:a>" + "b<x:c/>" * 100_000 + "</x:a>") + TAIL)
    assert time.process_time() - begun < 60  # quadratic work would take an hour


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"{", b"[]", b"[1]", b"null", b'"a"', b"<", b"<a/>", b"<a", b"\xff\xfe<\x00", b"\x00", b"{}",
        b'{"type": "EPCISDocument"}', b'{"type": []}', b'{"type": "ObjectEvent"}', b'\xef\xbb\xbf{"a": "\xff"}',
        b'{"a": 1, "a": 2}', b'<?xml version="1.0" encoding="utf-7"?><a/>', b"\x1f\x8b",
        b"\x1f\x8b\x08\x00" + b"\x00" * 9,
        b'<?xml version="1.0" encoding="rot13"?><a/>', b'{"type":"ObjectEvent","ext:a":"\\ud800"}',
        b'<x:ObjectEvent xmlns:y="urn:y"/>', b"<ObjectEvent/>",
        b'<?xml version="1.0" encoding="shift_jis"?><ObjectEvent/>',
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(read, data):
    for name in ("x.json", "x.xml"):
        found = read(data, name=name)
        assert all(isinstance(one, Problem) for one in found)
        assert found or data == b"[]"


SNIPPETS = [
    b"<", b">", b"</", b"&", b"&#0;", b"]]>", b"<![CDATA[", b"<!--", b'"', b"'", b"{", b"}", b"[", b"]", b",",
    b":", b"null", b"1e999", b"-", b"\x00", b"\xff", b"\xed\xa0\x80", b"\\u0000", b"\\ud800", b"type", b"<epc>",
    b"@context",
    b"xmlns:e=''", b"true", b"<?x?>", b"<!DOCTYPE a>", b"xsi:type", b"   ", b"\n", b"0" * 50, b"_commit",
    b"<extension>",
]  # fmt: skip


def mutate(data, chance):
    found = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(found) + 1)
        end = min(len(found), at + chance.randint(0, 40))
        match chance.randrange(6):
            case 0 if at < len(found):
                found[at] ^= 1 << chance.randrange(8)
            case 1:
                del found[at:end]
            case 2:
                found[at:at] = found[at:end]
            case 3:
                found[at:at] = chance.choice(SNIPPETS)
            case 4:
                found[at:end] = chance.choice(SNIPPETS)
            case _:
                other = chance.randrange(len(found) + 1)
                found[at:end] = found[other : other + end - at]
    return bytes(found)


@pytest.mark.slow
def test_ten_thousand_mutations(read, rich, as_json, as_xml):
    chance = random.Random(7)
    sayable = [{key: value for key, value in event.items() if "ensor" not in key} for event in rich]
    seeds = [as_json([event]).encode() for event in rich] + [as_xml([event])[0].encode() for event in rich]
    seeds += [as_xml([event], "1.2")[0].encode() for event in sayable]
    outcomes = {Found: 0, Problem: 0}
    tracemalloc.start()
    begun = time.process_time()
    for number in range(10_000):
        seed = seeds[number % len(seeds)]
        for found in read(mutate(seed, chance)):
            outcomes[type(found)] += 1
            if isinstance(found, Found):
                assert event_hash(found.body, "2.1").startswith("ni:///sha-256;")
                as_xml([found.body])
                as_json([found.body])
            else:
                assert len(found.reason) < 2000
                assert len(found.field) < 2000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000
    assert time.process_time() - begun < 600
    assert min(outcomes.values()) > 250
