"""Receipts: C2SP `tlog-proof` text with the entry in its extra data.

::

    c2sp.org/tlog-proof@v1
    extra <base64 of the entry's bytes>
    index 7
    rzFuy5Go7nrpkhBwKy1HWPMM3eO/YePY54fXRoH5Cm4=        one line for each hash of the inclusion proof
                                                         an empty line
    acme.example/dc1                                     the signed checkpoint
    12
    ...

It can be checked without the ledger, without a network and without this program: hash the entry, fold the proof,
compare with the root, check the signature.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from ledger.chain.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.chain.entry import Entry, parse_entry
from ledger.chain.errors import BadJson, Refused, Untrue, Untrusted
from ledger.chain.hashing import HASH_SIZE, leaf_hash
from ledger.chain.note import VerifierKey, decode_base64
from ledger.chain.policy import NotBelievedError, Policy, believe
from ledger.chain.proof import MAX_PROOF, prove_inclusion, verify_inclusion
from ledger.chain.reader import AuthenticReader

HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_RECEIPT: Final = 32 * 1024 * 1024
_INDEX: Final = re.compile("index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof as read; nothing in it is trusted yet. `checkpoint` is the text of the note."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry whose receipt was checked: under which head, and which believed key signed that."""

    entry: Entry
    signed: SignedCheckpoint
    key: VerifierKey


def write_proof(proof: TlogProof) -> str:
    """Write a proof as text."""
    lines = [HEADER]
    if proof.extra is not None:
        lines.append(f"extra {base64.b64encode(proof.extra).decode()}")
    lines.append(f"index {proof.index}")
    lines.extend(base64.b64encode(digest).decode() for digest in proof.path)
    return "\n".join(lines) + "\n\n" + proof.checkpoint


def parse_proof(text: str) -> TlogProof:
    """Read a proof strictly.

    Raises:
        Refused: It is no `tlog-proof`.
    """
    if len(text) > MAX_RECEIPT:
        raise Refused(f"a receipt has at most {MAX_RECEIPT} characters, got {len(text)}")
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n", MAX_PROOF + 3)
    if lines[0] != HEADER or not gap or not checkpoint:
        raise Refused(f"no receipt: it does not begin with {HEADER!r}, or has no checkpoint")
    at = 1
    extra = None
    if at < len(lines) and lines[at].startswith("extra "):
        extra = decode_base64(lines[at].removeprefix("extra "), "the extra data")
        at += 1
    match = _INDEX.fullmatch(lines[at]) if at < len(lines) else None
    if match is None or int(match[1]) >= 2**63:
        raise Refused("no receipt: the line with the index is missing or malformed")
    path = tuple(decode_base64(line, "a hash of the proof") for line in lines[at + 1 :])
    if len(path) > MAX_PROOF or any(len(digest) != HASH_SIZE for digest in path):
        raise Refused(f"a proof has at most {MAX_PROOF} hashes of {HASH_SIZE} bytes")
    return TlogProof(int(match[1]), path, checkpoint, extra)


def make_receipt(reader: AuthenticReader, seq: int) -> str:
    """Write the receipt of an entry under the head of a snapshot; it is checked before it is given out.

    Raises:
        Untrue: The entry does not hold.
        IndexError: There is no such entry.
    """
    data = reader.proven_bytes(seq)
    path = prove_inclusion(reader.tile, seq, reader.size)
    if not verify_inclusion(seq, reader.size, leaf_hash(data), path, reader.head.root):
        raise Untrue(f"the proof of entry {seq} does not lead to the signed root", seq=seq, remedy="trace verify")
    return write_proof(TlogProof(seq, tuple(path), reader.signed.note, data))


def check_receipt(text: str, policy: Policy) -> ProvenEntry:
    """Check a receipt.

    1. It is a `tlog-proof` with the entry in its extra data.
    2. Its checkpoint is signed by a key that the policy believes.
    3. The hash of the entry, with the proof, leads to the signed root at the index.
    4. The entry is one, and its own number is the index.

    Raises:
        Refused: 1 is not so.
        Untrusted: 2 is not so.
        Untrue: 3 or 4 is not so.
    """
    proof = parse_proof(text)
    if proof.extra is None:
        raise Refused("the receipt holds no entry in its extra data, so there is nothing to check")
    signed = parse_checkpoint(proof.checkpoint)
    try:
        believed = believe(signed, policy)
    except NotBelievedError as error:
        raise Untrusted(f"the checkpoint of the receipt: {error}") from None
    if all(key.name != signed.head.origin for key in believed):
        raise Untrusted("no key that the policy believes signed the checkpoint of the receipt")
    leaf = leaf_hash(proof.extra)
    if not verify_inclusion(proof.index, signed.head.size, leaf, proof.path, signed.head.root):
        raise Untrue("the entry of the receipt is not in the tree that was signed", seq=proof.index)
    try:
        entry = parse_entry(proof.extra)
    except BadJson as error:
        raise Untrue(f"the entry of the receipt is signed but malformed: {error}", seq=proof.index) from None
    if entry.seq != proof.index:
        raise Untrue(f"the entry says it is number {entry.seq}, the proof says {proof.index}", seq=proof.index)
    return ProvenEntry(entry, signed, believed[0])
