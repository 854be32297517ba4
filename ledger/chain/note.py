"""Signed notes (C2SP `signed-note`): text, an empty line, and one line for each signature.

::

    acme.example/dc1                                   the text: any lines, ending in a newline
    12
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
                                                       an empty line
    — acme.example/dc1 x08MtRq9k...=                   "— " name " " base64(key id || signature)

A key is named by its verifier key (vkey), ``<name>+<key id, 8 hex>+<base64(algorithm || public key)>`` with
key id = SHA-256(name || "\\n" || algorithm || public key)[:4].
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from ledger.chain.errors import Refused
from ledger.chain.signers import ed25519

MAX_NOTE: Final = 1_000_000
MAX_SIGNATURES: Final = 100
# The algorithms of verifier keys, by their C2SP signature type.
ALGORITHMS: Final = {ed25519.ALGORITHM: "Ed25519", 0x06: "ML-DSA-44"}
_DASH: Final = "— "
_KEY_ID: Final = re.compile("[0-9a-f]{8}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Signer(Protocol):
    """Something that holds a private key."""

    algorithm: int
    public: bytes
    stored: tuple[str, bytes]  # how its line in a key file begins, and what it holds

    def sign(self, message: bytes) -> bytes:
        """Sign a message."""
        ...

    def sign_text(self, name: str, text: str, timestamp: int, /) -> bytes:
        """Sign the text of a note under a name; give what its line holds after the key id."""
        ...


class VerifierKey(NamedTuple):
    """A public key under a name."""

    name: str
    algorithm: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Give the four bytes that hint at this key in a signature line."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[:4]

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    def verify_text(self, text: str, signature: bytes) -> bool:
        """Check one line of this key under the text of a note."""
        if self.algorithm == ed25519.ALGORITHM:
            return ed25519.verify(self.public, text.encode(), signature)
        from ledger.chain.signers import mldsa44

        return mldsa44.verify_text(self.public, self.name, text, signature)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Check one signature of this key over plain bytes."""
        if self.algorithm == ed25519.ALGORITHM:
            return ed25519.verify(self.public, message, signature)
        from ledger.chain.signers import mldsa44

        return mldsa44.verify(self.public, message, signature)


class SignatureLine(NamedTuple):
    """One line under a note, not yet checked."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A note as read: nothing in it is trusted yet."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def signed_by(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """List the given keys that signed this note.

        Lines of unknown keys are passed over. A bad signature by a *known* key sinks the whole note.

        Raises:
            Refused: A line that carries a known key's name and id does not verify.
        """
        known = {(key.name, key.key_id): key for key in keys}
        found: list[VerifierKey] = []
        for line in self.signatures:
            key = known.get((line.name, line.key_id))
            if key is None:
                continue
            if not key.verify_text(self.text, line.signature):
                raise Refused(f"the signature of {line.name} ({line.key_id.hex()}) does not fit the note")
            if key not in found:
                found.append(key)
        return found


def check_name(name: str) -> str:
    """Pass the name of a key through, or refuse it.

    Raises:
        Refused: It is empty, or holds white space or a plus sign.
    """
    if not name or "+" in name or any(char.isspace() for char in name):
        raise Refused(f"the name of a key must not be empty nor hold white space or '+', got {name!r}")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise Refused(f"the name of a key is not valid Unicode: {name!r}") from None
    return name


def decode_base64(text: str, what: str) -> bytes:
    """Decode base64 in its one spelling: standard alphabet, padded, no white space, zero pad bits.

    Raises:
        Refused: It is anything else; `what` names it in the message.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"{what} is not base64: {text[:60]!r}") from None
    if base64.b64encode(data).decode() != text:
        raise Refused(f"{what} is not in the one spelling of base64: {text[:60]!r}")
    return data


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key.

    Raises:
        Refused: It is malformed, its id does not fit, or its algorithm is unknown.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise Refused(f"a verifier key reads <name>+<key id>+<key>, got {text[:80]!r}")
    name, key_id, material = parts
    check_name(name)
    if not _KEY_ID.fullmatch(key_id):
        raise Refused(f"the id of a verifier key has 8 hexadecimal digits, got {key_id[:20]!r}")
    data = decode_base64(material, "the key")
    if not data or data[0] not in ALGORITHMS:
        known = ", ".join(f"{label} ({number})" for number, label in ALGORITHMS.items())
        raise Refused(f"unknown algorithm in verifier key of {name!r}; known: {known}")
    key = VerifierKey(name, data[0], _check_public(data[0], data[1:]))
    if key.key_id.hex() != key_id:
        raise Refused(f"the id {key_id} does not fit the verifier key of {name!r} (it is {key.key_id.hex()})")
    return key


def _check_public(algorithm: int, raw: bytes) -> bytes:
    if algorithm == ed25519.ALGORITHM:
        return ed25519.check_public(raw)
    from ledger.chain.signers import mldsa44

    return mldsa44.check_public(raw)


def sign_note(text: str, signers: Sequence[tuple[str, Signer]], timestamp: int = 0) -> str:
    """Write a note with one line for each (name, signer).

    Args:
        text: What is signed; an ML-DSA-44 key signs nothing but checkpoints.
        signers: Who signs, under which name.
        timestamp: Seconds since 1970, for the lines that hold a time.

    Raises:
        Refused: The text does not end in a newline or holds control characters.
    """
    _check_text(text)
    lines = []
    for name, signer in signers:
        key = VerifierKey(check_name(name), signer.algorithm, signer.public)
        blob = base64.b64encode(key.key_id + signer.sign_text(name, text, timestamp)).decode()
        lines.append(f"{_DASH}{name} {blob}\n")
    return f"{text}\n{''.join(lines)}"


def parse_note(data: str) -> Note:
    """Read a note.

    Raises:
        Refused: It is no signed note, is larger than `MAX_NOTE`, or has more than `MAX_SIGNATURES` lines.
    """
    if len(data) > MAX_NOTE:
        raise Refused(f"a note has at most {MAX_NOTE} characters, got {len(data)}")
    cut = data.rfind("\n\n")
    if cut < 0:
        raise Refused("no signed note: there is no empty line before the signatures")
    text, rest = data[: cut + 1], data[cut + 2 :]
    _check_text(text)
    if not rest.endswith("\n"):
        raise Refused("no signed note: it does not end in a newline")
    lines = rest[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Refused(f"a note has at most {MAX_SIGNATURES} signatures, got {len(lines)}")
    return Note(text, tuple(_parse_line(line) for line in lines))


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise Refused("the text of a note must end in a newline")
    if _CONTROL.search(text):
        raise Refused("the text of a note holds control characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused("the text of a note is not valid Unicode") from None


def _parse_line(line: str) -> SignatureLine:
    name, space, blob = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise Refused(f"a signature line reads '— <name> <base64>', got {line[:80]!r}")
    data = decode_base64(blob, "the signature")
    if len(data) < 5:
        raise Refused(f"the signature of {name[:60]!r} is too short")
    return SignatureLine(check_name(name), data[:4], data[4:])
