"""Read ahead: what the index has on many things, asked in one question, and their entries, proven together.

The cost of a question and of a proof is shared by all that are asked for. Nothing is believed here: an entry that
does not hold, or is not there, is left out, so that it is asked for alone, and what is wrong is told there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from ledger.chain.entry import Entry
from ledger.chain.errors import Untrue
from ledger.chain.reader import AuthenticReader
from ledger.custody.history import Event, make_event
from ledger.custody.identity import ident_of
from ledger.custody.index import read
from ledger.custody.index.rebuild import UNFIT
from ledger.custody.index.roles import roles_among

MOST: Final = 4_096  # entries at once
_FEW: Final = 256  # of one thing; one that was named more often is asked for alone
_UNREADABLE: Final = (*UNFIT, Untrue)
_DEPTH: Final = 3  # how many containers around a thing are read ahead


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the index has, as far as it was read ahead.

    Attributes:
        mentions: of a thing, each entry that names it, in order, and as what.
        undeclared: events on which the index has no error declaration.
        events: what entries that were proven say, by their numbers; none that holds anything private.
        things: which things each of these names, and as what.
    """

    mentions: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    undeclared: set[str] = field(default_factory=set)
    events: dict[int, Event] = field(default_factory=dict)
    things: dict[int, Mapping[str, int]] = field(default_factory=dict)


def read_ahead(
    connection: sqlite3.Connection, reader: AuthenticReader, uris: Sequence[str], entries: dict[int, Entry]
) -> Ahead:
    """Ask the index for many things, and what they are packed in.

    Args:
        connection: Where the index and the entries are.
        reader: Proves them.
        uris: The things.
        entries: Takes the proven entries, by number; at most about `MOST` are added.
    """
    ahead = Ahead()
    wanted = list(dict.fromkeys(uris))
    event_ids: dict[str, None] = {}
    for _ in range(_DEPTH):
        fresh = _read_entries(connection, reader, _read_mentions(connection, wanted, ahead, len(entries)), entries)
        named: dict[str, None] = {}
        for entry in fresh:
            if entry.kind != "event" or entry.sealed:
                continue
            try:
                event = make_event(entry.seq, entry.body, entry.rec, entry.via, by=entry.by)
                ahead.things[entry.seq] = roles_among(entry.body, event.facts.mentions)
            except _UNREADABLE:  # what is no event is told where it is asked for
                continue
            ahead.events[entry.seq] = event
            event_ids[event.facts.event_id] = None
            if event.facts.container is not None:
                named[event.facts.container] = None
        wanted = [uri for uri in named if uri not in ahead.mentions]
        if not wanted:
            break
    ahead.undeclared.update(event_ids)
    if read.has_withdrawn(connection):
        idents = {ident_of(one, False): one for one in event_ids}
        ahead.undeclared.difference_update(
            idents[ident] for ident in read.withdrawn_idents(connection, list(idents))
        )
    return ahead


def _read_mentions(connection: sqlite3.Connection, uris: Sequence[str], ahead: Ahead, count: int) -> list[int]:
    """List the entries that name things; things that would be too many are left to be asked for alone."""
    seqs: list[int] = []
    for uri in uris:
        rows = read.few_mentions_of(connection, uri, _FEW)
        if rows is not None and count + len(seqs) + len(rows) <= MOST:
            ahead.mentions[uri] = rows
            seqs += [seq for seq, _ in rows]
    return seqs


def _read_entries(
    connection: sqlite3.Connection, reader: AuthenticReader, seqs: Sequence[int], entries: dict[int, Entry]
) -> list[Entry]:
    fresh = sorted({seq for seq in seqs if type(seq) is int and 0 <= seq < reader.size and seq not in entries})
    with suppress(Untrue):
        reader.prepare(fresh)
    found = read.entries_among(connection, fresh)
    proven = reader.prove_some((seq, found.get(seq)) for seq in fresh)
    entries.update(proven)
    return list(proven.values())
