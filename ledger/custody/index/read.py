"""Ask the derived tables where to look."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from ledger.custody.index.roles import CHILD, DECLARED, EMPTIED, NAMED, OUT, PARENT, TIED
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


def few_mentions_of(connection: sqlite3.Connection, uri: str, most: int) -> list[tuple[int, int]] | None:
    """List the entries that name a thing, in order, and as what; None: there are more than `most`."""
    query = "SELECT seq, role FROM d_mention WHERE thing = (SELECT id FROM d_thing WHERE uri = ?) LIMIT ?"
    found = connection.execute(query, (uri, most + 1)).fetchall()
    return None if len(found) > most else sorted(found)


class Row(NamedTuple):
    """One mention: entry, role (see `index.roles`), event time [s], of a child its container's number, its own."""

    seq: int
    role: int
    time: int
    container: int
    thing: int


# A thing by its number, the first and the last second.
During = tuple[int, int, int]
# A container by its number, the second of an event on it, whether that is tied (the bit of `roles.TIED`).
Packed = tuple[int, int, int]
EARLIEST: Final = -(2**63)
LATEST: Final = 2**63 - 1
_COLUMNS: Final = "m.seq, m.role, m.time, m.container, m.thing"
# That a row empties a container, is tied as {1} says, and stands.
_EMPTIES: Final = (
    f"{{0}}.role & {EMPTIED} AND {{0}}.role & {TIED} = {{1}} AND NOT {{0}}.role & {DECLARED} "
    "AND {0}.seq NOT IN (SELECT seq FROM d_withdrawn WHERE seq >= 0)"
)
_EMPTIED_AT: Final = f"SELECT n.time FROM d_mention n WHERE n.thing = {{0}} AND {_EMPTIES.format('n', '{1}')}"
_EMPTIED_THEN: Final = _EMPTIED_AT.format("w.thing", "w.tied")


def rows_during(connection: sqlite3.Connection, wanted: Sequence[During]) -> Iterator[Row]:
    """List the mentions of things within times; of all where they are `EARLIEST` and `LATEST`."""
    times = "m.time BETWEEN w.since AND w.until"
    query = f"SELECT {_COLUMNS} FROM w CROSS JOIN d_mention m ON m.thing = w.thing AND {times}"
    return _join(connection, "w(thing, since, until)", wanted, query)


def rows_of(connection: sqlite3.Connection, uris: Sequence[str]) -> dict[str, list[Row]]:
    """List all mentions of each thing."""
    names = {number: uri for uri, number in find_numbers(connection, uris).items()}
    found: dict[str, list[Row]] = {uri: [] for uri in uris}
    for row in rows_during(connection, [(number, EARLIEST, LATEST) for number in sorted(names)]):
        found[names[row.thing]].append(row)
    return found


def rows_in_roles(connection: sqlite3.Connection, numbers: Sequence[int], mask: int) -> Iterator[Row]:
    """List the mentions of things as any of what `mask` says, at any time; reads past all others."""
    query = f"SELECT {_COLUMNS} FROM w CROSS JOIN d_mention m ON m.thing = w.thing WHERE m.role & {mask:d}"
    return _join(connection, "w(thing)", [(number,) for number in numbers], query)


def roles_listed(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, int]:
    """Say as what things are named anywhere; reads past all mentions."""
    query = "SELECT DISTINCT m.role, m.thing, 0, 0, 0 FROM w CROSS JOIN d_mention m ON m.thing = w.thing"
    found = dict.fromkeys(numbers, 0)
    for role, number, *_ in _join(connection, "w(thing)", [(number,) for number in numbers], query):
        found[number] |= role
    return found


def emptied_after(connection: sqlite3.Connection, wanted: Sequence[Packed]) -> dict[Packed, list[Row]]:
    """List the emptyings that can end a stay that begins with an event: up to the first that ends it for sure."""
    found: dict[Packed, list[Row]] = {one: [] for one in wanted}
    query = (
        f"SELECT {_COLUMNS}, w.since, w.tied FROM w CROSS JOIN d_mention m ON m.thing = w.thing "
        "AND m.time BETWEEN w.since AND coalesce("
        f"({_EMPTIED_THEN} AND n.time > w.since ORDER BY n.time LIMIT 1), {LATEST}) "
        f"WHERE {_EMPTIES.format('m', 'w.tied')}"
    )
    for *row, since, tied in joined(connection, "w(thing, since, tied)", wanted, query):
        found[row[4], since, tied].append(Row(*row))
    return found


def packed_open(connection: sqlite3.Connection, wanted: Sequence[During]) -> Iterator[tuple[Row, int]]:
    """List the mentions as a child before the end of some time, each with the second at which its container is
    emptied for sure after it, `LATEST` if never; those without what was emptied before the time."""
    emptied = _EMPTIED_AT.format("m.container", f"m.role & {TIED}")
    query = (
        f"SELECT * FROM (SELECT {_COLUMNS}, w.since AS since, "
        f"coalesce(({emptied} AND n.time > m.time ORDER BY n.time LIMIT 1), {LATEST}) AS closed "
        f"FROM w CROSS JOIN d_mention m ON m.thing = w.thing AND m.time <= w.until WHERE m.role & {CHILD} "
        "LIMIT -1) WHERE closed >= since"  # LIMIT: so that `closed` is computed once
    )
    for row in joined(connection, "w(thing, since, until)", wanted, query):
        yield Row._make(row[:5]), row[6]


def taken_out(connection: sqlite3.Connection, wanted: Sequence[During]) -> Iterator[Row]:
    """List the mentions by which things come out of containers by name, within times."""
    times = "m.time BETWEEN w.since AND w.until"
    query = (
        f"SELECT {_COLUMNS} FROM w CROSS JOIN d_mention m ON m.thing = w.thing AND {times} WHERE m.role & {OUT}"
    )
    return _join(connection, "w(thing, since, until)", wanted, query)


def tied_among(connection: sqlite3.Connection, numbers: Sequence[int]) -> set[int]:
    """List which things are named by an association; reads past all others."""
    query = (
        "SELECT w.thing FROM w WHERE EXISTS "
        f"(SELECT 1 FROM d_mention m WHERE m.thing = w.thing AND m.role & {TIED})"
    )
    return {row[0] for row in joined(connection, "w(thing)", [(number,) for number in numbers], query)}


def packed_during(connection: sqlite3.Connection, wanted: Sequence[During]) -> Iterator[Row]:
    """List the packing events of containers that tell what was inside at some time: from the last time before it
    that they were emptied for sure."""
    tied = tied_among(connection, sorted({number for number, _, _ in wanted}))
    each = [(*one, how) for one in wanted for how in ((0, TIED) if one[0] in tied else (0,))]
    query = (
        f"SELECT {_COLUMNS} FROM w CROSS JOIN d_mention m ON m.thing = w.thing AND m.time BETWEEN coalesce("
        f"({_EMPTIED_THEN} AND n.time < w.since ORDER BY n.time DESC LIMIT 1), {EARLIEST}) AND w.until "
        f"WHERE m.role & {PARENT | EMPTIED} AND m.role & {TIED} = w.tied"
    )
    return _join(connection, "w(thing, since, until, tied)", each, query)


def _join(
    connection: sqlite3.Connection, head: str, wanted: Sequence[tuple[int, ...]], query: str
) -> Iterator[Row]:
    return map(Row._make, joined(connection, head, wanted, query))


def joined(
    connection: sqlite3.Connection, head: str, wanted: Sequence[tuple[int, ...]], query: str
) -> Iterator[tuple[Any, ...]]:
    """Ask for many in one statement: a table of what is wanted, joined with the rows."""
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        some = wanted[start : start + _ASKED_AT_ONCE]
        line = f"({','.join('?' * len(some[0]))})"
        table = f"WITH {head} AS (VALUES {','.join([line] * len(some))}) "
        yield from connection.execute(table + query, tuple(chain.from_iterable(some)))


def withdrawn_idents(connection: sqlite3.Connection, idents: Sequence[bytes]) -> set[bytes]:
    """List which of these events, by their identities, an error declaration names."""
    return set(_look_up(connection, "SELECT ident, seq FROM d_withdrawn WHERE ident", sorted(idents)))


def has_withdrawn(connection: sqlite3.Connection) -> bool:
    """Tell whether any event is withdrawn by an error declaration."""
    return connection.execute("SELECT 1 FROM d_withdrawn LIMIT 1").fetchone() is not None


def withdrawn_among(connection: sqlite3.Connection, seqs: Sequence[int]) -> set[int]:
    """List which of these entries an error declaration withdraws."""
    query = "SELECT d.seq FROM d_withdrawn d JOIN w ON w.seq = d.seq"
    return {row[0] for row in joined(connection, "w(seq)", [(seq,) for seq in seqs], query)}


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
    # CROSS JOIN keeps the order of the tables: few holds first, not all things; so does sorting here.
    query = "SELECT DISTINCT uri FROM d_hold CROSS JOIN d_thing ON id = thing"
    return sorted(row[0] for row in connection.execute(query))


def beginning_with(connection: sqlite3.Connection, head: str, limit: int) -> list[str]:
    """List things and places whose URI begins so, by the index on URIs; a hint, for completing what is typed."""
    query = "SELECT uri FROM d_thing WHERE uri >= ? AND uri < ? ORDER BY uri LIMIT ?"
    return [row[0] for row in connection.execute(query, (head, head + "\U0010ffff", limit))]
