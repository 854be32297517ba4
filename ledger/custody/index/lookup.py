"""Ask where to look, and believe nothing of the answer: the index is a hint, the log is the record.

1. An index that is missing, of another shape, or does not cover the head is not asked; the log is read instead.
2. Every entry that the index names is proven up to the signed root and must really be what was asked for.
3. What the index leaves out cannot be seen in what it gives, so a part of the log is searched for what was asked:
   all of it while there are at most `PROBED` entries, else a part chosen by chance each time.

Whatever fails says so in `warning`, and the answer then comes from an index made of the log in memory.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from ledger.chain.entry import Entry
from ledger.chain.errors import BadJson, Untrue
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteView
from ledger.custody.history import Event
from ledger.custody.identity import ident_of
from ledger.custody.index import read
from ledger.custody.index.ahead import Ahead, read_ahead
from ledger.custody.index.marks import Marks, exactly, marks_of
from ledger.custody.index.nodes import read_hints
from ledger.custody.index.read import Row
from ledger.custody.index.rebuild import fault_of, fill, named_in, row_of
from ledger.custody.index.roles import NAMED
from ledger.custody.index.write import MALFORMED, MASTER, create_tables, labels_of, master_label

PROBED: Final = 8_000
MEND: Final = "trace index rebuild"
_AT_ONCE: Final = 500
_PROVEN_AT_ONCE: Final = 4_000  # which the reader remembers
_T = TypeVar("_T")


class WrongIndexError(Untrue):
    """The index says something that the log does not, or leaves something out; the log itself may be sound.

    Args:
        message: What does not agree.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, remedy=MEND)


class Lookup:
    """The index of one snapshot, as far as it can be believed.

    `left_out` are the entries that are signed as events and are none, as far as listed: no answer holds them.

    Args:
        view: The snapshot.
        reader: Proves the entries of the same snapshot.
        probed: How many entries are searched for what the index leaves out.
    """

    def __init__(self, view: SqliteView, reader: AuthenticReader, *, probed: int = PROBED) -> None:
        self.view = view
        self.reader = reader
        self.warning = ""
        reader.hints = lambda wanted: read_hints(view.connection, wanted)
        self._connection = view.connection
        self._left = probed
        self._read: dict[int, Entry] = {}
        self._ahead = Ahead()
        try:
            fault = fault_of(view.connection, reader.size)
        except sqlite3.DatabaseError as error:
            fault = f"the index cannot be read: {error}"
        if fault:
            self.distrust(fault)
        self.left_out: Final = tuple(self._malformed())

    def entries_naming(self, uri: str, *, probe: bool = True, mask: int = NAMED) -> list[Entry]:
        """Give the events that name a thing, in order, each proven.

        Args:
            uri: The thing.
            probe: Search for what the index leaves out, too.
            mask: As what, of `ledger.custody.index.roles`.

        Raises:
            Untrue: One of them does not hold.
        """

        def judge(entry: Entry) -> bool:
            if (things := self._ahead.things.get(entry.seq)) is None:
                things = named_in(entry)
            return bool(things.get(uri, 0) & mask)

        if not (marks := marks_of(uri)):
            return []
        return self._proven(lambda: self._listed(uri, mask), judge, marks if probe else [], f"name {uri}")

    def is_known(self, uri: str, *, probe: bool = True, mask: int = NAMED) -> bool:
        """Tell whether any event names a thing; see `entries_naming`. Without a probe, one event is enough."""
        if not probe and not self.warning and marks_of(uri):
            try:
                seqs = self._ask(lambda: read.mentions_of(self._connection, uri, mask, 1))
                return bool(
                    [self._checked(seq, lambda entry: _names(entry, uri, mask), f"name {uri}") for seq in seqs]
                )
            except WrongIndexError as error:
                self.distrust(str(error))
        return bool(self.entries_naming(uri, probe=probe, mask=mask))

    def read_ahead(self, uris: Sequence[str]) -> None:
        """Ask for the entries of many things at once, and of what they are packed in; forget what was read.

        What does not hold is left out here, and told where it is asked for.
        """
        self._read.clear()
        self._ahead = Ahead()
        if not self.warning:
            with suppress(sqlite3.DatabaseError, TypeError, ValueError):
                self._ahead = read_ahead(self._connection, self.reader, uris, self._read)

    def events_ahead(self, uri: str) -> list[Event] | None:
        """Give the events that name a thing, in order, each proven; None: ask with `entries_naming`.

        That is so where one was not read ahead, holds something private or does not name the thing, and as long
        as the log is still to be searched for what the index leaves out.
        """
        if self._left or self.warning or (rows := self._ahead.mentions.get(uri)) is None:
            return None
        found, events, things = [], self._ahead.events, self._ahead.things
        for seq, role in rows:
            if role & NAMED:
                if seq not in events or not things[seq].get(uri, 0) & NAMED:
                    return None
                found.append(events[seq])
        return found

    def _listed(self, uri: str, mask: int) -> list[int]:
        """List what the index has as naming a thing."""
        if (rows := self._ahead.mentions.get(uri)) is None or self.warning:
            return read.mentions_of(self._connection, uri, mask)
        return [seq for seq, role in rows if role & mask]

    def ending_with(self, tail: str) -> list[str]:
        """List things whose URI ends so; only a hint until their entries are read."""
        return self._ask(lambda: read.ending_with(self._connection, tail)) if marks_of(tail) else []

    def seq_of(self, event_id: str) -> int | None:
        """Find the entry of an event.

        Raises:
            Untrue: It does not hold.
        """
        ident = ident_of(event_id, False)
        if not (marks := exactly(event_id)):
            return None

        def judge(entry: Entry) -> bool:
            return (row := row_of(entry)) is not None and row.ident == ident

        found = self._proven(
            lambda: list(read.find_idents(self._connection, [ident]).values()),
            judge,
            marks,
            f"have the eventID {event_id}",
        )
        return found[0].seq if found else None

    def declarations_of(self, event_ids: Sequence[str]) -> list[Entry]:
        """Give the error declarations that name any of these events, in order, each proven.

        Raises:
            Untrue: One of them does not hold.
        """
        if not self.warning and not self._left and self._ahead.undeclared.issuperset(event_ids):
            return []
        idents = {ident_of(event_id, True, imported=how) for event_id in event_ids for how in (False, True)}
        if not idents:
            return []
        return self._proven(
            lambda: sorted(read.find_idents(self._connection, list(idents)).values()),
            lambda entry: (row := row_of(entry)) is not None and row.ident in idents,
            [(b'"errorDeclaration":',)],
            "declare an error in one of these events",
        )

    def entries_of_kind(self, kind: str) -> list[Entry]:
        """Give the entries of a kind that is no event, in order, each proven.

        Raises:
            Untrue: One of them does not hold.
        """
        return self._proven(
            lambda: read.seqs_of_kind(self._connection, kind),
            lambda entry: entry.kind == kind,
            [(f'"kind":"{kind}","rec":"'.encode("ascii"),)],
            f"have the kind {kind}",
        )

    def has_kind(self, kind: str) -> bool:
        """Tell whether the log has an entry of a kind that is no event, listed or left out."""
        listed = self._ask(lambda: read.has_kind(self._connection, kind))
        return listed or bool(self.entries_of_kind(kind))

    def master_of(self, uri: str) -> list[Entry]:
        """Give the entries of master data that a product, a place or a party has, in order, each proven.

        Raises:
            Untrue: One of them does not hold.
        """
        label = master_label(uri)
        kind = f'"kind":"{MASTER}","rec":"'.encode("ascii")
        return self._proven(
            lambda: read.seqs_of_kind(self._connection, label),
            lambda entry: label in labels_of(entry.kind, entry.body),
            [(kind, *parts) for parts in marks_of(uri)],
            f"have the master data of {uri}",
        )

    def rows_of(self, uris: Sequence[str]) -> dict[str, list[Row]]:
        """List what the index has for each thing; a hint, to be checked."""
        return self._ask(lambda: read.rows_of(self._connection, uris))

    def numbers_of(self, uris: Sequence[str]) -> dict[str, int]:
        """Give the numbers of those things that the index lists; a hint, as all that is asked by number."""
        return self._hint(lambda: read.find_numbers(self._connection, uris))

    def rows_during(self, wanted: Sequence[read.During]) -> list[Row]:
        """See `ledger.custody.index.read.rows_during`; a hint, to be checked."""
        return self._hint(lambda: list(read.rows_during(self._connection, wanted)))

    def rows_in_roles(self, numbers: Sequence[int], mask: int) -> list[Row]:
        """See `ledger.custody.index.read.rows_in_roles`; a hint, to be checked."""
        return self._hint(lambda: list(read.rows_in_roles(self._connection, numbers, mask)))

    def packed_during(self, wanted: Sequence[read.During]) -> list[Row]:
        """See `ledger.custody.index.read.packed_during`; a hint, to be checked."""
        return self._hint(lambda: list(read.packed_during(self._connection, wanted)))

    def packed_open(self, wanted: Sequence[read.During]) -> list[tuple[Row, int]]:
        """See `ledger.custody.index.read.packed_open`; a hint, to be checked."""
        return self._hint(lambda: list(read.packed_open(self._connection, wanted)))

    def taken_out(self, wanted: Sequence[read.During]) -> list[Row]:
        """See `ledger.custody.index.read.taken_out`; a hint, to be checked."""
        return self._hint(lambda: list(read.taken_out(self._connection, wanted)))

    def emptied_after(self, wanted: Sequence[read.Packed]) -> dict[read.Packed, list[Row]]:
        """See `ledger.custody.index.read.emptied_after`; a hint, to be checked."""
        return self._hint(lambda: read.emptied_after(self._connection, wanted))

    def roles_listed(self, numbers: Sequence[int]) -> dict[int, int]:
        """See `ledger.custody.index.read.roles_listed`; a hint."""
        return self._hint(lambda: read.roles_listed(self._connection, numbers))

    def withdrawn_among(self, seqs: Sequence[int]) -> set[int]:
        """List which of these entries the index has as withdrawn; a hint."""
        return self._hint(lambda: read.withdrawn_among(self._connection, seqs))

    def held_things(self) -> list[str]:
        """List the things that the index has as put on hold or released; a hint, to be checked."""
        return self._ask(lambda: read.things_on_hold(self._connection))

    def declared(self, event_ids: Sequence[str]) -> list[tuple[str, int]]:
        """List where the index has error declarations of one of these events; a hint, to be checked."""
        if not self._ask(lambda: read.has_withdrawn(self._connection)):
            return []
        named = {ident_of(one, False): one for one in event_ids}
        some = self._ask(lambda: read.withdrawn_idents(self._connection, list(named)))
        idents = {ident_of(named[one], True, imported=how): named[one] for one in some for how in (False, True)}
        found = self._ask(lambda: read.find_idents(self._connection, list(idents)))
        return sorted((idents[ident], seq) for ident, seq in found.items())

    def proven(self, seqs: Sequence[int]) -> dict[int, bytes]:
        """Read the bytes of many entries that the index names, each proven.

        Raises:
            Untrue: One of them does not hold.
            WrongIndexError: There is no such entry in the log.
        """
        for seq in seqs:
            if type(seq) is not int or not 0 <= seq < self.reader.size:
                raise WrongIndexError(f"the index is wrong: it names entry {seq!r}, which there is not")
        found: dict[int, bytes] = {}
        for start in range(0, len(seqs), _PROVEN_AT_ONCE):
            some = seqs[start : start + _PROVEN_AT_ONCE]
            found.update(read.entries_among(self.view.connection, some))
            self.reader.prepare(some)
            self.reader.check_all((seq, found.get(seq)) for seq in some)
        return found

    def _malformed(self) -> list[int]:
        """List the entries that are signed as events and are none; those that do not hold are told elsewhere."""
        found = []
        for seq in self._ask(lambda: read.seqs_of_kind(self._connection, MALFORMED)):
            with suppress(Untrue):
                entry = self._checked(seq, lambda entry: entry.kind == "event", "lie there as an event")
                if row_of(entry) is None:
                    found.append(seq)
        return found

    def _proven(
        self, ask: Callable[[], list[int]], judge: Callable[[Entry], bool], marks: Marks, what: str
    ) -> list[Entry]:
        """Ask for entries, prove them, and see whether they are what was asked for and all that was."""
        try:
            seqs = self._ask(ask)
            self._fetch(seqs)
            found = [self._checked(seq, judge, what) for seq in seqs]
            if marks and not self.warning:
                self._probe(set(seqs), judge, marks, what)
        except WrongIndexError as error:
            self.distrust(str(error))
            found = [self._checked(seq, judge, what) for seq in ask()]
        return found

    def _fetch(self, seqs: list[int]) -> None:
        """Read and prove several entries at once, as one question to the table is cheaper than many."""
        wanted = [
            seq for seq in seqs if type(seq) is int and 0 <= seq < self.reader.size and seq not in self._read
        ]
        if 1 < len(wanted) <= _AT_ONCE:
            found = read.entries_among(self.view.connection, wanted)
            self._read |= {seq: self.reader.prove(seq, found.get(seq)) for seq in wanted}

    def _ask(self, ask: Callable[[], _T]) -> _T:
        try:
            return ask()
        except (sqlite3.DatabaseError, TypeError, ValueError) as error:
            if self.warning:
                raise
            self.distrust(f"the index cannot be read: {error}")
            return ask()

    def _hint(self, ask: Callable[[], _T]) -> _T:
        """As `_ask`, where the answer goes by numbers, which another index does not share."""
        try:
            return ask()
        except (sqlite3.DatabaseError, TypeError, ValueError) as error:
            raise WrongIndexError(f"the index cannot be read: {error}") from error

    def _checked(self, seq: int, judge: Callable[[Entry], bool], what: str) -> Entry:
        if type(seq) is not int or not 0 <= seq < self.reader.size:
            raise WrongIndexError(f"the index is wrong: it names entry {seq!r}, which there is not")
        entry = self._read.get(seq)
        if entry is None:
            entry = self._read[seq] = self.reader.entry(seq)
        if not judge(entry):
            raise WrongIndexError(f"the index is wrong: entry {seq} does not {what}")
        return entry

    def _probe(self, known: set[int], judge: Callable[[Entry], bool], marks: Marks, what: str) -> None:
        """3. Search a part of the log for entries that the index has left out."""
        size = self.reader.size
        part = min(size, self._left)
        if not part:
            return
        self._left -= part
        # As `secrets.randbelow`, whose module takes milliseconds to load; 64 bits leave no bias to speak of.
        start = int.from_bytes(os.urandom(8)) % (size - part + 1)
        held = " OR ".join(f"({' AND '.join('instr(bytes, ?) > 0' for _ in parts)})" for parts in marks)
        query = f"SELECT seq FROM entry WHERE seq BETWEEN ? AND ? AND ({held})"
        values = (start, start + part - 1, *(mark for parts in marks for mark in parts))
        for (seq,) in self._connection.execute(query, values).fetchall():
            if seq not in known and judge(self.reader.entry(seq)):
                raise WrongIndexError(f"the index is wrong: it leaves out entry {seq}, though it does {what}")

    def distrust(self, why: str) -> None:
        """Believe the index no more: say why, and make an index of the log in memory, to be asked from now on."""
        self.warning = why
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        create_tables(self._connection)
        try:
            fill(self._connection, self.view.entries(0, self.reader.size), tiles=False)
        except BadJson as error:
            raise Untrue(f"{why}, and the log cannot be read instead: {error}", remedy="trace verify") from None


def _names(entry: Entry, uri: str, mask: int) -> bool:
    return bool(named_in(entry).get(uri, 0) & mask)
