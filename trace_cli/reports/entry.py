"""One entry in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.chain.entry import Entry
    from ledger.custody.codes import Codes

_NAMED = 3


def summary(entry: Entry, codes: Codes) -> str:
    """Say what an entry is about, for people."""
    if entry.kind == "event":
        from ledger.custody.facts import read_facts

        facts = read_facts(entry.body)
        things = [codes.short(mention.uri) for mention in facts.mentions]
        named = ", ".join(things[:_NAMED]) + (f" and {len(things) - _NAMED} more" if len(things) > _NAMED else "")
        place = f" at {codes.short(facts.place)}" if facts.place else ""
        step = codes.short(facts.step).rsplit("/", 1)[-1] if facts.step else facts.kind
        withdrawn = "withdrawn: " if facts.withdraws else ""
        return f"{withdrawn}{step}{place}: {named}"
    if entry.kind == "key":
        return f"key {entry.body.get('add', '')}"
    if entry.kind == "decision":
        return f"decision: {entry.body.get('command', '')}"
    return entry.kind
