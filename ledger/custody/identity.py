"""When two events are one: the eventID and whether it carries an error declaration (DESIGN, ADR 0004).

An event that comes without an eventID gets one: a UUIDv8 (RFC 9562) made from its event hash (CBV 2.0 section 8.9)
and its occurrence number inside its file. So the same file twice is one history, the same event as XML and as JSON
is one event, and two equal sales rows are two sales. Where the content holds private values, the digest is keyed
with a secret of the site, because a plain digest would let anybody try values until one fits.
"""

from __future__ import annotations

import hmac
import os
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ledger.chain.errors import KeyUnavailable
from ledger.chain.home import create_secret, place_of, read_secret
from ledger.custody.privacy import PrivacyPolicy, covers_any

IDENT_SIZE: Final = 16
SECRET_SIZE: Final = 32


def ident_of(event_id: str, withdraws: bool, *, imported: bool = False) -> bytes:
    """Give the identity of an event as the index keeps it: 16 bytes.

    An error declaration that was imported is another than the one that is made here, so that a file which came
    first cannot keep out the declaration of the site itself. Events are one however they came.
    """
    kind = 1 + imported if withdraws else 0
    # No event has an ID with lone surrogates, but somebody may ask for one.
    return sha256(f"{kind}{event_id}".encode("utf-8", "surrogatepass")).digest()[:IDENT_SIZE]


def new_event_id(*, random: Callable[[int], bytes] = os.urandom) -> str:
    """Make the eventID of something that happens now: a random UUIDv4."""
    return _uuid(random(16), version=4)


def site_secret(home: Path, origin: str) -> bytes:
    """Load the secret that keys the identities of private events; make it when it is missing.

    Raises:
        KeyUnavailable: Others may read it, or it is damaged.
    """
    path = place_of(home, "identity", origin, ".secret")
    if not os.path.lexists(path):
        _create_whole(path, os.urandom(SECRET_SIZE).hex())
    try:
        secret = bytes.fromhex(read_secret(path, "the identity secret", ""))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_SIZE:
        raise KeyUnavailable(f"the identity secret is damaged: {path}", remedy="restore it from a backup")
    return secret


def _create_whole(path: Path, text: str) -> None:
    """Write a secret that others see whole or not at all; who comes second takes what the first has written."""
    fresh = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    create_secret(fresh, text)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


class Identifier:
    """Gives eventIDs to the events of one file.

    Args:
        policy: Which fields are private.
        secret: Keys the digest of events that hold private values.
    """

    def __init__(self, policy: PrivacyPolicy, secret: bytes) -> None:
        self._policy = policy
        self._secret = secret
        self._seen: Counter[bytes] = Counter()

    def identify(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give the event with an eventID; its own, where it has one."""
        return self.identify_hashed(body)[0]

    def identify_hashed(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Give the event with an eventID, and the 32 bytes of its event hash.

        Raises:
            Refused: It nests too deep.
        """
        from ledger.custody.event_hash import event_digest  # who only looks up hashes nothing

        digest = event_digest(body)
        if "eventID" in body:
            return dict(body), digest
        withdraws = b"\x01" if "errorDeclaration" in body else b"\x00"
        self._seen[digest + withdraws] += 1
        message = b"trace event identity\n" + digest + withdraws + str(self._seen[digest + withdraws]).encode()
        if covers_any(dict(body), self._policy):
            made = hmac.digest(self._secret, message, "sha256")
        else:
            made = sha256(message).digest()
        return {**body, "eventID": _uuid(made[:16], version=8)}, digest


def _uuid(raw: bytes, *, version: int) -> str:
    data = bytearray(raw)
    data[6] = (data[6] & 0x0F) | version << 4
    data[8] = (data[8] & 0x3F) | 0x80
    text = data.hex()
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
