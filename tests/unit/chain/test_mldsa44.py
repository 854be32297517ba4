# SPDX-License-Identifier: Apache-2.0
"""ML-DSA-44 lines of checkpoints, the hybrid policy, and the published vectors."""

import base64
import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from ledger.chain.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.errors import Refused
from ledger.chain.keys import create_key, key_path, load_key, make_key
from ledger.chain.log import Log
from ledger.chain.note import VerifierKey, parse_vkey, sign_note
from ledger.chain.policy import NotBelievedError, Policy, believe, create_policy, load_policy
from ledger.chain.signers import mldsa44
from ledger.chain.storage.memory import MemoryStorage
from ledger.chain.verify import verify

ORIGIN = "acme.example/dc1"
HEAD = Checkpoint(ORIGIN, 12, bytes(range(32)))
TIME = 1_772_352_900


@pytest.fixture(scope="module")
def key():
    return make_key(ORIGIN, hybrid=True, random=lambda size: b"\x07" * size)


@pytest.fixture(scope="module")
def signed(key):
    return parse_checkpoint(sign_checkpoint(HEAD, key.signers, TIME))


def test_the_published_vectors(vectors):
    """K09: bad hints, wrong lengths, wrong contexts."""
    wrong, results = [], set()
    for group in vectors("wycheproof_mldsa_44_verify_test.min.json")["testGroups"]:
        public = bytes.fromhex(group["publicKey"])
        for case in group["tests"]:
            try:
                mldsa44.check_public(public)
                held = mldsa44.verify(
                    public,
                    bytes.fromhex(case["msg"]),
                    bytes.fromhex(case["sig"]),
                    bytes.fromhex(case.get("ctx", "")),
                )
            except Refused:
                held = False
            results.add(case["result"])
            if held != (case["result"] == "valid"):
                wrong.append(case["tcId"])
    assert wrong == []
    assert results == {"valid", "invalid"}


def test_what_is_signed_byte_by_byte(key, signed):
    line = signed.parsed.signatures[1]
    public = key.second.public
    assert line.key_id == hashlib.sha256(ORIGIN.encode() + b"\n\x06" + public).digest()[:4]
    assert len(public) == 1312
    assert line.signature[:8] == struct.pack(">Q", TIME)
    name = bytes([len(ORIGIN)]) + ORIGIN.encode()
    message = (
        b"subtree/v1\n\0" + name + struct.pack(">Q", TIME) + name + struct.pack(">QQ", 0, 12) + bytes(range(32))
    )
    MLDSA44PublicKey.from_public_bytes(public).verify(line.signature[8:], message)


def test_a_verifier_key_and_a_key_file_come_back(tmp_path):
    key = create_key(tmp_path, ORIGIN, hybrid=True)
    text = str(key.verifiers[1])
    material = base64.b64decode(text.split("+", 2)[2])
    assert material == b"\x06" + key.second.public
    assert parse_vkey(text) == key.verifiers[1]
    assert load_key(tmp_path, ORIGIN).text == key.text == key_path(tmp_path, ORIGIN).read_text()
    assert create_policy(tmp_path, ORIGIN, *key.verifiers)
    assert load_policy(tmp_path, ORIGIN).keys == key.verifiers


@pytest.mark.parametrize("size", [0, 32, 1311, 1313, 1952])
def test_a_key_of_another_length_is_refused(size):
    with pytest.raises(Refused, match="1312 bytes"):
        parse_vkey(str(VerifierKey(ORIGIN, 6, bytes(size))))


@pytest.mark.parametrize("algorithm", [0, 2, 4, 5, 7, 255])
def test_other_algorithms_are_unknown(algorithm):
    with pytest.raises(Refused, match="unknown algorithm"):
        parse_vkey(str(VerifierKey(ORIGIN, algorithm, bytes(32))))


def without(signed, number):
    """Take a signature line away."""
    head, _, lines = signed.note.rpartition("\n\n")
    kept = [line for at, line in enumerate(lines.splitlines()) if at != number]
    return parse_checkpoint(f"{head}\n\n" + "".join(f"{line}\n" for line in kept))


def test_a_hybrid_policy_needs_both(key, signed):
    """K01: neither line may be taken away."""
    hybrid = Policy(key.verifiers)
    assert believe(signed, hybrid) == list(key.verifiers)
    for number in (0, 1):
        with pytest.raises(NotBelievedError) as refused:
            believe(without(signed, number), hybrid)
        assert refused.value.kind == "downgrade"
        assert believe(without(signed, 1 - number), Policy((key.verifiers[number],))) == [key.verifiers[number]]


def test_the_time_and_the_head_are_covered(key, signed):
    line = signed.parsed.signatures[1]
    verifier = key.verifiers[1]
    assert verifier.verify_text(HEAD.text, line.signature)
    late = struct.pack(">Q", TIME + 1) + line.signature[8:]
    assert not verifier.verify_text(HEAD.text, late)
    for other in (
        Checkpoint(ORIGIN, 13, HEAD.root),
        Checkpoint(ORIGIN, 12, bytes(32)),
        Checkpoint("acme.example/dc2", 12, HEAD.root),
    ):
        assert not verifier.verify_text(other.text, line.signature)
    assert not VerifierKey("acme.example/dc2", 6, verifier.public).verify_text(HEAD.text, line.signature)
    for wrong in (b"", line.signature[:-1], line.signature + b"\0", line.signature[8:]):
        assert not verifier.verify_text(HEAD.text, wrong)
    assert not verifier.verify_text(HEAD.text + "more\n", line.signature)


@pytest.mark.parametrize(
    "text", ["x\n", f"{ORIGIN}\n12\n", HEAD.text + "more\n", f"{ORIGIN}\n12\nAAAA\n", f"{ORIGIN}\n-1\nAAAA\n"]
)
def test_it_signs_nothing_but_checkpoints(key, text):
    with pytest.raises(Refused, match="ML-DSA-44 signs checkpoints"):
        sign_note(text, [(ORIGIN, key.second)])


def test_a_hybrid_log_is_verified_by_both(key, make_clock, make_drafts):
    store = MemoryStorage()
    clock = make_clock()
    log = Log.create(store, key, clock, None, "dock-3")
    log.append(make_drafts(1, 3))
    log = Log(store, key, clock, None)
    log.append(make_drafts(4, 3))
    with store.snapshot() as view:
        ours = verify(view, origin=ORIGIN, policy=Policy(key.verifiers), pin=None)
        half = verify(view, origin=ORIGIN, policy=Policy(key.verifiers[:1]), pin=None)
        other = make_key(ORIGIN, hybrid=True)
        mixed = verify(view, origin=ORIGIN, policy=Policy((key.verifiers[0], other.verifiers[1])), pin=None)
    assert (ours.word, half.word, mixed.word) == ("ok", "ok", "untrusted")
    assert [finding.kind for finding in mixed.findings] == ["downgrade"]
