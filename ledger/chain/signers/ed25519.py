"""Ed25519 (RFC 8032) lines of signed notes: signature type 0x01 of C2SP `signed-note`.

OpenSSL accepts public keys of small order, for which one signature fits many messages, and encodings
that are not canonical, which give one key two names. Neither may ever be a key here.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.chain.errors import Refused

ALGORITHM: Final = 0x01
KEY_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64

_P: Final = 2**255 - 19
_Y8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# The y coordinates of the eight points whose order divides 8 (RFC 7748 section 7, RFC 8032 section 5.1).
_SMALL_ORDER_Y: Final = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})


def check_public(raw: bytes) -> bytes:
    """Pass a public key through, or refuse it.

    Raises:
        Refused: Wrong length, an encoding that is not canonical, or a point of small order.
    """
    if len(raw) != KEY_SIZE:
        raise Refused(f"an Ed25519 public key has {KEY_SIZE} bytes, got {len(raw)}")
    number = int.from_bytes(raw, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= _P or (sign and y in (1, _P - 1)):
        raise Refused("the Ed25519 public key is not in canonical encoding")
    if y in _SMALL_ORDER_Y:
        raise Refused("the Ed25519 public key is a point of small order, which anybody can sign for")
    return raw


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Check a signature; the public key must have passed `check_public`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


class Ed25519Signer:
    """A private key.

    Args:
        seed: 32 bytes of RFC 8032 private key.
    """

    algorithm: int = ALGORITHM

    def __init__(self, seed: bytes) -> None:
        if len(seed) != KEY_SIZE:
            raise Refused(f"an Ed25519 private key has {KEY_SIZE} bytes, got {len(seed)}")
        self.stored = ("PRIVATE+KEY+", seed)
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Sign a message; give the 64 bytes."""
        return self._key.sign(message)

    def sign_text(self, _name: str, text: str, _timestamp: int) -> bytes:
        """Sign the text of a note."""
        return self._key.sign(text.encode())
