"""Look in the log itself for holds that the index leaves out, before goods are passed on.

Whoever can write the file but not sign can delete the rows of a hold. What they leave out cannot be seen in what
they give, so a part of the log is searched: the newest entries, where holds mostly lie, and as many more chosen by
chance each time; all of a log of up to `PROBED` entries.
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
from ledger.custody.holds import passes_on
from ledger.custody.index.rebuild import row_of_body
from ledger.custody.kinds.registry import find_kind

PROBED: Final = 2_000  # 3 ms, which nobody at a dock notices
# Every event that holds or releases has one of these in its canonical bytes (`ledger.custody.holds`).
_MARKS: Final = (b'"persistentDisposition":', b'holding"')


def names_what_passes_on(events: Iterable[bytes]) -> bool:
    """Tell whether an event passes anything on or uses it up; the rest need not be held against holds."""
    for data in events:
        body = canonical.parse(data)
        roles = {mention.role for mention in find_kind(body["type"]).mentions(body)}
        if any(passes_on(body, role) for role in roles):
            return True
    return False


def refuse_missing_hold(connection: sqlite3.Connection, size: int) -> None:
    """Refuse to pass anything on where the index leaves out a hold of the log; see `find_missing_hold`.

    Raises:
        Untrue: It does.
    """
    found = find_missing_hold(connection, size)
    if found is not None:
        seq, thing = found
        raise Untrue(
            f"the index is wrong: it leaves out entry {seq}, which puts {thing} on hold or releases it",
            remedy="trace index rebuild",
        )


def find_missing_hold(connection: sqlite3.Connection, size: int) -> tuple[int, str] | None:
    """Find an entry that puts a thing on hold or releases it, and that the index does not list so.

    Args:
        connection: The ledger.
        size: How many entries there are.

    Returns:
        The entry and the thing; None: none was found.
    """
    half = PROBED // 2
    parts = [(0, size)]
    if size > PROBED:
        start = secrets.randbelow(size - PROBED + 1)
        parts = [(size - half, size), (start, start + half)]
    for part in parts:
        for seq, data in connection.execute("SELECT seq, bytes FROM entry WHERE seq >= ? AND seq < ?", part):
            if type(data) is not bytes or not any(mark in data for mark in _MARKS):
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
