"""The answer of `verify`, and of every command that had to stop because a history does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.chain.counting import counted
from ledger.chain.epoch import told
from trace_cli.formats.answer import say

if TYPE_CHECKING:
    from ledger.chain.verdict import Verdict

_HEADLINE = {
    "ok": "OK",
    "tampered": "TAMPERED",
    "rolled_back": "ROLLED BACK",
    "forked": "FORKED",
    "untrusted": "UNTRUSTED",
    "corrupt": "CORRUPT",
}
_RESTS_ON = {
    "self": "only on its own signature; nobody outside has seen this head (this machine remembers it from now on)",
    "pinned": "on the head of {size:,} entries that this machine saw before",
    "key": "on the key or policy given on the command line",
    "none": "on nothing: no key is believed",
    "partner": "on the head that a partner holds",
}
_SHOWN = 10


def verdict_answer(verdict: Verdict, *, seconds: float) -> dict[str, Any]:
    """Build the JSON answer `trace.verify/1`."""
    return {
        "schema": "trace.verify/1",
        "verdict": verdict.word,
        "anchor": {
            "kind": verdict.anchor.kind,
            "size": verdict.anchor.size,
            "root": verdict.anchor.root.hex(),
        },
        "origin": verdict.origin,
        "size": verdict.size,
        "root": verdict.root.hex(),
        "first_bad_seq": verdict.first_bad_seq,
        "checks": [{"name": name, "passed": passed, "count": count} for name, passed, count in verdict.checks],
        "findings": [
            {
                "check": finding.check,
                "kind": finding.kind,
                "seq": finding.seq,
                "message": finding.message,
                "remedy": finding.remedy,
            }
            for finding in verdict.findings
        ],
        "epochs": [
            {
                "epoch": epoch.number,
                "seq": epoch.seq,
                "reason": epoch.reason,
                "lost": epoch.lost,
                "old": {"size": epoch.old.head.size, "root": epoch.old.head.root.hex()},
                "old_believed": epoch.old_believed,
                "replaces": list(epoch.replaces),
            }
            for epoch in verdict.epochs
        ],
        "seconds": round(seconds, 3),
    }


def write_verdict(verdict: Verdict, path: Path) -> None:
    """Tell people."""
    say(f"{_HEADLINE[verdict.word]}  {verdict.origin or path}  {counted(verdict.size, 'entry')}")
    for name, passed, count in verdict.checks:
        say(f"  {'ok  ' if passed else 'FAIL'}  {name:<10}  {count:,} checked")
    say("The verdict rests " + _RESTS_ON[verdict.anchor.kind].format(size=verdict.anchor.size) + ".")
    for epoch in verdict.epochs:
        say(f"This ledger went on from an older state or under another key: {told(epoch)}.")
    for finding in verdict.findings[:_SHOWN]:
        say(f"  {finding.check}: {finding.message}")
        if finding.remedy:
            say(f"    mend: {finding.remedy}")
    if len(verdict.findings) > _SHOWN:
        say(f"  ... and {len(verdict.findings) - _SHOWN} more (--json lists them)")
    bad = verdict.first_bad_seq
    if bad is not None:
        before = f"Entries 0 to {bad - 1} fit the signed head, entry {bad} does not." if bad else "Entry 0 is bad."
        say(before if verdict.word == "tampered" else f"The first entry concerned is {bad}.")
    if verdict.key is not None and verdict.word == "ok":
        say(f"Signed by {verdict.key.name} (key {verdict.key.key_id.hex()}), root {verdict.root.hex()[:12]}...")
