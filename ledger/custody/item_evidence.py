"""The evidence of one item: the entries and private values of its bundle, and whether a bundle is about it.

Maker and checker ask the same question of the same bytes, `history_of`: what the checker cannot find to be
about the item, with the values that are opened to them, does not belong there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.chain import canonical
from ledger.chain.bundle import Bundle, BundleFault, CheckedBundle, make_bundle
from ledger.chain.commitment import is_commitment
from ledger.chain.entry import Attachment, Entry
from ledger.chain.errors import Refused, Untrue
from ledger.custody.erasure import named_fields, policy_line, private_fields, stands_open
from ledger.custody.history import make_event
from ledger.custody.index.lookup import Lookup
from ledger.custody.index.rebuild import row_of
from ledger.custody.item_history import ItemHistory, history_of
from ledger.custody.privacy import Held, PrivacyPolicy, covers_any, make_policy, reveal, seal

_KINDS: Final = ("event", "key")


class NotCommittedError(Refused):
    """A field that is to be withheld stands in the signed bytes in the clear.

    Args:
        message: Where.
        line: The line of `trace.toml` that makes the field private from now on; None: it can never be.
    """

    def __init__(self, message: str, line: str | None) -> None:
        remedy = f"to make it private from now on, add to trace.toml: {line}" if line else ""
        super().__init__(message, remedy=remedy or "this field can never be private")


@dataclass
class _Opened:
    """What may be seen of `held`, less what is withheld."""

    held: Held
    withheld: set[bytes] = field(default_factory=set)

    def attachment(self, digest: bytes) -> Attachment | None:
        return None if digest in self.withheld else self.held.attachment(digest)


class _Values:
    """The values that a bundle opens."""

    def __init__(self, values: Iterable[Attachment]) -> None:
        self._values = {value.digest: value for value in values}

    def attachment(self, digest: bytes) -> Attachment | None:
        return self._values.get(digest)


def gather_evidence(lookup: Lookup, item: str, *, withhold: Sequence[str] = ()) -> tuple[Bundle, ItemHistory]:
    """Make the bundle of an item: every event of its history, with the private values that are not withheld.

    Args:
        lookup: The index of a snapshot, whose entries are proven.
        item: The thing.
        withhold: Names of private fields whose values stay out, as `trace erase --field` reads them.

    Raises:
        NotCommittedError: A field to be withheld was not private in one of the events, or is in none of them.
        Untrue: An entry or a private value does not hold.
    """
    fields = [_Withheld(name) for name in withhold]
    opened = _Opened(lookup.view)

    def naming(uri: str) -> list[Entry]:
        entries = lookup.entries_naming(uri)
        for entry in entries:
            for one in fields:
                opened.withheld |= one.digests_in(entry.body, lookup.view)
        return entries

    found = history_of(item, naming, opened)
    seqs = sorted(line.event.seq for line in found.lines)
    entries = [lookup.reader.entry(seq) for seq in seqs]
    for one in fields:
        one.refuse_open(entries)
    values = {
        value.digest: value
        for entry in entries
        for private in private_fields(entry.body)
        if (value := opened.attachment(private.digest)) is not None
    }
    keys = [entry.seq for entry in lookup.entries_of_kind("key")]
    bundle = make_bundle(
        lookup.reader, item, sorted([*seqs, *(keys if len(keys) > 1 else ())]), tuple(values.values())
    )
    return bundle, found


class _Withheld:
    """One field to be withheld."""

    def __init__(self, name: str) -> None:
        self.name = name
        local = name.rsplit(".", 1)[-1]
        try:
            self._policy: PrivacyPolicy | None = PrivacyPolicy(make_policy([local]).names - make_policy().names)
            if not self._policy.names:
                self._policy = PrivacyPolicy(frozenset({local.lower()}))
        except Refused:
            self._policy = None

    def digests_in(self, body: Any, held: Held) -> set[bytes]:
        """List the commitments to leave closed: those of the field, and those in whose value it is hidden."""
        digests = {private.digest for private in named_fields(body, self.name)}
        if self._policy is not None:
            for private in private_fields(body):
                value = held.attachment(private.digest)
                if value is not None and covers_any({"": canonical.parse(value.data)}, self._policy):
                    digests.add(private.digest)
        return digests

    def refuse_open(self, entries: Sequence[Entry]) -> None:
        """Refuse where the field stands open in an entry, or nowhere at all."""
        line = policy_line(self.name)
        clear = [entry.seq for entry in entries if self._stands_open(entry.body)]
        if clear:
            named = ", ".join(map(str, clear[:5])) + (f" and {len(clear) - 5} more" if len(clear) > 5 else "")
            raise NotCommittedError(
                f"the field {self.name!r} was not private when it was recorded: it stands in the signed bytes of "
                f"entry {named}, so it cannot be withheld",
                line,
            )
        if not any(named_fields(entry.body, self.name) for entry in entries):
            raise NotCommittedError(f"no event of this item has a private field {self.name!r} to withhold", line)

    def _stands_open(self, body: Any) -> bool:
        if self._policy is None or "." in self.name:
            return stands_open(body, self.name)
        hidden = seal(body, self._policy, random=bytes)[1]
        return any(not is_commitment(canonical.parse(value.data)) for value in hidden)


def judge_item(checked: CheckedBundle) -> tuple[ItemHistory | None, list[BundleFault]]:
    """Check that every event of a bundle is about its item, and give the history that they tell.

    Returns:
        The history; None where a private value does not fit. And what does not belong there.
    """
    position = {proof.index: at for at, proof in enumerate(checked.bundle.proofs)}
    faults: list[BundleFault] = []
    events: list[Entry] = []
    values = _Values(checked.bundle.values)

    def fault(entry: Entry, message: str) -> None:
        faults.append(BundleFault(position.get(entry.seq), entry.seq, message))

    for entry in checked.entries:
        if entry.kind not in _KINDS:
            fault(entry, f"entry {entry.seq} is of kind {entry.kind!r}, which does not belong in a bundle")
        elif entry.kind == "event":
            if row_of(entry) is None or not _is_readable(entry, values):
                fault(entry, f"entry {entry.seq} is no event that can be read")
            else:
                events.append(entry)
    things = {entry.seq: set(row.things) for entry in events if (row := row_of(entry)) is not None}

    def naming(uri: str) -> list[Entry]:
        return [entry for entry in events if uri in things[entry.seq]]

    found = history_of(checked.bundle.item, naming, values)
    about = {line.event.seq for line in found.lines}
    for entry in events:
        if entry.seq not in about:
            fault(entry, f"entry {entry.seq} is not about {checked.bundle.item}")
    if not about and not faults:
        faults.append(BundleFault(None, None, f"the bundle holds no event about {checked.bundle.item}"))
    return found, faults


def _is_readable(entry: Entry, values: Held) -> bool:
    try:
        make_event(entry.seq, reveal(entry.body, values), entry.rec, entry.via)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, Refused, Untrue):
        return False
    return True
