"""Write the derived tables, in the transaction that appends the entries."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, Final, NamedTuple

from ledger.chain import canonical
from ledger.chain.entry import IMPORTED
from ledger.chain.errors import Refused
from ledger.chain.tree import TILE_WIDTH
from ledger.custody.holds import hold_words
from ledger.custody.identity import ident_of
from ledger.custody.index.nodes import write_nodes
from ledger.custody.index.read import find_numbers, find_origins
from ledger.custody.index.roles import CHILD, NAMED, PLAIN, roles_of
from ledger.custody.index.schema import COVERED, TABLES
from ledger.custody.kinds.base import thing_uri
from ledger.custody.times import micros

_REMEMBERED: Final = 200_000
HASH_SIZE: Final = 16
NOT_HERE: Final = -1  # of an event that is declared wrong, and has not come
DISPUTED: Final = -2  # of one that an imported declaration names, which may not withdraw it
_MENTION: Final = "INSERT OR REPLACE INTO d_mention(thing, time, seq, role, container) VALUES (?, ?, ?, ?, ?)"
MASTER: Final = "master"  # the kind of the entries that hold master data
MALFORMED: Final = "malformed event"  # the label of entries that are signed as events and are none


class IndexRow(NamedTuple):
    """What the index keeps of one event: its identity, the things it names and as what, its place and time
    [s], its event hash.

    `holds` are the things that it holds or releases, `container` its parent, `withdraws` the identity of the event
    that it withdraws, `imported` whether it came from a file of others.
    """

    ident: bytes
    things: Mapping[str, int]
    place: str | None
    holds: tuple[str, ...] = ()
    time: int = 0
    container: str | None = None
    withdraws: bytes | None = None
    hash: bytes | None = None
    imported: bool = False


def short_hash(body: Mapping[str, Any]) -> bytes | None:
    """Give the beginning of the event hash, as the index keeps it; None: there is none that may be kept.

    A hash that covers private values would let anybody try values until one fits, and one over commitments is
    no hash of the event.
    """
    from ledger.custody.event_hash import event_digest  # who only looks up hashes nothing

    if b'{"_commit":"' in canonical.encode(body):
        return None
    return event_digest(body)[:HASH_SIZE]


def index_row(body: Mapping[str, Any], hashed: bytes | None = None, *, via: str) -> IndexRow:
    """Read from an event, as it stands in the log, what the index keeps: nothing of what is private."""
    things, time = named_when(body)
    imported = via == IMPORTED
    location = body.get("bizLocation") or body.get("readPoint")
    place = location.get("id") if isinstance(location, Mapping) else None
    parent = body.get("parentID")
    return IndexRow(
        ident_of(body["eventID"], "errorDeclaration" in body, imported=imported),
        things,
        thing_uri(place) if type(place) is str else None,
        tuple(uri for uri, role in things.items() if role & PLAIN) if any(hold_words(body)) else (),
        time,
        thing_uri(parent) if type(parent) is str else None,
        ident_of(body["eventID"], False) if "errorDeclaration" in body else None,
        hashed,
        imported,
    )


def named_when(body: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """Say which things an event names and as what, and its time [s]; that it can be indexed is judged here.

    Raises:
        Refused, LookupError, TypeError, AttributeError, OverflowError: It cannot.
    """
    if type(body["eventID"]) is not str:
        raise Refused("an eventID is a string")
    things = roles_of(body)
    try:
        return things, micros(datetime.fromisoformat(body["eventTime"])) // 1_000_000
    except ValueError as error:
        raise Refused(f"{body['eventTime']!r} is no time: {error}") from None


def withdrawn_at(declared: bool, known: tuple[int, bool] | None, is_copy: Callable[[int], bool]) -> int:
    """Say what `d_withdrawn` has as the entry of an event.

    Args:
        declared: Whether its error declaration was imported.
        known: The entry of the event and whether that was imported; None: it is not here.
        is_copy: Tells whether the declaration repeats that entry; asked only where both were imported.
    """
    if known is None:
        return NOT_HERE
    return known[0] if not declared or (known[1] and is_copy(known[0])) else DISPUTED


def named_by(row: IndexRow) -> set[str]:
    """List the things that an event lists itself, which is not the lot that it says an instance is of."""
    return {uri for uri, role in row.things.items() if role & NAMED}


def labels_of(kind: str, body: object) -> tuple[str, ...]:
    """List under what the index keeps an entry that is no event: its kind, and of master data also whose it is."""
    key = body.get("id") if kind == MASTER and isinstance(body, Mapping) else None
    return (kind,) if type(key) is not str else (kind, master_label(thing_uri(key)))


def master_label(uri: str) -> str:
    """Name the list of the master data of a thing, a place or a party in the index."""
    return f"{MASTER} {uri}"


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the derived tables."""
    for statement in TABLES:
        connection.execute(statement)


class IndexWriter:
    """Writes index rows; remembers the numbers of things that it has met, while transactions succeed.

    Args:
        tiles: The tables lie beside the tiles of the log, so that `d_node` can be filled.
    """

    def __init__(self, *, tiles: bool = True) -> None:
        self._numbers: dict[str, int] = {}
        self._tiles = tiles

    def forget(self) -> None:
        """Forget numbers, which a transaction that was taken back may have given."""
        self._numbers.clear()

    def write_events(self, connection: sqlite3.Connection, first: int, rows: Sequence[IndexRow]) -> None:
        """Index the events that are entries `first`, `first` + 1, ..."""
        if len(self._numbers) > _REMEMBERED:
            self._numbers.clear()
        self._number(connection, rows)
        numbers = self._numbers
        mentions = sorted(
            (numbers[uri], row.time, seq, role, numbers[row.container] if role & CHILD and row.container else 0)
            for seq, row in enumerate(rows, first)
            for uri, role in row.things.items()
        )
        connection.executemany(_MENTION, mentions)
        holds = [(numbers[uri], seq) for seq, row in enumerate(rows, first) for uri in row.holds]
        if holds:
            connection.executemany("INSERT OR IGNORE INTO d_hold(thing, seq) VALUES (?, ?)", holds)
        idents = sorted((row.ident, seq, int(row.imported), row.hash) for seq, row in enumerate(rows, first))
        query = "INSERT OR IGNORE INTO d_ident(ident, seq, imported, hash) VALUES (?, ?, ?, ?)"
        connection.executemany(query, idents)
        self._write_withdrawn(connection, first, rows)
        self.write_size(connection, first + len(rows), first)

    def write_other(self, connection: sqlite3.Connection, kind: str, seq: int) -> None:
        """Index an entry that is no event, and of which no more is kept than its kind."""
        self.write_labels(connection, (kind,), seq)

    def write_labels(self, connection: sqlite3.Connection, labels: Sequence[str], seq: int) -> None:
        """Index an entry that is no event under its labels; see `labels_of`."""
        rows = [(label, seq) for label in labels]
        connection.executemany("INSERT OR IGNORE INTO d_kind(kind, seq) VALUES (?, ?)", rows)
        self.write_size(connection, seq + 1, seq)

    def write_size(self, connection: sqlite3.Connection, size: int, before: int) -> None:
        """Say that the tables are complete up to a size, where they were up to `before`."""
        if self._tiles and size // TILE_WIDTH > before // TILE_WIDTH:
            write_nodes(connection, before // TILE_WIDTH, size // TILE_WIDTH)
        connection.execute("INSERT OR REPLACE INTO d_meta(key, value) VALUES (?, ?)", (COVERED, size))

    def _write_withdrawn(self, connection: sqlite3.Connection, first: int, rows: Sequence[IndexRow]) -> None:
        """List what these events withdraw, and those of them that an earlier declaration has withdrawn already."""
        wanted: dict[tuple[bytes, bool], tuple[int, IndexRow]] = {}
        for seq, row in enumerate(rows, first):
            if row.withdraws is not None:
                wanted.setdefault((row.withdraws, row.imported), (seq, row))
        if wanted:
            known = find_origins(connection, [ident for ident, _ in wanted])
            connection.executemany(
                "INSERT OR IGNORE INTO d_withdrawn(ident, imported, seq, declared, things) VALUES (?, ?, ?, ?, ?)",
                [
                    (
                        ident,
                        int(how),
                        withdrawn_at(how, known.get(ident), self._lists(connection, row, len(named_by(row)))),
                        seq,
                        len(named_by(row)),
                    )
                    for (ident, how), (seq, row) in sorted(wanted.items(), key=lambda item: item[0])
                ],
            )
        query = "SELECT ident, imported, declared, things FROM d_withdrawn WHERE seq = ?"
        early = connection.execute(query, (NOT_HERE,)).fetchall()
        if not early:
            return
        fresh: dict[bytes, tuple[int, IndexRow]] = {}
        for seq, row in enumerate(rows, first):
            fresh.setdefault(row.ident, (seq, row))
        for ident, how, declared, things in early:
            if ident in fresh:
                seq, row = fresh[ident]
                is_copy = self._lists(connection, row, things)
                may = not how or (row.imported and is_copy(declared))
                at = seq if may else DISPUTED
                connection.execute(
                    "UPDATE d_withdrawn SET seq = ? WHERE ident = ? AND imported = ?", (at, ident, how)
                )

    def _lists(self, connection: sqlite3.Connection, row: IndexRow, things: int) -> Callable[[int], bool]:
        """Tell of an entry whether it and an event have so many things in common, and the same second."""
        numbers = [self._numbers[uri] for uri in named_by(row)]
        marks = ",".join("?" * len(numbers))
        query = f"SELECT count(*) FROM d_mention WHERE thing IN ({marks}) AND seq = ? AND time = ? AND role & ?"

        def ask(seq: int) -> bool:
            if not things:
                return False
            return bool(connection.execute(query, (*numbers, seq, row.time, NAMED)).fetchone()[0] == things)

        return ask

    def _number(self, connection: sqlite3.Connection, rows: Sequence[IndexRow]) -> None:
        """See to it that every URI of the rows has a number, places first."""
        places = dict.fromkeys((row.place for row in rows if row.place), 1)
        named = places | {uri: 0 for row in rows for uri in row.things if uri not in places}
        unknown = [uri for uri in named if uri not in self._numbers]
        self._numbers.update(find_numbers(connection, unknown))
        fresh = [uri for uri in unknown if uri not in self._numbers]
        first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM d_thing").fetchone()[0]
        self._numbers.update(zip(fresh, count(first)))
        connection.executemany(
            "INSERT INTO d_thing(id, uri, place) VALUES (?, ?, ?)",
            ((self._numbers[uri], uri, named[uri]) for uri in fresh),
        )
