# SPDX-License-Identifier: Apache-2.0
"""Any valid event survives every format and the ledger: nothing that the event hash sees is lost on the way."""

import json
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ledger.custody.codes import Codes
from ledger.custody.exchange.column_map import ColumnMap
from ledger.custody.exchange.importer import check_files, record_checked
from ledger.custody.identity import Identifier
from ledger.custody.index.write import short_hash
from ledger.custody.privacy import make_policy, reveal
from ledger.custody.vocabulary import DISPOSITIONS, STEPS

NAMESPACES = {"ext": "https://acme.example/ns/", "o": "urn:other", "v": "https://acme.example/ns/"}
CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
texts = st.text(CHARACTERS, max_size=12) | st.sampled_from(
    ["", " a ", "1.50", "-0", "1e3", "007", "gs1:X", "ext:y", "<&>\"'"]
)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.\-]{0,5}", fullmatch=True).filter(lambda name: name != "comment")
keys = st.builds(lambda prefix, name: f"{prefix}:{name}", st.sampled_from(sorted(NAMESPACES)), names)
numbers = st.integers(-(10**15), 10**15) | st.decimals(
    min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False, places=4
)
values = st.recursive(
    texts | numbers | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(keys | names, inner, max_size=3)
        | st.builds(
            lambda text, more: {"#text": text, **more}, texts, st.dictionaries(keys | names, texts, max_size=2)
        )
    ),
    max_leaves=6,
)
extensions = st.dictionaries(keys, values, max_size=3)
codes = st.text("ABCabc019-_.", min_size=1, max_size=8)
uris = st.one_of(
    st.builds("https://acme.example/obj/{}".format, codes),
    st.builds("urn:epc:id:sgtin:9521321.012345.{}".format, codes),
    st.builds("https://shop.example/01/09521321123458/10/{}?17=261231".format, codes),
    st.builds("urn:epc:class:lgtin:9521321.012345.{}".format, codes),
    st.builds("urn:epc:id:sscc:9521321.{:010d}".format, st.integers(0, 10**10 - 1)),
)
digits = st.integers(0, 999_999_999)
times = st.builds(
    "2026-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}{}{}".format,
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.builds(".{:09d}".format, digits) | st.just("") | st.just(".5"),
    st.sampled_from(["Z", "+02:00", "-11:30", "+14:00"]),
)
quantities = st.lists(
    st.builds(
        lambda uri, more: {"epcClass": uri, **more},
        uris,
        st.just({})
        | st.fixed_dictionaries(
            {"quantity": st.decimals(min_value=0, max_value=10**6, places=3)}, optional={"uom": st.just("KGM")}
        ),
    ),
    max_size=3,
)
places = st.builds(lambda uri, more: {"id": uri, **more}, uris, extensions)
reports = st.builds(
    lambda kind, fields, more: {**kind, **fields, **more},
    st.fixed_dictionaries({"type": st.sampled_from(["Temperature", "Speed", "ext:Shock"])})
    | st.just({"exception": "ALARM_CONDITION"}),
    st.fixed_dictionaries(
        {},
        optional={
            "value": numbers, "minValue": numbers, "sDev": numbers, "uom": st.just("CEL"), "time": times,
            "booleanValue": st.booleans(), "stringValue": texts, "hexBinaryValue": st.just("f0F0"),
            "uriValue": uris, "deviceID": uris, "component": st.sampled_from(["x", "latitude", "ext:q"]),
        },
    ),
    st.dictionaries(keys, texts, max_size=2),
)  # fmt: skip
sensors = st.lists(
    st.builds(
        lambda head, found, more: {**head, "sensorReport": found, **more},
        st.fixed_dictionaries(
            {},
            optional={
                "sensorMetadata": st.builds(
                    lambda fields, more: {**fields, **more},
                    st.fixed_dictionaries({}, optional={"time": times, "bizRules": uris, "rawData": uris}),
                    st.dictionaries(keys, texts, max_size=2),
                )
            },
        ),
        st.lists(reports, min_size=1, max_size=3),
        extensions,
    ),
    max_size=2,
)
steps, states = st.sampled_from(sorted(STEPS)), st.sampled_from(sorted(DISPOSITIONS))
ends = st.sampled_from(["owning_party", "location", "https://acme.example/type"])
documents = st.lists(
    st.builds(
        lambda kind, uri: {**kind, "bizTransaction": uri},
        st.fixed_dictionaries({}, optional={"type": st.sampled_from(["po", "inv", "https://acme.example/btt"])}),
        uris,
    ),
    min_size=1,
    max_size=3,
)
common = st.fixed_dictionaries(
    {"eventTime": times, "eventTimeZoneOffset": st.sampled_from(["+00:00", "-11:30", "+14:00"])},
    optional={
        "eventID": st.builds("urn:uuid:{}".format, codes),
        "recordTime": times,
        "bizStep": steps | st.just("https://acme.example/step/a"),
        "disposition": states,
        "persistentDisposition": st.builds(lambda found: {"set": found}, st.lists(states, min_size=1, max_size=2)),
        "readPoint": places,
        "bizLocation": places,
        "sourceList": st.lists(st.builds(lambda kind, uri: {"type": kind, "source": uri}, ends, uris), max_size=2),
        "destinationList": st.lists(
            st.builds(lambda kind, uri: {"type": kind, "destination": uri}, ends, uris), max_size=2
        ),
        "sensorElementList": sensors,
        "errorDeclaration": st.builds(lambda time, more: {"declarationTime": time, **more}, times, extensions),
    },
)
actions = st.sampled_from(["ADD", "OBSERVE", "DELETE"])
lists = st.lists(uris, max_size=4)
optional_documents = {"bizTransactionList": documents}
children = st.fixed_dictionaries(
    {"parentID": uris, "action": actions, "childEPCs": lists},
    optional={"childQuantityList": quantities, **optional_documents},
)
kinds = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("ObjectEvent"), "action": actions, "epcList": lists},
        optional={"quantityList": quantities, "ilmd": extensions, **optional_documents},
    ),
    children.map(lambda fields: {"type": "AggregationEvent", **fields}),
    children.map(lambda fields: {"type": "AssociationEvent", **fields}),
    st.fixed_dictionaries(
        {"type": st.just("TransactionEvent"), "action": actions, "parentID": uris, **optional_documents},
        optional={"epcList": lists, "quantityList": quantities},
    ),
    st.fixed_dictionaries(
        {"type": st.just("TransformationEvent"), "inputEPCList": lists, "outputEPCList": lists},
        optional={
            "inputQuantityList": quantities, "outputQuantityList": quantities, "transformationID": uris,
            "ilmd": extensions, **optional_documents,
        },
    ),
)  # fmt: skip
events = st.builds(
    lambda base, kind, more: {"@context": [NAMESPACES], **base, **kind, **more}, common, kinds, extensions
)
QUICK = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@settings(QUICK, max_examples=150)
@given(st.lists(events, min_size=1, max_size=2))
def test_any_event_survives_json_and_xml(bodies, as_json, as_xml, prehashes, found):
    read = bodies(as_json(found))
    assert prehashes(read) == prehashes(found)
    assert bodies(as_json(read)) == read
    text, left = as_xml(read)
    assert left == []
    back = bodies(text)
    assert prehashes(back) == prehashes(found)
    assert prehashes(bodies(as_json(back))) == prehashes(found)


@settings(QUICK, max_examples=150)
@given(events)
def test_what_1_2_can_say_it_says(bodies, as_xml, prehashes, event):
    text, left = as_xml([event], "1.2")
    missing = {key for key in ("persistentDisposition", "sensorElementList") if key in event}
    if event["type"] == "AssociationEvent":
        assert [one.field for one in left] == [""]
    else:
        assert {one.field for one in left} == missing
    if not left:
        assert prehashes(bodies(text)) == prehashes([event])


def test_any_event_survives_the_ledger(tmp_path, make_recorder, looking, as_json, as_xml, bodies, prehashes):
    recorder = make_recorder("ilmd")
    policy = make_policy(["ilmd"])

    def take(name):
        with check_files(
            [tmp_path / name], ColumnMap(), Codes("acme.example"), lambda: Identifier(policy, bytes(32))
        ) as checked:
            assert checked.problems == []
            return record_checked(checked, recorder, by="dock-3")

    @settings(QUICK, max_examples=25)
    @given(st.lists(events, min_size=1, max_size=4))
    def survives(found):
        read = bodies(as_json(found))
        (tmp_path / "a.jsonld").write_text(as_json(read), encoding="utf-8")
        (tmp_path / "b.xml").write_text(as_xml(read)[0], encoding="utf-8")
        first = take("a.jsonld")
        assert take("b.xml").recorded == take("a.jsonld").recorded == 0
        with looking() as (view, reader):
            seqs = [] if first.first_seq is None else range(first.first_seq, first.last_seq + 1)
            held = [reveal(reader.entry(seq).body, view) for seq in seqs]
            kept = dict(view.connection.execute("SELECT seq, hash FROM d_ident"))
            assert [kept[seq] for seq in seqs] == [short_hash(reader.entry(seq).body) for seq in seqs]
        assert len(held) == first.recorded
        assert set(prehashes(held)) <= set(prehashes(read))
        assert prehashes(bodies(as_json(held))) == prehashes(held)

    survives()


def test_the_generator_makes_every_type_and_some_depth():
    seen = set()

    @settings(QUICK, max_examples=300)
    @given(events)
    def look(event):
        seen.add(event["type"])
        seen.update(key for key in event if ":" not in key)
        json.dumps(event, default=lambda value: float(value) if isinstance(value, Decimal) else 1 / 0)

    look()
    assert seen >= {
        "ObjectEvent",
        "AssociationEvent",
        "TransformationEvent",
        "sensorElementList",
        "ilmd",
        "readPoint",
    }
