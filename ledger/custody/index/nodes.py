"""The roots of the sixteenths of each full tile of leaves: a hint by which one entry is proven with 30 hashes.

The roots of sixteen leaves each (512 bytes for 256 entries) stand between a leaf and the hash of its tile. They
need no trust: whoever uses them computes the hash of the tile from them and holds it against the signed root.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from ledger.chain.hashing import HASH_SIZE
from ledger.chain.reader import GROUP
from ledger.chain.storage.sqlite import SqliteView
from ledger.chain.tree import TILE_BYTES, TILE_WIDTH, reduce_perfect, split_hashes
from ledger.custody.index.read import joined

_GROUP_BYTES: Final = GROUP * HASH_SIZE


def nodes_of(tile: bytes) -> bytes:
    """Compute the roots of the sixteenths of a full tile."""
    return b"".join(
        reduce_perfect(split_hashes(tile[at : at + _GROUP_BYTES])) for at in range(0, TILE_BYTES, _GROUP_BYTES)
    )


def write_nodes(connection: sqlite3.Connection, first: int, stop: int) -> None:
    """Write the rows of tiles `first` up to but not including `stop`, which are full."""
    tiles = connection.execute("SELECT n, data FROM tile WHERE level = 0 AND n >= ? AND n < ?", (first, stop))
    rows = [(n, nodes_of(data)) for n, data in tiles.fetchall() if len(data) == TILE_BYTES]
    connection.executemany("INSERT OR REPLACE INTO d_node(tile, data) VALUES (?, ?)", rows)


def read_hints(
    connection: sqlite3.Connection, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], tuple[bytes, bytes]]:
    """Read for sixteenths of tiles the row of the tile, and the leaves of the sixteenth; what is there of it."""
    query = (
        "SELECT w.tile, d.data, t.data FROM w "
        "CROSS JOIN d_node d ON d.tile = w.tile CROSS JOIN tile t ON t.level = 0 AND t.n = w.tile"
    )
    parts: dict[int, list[int]] = {}
    for tile, part in wanted:
        parts.setdefault(tile, []).append(part)
    found: dict[tuple[int, int], tuple[bytes, bytes]] = {}
    try:
        for tile, nodes, leaves in joined(connection, "w(tile)", [(tile,) for tile in parts], query):
            if type(nodes) is bytes and type(leaves) is bytes:
                for part in parts[tile]:
                    found[tile, part] = nodes, leaves[part * _GROUP_BYTES : (part + 1) * _GROUP_BYTES]
    except sqlite3.DatabaseError:
        return {}  # the tile alone proves as well, more slowly
    return found


def wrong_nodes(view: SqliteView, size: int) -> Iterator[tuple[int, str]]:
    """Name the tiles whose row is missing, wrong or too much, with which of it."""
    full = size // TILE_WIDTH
    listed = dict(view.connection.execute("SELECT tile, data FROM d_node"))
    for n in range(full):
        if listed.get(n) != nodes_of((view.tile(0, n) or b"").ljust(TILE_BYTES, b"\0")[:TILE_BYTES]):
            yield n, "surplus" if n in listed else "missing"
    for n in sorted(tile for tile in listed if not 0 <= tile < full):
        yield n, "surplus"
