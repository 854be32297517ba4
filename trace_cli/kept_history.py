"""What verified entries said, kept between answers, so that a new answer reads only the entries that came since.

The columns (`forecasting.tables.recorded`) lie in `$TRACE_HOME/derived`; what they are worth stands beside the
pin, in `pins/<domain>/<site>.derived`: the signed head up to which everything was verified when they were made,
and the digest of each file. Nothing in the ledger file or in `derived/` can change them; what is damaged or
missing is read from the log again. Entries with private values are never kept: they are proven and read each time.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from forecasting.tables.recorded import RecordedEvents
    from ledger.chain.checkpoint import SignedCheckpoint
    from trace_cli.context import Site

LEAST_ENTRIES: Final = 20_000
"""A shorter log is verified and read whole each time: that takes no second."""

MOST_PRIVATE: Final = 50_000
"""With more private entries nothing is kept: reading them each time is most of the work."""

_OWN: Final = re.compile(r"[0-9]+-[0-9a-f]{16}\.npz")

LEAST_NEW: Final = 1_000
"""Fewer new entries are read again rather than written."""


@dataclass(frozen=True)
class KeptHistory:
    """What was kept of the entries of a log under a head.

    Attributes:
        seen: the signed head up to which everything was verified.
        recorded: what the entries say, but those in `private`.
        private: the entries that hold commitments or erase some.
        files: name, digest and number of events of each file, in order.
    """

    seen: SignedCheckpoint
    recorded: RecordedEvents
    private: tuple[int, ...]
    files: tuple[tuple[str, str, int], ...]


def load_kept(site: Site) -> KeptHistory | None:
    """Load what was kept for a site; None: nothing, or nothing that is still what was kept."""
    from forecasting.errors import BadTable
    from forecasting.tables.kept import unpack_recorded
    from forecasting.tables.recorded import join_recorded
    from ledger.chain.checkpoint import parse_checkpoint
    from ledger.chain.errors import LedgerError, Missing
    from ledger.chain.home import read_secret
    from trace_cli.formats.answer import note

    path = _list_path(site)
    try:
        told = json.loads(read_secret(path, "the list of what was kept", ""))
        if told["made_by"] != _made_by():
            return None
        files = tuple((str(name), str(digest), int(count)) for name, digest, count in told["files"])
        recorded = join_recorded([unpack_recorded(_read(site, name, digest)) for name, digest, _ in files])
        seen, private = parse_checkpoint(told["note"]), tuple(map(int, told["private"]))
        _refuse_others([*recorded.seq.tolist(), *private], seen.head.size)
        return KeptHistory(seen, recorded, private, files)
    except Missing:
        return None
    except (
        LedgerError,
        BadTable,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        OverflowError,
        RecursionError,
    ) as error:
        note(f"what was kept from earlier answers is not used, and the whole log is read again: {error}")
        return None


def save_kept(
    site: Site, seen: SignedCheckpoint, before: KeptHistory | None, new: RecordedEvents, private: Sequence[int]
) -> None:
    """Keep what was read.

    Args:
        site: Whose.
        seen: The head up to which everything was verified now.
        before: What was kept already; None: nothing.
        new: What the entries say that came since, but those in `private`.
        private: All entries that hold commitments or erase some.
    """
    from forecasting.tables.kept import pack_recorded, unpack_recorded
    from forecasting.tables.recorded import join_recorded
    from ledger.chain.errors import LedgerError
    from ledger.chain.home import make_room, replace_secret
    from trace_cli.formats.answer import note

    since = seen.head.size - (before.seen.head.size if before else 0)
    if seen.head.size < LEAST_ENTRIES or since < LEAST_NEW or len(private) > MOST_PRIVATE:
        return
    files = list(before.files) if before else []
    try:
        # A file is joined to the one before once it is half as long: few files stay, little is written twice.
        while files and 2 * len(new) >= files[-1][2]:
            name, digest, _ = files.pop()
            new = join_recorded([unpack_recorded(_read(site, name, digest)), new])
        data = pack_recorded(new)
        digest = sha256(data).hexdigest()
        name = f"{seen.head.size}-{digest[:16]}.npz"
        make_room(_room(site) / name)
        _write(_room(site) / name, data)
        files.append((name, digest, len(new)))
        told = {"made_by": _made_by(), "note": seen.note, "private": list(private), "files": files}
        make_room(_list_path(site))
        replace_secret(_list_path(site), json.dumps(told) + "\n")
        kept = {one[0] for one in files}
        for path in _own_files(site):
            if path.name not in kept:
                path.unlink(missing_ok=True)
    except (OSError, LedgerError) as error:
        note(f"what was read could not be kept for the next answer: {error}")


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; nothing of it stays where there is no room for it."""
    from ledger.chain.home import fresh_beside

    fresh = fresh_beside(path)
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _own_files(site: Site) -> list[Path]:
    """List what was written here, and no other file: the directory may be a link to somebody's own tables."""
    return [path for path in _room(site).glob("*.npz") if _OWN.fullmatch(path.name)]


def _refuse_others(seqs: list[int], size: int) -> None:
    """Refuse entries that are counted twice, or that a log of that size does not have.

    Raises:
        ValueError: There are some.
    """
    if len(set(seqs)) != len(seqs):
        raise ValueError("an entry was kept twice")
    if seqs and not 0 <= min(seqs) <= max(seqs) < size:
        raise ValueError(f"an entry was kept that a log of {size} does not have")


def _made_by() -> list[Any]:
    from forecasting.tables.kept import FORMAT
    from trace_cli.version import __version__

    return [FORMAT, __version__]


def _list_path(site: Site) -> Path:
    from ledger.chain.home import place_of

    return place_of(site.home, "pins", site.origin, ".derived")


def _room(site: Site) -> Path:
    from ledger.chain.home import place_of

    return place_of(site.home, "derived", site.origin, "")


def _read(site: Site, name: str, digest: str) -> bytes:
    from ledger.custody.exchange.plain_file import open_plain

    if "/" in name:
        raise ValueError(f"{name!r} is no name of a file")
    with open_plain(_room(site) / name) as file:
        data = file.read()
    if sha256(data).hexdigest() != digest:
        raise ValueError(f"{_room(site) / name} was changed")
    return data
