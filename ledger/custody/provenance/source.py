"""The events that an answer rests on: named by the index, read in batches, each proven before it is believed.

1. The index says which entries name a thing, and as what. It is believed in nothing.
2. Every entry that is read is proven up to the signed root.
3. The entry must name the thing as the index says; else the index is wrong, and one made of the log replaces it.
4. What the index leaves out cannot be seen in what it gives: a part of the log is held against the answer.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ledger.chain.errors import Untrue
from ledger.custody.corrections import Withdrawn
from ledger.custody.facts import Facts, read_facts
from ledger.custody.holds import NO_WORDS, STEP, hold_words
from ledger.custody.index.lookup import Lookup, WrongIndexError
from ledger.custody.index.read import Row
from ledger.custody.index.rebuild import row_of_body
from ledger.custody.index.roles import DECLARED, EMPTIED, MEMBER, roles_among, roles_of
from ledger.custody.index.roles import LOT as IS_LOT
from ledger.custody.kinds.base import Mention, thing_uri
from ledger.custody.lots import lot_of_mention
from ledger.custody.privacy import reveal
from ledger.custody.statement import QUANTITY, UNIT

# A moment of a history: its time, and among equal times the number of the entry.
Moment = tuple[float, float]
BEGIN: Final[Moment] = (float("-inf"), 0.0)
END: Final[Moment] = (float("inf"), 0.0)

WHOLE: Final = 8_000  # up to this many entries, all of them are held against the answer
PART: Final = 500
_COMMITMENT: Final = b'{"_commit":"'
_NAMES: Final = re.compile(rb'"((?:https?:|urn:)[^"\\]+)"')
_HIDDEN_LOTS: Final = re.compile(rb'"trace:lot"|lotNumber|/21/|/ser/')
_DECLARATION: Final = b'"errorDeclaration":'


@dataclass(frozen=True, slots=True)
class Record:
    """A proven event. `roles` says as what it names each thing, `lots` which lot it puts an instance in."""

    seq: int
    moment: Moment
    facts: Facts
    roles: dict[str, int]
    lots: dict[str, str]
    transformation: str | None
    quantity: Any
    unit: str | None
    via: str
    holds: tuple[frozenset[str], frozenset[str]]

    def mentions(self, role: str) -> list[Mention]:
        """List the things in one role."""
        return [mention for mention in self.facts.mentions if mention.role == role]

    def amount_of(self, uri: str, role: str | None = None) -> tuple[Any, str | None]:
        """Give quantity and unit of a thing as the event states it, for a single item what is said beside it."""
        for mention in self.facts.mentions:
            if mention.uri == uri and role in (None, mention.role):
                if mention.quantity is not None or mention.of_class or mention.role == "parent":
                    return mention.quantity, mention.unit
                return self.quantity, self.unit
        return None, None


Records = list[Record]
Rows = list[Row]


def _moment(record: Record) -> Moment:
    return record.moment


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was seen of the rest of the log: how many entries were looked at, and which do not hold."""

    checked: int
    untrue: tuple[int, ...]


class Source:
    """Proven events of one ledger by the things that they name.

    Args:
        lookup: The index and the reader of one snapshot.
    """

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.records: dict[int, Record] = {}
        self._listed: dict[str, list[Row]] = {}
        self._gone: set[int] | None = None
        self._loaded: dict[str, int] = {}
        self._withdrawn = Withdrawn()
        self._asked: set[str] = set()
        self._fresh: set[str] = set()
        self._given: dict[tuple[str, int], Records] = {}

    def load(self, uris: Iterable[str], mask: int) -> None:
        """Read all entries that name any of the things as what `mask` says.

        Raises:
            Untrue: One of them does not hold.
            WrongIndexError: One of them does not name the thing so.
        """
        wanted = [uri for uri in dict.fromkeys(uris) if mask & ~self._loaded.get(uri, 0)]
        self.ask(wanted)
        self.read({uri: [row for row in self._listed[uri] if row.role & mask] for uri in wanted}, mask)

    def read(self, chosen: Mapping[str, Iterable[Row]], mask: int) -> None:
        """Read the entries of chosen rows of the index.

        Args:
            chosen: For each thing, rows of `rows`.
            mask: What they were chosen from: nothing else is given out by `of`.

        Raises:
            As `load`.
        """
        seqs: set[int] = set()
        self._given.clear()
        for uri, rows in chosen.items():
            self._loaded[uri] = self._loaded.get(uri, 0) | mask
            seqs.update(row.seq for row in rows)
        self._read(sorted(seqs - self.records.keys()))
        self._find_withdrawn()

    def ask(self, uris: Iterable[str]) -> None:
        """Ask the index about things; nothing is read of them yet."""
        fresh = [uri for uri in dict.fromkeys(uris) if uri not in self._listed]
        if fresh:
            self._listed.update(self.lookup.rows_of(fresh))

    def rows(self, uri: str) -> Sequence[Row]:
        """Give what the index has for a thing; a hint."""
        return self._listed.get(uri, ())

    def emptied(self, numbers: Iterable[int]) -> dict[int, list[Row]]:
        """List where containers, by their numbers, are emptied by events that stand; a hint."""
        found = self.lookup.rows_by_number(sorted(set(numbers)), EMPTIED)
        return {number: self.standing(rows) for number, rows in found.items()}

    def standing(self, rows: Iterable[Row]) -> Rows:
        """Leave out what is withdrawn; a hint."""
        if self._gone is None:
            self._gone = self.lookup.withdrawn_seqs()
        return [row for row in rows if row.seq not in self._gone and not row.role & DECLARED]

    def of(self, uri: str, mask: int) -> Records:
        """Give what was read of a thing, in the roles of `mask`, withdrawn events left out; oldest first.

        Raises:
            WrongIndexError: An event does not name the thing as the index says.
        """
        mask &= self._loaded.get(uri, 0)
        if (known := self._given.get((uri, mask))) is not None:
            return known
        found = []
        for row in self._listed.get(uri, ()):
            if row.role & mask and (record := self.records.get(row.seq)) is not None:
                if record.roles.get(uri) != row.role or record.facts.time // 1_000_000 != row.time:
                    raise WrongIndexError(f"the index is wrong: entry {row.seq} does not name {uri} as it says")
                if self.stands(record):
                    found.append(record)
        known = self._given[uri, mask] = sorted(found, key=_moment)
        return known

    def roles(self, uri: str) -> int:
        """Say as what the index lists a thing at all; a hint."""
        found = 0
        for row in self._listed.get(uri, ()):
            found |= row.role
        return found

    def check(self) -> None:
        """Hold every row of the index that was used against its entry.

        Raises:
            WrongIndexError: An event does not name a thing as the index says.
        """
        for uri, mask in self._loaded.items():
            self.of(uri, mask)

    def stands(self, record: Record) -> bool:
        """Tell whether an event counts: it is no error declaration, and none withdraws it."""
        return not record.facts.withdraws and not self._withdrawn.has(record.facts, record.via)

    @property
    def corrected(self) -> list[int]:
        """List the entries that were read and do not count."""
        return sorted(record.seq for record in self.records.values() if not self.stands(record))

    def _read(self, seqs: Sequence[int]) -> None:
        for seq, data in self.lookup.proven(seqs).items():
            record = make_record(seq, data, self.lookup)
            if record is None:
                raise WrongIndexError(f"the index is wrong: entry {seq} is no event")
            self.records[seq] = record
            self._fresh.add(record.facts.event_id)
            if record.facts.withdraws:
                self._withdrawn.add(record.facts, record.via)

    def _find_withdrawn(self) -> None:
        fresh, self._fresh = self._fresh - self._asked, set()
        self._asked |= fresh
        declared = self.lookup.declared(sorted(fresh))
        self._read(sorted({seq for _, seq in declared} - self.records.keys()))
        for event_id, seq in declared:
            facts = self.records[seq].facts
            if facts.event_id != event_id or not facts.withdraws:
                raise WrongIndexError(f"the index is wrong: entry {seq} does not withdraw {event_id}")

    def look_elsewhere(self) -> Elsewhere:
        """Hold a part of the log, chosen by chance, against what was read: all of it while it is small.

        Raises:
            WrongIndexError: The index leaves out an entry that belongs to the answer.
        """
        size = self.lookup.reader.size
        part = size if size <= WHOLE else PART
        start = secrets.randbelow(size - part + 1)
        untrue: list[int] = []
        for seq, data in self.lookup.view.entries(start, start + part):
            try:
                self.lookup.reader.check(seq, data)
            except Untrue:
                untrue.append(seq)
                continue
            if seq not in self.records and self._concerns(data):
                self._judge(seq, data)
        return Elsewhere(part, tuple(untrue))

    def _concerns(self, data: bytes) -> bool:
        """Tell quickly whether an entry could belong to the answer."""
        if _HIDDEN_LOTS.search(data) or _DECLARATION in data:
            return True
        return any(thing_uri(found.decode("utf-8", "replace")) in self._loaded for found in _NAMES.findall(data))

    def _judge(self, seq: int, data: bytes) -> None:
        entry = json.loads(data)
        if entry["kind"] != "event":
            return
        body = entry["body"]
        row = row_of_body(body, entry["via"])
        if row is None:
            return  # signed, but no event that this program would record: the index leaves it out rightly
        for uri, role in row.things.items():
            listed = role & self._loaded.get(uri, 0) and any(row[:2] == (seq, role) for row in self._listed[uri])
            if role & self._loaded.get(uri, 0) and not listed:
                raise WrongIndexError(f"the index is wrong: it leaves out entry {seq}, which names {uri}")
        named = "errorDeclaration" in body and body["eventID"] in self._asked
        if named and not self._withdrawn.knows(body["eventID"], entry["via"]):
            raise WrongIndexError(f"the index is wrong: it leaves out entry {seq}, which withdraws an event")


def make_record(seq: int, data: bytes, lookup: Lookup) -> Record | None:
    """Read the bytes of a proven entry; None: it is no event."""
    entry = json.loads(data, parse_float=Decimal)
    if entry["kind"] != "event":
        return None
    sealed = entry["body"]
    body = reveal(sealed, lookup.view) if _COMMITMENT in data else sealed
    facts = read_facts(body, seq)
    roles = roles_among(body, facts.mentions) if body is sealed else roles_of(sealed)
    lots = {}
    for mention in facts.mentions:
        if roles.get(mention.uri, 0) & MEMBER and (lot := lot_of_mention(body, mention)):
            lots[mention.uri] = lot
    joined = body.get("transformationID")
    return Record(
        seq,
        (facts.time, seq),
        facts,
        roles,
        lots,
        joined if type(joined) is str else None,
        body.get(QUANTITY),
        body.get(UNIT),
        entry["via"],
        hold_words(body) if "persistentDisposition" in body or facts.step == STEP else NO_WORDS,
    )


def is_member_of(record: Record, lot: str) -> list[str]:
    """List the instances that an event puts in a lot."""
    if not record.roles.get(lot, 0) & IS_LOT:
        return []
    return [instance for instance, own in record.lots.items() if own == lot]
