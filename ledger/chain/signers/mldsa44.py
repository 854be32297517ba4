"""ML-DSA-44 (FIPS 204) lines of checkpoints: signature type 0x06 of C2SP `tlog-cosignature`.

What is signed is not the text of the note but the head that it states, bound to the name of the signer:

::

    "subtree/v1\\n\\0"  (12)      label
    n ‖ name                      name of the signer, its length in one byte
    timestamp          (8)        seconds since 1970, big-endian
    n ‖ origin                    first line of the checkpoint
    start = 0, size    (8 + 8)    big-endian
    root               (32)

The line holds base64(key id ‖ timestamp (8) ‖ signature (2,420)). Further lines of a checkpoint would not be
covered, so a checkpoint that has some is never believed by this algorithm.
"""

from __future__ import annotations

import base64
import struct
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ledger.chain.errors import Refused

ALGORITHM: Final = 0x06
SEED_SIZE: Final = 32
PUBLIC_SIZE: Final = 1312
SIGNATURE_SIZE: Final = 2420

_LABEL: Final = b"subtree/v1\n\0"


def check_public(raw: bytes) -> bytes:
    """Pass a public key through, or refuse it.

    Raises:
        Refused: Wrong length.
    """
    if len(raw) != PUBLIC_SIZE:
        raise Refused(f"an ML-DSA-44 public key has {PUBLIC_SIZE} bytes, got {len(raw)}")
    return raw


def verify(public: bytes, message: bytes, signature: bytes, context: bytes = b"") -> bool:
    """Check a signature over a message; the public key must have passed `check_public`."""
    if len(signature) != SIGNATURE_SIZE or len(context) > 255:
        return False
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message, context or None)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_text(public: bytes, name: str, text: str, signature: bytes) -> bool:
    """Check a timestamped signature under the text of a checkpoint."""
    if len(signature) != 8 + SIGNATURE_SIZE:
        return False
    try:
        message = cosigned_message(name, text, int.from_bytes(signature[:8], "big"))
    except Refused:
        return False
    return verify(public, message, signature[8:])


def cosigned_message(name: str, text: str, timestamp: int) -> bytes:
    """Write what is signed for a checkpoint.

    Raises:
        Refused: The text is no checkpoint of three lines, or a name is longer than 255 bytes.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not (lines[1].isascii() and lines[1].isdigit() and len(lines[1]) < 20):
        raise Refused("ML-DSA-44 signs checkpoints of three lines and nothing else")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError:
        root = b""
    names = [name.encode(), lines[0].encode()]
    size = int(lines[1])
    if (
        len(root) != 32
        or size >= 2**63
        or not all(1 <= len(one) <= 255 for one in names)
        or not 0 <= timestamp < 2**64
    ):
        raise Refused("ML-DSA-44 signs checkpoints with a root of 32 bytes and names of 1 to 255 bytes")
    signer, origin = (bytes([len(one)]) + one for one in names)
    return _LABEL + signer + struct.pack(">Q", timestamp) + origin + struct.pack(">QQ", 0, size) + root


class Mldsa44Signer:
    """A private key.

    Args:
        seed: 32 bytes of FIPS 204 seed.
    """

    algorithm: int = ALGORITHM

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_SIZE:
            raise Refused(f"an ML-DSA-44 seed has {SEED_SIZE} bytes, got {len(seed)}")
        self.stored = ("PRIVATE+KEY+", seed)
        self._key = MLDSA44PrivateKey.from_seed_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Sign a message; give the 2,420 bytes."""
        return self._key.sign(message)

    def sign_text(self, name: str, text: str, timestamp: int) -> bytes:
        """Sign the text of a checkpoint; give timestamp and signature."""
        return struct.pack(">Q", timestamp) + self.sign(cosigned_message(name, text, timestamp))
