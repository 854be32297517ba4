"""The events that an answer rests on: named by the index, read in batches, each proven before it is believed.

1. The index says which entries name a thing, as what, and when. It is believed in nothing.
2. Every entry that is read is proven up to the signed root.
3. The entry must name the thing as the index says; else the index is wrong, and one made of the log replaces it.
4. What the index leaves out cannot be seen in what it gives: a part of the log is held against the answer.

Of a thing that matters for some times only, the index is asked for those: a pallet that was used a thousand times
must not cost a thousand rows.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.chain.errors import Untrue
from ledger.custody.corrections import Withdrawn
from ledger.custody.index.lookup import Lookup, WrongIndexError
from ledger.custody.index.read import EARLIEST, LATEST, During, Packed, Row
from ledger.custody.index.rebuild import row_of_body
from ledger.custody.index.roles import CHILD, OUT
from ledger.custody.index.write import IndexRow
from ledger.custody.kinds.base import thing_uri
from ledger.custody.provenance.passed_over import Named, PassedOver, packings
from ledger.custody.provenance.record import Record, make_record, moment_of
from ledger.custody.provenance.spans import Spans, seconds

WHOLE: Final = 8_000  # up to this many entries, all of them are held against the answer
PART: Final = 500
_MICROS: Final = 1_000_000
_NAMES: Final = re.compile(rb'"((?:https?:|urn:)[^"\\]+)"')
_HIDDEN: Final = (b'"trace:lot"', b"lotNumber", b"/21/", b"/ser/", b'"errorDeclaration":')

Records = list[Record]
_NONE: Final[Mapping[int, Record]] = {}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was seen of the rest of the log: how many entries were looked at, and which do not hold."""

    checked: int
    untrue: tuple[int, ...]


class _Listed:
    """What the index has of one thing, as far as it was asked."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.roles = 0
        self.complete = False  # all its rows are here
        self.limited = False  # what matters at any time is here
        self.learnt = False  # `roles` says all


class Source:
    """Proven events of one ledger by the things that they name.

    Args:
        lookup: The index and the reader of one snapshot.
    """

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.records: dict[int, Record] = {}
        self.closed: dict[tuple[int, int], int] = {}  # by when a stay is over [s]: number of the thing, entry
        self._numbers: dict[str, int] = {}
        self._names: dict[int, _Listed] = {}
        self._listed: dict[str, _Listed] = {}
        self._emptied: dict[Packed, list[Row]] = {}
        self._loaded: dict[str, int] = {}
        self._own: dict[str, dict[int, Record]] = {}
        self._named_as: dict[str, int] = {}  # as what the events that were read name a thing
        self._given: dict[tuple[str, int], Records] = {}
        self._withdrawn = Withdrawn()
        self._asked: set[str] = set()
        self._fresh: set[str] = set()
        self._foreign: set[bytes] = set()  # names of the rest of the log that were not reached

    def load(self, uris: Iterable[str], mask: int) -> None:
        """Read all entries that name any of the things as what `mask` says.

        Raises:
            Untrue: One of them does not hold.
            WrongIndexError: One of them does not name the thing so.
        """
        wanted = [uri for uri in dict.fromkeys(uris) if mask & ~self._loaded.get(uri, 0)]
        fresh = [uri for uri in wanted if uri not in self._listed or not self._listed[uri].complete]
        for uri, rows in (self.lookup.rows_of(fresh) if fresh else {}).items():
            listed = self._listed.setdefault(uri, _Listed())
            listed.complete = True
            for row in rows:
                listed.rows[row.seq] = row
                listed.roles |= row.role
        self.read({uri: [row for row in self.rows(uri) if row.role & mask] for uri in wanted}, mask)

    def ask(self, wanted: Mapping[str, Spans]) -> None:
        """Ask the index what happens to things within times; nothing is read of it yet."""
        during: list[During] = []
        for number, listed, spans in self._to_ask(wanted):
            if spans.always:
                listed.complete = True
                during.append((number, EARLIEST, LATEST))
            else:
                during += [(number, *seconds(span)) for span in spans]
        self._list(self.lookup.rows_during(during) if during else ())

    def ask_inside(self, wanted: Mapping[str, Spans], anytime: int) -> None:
        """Ask what was inside things at some times, however long before it was packed.

        Args:
            wanted: The things, and the times that matter.
            anytime: In which roles rows of all times are wanted, too.
        """
        during, fresh = [], []
        for number, listed, spans in self._to_ask(wanted):
            during += [(number, *seconds(span)) for span in spans]
            if not listed.limited:
                listed.limited = True
                fresh.append(number)
        if during:
            self._list(self.lookup.packed_during(during))
            self._list(self.lookup.rows_in_roles(fresh, anytime))

    def ask_around(self, wanted: Mapping[str, Spans]) -> None:
        """Ask in what things were at some times, however long before they were packed."""
        during = []
        last: dict[int, int] = {}
        for number, _, spans in self._to_ask(wanted):
            borders = [seconds(span) for span in spans]
            last[number] = borders[-1][1]
            during.append((number, borders[0][0], last[number]))
        if not during:
            return
        out: dict[int, int] = {}
        found = self.lookup.packed_open(during)
        for row, closed in found:
            self.closed[row.thing, row.seq] = closed
            if closed > last[row.thing]:
                out[row.thing] = max(out.get(row.thing, 0), closed)
        self._list(row for row, _ in found)
        after = [(number, last[number] + 1, until) for number, until in out.items()]
        self._list(self.lookup.taken_out(after) if after else ())

    def _to_ask(self, wanted: Mapping[str, Spans]) -> list[tuple[int, _Listed, Spans]]:
        """Give the things of which the index may have more than was asked, with their numbers."""
        self._number(wanted)
        found = []
        for uri, spans in wanted.items():
            listed = self._listed.setdefault(uri, _Listed())
            if (number := self._numbers.get(uri)) is not None and not listed.complete:
                self._names[number] = listed
                found.append((number, listed, spans))
        return found

    def _list(self, rows: Iterable[Row]) -> None:
        for row in rows:
            listed = self._names[row.thing]
            listed.rows[row.seq] = row
            listed.roles |= row.role

    def _number(self, uris: Iterable[str]) -> None:
        unknown = [uri for uri in uris if uri not in self._numbers]
        if unknown:
            self._numbers.update(self.lookup.numbers_of(unknown))

    def rows(self, uri: str) -> Collection[Row]:
        """Give what the index has for a thing, as far as it was asked; a hint."""
        return self._listed[uri].rows.values() if uri in self._listed else ()

    def emptied(self, wanted: Iterable[Packed]) -> Mapping[Packed, list[Row]]:
        """List which emptyings of containers can end stays that begin with an event on them; a hint."""
        fresh = [one for one in dict.fromkeys(wanted) if one not in self._emptied]
        if fresh:
            self._emptied.update(self.lookup.emptied_after(fresh))
        return self._emptied

    def withdrawn_out(self, uri: str) -> Collection[int]:
        """List the events that take a thing out of a container and are withdrawn; a hint."""
        out = [row.seq for row in self.rows(uri) if row.role & OUT]
        return self.lookup.withdrawn_among(out) if out else ()

    def is_listed(self, uri: str, mask: int) -> bool:
        """Tell whether what was asked so far lists a thing as any of what `mask` says; a hint."""
        return uri in self._listed and bool(self._listed[uri].roles & mask)

    def has_role(self, uri: str, mask: int) -> bool:
        """Tell whether the index lists a thing as any of what `mask` says at all; a hint."""
        listed = self._listed.setdefault(uri, _Listed())
        if not listed.roles & mask:
            self.learn_roles([uri])
        return bool(listed.roles & mask)

    def learn_roles(self, uris: Iterable[str]) -> None:
        """Ask as what things are listed at all, for `has_role`."""
        unknown = {
            uri: self._listed.setdefault(uri, _Listed())
            for uri in uris
            if uri not in self._listed or not (self._listed[uri].complete or self._listed[uri].learnt)
        }
        self._number(unknown)
        numbers = {self._numbers[uri]: listed for uri, listed in unknown.items() if uri in self._numbers}
        for listed in unknown.values():
            listed.learnt = True
        for number, role in (self.lookup.roles_listed(list(numbers)) if numbers else {}).items():
            numbers[number].roles |= role

    def read(self, chosen: Mapping[str, Iterable[Row]], mask: int) -> None:
        """Read the entries of chosen rows of the index, and hold the rows against them.

        Args:
            chosen: For each thing, rows of `rows` or `emptied`.
            mask: What they were chosen from.

        Raises:
            As `load`.
        """
        fresh: dict[str, list[Row]] = {}
        for uri, rows in chosen.items():
            self._loaded[uri] = self._loaded.get(uri, 0) | mask
            own = self._own.get(uri, ())
            fresh[uri] = [row for row in rows if row.seq not in own]
        seqs = {row.seq for rows in fresh.values() for row in rows}
        self._read(sorted(seqs - self.records.keys()))
        self._find_withdrawn()
        self._given.clear()
        for uri, new in fresh.items():
            known = self._own.setdefault(uri, {})
            named_as = self._named_as.get(uri, 0)
            for row in new:
                record = self.records[row.seq]
                if record.roles.get(uri) != row.role or record.facts.time // _MICROS != row.time:
                    raise WrongIndexError(f"the index is wrong: entry {row.seq} does not name {uri} as it says")
                known[row.seq] = record
                named_as |= row.role
            self._named_as[uri] = named_as

    def of(self, uri: str, mask: int) -> Records:
        """Give what was read of a thing, in the roles of `mask`, withdrawn events left out; oldest first."""
        if (known := self._given.get((uri, mask))) is None:
            if not self._named_as.get(uri, 0) & mask:
                return []
            stands = self.stands
            known = [
                record
                for record in self._own.get(uri, _NONE).values()
                if record.roles[uri] & mask and stands(record)
            ]
            if len(known) > 1:
                known.sort(key=moment_of)
            self._given[uri, mask] = known
        return known

    def stands(self, record: Record) -> bool:
        """Tell whether an event counts: it is no error declaration, and none withdraws it."""
        facts = record.facts
        return not facts.withdraws and (not self._withdrawn or not self._withdrawn.has(facts, record.via))

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
            WrongIndexError: The index leaves out an entry that belongs to the answer, or adds what hides one.
        """
        size = self.lookup.reader.size
        part = size if size <= WHOLE else PART
        start = secrets.randbelow(size - part + 1)
        untrue: list[int] = []
        self._foreign.clear()
        things = [_named(record) for record in self.records.values()]
        declarations = [record for record in self.records.values() if record.facts.withdraws]
        self.lookup.reader.prepare(range(start, start + part))
        for seq, data in self.lookup.view.entries(start, start + part):
            try:
                self.lookup.reader.check(seq, data)
            except Untrue:
                untrue.append(seq)
                continue
            if seq not in self.records and self._concerns(data) and (row := self._judge(seq, data)) is not None:
                things.append(Named(seq, row.time, row.things, row.container))
                if row.withdraws is not None and (record := make_record(seq, data, self.lookup)) is not None:
                    declarations.append(record)
        self._find_left_out(things)
        passed = PassedOver(self.lookup, declarations, untrue)
        self._check_passed_over(passed, things, range(start, start + part))
        return Elsewhere(part, tuple(untrue))

    def _concerns(self, data: bytes) -> bool:
        """Tell quickly whether an entry could belong to the answer."""
        for mark in _HIDDEN:
            if mark in data:
                return True
        names = _NAMES.findall(data)
        if self._foreign.issuperset(names):
            return False
        for name in names:
            if name not in self._foreign:
                if thing_uri(name.decode("utf-8", "replace")) in self._loaded:
                    return True
                self._foreign.add(name)
        return False

    def _judge(self, seq: int, data: bytes) -> IndexRow | None:
        """Read what the index should have of an entry that it did not name; None: nothing."""
        entry = json.loads(data)
        # Signed, but no event that this program would record: the index leaves it out rightly.
        row = row_of_body(entry["body"], entry["via"]) if entry["kind"] == "event" else None
        declared = row is not None and row.withdraws is not None and entry["body"]["eventID"] in self._asked
        if declared and not self._withdrawn.knows(entry["body"]["eventID"], entry["via"]):
            raise WrongIndexError(f"the index is wrong: it leaves out entry {seq}, which withdraws an event")
        return row

    def _check_passed_over(self, passed: PassedOver, things: Sequence[Named], part: range) -> None:
        """Check what was asked of the index and not read, as far as a part of the log tells; see `passed_over`."""
        start, stop, beyond = part.start, part.stop, self.lookup.reader.size
        for uri in self._loaded:
            own = self._own.get(uri, ())
            rows = [
                row
                for row in self.rows(uri)
                if row.seq not in own and (start <= row.seq < stop or row.seq >= beyond)
            ]
            if rows:
                passed.check_rows(uri, rows)
        packed = packings(things, self._loaded)
        self._number({one.container for one, _ in packed if one.container is not None})
        passed.check_containers(
            {
                (self._numbers[one.container], one.time, tied): one.container
                for one, tied in packed
                if one.container in self._numbers
            }
        )

    def _find_left_out(self, things: Sequence[Named]) -> None:
        """Look for what these entries name, and the index does not list, or lists with another container."""
        self._number({one.container for one in things if one.container is not None})
        unlisted: dict[tuple[str, int], list[tuple[int, int]]] = {}
        inside: dict[int, int] = {}
        loaded, own = self._loaded, self._own
        for seq, time, named, container in things:
            inside[seq] = self._numbers.get(container, -1) if container is not None else 0
            for uri, role in named.items():
                if uri not in loaded or not role & loaded[uri]:
                    continue
                if not role & CHILD and seq in own.get(uri, ()):
                    continue
                listed = self._listed.get(uri)
                if listed is not None and listed.complete:
                    row = listed.rows.get(seq)
                    within = inside[seq] if role & CHILD else 0
                    if row is None or (row.role, row.time, row.container) != (role, time, within):
                        raise _left_out(seq, uri)
                else:
                    unlisted.setdefault((uri, time), []).append((seq, role))
        if not unlisted:
            return
        self._number({uri for uri, _ in unlisted})
        wanted = {(number, time, time) for uri, time in unlisted if (number := self._numbers.get(uri)) is not None}
        there = {(row.thing, row.seq, row.role, row.container) for row in self.lookup.rows_during(list(wanted))}
        for (uri, _), found in unlisted.items():
            for seq, role in found:
                if (self._numbers.get(uri), seq, role, inside[seq] if role & CHILD else 0) not in there:
                    raise _left_out(seq, uri)


def _named(record: Record) -> Named:
    return Named(record.seq, record.facts.time // _MICROS, record.roles, record.facts.container)


def _left_out(seq: int, uri: str) -> WrongIndexError:
    return WrongIndexError(f"the index is wrong: it leaves out entry {seq}, which names {uri}")
