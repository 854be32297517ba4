# SPDX-License-Identifier: Apache-2.0
"""DSSE envelopes: the encoding by hand-made vectors, the signature by the library alone, and every deformation."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.chain.dsse import open_envelope, pre_authentication, sign_envelope
from ledger.chain.errors import Refused, Untrusted
from ledger.chain.keys import make_key

TYPE = "application/vnd.in-toto+json"

# Written by hand from the definition: lengths count bytes, not characters; zero has one digit.
VECTORS = [
    ("", b"", b"DSSEv1 0  0 "),
    ("a", b"", b"DSSEv1 1 a 0 "),
    ("application/json", b"{}", b"DSSEv1 16 application/json 2 {}"),
    ("type/\u00e9", b"\x00\xff\n", b"DSSEv1 7 type/\xc3\xa9 3 \x00\xff\n"),
    ("t", b"0123456789", b"DSSEv1 1 t 10 0123456789"),
    ("with space", b"1 a 2", b"DSSEv1 10 with space 5 1 a 2"),
]


def fixed(start: int):
    return lambda count: bytes((start + n) % 256 for n in range(count))


@pytest.fixture(scope="module")
def key():
    return make_key("acme.example/dc1", random=fixed(1))


@pytest.mark.parametrize(("kind", "payload", "expected"), VECTORS)
def test_the_encoding(kind, payload, expected):
    assert pre_authentication(kind, payload) == expected


def test_type_and_payload_cannot_be_exchanged():
    assert pre_authentication("a", b"b 1 c") != pre_authentication("a 5 b", b"c")


def test_the_signature_is_plain_ed25519_over_the_encoding(key):
    envelope = json.loads(sign_envelope(key, TYPE, b'{"a":1}'))
    assert list(envelope) == ["payload", "payloadType", "signatures"]
    assert envelope["payload"] == "eyJhIjoxfQ=="
    (signature,) = envelope["signatures"]
    public = Ed25519PublicKey.from_public_bytes(key.signer.public)
    public.verify(base64.b64decode(signature["sig"]), b'DSSEv1 28 application/vnd.in-toto+json 7 {"a":1}')
    assert signature["keyid"] == f"acme.example/dc1+{key.verifier.key_id.hex()}"


def test_an_envelope_opens_with_its_keys_alone(key):
    text = sign_envelope(key, TYPE, b"payload")
    opened = open_envelope(text, key.verifiers)
    assert (opened.payload_type, opened.payload, opened.keys) == (TYPE, b"payload", key.verifiers)
    stranger = make_key("acme.example/dc1", random=fixed(2))
    for keys in (stranger.verifiers, (*key.verifiers, *stranger.verifiers), ()):
        with pytest.raises(Untrusted):
            open_envelope(text, keys)


def test_a_hybrid_site_signs_twice_and_both_must_hold():
    key = make_key("acme.example/dc1", hybrid=True, random=fixed(3))
    envelope = json.loads(sign_envelope(key, TYPE, b"payload"))
    assert len(envelope["signatures"]) == 2
    assert open_envelope(json.dumps(envelope), key.verifiers).keys == key.verifiers
    for dropped in range(2):
        half = {**envelope, "signatures": [envelope["signatures"][dropped]]}
        with pytest.raises(Untrusted):
            open_envelope(json.dumps(half), key.verifiers)


def test_either_alphabet_is_read(key):
    text = sign_envelope(key, TYPE, b"\xfb\xff\xfe>>>???")
    envelope = json.loads(text)
    assert "+" in envelope["payload"] or "/" in envelope["payload"]
    for part in (envelope, *envelope["signatures"]):
        for name in ("payload", "sig"):
            if name in part:
                part[name] = part[name].replace("+", "-").replace("/", "_")
    assert open_envelope(json.dumps(envelope), key.verifiers).payload == b"\xfb\xff\xfe>>>???"


def test_every_changed_bit_is_seen(key):
    envelope = json.loads(sign_envelope(key, "t", b"pay"))
    payload, signature = b"pay", base64.b64decode(envelope["signatures"][0]["sig"])
    for data, place in ((payload, "payload"), (signature, "sig")):
        for bit in range(len(data) * 8):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            text = base64.b64encode(flipped).decode()
            other = json.loads(json.dumps(envelope))
            (other if place == "payload" else other["signatures"][0])[place] = text
            with pytest.raises(Untrusted):
                open_envelope(json.dumps(other), key.verifiers)
    with pytest.raises(Untrusted):
        open_envelope(json.dumps({**envelope, "payloadType": "T"}), key.verifiers)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 100_000,
        '{"payload":"","payloadType":"t","signatures":[]}',
        '{"payload":"","payloadType":"t","signatures":{}}',
        '{"payload":"","payloadType":1,"signatures":[{"sig":""}]}',
        '{"payload":"","payloadType":"\\ud800","signatures":[{"sig":""}]}',
        '{"payload":5,"payloadType":"t","signatures":[{"sig":""}]}',
        '{"payload":"***","payloadType":"t","signatures":[{"sig":""}]}',
        '{"payload":"","payloadType":"t","signatures":["x"]}',
        '{"payload":"","payloadType":"t","signatures":[{"sig":null}]}',
        '{"payload":"\u00e9","payloadType":"t","signatures":[{"sig":""}]}',
    ],
)
def test_what_is_no_envelope_is_refused(key, text):
    with pytest.raises(Refused):
        open_envelope(text, key.verifiers)
