"""Key files under a passphrase: Argon2id (RFC 9106) makes a key of it, AES-256-GCM keeps the private lines.

::

    TRACE+SEALED+KEY+1
    public acme.example/dc1+3f2a9c01+AT...         one line for each verifier key
    argon2id 131072 4 1 <salt, base64>             memory in KiB, passes, lanes
    aes-256-gcm <nonce, base64> <ciphertext and tag, base64>

The additional data of AES-GCM are all lines before the last, so origin, key ids and cost cannot be exchanged. The
cost is read from the file within bounds: a file that somebody else made must not take all memory or all day.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from ledger.chain.errors import KeyUnavailable, Refused
from ledger.chain.note import VerifierKey, decode_base64, parse_vkey

MAGIC: Final = "TRACE+SEALED+KEY+1\n"
MAX_PASSPHRASE: Final = 4096
_SALT_SIZE: Final = 16
_NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16
_COST: Final = re.compile(r"argon2id ([1-9][0-9]{0,7}) ([1-9][0-9]?) ([1-9][0-9]?) (\S+)")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a guess costs: memory in KiB, passes over it, lanes."""

    memory: int = 128 * 1024
    passes: int = 4
    lanes: int = 1

    def check(self) -> Cost:
        """Pass it through, or refuse what is too little for Argon2id or too much for this machine.

        Raises:
            Refused: It is out of bounds.
        """
        if not (8 * self.lanes <= self.memory <= 1024 * 1024 and 1 <= self.passes <= 32 and 1 <= self.lanes <= 16):
            raise Refused(f"the cost {self.memory} KiB, {self.passes} passes, {self.lanes} lanes is out of bounds")
        return self

    def derive(self, passphrase: bytes, salt: bytes) -> bytes:
        """Make the 32 bytes of key; this takes its time."""
        kdf = Argon2id(
            salt=salt,
            length=32,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=self.memory,
            ad=b"trace/key/v1",
        )
        return kdf.derive(passphrase)


# On the machine where this was chosen a guess takes 0.36 s of one core, and 128 MiB.
COST: Final = Cost()


def is_sealed(text: str) -> bool:
    """Tell by its first line whether a key file is sealed."""
    return text.startswith(MAGIC)


def check_passphrase(passphrase: bytes) -> bytes:
    """Pass a passphrase through, or refuse it.

    Raises:
        Refused: It is empty or beyond all reason.
    """
    if not passphrase:
        raise Refused("the passphrase is empty")
    if len(passphrase) > MAX_PASSPHRASE:
        raise Refused(f"a passphrase has at most {MAX_PASSPHRASE} bytes, got {len(passphrase)}")
    return passphrase


def seal(
    secret: str,
    public: Sequence[VerifierKey],
    passphrase: bytes,
    *,
    cost: Cost = COST,
    random: Callable[[int], bytes] = os.urandom,
) -> str:
    """Write a sealed key file.

    Raises:
        Refused: The passphrase is empty, or the cost out of bounds.
    """
    salt, nonce = random(_SALT_SIZE), random(_NONCE_SIZE)
    check_passphrase(passphrase)
    cost.check()
    lines = [MAGIC, *(f"public {key}\n" for key in public)]
    lines.append(f"argon2id {cost.memory} {cost.passes} {cost.lanes} {_text(salt)}\n")
    head = "".join(lines)
    box = AESGCM(cost.derive(passphrase, salt)).encrypt(nonce, secret.encode(), head.encode())
    return f"{head}aes-256-gcm {_text(nonce)} {_text(box)}\n"


def public_of(text: str) -> tuple[VerifierKey, ...]:
    """Read the verifier keys that a sealed file states; only `unseal` can tell whether that is so.

    Raises:
        Refused: It is malformed.
    """
    return _parse(text)[0]


def unseal(text: str, passphrase: bytes) -> str:
    """Open a sealed key file; give the private lines.

    Raises:
        KeyUnavailable: It is not the passphrase, or the file was changed.
        Refused: The file is malformed.
    """
    _, cost, salt, nonce, box, head = _parse(text)
    try:
        return AESGCM(cost.derive(passphrase, salt)).decrypt(nonce, box, head.encode()).decode()
    except InvalidTag:
        raise KeyUnavailable(
            "the passphrase does not open the key (or the key file was changed)",
            remedy="try again; a forgotten passphrase cannot be recovered, but a copy of the key file may help",
        ) from None


def _parse(text: str) -> tuple[tuple[VerifierKey, ...], Cost, bytes, bytes, bytes, str]:
    lines = text.split("\n")
    if not is_sealed(text) or not 5 <= len(lines) <= 12 or lines[-1]:
        raise Refused("a sealed key file has its lines public, argon2id and aes-256-gcm")
    *public, kdf, box = lines[1:-1]
    keys = []
    for line in public:
        if not line.startswith("public "):
            raise Refused(f"a line of the sealed key file is not understood: {line[:40]!r}")
        keys.append(parse_vkey(line.removeprefix("public ")))
    match = _COST.fullmatch(kdf)
    words = box.split(" ")
    if match is None or len(words) != 3 or words[0] != "aes-256-gcm":
        raise Refused("the sealed key file is cut or damaged")
    cost = Cost(int(match[1]), int(match[2]), int(match[3])).check()
    salt, nonce, data = (decode_base64(word, "the sealed key") for word in (match[4], *words[1:]))
    if len(salt) != _SALT_SIZE or len(nonce) != _NONCE_SIZE or len(data) <= _TAG_SIZE:
        raise Refused("the sealed key file is cut or damaged")
    return tuple(keys), cost, salt, nonce, data, "\n".join(lines[:-2]) + "\n"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
