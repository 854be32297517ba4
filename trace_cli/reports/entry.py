"""One entry in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ledger.chain.entry import Entry
    from ledger.chain.reader import AuthenticReader
    from ledger.chain.storage.sqlite import SqliteView
    from ledger.custody.codes import Codes
    from ledger.custody.facts import Facts
    from ledger.custody.index.lookup import Lookup

_NAMED = 3
_BARE: Final = frozenset({"holding", "other"})
_TOLD = frozenset({"key", "master", "decision", "erase", "case"})


def told_step(facts: Facts, codes: Codes) -> str:
    """Say what happened; of a step that says nothing by itself, such as a hold or its release, what came of it."""
    step = codes.short(facts.step).rsplit("/", 1)[-1] if facts.step else ""
    if step not in _BARE or not facts.disposition:
        return step
    return f"{step} ({codes.short(facts.disposition).rsplit('/', 1)[-1].rpartition('-')[2]})"


def summary(entry: Entry, codes: Codes) -> str:
    """Say what an entry is about, for people."""
    if entry.kind == "event":
        from ledger.custody.facts import NoEventError, read_facts

        try:
            facts = read_facts(entry.body, entry.seq)
        except NoEventError:
            return "unreadable: signed, but no event"
        things = [codes.short(mention.uri) for mention in facts.mentions]
        named = ", ".join(things[:_NAMED]) + (f" and {len(things) - _NAMED} more" if len(things) > _NAMED else "")
        place = f" at {codes.short(facts.place)}" if facts.place else ""
        step = told_step(facts, codes) or facts.kind
        withdrawn = "withdrawn: " if facts.withdraws else ""
        return f"{withdrawn}{step}{place}: {named}"
    if entry.kind in _TOLD and not isinstance(entry.body, dict):
        return f"unreadable: signed, but no entry of kind {entry.kind}"
    if entry.kind == "key":
        return f"key {entry.body.get('add', '')}"
    if entry.kind == "master":
        named = f" [{name}]" if isinstance(name := entry.body.get("name"), str) else ""
        return f"{entry.body.get('type', 'master')}: {codes.short(str(entry.body.get('id', '')))}{named}"
    if entry.kind == "decision":
        return f"decision: {entry.body.get('command', '')}"
    if entry.kind == "erase":
        return f"erased {entry.body.get('field', '')} of entry {entry.body.get('seq', '')}"
    if entry.kind == "case":
        about = entry.body.get("case")
        what = codes.short(str(entry.body.get("item", ""))) if about is None else f"case {about}"
        return f"case: {entry.body.get('state', '')} {what}"
    if entry.kind == "recall" and isinstance(entry.body, dict):
        return f"mock recall of {codes.short(str(entry.body.get('lot', '')))}"
    return entry.kind


_MOST_TOLD: Final = 5


def tell_index(lookup: Lookup) -> list[str]:
    """Warn on stderr where the index was not to be believed; give the warnings for a JSON answer."""
    from ledger.custody.index.lookup import MEND
    from trace_cli.formats.answer import note

    left = tell_left_out(lookup.left_out)
    if not lookup.warning:
        return left
    note(f"warning: {lookup.warning}; the answer comes from the log itself")
    note(f"  mend: {MEND}")
    return [lookup.warning, *left]


def tell_left_out(seqs: Sequence[int]) -> list[str]:
    """Warn on stderr of entries that are signed as events and are none; give the warnings for a JSON answer."""
    from trace_cli.formats.answer import note

    if not seqs:
        return []
    named = ", ".join(map(str, seqs[:_MOST_TOLD])) + (
        f" and {len(seqs) - _MOST_TOLD} more" if len(seqs) > _MOST_TOLD else ""
    )
    text = f"entry {named} is signed but is no event, so no answer counts it"
    note(f"warning: {text}")
    note(f"  look at it: trace show {seqs[0]}")
    return [text]


def find_entry(view: SqliteView, reader: AuthenticReader, typed: str) -> int:
    """Find the entry that somebody typed: a number, or an eventID.

    Raises:
        CommandError: There is none.
    """
    from ledger.custody.index.lookup import Lookup
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if typed.isascii() and typed.isdigit():
        seq = int(typed) if len(typed) < 20 else reader.size
    else:
        lookup = Lookup(view, reader)
        found = lookup.seq_of(typed)
        tell_index(lookup)
        seq = reader.size if found is None else found
    if not 0 <= seq < reader.size:
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"there is no entry {typed!r}; the ledger has entries 0 to {reader.size - 1}",
            remedy="trace log",
        )
    return seq


def withheld_fields(view: SqliteView, reader: AuthenticReader, entry: Entry) -> list[dict[str, Any]]:
    """List the private fields of an entry whose values are not there, and why."""
    from ledger.chain.erasure import KIND
    from ledger.custody.erasure import erasures, private_fields
    from ledger.custody.index.lookup import Lookup

    fields = [] if entry.kind == KIND else private_fields(entry.body)
    gone = [item for item in fields if view.attachment(item.digest) is None]
    if not gone:
        return []
    lookup = Lookup(view, reader)
    past = {digest: erasure for erasure in erasures(lookup) for digest in erasure.digests}
    tell_index(lookup)
    answer: list[dict[str, Any]] = []
    for item in gone:
        done = past.get(item.digest)
        why = (
            "not there, and no entry says why: trace verify"
            if done is None
            else f"erased by {done.by} on {done.rec} (entry {done.seq}): {done.reason}"
        )
        reason = None if done is None else done.reason
        answer.append(
            {"field": item.path, "why": why, "reason": reason, "erase_seq": None if done is None else done.seq}
        )
    return answer
