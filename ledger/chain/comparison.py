"""Compare a log with what somebody else holds of it: a copy, a receipt, or only a signed checkpoint.

What is compared, in this order:

1. origin      both are of one log
2. signature   a key that the verifier's policy believes signed their head
3. receipt     an entry that they can prove is the one that lies here
4. sizes       theirs is not larger: our proven tiles give their root at their size (RFC 9162 section 2.1.4).
               Theirs is larger: their proven tiles, where they gave any, give our root at our size

Two signed heads that cannot both be true are a fork, whoever is right; a head that goes on from ours says that
entries are missing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.counting import counted
from ledger.chain.errors import Refused, Unavailable, Untrue
from ledger.chain.hashing import HASH_SIZE
from ledger.chain.policy import NotBelievedError, Policy, believe
from ledger.chain.proof import prove_consistency, verify_consistency
from ledger.chain.reader import AuthenticReader
from ledger.chain.receipt import check_receipt, parse_proof
from ledger.chain.storage.base import View
from ledger.chain.tree import TILE_WIDTH
from ledger.chain.verdict import Anchor, Finding, Verdict, Word

CHECK: Final = "partner"
_BOTH: Final = "both heads are signed and cannot both be true: keep both as evidence"


@dataclass(frozen=True, slots=True)
class Theirs:
    """What somebody else holds: their newest head, perhaps with a copy of the log or a receipt.

    `key_seqs` says where key entries are in the copy, as `AuthenticReader`.
    """

    signed: SignedCheckpoint
    view: View | None = None
    receipt: str | None = None
    key_seqs: Sequence[int] = ()

    def reader(self, policy: Policy) -> AuthenticReader | None:
        """Open the copy for proofs; None: there is none, or its head or its tree does not hold."""
        if self.view is None:
            return None
        try:
            origin = self.signed.head.origin
            return AuthenticReader(self.view, origin=origin, policy=policy, key_seqs=self.key_seqs)
        except Untrue:
            return None


def compare(
    verdict: Verdict, view: View, *, theirs: Theirs, policy: Policy | None, key_seqs: Sequence[int] = ()
) -> Verdict:
    """Judge a log that was verified by what somebody else holds.

    Args:
        verdict: The outcome of the verification of `view`; one that is not ok already is given back.
        view: The snapshot that was verified.
        theirs: What they hold.
        policy: The keys to believe, for both sides.
        key_seqs: Where key entries are in `view`, as `AuthenticReader`.

    Raises:
        Unavailable: It is of another origin, or of an empty log, so there is nothing to compare.
    """
    head = theirs.signed.head
    if verdict.origin and head.origin != verdict.origin:  # 1. origin
        raise Unavailable(
            f"that is of {head.origin}, this ledger is of {verdict.origin}: there is nothing to compare",
            remedy="name a copy, a receipt or a checkpoint of the same ledger",
        )
    if not head.size:
        raise Unavailable("that is the checkpoint of an empty log, which says nothing of any entry")
    if verdict.word != "ok" or policy is None:
        return verdict
    ours = AuthenticReader(view, origin=head.origin, policy=policy, key_seqs=key_seqs)
    copy = theirs.reader(policy)
    try:
        if copy is None:  # whose keys may have gone on beyond ours
            believe(theirs.signed, ours.policy)  # 2. signature
        if theirs.receipt is not None:
            check_receipt(theirs.receipt, ours.policy)
    except (Refused, Untrue) as error:
        kind = error.kind if isinstance(error, NotBelievedError) else "receipt"
        message = f"their head of size {head.size} is not to be believed: {error}"
        return _judged(verdict, "untrusted", kind, None, message, "ask for it again, from its origin")
    if (seq := _other_entry(ours, theirs)) is not None:
        return _forked(verdict, theirs, seq, f"entry {seq} is another one in their receipt than here")
    if head.size <= ours.size:
        if not _begins_with(ours, theirs.signed, ours.signed):
            where = _parting(ours, copy)
            return _forked(
                verdict, theirs, where, f"our first {counted(head.size, 'entry')} are not the ones that they hold"
            )
        checks = (*verdict.checks, (CHECK, True, 1))
        return verdict._replace(anchor=Anchor("partner", head.size, head.root), checks=checks)
    goes_on = _goes_on(copy, ours, theirs.signed)
    if goes_on is False:
        where = _parting(ours, copy)
        return _forked(
            verdict, theirs, where, f"our first {counted(ours.size, 'entry')} are not the ones that they hold"
        )
    known = "goes on from ours" if goes_on else "may go on from ours or not: it came without a tree that holds"
    message = f"they hold a head of {counted(head.size, 'entry')}, here are {ours.size}; theirs {known}"
    judged = _judged(verdict, "rolled_back", "rolled back", ours.size, message, "fetch the newer copy from them")
    return judged._replace(anchor=Anchor("partner", head.size, head.root))


def _begins_with(later: AuthenticReader, first: SignedCheckpoint, second: SignedCheckpoint) -> bool:
    """4. sizes: tell whether the tree of the second head, which the reader has, begins with that of the first."""
    one, two = first.head, second.head
    proof = prove_consistency(later.tile, one.size, two.size)
    return verify_consistency(one.size, two.size, proof, one.root, two.root)


def _other_entry(ours: AuthenticReader, theirs: Theirs) -> int | None:
    """3. receipt: name the entry that their receipt proves to be another one than ours."""
    if theirs.receipt is None:
        return None
    proof = parse_proof(theirs.receipt)
    if proof.index >= ours.size or proof.extra == ours.proven_bytes(proof.index):
        return None
    return proof.index


def _goes_on(copy: AuthenticReader | None, ours: AuthenticReader, theirs: SignedCheckpoint) -> bool | None:
    """4. sizes: tell whether their larger log begins with ours; None: they gave no tree that holds."""
    try:
        return None if copy is None else _begins_with(copy, ours.signed, theirs)
    except Untrue:
        return None


def _parting(ours: AuthenticReader, copy: AuthenticReader | None) -> int | None:
    """Find the first entry that differs; each one is chained to the one before, so halving finds it."""
    if copy is None:
        return None
    low, high = 0, min(ours.size, copy.size)
    try:
        while low < high:
            middle = (low + high) // 2
            if _leaf(ours, middle) == _leaf(copy, middle):
                low = middle + 1
            else:
                high = middle
    except Untrue:
        return None
    return low


def _leaf(reader: AuthenticReader, seq: int) -> bytes:
    at = seq % TILE_WIDTH * HASH_SIZE
    return reader.tile(0, seq // TILE_WIDTH)[at : at + HASH_SIZE]


def _forked(verdict: Verdict, theirs: Theirs, seq: int | None, message: str) -> Verdict:
    head = theirs.signed.head
    where = "" if seq is None else f"; the histories part at entry {seq}"
    judged = _judged(verdict, "forked", "forked", seq, f"{message}{where}", _BOTH)
    return judged._replace(anchor=Anchor("partner", head.size, head.root))


def _judged(verdict: Verdict, word: Word, kind: str, seq: int | None, message: str, remedy: str) -> Verdict:
    return verdict._replace(
        word=word,
        first_bad_seq=seq,
        checks=(*verdict.checks, (CHECK, False, 1)),
        findings=(*verdict.findings, Finding(CHECK, kind, seq, message, remedy)),
    )
