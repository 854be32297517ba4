# SPDX-License-Identifier: Apache-2.0
"""What the tests of EPCIS share: published documents, readers and writers, one rich event of each type."""

import json
import os
from collections.abc import Callable
from decimal import Decimal
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import pytest

from ledger.custody.event_hash import prehash
from ledger.custody.exchange.epcis_document import Found, MasterData
from ledger.custody.exchange.epcis_file import read_epcis
from ledger.custody.exchange.epcis_json_writer import write_json
from ledger.custody.exchange.epcis_xml_writer import write_xml

PLACE = Path(os.environ.get("TRACE_TEST_DATA", Path(__file__).parents[5] / "shared" / "data"))
CREATED = "2026-03-01T00:00:00Z"


@pytest.fixture(scope="session")
def published() -> Callable[[str], Path]:
    """Find a file or folder of published documents, or skip where there is none."""

    def find(name: str) -> Path:
        path = PLACE / "traceability" / name
        if not path.exists():
            pytest.skip(f"no published documents: {name} is not in $TRACE_TEST_DATA/traceability")
        return path

    return find


@pytest.fixture(scope="session")
def manifest(published) -> list[dict[str, str]]:
    """The documents of `epcis-documents`, each with what is expected of it."""
    return json.loads((published("epcis-documents") / "manifest.json").read_bytes())


@pytest.fixture(scope="session")
def read() -> Callable[..., list[Any]]:
    """Read a document given as a path, text or bytes: events and problems in their order."""

    def make(source: Any, *, strict: bool = True, name: str = "", master: MasterData | None = None) -> list[Any]:
        data = source.read_bytes() if isinstance(source, Path) else source
        raw = data.encode() if isinstance(data, str) else data
        stream = BufferedReader(BytesIO(raw))
        return list(
            read_epcis(stream, name or getattr(source, "name", "x"), master or MasterData(), strict=strict)
        )

    return make


@pytest.fixture(scope="session")
def bodies(read) -> Callable[..., list[dict[str, Any]]]:
    """Read the events of a document in which nothing is wrong."""

    def make(source: Any, **how: Any) -> list[dict[str, Any]]:
        found = read(source, **how)
        assert all(isinstance(one, Found) for one in found), found
        return [one.body for one in found]

    return make


@pytest.fixture(scope="session")
def as_json() -> Callable[[list[dict[str, Any]]], str]:
    def write(events: list[dict[str, Any]]) -> str:
        return "".join(write_json(events, created=CREATED))

    return write


@pytest.fixture(scope="session")
def as_xml() -> Callable[..., tuple[str, list[Any]]]:
    """Write a document in XML; give it, and what it cannot say."""

    def write(events: list[dict[str, Any]], version: Any = "2.0") -> tuple[str, list[Any]]:
        left: list[Any] = []
        return "".join(write_xml(events, created=CREATED, version=version, tell=left.append)), left

    return write


@pytest.fixture(scope="session")
def prehashes() -> Callable[[list[dict[str, Any]]], list[tuple[str, str]]]:
    """Write what is hashed of events, for both versions of CBV."""

    def make(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
        return [(prehash(event, "2.0"), prehash(event, "2.1")) for event in events]

    return make


def _common(number: int) -> dict[str, Any]:
    return {
        "@context": [{"ext": "https://acme.example/ns/", "o": "urn:other:ns"}],
        "eventTime": "2026-03-01T08:15:00.1235+01:00",
        "recordTime": "2026-03-01T09:00:00Z",
        "eventTimeZoneOffset": "+01:00",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-00000000000{number}",
        "errorDeclaration": {
            "declarationTime": "2026-03-02T08:00:00Z",
            "reason": "incorrect_data",
            "correctiveEventIDs": ["urn:uuid:00000000-0000-4000-8000-000000000099"],
            "ext:who": "clerk 7",
        },
        "certificationInfo": "https://council.example/certificate/17",
        "bizStep": "inspecting",
        "disposition": "in_progress",
        "persistentDisposition": {"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
        "readPoint": {"id": "urn:epc:id:sgln:9521321.00001.7", "ext:gate": "B & C"},
        "bizLocation": {"id": "https://id.gs1.org/414/9521321000015"},
        "bizTransactionList": [
            {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9521321000005:17"},
            {"bizTransaction": "https://acme.example/bt/18"},
        ],
        "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9521321.00000"}],
        "destinationList": [{"type": "https://acme.example/dest", "destination": "https://acme.example/loc/9"}],
        "sensorElementList": [
            {
                "sensorMetadata": {"time": "2026-03-01T08:00:00Z", "deviceID": "urn:epc:id:giai:9521321.7"},
                "sensorReport": [
                    {"type": "Temperature", "value": Decimal("4.50"), "uom": "CEL", "ext:probe": "left"},
                    {"type": "ext:Shock", "booleanValue": True, "component": "x"},
                    {"exception": "ALARM_CONDITION", "type": "Humidity", "hexBinaryValue": "f0F0"},
                ],
                "ext:batch": {"ext:a": ["1", {"o:b": "<2>"}], "plain": ""},
            }
        ],
        "ext:many": ["3", "1.0", "007"],
        "o:deep": {"o:x": {"#text": "12.50", "unit": "KGM"}, "flag": True, "none": None},
    }


@pytest.fixture
def rich() -> list[dict[str, Any]]:
    """One event of each type with every field that it can have."""
    epcs = ["urn:epc:id:sgtin:9521321.012345.1", "https://example.com/01/09521321123458/21/ab?17=261231"]
    amounts = [{"epcClass": "urn:epc:class:lgtin:9521321.012345.L1", "quantity": Decimal("12.50"), "uom": "KGM"}]
    ilmd = {"cbvmda:lotNumber": "L1", "ext:origin": {"ext:farm": "N 7"}}
    parent = {"parentID": "urn:epc:id:sscc:9521321.0000000017"}
    made = [
        ("ObjectEvent", {"action": "ADD", "epcList": epcs, "quantityList": amounts, "ilmd": ilmd}),
        ("AggregationEvent", parent | {"action": "ADD", "childEPCs": epcs, "childQuantityList": amounts}),
        ("TransactionEvent", parent | {"action": "OBSERVE", "epcList": epcs, "quantityList": amounts}),
        (
            "TransformationEvent",
            {
                "inputEPCList": epcs[:1],
                "inputQuantityList": amounts,
                "outputEPCList": epcs[1:],
                "outputQuantityList": [{"epcClass": "https://acme.example/class/x"}],
                "transformationID": "urn:epc:id:gdti:9521321.00001.5",
                "ilmd": ilmd,
            },
        ),
        ("AssociationEvent", parent | {"action": "DELETE", "childEPCs": epcs, "childQuantityList": amounts}),
    ]
    return [{"type": kind, **_common(number), **fields} for number, (kind, fields) in enumerate(made)]
