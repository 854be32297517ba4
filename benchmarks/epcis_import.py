# SPDX-License-Identifier: Apache-2.0
"""How long does the import of an EPCIS document take, rules, hashes and commits included? Against bare parsing."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Result, best_cpu, in_turn
from benchmarks.site import DOMAIN, PRIVACY, Bench, minute
from ledger.custody.codes import Codes
from ledger.custody.exchange.column_map import ColumnMap
from ledger.custody.exchange.epcis_json_writer import write_json
from ledger.custody.exchange.epcis_xml_writer import write_xml
from ledger.custody.exchange.importer import check_files, record_checked
from ledger.custody.identity import Identifier

ROUNDS = 3
BUDGET = 30.0
CREATED = "2026-03-01T00:00:00Z"


def measure(bench: Bench) -> Iterator[Result]:
    """Import the same events as JSON and as XML into fresh ledgers."""
    count = min(10_000, bench.entries)
    events = [shipment(number) for number in range(count)]
    for name, suffix, pieces in (
        ("JSON", "jsonld", write_json(events, created=CREATED)),
        ("XML", "xml", write_xml(events, created=CREATED, version="2.0", tell=print)),
    ):
        path = bench.fresh("epcis").with_suffix(f".{suffix}")
        path.write_text("".join(pieces), encoding="utf-8")
        yield _one(bench, name, path, count)


def _one(bench: Bench, name: str, path: Path, count: int) -> Result:
    def ours() -> None:
        recorder = bench.recorder()
        checked = check_files([path], ColumnMap(), Codes(DOMAIN), lambda: Identifier(PRIVACY, bytes(32)))
        assert record_checked(checked, recorder, by="bench").recorded == count
        recorder.log.close()

    def bare() -> None:
        if name == "JSON":
            json.loads(path.read_bytes())
        else:
            ElementTree.parse(path)

    imported, parsed = in_turn(ROUNDS, ours, bare)
    parser = "json.loads" if name == "JSON" else "ElementTree.parse"
    return Result(
        f"import of {count:,} EPCIS events in {name}",
        f"{count / best_cpu(imported):,.0f} events/s",
        f"{count / best_cpu(parsed):,.0f} events/s  {parser} of the same file, best of {ROUNDS}",
        best_cpu(imported) / best_cpu(parsed),
        BUDGET,
    )


def shipment(number: int) -> dict[str, Any]:
    """Make event `number`: by turns a lot that is made, cases that are packed, and a pallet that is shipped."""
    kind = number % 3
    gtin = f"95213211{number % 7:05d}"
    place = {"id": f"urn:epc:id:sgln:9521321.{number % 40:05d}.0"}
    event: dict[str, Any] = {
        "eventTime": f"{minute(number)}.250+02:00",
        "eventTimeZoneOffset": "+02:00",
        "eventID": f"urn:uuid:{number:08x}-0000-4000-8000-000000000000",
        "readPoint": place,
        "bizLocation": place,
    }
    pallet = f"urn:epc:id:sscc:9521321.0{number // 3:09d}"
    cases = [f"urn:epc:id:sgtin:9521321.00{number % 7:04d}.{number // 3}-{case}" for case in range(8)]
    if kind == 0:
        lot = f"https://id.gs1.org/01/0{gtin}/10/LOT-{number // 9}"
        event |= {
            "type": "ObjectEvent",
            "action": "ADD",
            "bizStep": "commissioning",
            "disposition": "active",
            "epcList": cases,
            "quantityList": [{"epcClass": lot, "quantity": 25, "uom": "KGM"}],
            "ilmd": {"cbvmda:lotNumber": f"LOT-{number // 9}", "cbvmda:itemExpirationDate": "2026-12-31"},
        }
    elif kind == 1:
        event |= {
            "type": "AggregationEvent",
            "action": "ADD",
            "bizStep": "packing",
            "disposition": "in_progress",
            "parentID": pallet,
            "childEPCs": cases,
        }
    else:
        event |= {
            "type": "ObjectEvent",
            "action": "OBSERVE",
            "bizStep": "shipping",
            "disposition": "in_transit",
            "epcList": [pallet],
            "bizTransactionList": [
                {"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:9521321000005:PO-{number // 30}"},
                {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:9521321000005:ASN-{number}"},
            ],
            "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9521321.00000"}],
            "destinationList": [{"type": "owning_party", "destination": "urn:epc:id:pgln:9521999.00000"}],
        }
    return event
