"""Pins: the newest head of each origin that this verifier saw, with the signed note as evidence.

A pin is written after the commit, so it may lag behind the ledger but never leads; it only grows; it
costs no fsync (a pin lost in a power cut is an older pin, which is still true).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from ledger.chain.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.chain.errors import Missing, Refused
from ledger.chain.home import make_room, place_of, read_secret, replace_secret


def pin_path(home: Path, origin: str) -> Path:
    """Name the pin of an origin."""
    return place_of(home, "pins", origin, ".pin")


def load_pin(home: Path, origin: str) -> SignedCheckpoint | None:
    """Load the pin of an origin; None: this verifier never saw a head of it.

    Raises:
        Refused: The pin is damaged or of another origin.
    """
    path = pin_path(home, origin)
    try:
        pin = parse_checkpoint(read_secret(path, f"the pin of {origin}", ""))
    except Missing:
        return None
    except Refused as error:
        raise Refused(
            f"the pin {path} is damaged: {error}",
            remedy="restore it from a backup; delete it only if you can say why it is damaged",
        ) from None
    if pin.head.origin != origin:
        raise Refused(f"the pin {path} is of {pin.head.origin}, not of {origin}")
    return pin


def save_pin(home: Path, signed: SignedCheckpoint, *, new_epoch: bool = False) -> None:
    """Remember a head that was verified or just committed; an older one than the present pin is ignored.

    Args:
        home: Where pins lie.
        signed: The head.
        new_epoch: A person has decided that what was seen before was given up; only then may a pin go back.
    """
    path = pin_path(home, signed.head.origin)
    make_room(path)
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        present = load_pin(home, signed.head.origin)
        if present is not None and present.head.size >= signed.head.size and not new_epoch:
            return
        fresh = path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(signed.note)
        os.replace(fresh, path)
    finally:
        os.close(lock)


def load_seen_epochs(home: Path, origin: str) -> frozenset[bytes]:
    """Load the leaf hashes of the epoch entries of an origin that this verifier saw.

    Raises:
        Refused: The file is damaged.
    """
    path = _epochs_path(home, origin)
    try:
        words = read_secret(path, f"the epochs of {origin}", "").split()
        return frozenset(bytes.fromhex(word) for word in words)
    except Missing:
        return frozenset()
    except ValueError:
        raise Refused(f"{path} is damaged", remedy="restore it from a backup") from None


def save_seen_epochs(home: Path, origin: str, leaves: Iterable[bytes]) -> None:
    """Remember epoch entries that were verified or just written; none is ever forgotten."""
    known = load_seen_epochs(home, origin)
    if fresh := set(leaves) - known:
        replace_secret(_epochs_path(home, origin), "".join(f"{leaf.hex()}\n" for leaf in sorted(known | fresh)))


def _epochs_path(home: Path, origin: str) -> Path:
    return place_of(home, "pins", origin, ".epochs")
