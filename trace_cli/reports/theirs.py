"""Read what somebody else holds of a ledger: another copy, a receipt, or a signed checkpoint; it sees which."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.chain.comparison import Theirs
    from ledger.chain.errors import NotALedger

_SQLITE = b"SQLite format 3\0"


@contextmanager
def open_theirs(path: Path) -> Iterator[Theirs]:
    """Open a file for as long as it is compared.

    Raises:
        Unavailable: It is not there, cannot be read, or is none of the three.
    """
    from ledger.chain.comparison import Theirs
    from ledger.chain.errors import NotALedger
    from ledger.chain.storage.sqlite import SqliteStorage
    from ledger.custody.index.coverage import key_seqs

    path = path / "ledger.db" if path.is_dir() else path
    start = _read(path, len(_SQLITE))
    if start != _SQLITE:
        signed, receipt = _read_text(path)
        yield Theirs(signed, None, receipt)
        return
    storage = SqliteStorage(path, writable=False)
    try:
        with storage.snapshot() as view:
            note = view.head()
            if note is None:
                raise NotALedger(f"{path} has no checkpoint, so it says nothing to compare with")
            yield Theirs(_parse(path, note), view, key_seqs=key_seqs(view))
    finally:
        storage.close()


def _read_text(path: Path) -> tuple[SignedCheckpoint, str | None]:
    from ledger.chain.errors import Refused
    from ledger.chain.receipt import HEADER, MAX_RECEIPT, parse_proof

    try:
        text = _read(path, MAX_RECEIPT + 1).decode("utf-8")
    except UnicodeDecodeError:
        raise _nothing(path, "it is no text") from None
    if not text.startswith(HEADER):
        return _parse(path, text), None
    try:
        proof = parse_proof(text)
        return _parse(path, proof.checkpoint), None if proof.extra is None else text
    except Refused as error:
        raise _nothing(path, error.message) from None


def _parse(path: Path, note: str) -> SignedCheckpoint:
    from ledger.chain.checkpoint import parse_checkpoint
    from ledger.chain.errors import Refused

    try:
        return parse_checkpoint(note)
    except Refused as error:
        raise _nothing(path, error.message) from None


def _read(path: Path, limit: int) -> bytes:
    from ledger.chain.errors import Missing, Unreadable

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _nothing(path, "it is no plain file")
        with path.open("rb") as file:
            return file.read(limit)
    except FileNotFoundError:
        raise Missing(f"there is nothing to compare with at {path}", remedy=f"ls {path.parent}") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None


def _nothing(path: Path, why: str) -> NotALedger:
    from ledger.chain.errors import NotALedger

    return NotALedger(
        f"{path} is no ledger, no receipt and no signed checkpoint: {why}",
        remedy="ask for a copy of their ledger.db, or for what `trace checkpoint -o FILE` writes there",
    )
