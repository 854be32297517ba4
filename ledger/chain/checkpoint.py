"""A checkpoint (C2SP `tlog-checkpoint`): the signed statement of what a log holds.

The text of the note is three lines: origin, size in decimal, root hash in base64.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.chain.errors import Refused
from ledger.chain.hashing import HASH_SIZE
from ledger.chain.note import Note, Signer, decode_base64, parse_note, sign_note

_ORIGIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?:/[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?)+")
_SIZE: Final = re.compile("0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """The head of a log: `root` is the tree over its first `size` entries."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Write the lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class SignedCheckpoint(NamedTuple):
    """A checkpoint whose note was read, with the note; the signatures are not yet checked."""

    head: Checkpoint
    note: str
    parsed: Note


def check_origin(origin: str) -> str:
    """Pass an origin through, or refuse it.

    Raises:
        Refused: It does not read ``<organisation's domain>/<site>`` in lower-case ASCII.
    """
    if not _ORIGIN.fullmatch(origin):
        raise Refused(
            f"an origin reads <organisation's domain>/<site> in lower-case ASCII letters, digits, '.', '-' "
            f"and '_', got {origin!r}"
        )
    return origin


def sign_checkpoint(head: Checkpoint, signers: Sequence[Signer], timestamp: int = 0) -> str:
    """Sign a head under its origin; give the note."""
    return sign_note(head.text, [(head.origin, signer) for signer in signers], timestamp)


def parse_checkpoint(data: str) -> SignedCheckpoint:
    """Read a signed checkpoint strictly: one spelling for each head.

    Raises:
        Refused: It is no checkpoint.
    """
    parsed = parse_note(data)
    lines = parsed.text.split("\n")
    if len(lines) < 4 or not lines[0] or "" in lines[:-1]:
        raise Refused("a checkpoint has at least three lines: origin, size, root")
    origin, size, root = lines[:3]
    if not _SIZE.fullmatch(size) or int(size) >= 2**63:
        raise Refused(f"the size of a checkpoint is a decimal number without leading zeros, got {size!r}")
    digest = decode_base64(root, "the root of the checkpoint")
    if len(digest) != HASH_SIZE:
        raise Refused(f"the root of a checkpoint has {HASH_SIZE} bytes, got {len(digest)}")
    return SignedCheckpoint(Checkpoint(origin, int(size), digest), data, parsed)
