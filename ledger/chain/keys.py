"""The site's private key, one file in `$TRACE_HOME`, never in the ledger.

The file holds one line, ``PRIVATE+KEY+<origin>+<key id>+<base64(0x01 || seed)>``, the form that Go's note
tools read and write.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.chain.errors import KeyUnavailable, Missing, Refused
from ledger.chain.home import create_secret, place_of, read_secret
from ledger.chain.note import VerifierKey, decode_base64
from ledger.chain.signers import ed25519

_PREFIX: Final = "PRIVATE+KEY+"


@dataclass(frozen=True)
class SiteKey:
    """A private key that may sign for an origin."""

    origin: str
    signer: ed25519.Ed25519Signer

    @property
    def verifier(self) -> VerifierKey:
        """Give the public side."""
        return VerifierKey(self.origin, ed25519.ALGORITHM, self.signer.public)


def key_path(home: Path, origin: str) -> Path:
    """Name the file of a site's key."""
    return place_of(home, "keys", origin, ".key")


def create_key(home: Path, origin: str, *, random: Callable[[int], bytes] = os.urandom) -> SiteKey:
    """Make a new key for an origin and store it.

    Raises:
        Refused: There is one already.
    """
    seed = random(ed25519.KEY_SIZE)
    key = SiteKey(origin, ed25519.Ed25519Signer(seed))
    material = base64.b64encode(bytes([ed25519.ALGORITHM]) + seed).decode()
    path = key_path(home, origin)
    try:
        create_secret(path, f"{_PREFIX}{origin}+{key.verifier.key_id.hex()}+{material}\n")
    except FileExistsError:
        raise Refused(
            f"there is a key for {origin} already: {path}",
            remedy="choose another site name, or keep using that key with: trace init --use-key",
        ) from None
    return key


def load_key(home: Path, origin: str) -> SiteKey:
    """Load the key of an origin.

    Raises:
        KeyUnavailable: It is missing, readable by others, damaged, or made for another origin.
    """
    path = key_path(home, origin)
    try:
        text = read_secret(path, f"the key of {origin}", "")
    except Missing:
        raise KeyUnavailable(
            f"no key for {origin} in {home}",
            remedy=f"copy the key file of that site to {path}, or set TRACE_HOME to the directory that has it",
        ) from None
    try:
        name, _, rest = text.strip().removeprefix(_PREFIX).partition("+")
        key_id, _, material = rest.partition("+")
        data = decode_base64(material, "the key")
        if not text.startswith(_PREFIX) or data[:1] != bytes([ed25519.ALGORITHM]):
            raise Refused("it does not start as a private key does")
        key = SiteKey(name, ed25519.Ed25519Signer(data[1:]))
        if key.verifier.key_id.hex() != key_id:
            raise Refused("its id does not fit")
    except Refused as error:
        raise KeyUnavailable(f"the key file {path} is damaged: {error}") from None
    if name != origin:
        raise KeyUnavailable(f"the key file {path} belongs to {name}, not to {origin}")
    return key
