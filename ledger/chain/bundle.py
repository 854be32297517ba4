"""Bundles: the receipts of several entries under one shared checkpoint, with the private values that are opened.

::

    trace/bundle/v1
    sha256 <hex over every byte after this line>      finds damage; it proves nothing
    item <what the entries are about, percent-encoded>
    key <verifier key>                                one for each signature that the maker believed; a claim
                                                      an empty line
    c2sp.org/tlog-proof@v1                            for each entry, in order: what a receipt begins with
    extra <base64 of the entry's bytes>
    index 7
    <one line for each hash of the inclusion proof>
                                                      an empty line
    values                                            where any are opened: salt and canonical value of commitments
    <base64 of the salt (16)> <base64 of the value>
                                                      an empty line
    acme.example/dc1                                  the signed checkpoint
    12
    ...

The section of an entry, its empty line, and the checkpoint are together a receipt (C2SP `tlog-proof`).
Entries of kind `key` after the first one say which key followed which; all others are what the bundle is about.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote, unquote

from ledger.chain.checkpoint import SignedCheckpoint, check_origin, parse_checkpoint
from ledger.chain.commitment import SALT_SIZE, commitment_digest, find_commitments
from ledger.chain.entry import Attachment, Entry, parse_entry
from ledger.chain.errors import BadJson, Refused, Untrue
from ledger.chain.hashing import leaf_hash
from ledger.chain.keyring import follow
from ledger.chain.note import VerifierKey, decode_base64, parse_vkey
from ledger.chain.policy import NotBelievedError, Policy, believe
from ledger.chain.proof import prove_inclusion, verify_inclusion
from ledger.chain.reader import AuthenticReader
from ledger.chain.receipt import HEADER as PROOF_HEADER
from ledger.chain.receipt import TlogProof, parse_proof, write_proof

HEADER: Final = "trace/bundle/v1"
VALUES: Final = "values"
MAX_BUNDLE: Final = 256 * 1024 * 1024
MAX_ENTRIES: Final = 100_000
MAX_VALUES: Final = 1_000_000
# Stands where a section is read as a receipt; it is never part of one that is written.
_NO_CHECKPOINT: Final = "-"
_DIGEST: Final = re.compile("sha256 ([0-9a-f]{64})")
_SAFE: Final = "/:@!$&'()*,;=~+-._"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as read; nothing in it is trusted yet. The checkpoints of the proofs are empty."""

    item: str
    keys: tuple[VerifierKey, ...]
    proofs: tuple[TlogProof, ...]
    values: tuple[Attachment, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class BundleFault:
    """What does not hold: `position` counts the entries of the bundle from 0; None: the bundle as a whole."""

    position: int | None
    seq: int | None
    message: str


@dataclass(frozen=True, slots=True)
class CheckedBundle:
    """A bundle that was checked: it holds where there are no faults. `untrusted` says why no key was believed."""

    bundle: Bundle
    signed: SignedCheckpoint
    key: VerifierKey | None
    entries: tuple[Entry, ...]
    faults: tuple[BundleFault, ...]
    untrusted: str = ""


def write_bundle(bundle: Bundle) -> str:
    """Write a bundle as text; one spelling for each bundle."""
    head = [f"item {quote(bundle.item, safe=_SAFE)}", *(f"key {key}" for key in bundle.keys)]
    parts = ["\n".join(head) + "\n\n"]
    for proof in bundle.proofs:
        parts.append(write_proof(TlogProof(proof.index, proof.path, "", proof.extra)))
    if bundle.values:
        lines = [f"{_base64(value.salt)} {_base64(value.data)}" for value in bundle.values]
        parts.append("\n".join([VALUES, *lines]) + "\n\n")
    rest = "".join(parts) + bundle.checkpoint
    return f"{HEADER}\nsha256 {sha256(rest.encode()).hexdigest()}\n{rest}"


def make_bundle(reader: AuthenticReader, item: str, seqs: list[int], values: tuple[Attachment, ...]) -> Bundle:
    """Gather the receipts of entries under the head of a snapshot; each is proven before it is given out.

    Args:
        reader: Proves the entries.
        item: What they are about.
        seqs: Which; entries on the life of keys belong to it where the log has more than the first.
        values: The private values to open.

    Raises:
        Untrue: An entry does not hold.
        IndexError: There is no such entry.
    """
    proofs = []
    for seq in seqs:
        data = reader.proven_bytes(seq)
        path = prove_inclusion(reader.tile, seq, reader.size)
        if not verify_inclusion(seq, reader.size, leaf_hash(data), path, reader.head.root):
            raise Untrue(
                f"the proof of entry {seq} does not lead to the signed root", seq=seq, remedy="trace verify"
            )
        proofs.append(TlogProof(seq, tuple(path), "", data))
    keys = tuple(believe(reader.signed, reader.policy))
    return Bundle(item, keys, tuple(proofs), values, reader.signed.note)


def parse_bundle(text: str) -> Bundle:
    """Read a bundle strictly.

    Raises:
        Refused: It is none, was cut, or was changed anywhere since it was written.
    """
    if len(text) > MAX_BUNDLE:
        raise Refused(f"a bundle has at most {MAX_BUNDLE} characters, got {len(text)}")
    first, _, rest = text.partition("\n")
    line, _, rest = rest.partition("\n")
    match = _DIGEST.fullmatch(line)
    if first != HEADER or match is None:
        raise Refused(f"no bundle: it does not begin with {HEADER!r} and the line with its digest")
    head, gap, body = rest.partition("\n\n")
    if not gap:
        raise Refused("no bundle: there is nothing after its head")
    item, keys = _parse_head(head)
    proofs, values, checkpoint = _parse_sections(body)
    bundle = Bundle(item, keys, tuple(proofs), values, checkpoint)
    if sha256(rest.encode("utf-8", "surrogatepass")).hexdigest() != match[1]:
        raise DamagedError("the bundle is not as it was written: its digest differs", bundle)
    if write_bundle(bundle) != text:
        raise Refused("the bundle is not in the one spelling that it has")
    return bundle


class DamagedError(Refused):
    """A bundle can be read, but its digest does not fit; its parts can still be judged one by one.

    Args:
        message: As for every fault.
        bundle: What was read.
    """

    def __init__(self, message: str, bundle: Bundle) -> None:
        super().__init__(message)
        self.bundle = bundle


def check_bundle(bundle: Bundle, policy: Policy) -> CheckedBundle:
    """Check a bundle.

    1. Its checkpoint is one of the origin that signed it.
    2. The entries on the life of keys lead from a key that the policy believes to the one that signed.
    3. A believed key signed the checkpoint.
    4. The entries stand in order, each once, and each leads with its proof to the signed root at its index.
    5. The entry is one, and its own number is the index.
    6. Each value that is opened fits a commitment of one of the entries, and is there once.

    Raises:
        Refused: 1 is not so.
    """
    signed = parse_checkpoint(bundle.checkpoint)
    check_origin(signed.head.origin)
    faults: list[BundleFault] = []
    entries: list[Entry] = []
    key_entries: list[tuple[int, bytes]] = []
    for entry, data in _check_entries(bundle, signed, faults):
        entries.append(entry)
        if entry.kind == "key":
            key_entries.append((entry.seq, data))
    faults += _check_values(bundle)
    key, untrusted = _check_signature(signed, policy, key_entries)
    return CheckedBundle(bundle, signed, key, tuple(entries), tuple(faults), untrusted)


def _check_signature(
    signed: SignedCheckpoint, policy: Policy, key_entries: list[tuple[int, bytes]]
) -> tuple[VerifierKey | None, str]:
    if key_entries:
        policy, key_faults = follow(policy, signed.head.origin, key_entries)
        if key_faults:
            return None, key_faults[0].message
    try:
        believed = [key for key in believe(signed, policy) if key.name == signed.head.origin]
    except NotBelievedError as error:
        return None, f"the checkpoint of the bundle: {error}"
    if not believed:
        return None, "no key that the policy believes signed the checkpoint of the bundle"
    return believed[0], ""


def _check_entries(
    bundle: Bundle, signed: SignedCheckpoint, faults: list[BundleFault]
) -> Iterator[tuple[Entry, bytes]]:
    head, last = signed.head, -1
    for position, proof in enumerate(bundle.proofs):
        seq, data = proof.index, proof.extra or b""

        def fault(message: str, position: int = position, seq: int = seq) -> None:
            faults.append(BundleFault(position, seq, message))

        if seq <= last:
            fault(f"entry {seq} stands twice or out of order")
        last = max(last, seq)
        if not verify_inclusion(seq, head.size, leaf_hash(data), proof.path, head.root):
            fault(f"entry {seq} with its proof does not lead to the root that was signed")
            continue
        try:
            entry = parse_entry(data)
        except BadJson as error:
            fault(f"entry {seq} is signed but malformed: {error}")
            continue
        if entry.seq != seq:
            fault(f"the entry says it is number {entry.seq}, the proof says {seq}")
            continue
        yield entry, data


def _check_values(bundle: Bundle) -> list[BundleFault]:
    """Point 6; a value that fits nothing is told with the entry that it may belong to, where that is clear."""
    committed: dict[bytes, tuple[int, int]] = {}
    for position, proof in enumerate(bundle.proofs):
        for digest in find_commitments(proof.extra or b""):
            committed.setdefault(digest, (position, proof.index))
    faults = []
    seen: set[bytes] = set()
    opened = {value.digest for value in bundle.values}
    closed = [place for digest, place in committed.items() if digest not in opened]
    for value in bundle.values:
        if value.digest not in committed:
            message = "a private value fits no commitment of the entries"
            if len(closed) == 1:
                faults.append(BundleFault(*closed[0], f"{message}; it may be that of entry {closed[0][1]}"))
            else:
                faults.append(BundleFault(None, None, message))
        elif value.digest in seen:
            faults.append(BundleFault(*committed[value.digest], "a private value is opened twice"))
        seen.add(value.digest)
    return faults


def _parse_head(head: str) -> tuple[str, tuple[VerifierKey, ...]]:
    first, *lines = head.split("\n")
    if not first.startswith("item ") or not lines or len(lines) > 8:
        raise Refused("the head of a bundle has a line 'item <name>' and one to eight lines 'key <verifier key>'")
    keys = []
    for line in lines:
        if not line.startswith("key "):
            raise Refused(f"a line of the head of the bundle is not understood: {line[:80]!r}")
        keys.append(parse_vkey(line.removeprefix("key ")))
    try:
        return unquote(first.removeprefix("item "), errors="strict"), tuple(keys)
    except UnicodeDecodeError:
        raise Refused("the item of the bundle is not UTF-8") from None


def _parse_sections(body: str) -> tuple[list[TlogProof], tuple[Attachment, ...], str]:
    proofs: list[TlogProof] = []
    values: tuple[Attachment, ...] = ()
    at = 0
    while body.startswith(PROOF_HEADER, at):
        end = body.find("\n\n", at)
        if end < 0:
            raise Refused("the bundle ends inside an entry")
        if len(proofs) == MAX_ENTRIES:
            raise Refused(f"a bundle has at most {MAX_ENTRIES:,} entries")
        where = f"entry {len(proofs) + 1} of the bundle"
        try:
            proof = parse_proof(f"{body[at:end]}\n\n{_NO_CHECKPOINT}")
        except Refused as error:
            raise Refused(f"{where}: {error.message}") from None
        if proof.extra is None:
            raise Refused(f"{where} holds no entry in its extra data")
        proofs.append(TlogProof(proof.index, proof.path, "", proof.extra))
        at = end + 2
    if body.startswith(f"{VALUES}\n", at):
        end = body.find("\n\n", at)
        lines = body[at:end].split("\n")[1:]
        if end < 0 or len(lines) > MAX_VALUES:
            raise Refused(f"the bundle ends inside its values, or has more than {MAX_VALUES:,}")
        values = tuple(_parse_value(line) for line in lines)
        at = end + 2
    if not proofs:
        raise Refused("the bundle holds no entry")
    return proofs, values, body[at:]


def _parse_value(line: str) -> Attachment:
    salt_text, space, data_text = line.partition(" ")
    salt, data = decode_base64(salt_text, "a salt"), decode_base64(data_text, "a private value")
    if not space or len(salt) != SALT_SIZE or not data:
        raise Refused(f"a private value is written as a salt of {SALT_SIZE} bytes and a value, both in base64")
    return Attachment(commitment_digest(salt, data), salt, data)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
