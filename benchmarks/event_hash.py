# SPDX-License-Identifier: Apache-2.0
"""How many event hashes a second? Beside the public Python reference implementation, where it is at hand.

The reference (`epcis-event-hash-generator`) lives in an environment of its own, outside of the project;
``TRACE_HASH_REFERENCE`` names the Python of that environment. Both sides hash events that are already parsed.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

from benchmarks.epcis_import import CREATED, shipment
from benchmarks.measure import Result, best_cpu, in_turn
from benchmarks.site import Bench
from ledger.custody.event_hash import event_hash
from ledger.custody.exchange.epcis_xml_writer import write_xml

ROUNDS = 5
COUNT = 5_000
THEIRS = 500
BUDGET = 20.0
VARIABLE = "TRACE_HASH_REFERENCE"
# Runs in the other environment. XML is what it reads without the network; parsing is not in what is measured.
_PROGRAM = """
import json, sys, time
from epcis_event_hash_generator import hash_generator, xml_to_py
events = xml_to_py.event_list_from_epcis_document_str(open(sys.argv[1], encoding="utf-8").read())
best = None
for _ in range(3):
    begun = time.process_time()
    hashes = hash_generator.epcis_hashes_from_events(events)
    hashes = hashes[0] if isinstance(hashes, tuple) else hashes
    spent = time.process_time() - begun
    best = spent if best is None else min(best, spent)
print(json.dumps({"seconds": best, "count": len(hashes), "hashes": hashes[:9]}))
"""


def measure(bench: Bench) -> Iterator[Result]:
    """Hash the same events on both sides."""
    events = [shipment(number) for number in range(COUNT)]
    (spent,) = in_turn(ROUNDS, lambda: [event_hash(event) for event in events])
    rate = COUNT / best_cpu(spent)
    question, ours = "event hashes, CBV 2.0", f"{rate:,.0f}/s"
    python = os.environ.get(VARIABLE)
    if not python:
        yield Result(question, ours, f"skipped: {VARIABLE} names no Python with the reference", 0.0)
        return
    path = bench.fresh("reference").with_suffix(".xml")
    pieces = write_xml(events[:THEIRS], created=CREATED, version="2.0", tell=print)
    path.write_text("".join(pieces), encoding="utf-8")
    ran = subprocess.run([python, "-c", _PROGRAM, str(path)], capture_output=True, text=True, check=False)
    if ran.returncode:
        why = (ran.stderr.strip().splitlines() or ["no word"])[-1][:80]
        yield Result(question, ours, f"skipped: the reference failed: {why}", 0.0)
        return
    told = json.loads(ran.stdout.strip().splitlines()[-1])
    same = sum(event_hash(event) == theirs for event, theirs in zip(events, told["hashes"], strict=False))
    theirs = told["count"] / told["seconds"]
    limit = (
        f"{theirs:,.0f}/s  reference implementation, same events ({same} of {len(told['hashes'])} looked at equal)"
    )
    yield Result(question, ours, limit, rate / theirs, BUDGET, at_least=True)
