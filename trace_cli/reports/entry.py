"""One entry in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.chain.entry import Entry
    from ledger.chain.reader import AuthenticReader
    from ledger.chain.storage.sqlite import SqliteView
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


def find_entry(view: SqliteView, reader: AuthenticReader, typed: str) -> int:
    """Find the entry that somebody typed: a number, or an eventID.

    Raises:
        CommandError: There is none.
    """
    from ledger.custody.identity import ident_of
    from ledger.custody.index.read import find_idents
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if typed.isascii() and typed.isdigit():
        seq = int(typed) if len(typed) < 20 else reader.size
    else:
        ident = ident_of(typed, False)
        seq = find_idents(view.connection, [ident]).get(ident, reader.size)
    if seq >= reader.size:
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"there is no entry {typed!r}; the ledger has entries 0 to {reader.size - 1}",
            remedy="trace log",
        )
    return seq
