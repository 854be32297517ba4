"""Private values enter the bytes of an entry only as a commitment.

A commitment is SHA-256(salt || canonical value) with 16 random bytes of salt, written in place of the
value as ``{"_commit": "<64 hex>"}``. Value and salt lie in the table `attachment`; without the salt, which is
erased together with the value, nobody can find even a low-entropy value by trying.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, Final

from ledger.chain import canonical
from ledger.chain.entry import Attachment
from ledger.chain.errors import Refused

KEY: Final = "_commit"
MARK: Final = b'{"_commit":"'
SALT_SIZE: Final = 16

_PATTERN: Final = re.compile(rb'\{"_commit":"([0-9a-f]{64})"\}')


def commit(value: object, *, random: Callable[[int], bytes] = os.urandom) -> tuple[dict[str, str], Attachment]:
    """Commit to a value; give what stands in its place, and what is kept apart.

    Args:
        value: Anything with a canonical form.
        random: Source of salt; passed in by tests only.
    """
    salt = random(SALT_SIZE)
    data = canonical.encode(value)
    digest = commitment_digest(salt, data)
    return {KEY: digest.hex()}, Attachment(digest, salt, data)


def commitment_digest(salt: bytes, data: bytes) -> bytes:
    """Compute SHA-256(salt || data)."""
    return sha256(salt + data).digest()


def find_commitments(entry: bytes) -> Iterator[bytes]:
    """List the digests of all commitments in an entry's bytes."""
    if MARK in entry:
        for match in _PATTERN.finditer(entry):
            yield bytes.fromhex(match[1].decode("ascii"))


def is_commitment(value: object) -> bool:
    """Tell whether a value stands for a private one."""
    return type(value) is dict and list(value) == [KEY]


def refuse_reserved(value: Any) -> None:
    """Refuse payloads from outside that use the reserved key: they could pass for committed values.

    Raises:
        Refused: The key ``_commit`` occurs at any depth.
    """
    if type(value) is dict:
        if KEY in value:
            raise Refused(f"the key {KEY!r} is reserved for private values and may not be recorded as it is")
        for item in value.values():
            refuse_reserved(item)
    elif type(value) is list:
        for item in value:
            refuse_reserved(item)
