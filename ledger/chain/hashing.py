"""RFC 6962 section 2.1: the hash of a leaf and of a node.

>>> EMPTY_ROOT.hex()[:16]
'e3b0c44298fc1c14'
>>> leaf_hash(b"").hex()[:16]
'6e340b9cffb37a98'
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
ZERO_HASH: Final = bytes(HASH_SIZE)


def leaf_hash(data: bytes) -> bytes:
    """Hash one entry: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()
