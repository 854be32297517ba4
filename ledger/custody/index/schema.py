"""The derived tables: where to look for what. Never trusted: what an answer shows is checked against the log.

``d_thing`` gives each URI (thing, place, container) a small number; ``d_mention`` lists the entries that name it:
as what (`ledger.custody.index.roles`), at which event time [s], and of a child the number of its container,
in order of time, so that of a pallet that was used a thousand times one use can be read;
``d_node`` keeps, for each full tile of leaves, the roots of its sixteenths, so that 30 hashes prove one entry and
not 255 (a hint like all else, held against the root); ``d_hold`` lists the entries that put a thing on hold or
release it; ``d_ident`` maps the identity of an event to its entry, with the first 16 bytes of its event hash (CBV
2.0 section 8.9) where that covers nothing private, and whether it was imported; ``d_withdrawn`` lists the
identities that error declarations name, whether such a declaration was imported, the entry (-1: not here, -2: an
imported declaration may not withdraw it, see `ledger.custody.corrections`), the entry of the declaration, and how
many things that names; ``d_kind`` lists the
entries that are no events; of master data also whose it is; ``d_meta`` says up to
which size the tables are complete.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = (
    "CREATE TABLE d_meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE d_thing(id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, place INTEGER NOT NULL) STRICT",
    "CREATE TABLE d_mention(thing INTEGER NOT NULL, seq INTEGER NOT NULL, role INTEGER NOT NULL, "
    "time INTEGER NOT NULL, container INTEGER NOT NULL, PRIMARY KEY(thing, time, seq)) STRICT, WITHOUT ROWID",
    "CREATE TABLE d_withdrawn(ident BLOB NOT NULL, imported INTEGER NOT NULL, seq INTEGER NOT NULL, "
    "declared INTEGER NOT NULL, things INTEGER NOT NULL, PRIMARY KEY(ident, imported)) STRICT, WITHOUT ROWID",
    "CREATE TABLE d_node(tile INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT",
    "CREATE TABLE d_hold(thing INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(thing, seq)) "
    "STRICT, WITHOUT ROWID",
    "CREATE TABLE d_ident(ident BLOB PRIMARY KEY, seq INTEGER NOT NULL, imported INTEGER NOT NULL, hash BLOB) "
    "STRICT, WITHOUT ROWID",
    "CREATE TABLE d_kind(kind TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(kind, seq)) STRICT, WITHOUT ROWID",
)
COVERED: Final = "size"
