"""The evidence of one item: the entries and private values of its bundle, and whether a bundle is about it.

Maker and checker ask the same question of the same bytes, `history_of`: what the checker cannot find to be
about the item, with the values that are opened to them, does not belong there. What else does:

1. the error declarations on its events, also those that name no thing, so that nobody is shown a withdrawn or a
   disputed event as one that nobody contradicts
2. the latest master data of what its events name, for the names; private values of it stay closed
3. the entries on the life of keys, where a key was replaced
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.chain import canonical
from ledger.chain.bundle import Bundle, BundleFault, CheckedBundle, make_bundle
from ledger.chain.commitment import is_commitment
from ledger.chain.entry import Attachment, Entry
from ledger.chain.errors import Refused, Untrue
from ledger.custody.codes import product_of
from ledger.custody.corrections import Corrections
from ledger.custody.erasure import named_fields, policy_line, private_fields, stands_open
from ledger.custody.history import Event, make_event
from ledger.custody.index.lookup import Lookup
from ledger.custody.index.rebuild import row_of
from ledger.custody.index.write import MASTER
from ledger.custody.item_history import ItemHistory, history_of
from ledger.custody.kinds.base import thing_uri
from ledger.custody.master import MasterData
from ledger.custody.privacy import Held, PrivacyPolicy, covers_any, make_policy, reveal, seal

_KINDS: Final = ("event", "key", MASTER)


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


def gather_evidence(
    lookup: Lookup, item: str, *, withhold: Sequence[str] = (), closed: bool = False
) -> tuple[Bundle, ItemHistory]:
    """Make the bundle of an item: every event of its history, with the private values that are not withheld.

    Args:
        lookup: The index of a snapshot, whose entries are proven.
        item: The thing.
        withhold: Names of private fields whose values stay out, as `trace erase --field` reads them.
        closed: No private value goes in.

    Raises:
        NotCommittedError: A field to be withheld was not private in one of the events, or is in none of them.
        Untrue: An entry or a private value does not hold.
    """
    fields = [_Withheld(name) for name in withhold]
    opened = _Opened(_Values(()) if closed else lookup.view)

    def naming(uri: str) -> list[Entry]:
        entries = lookup.entries_naming(uri)
        for entry in entries:
            for one in fields:
                opened.withheld |= one.digests_in(entry.body, lookup.view)
        return entries

    found = history_of(item, naming, opened)
    seqs = sorted(line.event.seq for line in found.lines)
    entries = [lookup.reader.entry(seq) for seq in seqs]
    declared = lookup.declarations_of([line.event.facts.event_id for line in found.lines])  # 1
    entries += [entry for entry in declared if entry.seq not in seqs and _is_readable(entry, opened)]
    for one in fields:
        for entry in declared:
            opened.withheld |= one.digests_in(entry.body, lookup.view)
    for one in fields:
        one.refuse_open(entries)
    values = {
        value.digest: value
        for entry in entries
        for private in private_fields(entry.body)
        if (value := opened.attachment(private.digest)) is not None
    }
    keys = [entry.seq for entry in lookup.entries_of_kind("key")]  # 3
    packed = (
        {entry.seq for entry in entries} | set(keys if len(keys) > 1 else ()) | _master_of(lookup, found, fields)
    )
    return make_bundle(lookup.reader, item, sorted(packed), tuple(values.values())), found


def _master_of(lookup: Lookup, found: ItemHistory, fields: Sequence[_Withheld]) -> set[int]:
    """2. List the latest master data of what events name, but for those in which a withheld field stands open."""
    master = MasterData(lookup)
    if master.is_empty:
        return set()
    records = (master.record(uri) for uri in sorted(named_in(found)))
    return {
        record.seq
        for record in records
        if record is not None and not any(one.stands_open(record.sealed) for one in fields)
    }


def named_in(found: ItemHistory) -> set[str]:
    """List what a history names: things and their products, places, parties."""
    uris: set[str | None] = {found.item, product_of(found.item)}
    for line in found.lines:
        facts = line.event.facts
        uris |= {facts.place, facts.source, facts.destination, facts.container}
        uris |= {uri for _, uri in facts.parties}
        for mention in facts.mentions:
            uris |= {mention.uri, product_of(mention.uri)}
    return {thing_uri(uri) for uri in uris if uri}


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
        clear = [entry.seq for entry in entries if self.stands_open(entry.body)]
        if clear:
            named = ", ".join(map(str, clear[:5])) + (f" and {len(clear) - 5} more" if len(clear) > 5 else "")
            raise NotCommittedError(
                f"the field {self.name!r} was not private when it was recorded: it stands in the signed bytes of "
                f"entry {named}, so it cannot be withheld",
                line,
            )
        if not any(named_fields(entry.body, self.name) for entry in entries):
            raise NotCommittedError(f"no event of this item has a private field {self.name!r} to withhold", line)

    def stands_open(self, body: Any) -> bool:
        """Tell whether the field stands in the clear in a body."""
        if self._policy is None or "." in self.name:
            return stands_open(body, self.name)
        hidden = seal(body, self._policy, random=bytes)[1]
        return any(not is_commitment(canonical.parse(value.data)) for value in hidden)


def judge_item(checked: CheckedBundle) -> tuple[ItemHistory | None, list[BundleFault]]:
    """Check that every event of a bundle is about its item or declares such a one wrong; give the history so told.

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
    told = [_event_of(entry, values) for entry in events]
    corrections = Corrections(told)
    things = {entry.seq: set(row.things) for entry in events if (row := row_of(entry)) is not None}

    def naming(uri: str) -> list[Entry]:
        return [entry for entry in events if uri in things[entry.seq]]

    found = history_of(checked.bundle.item, naming, values, lambda _some: corrections)
    about = {line.event.seq for line in found.lines}
    ids = {line.event.facts.event_id for line in found.lines}
    about |= {event.seq for event in told if event.facts.withdraws and event.facts.event_id in ids}  # 1
    for entry in events:
        if entry.seq not in about:
            fault(entry, f"entry {entry.seq} is not about {checked.bundle.item}")
    named = named_in(found)
    for entry in checked.entries:
        if entry.kind == MASTER and not _describes(entry, named):  # 2
            fault(entry, f"entry {entry.seq} is master data of what no event here names")
    if not about and not faults:
        faults.append(BundleFault(None, None, f"the bundle holds no event about {checked.bundle.item}"))
    return found, faults


def _describes(entry: Entry, named: set[str]) -> bool:
    key = entry.body.get("id") if isinstance(entry.body, Mapping) else None
    return type(key) is str and thing_uri(key) in named


def _event_of(entry: Entry, values: Held) -> Event:
    return make_event(entry.seq, reveal(entry.body, values), entry.rec, entry.via, by=entry.by)


def _is_readable(entry: Entry, values: Held) -> bool:
    try:
        _event_of(entry, values)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, Refused, Untrue):
        return False
    return True
