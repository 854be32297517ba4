# SPDX-License-Identifier: Apache-2.0
"""How long does the spreadsheet of the food traceability rule take? Against `json.loads` of the same entries."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.measure import Result, best_cpu, in_turn
from benchmarks.site import DOMAIN, Bench, minute
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.codes import Codes
from ledger.custody.fsma.sheets import Scope, make_workbook, read_food_events
from trace_cli.formats.workbook import write_workbook

ROUNDS = 2
CHAIN = 5


def measure(bench: Bench) -> Iterator[Result]:
    """Harvest, ship, receive, pack on and ship again; then write all of it as a workbook."""
    count = min(100_000, bench.entries)
    recorder = bench.recorder()
    path = max(bench.room.glob("ledger-*/ledger.db"), key=lambda found: found.stat().st_mtime)
    for first in range(0, count, 20_000):
        bodies = [_event(number) for number in range(first, min(first + 20_000, count))]
        recorder.record([recorder.prepare(body, by="bench", via="imported") for body in bodies])
    recorder.log.close()
    codes, target = Codes(DOMAIN), bench.fresh("food.xlsx")
    storage = SqliteStorage(path, writable=False)
    with storage.snapshot() as view:
        size = count + 1

        def ours() -> None:
            book = make_workbook(
                read_food_events(view, size),
                Scope(),
                short=codes.short,
                describe=lambda _: {},
                make_lot=lambda product, lot: codes.lot(lot, product),
            )
            assert book.count == count
            write_workbook(target, book.sheets)

        def bare() -> None:
            for _, data in view.entries(0, size):
                json.loads(data)

        written, read = in_turn(ROUNDS, ours, bare)
    storage.close()
    yield Result(
        f"FSMA workbook of {count:,} events",
        f"{best_cpu(written):.2f} s",
        f"{best_cpu(read):.2f} s  json.loads of the same entries, best of {ROUNDS}",
        best_cpu(written) / best_cpu(read),
        22,  # 10 s on the machine where it was chosen
    )


def _event(number: int) -> dict[str, object]:
    chain, part = divmod(number, CHAIN)
    step = ("creating_class_instance", "shipping", "receiving", "shipping", "receiving")[part]
    place = f"https://{DOMAIN}/loc/{('FARM', 'FARM', 'PACK', 'PACK', 'STORE')[part]}-{chain % 40}"
    target = f"https://{DOMAIN}/loc/{('PACK', 'PACK', 'FARM', 'STORE', 'PACK')[part]}-{chain % 40}"
    side = "source" if step == "receiving" else "destination"
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": f"{minute(number)}Z",
        "eventTimeZoneOffset": "+00:00",
        "bizStep": step,
        "action": "OBSERVE" if part else "ADD",
        "readPoint": {"id": place},
        f"{side}List": [{"type": "location", side: target}],
        "bizTransactionList": [{"type": "bol", "bizTransaction": f"https://{DOMAIN}/bt/BOL-{number}"}],
        "quantityList": [{"epcClass": f"https://{DOMAIN}/lot/LETTUCE:{chain}", "quantity": 40, "uom": "KGM"}],
    }
