"""What `trace --help` prints: every command in one line, by what a person is doing. It loads nothing.

Forty commands take their time to be built; who asks for an overview need not wait for that. A test holds the
list against the commands that there are.
"""

from __future__ import annotations

from typing import Final

SECTIONS: Final = {
    "Begin": {
        "init": "begin a ledger here: its file, settings and key",
        "demo": "see the whole story on sample data",
        "key": "make, seal, move, rotate and revoke the keys of sites",
        "config": "show settings, and where each comes from",
        "doctor": "is this machine fit to keep a ledger?",
        "backup": "copy the ledger, consistent and verified",
        "recover": "go on after a restored backup or a lost key",
        "place": "names, coordinates, contacts of places",
        "product": "names, units, shelf life, lot sizes of products",
        "partner": "names and contacts of partners",
        "scanner": "set up a scanner, test it, read what it sends",
        "label": "make a label: QR code, GS1 DataMatrix, GS1-128",
    },
    "Record": {
        "scan": "a session at the dock, single codes, or a pipe",
        "ship": "goods leave a place",
        "receive": "goods arrive at a place",
        "pack": "goods go into a container",
        "unpack": "goods come out of a container",
        "transform": "inputs become outputs: mixing, cutting, packing anew",
        "inspect": "goods were looked at",
        "dispose": "goods were destroyed",
        "commission": "goods come into being",
        "record": "any other step",
        "import": "tables and EPCIS files, checked before anything is recorded",
        "correct": "withdraw an event, and say what is right",
        "undo": "withdraw the last event that you recorded",
        "hold": "put a lot on hold",
        "release": "release a lot from hold",
        "suspect": "open a case: hold a thing, bundle its evidence",
        "confirm": "close a case: it is what it was suspected to be",
        "dismiss": "close a case: there is nothing in it",
        "erase": "delete a private value for ever",
    },
    "Ask": {
        "check": "is the thing in hand what its code says?",
        "case": "what is suspect, and what became of it",
        "show": "one entry in full",
        "history": "everything that happened to an item",
        "back": "everything that went into a thing",
        "forward": "everything that a thing went into",
        "contents": "what is in a container, at any time",
        "balance": "what was made of a lot against where it went",
        "recall": "everything that holds a lot: where, who has it, whom to call",
        "query": "events by the parameters of the EPCIS query",
        "log": "the newest entries",
        "quality": "how good the record of a lot or item is, and what mends it",
        "hash": "event hashes of EPCIS files (CBV 2.0)",
    },
    "Prove": {
        "verify": "is it true, and what does that rest on? Ledgers and evidence",
        "prove": "evidence that others check without the ledger",
        "passport": "one page for an item that checks itself in a browser",
        "checkpoint": "the signed head, to hand out",
        "export": "EPCIS documents, the food traceability spreadsheet",
        "fsma": "the food traceability plan (FSMA 204)",
        "report": "reports to print",
        "index": "look after the tables that say where to look",
    },
    "Predict": {
        "forecast": "demand, with a band for how sure",
        "backtest": "how good would forecasts have been?",
        "eta": "when shipments under way will arrive",
        "bottlenecks": "where goods wait, and where they will next",
        "anomalies": "what looks wrong, and the entries that say so",
        "watch": "follow the ledger: new alarms, late shipments, queues",
        "decision": "predictions that were recorded",
    },
}

_HEAD: Final = """\
Usage: trace COMMAND [OPTIONS] [ARGUMENTS]

  Record who had which item, where, when and why; prove it; forecast from it.

  Examples:
    trace init --org acme.example --site dc1
    trace scan 952132112345678902 --step receiving --place DOCK-3
    trace verify
"""
_TAIL: Final = """
Options:
  -h, --help            Show this message; after a command, all about it.
  --version             Print the version and leave.
  --install-completion  Complete commands, places and products in this shell.
  --debug               See a traceback where something fails.

Exit codes: 0 ok, 1 failure, 2 usage, 3 not verified, 4 not found, 5 refused,
6 ledger unavailable, 7 no key, 130 interrupted.
"""


def overview() -> str:
    """Write the overview."""
    width = max(len(name) for section in SECTIONS.values() for name in section)
    parts = [_HEAD]
    for title, section in SECTIONS.items():
        lines = "".join(f"  {name:<{width}}  {short}\n" for name, short in section.items())
        parts.append(f"\n{title}:\n{lines}")
    return "".join([*parts, _TAIL])
