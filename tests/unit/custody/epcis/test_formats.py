# SPDX-License-Identifier: Apache-2.0
"""Every field of every event type through every format; what a format cannot say; what each rule refuses."""

import copy
import gzip
import json

import pytest

from ledger.custody.event_hash import event_hash, prehash
from ledger.custody.exchange.epcis_document import MasterData
from ledger.custody.problems import Problem

SALE = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T08:15:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "epcList": ["https://acme.example/obj/1"],
}
PACK = SALE | {"type": "AggregationEvent", "action": "ADD", "parentID": "urn:x:p", "childEPCs": ["urn:x:c"]}
del PACK["epcList"]


def document(*events, **more):
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]
    found = {
        "@context": context, "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }  # fmt: skip
    return json.dumps(found | more)


def xml(inner, head="", version="2.0"):
    return (
        f'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:{version[0]}" xmlns:x="https://x.example/" '
        f'schemaVersion="{version}" creationDate="2026-03-01T00:00:00Z">{head}<EPCISBody><EventList>{inner}'
        "</EventList></EPCISBody></e:EPCISDocument>"
    )


def test_every_field_survives_json(rich, bodies, as_json):
    assert bodies(as_json(rich)) == rich


def test_every_field_survives_xml(rich, bodies, as_xml, prehashes):
    text, left = as_xml(rich)
    assert left == []
    back = bodies(text)
    assert prehashes(back) == prehashes(rich)
    for before, after in zip(rich, back, strict=True):
        assert before["errorDeclaration"] == after["errorDeclaration"]
        same = (
            "persistentDisposition",
            "sourceList",
            "destinationList",
            "bizTransactionList",
            "readPoint",
            "ilmd",
        )
        assert [before.get(key) for key in same] == [after.get(key) for key in same]
        assert (
            before["sensorElementList"][0]["sensorReport"][0] == after["sensorElementList"][0]["sensorReport"][0]
        )
        assert after["certificationInfo"] == before["certificationInfo"]
        assert after["o:deep"] == {"o:x": {"#text": "12.50", "unit": "KGM"}, "flag": "true", "none": ""}
    assert bodies(as_xml(back)[0]) == back


def test_1_2_names_what_it_cannot_say(rich, as_xml, bodies, prehashes):
    _, left = as_xml(rich, "1.2")
    fields = {one.field for one in left}
    assert fields == {"", "certificationInfo", "persistentDisposition", "sensorElementList"}
    for event in rich:
        for field in fields - {""}:
            del event[field]
    sayable = [event for event in rich if event["type"] != "AssociationEvent"]
    text, left = as_xml(sayable, "1.2")
    assert left == []
    assert 'schemaVersion="1.2"' in text
    assert "<baseExtension><eventID>" in text
    assert prehashes(bodies(text)) == prehashes(sayable)


@pytest.mark.parametrize("key", ["ext:with space", "ext:1", "ext:"])
def test_names_that_xml_does_not_allow_are_told(as_xml, key):
    text, left = as_xml([SALE | {key: "1", "@context": [{"ext": "https://x.example/"}]}])
    assert [one.field for one in left] == [key]
    assert "with space" not in text


def test_characters_that_xml_does_not_allow_are_told(as_xml):
    _, left = as_xml([SALE | {"ext:a": "\x01", "@context": [{"ext": "https://x.example/"}]}])
    assert [one.reason for one in left] == ["XML allows no such character"]


@pytest.mark.parametrize(
    "spelling",
    [
        "shipping",
        "urn:epcglobal:cbv:bizstep:shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping",
        "cbv:BizStep-shipping",
    ],
)
def test_words_in_any_spelling_are_one(bodies, spelling):
    (event,) = bodies(document(SALE | {"bizStep": spelling}))
    assert event["bizStep"] == "shipping"
    assert "bizStep=https://ref.gs1.org/cbv/BizStep-shipping" in prehash(event)


def test_an_unknown_extension_keeps_its_context(bodies):
    event = SALE | {"@context": [{"ext": "https://x.example/"}], "ext:a": {"ext:b": 1}}
    assert bodies(document(event)) == [event]
    outer = [
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        {"ext": "https://x.example/", "z": "urn:z"},
    ]
    (found,) = bodies(document({k: v for k, v in event.items() if k != "@context"}, **{"@context": outer}))
    assert found == event  # the part of the outer context that it uses


def test_the_inner_context_wins(bodies):
    outer = ["https://x.example/epcis-context.jsonld", {"ext": "https://outer.example/"}]
    event = SALE | {"@context": {"ext": "https://inner.example/"}, "ext:a": "1"}
    (found,) = bodies(document(event, **{"@context": outer}))
    assert "{https://inner.example/}a=1" in prehash(found)


def test_a_prefix_that_only_a_value_uses_is_kept(bodies):
    report = {"type": "ext:Shock", "value": 1}
    event = SALE | {"sensorElementList": [{"sensorReport": [report]}]}
    (found,) = bodies(document(event | {"@context": {"ext": "https://x.example/"}}))
    assert found["@context"] == [{"ext": "https://x.example/"}]


def test_terms_of_a_context_are_extensions(bodies, as_xml, prehashes):
    event = SALE | {"@context": [{"grade": "https://x.example/ns#grade"}], "grade": "A"}
    (found,) = bodies(document(event))
    assert prehash(found).endswith("{https://x.example/ns#}grade=A")
    text, left = as_xml([found])
    assert left == []
    assert prehashes(bodies(text)) == prehashes([found])


def test_an_undeclared_prefix_is_a_scheme(bodies, as_xml, prehashes):
    context = [
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://elsewhere.example/context.jsonld",
    ]
    (found,) = bodies(document(SALE | {"far:lot": "7", "bare": "8"}, **{"@context": context}))
    assert found["@context"] == ["https://elsewhere.example/context.jsonld"]
    del found["bare"]
    text, left = as_xml([found])
    assert left == []
    assert prehashes(bodies(text)) == prehashes([found])
    assert prehash(found).endswith("far:lot=7")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "ObjektEvent"}, "/type"),
        ({"eventTime": "2026-02-30T08:15:00Z"}, "/eventTime"),
        ({"eventTime": "2026-03-01T08:15:00"}, "/eventTime"),
        ({"eventTime": "2026-03-01T24:15:00Z"}, "/eventTime"),
        ({"eventTime": "0001-03-01T08:15:00Z"}, "/eventTime"),
        ({"eventTime": 7}, "/eventTime"),
        ({"recordTime": "now"}, "/recordTime"),
        ({"eventTimeZoneOffset": "Z"}, "/eventTimeZoneOffset"),
        ({"eventTimeZoneOffset": "+15:00"}, "/eventTimeZoneOffset"),
        ({"eventTimeZoneOffset": None}, "/eventTimeZoneOffset"),
        ({"eventID": "17"}, "/eventID"),
        ({"action": "observe"}, "/action"),
        ({"action": ["ADD"]}, "/action"),
        ({"epcList": "urn:x:1"}, "/epcList"),
        ({"epcList": ["urn:x:1", "two words"]}, "/epcList/1"),
        ({"epcList": [None]}, "/epcList/0"),
        ({"quantityList": [{"quantity": 1}]}, "/quantityList/0/epcClass"),
        ({"quantityList": [{"epcClass": "urn:x:1", "quantity": "20"}]}, "/quantityList/0/quantity"),
        ({"quantityList": [{"epcClass": "urn:x:1", "quantity": True}]}, "/quantityList/0/quantity"),
        ({"quantityList": [{"epcClass": "urn:x:1", "quantity": -1}]}, "/quantityList/0/quantity"),
        ({"quantityList": [{"epcClass": "urn:x:1", "quantity": 1, "uom": "kilo"}]}, "/quantityList/0/uom"),
        ({"quantityList": [{"epcClass": "urn:x:1", "uom": "KGM"}]}, "/quantityList/0/uom"),
        ({"quantityList": [{"epcClass": "urn:x:1", "unit": "KGM"}]}, "/quantityList/0/unit"),
        ({"bizStep": "sending"}, "/bizStep"),
        ({"bizStep": "urn:epcglobal:cbv:bizstep:sending"}, "/bizStep"),
        ({"bizStep": {}}, "/bizStep"),
        ({"disposition": "lost"}, "/disposition"),
        ({"persistentDisposition": {}}, "/persistentDisposition"),
        ({"persistentDisposition": {"set": ["lost"]}}, "/persistentDisposition/set/0"),
        ({"persistentDisposition": {"set": "recalled"}}, "/persistentDisposition/set"),
        ({"readPoint": "urn:x:1"}, "/readPoint"),
        ({"readPoint": {}}, "/readPoint/id"),
        ({"bizLocation": {"id": "hall 7"}}, "/bizLocation/id"),
        ({"bizLocation": {"id": "urn:x:1", "name": "hall"}}, "/bizLocation/name"),
        ({"bizTransactionList": [{"type": "order", "bizTransaction": "urn:x:1"}]}, "/bizTransactionList/0/type"),
        ({"bizTransactionList": [{"type": "po"}]}, "/bizTransactionList/0/bizTransaction"),
        ({"sourceList": [{"source": "urn:x:1"}]}, "/sourceList/0/type"),
        ({"destinationList": [{"type": "shop", "destination": "urn:x:1"}]}, "/destinationList/0/type"),
        ({"sensorElementList": [{}]}, "/sensorElementList/0/sensorReport"),
        ({"sensorElementList": [{"sensorReport": [{"value": 1}]}]}, "/sensorElementList/0/sensorReport/0/type"),
        (
            {"sensorElementList": [{"sensorReport": [{"type": "Speed", "value": "fast"}]}]},
            "/sensorElementList/0/sensorReport/0/value",
        ),
        (
            {"sensorElementList": [{"sensorReport": [{"type": "Speed", "hexBinaryValue": "f"}]}]},
            "/sensorElementList/0/sensorReport/0/hexBinaryValue",
        ),
        (
            {"sensorElementList": [{"sensorMetadata": {"time": "noon"}, "sensorReport": [{"type": "Speed"}]}]},
            "/sensorElementList/0/sensorMetadata/time",
        ),
        ({"ilmd": []}, "/ilmd"),
        ({"ilmd": {"lot": "7"}}, "/ilmd/lot"),
        ({"errorDeclaration": {}}, "/errorDeclaration/declarationTime"),
        (
            {"errorDeclaration": {"declarationTime": "2026-03-01T08:15:00Z", "reason": "oops"}},
            "/errorDeclaration/reason",
        ),
        ({"parentID": "urn:x:1"}, "/parentID"),
        ({"made~up/field": 1}, "/made~0up~1field"),
        ({"certificationInfo": 7}, "/certificationInfo"),
        ({"ext:n": 1e40}, "/ext:n"),
        ({"ext:n": {"a": ["\u0000"]}}, "/ext:n/a/0"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_pointer(read, change, field):
    found = read(document(SALE | change))
    assert [one.field for one in found] == ["/epcisBody/eventList/0" + field]
    assert all(isinstance(one, Problem) for one in found)


@pytest.mark.parametrize(
    ("event", "without", "field"),
    [
        (SALE, "eventTime", "/eventTime"),
        (SALE, "action", "/action"),
        (SALE, "epcList", "/epcList"),
        (PACK, "parentID", "/parentID"),
        (PACK, "childEPCs", "/childEPCs"),
        (PACK | {"type": "AssociationEvent", "action": "OBSERVE"}, "parentID", "/parentID"),
        (SALE | {"type": "TransactionEvent"}, "recordTime", "/bizTransactionList"),
        (
            {k: v for k, v in SALE.items() if k not in ("epcList", "action")}
            | {"type": "TransformationEvent", "inputEPCList": ["urn:x:1"]},
            "action",
            "/outputEPCList",
        ),
    ],
)
def test_what_is_missing_is_named(read, event, without, field):
    (found,) = read(document({key: value for key, value in event.items() if key != without}))
    assert found.field == "/epcisBody/eventList/0" + field


def test_all_faults_of_all_events_are_told(read):
    found = read(document(SALE, SALE | {"action": "X", "bizStep": "Y"}, SALE, 7))
    assert [getattr(one, "field", "") for one in found] == [
        "", "/epcisBody/eventList/1/action", "/epcisBody/eventList/1/bizStep", "", "/epcisBody/eventList/3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"creationDate": "today"}, "/creationDate"),
        ({"schemaVersion": "3"}, "/schemaVersion"),
        ({"epcisBody": []}, "/epcisBody"),
        ({"epcisBody": {}}, "/epcisBody/eventList"),
        ({"epcisBody": {"eventList": {}}}, "/epcisBody/eventList"),
        ({"type": "Document"}, "/type"),
        (
            {"epcisHeader": {"epcisMasterData": {"vocabularyList": 7}}},
            "/epcisHeader/epcisMasterData/vocabularyList",
        ),
    ],
)
def test_what_is_wrong_with_a_document_is_named(read, change, field):
    (found,) = read(document(SALE, **change))
    assert found.field == field


BARE = "<eventTime>2026-03-01T08:15:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
REST = "<epcList><epc>urn:x:1</epc></epcList><action>OBSERVE</action>"
AT = "/e:EPCISDocument/EPCISBody/EventList/ObjectEvent[1]"


@pytest.mark.parametrize(
    ("inner", "where"),
    [
        (BARE + REST.replace("OBSERVE", "SEE"), AT + "/action"),
        (BARE + REST + "<lot>7</lot>", AT + "/lot"),
        (BARE + REST + REST, AT + "/epcList[2]"),
        (BARE + REST.replace("urn:x:1", "one two"), AT + "/epcList/epc[1]"),
        (BARE + "<epcList><id>urn:x:1</id></epcList><action>ADD</action>", AT + "/epcList/id"),
        (BARE + REST + "<readPoint><name>7</name></readPoint>", AT + "/readPoint/name"),
        (BARE + REST + "<ilmd><lot>7</lot></ilmd>", AT + "/ilmd/lot"),
        (BARE + REST + "<bizStep><a/></bizStep>", AT + "/bizStep"),
        (
            BARE + REST + '<sourceList><source type="cellar">urn:x:1</source></sourceList>',
            AT + "/sourceList/source[1]/@type",
        ),
        (
            BARE + REST + "<extension><quantityList><quantityElement><epcClass>urn:x:1</epcClass>"
            "<quantity>x</quantity></quantityElement></quantityList></extension>",
            AT + "/quantityList/quantityElement[1]/quantity",
        ),
        (
            BARE + REST + '<sensorElementList><sensorElement><sensorReport type="gs1:Speed" value="INF"/>'
            "</sensorElement></sensorElementList>",
            AT + "/sensorElementList/sensorElement[1]/sensorReport/@value",
        ),
        (
            BARE + REST + '<sensorElementList><sensorElement><sensorReport type="gs1:Speed" speed="1"/>'
            "</sensorElement></sensorElementList>",
            AT + "/sensorElementList/sensorElement[1]/sensorReport/@speed",
        ),
        (
            BARE + REST + '<sensorElementList><sensorElement><sensorReport type="gs1:Speed" time="1"/>'
            "</sensorElement></sensorElementList>",
            AT + "/sensorElementList/sensorElement[1]/sensorReport[1]/@time",
        ),
    ],
)
def test_what_breaks_a_rule_in_xml_is_refused_by_its_path(read, inner, where):
    (found,) = read(xml(f"<ObjectEvent>{inner}</ObjectEvent>"))
    assert found.field == where
    assert found.line == 1


def test_the_wrappers_of_1_2_say_nothing(bodies, prehashes):
    flat = "<ObjectEvent>" + BARE + "<eventID>urn:x:9</eventID>" + REST + "<x:a>1</x:a></ObjectEvent>"
    deep = (
        "<ObjectEvent>" + BARE + "<baseExtension><eventID>urn:x:9</eventID></baseExtension>" + REST
        + "<extension><extension/></extension><x:a>1</x:a></ObjectEvent>"
    )  # fmt: skip
    assert bodies(xml(flat)) == bodies(xml(deep, version="1.2")) == bodies(xml(f"<extension>{flat}</extension>"))


def test_values_of_xml_become_values_of_json(bodies):
    sensors = (
        '<sensorElementList><sensorElement><sensorReport type="gs1:Speed" value="+4.50" booleanValue="1" '
        'stringValue=" a " x:y="z"/></sensorElement></sensorElementList>'
    )
    (event,) = bodies(xml(f"<ObjectEvent>{BARE}{REST}{sensors}</ObjectEvent>"))
    (report,) = event["sensorElementList"][0]["sensorReport"]
    assert report == {
        "type": "Speed",
        "value": report["value"],
        "booleanValue": True,
        "stringValue": " a ",
        "x:y": "z",
    }
    assert str(report["value"]) == "4.50"


def test_prefixes_of_two_namespaces_are_kept_apart(bodies):
    inner = '<x:a>1</x:a><x:b xmlns:x="https://y.example/">2</x:b><b xmlns="https://z.example/">3</b>'
    (event,) = bodies(xml(f"<ObjectEvent>{BARE}{REST}{inner}</ObjectEvent>"))
    said = prehash(event)
    assert said.endswith("{https://x.example/}a=1{https://y.example/}b=2{https://z.example/}b=3")


def test_bare_events_query_documents_and_packed_files(rich, bodies, as_json):
    body = {"queryResults": {"queryName": "q", "resultsBody": {"eventList": [SALE]}}}
    asked = document(type="EPCISQueryDocument", epcisBody=body)
    assert bodies(asked) == bodies(json.dumps(SALE)) == bodies(document(SALE)) == [SALE]
    assert bodies(gzip.compress(as_json(rich).encode())) == bodies(as_json(rich))
    single = f'<ObjectEvent xmlns:x="https://x.example/">{BARE}{REST}</ObjectEvent>'
    assert bodies(single) == bodies(xml(single))


def test_a_query_is_no_document(read):
    assert "query" in read(json.dumps({"eventType": ["ObjectEvent"], "GE_eventTime": "x"}))[0].reason
    assert "query" in read(xml("").replace("<EventList></EventList>", "<Poll><params/></Poll>"))[0].reason


def test_master_data_in_json_and_xml(read):
    element = {
        "id": "urn:x:loc",
        "attributes": [{"id": "urn:a#name", "attribute": "Hall"}],
        "children": ["urn:x:sub"],
    }
    header = {
        "epcisMasterData": {"vocabularyList": [{"type": "urn:v:Location", "vocabularyElementList": [element]}]}
    }
    one, two = MasterData(), MasterData()
    read(document(SALE, epcisHeader=header), master=one)
    head = (
        '<EPCISHeader><extension><EPCISMasterData><VocabularyList><Vocabulary type="urn:v:Location">'
        '<VocabularyElementList><VocabularyElement id="urn:x:loc"><attribute id="urn:a#name">Hall</attribute>'
        "<children><id>urn:x:sub</id></children></VocabularyElement></VocabularyElementList></Vocabulary>"
        "</VocabularyList></EPCISMasterData></extension></EPCISHeader>"
    )
    assert len(read(xml(f"<ObjectEvent>{BARE}{REST}</ObjectEvent>", head), master=two)) == 1
    assert one.elements == two.elements
    assert one.elements[0].children == ("urn:x:sub",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"eventTime": "2026-03-01T09:15:00.0004+01:00"}, {"eventTime": "2026-03-01T08:15:00Z"}),
        ({"eventTime": "2026-02-28T23:59:59.9995Z"}, {"eventTime": "2026-03-01T00:00:00.000Z"}),
        ({"ext:n": "1.50"}, {"ext:n": 1.5}),
        ({"ext:n": "-0.0"}, {"ext:n": 0}),
        ({"ext:n": "12E2"}, {"ext:n": 1200}),
        ({"ext:n": True}, {"ext:n": "true"}),
        ({"ext:n": ["b", "a"]}, {"ext:n": ["a", "b"]}),
        (
            {"epcList": ["urn:epc:id:sgtin:9521321.012345.7"]},
            {"epcList": ["http://x.de/01/09521321123458/21/7?a=b"]},
        ),
        ({"recordTime": "2026-03-05T00:00:00Z", "eventID": "urn:x:1"}, {"certificationInfo": "urn:x:2"}),
    ],
)
def test_spellings_that_hash_alike(bodies, before, after):
    context = {"@context": {"ext": "https://x.example/"}}
    one, two = bodies(document(SALE | context | before, SALE | context | after))
    assert event_hash(one) == event_hash(two)


@pytest.mark.parametrize("change", [{"ext:n": "a"}, {"action": "ADD"}, {"epcList": []}, {"bizStep": "other"}])
def test_what_happened_changes_the_hash(change):
    context = {"@context": {"ext": "https://x.example/"}}
    assert event_hash(SALE | context | change) != event_hash(SALE | context)
    assert event_hash(copy.deepcopy(SALE)) == event_hash(SALE)
