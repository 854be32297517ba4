"""Ask the derived tables where to look."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from ledger.custody.index.roles import NAMED
from ledger.custody.index.schema import COVERED

_ASKED_AT_ONCE: Final = 500


def covered_size(connection: sqlite3.Connection) -> int:
    """Tell up to which size the tables are complete."""
    row = connection.execute("SELECT value FROM d_meta WHERE key = ?", (COVERED,)).fetchone()
    return 0 if row is None else int(row[0])


def find_idents(connection: sqlite3.Connection, idents: Sequence[bytes]) -> dict[bytes, int]:
    """Give the entries of those identities that are known."""
    return _look_up(connection, "SELECT ident, seq FROM d_ident WHERE ident", sorted(idents))


def find_origins(connection: sqlite3.Connection, idents: Sequence[bytes]) -> dict[bytes, tuple[int, bool]]:
    """Give the entries of those identities that are known, and whether they were imported."""
    found: dict[bytes, tuple[int, bool]] = {}
    keys = sorted(idents)
    for start in range(0, len(keys), _ASKED_AT_ONCE):
        some = keys[start : start + _ASKED_AT_ONCE]
        query = f"SELECT ident, seq, imported FROM d_ident WHERE ident IN ({','.join('?' * len(some))})"
        found.update((ident, (seq, bool(how))) for ident, seq, how in connection.execute(query, some))
    return found


def find_numbers(connection: sqlite3.Connection, uris: Sequence[str]) -> dict[str, int]:
    """Give the numbers of those things that have one."""
    return _look_up(connection, "SELECT uri, id FROM d_thing WHERE uri", sorted(uris))


def _look_up(connection: sqlite3.Connection, query: str, keys: Sequence[Any]) -> dict[Any, int]:
    """Look up many keys, hundreds in one question; sorted keys find their neighbours in the same pages."""
    found: dict[Any, int] = {}
    for start in range(0, len(keys), _ASKED_AT_ONCE):
        some = keys[start : start + _ASKED_AT_ONCE]
        found.update(connection.execute(f"{query} IN ({','.join('?' * len(some))})", some))
    return found


def mentions_of(connection: sqlite3.Connection, uri: str, mask: int = NAMED, most: int = -1) -> list[int]:
    """List the entries that name a thing as any of what `mask` says, in order; `most` of them."""
    query = (
        "SELECT seq FROM d_mention WHERE thing = (SELECT id FROM d_thing WHERE uri = ?) AND role & ? "
        "ORDER BY seq LIMIT ?"
    )
    return [row[0] for row in connection.execute(query, (uri, mask, most))]


class Row(NamedTuple):
    """One mention: entry, role (see `index.roles`), event time [s], of a child its container's number."""

    seq: int
    role: int
    time: int
    container: int


def rows_of(connection: sqlite3.Connection, uris: Sequence[str]) -> dict[str, list[Row]]:
    """List the mentions of each thing, in order of the entries."""
    names = {number: uri for uri, number in find_numbers(connection, uris).items()}
    found: dict[str, list[Row]] = {uri: [] for uri in uris}
    for number, row in _rows(connection, sorted(names), -1):
        found[names[number]].append(row)
    return found


def rows_by_number(connection: sqlite3.Connection, numbers: Sequence[int], mask: int) -> dict[int, list[Row]]:
    """List the mentions as any of what `mask` says, for things by their numbers."""
    found: dict[int, list[Row]] = {number: [] for number in numbers}
    for number, row in _rows(connection, sorted(numbers), mask):
        found[number].append(row)
    return found


def _rows(connection: sqlite3.Connection, numbers: Sequence[int], mask: int) -> Iterator[tuple[int, Row]]:
    for start in range(0, len(numbers), _ASKED_AT_ONCE):
        some = numbers[start : start + _ASKED_AT_ONCE]
        query = (
            "SELECT thing, seq, role, time, container FROM d_mention "
            f"WHERE thing IN ({','.join('?' * len(some))}) AND role & ?"
        )
        for thing, *row in connection.execute(query, (*some, mask)):
            yield thing, Row(*row)


def withdrawn_seqs(connection: sqlite3.Connection) -> set[int]:
    """List the entries that an error declaration withdraws."""
    return {row[0] for row in connection.execute("SELECT seq FROM d_withdrawn WHERE seq >= 0")}


def imported_withdrawals(connection: sqlite3.Connection, idents: Sequence[bytes]) -> dict[bytes, int]:
    """Say of events that imported declarations name which entry each withdraws; below 0: none, see the schema."""
    return _look_up(connection, "SELECT ident, seq FROM d_withdrawn WHERE imported = 1 AND ident", sorted(idents))


def entries_among(connection: sqlite3.Connection, seqs: Sequence[int]) -> dict[int, bytes]:
    """Read the bytes of many entries; what is not there, or is not bytes, is left out."""
    found: dict[int, bytes] = {}
    for start in range(0, len(seqs), _ASKED_AT_ONCE):
        some = seqs[start : start + _ASKED_AT_ONCE]
        query = f"SELECT seq, bytes FROM entry WHERE seq IN ({','.join('?' * len(some))})"
        found.update((seq, data) for seq, data in connection.execute(query, some) if type(data) is bytes)
    return found


def is_known(connection: sqlite3.Connection, uri: str) -> bool:
    """Tell whether any event names a thing."""
    query = "SELECT 1 FROM d_mention WHERE thing = (SELECT id FROM d_thing WHERE uri = ?) LIMIT 1"
    return connection.execute(query, (uri,)).fetchone() is not None


def ending_with(connection: sqlite3.Connection, tail: str, limit: int = 20) -> list[str]:
    """List things whose URI ends so; for codes that people shorten. Reads all things."""
    query = "SELECT uri FROM d_thing WHERE substr(uri, -?) = ? AND place = 0 ORDER BY uri LIMIT ?"
    return [row[0] for row in connection.execute(query, (len(tail), tail, limit))]


def seqs_of_kind(connection: sqlite3.Connection, kind: str) -> list[int]:
    """List the entries of a kind that is no event, in order."""
    return [row[0] for row in connection.execute("SELECT seq FROM d_kind WHERE kind = ? ORDER BY seq", (kind,))]


def has_kind(connection: sqlite3.Connection, kind: str) -> bool:
    """Tell whether there is an entry of a kind that is no event."""
    return connection.execute("SELECT 1 FROM d_kind WHERE kind = ? LIMIT 1", (kind,)).fetchone() is not None


def has_holds(connection: sqlite3.Connection) -> bool:
    """Tell whether anything was ever put on hold."""
    return connection.execute("SELECT 1 FROM d_hold LIMIT 1").fetchone() is not None


def things_on_hold(connection: sqlite3.Connection) -> list[str]:
    """List the things that were ever put on hold or released."""
    query = "SELECT DISTINCT uri FROM d_hold JOIN d_thing ON id = thing ORDER BY uri"
    return [row[0] for row in connection.execute(query)]


def beginning_with(connection: sqlite3.Connection, head: str, limit: int) -> list[str]:
    """List things and places whose URI begins so, by the index on URIs; a hint, for completing what is typed."""
    query = "SELECT uri FROM d_thing WHERE uri >= ? AND uri < ? ORDER BY uri LIMIT ?"
    return [row[0] for row in connection.execute(query, (head, head + "\U0010ffff", limit))]
