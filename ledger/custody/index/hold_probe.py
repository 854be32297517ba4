"""Look in the log itself for holds that the index leaves out, before goods are passed on.

Whoever can write the file but not sign can delete the rows of a hold. What they leave out cannot be seen in what
they give. Of what this machine has looked at (`seen_marks`), it knows where holds are, and each is held against
it. The rest of the log is searched: all of it where that is no more than `PROBED` entries, else the newest
ones, where holds mostly lie, and as many more chosen by chance each time.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from ledger.chain import canonical
from ledger.chain.errors import Untrue
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteTransaction
from ledger.custody.holds import passes_on
from ledger.custody.index.rebuild import row_of_body
from ledger.custody.index.seen_marks import HOLD_MARKS, SeenMarks, see_marks
from ledger.custody.kinds.registry import find_kind

PROBED: Final = 2_000  # 3 ms, which nobody at a dock notices


def names_what_passes_on(events: Iterable[bytes]) -> bool:
    """Tell whether an event passes anything on or uses it up; the rest need not be held against holds."""
    for data in events:
        body = canonical.parse(data)
        roles = {mention.role for mention in find_kind(body["type"]).mentions(body)}
        if any(passes_on(body, role) for role in roles):
            return True
    return False


def refuse_hidden_hold(transaction: SqliteTransaction, size: int, log: Log) -> None:
    """Look at what came since this machine last did, then refuse as `refuse_missing_hold`.

    Args:
        transaction: The ledger under the writer's lock.
        size: How many entries there are.
        log: The log that is about to be appended to.

    Raises:
        Untrue: The index leaves out a hold, or an entry does not hold.
    """
    seen = SeenMarks()
    if log.home is not None and size > PROBED:
        reader = AuthenticReader(transaction, origin=log.origin, policy=Policy(log.verifiers))
        seen = see_marks(transaction, reader, log.home)
    refuse_missing_hold(transaction.connection, size, seen)


def refuse_missing_hold(connection: sqlite3.Connection, size: int, seen: SeenMarks | None = None) -> None:
    """Refuse to pass anything on where the index leaves out a hold of the log; see `find_missing_hold`.

    Raises:
        Untrue: It does.
    """
    found = find_missing_hold(connection, size, seen)
    if found is not None:
        seq, thing = found
        raise Untrue(
            f"the index is wrong: it leaves out entry {seq}, which puts {thing} on hold or releases it",
            remedy="trace index rebuild",
        )


def find_missing_hold(
    connection: sqlite3.Connection, size: int, seen: SeenMarks | None = None
) -> tuple[int, str] | None:
    """Find an entry that puts a thing on hold or releases it, and that the index does not list so.

    Args:
        connection: The ledger.
        size: How many entries there are.
        seen: What was seen of them; None: nothing.

    Returns:
        The entry and the thing; None: none was found.
    """
    known = seen or SeenMarks()
    for seq in known.holds:
        row = connection.execute("SELECT bytes FROM entry WHERE seq = ?", (seq,)).fetchone()
        thing = _missing_of(connection, seq, row[0]) if row is not None and type(row[0]) is bytes else "a thing"
        if thing is not None:
            return seq, thing
    half, begin = PROBED // 2, known.upto
    parts = [(begin, size)]
    if size - begin > PROBED:
        start = begin + secrets.randbelow(size - begin - PROBED + 1)
        parts = [(size - half, size), (start, start + half)]
    for part in parts:
        for seq, data in connection.execute("SELECT seq, bytes FROM entry WHERE seq >= ? AND seq < ?", part):
            if type(data) is not bytes or not any(mark in data for mark in HOLD_MARKS):
                continue
            if (thing := _missing_of(connection, seq, data)) is not None:
                return seq, thing
    return None


def _missing_of(connection: sqlite3.Connection, seq: int, data: bytes) -> str | None:
    try:
        entry = json.loads(data, parse_float=Decimal)
        row = row_of_body(entry["body"], entry["via"]) if entry["kind"] == "event" else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None  # it is no entry, which whoever reads it is told
    listed = (
        "SELECT 1 FROM d_hold h JOIN d_mention m ON m.thing = h.thing AND m.seq = h.seq "
        "WHERE h.thing = (SELECT id FROM d_thing WHERE uri = ?) AND h.seq = ? AND m.role = ? AND m.time = ?"
    )
    for uri in row.holds if row is not None else ():
        if row is not None and not connection.execute(listed, (uri, seq, row.things[uri], row.time)).fetchone():
            return uri
    return None
