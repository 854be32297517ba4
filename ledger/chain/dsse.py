"""DSSE envelopes: bytes and their type under a signature, as in-toto statements travel (DSSE v1, protocol.md).

What is signed is the pre-authentication encoding of type and payload, so neither can be taken for the other, and
no parser runs before the signature holds::

    PAE(type, payload) = "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload

with SP = 0x20 and LEN the number of bytes in ASCII decimal without leading zeros. The envelope is JSON::

    {"payload": base64(payload), "payloadType": type, "signatures": [{"keyid": "...", "sig": base64(signature)}]}

A `keyid` here is the start of the verifier key (``<name>+<key id>``); it is a hint and nothing is believed for it.
A site that signs with two keys signs each envelope with both, and both must verify.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.chain.errors import Refused, Untrusted
from ledger.chain.keys import SiteKey
from ledger.chain.note import VerifierKey

STATEMENT_TYPE: Final = "application/vnd.in-toto+json"
MAX_ENVELOPE: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope whose signatures hold: its type, its payload, and whose signatures they are."""

    payload_type: str
    payload: bytes
    keys: tuple[VerifierKey, ...]


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    r"""Write the bytes that are signed.

    >>> pre_authentication("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    name = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)


def sign_envelope(key: SiteKey, payload_type: str, payload: bytes) -> str:
    """Sign a payload with every key of a site; give the envelope as one line of JSON.

    Raises:
        KeyUnavailable: The key is in an agent that does not sign.
    """
    message = pre_authentication(payload_type, payload)
    signatures = [
        {"keyid": key_name(verifier), "sig": base64.b64encode(signer.sign(message)).decode()}
        for signer, verifier in zip(key.signers, key.verifiers, strict=True)
    ]
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": signatures,
    }
    return json.dumps(envelope) + "\n"


def open_envelope(text: str, keys: Sequence[VerifierKey]) -> Opened:
    """Check an envelope.

    1. It has a payload, a type and at least one signature, each in base64 of either alphabet.
    2. The signatures are checked over the pre-authentication encoding; those of unknown keys count for nothing.
    3. Every given key has signed; one signature never counts for two keys.

    Args:
        text: the envelope.
        keys: those that are believed, at least one; all of them must have signed.

    Raises:
        Refused: 1 is not so.
        Untrusted: 3 is not so.
    """
    payload_type, payload, signatures = _read_envelope(text)
    message = pre_authentication(payload_type, payload)
    signed = tuple(key for key in keys if any(key.verify(message, signature) for signature in signatures))
    if not keys or len(signed) < len(keys):
        missing = ", ".join(key_name(key) for key in keys if key not in signed) or "no key is believed"
        raise Untrusted(f"the envelope is not signed as expected: no signature of {missing} holds")
    return Opened(payload_type, payload, signed)


def key_name(key: VerifierKey) -> str:
    """Name a key as envelopes hint at it."""
    return f"{key.name}+{key.key_id.hex()}"


def _read_envelope(text: str) -> tuple[str, bytes, list[bytes]]:
    if len(text) > MAX_ENVELOPE:
        raise Refused(f"an envelope has at most {MAX_ENVELOPE} characters, got {len(text)}")
    try:
        read: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"no DSSE envelope: it is no JSON ({error})") from None
    parts = read if isinstance(read, dict) else {}
    kind, listed = parts.get("payloadType"), parts.get("signatures")
    if not isinstance(kind, str) or not isinstance(listed, list) or not listed:
        raise Refused("no DSSE envelope: expected payload, payloadType and a list of signatures")
    try:
        kind.encode()
    except UnicodeEncodeError:
        raise Refused("no DSSE envelope: its payloadType is not text") from None
    signatures = [_decode(one.get("sig") if isinstance(one, dict) else None, "sig") for one in listed]
    return kind, _decode(parts.get("payload"), "payload"), signatures


def _decode(value: object, name: str) -> bytes:
    """Decode base64, standard or URL-safe: "verifiers must accept both" (DSSE v1, envelope.md)."""
    if not isinstance(value, str):
        raise Refused(f"no DSSE envelope: expected base64 in {name}, got {type(value).__name__}")
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"no DSSE envelope: {name} is no base64") from None
