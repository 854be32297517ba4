"""Ask where to look, and believe nothing of the answer: the index is a hint, the log is the record.

1. An index that is missing, of another shape, or does not cover the head is not asked; the log is read instead.
2. Every entry that the index names is proven up to the signed root and must really be what was asked for.
3. What the index leaves out cannot be seen in what it gives, so a part of the log is searched for what was asked:
   all of it while there are at most `PROBED` entries, else a part chosen by chance each time.

Whatever fails says so in `warning`, and the answer then comes from an index made of the log in memory.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from ledger.chain import canonical
from ledger.chain.entry import Entry
from ledger.chain.errors import BadJson, Refused, Untrue
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteView
from ledger.custody.identity import ident_of
from ledger.custody.index import read
from ledger.custody.index.rebuild import fault_of, fill, row_of
from ledger.custody.index.write import create_tables

PROBED: Final = 8_000
MEND: Final = "trace index rebuild"
_T = TypeVar("_T")


class _WrongError(Exception):
    """The index says something that the log does not."""


class Lookup:
    """The index of one snapshot, as far as it can be believed.

    Args:
        view: The snapshot.
        reader: Proves the entries of the same snapshot.
    """

    def __init__(self, view: SqliteView, reader: AuthenticReader) -> None:
        self.view = view
        self.reader = reader
        self.warning = ""
        self._connection = view.connection
        self._left = PROBED
        self._read: dict[int, Entry] = {}
        try:
            fault = fault_of(view.connection, reader.size)
        except sqlite3.DatabaseError as error:
            fault = f"the index cannot be read: {error}"
        if fault:
            self._distrust(fault)

    def entries_naming(self, uri: str, *, probe: bool = True) -> list[Entry]:
        """Give the events that name a thing, in order, each proven.

        Args:
            uri: The thing.
            probe: Search for what the index leaves out, too.

        Raises:
            Untrue: One of them does not hold.
        """

        def judge(entry: Entry) -> bool:
            return (row := row_of(entry)) is not None and uri in row.things

        if not (mark := _mark(uri)):
            return []
        return self._proven(
            lambda: read.mentions_of(self._connection, uri), judge, mark if probe else b"", f"name {uri}"
        )

    def is_known(self, uri: str, *, probe: bool = True) -> bool:
        """Tell whether any event names a thing; see `entries_naming`."""
        return bool(self.entries_naming(uri, probe=probe))

    def ending_with(self, tail: str) -> list[str]:
        """List things whose URI ends so; only a hint until their entries are read."""
        return self._ask(lambda: read.ending_with(self._connection, tail)) if _mark(tail) else []

    def seq_of(self, event_id: str, *, withdraws: bool = False) -> int | None:
        """Find the entry of an event.

        Raises:
            Untrue: It does not hold.
        """
        ident = ident_of(event_id, withdraws)
        if not (mark := _mark(event_id)):
            return None

        def judge(entry: Entry) -> bool:
            return (row := row_of(entry)) is not None and row.ident == ident

        found = self._proven(
            lambda: list(read.find_idents(self._connection, [ident]).values()),
            judge,
            mark,
            f"have the eventID {event_id}",
        )
        return found[0].seq if found else None

    def declarations_of(self, event_ids: Sequence[str]) -> list[Entry]:
        """Give the error declarations that withdraw any of these events, in order, each proven.

        Raises:
            Untrue: One of them does not hold.
        """
        idents = {ident_of(event_id, True) for event_id in event_ids}
        if not idents:
            return []
        return self._proven(
            lambda: sorted(read.find_idents(self._connection, list(idents)).values()),
            lambda entry: (row := row_of(entry)) is not None and row.ident in idents,
            b'"errorDeclaration":',
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
            f'"kind":"{kind}","rec":"'.encode("ascii"),
            f"have the kind {kind}",
        )

    def _proven(
        self, ask: Callable[[], list[int]], judge: Callable[[Entry], bool], mark: bytes, what: str
    ) -> list[Entry]:
        """Ask for entries, prove them, and see whether they are what was asked for and all that was."""
        try:
            seqs = self._ask(ask)
            found = [self._checked(seq, judge, what) for seq in seqs]
            if mark and not self.warning:
                self._probe(set(seqs), judge, mark, what)
        except _WrongError as error:
            self._distrust(str(error))
            found = [self._checked(seq, judge, what) for seq in ask()]
        return found

    def _ask(self, ask: Callable[[], _T]) -> _T:
        try:
            return ask()
        except (sqlite3.DatabaseError, TypeError, ValueError) as error:
            if self.warning:
                raise
            self._distrust(f"the index cannot be read: {error}")
            return ask()

    def _checked(self, seq: int, judge: Callable[[Entry], bool], what: str) -> Entry:
        if type(seq) is not int or not 0 <= seq < self.reader.size:
            raise _WrongError(f"the index is wrong: it names entry {seq!r}, which there is not")
        entry = self._read.get(seq)
        if entry is None:
            entry = self._read[seq] = self.reader.entry(seq)
        if not judge(entry):
            raise _WrongError(f"the index is wrong: entry {seq} does not {what}")
        return entry

    def _probe(self, known: set[int], judge: Callable[[Entry], bool], mark: bytes, what: str) -> None:
        """3. Search a part of the log for entries that the index has left out."""
        size = self.reader.size
        part = min(size, self._left)
        if not part:
            return
        self._left -= part
        start = secrets.randbelow(size - part + 1)
        query = "SELECT seq FROM entry WHERE seq BETWEEN ? AND ? AND instr(bytes, ?) > 0"
        for (seq,) in self._connection.execute(query, (start, start + part - 1, mark)).fetchall():
            if seq not in known and judge(self.reader.entry(seq)):
                raise _WrongError(f"the index is wrong: it leaves out entry {seq}, though it does {what}")

    def _distrust(self, why: str) -> None:
        """Say why, and make an index of the log in memory, to be asked from now on."""
        self.warning = why
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        create_tables(self._connection)
        try:
            fill(self._connection, self.view.entries(0, self.reader.size))
        except BadJson as error:
            raise Untrue(f"{why}, and the log cannot be read instead: {error}", remedy="trace verify") from None


def _mark(text: str) -> bytes:
    """Write a string as it stands in an entry; nothing, where no entry can hold it."""
    try:
        return canonical.encode(text)[1:-1]
    except Refused:
        return b""
